"""Exports: each kind of file opens again with the same numbers, and runs nothing."""

import csv
import io
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from test_charts import CAPTION, DRAWN

import workbench
from workbench.charts import pictures
from workbench.export import FORMATS, SHEET_ROWS, apart, as_read, french_csv, parquet, plain_csv, xlsx
from workbench.text import Words

FRAME = pl.DataFrame(
    {
        "country": ["FR", "BE", "ZZ"],
        "users": [1_234_567, 12, None],
        "share": [0.7374, 1e-7, None],
        "first_day": [date(2019, 12, 2), date(2020, 9, 1), None],
        "landed_at": [datetime(2020, 12, 15, 8, 15, 30, tzinfo=UTC), None, None],
        "whole": [True, False, None],
    }
)
EVIL = ["=1+1", "+33 1", "-2", "@SUM(A1)", "\tx", "\rx", "＝1", "a=1", "5-3", "", 'l’été; "oui"\nnon']
HELD = ["'=1+1", "'+33 1", "'-2", "'@SUM(A1)", "'\tx", "'\rx", "'＝1", "a=1", "5-3", "", 'l’été; "oui"\nnon']


def cells(workbook: bytes) -> list[tuple[object, ...]]:
    """The cells of a workbook's only sheet, header first."""
    (sheet,) = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets
    return list(sheet.iter_rows(values_only=True))


def records(text: bytes, delimiter: str) -> list[list[str]]:
    """The records of a CSV, header first, as Python's own reader sees them."""
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True))


def test_the_french_csv_opens_with_the_numbers_and_the_days_it_was_given() -> None:
    """What a French Excel reads by a double click: mark, semicolons, decimal commas, DD/MM/YYYY, lines of Windows."""
    written = french_csv(FRAME)
    assert written.startswith(b"\xef\xbb\xbfcountry;users;share")
    assert written.count(b"\r\n") == written.count(b"\n") == 4
    read = pd.read_csv(
        io.BytesIO(written), sep=";", decimal=",", encoding="utf-8-sig", parse_dates=["first_day"], dayfirst=True
    )
    assert read["users"].dropna().tolist() == [1_234_567, 12]
    assert read["share"].dropna().tolist() == [0.7374, 1e-7]
    assert [day.date() for day in read["first_day"].dropna()] == [date(2019, 12, 2), date(2020, 9, 1)]
    assert records(written, ";")[1][3:] == ["02/12/2019", "15/12/2020 08:15:30", "VRAI"]
    assert records(written, ";")[3] == ["ZZ", *[""] * 5]


def test_the_plain_csv_is_what_programs_read() -> None:
    """RFC 4180: commas, points, ISO 8601, no mark."""
    written = plain_csv(FRAME)
    assert written.startswith(b"country,users")
    assert written.count(b"\r\n") == written.count(b"\n") == 4
    read = pl.read_csv(written, try_parse_dates=True)
    assert_frame_equal(read.drop("landed_at"), FRAME.drop("landed_at"))
    assert datetime.fromisoformat(records(written, ",")[1][4]) == FRAME["landed_at"][0]


def test_xlsx_has_numbers_and_days_for_numbers_and_days() -> None:
    """One sheet, named after the table, its header frozen."""
    written = xlsx(FRAME, "pays")
    (sheet,) = openpyxl.load_workbook(io.BytesIO(written)).worksheets
    assert (sheet.title, sheet.freeze_panes) == ("pays", "A2")
    header, first, *_, empty = cells(written)
    assert list(header) == FRAME.columns
    landed = datetime(2020, 12, 15, 8, 15, 30)  # noqa: DTZ001  # a sheet knows no zones
    assert first == ("FR", 1_234_567, 0.7374, datetime(2019, 12, 2), landed, True)  # noqa: DTZ001
    assert empty == ("ZZ", *[None] * 5)


def test_parquet_is_the_frame() -> None:
    """Types and all."""
    assert_frame_equal(pl.read_parquet(parquet(FRAME)), FRAME)


@pytest.mark.parametrize(("write", "delimiter"), [(french_csv, ";"), (plain_csv, ",")])
def test_no_cell_and_no_heading_of_a_csv_is_a_formula(write: object, delimiter: str) -> None:
    """Names come from people; a spreadsheet would run what begins with = + - @, a tab or a return."""
    assert callable(write)
    header, *rows = records(write(pl.DataFrame({"=cmd()": EVIL, "n": range(-3, len(EVIL) - 3)})), delimiter)
    assert header == ["'=cmd()", "n"]
    assert [row[0] for row in rows] == HELD
    assert [int(row[1]) for row in rows] == list(range(-3, len(EVIL) - 3))


def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    """They are strings there, untouched; negative numbers stay numbers."""
    evil = [*EVIL[:4], "https://example.org", "mailto:a@example.org"]
    written = xlsx(pl.DataFrame({"=cmd()": evil, "n": [-1] * 6}), "x")
    (sheet,) = openpyxl.load_workbook(io.BytesIO(written)).worksheets
    assert [cell.value for cell in sheet["A"]] == ["=cmd()", *evil]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert [cell.data_type for cell in sheet["B"]][1:] == ["n"] * 6
    assert not any(cell.hyperlink for cell in sheet["A"])


