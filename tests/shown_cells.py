"""The cells of a table on a screen."""

import re
from typing import Any

import pyarrow as pa


def written_cells(table: Any) -> list[list[str]]:
    """Rows of a `st.table` in an AppTest as Streamlit is given them, in Markdown, without the header."""
    rows = pa.ipc.open_stream(table.proto.arrow_data.styler.display_values).read_all().to_pylist()
    return [list(row.values()) for row in rows]


def read_cells(table: Any) -> list[list[str]]:
    """The same as a reader sees them."""
    return [[re.sub(r"\\(.)", r"\1", cell) for cell in row] for row in written_cells(table)]
