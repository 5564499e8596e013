"""Reads CSV and TSV: fast while the file is clean, record by record from the first doubt on.

The fast way is Arrow's CSV reader with every column declared as text. It is taken only for files whose bytes leave no
doubt about where records and fields begin and end; at the first record it cannot read, or the first row that is
rejected, the exact way takes over from that batch on, because only it knows on which line a record starts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from workbench.etl import arrays
from workbench.etl.feeds import Feed, Hash, Instant
from workbench.etl.normalise import Batch, Raw, Refused, Reject
from workbench.etl.readers.header import Header
from workbench.etl.readers.quoting import NO_QUOTES, RECORD_CHARACTERS, RECORD_LINES, Lines, quoting_of, records
from workbench.etl.readers.text import Text, has_blank_lines

DELIMITERS = (",", ";", "\t")
PIECE_BYTES = RECORD_CHARACTERS // 2
"""A piece and what the one before left over hold no record that the exact reader would find too long."""
ROWS = 250_000
EXACT_ROWS = 50_000
EXACT_CHARACTERS = 1 << 25
"""A batch of the exact reader ends after so many rows or characters, whatever comes first."""


class Doubtful(Exception):
    """A record that the fast reader leaves to the exact one."""


@dataclass(frozen=True)
class Layout:
    """How one file is laid out."""

    header: Header
    delimiter: str
    header_lines: int
    """Physical lines before the first record after the header."""


def read_delimited(text: Text, feed: Feed, normalise: Callable[[Raw], Batch]) -> Iterator[Batch]:
    """The file's batches. Raises Refused for a file without a usable header."""
    layout = layout_of(text, feed)
    landed = 0
    if is_plain(text, layout, feed):
        try:
            for raw in fast(text, layout, feed):
                batch = normalise(raw)
                if batch.rejects:
                    break
                yield batch
                landed += batch.data_rows
            else:
                return
        except Doubtful:
            pass  # the exact reader finds out what is wrong, and on which line
    yield from map(normalise, exact(text, layout, skip=landed))


def layout_of(text: Text, feed: Feed) -> Layout:
    """Header and delimiter: the delimiter is the one under which most names are the contract's."""
    found = [(names, delimiter, lines) for delimiter in DELIMITERS for names, lines in _first_record(text, delimiter)]
    if not found:
        raise Refused("no_header")
    names, delimiter, lines = max(found, key=lambda candidate: len(Header.known(candidate[0], feed)))
    return Layout(Header.of(names, feed), delimiter, lines)


def _first_record(text: Text, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """The first record's fields and the physical lines up to its end; nothing when its quotes are wrong."""
    with _opened(text) as stream:
        lines = Lines(stream)
        _, fields = next(records(lines, delimiter), (0, None))
        if fields is not None:
            yield fields, lines.number


def _opened(text: Text) -> TextIO:
    return text.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def is_plain(text: Text, layout: Layout, feed: Feed) -> bool:
    """Whether both readers must see the same records; where lines are kept, whether each record is a line."""
    if not text.valid or text.lone_returns or layout.header_lines != 1:
        return False
    quoting = quoting_of(text.path, layout.delimiter) if text.quotes else NO_QUOTES
    if not quoting.regular or quoting.further_lines > RECORD_LINES:
        return False
    return not feed.keeps_line or not (quoting.further_lines or has_blank_lines(text.path))


def fast(text: Text, layout: Layout, feed: Feed) -> Iterator[Raw]:
    """The records of a plain file. Raises Doubtful at the first one that needs the exact reader."""
    wanted = _wanted(layout, feed)
    line = layout.header_lines + 1
    for piece in _pieces(text, layout):
        for batch in _parsed(piece, layout, wanted).to_batches(ROWS):
            columns = dict(zip(wanted, batch.columns, strict=True))
            yield Raw(columns, np.arange(line, line + len(batch)), unknown_columns=layout.header.unknown)
            line += len(batch)
    if line == layout.header_lines + 1:
        yield Raw({}, np.empty(0, np.int64), unknown_columns=layout.header.unknown)


def _parsed(piece: bytes, layout: Layout, wanted: dict[str, pa.DataType]) -> pa.Table:
    """Whole records, read at once. (Arrow's own streaming reads up to 32 blocks ahead: half a gigabyte.)"""
    places = {name: str(layout.header.places[name]) for name in wanted}
    try:
        return pa.csv.read_csv(
            pa.BufferReader(piece),
            read_options=pa.csv.ReadOptions(
                use_threads=False,
                block_size=len(piece) + 1,
                column_names=[str(place) for place in range(layout.header.width)],
            ),
            parse_options=pa.csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                check_utf8=False,
                strings_can_be_null=False,
                column_types={places[name]: type for name, type in wanted.items()},
                include_columns=list(places.values()),
            ),
        )
    except pa.ArrowInvalid as error:
        raise Doubtful from error


