"""What the questions of the forms mean, and what was answered to them, as plain rows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.ledger import ChangedMeanwhile, Ledger
from workbench.ledger.states import Meaning, ResponseKind
from workbench.ledger.surveys import PORTION, FormKept
from workbench.ledger.tables import Answer, Asked, Campaign, Form, Person, QuestionMap, Response

# --------------------------------------------------------------------------------------------------------- meanings


@dataclass(frozen=True)
class AskedQuestion:
    """A leaf question of a form, whether still asked or only once, and what it means (None: nobody said so yet).

    `ref`: its reference, or its id where it has none. `title` and `type` are those of today, or the last there were.
    `scale`: the first and the last step, where the form says so. `version` is 0 for one that nobody mapped.
    `is_changed`: no longer as it was when it was mapped. `answers`: how many there are, of all quarters.
    """

    form_id: str
    form_title: str
    ref: str
    title: str
    type: str
    parent: str | None = None
    choices: tuple[str, ...] = ()
    scale: tuple[int, int] | None = None
    meaning: Meaning | None = None
    version: int = 0
    is_changed: bool = False
    still_asked: bool = True
    answers: int = 0

    @property
    def is_to_map(self) -> bool:
        """Whether somebody has to say what it means, or say it again."""
        return self.meaning is None or self.is_changed


class Meant(NamedTuple):
    """What somebody said that a question means, and what it was then (None: not known)."""

    meaning: Meaning
    title: str | None
    type: str | None
    version: int


def meanings(ledger: Ledger) -> dict[tuple[str, str], Meant]:
    """What was said of questions, by form and reference."""
    with ledger.reading() as session:
        return {
            (row.form_id, row.ref): Meant(row.meaning, row.title, row.type, row.version)
            for row in session.scalars(select(QuestionMap))
        }


def set_meaning(ledger: Ledger, seen: AskedQuestion, meaning: Meaning, *, who: str, now: datetime) -> None:
    """Say what a question means, as it was seen: a title that changed since shows it as to map again.

    Raises ChangedMeanwhile where somebody else said something since.
    """
    with ledger.writing(who, now) as work:
        if seen.version:
            row = work.taken(QuestionMap, _number(work, seen), seen.version)
        else:
            row = QuestionMap(form_id=seen.form_id, ref=seen.ref)
        row.meaning, row.title, row.type, row.mapped_at = meaning, seen.title, seen.type, now
        try:
            with work.begin_nested():
                work.add(row)
        except IntegrityError:
            said = f"what {seen.ref} means was said meanwhile"
            raise ChangedMeanwhile(said, "look at it as it is now, then decide again") from None
        work.audit("question_mapped", "form", seen.form_id, {"ref": seen.ref, "meaning": meaning, "type": seen.type})


def _number(session: Session, seen: AskedQuestion) -> int:
    mapped = select(QuestionMap.id).where(QuestionMap.form_id == seen.form_id, QuestionMap.ref == seen.ref)
    return session.scalar(mapped) or 0


# -------------------------------------------------------------------------------------------------------- questions


def definitions(ledger: Ledger) -> dict[str, list[FormKept]]:
    """Every definition that was kept of each form, the earliest first: the last is how the form is now."""
    found: dict[str, list[FormKept]] = defaultdict(list)
    with ledger.reading() as session:
        for row in session.scalars(select(Form).order_by(Form.form_id, Form.fetched_at, Form.id)):
            found[row.form_id].append(FormKept(row.form_id, row.title, row.raw))
    return dict(found)


class AnswersKept(NamedTuple):
    """How many answers of a type a field of a form has."""

    form_id: str
    field_ref: str | None
    field_id: str | None
    type: str
    number: int


def answers_kept(ledger: Ledger) -> list[AnswersKept]:
    """What was answered at all, of responses that Typeform still has; answers that name no field are left out."""
    field = (Response.form_id, Answer.field_ref, Answer.field_id, Answer.type)
    counted = (
        select(*field, func.count())
        .join(Response, Answer.response_id == Response.id)
        .where(Response.deleted_at.is_(None), func.coalesce(Answer.field_ref, Answer.field_id).is_not(None))
        .group_by(*field)
    )
    with ledger.reading() as session:
        return sorted((AnswersKept(*row) for row in session.execute(counted)), key=repr)


# ---------------------------------------------------------------------------------------------------------- answers


class Sent(NamedTuple):
    """A form was sent out for a quarter, to these people (who turned out to be another are left out)."""

    form_id: str
    quarter: str
    out_on: date
    asked: frozenset[int]


def sent(ledger: Ledger) -> list[Sent]:
    """What was sent out, by form and day."""
    standing = select(Asked.campaign_id, Asked.person_id).join(Person).where(Person.merged_into_id.is_(None))
    by_day = select(Campaign).order_by(Campaign.form_id, Campaign.out_on, Campaign.id)
    with ledger.reading() as session:
        asked: dict[int, set[int]] = defaultdict(set)
        for campaign, person in session.execute(standing):
            asked[campaign].add(person)
        return [Sent(row.form_id, row.quarter, row.out_on, frozenset(asked[row.id])) for row in session.scalars(by_day)]


class Filled(NamedTuple):
    """A completed response that Typeform still has; `at` is when it was submitted, or else landed or received."""

    id: int
    form_id: str
    person: int | None
    at: datetime


def filled(ledger: Ledger, form_ids: Collection[str]) -> list[Filled]:
    """The completed responses to forms, the earliest first."""
    at = func.coalesce(Response.submitted_at, Response.landed_at, Response.received_at)
    complete = (
        select(Response.id, Response.form_id, Response.person_id, at)
        .where(Response.form_id.in_(form_ids), Response.kind == ResponseKind.COMPLETED, Response.deleted_at.is_(None))
        .order_by(at, Response.id)
    )
    with ledger.reading() as session:
        return [Filled(*row) for row in session.execute(complete)]


class Given(NamedTuple):
    """An answer, with what its type fills."""

    response: int
    field_ref: str | None
    field_id: str | None
    type: str
    text: str | None
    number: float | None
    boolean: bool | None
    day: date | None
    choices: list[str] | None


def given(ledger: Ledger, responses: Sequence[int]) -> Iterator[Given]:
    """The answers of responses, in order."""
    columns = [getattr(Answer, name) for name in ("response_id", *Given._fields[1:])]
    with ledger.reading() as session:
        for start in range(0, len(responses), PORTION):
            of_portion = Answer.response_id.in_(responses[start : start + PORTION])
            rows = session.execute(select(*columns).where(of_portion).order_by(Answer.response_id, Answer.position))
            yield from (Given(*row) for row in rows)
