"""The bodies in which SendGrid tells what became of messages: signed, stored, answered, and only then taken in."""

import binascii
from datetime import UTC, datetime, timedelta
from typing import Any

from sendgrid.helpers.eventwebhook import EventWebhook

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.mail_events import Event, hear
from workbench.ledger.states import SuppressionKind, WebhookKind
from workbench.ledger.surveys import body_processed, receive_body, waiting_bodies
from workbench.surveys.answers import read_json
from workbench.surveys.typeform.hook import LARGEST_BODY, BodyTooLarge, SignatureWrong

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
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge(f"a body of {len(body):,} bytes", f"SendGrid sends no more than {LARGEST_BODY:,}")
    if not is_signed(body, signature, timestamp, public_key, now):
        said = "a body that SendGrid did not sign, or too long ago"
        raise SignatureWrong(said, "set WORKBENCH_SENDGRID_PUBLIC_KEY to the webhook's verification key")
    return receive_body(ledger, WebhookKind.SENDGRID, body, now=now)


def process(ledger: Ledger, now: datetime) -> int:
    """Take in what waiting bodies tell; how many bodies could be read. The others say why not."""
    read = 0
    for body in waiting_bodies(ledger, WebhookKind.SENDGRID):
        failure = _process(ledger, body.raw, now)
        body_processed(ledger, body.id, failure, who=WHO, now=now)
        read += failure is None
    return read


def _process(ledger: Ledger, raw: bytes, now: datetime) -> str | None:
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