def test_what_a_sheet_cannot_hold_is_written_so_that_nothing_is_lost() -> None:
    """Keys of nineteen digits, days before 1900, names that Excel forbids, numbers that are none."""
    key = -7_123_456_789_012_345_678
    odd = pl.DataFrame({"key": [key], "day": [date(1899, 12, 31)], "ratio": [float("nan")], "list": [["a", "b"]]})
    written = xlsx(odd, "a/b:[c]" + "x" * 40)
    assert cells(written)[1] == (str(key), "1899-12-31", None, "a b")
    assert openpyxl.load_workbook(io.BytesIO(written)).sheetnames == ["a-b--c-" + "x" * 24]
    assert records(plain_csv(odd), ",")[1] == [str(key), "1899-12-31", "", "a b"]


def test_a_sheet_that_is_too_small_says_how_many_rows_it_has() -> None:
    """A million rows and a few: XLSX ends, and its format says where; the others go on."""
    long = pl.DataFrame({"n": range(SHEET_ROWS + 5)})
    kept = {form.name: form.rows_in(long) for form in FORMATS}
    assert kept == {"csv_fr": SHEET_ROWS + 5, "xlsx": SHEET_ROWS, "csv": SHEET_ROWS + 5, "parquet": SHEET_ROWS + 5}
    assert {form.rows_in(FRAME) for form in FORMATS} == {3}


def test_people_read_words_and_programs_codes() -> None:
    """Headings and names as on the page, numbers and days as they are, what is not known empty, no icons."""
    shown = [["France", ":material/flag: Belgique", "Inconnu"], ["1,2 M", "12", "–"], *[["x"] * 3] * 4]
    read = as_read(FRAME, ["Pays", "Pays", "Part", "Jour", "Chargé", "Entier"], shown)
    assert read.columns == ["Pays", "Pays (2)", "Part", "Jour", "Chargé", "Entier"]
    assert read["Pays"].to_list() == ["France", "Belgique", "Inconnu"]
    unknown = as_read(pl.DataFrame({"a": ["x", None]}), ["A"], [["X", "–"]])
    assert unknown["A"].to_list() == ["X", None]
    assert_frame_equal(read[:, 1:], FRAME[:, 1:].rename(dict(zip(FRAME.columns[1:], read.columns[1:], strict=True))))


@pytest.mark.parametrize(
    ("headings", "expected"), [(["a", "b"], ["a", "b"]), (["a", "a", "b", "a"], ["a", "a (2)", "b", "a (3)"])]
)
def test_no_two_headings_are_the_same(headings: Sequence[str], expected: list[str]) -> None:
    """A column must not vanish because another has its name."""
    assert apart(headings) == expected


# ------------------------------------------------------------------------------------------------ pictures


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_keeps_title_unit_and_source_and_is_read_aloud(name: str) -> None:
    """What leaves the workbench must say what it is by itself; an SVG of the world holds its borders."""
    svg = ElementTree.fromstring(pictures.as_svg(DRAWN[name](Words("fr"))))
    said = " ".join("".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert CAPTION.title in said
    assert CAPTION.unit in said
    assert (svg.get("role"), svg.get("aria-label")) == ("img", CAPTION.description)
    assert svg.get("width") == "720"


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_needs_nothing_from_elsewhere(name: str) -> None:
    """It is mailed and put on slides."""
    svg = pictures.as_svg(DRAWN[name](Words("fr")))
    assert not re.search(r"(href|src)=|url\((?!#)|@import|<script|<foreignObject|<image", svg)


def test_pictures_write_numbers_and_days_in_the_language() -> None:
    """Axes too, although no browser is there to know it."""
    bars, days = (
        [pictures.as_svg(DRAWN[name](Words(language))) for language in ("fr", "en")] for name in ("bars", "activity")
    )
    assert [">1\u202f000<" in svg for svg in bars] == [True, False]
    assert [">1,000<" in svg for svg in bars] == [False, True]
    assert [">7 sept.<" in svg for svg in days] == [True, False]
    assert [">7 Sept<" in svg for svg in days] == [False, True]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_have_the_colours_of_the_app(theme: pictures.Theme) -> None:
    """Ground, ink, and the ramp of maps from the theme."""
    options = tomllib.loads((Path(workbench.__file__).parent / "app" / "theme.toml").read_text(encoding="utf-8"))
    shown = options["theme"][theme]
    svg = pictures.as_svg(DRAWN["world"](Words("fr")), theme)
    assert f'fill="{shown["backgroundColor"]}"' in svg
    assert f'fill="{shown["textColor"]}"' in svg
    stops = re.findall(r'stop-color="([^"]*)"', svg)
    ends = (shown["chartSequentialColors"][0], shown["chartSequentialColors"][-1])
    assert (stops[0], stops[-1]) == tuple(rgb(colour) for colour in ends)


def rgb(colour: str) -> str:
    """A hexadecimal colour as Vega writes colours of a scale."""
    return f"rgb({', '.join(str(int(colour[n : n + 2], 16)) for n in (1, 3, 5))})"


def test_long_words_stay_inside_the_picture() -> None:
    """Vega breaks no lines; a source that is cut off is none."""
    chart = DRAWN["growth"](Words("fr"))
    chart.title.subtitle = "Unité : utilisateurs · " * 12
    svg = ElementTree.fromstring(pictures.as_svg(chart, width_px=330))
    assert svg.get("width") == "330"
    lines = [span.text or "" for span in svg.iter("{http://www.w3.org/2000/svg}tspan")]
    assert len(lines) > 5
    assert max(map(len, lines)) <= 50


def test_a_png_is_as_many_times_as_big_as_the_svg_as_was_asked() -> None:
    """For screens and slides: twice, by default."""
    png = pictures.as_png(DRAWN["bars"](Words("fr")))
    assert png.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(png[16:20], "big") == 1440
