"""Bugs that ambassadors told us about: heard of, sent to the developers, fixed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import and_, or_, select

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, Writing
from workbench.ledger.programme import hold_person
from workbench.ledger.states import BugState, Meaning, ResponseKind
from workbench.ledger.tables import Answer, Bug, Person, QuestionMap, Response

_WAY = tuple(BugState)
"""How a bug goes, step by step."""

_NO_BUG = re.compile(
    r"\W*(?:(?:non|no|nan|aucune?|aucun bug|aucun probl[èe]me|pas de (?:bug|probl[èe]me)s?|rien|rien [àa] signaler|"
    r"ras|r\.a\.s|n[ée]ant|none|nothing|jamais|pas encore)(?:\W+merci)?\W*)?",
    re.IGNORECASE,
)
"""What people write into a question about bugs when they have none."""


class BugInvalid(WorkbenchError):
    """A bug that nothing is said about."""


class BugStepRefused(WorkbenchError):
    """A bug goes one step at a time: open, sent, fixed, and the same way back."""


@dataclass(frozen=True)
class Reported:
    """A bug as it stands, who told us (None: not known) and in which response to which form, if in one."""

    id: int
    person: int | None
    name: str | None
    form_id: str | None
    response: int | None
    text: str
    state: BugState
    reported_at: datetime
    sent_at: datetime | None
    fixed_at: datetime | None
    version: int


def bugs(ledger: Ledger) -> list[Reported]:
    """Every bug, the latest first."""
    named = select(Bug, Person.name, Response.form_id).outerjoin(Person, Bug.person_id == Person.id)
    latest_first = named.outerjoin(Response, Bug.response_id == Response.id).order_by(
        Bug.reported_at.desc(), Bug.id.desc()
    )
    with ledger.reading() as session:
        return [_reported(row, name, form) for row, name, form in session.execute(latest_first)]


def _reported(row: Bug, name: str | None, form: str | None) -> Reported:
    moments = (row.reported_at, row.sent_at, row.fixed_at)
    return Reported(row.id, row.person_id, name, form, row.response_id, row.text, row.state, *moments, row.version)


def fixed_since(ledger: Ledger, person: int, since: datetime) -> list[Reported]:
    """The bugs of a person that were fixed after a moment: what the next courrier tells them."""
    return [bug for bug in bugs(ledger) if bug.person == person and bug.fixed_at is not None and bug.fixed_at > since]


def report_bug(ledger: Ledger, person: int | None, text: str, *, who: str, now: datetime) -> int:
    """Note a bug that a person (None: somebody else) told us about; gives its number.

    The text stays as it is written. Raises BugInvalid, PersonUnknown.
    """
    said = text.replace("\0", "").strip()
    if not said:
        raise BugInvalid("a bug needs a text", "write in a few words what goes wrong")
    with ledger.writing(who, now) as work:
        if person is not None:
            hold_person(work, person)
        return _add(work, person, None, said, now)


def _add(work: Writing, person: int | None, response: int | None, text: str, at: datetime) -> int:
    row = Bug(person_id=person, response_id=response, text=text, state=BugState.OPEN, reported_at=at)
    work.add(row)
    work.flush()
    work.audit("bug_reported", "bug", row.id, {"person": person, "response": response}, {"text": text})
    return row.id


def set_bug_state(ledger: Ledger, number: int, state: BugState, version: int, *, who: str, now: datetime) -> None:
    """Move a bug one step on, or one back, which forgets when the step was made.

    Raises BugStepRefused, and ChangedMeanwhile unless the bug is still at the version that was seen.
    """
    with ledger.writing(who, now) as work:
        row = work.taken(Bug, number, version)
        before = row.state
        if abs(_WAY.index(state) - _WAY.index(before)) != 1:
            raise BugStepRefused(f"a bug that is {before} cannot become {state}", "take one step at a time")
        row.state = state
        row.sent_at = None if state is BugState.OPEN else row.sent_at or now
        row.fixed_at = now if state is BugState.FIXED else None
        work.audit("bug_moved", "bug", number, {"from": before, "to": state})


# -------------------------------------------------------------------------------------------------- out of answers


def bugs_from_answers(ledger: Ledger, *, who: str, now: datetime) -> int:
    """Make a bug of each complete response that reports one, once; how many are new.

    All that a response says to questions about bugs is one bug. While that bug is open its text follows the response,
    should it come again with another; its person always does. Answers that only say that there is no bug make none.
    """
    with ledger.writing(who, now) as work:
        said = _said(work)
        # Read after the responses are held: who came a moment later waits there, and then sees these bugs.
        known = {row.response_id: row for row in work.scalars(select(Bug).where(Bug.response_id.is_not(None)))}
        return sum(_keep(work, answers, known.get(answers[0].response)) for answers in said)


class _Said(NamedTuple):
    """One answer to a question about bugs, and the response it is in."""

    response: int
    person: int | None
    submitted_at: datetime | None
    received_at: datetime
    text: str


def _said(work: Writing) -> Iterator[list[_Said]]:
    """What each complete response says about bugs, the responses held until the end."""
    is_about = or_(
        QuestionMap.ref == Answer.field_ref, and_(Answer.field_ref.is_(None), QuestionMap.ref == Answer.field_id)
    )
    said = (
        select(Response.id, Response.person_id, Response.submitted_at, Response.received_at, Answer.text)
        .join(Answer, Answer.response_id == Response.id)
        .join(QuestionMap, and_(QuestionMap.form_id == Response.form_id, is_about))
        .where(QuestionMap.meaning == Meaning.BUG_REPORT, Answer.text.is_not(None))
        .where(Response.kind == ResponseKind.COMPLETED, Response.deleted_at.is_(None))
        .order_by(Response.id, Answer.position)
        .with_for_update(of=Response)
    )
    answers = [_Said._make(row) for row in work.execute(said)]
    return (list(of_response) for _, of_response in groupby(answers, key=attrgetter("response")))


def _keep(work: Writing, answers: Sequence[_Said], known: Bug | None) -> bool:
    """Whether what a response says is a new bug; one that is known is brought up to date."""
    first = answers[0]
    text = "\n\n".join(answer.text.strip() for answer in answers if not _NO_BUG.fullmatch(answer.text))
    if known is None:
        if text:
            _add(work, first.person, first.response, text, first.submitted_at or first.received_at)
        return bool(text)
    _follow(work, known, first.person, text)
    return False


def _follow(work: Writing, bug: Bug, person: int | None, text: str) -> None:
    said = text if text and bug.state is BugState.OPEN else bug.text
    if (person, said) != (bug.person_id, bug.text):
        bug.person_id, bug.text = person, said
        bug.version += 1
        work.audit("bug_updated", "bug", bug.id, {"person": person}, {"text": said})
