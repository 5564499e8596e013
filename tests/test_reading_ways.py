"""The fast way and the exact way through a delimited file must give the same, wherever both may be taken."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reading import FIRST_LANDED, IDS, USAGE, land, usage, write

from workbench.etl import values
from workbench.etl.feeds import FEEDS, Column, Feed, Value
from workbench.etl.normalise import Normaliser, Raw
from workbench.etl.readers.delimited import EXACT_ROWS, PIECE_BYTES, Doubtful, Layout, exact, fast, is_plain, layout_of
from workbench.etl.readers.quoting import CHUNK_BYTES, RECORD_CHARACTERS, Lines, quoting_of, records
from workbench.etl.readers.text import Text, survey

WORD = Value("word", pa.string(), values.event)
SMALL = Feed("small", (Column("a", WORD), Column("b", WORD), Column("c", WORD)))
"""A feed of three words: what stands in a file comes out as it is."""
LINES_LOST = Feed("small", SMALL.columns, keeps_line=False)


def rows_of(raws: list[Raw]) -> list[tuple[str | None, ...]]:
    """The raw fields, whatever the batches."""
    rows: list[tuple[str | None, ...]] = []
    for raw in raws:
        if raw.columns:
            rows += zip(*(raw.columns[name].to_pylist() for name in "abc"), strict=True)
    return rows


def opened(content: bytes, folder: str, feed: Feed) -> tuple[Text, Layout]:
    path = Path(folder) / "a.csv"
    path.write_bytes(content)
    text = survey(path)
    return text, layout_of(text, feed)


SIGNS = st.text(st.sampled_from('ab,;"\n\t é\u00a0=\\'), max_size=6)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(SIGNS, SIGNS, SIGNS), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@example([('a"b', "c\nd", "")], ",", "\n", csv.QUOTE_MINIMAL)
@example([("", "", ""), ("x", "", "\n\n")], ";", "\r\n", csv.QUOTE_ALL)
def test_what_was_written_is_read_by_both_ways(
    rows: list[tuple[str, str, str]], delimiter: str, newline: str, quoting: int
) -> None:
    """Any well-formed file is plain: both readers give back the very fields, and the same lines if those are kept."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([("a", "b", "c"), *rows])
    with TemporaryDirectory() as folder:
        text, layout = opened(written.getvalue().encode(), folder, SMALL)
        assert is_plain(text, layout, LINES_LOST)
        first, second = list(fast(text, layout, SMALL)), list(exact(text, layout, skip=0))
        assert rows_of(first) == rows_of(second) == rows
        if is_plain(text, layout, SMALL):
            assert [n for raw in first for n in raw.lines] == [n for raw in second for n in raw.lines]


BITS = [",", ",", '"', '"', '""', "\n", "\n", "\r\n", "\r", "x", " ", "\0", "é", "\n\n"]
NOISE = st.lists(st.sampled_from(BITS), max_size=25)


@settings(max_examples=1500)
@given(NOISE)
@example(['"', "\n", "x", '"', ",", ",", "\n"])
@example(["x", '"', "x", ",", ",", '"', "\n", ",", ",", "\n"])
@example([",", ",", "\n", " ", "\n", ",", ",", "\n"])
@example([",", ",", "\n", '""', "\n", ",", ","])
@example(['"', "\r", '"', ",", ",", "\n", ",", ",", "\n"])
@example(["\0", ",", "\0", '"', ",", "\n"])
def test_whatever_the_bytes_the_fast_way_never_differs_from_the_exact_one(noise: list[str]) -> None:
    """For any text: either the fast way is not taken, or it stops, or it gives what the exact way gives."""
    with TemporaryDirectory() as folder:
        text, layout = opened(("a,b,c\n" + "".join(noise)).encode(), folder, SMALL)
        if not is_plain(text, layout, LINES_LOST):
            return
        try:
            first = list(fast(text, layout, SMALL))
        except Doubtful:
            return
        second = list(exact(text, layout, skip=0))
        assert [raw.rejects for raw in second if raw.rejects] == []
        assert rows_of(first) == rows_of(second)
        if is_plain(text, layout, SMALL):
            assert [n for raw in first for n in raw.lines] == [n for raw in second for n in raw.lines]


@pytest.mark.parametrize("shift", range(8))
def test_quotes_are_followed_across_the_pieces_of_a_file(shift: int, tmp_path: Path) -> None:
    """Files are looked at in pieces: a quote, its double or a line end may lie on the cut."""
    path = tmp_path / "a.csv"
    filler = b'"' + b"x" * (CHUNK_BYTES - 10 + shift)
    for end, regular, further in ((b'a""b\n\nc",\n', True, 2), (b'ab"c",\n', False, 1), (b'a""b\n\n', False, 2)):
        path.write_bytes(filler + end)
        seen = quoting_of(path, ",")
        assert (seen.regular, seen.further_lines) == (regular, further)


