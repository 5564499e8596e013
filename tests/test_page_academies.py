"""The page of the académies: its numbers counted again from the exports, its forms, and who sees what of them."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from tiny import NOW, etl, settings, write_csv

import workbench
from workbench.ledger import Ledger, ledger_of
from workbench.ledger.academies import AcademieState, Contact, academies, set_contact, set_status
from workbench.ledger.states import AcademieStatus, ContactFunction
from workbench.text import Words

FR = Words("fr")
CHECKOUT = Path(workbench.__file__).parent
CLASSES = "class_id,created_at,country,department,members,archived_at".split(",")
MADE = [
    # class, created, country, département, members, archived
    ("k-paris", "2020-09-07", "FR", "75", 300, ""),
    ("k-paris-gone", "2020-09-07", "FR", "75", 900, "2020-10-01"),
    ("k-lyon-1", "2020-09-08", "FR", "69", 120, ""),
    ("k-lyon-2", "2019-12-03", "FR", "01", 40, ""),
    ("k-lyon-late", "2020-12-15", "FR", "69", 500, ""),
    ("k-versailles", "2020-09-09", "FR", "78", 200, ""),
    ("k-creteil", "2020-09-09", "FR", "94", 100, ""),
    ("k-belgian", "2020-09-09", "BE", "75", 700, ""),
    ("k-nowhere", "2020-09-09", "FR", "", 9, ""),
]
UNTIL = date(2020, 12, 14)
SEEN = {"k-paris": ["2020-11-03"], "k-lyon-1": ["2020-12-14"], "k-lyon-2": ["2020-06-02"], "k-creteil": ["2020-09-10"]}

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
home = Path({home!r})
words = Words({language!r})
st.session_state["visit"] = dict(
    warehouse=held_open(home), words=words, school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role({role!r}), 5, date(2020, 9, 1), date(2020, 12, 14), countries={countries!r}),
    sheet=Screen(words), comparison="weekday", who="diane", ledger=ledger_of(settings(home)) if {reached} else None,
)
runpy.run_path({page!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build of a few classes in a few départements."""
    source, home = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("home")
    rows = [
        (name, f"{created}T08:00:00Z", country, department, members, archived and f"{archived}T08:00:00Z")
        for name, created, country, department, members, archived in MADE
    ]
    write_csv(source / "classes" / "classes.csv", CLASSES, rows)
    columns = "event_id,occurred_at,user_id,event,role,country,class_id".split(",")
    usage = [
        (f"{name}-{day}", f"{day}T10:00:00Z", "u1", "post_viewed", "parent", "FR", name)
        for name, days in SEEN.items()
        for day in days
    ]
    write_csv(source / "usage" / "usage.csv", columns, usage)
    paid = ("s1", "k-lyon-1", "plus", "ecole", "2020-09-10", "2021-09-10", "99")
    names = "subscription_id,class_id,plan,payer_type,starts_on,ends_on,price_eur".split(",")
    write_csv(source / "subscriptions" / "subscriptions.csv", names, [paid])
    etl(home, source)
    return home


@pytest.fixture
def home(built: Path) -> Path:
    """That HOME, with a ledger in which nothing has been changed."""
    st.cache_data.clear()
    for file in built.glob("ledger.sqlite*"):
        file.unlink()
    return built


@pytest.fixture
def kept(home: Path) -> Iterator[Ledger]:
    """The HOME's ledger."""
    ledger = ledger_of(settings(home))
    yield ledger
    ledger.close()


def visit(
    home: Path, role: str = "community", reached: bool = True, language: str = "fr", countries: tuple[str, ...] = ()
) -> AppTest:
    """One visit by somebody of a role."""
    page = str(CHECKOUT / "pages" / "academies.py")
    script = SCRIPT.format(
        home=str(home), role=role, reached=reached, language=language, countries=countries, page=page
    )
    return AppTest.from_string(script, default_timeout=60).run()


def cells(app: AppTest, position: int = 0) -> list[list[str]]:
    """The cells of a table as they are shown, without its header."""
    return read_cells(app.table[position])


def texts(app: AppTest) -> str:
    """Everything that the page says in words."""
    shown = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.warning, *app.error, *app.success]
    return "\n".join(str(element.value) for element in shown)


def everything(app: AppTest) -> str:
    """Words, tables and the values in the forms, with ordinary spaces."""
    tables = [cell for position in range(len(app.table)) for row in cells(app, position) for cell in row]
    typed = [str(field.value) for field in app.text_input]
    return "\n".join([texts(app), *tables, *typed]).replace("\u00a0", " ")


def widget(found: Any, ending: str) -> Any:
    """The one widget whose key ends so."""
    (only,) = [element for element in found if element.key and element.key.endswith(ending)]
    return only


