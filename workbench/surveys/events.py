"""The bodies in which SendGrid tells what became of messages: signed, stored, answered, and only then taken in."""

import binascii
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sendgrid.helpers.eventwebhook import EventWebhook

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.mail_events import Event, hear
from workbench.ledger.states import SuppressionKind, WebhookKind
from workbench.surveys.answers import read_json
from workbench.surveys.webhooks import keep, take_in

WHO = "sendgrid"

OLDEST = timedelta(hours=25)
"""SendGrid tries for a day to bring a body; one that was signed earlier is somebody's copy."""

_AHEAD = timedelta(minutes=10)
_SUPPRESSES = {
    "bounce": SuppressionKind.BOUNCE,
    "spamreport": SuppressionKind.COMPLAINT,
    "unsubscribe": SuppressionKind.UNSUBSCRIBE,
    "group_unsubscribe": SuppressionKind.UNSUBSCRIBE,
}


def is_signed(body: bytes, signature: str | None, timestamp: str | None, public_key: str | None, now: datetime) -> bool:
    """Whether SendGrid sent this very body, and lately. Without a public key nobody can tell: nothing is believed."""
    if not (signature and timestamp and public_key) or not timestamp.isascii() or not timestamp.isdecimal():
        return False
    if not -_AHEAD <= now - datetime.fromtimestamp(min(int(timestamp), 2**35), UTC) <= OLDEST:
        return False
    try:
        return bool(EventWebhook(public_key).verify_signature(body.decode(), signature, timestamp))
    except (UnicodeDecodeError, binascii.Error, ValueError):
        return False


def receive(
    ledger: Ledger, body: bytes, signature: str | None, timestamp: str | None, public_key: str | None, now: datetime
) -> bool:
    """Keep a body that SendGrid sent; whether it is a new one. It waits for `process`.

    Raises BodyTooLarge, SignatureWrong.
    """
    believed = partial(is_signed, body, signature, timestamp, public_key, now)
    return keep(ledger, WebhookKind.SENDGRID, body, believed, "WORKBENCH_SENDGRID_PUBLIC_KEY", now)


def process(ledger: Ledger, now: datetime) -> int:
    """Take in what waiting bodies tell; how many bodies could be read."""
    return take_in(ledger, WebhookKind.SENDGRID, partial(_process, ledger, now), who=WHO, now=now)


def _process(ledger: Ledger, now: datetime, raw: bytes) -> str | None:
    try:
        told = read_json(raw)
    except WorkbenchError as error:
        return error.message
    if not isinstance(told, list):
        return "not a list of events"
    events = [event for one in told if (event := event_of(one))]
    hear(ledger, events, who=WHO, now=now)
    return None


def event_of(told: Any) -> Event | None:
    """An event of a message that was sent with a name of ours; None for what is something else."""
    match told:
        case {"sg_event_id": str(name), "delivery": str(opaque), "event": str(kind), "timestamp": int(at)}:
            is_blocked = told.get("type") == "blocked"  # put off by the other side, not an address that is wrong
            return Event(
                id=name[:200],
                opaque=opaque,
                kind=kind[:40],
                at=datetime.fromtimestamp(min(max(at, 0), 2**35), UTC),
                reason=str(told.get("reason") or told.get("response") or "")[:300],
                is_machine=bool(told.get("sg_machine_open")),
                suppresses=None if is_blocked else _SUPPRESSES.get(kind),
            )
        case _:
            return None
