"""Ambassadors: who they are, and the whole story of each on one screen."""

from dataclasses import replace

import streamlit as st

from workbench.access import may
from workbench.ledger import Ledger
from workbench.ledger.matching import standing
from workbench.ledger.people import PersonState
from workbench.ledger.states import PersonStatus
from workbench.pages import Page, opened
from workbench.pages.answers import as_typed, outcome
from workbench.pages.people import Roster, roster
from workbench.pages.people.activity import activity
from workbench.pages.people.acts import acts
from workbench.pages.people.entry import import_form, person_form
from workbench.pages.people.listing import everyone, figures, status_of
from workbench.pages.people.story import commitments, given, time_line, to_do, who


def show(page: Page) -> None:
    """Figures for everybody; for those who may see people, the list, one person's story, and what changes them."""
    page.sheet.title(page.words("page.ambassadors.title"))
    page.sheet.text(page.words("page.ambassadors.lead"))
    if page.ledger is None:
        page.empty("empty.programme_ledger")
        return
    everybody = roster(page, page.ledger)
    figures(page, everybody)
    if not may(page.asking.role, "people"):
        page.sheet.note(page.words("programme.people_needed"))
        return
    if not page.sheet.interactive:
        everyone(page, everybody)
        return
    one(page, page.ledger, everybody)
    new_people(page, page.ledger)
    everyone(page, everybody)


def one(page: Page, ledger: Ledger, everybody: Roster) -> None:
    """One person, chosen by name or by the page's address."""
    page.section("ambassador")
    person = _chosen(page, ledger, everybody)
    if person is None:
        return
    with page.sheet.grid(2, 320):
        with st.container(border=True, height="stretch"):
            _who(page, everybody, person)
        with st.container(border=True, height="stretch"):
            outcome(page)
            acts(page, ledger, everybody, person)
    with page.sheet.grid(2, 420):
        with st.container():
            commitments(page, everybody, person)
        with st.container():
            time_line(page, ledger, everybody, person)
            to_do(page, ledger, person)
            given(page, ledger, person)
    activity(page, ledger, person)


def _who(page: Page, everybody: Roster, person: PersonState) -> None:
    at_risk = person.id in everybody.at_risk
    colour = "red" if at_risk else "green" if person.status is PersonStatus.ACTIVE else "gray"
    page.sheet.heading(as_typed(person.name))
    with page.sheet.row():
        page.sheet.badge(status_of(page, everybody, person), "warning" if at_risk else "person", colour)
    who(page, everybody, person)


def _chosen(page: Page, ledger: Ledger, everybody: Roster) -> PersonState | None:
    """Whom the page's address names as `?person=`; choosing somebody else writes it there."""
    named = st.query_params.get("person", "")
    if named and named not in map(str, everybody.people):
        _look_further(page, ledger, named)
        named = st.query_params.get("person", "")
    number = int(named) if named in map(str, everybody.people) else None
    st.session_state["ambassadors.person"] = number
    st.selectbox(
        page.words("ambassadors.whose"),
        list(everybody.people),
        None,
        format_func=lambda number: _told_apart(everybody.people[number]),
        placeholder="–",
        key="ambassadors.person",
        on_change=_to_url,
    )
    return everybody.people[number] if number else None


def _to_url() -> None:
    number = st.session_state["ambassadors.person"]
    if number is None:
        st.query_params.pop("person", None)
    else:
        st.query_params["person"] = str(number)


def _look_further(page: Page, ledger: Ledger, named: str) -> None:
    """Who turned out to be another leads to them; for anybody else the page says that there is no such person."""
    stays = standing(ledger).get(int(named)) if named.isdecimal() else None
    if stays:
        st.query_params["person"] = str(stays)
    else:
        st.warning(page.words("ambassadors.unknown"), icon=":material/person_off:")


def _told_apart(person: PersonState) -> str:
    """Somebody as they stand in a list of names, with what tells namesakes apart."""
    return " · ".join(filter(None, [person.name, person.school, person.commune or person.email]))


def new_people(page: Page, ledger: Ledger) -> None:
    """Somebody new by hand, and Diane's list."""
    page.section("ambassadors_new")
    page = replace(page, name="ambassadors.new")  # what is done here is said here, not beside somebody's story
    outcome(page)
    nobody = replace(PersonState(""), since=page.today)
    with st.expander(page.words("ambassadors.act.add"), icon=":material/person_add:"):
        person_form(page, ledger, nobody)
    with st.expander(page.words("ambassadors.act.import"), icon=":material/upload_file:"):
        import_form(page, ledger)


if __name__ == "__main__":
    show(opened("ambassadors"))