def save(app: AppTest, position: int) -> None:
    """Send the form of the state (0) or of a contact (1)."""
    buttons = [button for button in app.button if button.label == FR("academies.save")]
    buttons[position].click().run()
    assert not app.exception


def state_of(ledger: Ledger, academie: str) -> AcademieState:
    """An académie as the ledger has it."""
    return next(state for state in academies(ledger) if state.academie == academie)


def truth() -> dict[str, tuple[int, int, int, int]]:
    """Classes, active ones, paying ones and members by académie, counted from the rows of the exports."""
    reference = (CHECKOUT / "reference" / "academies.csv").read_text(encoding="utf-8").splitlines()
    academie_of = {row["departement"]: row["academie"] for row in csv.DictReader(reference)}
    rows = defaultdict[str, list[tuple[int, int, int, int]]](list)
    for name, created, country, department, members, archived in MADE:
        open_ = date.fromisoformat(created) <= UNTIL and (not archived or date.fromisoformat(archived) > UNTIL)
        if country == "FR" and open_ and department:
            awake = any(date(2020, 9, 1) <= date.fromisoformat(day) <= UNTIL for day in SEEN.get(name, []))
            rows[academie_of[department]].append((1, int(awake), int(name == "k-lyon-1"), members))
    nothing = (0, 0, 0, 0)
    sums = {name: [sum(column) for column in zip(nothing, *rows[name], strict=True)] for name in academie_of.values()}
    return {name: (classes, awake, paying, members) for name, (classes, awake, paying, members) in sums.items()}


def test_the_table_counts_as_the_exports_do(home: Path) -> None:
    """All thirty, the biggest first: open classes, active ones, paying ones, members."""
    rows = cells(visit(home))
    expected = {name: [FR.number(value) for value in values] for name, values in truth().items()}
    assert {row[0]: row[2:6] for row in rows} == expected
    assert [row[0] for row in rows[:4]] == ["Paris", "Versailles", "Lyon", "Créteil"]
    assert len(rows) == 30


def test_the_cards_say_what_is_validated_and_what_is_covered(home: Path, kept: Ledger) -> None:
    """The register comes after the validation and counts with it."""
    set_status(kept, "Lyon", AcademieStatus.IN_REGISTER, "", 1, who="alice", now=NOW)
    app = visit(home)
    counted = truth()
    covered = [counted[name] for name in ("Versailles", "Créteil", "Lyon")]
    for place, part in enumerate((0, 3), start=1):
        here, whole = (sum(values[part] for values in some) for some in (covered, counted.values()))
        assert app.metric[place].value == FR.number(here)
        assert FR("academies.of", whole=whole, share=FR.percent(here / whole)) in texts(app)
    assert app.metric[0].value == "3"
    assert FR("academies.of", whole=30, share=FR.percent(0.1)) in texts(app)


def test_the_chart_shows_who_waits_the_biggest_first(home: Path, kept: Ledger) -> None:
    """Neither the validated ones nor those without a class; each in the colour and under the name of its state."""
    set_status(kept, "Lyon", AcademieStatus.CONTACTED, "", 1, who="alice", now=NOW)
    (chart,) = visit(home).get("vega_lite_chart")
    spec = json.loads(chart.proto.spec)
    (sent,) = chart.proto.datasets
    assert pl.read_ipc_stream(sent.data.data)["academie"].to_list() == ["Paris", "Lyon"]
    assert spec["encoding"]["y"]["sort"] == {"field": "place", "op": "min"}
    assert spec["encoding"]["color"]["scale"]["domain"] == ["Contactée", "Pas encore contactée"]


def test_the_country_filter_changes_nothing_here(home: Path) -> None:
    """Académies are French; the page says so rather than show thirty zeros."""
    assert cells(visit(home, countries=("BE",))) == cells(visit(home))


def test_classes_of_an_unknown_departement_are_said_to_be_left_out(home: Path) -> None:
    """Nothing vanishes unseen."""
    assert FR("academies.nowhere", n=1) in texts(visit(home))


@pytest.mark.parametrize("role", ["viewer", "analyst", "community", "admin"])
def test_names_and_forms_are_for_those_who_may_see_people(home: Path, kept: Ledger, role: str) -> None:
    """Contacts, notes and who changed what are personal; states and counts are for everybody."""
    contact = Contact("Lyon", ContactFunction.DPD, "Anne Exemple", "anne@ac.example", "04 00 00 00 00", "le matin")
    set_contact(kept, contact, who="alice", now=NOW)
    set_status(kept, "Lyon", AcademieStatus.ANSWERED, "rappeler Anne", 1, who="alice", now=NOW)
    app = visit(home, role)
    assert not app.exception
    personal = ["Anne Exemple", "anne@ac.example", "04 00 00 00 00", "le matin", "rappeler Anne", "alice"]
    found = [text for text in personal if text in everything(app)]
    assert found == (personal if role in ("community", "admin") else [])
    assert bool(app.text_input) == (role in ("community", "admin"))
    assert "État : Pas encore contactée → A répondu" in everything(app)


