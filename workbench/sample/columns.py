"""Tables as dataclasses whose fields are arrays of one length: take rows, put one under the other."""

from typing import TypeVar

import numpy as np

from workbench.sample.chance import Array

Table = TypeVar("Table")


def take(table: Table, rows: Array) -> Table:
    """The given rows (numbers or a mask), in the given order."""
    return type(table)(*(column[rows] for column in vars(table).values()))


def stack(*parts: Table) -> Table:
    """All rows of the parts, in order."""
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return type(parts[0])(*(np.concatenate(column) for column in columns))
