"""The list of the ambassadors: how many there are of each kind, and everybody under the filters."""

from collections import Counter

import polars as pl
import streamlit as st

from workbench.ledger.people import PersonState
from workbench.ledger.states import PersonStatus
from workbench.pages import Page, Written
from workbench.pages.desk import short_day
from workbench.pages.people import Roster, Score, day_of
from workbench.pages.sheet import Figure
from workbench.surveys.charter import quarter_of
from workbench.surveys.listed import plain

AT_RISK = "at_risk"
"""Derived, so no status: an ambassador who was asked and has been silent for too long."""

SCHEMA = {
    "id": pl.Int64,
    "ambassador": pl.String,
    "person_status": pl.String,
    "academie": pl.String,
    "commune": pl.String,
    "school": pl.String,
    "person_since": pl.Date,
    "charter_on": pl.Date,
    "last_answer": pl.Date,
    "last_contact": pl.Date,
    "kept": pl.String,
}


def figures(page: Page, everybody: Roster) -> None:
    """How many are active, candidates, at risk or former, and how many accepted the charter."""
    statuses = Counter(person.status for person in everybody.people.values())
    words, active = page.words, statuses[PersonStatus.ACTIVE]
    asked = [one for one in everybody.joined.values() if one.status in (PersonStatus.ACTIVE, PersonStatus.CANDIDATE)]
    paused = words("ambassadors.card.paused", n=statuses[PersonStatus.PAUSED])
    of_active = words("ambassadors.card.of_active", n=active)
    of_asked = words("ambassadors.card.of_asked", n=len(asked))
    with page.sheet.grid(5, 150):
        _card(page, "active", active, paused)
        _card(page, "candidate", statuses[PersonStatus.CANDIDATE])
        _card(page, "at_risk", len(everybody.at_risk), of_active)
        _card(page, "left", statuses[PersonStatus.LEFT])
        _card(page, "charter", sum(one.charter_accepted_on is not None for one in asked), of_asked)


def _card(page: Page, name: str, value: int, note: str = "") -> None:
    words = page.words
    figure = Figure(words(f"ambassadors.card.{name}.name"), words.number(value), note=note)
    definition = words(f"ambassadors.card.{name}.definition")
    page.sheet.figure(figure, f"definition.ambassadors.{name}", lambda: page.sheet.text(definition))


def everyone(page: Page, everybody: Roster) -> None:
    """The table, under the filters."""
    page.section("ambassadors_all")
    if not everybody.people:
        page.empty("empty.ambassadors")
        return
    shown = _filtered(page, everybody) if page.sheet.interactive else list(everybody.people.values())
    if not shown:
        page.empty("empty.ambassadors_filtered")
        return
    words = page.words
    if len(shown) < len(everybody.people):
        page.sheet.note(words("ambassadors.shown", n=len(shown), all=len(everybody.people)))
    rows = pl.DataFrame([_row(page, everybody, person) for person in shown], SCHEMA)
    columns: dict[str, Written] = {"ambassador": str, "person_status": str, "academie": str, "commune": str}
    columns |= {
        "school": str,
        **dict.fromkeys(("person_since", "charter_on", "last_answer", "last_contact"), short_day(page)),
    }
    page.table(rows, {**columns, "kept": str}, words("section.ambassadors_all.title"))


def _filtered(page: Page, everybody: Roster) -> list[PersonState]:
    words = page.words
    with page.sheet.grid(3, 200):
        status = st.selectbox(
            words("column.person_status"),
            ["", *map(str, PersonStatus), AT_RISK],
            format_func=lambda name: words(f"ambassadors.status.{name}") if name else words("ambassadors.all_status"),
            key="ambassadors.status",
        )
        academie = st.selectbox(
            words("column.academie"),
            ["", *sorted({person.academie for person in everybody.people.values() if person.academie}, key=plain)],
            format_func=lambda name: name or words("ambassadors.all_academie"),
            key="ambassadors.academie",
        )
        sought = plain(st.text_input(words("ambassadors.search"), key="ambassadors.search"))
    return [
        person
        for person in everybody.people.values()
        if status in ("", str(person.status)) or (status == AT_RISK and person.id in everybody.at_risk)
        if academie in ("", person.academie)
        if sought in plain(person.name) or sought in plain(person.school or "")
    ]


def _row(page: Page, everybody: Roster, person: PersonState) -> dict[str, object]:
    answers = [each.at for each in everybody.facts.responses if each.person == person.id]
    contacts = everybody.contacts.get(person.id, ())
    return {
        "id": person.id,
        "ambassador": person.name,
        "person_status": status_of(page, everybody, person),
        "academie": person.academie,
        "commune": person.commune,
        "school": person.school,
        "person_since": person.since,
        "charter_on": everybody.joined[person.id].charter_accepted_on,
        "last_answer": day_of(page, max(answers)) if answers else None,
        "last_contact": day_of(page, contacts[0].at) if contacts else None,
        "kept": kept(page, everybody.score(person.id, quarter_of(page.today))),
    }


def status_of(page: Page, everybody: Roster, person: PersonState) -> str:
    """Where somebody stands, with the risk beside it."""
    said = page.words(f"ambassadors.status.{person.status}")
    return f"{said} · {page.words('ambassadors.status.at_risk')}" if person.id in everybody.at_risk else said


def kept(page: Page, found: Score) -> str | None:
    """How many commitments, as « 5 sur 8 »; None where none counts."""
    return page.words("programme.kept", kept=found.kept, owed=found.owed) if found.owed else None
