"""What one does about a person: contacts, promises noted or waived, the charter, consents, the link, a merge."""

from datetime import UTC, date, datetime, time
from functools import partial

import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.facts import Joined, Noted
from workbench.ledger.merging import Merge, merge, merges, undo_merge
from workbench.ledger.people import PersonState, set_consent
from workbench.ledger.programme import (
    accept_charter,
    add_evidence,
    add_interaction,
    remove_interaction,
    withdraw_evidence,
)
from workbench.ledger.states import CampaignKind, CommitmentName, EvidenceKind, InteractionKind, Purpose
from workbench.pages import Page
from workbench.pages.answers import Done, as_typed, attempt, zone
from workbench.pages.answers import quarter as quarter_named
from workbench.pages.people import Roster, reviewed, undoing
from workbench.pages.people.entry import person_form
from workbench.surveys.charter import charter_on, charters, quarters
from workbench.surveys.matching import personal_links

_SOURCES = ("phone", "hand")
_WAYS = (EvidenceKind.NOTE, EvidenceKind.WAIVER)


def acts(page: Page, ledger: Ledger, everybody: Roster, person: PersonState) -> None:
    """Every act in a drawer of its own."""
    words = page.words
    with st.expander(words("ambassadors.act.change"), icon=":material/edit:"):
        person_form(page, ledger, person)
    with st.expander(words("ambassadors.act.contact"), icon=":material/forum:"):
        _contact_form(page, ledger, person)
    with st.expander(words("ambassadors.act.evidence"), icon=":material/handshake:"):
        _evidence_form(page, ledger, person)
        _noted_form(page, ledger, everybody, person)
    with st.expander(words("ambassadors.act.charter"), icon=":material/contract:"):
        _charter_form(page, ledger, everybody.joined[person.id], person.version)
    with st.expander(words("ambassadors.act.consents"), icon=":material/fact_check:"):
        _consents_form(page, ledger, person)
    with st.expander(words("ambassadors.act.link"), icon=":material/link:"):
        _link(page, ledger, everybody, person)
    with st.expander(words("ambassadors.act.merge"), icon=":material/merge:"):
        _merge_form(page, ledger, everybody, person)
        _merged(page, ledger, person)


# ---------------------------------------------------------------------------------------------------------- contact


def _contact_form(page: Page, ledger: Ledger, person: PersonState) -> None:
    words, key = page.words, f"ambassadors.contact.{person.id}"
    with st.form(f"{key}.form", border=False, clear_on_submit=True):
        st.selectbox(
            words("ambassadors.contact_kind"),
            list(map(str, InteractionKind)),
            format_func=lambda kind: words(f"ambassadors.contact.{kind}"),
            key=f"{key}.kind",
        )
        st.date_input(words("column.day"), page.today, max_value=page.today, format="DD/MM/YYYY", key=f"{key}.day")
        st.text_area(words("ambassadors.contact_note"), max_chars=2000, key=f"{key}.note")
        st.form_submit_button(words("ambassadors.save"), on_click=_note_contact, args=(page, ledger, person.id, key))


def _note_contact(page: Page, ledger: Ledger, number: int, key: str) -> None:
    held = st.session_state
    kind, day, note = InteractionKind(held[f"{key}.kind"]), held[f"{key}.day"], held[f"{key}.note"]

    def act() -> Done:
        now = datetime.now(UTC)
        at = datetime.combine(day, time(12), zone(page)).astimezone(UTC)
        added = add_interaction(ledger, number, kind, at, note, who=page.who, now=now)
        reviewed(page, ledger)
        return Done(
            page.words("ambassadors.done.contact"), undoing(page, partial(_take_contact_back, page, ledger, added))
        )

    attempt(page, act)


def _take_contact_back(page: Page, ledger: Ledger, added: int, now: datetime) -> None:
    remove_interaction(ledger, added, who=page.who, now=now)
    reviewed(page, ledger)


# -------------------------------------------------------------------------------------------------------- evidence


def _evidence_form(page: Page, ledger: Ledger, person: PersonState) -> None:
    words, key = page.words, f"ambassadors.evidence.{person.id}"
    with st.form(f"{key}.form", border=False):
        st.selectbox(
            words("column.quarter"),
            quarters(charters()[0], page.today)[::-1],
            format_func=partial(quarter_named, page),
            key=f"{key}.quarter",
        )
        st.selectbox(
            words("column.commitment"),
            list(map(str, CommitmentName)),
            format_func=lambda name: words(f"charter.commitment.{name}.label"),
            key=f"{key}.commitment",
        )
        st.radio(
            words("ambassadors.evidence_kind"),
            list(map(str, _WAYS)),
            format_func=lambda kind: words(f"ambassadors.evidence.{kind}"),
            key=f"{key}.kind",
        )
        st.form_submit_button(words("ambassadors.save"), on_click=_note_evidence, args=(page, ledger, person.id, key))


