"""Bodies that Typeform sends: believed only when signed, kept before they are understood, and never twice."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ledgers import KEY
from sqlalchemy import func, select
from typeform_server import filled_in

from workbench.ledger import Ledger, open_ledger
from workbench.ledger.tables import Answer, Response, Webhook
from workbench.surveys.typeform import process, receive
from workbench.surveys.webhooks import LARGEST_BODY, BodyTooLarge, SignatureWrong

NOW = datetime(2020, 12, 1, 12, tzinfo=UTC)
SECRET = "le secret du crochet"


def body_of(number: int = 1, **response: Any) -> bytes:
    """A body as Typeform writes it."""
    given = filled_in(number, NOW) | {"form_id": "n5h3f6CS"} | response
    document = {"event_id": f"e{number}", "event_type": "form_response", "form_response": given}
    return json.dumps(document, ensure_ascii=False).encode()


def signed(body: bytes, secret: str = SECRET) -> str:
    """The signature, worked out here by the letter of Typeform's documentation."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(digest).decode()


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Ledger]:
    """A ledger on SQLite, where the kind of database is not the question."""
    with closing(open_ledger(sqlite_url, KEY)) as opened:
        yield opened


def bodies(ledger: Ledger) -> list[tuple[bytes, int, bool, str | None]]:
    """Every body: as it came, how often again, whether it was processed, and what was wrong with it."""
    with ledger.reading() as session:
        rows = session.scalars(select(Webhook).order_by(Webhook.id))
        return [(row.raw, row.repeats, row.processed_at is not None, row.failure) for row in rows]


def counted(ledger: Ledger, table: type[Response | Answer]) -> int:
    """Rows of a table."""
    with ledger.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_body_is_kept_first_and_processed_later(ledger: Ledger) -> None:
    """Byte for byte; the answers are there once it was processed."""
    body = body_of(hidden={"amb": "é"})
    assert receive(ledger, body, signed(body), SECRET, NOW)
    assert bodies(ledger) == [(body, 0, False, None)]
    assert counted(ledger, Response) == 0
    assert process(ledger, NOW) == 1
    assert bodies(ledger) == [(body, 0, True, None)]
    assert (counted(ledger, Response), counted(ledger, Answer)) == (1, 3)
    assert process(ledger, NOW) == 0


def test_the_same_body_again_is_counted_and_changes_nothing(ledger: Ledger) -> None:
    """Typeform sends at least once, and more than once."""
    body = body_of()
    assert [receive(ledger, body, signed(body), SECRET, NOW) for _ in range(3)] == [True, False, False]
    process(ledger, NOW)
    receive(ledger, body, signed(body), SECRET, NOW)
    assert process(ledger, NOW) == 0
    assert bodies(ledger) == [(body, 3, True, None)]
    assert counted(ledger, Answer) == 3


def test_the_same_body_through_eight_doors_at_once_is_one(ledger: Ledger) -> None:
    """Several processes answer Typeform."""
    body = body_of()
    with ThreadPoolExecutor(8) as pool:
        news = list(pool.map(lambda _: receive(ledger, body, signed(body), SECRET, NOW), range(16)))
    assert news.count(True) == 1
    assert bodies(ledger) == [(body, 15, False, None)]


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        signed(body_of(), "another secret"),
        signed(body_of() + b" "),
        signed(body_of()).removeprefix("sha256="),
        signed(body_of()).lower(),
        "sha256=" + hmac.new(SECRET.encode(), body_of(), hashlib.sha256).hexdigest(),
        "sha256=é",
    ],
)
def test_a_body_that_typeform_did_not_sign_is_not_kept(lite: Ledger, signature: str | None) -> None:
    """Nothing of it: the signature is of the raw bytes, with our secret, and in base 64."""
    with pytest.raises(SignatureWrong):
        receive(lite, body_of(), signature, SECRET, NOW)
    assert bodies(lite) == []


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_nothing_is_believed(lite: Ledger, secret: str | None) -> None:
    """An empty secret is everybody's."""
    with pytest.raises(SignatureWrong, match="WORKBENCH_TYPEFORM_SECRET"):
        receive(lite, body_of(), signed(body_of(), ""), secret, NOW)


def test_a_body_too_large_is_not_kept(lite: Ledger) -> None:
    """Signed or not."""
    body = b"x" * (LARGEST_BODY + 1)
    with pytest.raises(BodyTooLarge):
        receive(lite, body, signed(body), SECRET, NOW)
    assert bodies(lite) == []


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b'{"form_response": ', "broken JSON at line 1"),
        (b'{"event_type": "ping"}', "neither a page of responses nor a webhook body"),
        (body_of(answers=[{"field": {"ref": "r"}, "type": "text", "text": "x" * 2_000_000}]), "2,000,000 characters"),
    ],
)
def test_a_body_that_cannot_be_understood_stays_and_says_why(lite: Ledger, body: bytes, failure: str) -> None:
    """It does not keep the others from being processed, and is not tried for ever."""
    good = body_of(2)
    for each in (body, good):
        receive(lite, each, signed(each), SECRET, NOW)
    assert process(lite, NOW) == 1
    kept = bodies(lite)
    assert [(raw, processed) for raw, _, processed, _ in kept] == [(body, True), (good, True)]
    assert failure in (kept[0][3] or "")
    assert counted(lite, Response) == 1


@pytest.mark.shared
def test_a_real_body_is_understood(lite: Ledger, shared: Path) -> None:
    """Twenty-two answers, and the questions that came along."""
    body = (shared / "contracts" / "typeform" / "webhook-1.json").read_bytes()
    receive(lite, body, signed(body), SECRET, NOW)
    assert process(lite, NOW) == 1
    assert counted(lite, Answer) == 22
