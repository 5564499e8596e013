"""The bodies that Typeform sends: signed, stored byte for byte, answered, and only then processed."""

import base64
import hmac
from datetime import datetime
from functools import partial

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.states import WebhookKind
from workbench.ledger.surveys import store_responses
from workbench.surveys.answers import read_json, responses, too_long
from workbench.surveys.webhooks import keep, take_in

WHO = "webhook"


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
    """Keep a body that Typeform sent; whether it is a new one. It waits for `process`.

    Raises BodyTooLarge, SignatureWrong.
    """
    believed = partial(is_signed, body, signature, secret)
    return keep(ledger, WebhookKind.TYPEFORM, body, believed, "WORKBENCH_TYPEFORM_SECRET", now)


def process(ledger: Ledger, now: datetime) -> int:
    """Put the responses of waiting bodies into the ledger; how many bodies could be read."""
    return take_in(ledger, WebhookKind.TYPEFORM, partial(_process, ledger, now), who=WHO, now=now)


def _process(ledger: Ledger, now: datetime, raw: bytes) -> str | None:
    """What was wrong with a body, or None."""
    try:
        rows = responses(read_json(raw))
    except WorkbenchError as error:
        return error.message
    store_responses(ledger, [row for row in rows if not too_long(row)], "webhook", who=WHO, now=now)
    return "; ".join(reason for row in rows if (reason := too_long(row))) or None
