"""The screen's forms: what is a click away costs nothing until then, and every export holds the page's numbers.

Pages run as the app runs them; popovers are opened, and each file is written by what its button was given.
"""

import io
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import polars as pl
import pytest
import streamlit as st
from pages_home import Truth, in_french
from shown_cells import read_cells, written_cells
from streamlit.testing.v1 import AppTest
from test_charts import DRAWN

from workbench.export import SHEET_ROWS
from workbench.pages.sheet.screen import slug
from workbench.text import LANGUAGES, Words

# Streamlit keeps what a deferred button was given until it is clicked; after the run AppTest lets go of it.
CLICKED = """
from pathlib import Path
from streamlit import runtime
for entry in runtime.get_instance().media_file_mgr._deferred_callables.values():
    made = entry["callable"]()
    Path({out!r}, entry["filename"]).write_bytes(made.encode() if isinstance(made, str) else made)
"""
PAGE = """
from importlib import import_module
from pathlib import Path
from tiny import settings
from workbench.app.report import viewed
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
words = Words({language!r})
import_module("workbench.pages.{page}").show(viewed(settings(Path({home!r})), {page!r}, Screen(words), words))
"""
SHEET = """
import polars as pl
from test_charts import DRAWN
from workbench.pages.sheet import Column, Table
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
words = Words("fr")
screen = Screen(words)
screen.chart(DRAWN["bars"](words), "chart.bars", False)
rows = {rows}
frame = pl.DataFrame({{"from": ["fr"] * rows, "into": ["=ar"] * rows, "n": range(rows)}})
cells = (("Français",) * rows, ("Arabe",) * rows, tuple(map(str, range(rows))))
columns = tuple(Column(h, c, h == "N") for h, c in zip(("Langue", "Langue", "N"), cells))
screen.table(Table("Paires été", "De quelle langue", columns, frame))
"""


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    """A process serves one HOME; other tests serve others, whose builds are named alike."""
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def source(small_world: Path) -> Path:
    """The exports of the small world."""
    return small_world / "source"