def _pieces(text: Text, layout: Layout) -> Iterator[bytes]:
    """What follows the header, cut where records end. Raises Doubtful for a record that may be too long."""
    with text.path.open("rb") as file:
        for _ in range(layout.header_lines):
            file.readline()
        rest = b""
        while chunk := file.read(PIECE_BYTES):
            piece = rest + chunk
            end = _last_record_end(piece)
            rest = piece[end:]
            if len(rest) > PIECE_BYTES:
                raise Doubtful
            if end:
                yield piece[:end]
        if rest:
            yield rest


def _last_record_end(piece: bytes) -> int:
    """Where the last whole record of a piece ends: behind a line end with an even number of quotes before it."""
    end = len(piece)
    odd = piece.count(b'"') % 2
    while True:
        cut = piece.rfind(b"\n", 0, end) + 1
        odd ^= piece.count(b'"', cut, end) % 2
        if not cut or not odd:
            return cut
        end = cut - 1


def _wanted(layout: Layout, feed: Feed) -> dict[str, pa.DataType]:
    """The columns to read, as text; those whose values return, as dictionaries."""
    returning = pa.dictionary(pa.int32(), pa.string())
    return {
        column.name: pa.string() if isinstance(column.kind, Hash | Instant) else returning
        for column in feed.kept
        if column.name in layout.header.places
    }


def exact(text: Text, layout: Layout, skip: int) -> Iterator[Raw]:
    """Every record after the first `skip`, with the physical line on which it starts."""
    with _opened(text) as stream:
        lines = Lines(stream)
        found = records(lines, layout.delimiter)
        for _ in islice(found, 1 + skip):
            pass
        gathered = Gathered(layout, checked=text.valid)
        full_at = lines.characters + EXACT_CHARACTERS
        for line, fields in found:
            gathered.add(line, fields)
            if len(gathered.lines) >= EXACT_ROWS or lines.characters >= full_at:
                yield gathered.raw()
                gathered = Gathered(layout, checked=text.valid)
                full_at = lines.characters + EXACT_CHARACTERS
        yield gathered.raw()


@dataclass
class Gathered:
    """Records on their way into a batch."""

    layout: Layout
    checked: bool
    """Whether the whole file is known to be UTF-8."""
    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def add(self, line: int, fields: list[str] | None) -> None:
        """Takes one record, as a row or as a reject."""
        if fields is None:
            self.rejects.append(Reject(line, "", "bad_quoting", ""))
        elif not self.checked and not _is_utf_8(fields):
            self.rejects.append(Reject(line, "", "bad_encoding", ""))
        elif len(fields) != self.layout.header.width:
            self.rejects.append(Reject(line, "", "ragged", ""))
        else:
            self.lines.append(line)
            self.rows.append(fields)

    def raw(self) -> Raw:
        """What was gathered."""
        header = self.layout.header
        columns = {name: arrays.strings([row[place] for row in self.rows]) for name, place in header.places.items()}
        return Raw(columns, np.array(self.lines, np.int64), self.rejects, header.unknown)


def _is_utf_8(fields: list[str]) -> bool:
    try:
        "".join(fields).encode()
    except UnicodeEncodeError:
        return False
    return True
