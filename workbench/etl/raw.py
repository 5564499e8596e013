"""A rejected line as it stands in its export: read back from the source on demand, for a build keeps none."""

import hashlib
import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from workbench.errors import WorkbenchError
from workbench.etl.feeds import form_of
from workbench.etl.publish import known_source
from workbench.etl.readers.archive import unpack
from workbench.etl.readers.text import decoded

MOST_CHARACTERS = 2000


class SourceGone(WorkbenchError):
    """The export is no longer there, or no longer the one that landed."""


def raw_line(home: Path, path: str, sha256: str, line: int) -> str:
    """A physical line of a landed export, cut after `MOST_CHARACTERS`; of a Parquet file a row, as JSON.

    `sha256` is that of the bytes that landed. Raises SourceGone.
    """
    file = (known_source(home) or home) / path
    if not file.is_file():
        raise SourceGone(f"{path} is no longer in the source", "put the export back where it was, then ask again")
    with file.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            raise SourceGone(f"{path} has changed since it landed", "run `workbench etl run`, then look again")
    form, compression = form_of(file.name) or ("delimited", "")
    with tempfile.TemporaryDirectory(prefix="workbench-") as spool:
        plain = file
        if compression:
            plain = Path(spool) / "unpacked"
            with file.open("rb") as source, plain.open("wb") as target:
                unpack(source, compression, target)
        found = _row(plain, line) if form == "parquet" else _line(plain, Path(spool) / "decoded", line)
    return found[:MOST_CHARACTERS]


def _line(file: Path, copy: Path, line: int) -> str:
    with decoded(file, copy).path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        return next((text.rstrip("\r\n") for number, text in enumerate(lines, start=1) if number == line), "")


def _row(file: Path, line: int) -> str:
    with pq.ParquetFile(file) as parquet:
        first = 1
        for batch in parquet.iter_batches():
            if line < first + len(batch):
                return json.dumps(batch.slice(line - first, 1).to_pylist()[0], default=str, ensure_ascii=False)
            first += len(batch)
    return ""
