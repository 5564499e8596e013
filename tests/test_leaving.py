"""Where the links of a letter lead: looking changes nothing, a POST does, a forged token does nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from browsing import environment, free_port
from ledgers import KEY as LEDGER_KEY
from sending_desk import NOW, approved
from test_hooks import serving_door
from test_mail_events import Signer
from tiny import settings

from workbench.ledger import Ledger, ledger_of, open_ledger
from workbench.ledger.courriers import courrier
from workbench.ledger.merging import merge
from workbench.ledger.people import PersonState, people, set_people
from workbench.ledger.states import Purpose
from workbench.surveys.readers import LEAVE, VIEW

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SIGNER = Signer()


@dataclass(frozen=True)
class Client:
    """Somebody out in the world, without cookies, through a relay."""

    port: int

    def ask(
        self,
        method: str,
        path: str,
        data: bytes | dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        files: dict[str, tuple[None, str]] | None = None,
    ) -> requests.Response:
        """One request."""
        relayed = {"X-Forwarded-For": "203.0.113.9", "Host": "workbench.example", **(headers or {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.request(method, url, data=data, headers=relayed, files=files, timeout=60, allow_redirects=False)

    def get(self, path: str) -> requests.Response:
        """Look."""
        return self.ask("GET", path)

    def post(
        self, path: str, data: bytes | dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Do."""
        return self.ask("POST", path, data, headers)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME without a build."""
    return tmp_path_factory.mktemp("leaving") / "home"


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[Client]:
    """The served app, from outside."""
    port = free_port()
    with serving_door(environment(home, WORKBENCH_SENDGRID_PUBLIC_KEY=SIGNER.public_key), home.parent, port):
        yield Client(port)


@pytest.fixture(scope="module")
def ours(home: Path, client: Client) -> Iterator[Ledger]:
    """The HOME's ledger."""
    assert client
    with closing(ledger_of(settings(home))) as opened:
        yield opened


@pytest.fixture
def trio(ours: Ledger) -> list[int]:
    """Three people whom nobody else has to do with."""
    name = uuid4().hex
    three = [PersonState(f"Prénom{n} {name}", f"{name}{n}@ecole.test") for n in range(3)]
    return set_people(ours, three, who="test", now=NOW)


def consents(ledger: Ledger, persons: list[int]) -> list[dict[Purpose, bool]]:
    """What each of them said last to each purpose."""
    found = {one.id: dict(one.consents) for one in people(ledger)}
    return [found[number] for number in persons]


def leave_path(ledger: Ledger, number: int) -> str:
    """The address that somebody finds in their letters."""
    return f"/letters/leave/{ledger.signer(LEAVE).dumps(number)}"


def test_looking_unsubscribes_nobody(ours: Ledger, trio: list[int], client: Client) -> None:
    """Mail programs and filters open every link: GET and HEAD show the page and change nothing."""
    shown = client.get(leave_path(ours, trio[0]))
    assert shown.status_code == 200
    assert shown.text.count("checked") == 3
    assert "Prénom0" not in shown.text
    client.ask("HEAD", leave_path(ours, trio[0]))
    client.ask("GET", leave_path(ours, trio[0]), data=ONE_CLICK)
    assert consents(ours, trio) == [{}, {}, {}]


@pytest.mark.parametrize("encoding", ["form", "multipart"])
def test_one_click_of_a_mail_program_leaves(ours: Ledger, trio: list[int], client: Client, encoding: str) -> None:
    """A POST as RFC 8058 has it, without any cookie: no courrier and no reminder from now on; others are untouched."""
    files = {name: (None, value) for name, value in ONE_CLICK.items()}
    done = client.ask("POST", leave_path(ours, trio[0]), files=files) if encoding == "multipart" else client.post(
        leave_path(ours, trio[0]), data=ONE_CLICK
    )  # fmt: skip
    assert done.status_code == 200
    assert consents(ours, trio[:1]) == [{Purpose.COURRIER: False, Purpose.REMINDERS: False}]
    assert consents(ours, trio)[1] == {}


