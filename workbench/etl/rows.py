"""Rows of a table as they are found, a day at a time."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


@dataclass
class Columns:
    """The columns of one table, grown by whole days."""

    found: list[tuple[npt.NDArray[Any], ...]] = field(default_factory=list)

    def add(self, *columns: npt.NDArray[Any]) -> None:
        """Add rows, one array a column."""
        self.found.append(columns)

    def column(self, place: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """All rows of one column."""
        return np.concatenate([np.empty(0, dtype), *(rows[place] for rows in self.found)]).astype(dtype)
