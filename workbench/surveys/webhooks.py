"""Bodies that others' servers post: believed, stored byte for byte, answered, and only then taken in."""

from collections.abc import Callable
from datetime import datetime

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.states import WebhookKind
from workbench.ledger.surveys import body_processed, receive_body, waiting_bodies

LARGEST_BODY = 4_000_000
"""Bytes of the largest body that is taken."""


class SignatureWrong(WorkbenchError):
    """A body without a signature, or with one that its sender did not make."""


class BodyTooLarge(WorkbenchError):
    """A body larger than any that is sent."""


def keep(
    ledger: Ledger, kind: WebhookKind, body: bytes, is_signed: Callable[[], bool], setting: str, now: datetime
) -> bool:
    """Keep a body that is signed; whether it is a new one. The same body again is only counted.

    It waits for `take_in`: the sender is answered before anything can go wrong with what it says. `setting` holds the
    secret or key that signatures are checked with. Raises BodyTooLarge, SignatureWrong.
    """
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge(f"a body of {len(body):,} bytes", f"{kind} sends no more than {LARGEST_BODY:,}")
    if not is_signed():
        raise SignatureWrong(
            f"a body that {kind} did not sign, or too long ago", f"set {setting} as the webhook has it"
        )
    return receive_body(ledger, kind, body, now=now)


def take_in(ledger: Ledger, kind: WebhookKind, take: Callable[[bytes], str | None], *, who: str, now: datetime) -> int:
    """Take in what waiting bodies say, each by `take`, which gives what was wrong with it, or None.

    Gives how many could be read; of the others it is kept why not.
    """
    read = 0
    for body in waiting_bodies(ledger, kind):
        failure = take(body.raw)
        body_processed(ledger, body.id, failure, who=who, now=now)
        read += failure is None
    return read
