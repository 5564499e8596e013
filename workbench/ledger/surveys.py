"""Questionnaires: forms, responses with their answers, comparisons with Typeform, and bodies that came in."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, Writing
from workbench.ledger.states import ResponseKind, WebhookKind
from workbench.ledger.tables import Answer, Form, Response, Sync, Webhook

T = TypeVar("T")
Json = dict[str, Any]
Key = tuple[str, str]
"""A response's form and token."""

PORTION = 500
"""Responses that one statement names."""

SETTLED = timedelta(hours=1)
"""How old a response is before Typeform surely shows it: a younger one that is missing there is not yet gone."""


MOST_AT_ONCE = 10
"""How many responses may go at once when none is left: more look like the wrong account, not like a deletion."""


class ResponsesVanished(WorkbenchError):
    """Typeform shows no response at all to a form that has many here."""


class AnswerRow(NamedTuple):
    """The answer to one leaf question (a row of a matrix is one). Exactly what its type fills is not None.

    `type` is the answer's own word, with underscores; a dropdown's is "choice" wherever it came from. `text` holds
    text, addresses, phone numbers, the amount of a payment and the free text of "other"; `boolean` also whether a
    payment succeeded; `choices` the labels in the order given. `raw` is the whole answer where the type is unknown or
    its value does not fit the type.
    """

    field_ref: str | None
    field_id: str | None
    type: str
    text: str | None = None
    number: float | None = None
    boolean: bool | None = None
    day: date | None = None
    choices: list[str] | None = None
    raw: Json | None = None


class ResponseRow(NamedTuple):
    """One filling-in of a form, with its answers in order. `definition` comes with webhooks only."""

    form: str
    token: str
    kind: ResponseKind
    landed_at: datetime | None
    submitted_at: datetime | None
    hidden: Json
    answers: list[AnswerRow]
    raw: Json
    definition: Json | None = None


# ----------------------------------------------------------------------------------------------------------- forms


@dataclass(frozen=True)
class FormKept:
    """A form as it was last fetched."""

    form_id: str
    title: str
    definition: Json


def forms(ledger: Ledger) -> list[FormKept]:
    """The definition of every form that was fetched last, by id."""
    by_time = select(Form).order_by(Form.form_id, Form.fetched_at, Form.id)
    with ledger.reading() as session:
        last = {row.form_id: FormKept(row.form_id, row.title, row.raw) for row in session.scalars(by_time)}
    return list(last.values())


def keep_form(ledger: Ledger, form_id: str, title: str, definition: Json, *, who: str, now: datetime) -> bool:
    """Keep a definition; whether it differs from every one that was kept of this form."""
    with ledger.writing(who, now) as work:
        return _keep_form(work, form_id, title, definition)


def _keep_form(work: Writing, form_id: str, title: str, definition: Json) -> bool:
    hashed = sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
    known = work.scalar(select(Form).where(Form.form_id == form_id, Form.hash == hashed))
    if known is not None:
        known.fetched_at = work.now  # a form that was changed back is again what it was
        return False
    work.add(Form(form_id=form_id, hash=hashed, title=title, raw=definition, fetched_at=work.now))
    work.audit("form_kept", "form", form_id, {"hash": hashed})
    return True


# ------------------------------------------------------------------------------------------------------- responses


@dataclass(frozen=True)
class Stored:
    """What became of responses: new, replacing an earlier state, or known as they are."""

    new: int
    changed: int
    same: int


def store_responses(ledger: Ledger, rows: Iterable[ResponseRow], source: str, *, who: str, now: datetime) -> Stored:
    """Keep responses by (form, token), the later state replacing the earlier; all of them or, where it raises, none.

    A partial response never replaces a completed one. `source`: api, webhook, csv or page.
    """
    with ledger.writing(who, now) as work:
        return _store(work, rows, source)


def _store(work: Writing, rows: Iterable[ResponseRow], source: str) -> Stored:
    given = {(row.form, row.token): row for row in rows}
    known = _known(work, given)
    written = [row for key, row in given.items() if _is_news(row, known.get(key), source)]
    _write(work, written, known, source)
    _keep_missing_forms(work, {row.form: row for row in written if row.definition}.values())
    new = sum((row.form, row.token) not in known for row in written)
    if written:
        forms_of = ", ".join(sorted({row.form for row in written}))
        work.audit("responses_stored", "form", forms_of, {"new": new, "changed": len(written) - new, "from": source})
    return Stored(new, len(written) - new, len(given) - len(written))


