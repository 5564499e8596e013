"""What became of messages on their way: believed when signed, taken in once, in whatever order it comes."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sendgrid_server import KEY, SendGridServer, sendgrid_server
from sending_desk import NOW, add_people, approved, sent
from sqlalchemy import select, text

from workbench.ledger import Ledger
from workbench.ledger.courriers import courrier
from workbench.ledger.deliveries import DeliveryKept, deliveries
from workbench.ledger.mail_events import Event, Heard, hear, suppressions
from workbench.ledger.people import set_consent
from workbench.ledger.states import Arrival, Purpose, SuppressionKind
from workbench.ledger.tables import Webhook
from workbench.surveys.events import event_of, is_signed, process, receive
from workbench.surveys.sendgrid import SendGrid
from workbench.surveys.webhooks import LARGEST_BODY, BodyTooLarge, SignatureWrong

SIGNED_AT = datetime(2020, 9, 14, 19, 41, 42, tzinfo=UTC)
"""The moment of the published vector's timestamp."""


class Signer:
    """Signs as SendGrid does."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """What the webhook's settings show."""
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return "".join(self._key.public_key().public_bytes(*form).decode().splitlines()[1:-1])

    def sign(self, body: bytes, at: datetime) -> tuple[str, str]:
        """Signature and timestamp."""
        stamp = str(int(at.timestamp()))
        return base64.b64encode(self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode(), stamp


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    """An imitation of SendGrid."""
    with sendgrid_server() as running:
        yield running


@pytest.fixture
def opaque(ledger: Ledger, server: SendGridServer) -> list[str]:
    """What SendGrid knows three messages by that were sent."""
    add_people(ledger, 3)
    approved(ledger)
    sent(ledger, SendGrid(KEY, server.url, is_sandbox=False, is_sample=False))
    return sorted(server.to, key=lambda one: server.to[one])


def first(ledger: Ledger) -> DeliveryKept:
    """The message to the first of them."""
    return deliveries(ledger, courrier(ledger, "2020-12").id)[0]


def event(opaque: str, kind: str, minutes: int = 0) -> Event:
    """An event some minutes after the sending."""
    return Event(f"{kind}{minutes}", opaque, kind, NOW + timedelta(minutes=minutes))


# ---------------------------------------------------------------------------------------------------------- signatures


@pytest.mark.shared
def test_sendgrids_own_vectors_hold(shared: Path) -> None:
    """The published signature is believed; another key, another body, another moment and no key at all are not."""
    folder = shared / "contracts" / "sendgrid"
    vector = json.loads((folder / "event_webhook_ecdsa.json").read_text(encoding="utf-8"))
    body, key, stamp = vector["payload"].encode(), vector["public_key"], vector["timestamp"]
    assert is_signed(body, vector["signature"], stamp, key, SIGNED_AT)
    assert not is_signed(body, vector["bad_signature"], stamp, key, SIGNED_AT)
    assert not is_signed(body, vector["signature"], stamp, vector["bad_public_key"], SIGNED_AT)
    assert not is_signed(body.replace(b"dropped", b"opened!"), vector["signature"], stamp, key, SIGNED_AT)
    assert not is_signed(body, vector["signature"], str(int(stamp) + 1), key, SIGNED_AT)
    assert not is_signed(body, vector["signature"], stamp, None, SIGNED_AT)
    assert not is_signed(body, vector["signature"], stamp, key, SIGNED_AT + timedelta(hours=26))


@pytest.mark.shared
def test_every_event_of_sendgrids_examples_is_read(shared: Path) -> None:
    """Each of the published events, once it has the name we gave the message, is one that we understand."""
    folder = shared / "contracts" / "sendgrid"
    told = json.loads((folder / "event_webhook_samples.json").read_text(encoding="utf-8"))
    kinds = {one["event"] for one in told}
    assert kinds >= {"processed", "deferred", "delivered", "open", "click", "bounce", "dropped", "spamreport"}
    assert {found.kind for one in told if (found := event_of(one | {"delivery": "x"}))} == kinds
    assert [event_of(one) for one in told] == [None] * len(told)


@pytest.mark.parametrize(
    ("altered", "hours"),
    [("", 26), ("", -1), ("body", 0), ("signature", 0), ("stamp", 0), ("no signature", 0), ("not base64", 0)],
)
def test_what_is_altered_or_old_is_not_believed(altered: str, hours: int) -> None:
    """The body as it was signed, within 25 hours, and not from the future."""
    signer, body = Signer(), b'[{"event":"delivered"}]'
    signature, stamp = signer.sign(body, NOW)
    assert is_signed(body, signature, stamp, signer.public_key, NOW)
    given = {
        "body": (body + b" ", signature, stamp),
        "signature": (body, Signer().sign(body, NOW)[0], stamp),
        "stamp": (body, signature, str(int(stamp) + 1)),
        "no signature": (body, None, stamp),
        "not base64": (body, "%%%", stamp),
    }.get(altered, (body, signature, stamp))
    assert not is_signed(*given, signer.public_key, NOW + timedelta(hours=hours))


def test_a_body_is_kept_once_and_taken_in_later(ledger: Ledger, opaque: list[str], server: SendGridServer) -> None:
    """The same body again is only counted; one that is not signed or too large is not kept at all."""
    signer = Signer()
    body = server.events("delivered", opaque[:1])
    signature, stamp = signer.sign(body, NOW)
    assert receive(ledger, body, signature, stamp, signer.public_key, NOW) is True
    assert receive(ledger, body, signature, stamp, signer.public_key, NOW) is False
    with pytest.raises(SignatureWrong):
        receive(ledger, body + b" ", signature, stamp, signer.public_key, NOW)
    with pytest.raises(BodyTooLarge):
        receive(ledger, b"x" * (LARGEST_BODY + 1), signature, stamp, signer.public_key, NOW)
    assert first(ledger).arrival is None
    assert process(ledger, NOW) == 1
    assert first(ledger).arrival is Arrival.DELIVERED
    assert process(ledger, NOW) == 0


@pytest.mark.parametrize("body", [b"{", b"{}", b'[1, null, {"event": 3}]', b'"delivered"'])
def test_a_body_that_makes_no_sense_is_kept_and_named(ledger: Ledger, opaque: list[str], body: bytes) -> None:
    """It was signed, so it is kept; what could not be read is said, and nothing else happens."""
    signer = Signer()
    receive(ledger, body, *signer.sign(body, NOW), signer.public_key, NOW)
    readable = process(ledger, NOW)
    with ledger.reading() as session:
        failures = [row.failure for row in session.scalars(select(Webhook))]
    assert (failures == [None]) == bool(readable)
    assert readable == body.startswith(b"[")
    assert first(ledger).arrival is None
    assert opaque


# ------------------------------------------------------------------------------------------------------ what they tell


def test_events_in_any_order_end_in_the_same(ledger: Ledger, opaque: list[str]) -> None:
    """A later stage is not undone by an earlier one that comes after it."""
    told = [event(opaque[0], kind, minutes) for minutes, kind in enumerate(("processed", "deferred", "delivered"))]
    for number, order in enumerate(permutations(told)):
        with ledger.writing("test", NOW) as work:
            work.execute(text("update deliveries set arrival = null, arrived_at = null"))
            work.execute(text("delete from mail_events"))
        for one in order:
            hear(ledger, [one], who="test", now=NOW)
        found = first(ledger)
        assert (found.arrival, found.arrived_at) == (Arrival.DELIVERED, NOW + timedelta(minutes=2)), number


def test_an_event_counts_once(ledger: Ledger, opaque: list[str]) -> None:
    """Doubled, in one body or in two, it is the same event; of a message that is not ours it is nobody's."""
    one = event(opaque[0], "delivered")
    assert hear(ledger, [one, one, event("somebody else's", "delivered", 1)], who="test", now=NOW) == Heard(1, 1, 1)
    assert hear(ledger, [one], who="test", now=NOW) == Heard(0, 1, 0)


@pytest.mark.parametrize(
    ("kind", "reason", "arrival", "why"),
    [
        ("bounce", "550 unknown", Arrival.BOUNCED, SuppressionKind.BOUNCE),
        ("spamreport", None, Arrival.COMPLAINED, SuppressionKind.COMPLAINT),
        ("dropped", "Bounced Address", Arrival.DROPPED, None),
    ],
)
def test_what_did_not_arrive_is_said_and_its_address_is_left_alone(
    ledger: Ledger, opaque: list[str], kind: str, reason: str | None, arrival: Arrival, why: SuppressionKind | None
) -> None:
    """Even after it was delivered; the reason is kept, and nothing more goes to an address that bounced."""
    late = replace(event(opaque[0], kind, 1), reason=reason or "", suppresses=why)
    hear(ledger, [event(opaque[0], "delivered"), late], who="test", now=NOW)
    found = first(ledger)
    assert (found.arrival, found.arrival_reason) == (arrival, reason)
    assert suppressions(ledger) == ({found.address: [why]} if why else {})


def test_a_block_is_no_bounce() -> None:
    """The other side put it off: the address is right, and goes on getting mail."""
    told = {"sg_event_id": "1", "delivery": "x", "event": "bounce", "timestamp": 1, "type": "blocked"}
    blocked, bounced = event_of(told), event_of(told | {"type": "bounce"})
    assert blocked is not None
    assert bounced is not None
    assert (blocked.suppresses, bounced.suppresses) == (None, SuppressionKind.BOUNCE)


def test_opens_are_kept_of_those_only_who_agreed_and_machines_apart(ledger: Ledger, opaque: list[str]) -> None:
    """Without a recorded consent nothing is noted; a filter that opens everything is not a reader."""
    opened = [event(one, "open", 5 + place) for place, one in enumerate(opaque)]
    hear(ledger, opened, who="test", now=NOW)
    assert {one.opened_at for one in deliveries(ledger, courrier(ledger, "2020-12").id)} == {None}
    person = first(ledger).person
    assert person is not None
    set_consent(ledger, person, Purpose.OPENS, True, "test", who="test", now=NOW)
    hear(ledger, [replace(event(opaque[0], "open", 20), is_machine=True)], who="test", now=NOW)
    assert first(ledger).opened_at is None
    hear(ledger, [event(opaque[0], "click", 31), event(opaque[0], "open", 30)], who="test", now=NOW)
    found = first(ledger)
    assert (found.opened_at, found.clicked_at) == (NOW + timedelta(minutes=30), NOW + timedelta(minutes=31))