def test_a_state_is_changed_in_the_page_and_kept_in_the_ledger(home: Path, kept: Ledger) -> None:
    """With who did it; the page shows it at once, in the table and in the history."""
    app = visit(home)
    app.selectbox(key="academies.chosen").select("Lyon").run()
    widget(app.selectbox, ".status").select("refused")
    widget(app.text_input, "Lyon.1.note").input("audit demandé")
    save(app, 0)
    state = state_of(kept, "Lyon")
    assert (state.status, state.note, state.history[0].who) == ("refused", "audit demandé", "diane")
    assert FR("academies.kept") in texts(app)
    assert next(row for row in cells(app) if row[0] == "Lyon")[1] == "Refusée"
    assert "État : Pas encore contactée → Refusée" in everything(app)


def test_the_second_of_two_editors_is_told_and_shown_the_new_state(home: Path, kept: Ledger) -> None:
    """What was typed on a state that is no more is not written over the newer one."""
    app = visit(home)
    app.selectbox(key="academies.chosen").select("Lyon").run()
    set_status(kept, "Lyon", AcademieStatus.VALIDATED, "par courrier", 1, who="patrick", now=NOW)
    widget(app.selectbox, ".status").select("refused")
    save(app, 0)
    assert state_of(kept, "Lyon").status == "validated"
    said = FR("academies.changed", academie="Lyon", status="Validée", who="patrick", at=NOW)
    assert [warning.value for warning in app.warning] == [said]
    assert widget(app.selectbox, ".status").value == "validated"
    assert widget(app.text_input, "Lyon.2.note").value == "par courrier"


def test_a_contact_is_added_corrected_and_taken_out(home: Path, kept: Ledger) -> None:
    """Taking out cannot be undone, so it needs a second yes."""
    app = visit(home)
    app.selectbox(key="academies.chosen").select("Lyon").run()
    widget(app.text_input, ".name").input("Anne Exemple")
    widget(app.text_input, ".email").input("anne@ac.example")
    save(app, 1)
    (contact,) = state_of(kept, "Lyon").contacts
    assert (contact.function, contact.name, contact.email) == ("DPD", "Anne Exemple", "anne@ac.example")
    assert widget(app.text_input, ".name").value == ""
    widget(app.selectbox, ".contact.1").select(contact.id).run()
    widget(app.text_input, ".phone").input("04 00 00 00 00")
    save(app, 1)
    assert state_of(kept, "Lyon").contacts[0].phone == "04 00 00 00 00"
    assert cells(app, 1)[0][:3] == ["Lyon", "DPD (protection des données)", "Anne Exemple"]
    widget(app.selectbox, ".contact.2").select(contact.id).run()
    assert widget(app.button, ".remove").disabled
    app.checkbox[0].check().run()
    widget(app.button, ".remove").click().run()
    assert not state_of(kept, "Lyon").contacts
    assert "Contact retiré : DPD (protection des données)" in everything(app)


def test_a_contact_that_is_none_is_refused_with_what_to_do(home: Path, kept: Ledger) -> None:
    """Nothing is written, and what was typed is still there."""
    app = visit(home)
    widget(app.text_input, ".name").input("Anne")
    widget(app.text_input, ".email").input("anne")
    save(app, 1)
    assert "name@example.org" in app.error[0].value
    assert widget(app.text_input, ".name").value == "Anne"
    assert not [state for state in academies(kept) if state.contacts]


def test_without_a_ledger_the_page_says_what_to_do(home: Path) -> None:
    """Not an empty table: the states are somewhere else."""
    app = visit(home, reached=False)
    assert not app.exception
    assert FR("empty.academies_ledger.title") in texts(app)
    assert not app.table


def test_without_classes_the_states_are_still_shown(tmp_path: Path) -> None:
    """They do not depend on any export."""
    st.cache_data.clear()
    write_csv(tmp_path / "source/usage/a.csv", ["event_id", "occurred_at", "user_id", "event"], [])
    write_csv(
        tmp_path / "source/users/a.csv", ["user_id", "role", "country", "created_at"], [("u", "parent", "FR", 1.5e9)]
    )
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home")
    assert not app.exception
    assert FR("empty.feed.title", feed="classes") in texts(app)
    assert len(cells(app)) == 30


def test_english_shows_no_french(home: Path) -> None:
    """States, functions and empty states are in the visitor's language."""
    app = visit(home, language="en")
    assert not app.exception
    assert {row[1] for row in cells(app)} == {"Validated", "Not yet contacted"}
    assert "Aucun" not in everything(app)
