"""One person's whole story: what they promised and how it stands, what happened and when, what they were given."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import polars as pl

from workbench.ledger import Ledger
from workbench.ledger.benefits import benefits
from workbench.ledger.bugs import bugs
from workbench.ledger.people import PersonState
from workbench.ledger.states import CommitmentStatus, FollowUpState
from workbench.ledger.surveys import forms
from workbench.pages import Page, Written
from workbench.pages.answers import as_typed, zone
from workbench.pages.answers import quarter as quarter_named
from workbench.pages.people import Roster, day_of
from workbench.pages.people.listing import kept
from workbench.surveys.charter import Standing
from workbench.surveys.programme import queue

QUARTERS_SHOWN = 4
LINES_SHOWN = 200


def who(page: Page, everybody: Roster, person: PersonState) -> None:
    """Where somebody is, and since when."""
    words, joined = page.words, everybody.joined[person.id]
    accepted = joined.charter_accepted_on
    said = {
        "column.school": person.school,
        "column.commune": person.commune,
        "column.academie": person.academie,
        "ambassadors.email": person.email,
        "column.person_since": person.since and words.day(person.since),
        "column.charter_on": accepted and words.day(accepted),
        "ambassadors.user_ids": ", ".join(person.user_ids),
        "ambassadors.class_ids": ", ".join(person.class_ids),
    }
    page.sheet.text("  \n".join(f"**{words(key)}** {as_typed(value or '–')}" for key, value in said.items()))


# ------------------------------------------------------------------------------------------------------ commitments


def commitments(page: Page, everybody: Roster, person: PersonState) -> None:
    """How each commitment stands, the latest quarter first, and what shows it."""
    page.section("ambassador_commitments")
    concerned = [each for each in everybody.standings[person.id] if each.status is not CommitmentStatus.NOT_DUE]
    quarters = sorted({each.quarter for each in concerned}, reverse=True)[:QUARTERS_SHOWN]
    if not quarters:
        page.empty("empty.ambassador_commitments")
        return
    for which in quarters:
        _quarter(page, everybody, person, which)


def _quarter(page: Page, everybody: Roster, person: PersonState, which: str) -> None:
    """One quarter: how many are kept, and each."""
    named = quarter_named(page, which)
    page.sheet.text(f"**{named}** · {kept(page, everybody.score(person.id, which)) or '–'}")
    rows = [
        {
            "commitment": page.words(f"charter.commitment.{each.commitment}.label"),
            "commitment_status": page.words(each.label),
            "because": because(page, each),
        }
        for each in everybody.standings[person.id]
        if each.quarter == which
    ]
    columns: dict[str, Written] = dict.fromkeys(("commitment", "commitment_status", "because"), str)
    frame = pl.DataFrame(rows, dict.fromkeys(columns, pl.String))
    title = page.words("section.ambassador_commitments.title")
    page.table(frame, columns, f"{title}, {named}", f"commitments-{which}")


def because(page: Page, standing: Standing) -> str | None:
    """What shows how a commitment stands, in a sentence; None where nothing does."""
    if standing.evidence is None:
        return None
    return page.words(f"charter.evidence.{standing.evidence.kind}", day=standing.evidence.day)


# --------------------------------------------------------------------------------------------------------- time line


class Line(NamedTuple):
    """Something that happened: when, what, and in whose words."""

    at: datetime
    what: str
    details: str = ""


def time_line(page: Page, ledger: Ledger, everybody: Roster, person: PersonState) -> None:
    """Everything that happened with somebody, the newest first."""
    page.section("ambassador_story")
    lines = sorted(
        [
            *_answers(page, ledger, everybody, person),
            *_contacts(page, everybody, person),
            *_notes(page, everybody, person),
            *_bugs(page, ledger, person),
            *_follow_ups(page, everybody, person),
            *_statuses(page, everybody, person),
            *_agreed(page, everybody, person),
        ],
        key=lambda line: line.at,
        reverse=True,
    )
    if not lines:
        page.empty("empty.ambassador_story")
        return
    shown = lines[:LINES_SHOWN]
    frame = pl.DataFrame(
        {
            "story_day": [day_of(page, line.at) for line in shown],
            "story_what": [line.what for line in shown],
            "story_details": [line.details or None for line in shown],
        },
        {"story_day": pl.Date, "story_what": pl.String, "story_details": pl.String},
    )
    columns: dict[str, Written] = {"story_day": page.words.day, "story_what": str, "story_details": str}
    page.table(frame, columns, page.words("section.ambassador_story.title"), "story")


def _at(page: Page, day: date) -> datetime:
    """A day among moments."""
    return datetime.combine(day, time(), zone(page)).astimezone(UTC)


def _answers(page: Page, ledger: Ledger, everybody: Roster, person: PersonState) -> Iterator[Line]:
    titles = {form.form_id: form.title for form in forms(ledger)}
    for campaign in everybody.facts.campaigns:
        if person.id in campaign.asked:
            said = page.words("ambassadors.story.asked", quarter=quarter_named(page, campaign.quarter))
            yield Line(_at(page, campaign.out_on), said, titles.get(campaign.form, campaign.form))
    for response in everybody.facts.responses:
        if response.person == person.id:
            said = page.words("ambassadors.story.answered")
            yield Line(response.at, said, titles.get(response.form, response.form))


def _contacts(page: Page, everybody: Roster, person: PersonState) -> Iterator[Line]:
    for contact in everybody.contacts.get(person.id, ()):
        kind = page.words(f"ambassadors.contact.{contact.kind}")
        yield Line(contact.at, page.words("ambassadors.story.contact", kind=kind, who=contact.who), contact.note)


def _notes(page: Page, everybody: Roster, person: PersonState) -> Iterator[Line]:
    for noted in everybody.facts.noted:
        if noted.person == person.id:
            label = page.words(f"charter.commitment.{noted.commitment}.label")
            said = page.words(f"ambassadors.story.{noted.kind}", commitment=label)
            yield Line(_at(page, noted.day), said, quarter_named(page, noted.quarter))


def _bugs(page: Page, ledger: Ledger, person: PersonState) -> Iterator[Line]:
    for bug in bugs(ledger):
        if bug.person == person.id:
            state = page.words(f"ambassadors.bug.{bug.state}")
            yield Line(bug.reported_at, page.words("ambassadors.story.bug", state=state), bug.text)


def _follow_ups(page: Page, everybody: Roster, person: PersonState) -> Iterator[Line]:
    for each in everybody.facts.follow_ups:
        if each.person == person.id and each.state is not FollowUpState.OPEN:
            label = page.words(f"followup.rule.{each.rule}")
            state = page.words(f"ambassadors.follow_up.{each.state}")
            said = page.words("ambassadors.story.follow_up", label=label, state=state)
            yield Line(_at(page, each.due_on), said, each.reason)


def _statuses(page: Page, everybody: Roster, person: PersonState) -> Iterator[Line]:
    before = None
    for at, status, is_added in everybody.joined[person.id].changes:
        if status is not before:
            said = page.words(f"ambassadors.status.{status}")
            yield Line(at, page.words("ambassadors.story.added" if is_added else "ambassadors.story.status"), said)
        before = status


def _agreed(page: Page, everybody: Roster, person: PersonState) -> Iterator[Line]:
    if accepted := everybody.joined[person.id].charter_accepted_on:
        version = everybody.joined[person.id].charter_version or "–"
        yield Line(_at(page, accepted), page.words("ambassadors.story.charter", version=version))
    for said in everybody.facts.consents:
        if said.person == person.id:
            what = page.words("ambassadors.story.granted" if said.granted else "ambassadors.story.withdrawn")
            yield Line(said.at, what, page.words(f"ambassadors.purpose.{said.purpose}"))


# --------------------------------------------------------------------------------------------------- to do and given


def to_do(page: Page, ledger: Ledger, person: PersonState) -> None:
    """What there is to do about somebody, whether or not it waits for its day."""
    page.section("ambassador_follow_ups")
    found = [each.told(page.words) for each in queue(ledger, page.today, 0, zone(page)) if each.person == person.id]
    if not found:
        page.sheet.text(page.words("ambassadors.nothing_to_do"))
        return
    rows = [{"story_to_do": each["label"], "story_day": each["since"], "story_why": each["why"]} for each in found]
    columns: dict[str, Written] = {"story_to_do": str, "story_day": page.words.day, "story_why": str}
    page.table(pl.DataFrame(rows), columns, page.words("section.ambassador_follow_ups.title"), "follow-ups")


def given(page: Page, ledger: Ledger, person: PersonState) -> None:
    """What somebody is owed, was given or invited to."""
    page.section("ambassador_benefits")
    rows = [
        {
            "benefit": " · ".join(filter(None, [page.words(f"ambassadors.benefit.{each.kind}"), each.item])),
            "benefit_state": page.words(f"ambassadors.benefit_state.{each.state}"),
            "benefit_since": each.since,
            "benefit_until": each.until,
        }
        for each in benefits(ledger)
        if each.person == person.id
    ]
    if not rows:
        page.sheet.text(page.words("ambassadors.no_benefit"))
        return
    schema = {"benefit": pl.String, "benefit_state": pl.String, "benefit_since": pl.Date, "benefit_until": pl.Date}
    columns: dict[str, Written] = {"benefit": str, "benefit_state": str}
    columns |= {"benefit_since": page.words.day, "benefit_until": page.words.day}
    page.table(pl.DataFrame(rows, schema), columns, page.words("section.ambassador_benefits.title"), "benefits")
