"""A HOME with the sample's programme, and visits to the pages about its people."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from tiny import NOW, USAGE, etl, settings, write_csv

import workbench
from workbench.ledger import Ledger, ledger_of
from workbench.ledger.people import PersonState, people
from workbench.sample.plan import draw_plan
from workbench.sample.programme import fill_programme
from workbench.surveys.programme import review
from workbench.text import Words

FR = Words("fr")
PAGES = Path(workbench.__file__).parent / "pages"
TODAY = date(2020, 12, 15)
PARIS = ZoneInfo("Europe/Paris")
BUSY, SINCE, WEEKS_BEFORE = "k-busy", date(2020, 6, 1), 12
"""A class with three events in each of so many weeks from a Monday on, and twelve in each week after these."""

SCRIPT = """
import runpy
from datetime import date
from pathlib import Path
import streamlit as st
from held_open import held_open
from tiny import settings
from workbench.access import Role
from workbench.ledger import ledger_of
from workbench.metrics import Asking
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
home, pages = Path({home!r}), Path({pages!r})
words = Words({language!r})
names = ("ambassadors", "charter")
st.navigation([st.Page(pages / f"{{name}}.py", url_path=name) for name in names], position="hidden")
st.session_state["visit"] = dict(
    warehouse=held_open(home), words=words, school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role({role!r}), 5, date(2020, 9, 1), date(2020, 12, 14)),
    sheet=Screen(words), comparison="weekday", who="diane", ledger=ledger_of(settings(home)) if {reached} else None,
)
runpy.run_path(str(pages / {page!r}), run_name="__main__")
"""


def build_home(folder: Path) -> Path:
    """A build of one class's usage, and a ledger with the sample's programme, the charter reviewed."""
    source, home = folder / "source", folder / "home"
    weeks = [SINCE + timedelta(weeks=number) for number in range((date(2020, 12, 14) - SINCE).days // 7)]
    rows = [
        (f"{monday}-{day}-{n}", f"{monday + timedelta(days=day)}T10:00:00Z", "u1", "sign_in", "parent", "FR", klass)
        for place, monday in enumerate(weeks)
        for day in range(7)
        for n, klass in enumerate(["k-other"] + [BUSY] * _events(place, day))
    ]
    write_csv(source / "usage" / "usage.csv", USAGE, rows)
    etl(home, source)
    ledger = ledger_of(settings(home))
    fill_programme(ledger, draw_plan(0.02, 1))
    review(ledger, {}, TODAY, PARIS, who="etl", now=NOW)
    ledger.close()
    shutil.copy(home / "ledger.sqlite", home / "as_filled")
    return home


def _events(week: int, day: int) -> int:
    """Three events on the Monday of a week before, twelve on that of a later one."""
    return 0 if day else 3 if week < WEEKS_BEFORE else 12


@contextmanager
def fresh(home: Path) -> Iterator[Ledger]:
    """The HOME's ledger as it was filled."""
    st.cache_data.clear()
    for file in home.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(home / "as_filled", home / "ledger.sqlite")
    ledger = ledger_of(settings(home))
    yield ledger
    ledger.close()


def visit(home: Path, page: str, role: str = "community", language: str = "fr", **query: str) -> AppTest:
    """One visit by somebody of a role, with what the page's address says."""
    return _visit(home, page, role, language, True, query)


def visit_without_ledger(home: Path, page: str) -> AppTest:
    """A visit while the ledger cannot be reached."""
    return _visit(home, page, "community", "fr", False, {})


def _visit(home: Path, page: str, role: str, language: str, reached: bool, query: dict[str, str]) -> AppTest:
    script = SCRIPT.format(
        home=str(home), pages=str(PAGES), page=f"{page}.py", role=role, language=language, reached=reached
    )
    app = AppTest.from_string(script, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def person_of(ledger: Ledger, number: int) -> PersonState:
    """A person as the ledger has them."""
    return next(person for person in people(ledger) if person.id == number)


def somebody(ledger: Ledger, place: int = 0, status: str = "active") -> PersonState:
    """A person of the sample with a status, by number."""
    return sorted((one for one in people(ledger) if one.status == status), key=lambda one: one.id)[place]


def plain(text: object) -> str:
    """A text as a reader sees it: no Markdown escapes, ordinary spaces."""
    return str(text).replace("\\", "").replace("\u00a0", " ").replace("\u202f", " ")


def texts(app: AppTest) -> str:
    """Everything that the page says in words, as a reader sees it."""
    shown = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.warning, *app.error, *app.success, *app.text]
    return plain("\n".join(str(element.value) for element in shown))


def everything(app: AppTest) -> str:
    """Words, tables, charts, choices, and what stands in the forms."""
    tables = [" ".join(row) for table in app.table for row in read_cells(table)]
    choices = [option for box in app.selectbox for option in box.options]
    charts = [json.dumps(drawn(app, place), ensure_ascii=False) for place in range(len(app.get("vega_lite_chart")))]
    typed = [str(field.value) for field in (*app.text_input, *app.code)]
    return plain("\n".join([texts(app), *tables, *choices, *charts, *typed]))


def drawn(app: AppTest, place: int) -> list[dict[str, Any]]:
    """The rows behind a chart: those of its first layer."""
    sent = app.get("vega_lite_chart")[place].proto
    data = next(each.data.data for each in sent.datasets if len(each.data.data))
    return list(pa.ipc.open_stream(data).read_all().to_pylist())


def table_of(app: AppTest, columns: int) -> list[list[str]]:
    """The cells of the one table that has so many columns."""
    (found,) = [rows for table in app.table if (rows := read_cells(table)) and len(rows[0]) == columns]
    return found


def widget(found: Any, ending: str) -> Any:
    """The one widget whose key ends so."""
    (only,) = [element for element in found if element.key and element.key.endswith(ending)]
    return only


def press(app: AppTest, label: str, place: int = 0) -> None:
    """Press a button by its label; of several that are called so, the one at a place."""
    [button for button in app.button if button.label == label][place].click().run()
    assert not app.exception
