"""What happened in the period, by the kit and by the team, and the box in which the team notes it."""

from datetime import UTC, date, datetime
from functools import partial

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.ledger import Ledger, annotations
from workbench.metrics import OTHERS
from workbench.pages import Page, Written


def events(page: Page) -> None:
    """What happened in the period, and the form to add to it."""
    words, happened = page.words, page.events()
    page.section("events")
    if happened:
        rows = [
            {
                "starts_on": event.starts_on,
                "ends_on": event.ends_on if event.ends_on > event.starts_on else None,
                "event": event.label[words.language],
                "country": event.country,
                "noted_by": words("overview.events.team" if event in page.notes else "overview.events.kit"),
            }
            for event in happened
        ]
        schema = {
            "starts_on": pl.Date,
            "ends_on": pl.Date,
            **dict.fromkeys(("event", "country", "noted_by"), pl.String),
        }
        columns: dict[str, Written] = {"starts_on": words.day, "ends_on": words.day, "event": str}
        columns |= {"country": partial(place, page), "noted_by": str}
        page.table(pl.DataFrame(rows, schema), columns, words("section.events.title"), "events")
    else:
        page.sheet.text(words("overview.events.none"))
    if page.sheet.interactive and page.ledger and may(page.asking.role, "rows"):
        note_box(page, page.ledger)


@st.fragment
def note_box(page: Page, ledger: Ledger) -> None:
    """The forms, folded away, and made when they are unfolded: fields of dates are the dearest of this page."""
    box = st.expander(
        page.words("overview.note.open"), icon=":material/edit_calendar:", key="overview.note.box", on_change="rerun"
    )
    if box.open:
        with box:
            note_forms(page, ledger)


def note_forms(page: Page, ledger: Ledger) -> None:
    """Where the team adds to the time lines, and takes away; it shows at once."""
    words = page.words
    with st.form("overview.note", border=False, clear_on_submit=True):
        label = st.text_input(words("column.event"), max_chars=120, placeholder=words("overview.note.example"))
        first = st.date_input(words("column.starts_on"), page.until, format="DD/MM/YYYY")
        last = st.date_input(words("overview.note.ends_on"), None, format="DD/MM/YYYY")
        country = st.selectbox(words("column.country"), ["", *countries(page)], format_func=partial(place, page))
        if st.form_submit_button(words("overview.note.add")):
            add_note(page, ledger, label.strip(), (first, last), country)
    marked = {note.id: note for note in annotations.annotations(ledger)}
    if not marked:
        return
    with st.form("overview.note.removal", border=False):
        named = {number: f"{words.day(note.starts_on)} · {note.label}" for number, note in marked.items()}
        chosen = st.selectbox(words("overview.note.chosen"), named, None, format_func=named.__getitem__)
        if st.form_submit_button(words("overview.note.remove")) and chosen is not None:
            annotations.remove_annotation(ledger, chosen, who=page.who, now=datetime.now(UTC))
            st.rerun()


def add_note(page: Page, ledger: Ledger, label: str, days: tuple[date, date | None], country: str) -> None:
    """Keep a note of a day or days, or say what is wrong with it."""
    first, last = days
    if not label:
        st.warning(page.words("overview.note.empty"))
    elif last is not None and last < first:
        st.warning(page.words("overview.note.backwards"))
    else:
        now = datetime.now(UTC)
        annotations.annotate(ledger, first, label, ends_on=last, country=country or None, who=page.who, now=now)
        st.rerun()


def countries(page: Page) -> list[str]:
    """The countries a note can be about: those there are."""
    found = page.question("choices", page.unfiltered).filter(pl.col("filter") == "country")["value"]
    return [code for code in found if code not in (OTHERS, "ZZ")]


def place(page: Page, code: str) -> str:
    """A country by its name; none is everywhere."""
    return page.words.country(code) if code else page.words("overview.events.everywhere")
