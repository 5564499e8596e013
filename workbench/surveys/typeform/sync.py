"""The comparison of a form with Typeform: new and changed responses come into the ledger, vanished ones are marked.

Partial responses have no order to go on from, so they are listed whole, and first: one that is completed meanwhile
is then still met among the completed. Those are listed from an hour before the latest that the last comparison saw
(Typeform may show a response half an hour late), the latest first, each page in one transaction. One that was cut off
goes on where it was, then looks again for what came since.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import (
    Json,
    ResponseRow,
    SyncBegun,
    begin_sync,
    finish_sync,
    forms,
    keep_form,
    store_page,
)
from workbench.surveys.answers import is_known, responses, too_long
from workbench.surveys.typeform.client import Client

WHO = "sync"


class NoForm(WorkbenchError):
    """No form was named, and none is known yet."""


@dataclass(frozen=True)
class Synced:
    """What a comparison did: responses listed, of them new or changed, gone from Typeform; answers of unknown types.

    `refused`: responses that were not kept, each with what is too long in it.
    """

    form: str
    responses: int
    new: int
    changed: int
    gone: int
    unknown: int
    refused: tuple[str, ...]


def forms_to_sync(ledger: Ledger, named: str | None) -> list[str]:
    """The form that was named, else every one that is known. Raises NoForm."""
    known = [named] if named else [form.form_id for form in forms(ledger)]
    if not known:
        raise NoForm("no form is known yet", "name one: workbench survey sync n5h3f6CS")
    return known


def sync(ledger: Ledger, client: Client, form_id: str, *, now: datetime, full: bool = False) -> Synced:
    """Compare a form with Typeform. `full` lists everything, and so finds what is gone.

    Raises ResponsesVanished, and what `Client.form` and `Client.pages` raise; what came until then is kept.
    """
    definition = client.form(form_id)
    keep_form(ledger, form_id, str(definition.get("title") or form_id), definition, who=WHO, now=now)
    run = _Comparison(ledger, client, definition, now)
    while True:
        begun = begin_sync(ledger, form_id, who=WHO, now=now)
        run.list_partial(begun)
        if full:
            run.list_completed(begun, None, None)
        elif not begun.is_listed:
            run.list_completed(begun, begun.since, begun.reached)
        run.gone += finish_sync(ledger, begun, form_id, run.listed if full else None, who=WHO, now=now)
        if full or begun.reached is None:
            return run.outcome()


class _Comparison:
    """One run over a form, counting."""

    def __init__(self, ledger: Ledger, client: Client, definition: Json, now: datetime) -> None:
        self._ledger, self._client, self._definition, self._now = ledger, client, definition, now
        self.listed: set[str] = set()
        self.gone = 0
        self._counts: Counter[str] = Counter()
        self._refused: dict[str, str] = {}

    def list_partial(self, begun: SyncBegun) -> None:
        """Every response that was not handed in."""
        for page in self._client.pages(self._definition, ResponseKind.PARTIAL):
            self._keep(begun, self._rows(page), None)

    def list_completed(self, begun: SyncBegun, since: datetime | None, until: datetime | None) -> None:
        """Every response that was handed in between the two moments, both included."""
        newest = None
        for page in self._client.pages(self._definition, ResponseKind.COMPLETED, since, until):
            rows = self._rows(page)
            newest = newest or max((row.submitted_at for row in rows if row.submitted_at), default=None)
            self._keep(begun, rows, newest)

    def outcome(self) -> Synced:
        """What was done in all."""
        return Synced(
            form=self._definition["id"],
            responses=len(self.listed),
            new=self._counts["new"],
            changed=self._counts["changed"],
            gone=self.gone,
            unknown=self._counts["unknown"],
            refused=tuple(self._refused.values()),
        )

    def _rows(self, page: list[Json]) -> list[ResponseRow]:
        return responses({"items": page}, self._definition["id"])

    def _keep(self, begun: SyncBegun, rows: Sequence[ResponseRow], newest: datetime | None) -> None:
        self._refused |= {row.token: reason for row in rows if (reason := too_long(row))}
        kept = [row for row in rows if row.token not in self._refused]
        stored = store_page(self._ledger, begun, kept, newest, who=WHO, now=self._now)
        self._counts.update(new=stored.new, changed=stored.changed)
        self._counts.update(unknown=sum(not is_known(answer) for row in kept for answer in row.answers))
        self.listed.update(row.token for row in rows)
