"""Records of delimited text: where they begin and end, whatever is inside quotes.

The rule: a field that begins with a double quote ends at the next quote that is not doubled, and the delimiter or the
end of the record follows. A quote elsewhere is a letter like any other. Lines end with \\n, \\r\\n or \\r; empty ones
are no records. A record that breaks the rule gives up only its first physical line, and reading goes on with the next
one, so that a forgotten quote never swallows the rest of a file.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

RECORD_LINES = 1_000
RECORD_CHARACTERS = 1 << 25
"""A record may go on for so many further lines and characters before its quote counts as forgotten."""

Record = tuple[int, list[str] | None]
"""Physical line where it starts, from 1, and its fields; None: its quotes break the rule."""


class Misquoted(ValueError):
    """Text follows a closing quote, or a quote is never closed."""


class Lines:
    """Physical lines with their numbers; some may be put back to be read again."""

    def __init__(self, stream: TextIO) -> None:
        """`stream`: opened with newline="", so that lines keep their ends."""
        self._stream = stream
        self._ahead: deque[str] = deque()
        self.number = 0
        self.characters = 0

    def take(self) -> str:
        """The next line with its end; empty at the end of the file."""
        line = self._ahead.popleft() if self._ahead else self._stream.readline()
        if line:
            self.number += 1
            self.characters += len(line)
        return line

    def put_back(self, lines: list[str]) -> None:
        """These lines, the last ones taken, come again."""
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)
        self.characters -= sum(map(len, lines))


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Every record in order, the header among them."""
    while line := lines.take():
        start = lines.number
        if '"' in line:
            yield start, _quoted_record(line, lines, delimiter)
        elif not line.isspace() or delimiter in line:
            yield start, line.rstrip("\r\n").split(delimiter)


def _quoted_record(first: str, lines: Lines, delimiter: str) -> list[str] | None:
    taken: list[str] = []
    longest = lines.characters + RECORD_CHARACTERS
    try:
        return _fields(first, delimiter, lambda: _following(lines, taken, longest))
    except Misquoted:
        lines.put_back(taken)
        return None


def _following(lines: Lines, taken: list[str], longest: int) -> str:
    """The next line of a record that goes on. Raises Misquoted when there is none, or it goes on for too long."""
    line = lines.take()
    if line:
        taken.append(line)
    if not line or len(taken) > RECORD_LINES or lines.characters > longest:
        raise Misquoted
    return line


def _fields(line: str, delimiter: str, following: Callable[[], str]) -> list[str]:
    fields = []
    at = 0
    while True:
        if line.startswith('"', at):
            field, line, at = _quoted_field(line, at + 1, following)
            fields.append(field)
            if line[at:] in ("", "\n", "\r\n", "\r"):
                return fields
            if not line.startswith(delimiter, at):
                raise Misquoted
        else:
            end = line.find(delimiter, at)
            if end < 0:
                return [*fields, line[at:].rstrip("\r\n")]
            fields.append(line[at:end])
            at = end
        at += 1


def _quoted_field(line: str, at: int, following: Callable[[], str]) -> tuple[str, str, int]:
    """The field that begins at `at`, behind its quote, the line on which it ends, and the place behind its end."""
    pieces = []
    while True:
        end = line.find('"', at)
        if end < 0:
            pieces.append(line[at:])
            line, at = following(), 0
        elif line.startswith('"', end + 1):
            pieces.append(line[at : end + 1])
            at = end + 2
        else:
            pieces.append(line[at:end])
            return "".join(pieces), line, end + 1


# ------------------------------------------------------------------------------ the same rule, for a whole file

CHUNK_BYTES = 1 << 22
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'


@dataclass(frozen=True)
class Quoting:
    """How the quotes of a whole file stand."""

    regular: bool
    """Each one opens or closes a field, or is doubled inside one."""
    further_lines: int
    """So many lines, at most, end inside quotes before one ends outside."""


NO_QUOTES = Quoting(regular=True, further_lines=0)


def quoting_of(path: Path, delimiter: str) -> Quoting:
    """Looks at every quote of a file whose lines end with \\n or \\r\\n: quotes open and close in turn."""
    seen, regular, longest, going_on = 0, True, 0, 0
    before = b"\n"
    for chunk, after in _windows(path):
        window = np.frombuffer(before + chunk + after, np.uint8)
        quotes = np.flatnonzero(window[1 : 1 + len(chunk)] == _QUOTE) + 1
        opening, closing = (quotes[1::2], quotes[::2]) if seen % 2 else (quotes[::2], quotes[1::2])
        regular = regular and _beside(window[opening - 1], delimiter) and _beside(window[closing + 1], delimiter)
        run, going_on = _lines_inside(window, quotes, seen, going_on)
        longest = max(longest, run)
        seen += len(quotes)
        before = chunk[-1:]
    return Quoting(regular and seen % 2 == 0, longest)


def _windows(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Chunks, each with the byte that follows it; the file ends as with a newline."""
    with path.open("rb") as file:
        chunk = file.read(CHUNK_BYTES)
        while chunk:
            following = file.read(CHUNK_BYTES)
            yield chunk, following[:1] or b"\n"
            chunk = following


def _beside(bytes_beside: npt.NDArray[np.uint8], delimiter: str) -> bool:
    """What may stand before an opening and after a closing quote; a quote there is the other half of a double."""
    allowed = np.array([ord(delimiter), _QUOTE, _NEWLINE, _RETURN], np.uint8)
    return bool(np.isin(bytes_beside, allowed).all())


def _lines_inside(
    window: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], seen: int, going_on: int
) -> tuple[int, int]:
    """The longest run of lines that end inside quotes, and the last one; the first one has `going_on` lines already."""
    newlines = np.flatnonzero(window[1:-1] == _NEWLINE) + 1
    inside = (np.searchsorted(quotes, newlines) + seen) % 2
    outside = np.flatnonzero(inside == 0)
    runs = np.diff(np.concatenate(([-1 - going_on], outside, [len(newlines)]))) - 1
    return int(runs.max()), int(runs[-1])
