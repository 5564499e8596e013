"""The bodies that Typeform sends: signed, stored byte for byte, answered, and only then processed."""

import base64
import hmac
from datetime import datetime

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.states import WebhookKind
from workbench.ledger.surveys import body_processed, receive_body, store_responses, waiting_bodies
from workbench.surveys.answers import read_json, responses, too_long

WHO = "webhook"

LARGEST_BODY = 4_000_000
"""Bytes of the largest body that is taken."""


class SignatureWrong(WorkbenchError):
    """A body without a signature, or with one that Typeform did not make."""


class BodyTooLarge(WorkbenchError):
    """A body larger than any that Typeform sends."""


def signature_of(body: bytes, secret: str) -> str:
    """What Typeform puts into the header `Typeform-Signature` for a body."""
    digest = hmac.digest(secret.encode(), body, "sha256")
    return f"sha256={base64.b64encode(digest).decode()}"


def is_signed(body: bytes, signature: str | None, secret: str | None) -> bool:
    """Whether Typeform sent this very body. Without a secret nobody can tell, and nothing is believed."""
    if not secret or not signature:
        return False
    return hmac.compare_digest(signature_of(body, secret).encode(), signature.encode())


def receive(ledger: Ledger, body: bytes, signature: str | None, secret: str | None, now: datetime) -> bool:
    """Keep a body that Typeform sent; whether it is a new one. The same body again is only counted.

    It waits for `process`: the sender is answered before anything can go wrong with what it says.
    Raises BodyTooLarge, SignatureWrong.
    """
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge(f"a body of {len(body):,} bytes", f"Typeform sends no more than {LARGEST_BODY:,}")
    if not is_signed(body, signature, secret):
        raise SignatureWrong(
            "a body that Typeform did not sign", "set WORKBENCH_TYPEFORM_SECRET to the webhook's secret"
        )
    return receive_body(ledger, WebhookKind.TYPEFORM, body, now=now)


def process(ledger: Ledger, now: datetime) -> int:
    """Put the responses of waiting bodies into the ledger; how many bodies could be read. The others say why not."""
    read = 0
    for body in waiting_bodies(ledger, WebhookKind.TYPEFORM):
        failure = _process(ledger, body.raw, now)
        body_processed(ledger, body.id, failure, who=WHO, now=now)
        read += failure is None
    return read


def _process(ledger: Ledger, raw: bytes, now: datetime) -> str | None:
    """What was wrong with a body, or None."""
    try:
        rows = responses(read_json(raw))
    except WorkbenchError as error:
        return error.message
    store_responses(ledger, [row for row in rows if not too_long(row)], "webhook", who=WHO, now=now)
    return "; ".join(reason for row in rows if (reason := too_long(row))) or None