def _note_evidence(page: Page, ledger: Ledger, number: int, key: str) -> None:
    held = st.session_state
    quarter, commitment = held[f"{key}.quarter"], CommitmentName(held[f"{key}.commitment"])
    kind = EvidenceKind(held[f"{key}.kind"])

    label = page.words(f"charter.commitment.{commitment}.label")
    said = page.words(f"ambassadors.done.{kind}", commitment=label, quarter=quarter_named(page, quarter))

    def act() -> Done:
        now = datetime.now(UTC)
        added = add_evidence(ledger, number, quarter, commitment, kind, page.today, who=page.who, now=now)
        reviewed(page, ledger)
        return Done(said, undoing(page, partial(_withdraw, page, ledger, added)))

    attempt(page, act)


def _withdraw(page: Page, ledger: Ledger, added: int, now: datetime) -> None:
    withdraw_evidence(ledger, added, who=page.who, now=now)
    reviewed(page, ledger)


def _noted_form(page: Page, ledger: Ledger, everybody: Roster, person: PersonState) -> None:
    """What was noted or waived before, to be taken back."""
    words = page.words
    noted = [each for each in everybody.facts.noted if each.person == person.id]
    if not noted:
        return
    key = f"ambassadors.noted.{person.id}.{len(noted)}"
    with st.form(f"{key}.form", border=False):
        chosen = st.selectbox(
            words("ambassadors.noted"), range(len(noted)), format_func=lambda place: _named(page, noted[place])
        )
        if st.form_submit_button(words("ambassadors.take_back"), icon=":material/undo:"):
            _take_note_back(page, ledger, noted[chosen])
            st.rerun()


def _named(page: Page, noted: Noted) -> str:
    label = page.words(f"charter.commitment.{noted.commitment}.label")
    return f"{page.words(f'ambassadors.story.{noted.kind}', commitment=label)} · {quarter_named(page, noted.quarter)}"


def _take_note_back(page: Page, ledger: Ledger, noted: Noted) -> None:
    def act() -> Done:
        now = datetime.now(UTC)
        # To note the same again adds nothing and gives its number.
        number = add_evidence(
            ledger, noted.person, noted.quarter, noted.commitment, noted.kind, noted.day, who=page.who, now=now
        )
        _withdraw(page, ledger, number, now)
        return Done(page.words("programme.undone"))

    attempt(page, act)


# ---------------------------------------------------------------------------------------------------------- charter


def _charter_form(page: Page, ledger: Ledger, joined: Joined, version: int) -> None:
    words, key = page.words, f"ambassadors.charter.{joined.id}.{version}"
    if joined.charter_accepted_on:
        st.text(words("ambassadors.accepted_on", day=joined.charter_accepted_on, version=joined.charter_version or "–"))
    first, shown = charters()[0].in_force_from, joined.charter_accepted_on or page.today
    with st.form(f"{key}.form", border=False):
        st.date_input(
            words("ambassadors.accepted_day"),
            max(first, shown),
            min_value=first,
            max_value=max(first, shown, page.today),
            format="DD/MM/YYYY",
            key=f"{key}.day",
        )
        st.form_submit_button(words("ambassadors.accept"), on_click=_accept, args=(page, ledger, joined, version, key))


def _accept(page: Page, ledger: Ledger, joined: Joined, version: int, key: str) -> None:
    day: date = st.session_state[f"{key}.day"]
    charter = charter_on(day)

    def set_to(charter: str | None, on: date | None, version: int, now: datetime) -> None:
        accept_charter(ledger, joined.id, charter, on, version, who=page.who, now=now)
        reviewed(page, ledger)

    def act() -> Done:
        now = datetime.now(UTC)
        set_to(charter.version if charter else None, day, version, now)
        before = (joined.charter_version, joined.charter_accepted_on)
        return Done(
            page.words("ambassadors.done.charter", day=day), undoing(page, partial(set_to, *before, version + 1))
        )

    attempt(page, act)


# --------------------------------------------------------------------------------------------------------- consents


