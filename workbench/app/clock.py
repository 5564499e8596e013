"""What the workbench does by itself, once a minute while it serves: a small team has no other machine for that.

Courriers whose time has come go out; bodies that came in and were not taken in are; what nobody heard of for 72 hours
is settled; once a day SendGrid's lists are taken over. Each is safe beside the same done by hand or elsewhere.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, ledger_of
from workbench.ledger.courriers import CourrierKept, courriers
from workbench.ledger.deliveries import settle_unknown
from workbench.ledger.mail_events import suppress as keep_out
from workbench.ledger.mail_events import suppressed_lately
from workbench.ledger.states import CourrierState
from workbench.settings import Settings
from workbench.surveys import events, running
from workbench.surveys.running import Post
from workbench.surveys.sendgrid import suppressed
from workbench.warehouse import as_of

WHO = "clock"

EVERY_S = 60
"""Seconds between two rounds."""

PULLED_EVERY = timedelta(days=1)
"""How often SendGrid's lists are taken over."""

_LOG = logging.getLogger("workbench")


@asynccontextmanager
async def ticking(settings: Settings) -> AsyncIterator[None]:
    """Rounds, until the end of the block; the one under way is waited for."""
    ending = asyncio.Event()
    rounds = asyncio.create_task(_rounds(settings, ending))
    try:
        yield
    finally:
        ending.set()
        await rounds


async def _rounds(settings: Settings, ending: asyncio.Event) -> None:
    while not ending.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), EVERY_S)
            return
        round_ = asyncio.create_task(asyncio.to_thread(_round, settings))
        await asyncio.wait({round_})
        if fault := round_.exception():  # logged here, at the boundary of the app: it does not end the rounds to come
            _LOG.error("round %s of the clock failed", secrets.token_hex(4), exc_info=fault)


def _round(settings: Settings) -> None:
    """One round, if there is a ledger."""
    if not settings.ledger_url and not (settings.home / "ledger.sqlite").exists():
        return
    with _apart(), closing(ledger_of(settings)) as ledger:
        tick(settings, ledger)


def tick(settings: Settings, ledger: Ledger) -> list[str]:
    """What is to be done now, each thing apart; gives the names of the courriers that were sent."""
    warehouse, today = as_of(settings)
    post = running.post_of(settings, today, warehouse is not None and warehouse.build.sample)
    events.process(ledger, datetime.now(UTC))
    settle_unknown(ledger, who=WHO, now=post.clock())
    with _apart():
        _take_lists_over(settings, ledger)
    return [one.name for one in due(ledger, post.clock()) if _sent(ledger, post, one)]


@contextmanager
def _apart() -> Iterator[None]:
    """A fault that a person can act on is said in one line, and holds up nothing else."""
    try:
        yield
    except WorkbenchError as error:
        _LOG.warning("%s", error)


def _take_lists_over(settings: Settings, ledger: Ledger) -> None:
    now = datetime.now(UTC)
    if settings.delivery == "sendgrid" and not suppressed_lately(ledger, now - PULLED_EVERY):
        found = set(suppressed(settings.sendgrid_api_key, settings.sendgrid_url))
        keep_out(ledger, found, "sendgrid", who=WHO, now=now)


def due(ledger: Ledger, now: datetime) -> list[CourrierKept]:
    """The courriers that were approved for a time that has come, the oldest first.

    What has begun and ended early is left to a person: tried again each minute while the other side does not answer,
    it would leave more unknown each time.
    """
    return [
        one
        for one in reversed(courriers(ledger))
        if one.state is CourrierState.APPROVED and one.send_at and one.send_at <= now and not one.has_begun
    ]


def _sent(ledger: Ledger, post: Post, one: CourrierKept) -> bool:
    """Whether it went out from here, all of it."""
    try:
        running.start(ledger, post, one.id, one.name, who=WHO)
    except WorkbenchError as error:
        _LOG.warning("%s", error)
        return False
    running.finish(ledger, one.id)
    if fault := running.fault_of(ledger, one.id):
        _LOG.warning("%s", fault)
    return fault is None