def _known(session: Session, keys: Iterable[Key]) -> dict[Key, Response]:
    """The responses that are in the ledger already."""
    return {
        (row.form_id, row.token): row
        for form, tokens in _by_form(keys)
        for row in session.scalars(select(Response).where(Response.form_id == form, Response.token.in_(tokens)))
    }


def _by_form(keys: Iterable[Key]) -> Iterator[tuple[str, list[str]]]:
    """Tokens in portions that a statement can name, those of a form together."""
    for form, of_form in groupby(sorted(keys), key=itemgetter(0)):
        for portion in _portions(token for _, token in of_form):
            yield form, portion


def _portions(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while portion := list(islice(left, PORTION)):
        yield portion


def _is_news(row: ResponseRow, known: Response | None, source: str) -> bool:
    if known is None:
        return True
    if known.deleted_at is not None:
        return source == "api"  # Typeform shows it again; an old file brings nobody's answers back
    if known.kind is ResponseKind.COMPLETED and row.kind is ResponseKind.PARTIAL:
        return False
    return known.raw != row.raw or known.kind is not row.kind


def _write(work: Writing, rows: Sequence[ResponseRow], known: Mapping[Key, Response], source: str) -> None:
    for portion in _portions(rows):
        work.upsert(Response, [_columns(row, known, source, work.now) for row in portion], "form_id", "token")
        numbers = _numbers(work, [(row.form, row.token) for row in portion])
        work.execute(delete(Answer).where(Answer.response_id.in_(numbers.values())))
        answered = [
            {"response_id": numbers[row.form, row.token], "position": place} | answer._asdict()
            for row in portion
            for place, answer in enumerate(row.answers)
        ]
        if answered:
            # Past the mapper, which would send each row alone, since different columns of them are filled.
            work.connection().execute(insert(Answer), answered)


def _columns(row: ResponseRow, known: Mapping[Key, Response], source: str, now: datetime) -> Json:
    """A response as it is written: where it first came from, and when, stays."""
    before = known.get((row.form, row.token))
    return {
        "form_id": row.form,
        "token": row.token,
        "kind": row.kind,
        "landed_at": row.landed_at,
        "submitted_at": row.submitted_at,
        "received_at": before.received_at if before else now,
        "deleted_at": None,
        "source": before.source if before else source,
        "hidden": row.hidden,
        "raw": row.raw,
    }


def _numbers(session: Session, keys: Iterable[Key]) -> dict[Key, int]:
    columns = select(Response.form_id, Response.token, Response.id)
    return {
        (row.form_id, row.token): row.id
        for form, tokens in _by_form(keys)
        for row in session.execute(columns.where(Response.form_id == form, Response.token.in_(tokens)))
    }


def _keep_missing_forms(work: Writing, rows: Iterable[ResponseRow]) -> None:
    """A webhook's short definition serves until the form itself is fetched."""
    for row in rows:
        if row.definition and work.scalar(select(Form.id).where(Form.form_id == row.form).limit(1)) is None:
            _keep_form(work, row.form, str(row.definition.get("title") or row.form), row.definition)


def unmatched(ledger: Ledger, keys: Iterable[Key]) -> int:
    """How many of these responses, given as (form, token), belong to nobody."""
    nobodys = select(func.count()).select_from(Response).where(Response.person_id.is_(None))
    with ledger.reading() as session:
        return sum(
            session.scalar(nobodys.where(Response.form_id == form, Response.token.in_(tokens))) or 0
            for form, tokens in _by_form(keys)
        )


# ------------------------------------------------------------------------------------------------- with Typeform


@dataclass(frozen=True)
class SyncBegun:
    """A comparison with Typeform that is going on. All responses submitted since `since` are to be listed (None: ever).

    `reached`: one that was cut off had listed those submitted after this moment.
    """

    id: int
    started_at: datetime
    since: datetime | None
    reached: datetime | None

    @property
    def is_listed(self) -> bool:
        """Whether the one that was cut off had come to its end."""
        return self.since is not None and self.reached is not None and self.reached < self.since


def begin_sync(ledger: Ledger, form_id: str, *, who: str, now: datetime) -> SyncBegun:
    """Begin to compare a form, or go on where the last comparison was cut off."""
    of_form = select(Sync).where(Sync.form_id == form_id).order_by(Sync.id.desc()).limit(1)
    with ledger.writing(who, now) as work:
        last = work.scalar(of_form.where(Sync.finished_at.is_not(None)))
        row = work.scalar(of_form.where(Sync.finished_at.is_(None)))
        if row is None:
            row = Sync(form_id=form_id, started_at=now)
            work.add(row)
            work.flush()
            work.audit("sync_begun", "form", form_id)
        reached = _reached(work, row) if row.until else None
        return SyncBegun(row.id, row.started_at, last.until if last else None, reached)


def _reached(session: Session, sync: Sync) -> datetime | None:
    """Typeform lists the latest first: the earliest that came is where a comparison was cut off."""
    came = select(func.min(Response.submitted_at)).where(
        Response.form_id == sync.form_id,
        Response.kind == ResponseKind.COMPLETED,
        Response.source == "api",
        Response.received_at >= sync.started_at,
    )
    return session.scalar(came)


def store_page(
    ledger: Ledger, sync: SyncBegun, rows: Sequence[ResponseRow], newest: datetime | None, *, who: str, now: datetime
) -> Stored:
    """Keep a page of a comparison in one transaction; `newest`: the latest submission that the comparison has seen."""
    with ledger.writing(who, now) as work:
        stored = _store(work, rows, "api")
        row = work.get_one(Sync, sync.id, with_for_update=True)
        row.seen += len(rows)
        row.new += stored.new
        row.until = row.until or (newest and newest - SETTLED)
        return stored


def finish_sync(
    ledger: Ledger, sync: SyncBegun, form_id: str, listed: Collection[str] | None, *, who: str, now: datetime
) -> int:
    """The comparison is complete; how many responses are gone from Typeform.

    `listed`: every token there is, for a full comparison. A response younger than SETTLED may still be on its way.
    Raises ResponsesVanished.
    """
    with ledger.writing(who, now) as work:
        row = work.get_one(Sync, sync.id, with_for_update=True)
        row.finished_at, row.until = now, row.until or sync.since
        row.gone = 0 if listed is None else _mark_gone(work, form_id, set(listed), sync.started_at - SETTLED)
        details = {"seen": row.seen, "new": row.new, "gone": row.gone, "full": listed is not None}
        work.audit("sync_finished", "form", form_id, details)
        return row.gone


def _mark_gone(work: Writing, form_id: str, listed: set[str], settled: datetime) -> int:
    here = select(Response).where(Response.form_id == form_id, Response.deleted_at.is_(None))
    gone = [
        row
        for row in work.scalars(here)
        if row.token not in listed and (row.submitted_at or row.landed_at or row.received_at) < settled
    ]
    if not listed and len(gone) > MOST_AT_ONCE:
        raise ResponsesVanished(
            f"Typeform shows no response to {form_id}, and {len(gone)} are kept here",
            "check WORKBENCH_TYPEFORM_URL and the token: nothing was marked as gone",
        )
    for row in gone:
        row.deleted_at = work.now
        work.audit("response_gone", "response", row.id)
    return len(gone)


# ------------------------------------------------------------------------------------------------- bodies that came


@dataclass(frozen=True)
class Body:
    """A body that came in and waits to be processed."""

    id: int
    raw: bytes
    received_at: datetime


def receive_body(ledger: Ledger, kind: WebhookKind, raw: bytes, *, now: datetime) -> bool:
    """Keep a body byte for byte; whether it is a new one. The same body again is only counted."""
    hashed = sha256(raw).hexdigest()
    with ledger.writing(kind, now) as work:
        if _count_again(work, kind, hashed):
            return False
        try:
            with work.begin_nested():
                work.add(Webhook(kind=kind, sha256=hashed, raw=raw, received_at=now))
        except IntegrityError:  # the same body came through another process at this very moment
            return not _count_again(work, kind, hashed)
        work.audit("webhook_received", "webhook", hashed, {"bytes": len(raw)})
        return True


def _count_again(work: Writing, kind: WebhookKind, hashed: str) -> bool:
    same = work.scalar(select(Webhook).where(Webhook.kind == kind, Webhook.sha256 == hashed).with_for_update())
    if same is not None:
        same.repeats += 1
        work.audit("webhook_repeated", "webhook", hashed)
    return same is not None


def waiting_bodies(ledger: Ledger, kind: WebhookKind) -> list[Body]:
    """What came in and was not processed yet, in order."""
    waiting = select(Webhook).where(Webhook.kind == kind, Webhook.processed_at.is_(None)).order_by(Webhook.id)
    with ledger.reading() as session:
        return [Body(row.id, row.raw, row.received_at) for row in session.scalars(waiting)]


def body_processed(ledger: Ledger, number: int, failure: str | None, *, who: str, now: datetime) -> None:
    """A body was dealt with, or could not be (`failure` says why)."""
    with ledger.writing(who, now) as work:
        row = work.get_one(Webhook, number)
        row.processed_at, row.failure = now, failure
        work.audit("webhook_processed", "webhook", row.sha256, {"failed": failure is not None})