def test_a_record_that_goes_on_for_too_many_letters_counts_as_misquoted() -> None:
    """The memory for one record is bounded too; its first line is given up, and what follows is read on its own."""
    within = '"a\n' + "x" * (RECORD_CHARACTERS - 2) + '"'
    for content, expected in ((within, [1]), (within.replace("x", "xx", 2), [None, 1])):
        found = [fields and len(fields) for _, fields in records(Lines(io.StringIO(content, newline="")), ",")]
        assert found == expected


def test_a_record_longer_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    """Where a piece of the file ends is nobody's business."""
    long = "x" * (PIECE_BYTES + 100)
    landed = land(write(tmp_path / "a.csv", USAGE + ",note", *[f'{row},"{long}\n"' for row in usage(2)], *usage(1)))
    assert (len(landed.rows), landed.faults) == (2, [(6, "", "ragged")])


def normalised(text: Text, layout: Layout, way: str, feed: Feed) -> list[dict[str, object]]:
    normaliser = Normaliser(feed, first_landed=FIRST_LANDED, ids=IDS)
    raws = fast(text, layout, feed) if way == "fast" else exact(text, layout, skip=0)
    return [row for raw in raws for row in normaliser.batch(raw).rows.to_pylist()]


@pytest.mark.parametrize("feed", FEEDS)
def test_both_ways_give_the_same_normalised_rows_of_every_feed(feed: str, tmp_path: Path) -> None:
    """Types, nulls, pseudonyms and lines do not depend on the way."""
    samples = {
        "id": ["x1", " x2 ", "x3"], "at": ["2020-03-01T10:00Z", "1583057472", "01/03/2020 10:00"],
        "on": ["2019-09-01", "02/01/2020", "2020-09-01"], "country": ["FR", "MTQ", "??"],
        "language": ["fr", "AR", "pt-br"],
        "plan": ["Plus", "initiale", "STANDARD"], "payer_type": ["École", "commune", "classe"],
        "price_eur": ["29", "29,5", "99.00"], "confort_famille": ["oui", "", "0"], "status": ["", "OK", "failed"],
        "role": ["parent", "chef", "Teacher"], "event": ["a", "B", "ü"], "department": ["1", "2a", "x"],
    }  # fmt: skip
    columns = {
        name: next((given for end, given in samples.items() if name.endswith(end)), ["1", "2", "3"])
        for name in (column.name for column in FEEDS[feed].columns)
    }
    lines = [",".join(f'"{value}"' for value in row) for row in zip(*columns.values(), strict=True)]
    text = survey(write(tmp_path / "a.csv", ",".join(columns), *lines))
    layout = layout_of(text, FEEDS[feed])
    assert is_plain(text, layout, FEEDS[feed])
    first = normalised(text, layout, "fast", FEEDS[feed])
    assert first == normalised(text, layout, "exact", FEEDS[feed])
    assert len(first) == 3


def many(count: int, late: str) -> list[str]:
    return [*usage(count), late, *usage(count, start=count)]


@pytest.mark.parametrize("late", ["e,hier,u,a", "e,2020-03-01T10:00Z,u"])
def test_a_fault_late_in_a_long_file_costs_its_row_and_nothing_lands_twice(late: str, tmp_path: Path) -> None:
    """The exact way takes over behind the batches that have already gone out."""
    rows = [f"{row},{'x' * 200}" for row in many(70_000, late)]
    landed = land(write(tmp_path / "a.csv", USAGE + ",filler", *rows))
    assert (len(landed.table), landed.data_rows) == (140_000, 140_001)
    assert [reject.line for reject in landed.rejects] == [70_002]
    assert len(landed.table["event_hash"].unique()) == 140_000
    assert len(landed.batches[0].rows) > EXACT_ROWS  # the first ones came by the fast way


def test_a_long_file_with_quoted_newlines_is_read_the_fast_way_to_its_end(tmp_path: Path) -> None:
    """A line that ends inside quotes is no place to cut a file into blocks."""
    note = ("x" * 10 + "\n") * 18
    rows = [f'{row},"{note}"' for row in usage(140_000)]
    landed = land(write(tmp_path / "a.csv", USAGE + ",note", *rows))
    assert len(landed.table) == 140_000
    assert min(len(batch.rows) for batch in landed.batches[:-1]) > EXACT_ROWS


def test_batches_are_never_larger_than_a_quarter_of_a_million_rows(tmp_path: Path) -> None:
    """Memory does not grow with the file."""
    rows = [f"e{n},1583057472,u,a" for n in range(600_000)]
    landed = land(write(tmp_path / "a.csv", USAGE, *rows))
    assert (len(landed.table), max(len(batch.rows) for batch in landed.batches) <= 250_000) == (600_000, True)