@pytest.fixture(scope="module")
def home(small_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the build of the small world; a copy, since a visit writes to it."""
    return shutil.copytree(small_world / "home", tmp_path_factory.mktemp("small") / "home")


def popovers(app: AppTest) -> list[str]:
    """The keys of what is a click away."""
    return [block.proto.id.split("-", 3)[-1] for block in app.get("popover")]


def exports(app: AppTest) -> list[str]:
    """The keys of the popovers that export something."""
    return [key for key in popovers(app) if key.startswith("export.")]


def run(script: str, *opened: str) -> AppTest:
    """One run of a script, with some popovers open."""
    app = AppTest.from_string(script, default_timeout=90)
    for key in opened:
        app.session_state[key] = True
    app.run()
    assert not app.exception
    return app


def files(script: str, out: Path, *opened: str) -> Mapping[str, bytes]:
    """What is downloaded when every button of the open popovers is clicked."""
    out.mkdir(exist_ok=True)
    run(script + CLICKED.format(out=str(out)), *opened)
    return {file.name: file.read_bytes() for file in out.iterdir()}


def table(app: AppTest, position: int) -> list[list[str]]:
    """A table's cells as they are shown."""
    return read_cells(app.table[position])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_and_chart_of_a_page_can_be_exported(home: Path, language: str) -> None:
    """One popover under each, with four files of a table and two of a chart, and how many rows."""
    words, script = Words(language), PAGE.format(home=str(home), page="users", language=language)
    closed = run(script)
    keys = exports(closed)
    assert len(keys) == len(closed.table) + len(closed.get("vega_lite_chart"))
    assert not closed.get("download_button")
    app = run(script, *keys)
    labels = [button.proto.label for button in app.get("download_button")]
    for form in ("csv_fr", "xlsx", "csv", "parquet"):
        assert labels.count(words(f"export.{form}")) == len(app.table)
    for form in ("svg", "png"):
        assert labels.count(words(f"export.{form}")) == len(app.get("vega_lite_chart"))
    captions = [caption.value for caption in app.caption]
    for shown in app.table:
        rows = len(shown.value)
        assert words("export.rows", n=rows, total=rows) in captions


def test_each_export_opens_with_the_numbers_of_the_page(home: Path, source: Path, tmp_path: Path) -> None:
    """CSV in pandas, XLSX in openpyxl, Parquet in Polars: all say what the page says, which says what the rows say."""
    script, truth = PAGE.format(home=str(home), page="countries", language="fr"), Truth(source)
    app = run(script)
    position, shown = next((n, table(app, n)) for n in range(len(app.table)) if table(app, n)[0][0] == "France")
    key = exports(app)[-len(app.table) :][position]
    made = files(script, tmp_path / "files", key)
    stem = next(name for name in made if name.endswith(".parquet")).removesuffix(".parquet")
    living = [truth.living(country=code) for code in ("FR", "BE", "CH", "LU")]
    frame = pl.read_parquet(io.BytesIO(made[f"{stem}.parquet"]))
    assert frame["country"].to_list() == ["FR", "BE", "CH", "autres"]
    assert frame["users"].to_list() == living
    assert in_french(frame["users"]) == [row[1] for row in shown]
    (sheet,) = openpyxl.load_workbook(io.BytesIO(made[f"{stem}.xlsx"])).worksheets
    header, *rows = sheet.iter_rows(values_only=True)
    assert header[:2] == ("Pays", "Utilisateurs")
    assert [row[:2] for row in rows] == [(row[0], users) for row, users in zip(shown, living, strict=True)]


def test_the_two_csvs_of_a_table_are_two_files(tmp_path: Path) -> None:
    """Words for people, names and codes for programs; formulas held in both; columns of one heading kept apart."""
    made = files(SHEET.format(rows=3), tmp_path / "files", "export.Paires été.De quelle langue")
    french = pd.read_csv(io.BytesIO(made["paires-ete-excel.csv"]), sep=";", decimal=",", encoding="utf-8-sig")
    assert french.to_dict("list") == {"Langue": ["Français"] * 3, "Langue (2)": ["Arabe"] * 3, "N": [0, 1, 2]}
    plain = pl.read_csv(made["paires-ete.csv"])
    assert plain.to_dict(as_series=False) == {"from": ["fr"] * 3, "into": ["'=ar"] * 3, "n": [0, 1, 2]}
    assert set(made) == {"paires-ete-excel.csv", "paires-ete.csv", "paires-ete.xlsx", "paires-ete.parquet"}


def test_the_title_of_a_chart_stands_over_it_and_not_in_it_too() -> None:
    """As text, which a phone can wrap; what it shows is for those who hear it, and no tooltip of the whole."""
    app = run(SHEET.format(rows=1))
    (chart,), title = app.get("vega_lite_chart"), DRAWN["bars"](Words("fr")).title
    assert {"title", "description"} & json.loads(chart.proto.spec).keys() == set()
    assert [text.value for text in app.markdown] == [f"**{title.text}**"]
    assert app.caption[0].value == title.subtitle


def test_a_chart_is_exported_as_the_picture_it_is(tmp_path: Path) -> None:
    """SVG and PNG, with the title that the screen writes over it."""
    made = files(SHEET.format(rows=1), tmp_path / "files", "export.chart.bars")
    assert set(made) == {"un-titre.svg", "un-titre.png"}
    assert "Un titre" in "".join(ElementTree.fromstring(made["un-titre.svg"].decode()).itertext())
    assert made["un-titre.png"].startswith(b"\x89PNG")


def test_a_long_table_shows_its_first_rows_and_exports_all(tmp_path: Path) -> None:
    """And says both."""
    script, key = SHEET.format(rows=450), "export.Paires été.De quelle langue"
    app = run(script, key)
    captions = [caption.value for caption in app.caption]
    assert len(app.table[0].value) == 200
    assert Words("fr")("table.cut", shown=200, n=450) in captions
    assert "450 lignes exportées sur 450" in captions
    assert pl.read_parquet(io.BytesIO(files(script, tmp_path / "files", key)["paires-ete.parquet"])).height == 450


def test_a_table_too_long_for_a_sheet_says_so() -> None:
    """Nothing is cut off silently."""
    total = SHEET_ROWS + 1
    app = run(SHEET.format(rows=total), "export.Paires été.De quelle langue")
    assert Words("fr")("export.cut", n=SHEET_ROWS, total=total) in [caption.value for caption in app.caption]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Créées par école", "creees-par-ecole"),
        ("D’où viennent les actifs ?", "d-ou-viennent-les-actifs"),
        ("a/../b", "a-b"),
    ],
)
def test_a_file_is_named_in_letters_that_every_system_takes(text: str, expected: str) -> None:
    """No accent, no space, no way out of the folder."""
    assert slug(text) == expected
    assert re.fullmatch(r"[a-z0-9-]+", slug(text))


WORDED = """
import polars as pl
from workbench.pages.sheet import Column, Table
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
said = {said!r}
columns, frame = (Column("Mot", (said,), False),), pl.DataFrame({{"word": [said]}})
Screen(Words("fr")).table(Table("mots", "Ce qu'on a dit", columns, frame))
"""


@pytest.mark.parametrize(
    "said", ["**gras** [lien](http://a.example)", ":red[rouge] :material/home:", "a_b_c <b> `x` $y$ \\"]
)
def test_what_people_write_stands_in_a_table_as_they_wrote_it(said: str) -> None:
    """Streamlit reads cells as Markdown: a name with stars must not turn bold, nor a bracket into a link."""
    app = AppTest.from_string(WORDED.format(said=said), default_timeout=30).run()
    ((shown,),) = written_cells(app.table[0])
    assert read_cells(app.table[0]) == [[said]]
    assert not re.search(r"(?<!\\)(\\\\)*[*_\[\]<>`$]|(?<!\\):(?=[a-z/])", shown)