def _consents_form(page: Page, ledger: Ledger, person: PersonState) -> None:
    """A switch for each purpose; what was never asked stays so until it is switched."""
    words, key = page.words, f"ambassadors.consents.{person.id}"
    with st.form(f"{key}.form", border=False):
        for purpose in Purpose:
            known = person.consents.get(purpose)
            state = "unknown" if known is None else "yes" if known else "no"
            label = f"{words(f'ambassadors.purpose.{purpose}')} ({words(f'ambassadors.consent.{state}')})"
            st.toggle(label, bool(known), key=f"{key}.{purpose}.{state}")
        st.selectbox(
            words("ambassadors.consent_source"),
            _SOURCES,
            format_func=lambda source: words(f"ambassadors.source.{source}"),
            key=f"{key}.source",
        )
        st.form_submit_button(words("ambassadors.save"), on_click=_consent, args=(page, ledger, person, key))


def _consent(page: Page, ledger: Ledger, person: PersonState, key: str) -> None:
    held = st.session_state
    source = page.words(f"ambassadors.source.{held[f'{key}.source']}")
    switched = {
        purpose: held[name]
        for purpose in Purpose
        for name in held
        if str(name).startswith(f"{key}.{purpose}.") and held[name] is not person.consents.get(purpose, False)
    }

    def switch(there: bool, now: datetime) -> None:
        for purpose, granted in switched.items():
            set_consent(ledger, person.id, purpose, granted is there, source, who=page.who, now=now)

    def act() -> Done:
        now = datetime.now(UTC)
        switch(True, now)
        said = page.words("ambassadors.done.consents", n=len(switched))
        return Done(said, undoing(page, partial(switch, False)) if switched else None)

    attempt(page, act)


# ------------------------------------------------------------------------------------------------------------- link


def _link(page: Page, ledger: Ledger, everybody: Roster, person: PersonState) -> None:
    """The personal link of the latest questionnaire, to be copied."""
    sent = [each for each in everybody.facts.campaigns if each.kind is CampaignKind.QUESTIONNAIRE]
    if not sent:
        st.text(page.words("ambassadors.no_questionnaire"))
        return
    latest = max(sent, key=lambda campaign: campaign.out_on)
    st.text(page.words("ambassadors.link", quarter=quarter_named(page, latest.quarter)))
    st.code(personal_links(ledger, latest.form, [person.id])[person.id], language=None, wrap_lines=True)


# ------------------------------------------------------------------------------------------------------------ merge


def _merge_form(page: Page, ledger: Ledger, everybody: Roster, person: PersonState) -> None:
    words, key = page.words, f"ambassadors.merge.{person.id}.{person.version}"
    others = {number: other for number, other in everybody.people.items() if number != person.id}
    st.text(words("ambassadors.merge_lead"))
    number = st.selectbox(
        words("ambassadors.merge_other"),
        list(others),
        None,
        format_func=lambda number: _told_apart(others[number]),
        placeholder="–",
        key=f"{key}.other",
    )
    if number is None:
        return
    other = others[number]
    sure = st.checkbox(
        words("ambassadors.merge_sure", goes=as_typed(_told_apart(other)), stays=as_typed(person.name)),
        key=f"{key}.sure.{number}.{other.version}",
    )
    st.button(
        words("ambassadors.merge"),
        disabled=not sure,
        on_click=_merge,
        args=(page, ledger, person, other),
        key=f"{key}.merge",
    )


def _told_apart(person: PersonState) -> str:
    return " · ".join(filter(None, [person.name, person.email, person.school]))


def _merge(page: Page, ledger: Ledger, stays: PersonState, goes: PersonState) -> None:
    said = page.words("ambassadors.done.merge", goes=as_typed(goes.name), stays=as_typed(stays.name))

    def act() -> Done:
        now = datetime.now(UTC)
        decision = merge(ledger, stays, goes, who=page.who, now=now)
        reviewed(page, ledger)
        return Done(said, undoing(page, partial(_part, page, ledger, decision)))

    attempt(page, act)


def _part(page: Page, ledger: Ledger, decision: int, now: datetime) -> None:
    undo_merge(ledger, decision, who=page.who, now=now)
    reviewed(page, ledger)


def _merged(page: Page, ledger: Ledger, person: PersonState) -> None:
    """The merges into this person, each to be undone."""
    for each in merges(ledger):
        if each.stays == person.id:
            st.text(page.words("ambassadors.merged", number=str(each.goes), at=each.at, who=each.who))
            st.button(
                page.words("ambassadors.part"),
                icon=":material/call_split:",
                on_click=_undo_merge,
                args=(page, ledger, each),
                key=f"ambassadors.part.{each.id}",
            )


def _undo_merge(page: Page, ledger: Ledger, each: Merge) -> None:
    def act() -> Done:
        now = datetime.now(UTC)
        _part(page, ledger, each.id, now)
        return Done(page.words("ambassadors.done.part"))

    attempt(page, act)
