"""What the workbench does by itself, once a minute while it serves: a small team has no other machine for that.

Courriers whose time has come go out; bodies that came in and were not taken in are; what nobody heard of for 72 hours
is settled; once a day SendGrid's lists are taken over. Each is safe beside the same done by hand or elsewhere.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from workbench.errors import NothingPublished, WorkbenchError
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
from workbench.surveys.sending import AlreadySending
from workbench.warehouse import open_warehouse

WHO = "clock"

EVERY_S = 60
"""Seconds between two rounds."""

PULLED_EVERY = timedelta(days=1)
"""How often SendGrid's lists are taken over."""

_LOG = logging.getLogger("workbench")


@asynccontextmanager
async def ticking(settings: Settings) -> AsyncIterator[None]:
    """Rounds, until the end of the block; the one under way is waited for."""
    closing = asyncio.Event()
    rounds = asyncio.create_task(_rounds(settings, closing))
    try:
        yield
    finally:
        closing.set()
        await rounds


async def _rounds(settings: Settings, closing: asyncio.Event) -> None:
    while not closing.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), EVERY_S)
            return
        round_ = asyncio.create_task(asyncio.to_thread(_round, settings))
        await asyncio.wait({round_})
        if fault := round_.exception():  # logged here, at the boundary of the app: it does not end the rounds to come
            _LOG.error("round %s of the clock failed", secrets.token_hex(4), exc_info=fault)


def _round(settings: Settings) -> None:
    """One round, if there is a ledger; a fault that a person can act on is said in one line."""
    if not settings.ledger_url and not (settings.home / "ledger.sqlite").exists():
        return
    try:
        ledger = ledger_of(settings)
        try:
            tick(settings, ledger)
        finally:
            ledger.close()
    except WorkbenchError as error:
        _LOG.warning("%s", error)


def tick(settings: Settings, ledger: Ledger) -> list[str]:
    """What is to be done now; gives the names of the courriers that were sent.

    Raises what sending raises, once everything else is done.
    """
    post = _post(settings)
    events.process(ledger, datetime.now(UTC))
    settle_unknown(ledger, who=WHO, now=post.clock())
    if settings.delivery == "sendgrid" and not suppressed_lately(ledger, datetime.now(UTC) - PULLED_EVERY):
        found = set(suppressed(settings.sendgrid_api_key, settings.sendgrid_url))
        keep_out(ledger, found, "sendgrid", who=WHO, now=datetime.now(UTC))
    return [one.name for one in due(ledger, post.clock()) if _sent(ledger, post, one)]


def due(ledger: Ledger, now: datetime) -> list[CourrierKept]:
    """The courriers that were approved for a time that has come, and of which something waits, the oldest first."""
    return [
        one
        for one in reversed(courriers(ledger))
        if one.state is CourrierState.APPROVED and one.send_at and one.send_at <= now and one.waiting
    ]


def _sent(ledger: Ledger, post: Post, one: CourrierKept) -> bool:
    """Whether it went out from here; another sender may have it. Raises what ended the run early."""
    try:
        running.start(ledger, post, one.id, one.name, who=WHO)
    except AlreadySending:
        return False
    running.finish(ledger, one.id)
    if fault := running.fault_of(ledger, one.id):
        raise fault
    return True


def _post(settings: Settings) -> Post:
    from workbench.app.visit import today_of  # Streamlit complains of a cache that is made before it runs

    try:
        warehouse = open_warehouse(settings.home)
    except NothingPublished:
        today = settings.today or datetime.now(ZoneInfo(settings.timezone)).date()
        return running.post_of(settings, today, is_sample=False)
    return running.post_of(settings, today_of(settings, warehouse), warehouse.build.sample)