def test_preferences_are_each_set_apart_and_can_be_taken_back(ours: Ledger, trio: list[int], client: Client) -> None:
    """What is ticked is sent, what is not is not; only what changed is noted."""
    client.post(leave_path(ours, trio[0]), data={"preferences": "1", "courrier": "on", "questionnaires": "on"})
    assert consents(ours, trio)[0] == {Purpose.REMINDERS: False}
    everything = {"preferences": "1", "courrier": "on", "reminders": "on", "questionnaires": "on"}
    shown = client.post(leave_path(ours, trio[0]), data=everything)
    assert consents(ours, trio)[0] == {Purpose.REMINDERS: True}
    assert "C’est noté" in shown.text


@pytest.mark.parametrize("forged", ["MQ.forged", "MQ", "💌"])
def test_a_forged_token_does_nothing(ours: Ledger, trio: list[int], client: Client, forged: str) -> None:
    """Neither does one that was signed for something else, nor one of another HOME."""
    for path in (f"/letters/leave/{forged}", f"/letters/view/{forged}"):
        assert client.get(path).status_code == 404
    client.post(f"/letters/leave/{forged}", data=ONE_CLICK)
    client.post(f"/letters/leave/{ours.signer(VIEW).dumps(trio[0])}", data=ONE_CLICK)
    client.post(f"/letters/leave/{ours.signer(LEAVE).dumps(4711)}", data=ONE_CLICK)
    client.post(f"/letters/leave/{ours.signer(LEAVE).dumps('all')}", data=ONE_CLICK)
    assert consents(ours, trio) == [{}, {}, {}]


def test_a_token_of_another_home_is_not_ours(ours: Ledger, trio: list[int], client: Client, tmp_path: Path) -> None:
    """Each HOME signs with a key of its own."""
    other = open_ledger(f"sqlite:///{tmp_path / 'other.sqlite'}", LEDGER_KEY)
    token = other.signer(LEAVE).dumps(trio[0])
    other.close()
    assert client.post(f"/letters/leave/{token}", data=ONE_CLICK).status_code == 404
    assert consents(ours, trio)[0] == {}


def test_an_empty_post_changes_nothing(ours: Ledger, trio: list[int], client: Client) -> None:
    """Neither one click nor the page's button: whoever posts says what they want."""
    assert client.post(leave_path(ours, trio[0])).status_code == 200
    assert consents(ours, trio)[0] == {}


def test_who_was_merged_leaves_as_the_one_who_stayed(ours: Ledger, trio: list[int], client: Client) -> None:
    """An old letter's link goes on working."""
    path = leave_path(ours, trio[2])
    known = {one.id: one for one in people(ours)}
    merge(ours, known[trio[0]], known[trio[2]], who="diane", now=NOW)
    client.post(path, data=ONE_CLICK)
    assert consents(ours, trio[:1]) == [{Purpose.COURRIER: False, Purpose.REMINDERS: False}]


def test_the_letter_in_a_browser_has_nothing_personal(ours: Ledger, trio: list[int], client: Client) -> None:
    """As it was approved, for whoever has the link; a draft is not shown to anybody."""
    assert trio
    approved(ours)
    number = courrier(ours, "2020-12").id
    shown = client.get(f"/letters/view/{ours.signer(VIEW).dumps(number)}")
    assert shown.status_code == 200
    assert "La retouche photo est là" in shown.text
    for personal in ("Prénom", "{{", "%k", "letters/leave", "form.typeform.com"):
        assert personal not in shown.text
    assert client.get(f"/letters/view/{ours.signer(VIEW).dumps(number + 1)}").status_code == 404


def test_the_webhook_takes_what_is_signed_and_nothing_else(client: Client) -> None:
    """200 for a body of SendGrid's, twice; 401 for another; it is never told that there is no such hook."""
    body, now = b'[{"event":"delivered"}]', datetime.now(UTC)
    signature, stamp = SIGNER.sign(body, now)
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }  # fmt: skip
    assert [client.post("/hooks/sendgrid", data=body, headers=headers).status_code for _ in range(2)] == [200, 200]
    assert client.post("/hooks/sendgrid", data=body + b" ", headers=headers).status_code == 401
    assert client.post("/hooks/sendgrid", data=body).status_code == 401
    assert client.post("/hooks/sendgrid", data=b"x" * 5_000_000, headers=headers).status_code == 413
