"""The courrier from the command line, and what the app does by itself once a minute."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from command_line import workbench
from sendgrid_server import KEY, SendGridServer, sendgrid_server
from sending_desk import SOURCE, add_people, approved, counted, states
from test_cli import assert_one_line
from test_mail_events import Signer
from test_people import add
from test_programme import LEA, Q1, TOM, answer, campaign, noon
from tiny import settings

from workbench.app.clock import tick
from workbench.ledger import ledger_of
from workbench.ledger.courriers import courrier, stop
from workbench.ledger.states import CourrierState
from workbench.settings import Settings
from workbench.surveys import events
from workbench.surveys.courrier import LinksLeadNowhere, carrier_of, terms_of

SIGNER = Signer()
DUE = date(2020, 10, 12)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A HOME without a build, with three people."""
    with closing(ledger_of(settings(tmp_path / "home"))) as ledger:
        add_people(ledger, 3)
    return tmp_path / "home"


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    """An imitation of SendGrid."""
    with sendgrid_server() as running:
        yield running


# ----------------------------------------------------------------------------------------------------------- commands


def test_a_courrier_goes_its_whole_way_on_the_command_line(home: Path, tmp_path: Path) -> None:
    """Written in a file, looked at, tested, approved, sent to the outbox; and nobody gets it again."""
    letter = tmp_path / "letter.md"
    letter.write_text(SOURCE, encoding="utf-8")
    assert workbench(home, "courrier", "new", "2020-12", "--file", str(letter)).returncode == 0
    shown = workbench(home, "courrier", "preview", "2020-12", "--person", "1", "--out", str(tmp_path / "seen.html"))
    assert shown.returncode == 0
    assert "3 recipients, 0 of them held back" in shown.stderr
    assert "Prénom0" in (tmp_path / "seen.html").read_text(encoding="utf-8")
    assert workbench(home, "courrier", "test", "2020-12", "--to", "d@klassroom.test", "--person", "2").returncode == 0
    assert_one_line(workbench(home, "courrier", "send", "2020-12"), 1, "draft", "approve")
    assert_one_line(workbench(home, "courrier", "approve", "2020-12"), 1, "--confirm")
    done = workbench(home, "courrier", "approve", "2020-12", "--confirm", "--json")
    assert json.loads(done.stdout) | {"hash": ""} == {"hash": "", "recipients": 3, "held_back": 0}
    done = workbench(home, "courrier", "send", "2020-12", "--json")
    assert json.loads(done.stdout) == {"accepted": 3, "refused": 0, "unknown": 0, "withheld": 0, "waiting": 0}
    assert json.loads(workbench(home, "courrier", "send", "2020-12", "--json").stdout)["accepted"] == 0
    assert len([one for one in home.glob("outbox/2020-12/*.eml") if not one.name.startswith("test-")]) == 3
    rows = json.loads(workbench(home, "courrier", "status", "2020-12", "--json").stdout)["rows"]
    assert {row["state"] for row in rows} == {"accepted"}
    assert re.search(r"2020-12\s+courrier\s+sent\s+outbox\s+3", workbench(home, "courrier", "status").stdout)


def test_what_is_to_be_put_right_is_named_with_its_line(home: Path, tmp_path: Path) -> None:
    """In the reader's language, with exit code 3; such a letter is not approved."""
    letter = tmp_path / "letter.md"
    letter.write_text(SOURCE + "\n![](https://x.test/a.png)\n", encoding="utf-8")
    workbench(home, "courrier", "new", "2020-12", "--file", str(letter))
    shown = workbench(home, "courrier", "preview", "2020-12")
    assert shown.returncode == 3
    assert re.search(r"line 15: .*image", shown.stderr)
    assert_one_line(workbench(home, "courrier", "approve", "2020-12", "--confirm"), 1, "2020-12", "image")


def test_a_stop_and_a_resume_from_the_command_line(home: Path) -> None:
    """A stopped courrier says how it goes on; resuming sends the rest."""
    with closing(ledger_of(settings(home))) as ledger:
        approved(ledger)
    assert workbench(home, "courrier", "stop", "2020-12").returncode == 0
    assert_one_line(workbench(home, "courrier", "send", "2020-12"), 1, "stopped", "resume")
    assert json.loads(workbench(home, "courrier", "resume", "2020-12", "--json").stdout)["accepted"] == 3
    assert_one_line(workbench(home, "courrier", "stop", "2020-12"), 1, "sent")
    assert_one_line(workbench(home, "courrier", "send", "nothing"), 1, "nothing")


def test_reminders_are_sent_from_the_command_line_once(tmp_path: Path) -> None:
    """Each with the person's own link; a second run finds nothing to do."""
    home = tmp_path / "home"
    with closing(ledger_of(settings(home))) as ledger:
        lea, tom = (one.id for one in add(ledger, LEA, TOM))
        campaign(ledger, DUE - timedelta(days=7), Q1, lea, tom)
        answer(ledger, tom, noon(DUE - timedelta(days=6)))
    first = workbench(home, "followups", "send", "--json", WORKBENCH_TODAY=str(DUE))
    [line] = json.loads(first.stdout)["sent"]
    assert (line["name"], line["accepted"]) == ("first_reminder-questionnaire-1", 1)
    assert json.loads(workbench(home, "followups", "send", "--json", WORKBENCH_TODAY=str(DUE)).stdout) == {"sent": []}
    [mail] = home.glob("outbox/first_reminder-questionnaire-1/*.html")
    assert "#a=" in mail.read_text(encoding="utf-8")


def test_what_sendgrid_does_not_deliver_to_is_taken_over(home: Path, server: SendGridServer) -> None:
    """And lifted again by hand."""
    server.lists = {"bounces": ["p0@ecole0.test"]}
    env = {"WORKBENCH_SENDGRID_URL": server.url, "WORKBENCH_SENDGRID_API_KEY": KEY}
    assert workbench(home, "courrier", "suppressions", **env).stdout == "1\n"
    assert workbench(home, "courrier", "suppressions", "--lift", " P0@ecole0.test").stdout == "1\n"
    assert_one_line(workbench(home, "courrier", "suppressions"), 1, "key", "WORKBENCH_SENDGRID_API_KEY")


# -------------------------------------------------------------------------------------------------------- by itself


def served(home: Path, server: SendGridServer) -> Settings:
    """The settings of an app that delivers through SendGrid."""
    given = {"delivery": "sendgrid", "sendgrid_api_key": KEY, "sendgrid_url": server.url}
    given["letters_url"] = "https://lettres.klassroom.test/"
    return settings(home, **given, sendgrid_public_key=SIGNER.public_key)


def test_a_courrier_goes_out_by_itself_once_its_time_has_come(home: Path, server: SendGridServer) -> None:
    """Not one that was stopped, not one that somebody sends by hand, and never twice."""
    now = datetime.now(UTC)
    with closing(ledger_of(settings(home))) as ledger:
        approved(ledger, "by-hand")
        approved(ledger, "stopped", send_at=now - timedelta(minutes=1))
        stop(ledger, "stopped", who="diane", now=now)
        approved(ledger, "later", send_at=now + timedelta(hours=1))
        approved(ledger, "now", send_at=now - timedelta(minutes=1))
        assert tick(served(home, server), ledger) == ["now"]
        assert counted(states(ledger, "now").values()) == {"accepted": 3}
        assert tick(served(home, server), ledger) == []
        assert len(server.accepted) == 3
        assert courrier(ledger, "later").state is CourrierState.APPROVED


def test_what_ended_early_is_left_to_a_person(home: Path, server: SendGridServer) -> None:
    """Tried again each minute while nothing answers, it would leave more unknown each time; others still go out."""
    now = datetime.now(UTC)
    with closing(ledger_of(settings(home))) as ledger:
        approved(ledger, "first", send_at=now - timedelta(minutes=2))
        approved(ledger, "second", send_at=now - timedelta(minutes=1))
        wrong = served(home, server).model_copy(update={"sendgrid_api_key": "SG.another-key"})
        assert tick(wrong, ledger) == []
        asked = server.asked
        assert tick(served(home, server), ledger) == []
        assert server.asked == asked == 2
        assert counted(states(ledger, "first").values()) == {"queued": 3}


def test_lists_that_cannot_be_had_hold_up_no_courrier(home: Path, server: SendGridServer) -> None:
    """A key without the right to read suppressions still sends."""
    now = datetime.now(UTC)
    server.lists_status = 403
    with closing(ledger_of(settings(home))) as ledger:
        approved(ledger, "now", send_at=now - timedelta(minutes=1))
        assert tick(served(home, server), ledger) == ["now"]
        assert counted(states(ledger, "now").values()) == {"accepted": 3}


def test_mail_to_people_needs_links_that_lead_somewhere(home: Path, server: SendGridServer) -> None:
    """Whoever gets a courrier must be able to leave: not from an address that only this machine can reach."""
    given = served(home, server)
    today = date(2020, 12, 15)
    assert terms_of(given, today).addresses.leave("t") == "https://lettres.klassroom.test/letters/leave/t"
    nowhere = given.model_copy(update={"letters_url": None})
    assert terms_of(nowhere, today).addresses.leave("t") == "http://127.0.0.1:8501/letters/leave/t"
    with pytest.raises(LinksLeadNowhere, match="WORKBENCH_LETTERS_URL"):
        carrier_of(nowhere, is_sample=False)
    assert carrier_of(replace_delivery(nowhere, "sandbox"), is_sample=False).name == "sandbox"


def test_what_came_in_and_was_not_taken_in_is(home: Path, server: SendGridServer) -> None:
    """A process may die between keeping a body and reading it."""
    now = datetime.now(UTC)
    with closing(ledger_of(settings(home))) as ledger:
        approved(ledger, "now", send_at=now - timedelta(minutes=1))
        server.moods = lambda _: "accept and hang up"
        tick(served(home, server), ledger)
        body = server.events("delivered", list(server.accepted)[:1], int(now.timestamp()))
        assert events.receive(ledger, body, *SIGNER.sign(body, now), SIGNER.public_key, now)
        assert counted(states(ledger, "now").values()) == {"unknown": 3}
        tick(served(home, server), ledger)
        assert counted(states(ledger, "now").values()) == {"accepted": 3}


def test_sendgrids_lists_are_taken_over_once_a_day(home: Path, server: SendGridServer) -> None:
    """By the app that delivers through it; others have nothing to ask there."""
    server.lists = {"unsubscribes": ["p0@ecole0.test"]}
    with closing(ledger_of(settings(home))) as ledger:
        tick(replace_delivery(served(home, server), "outbox"), ledger)
        approved(ledger, "before", send_at=datetime.now(UTC) + timedelta(days=1))
        assert len(states(ledger, "before")) == 3
        tick(served(home, server), ledger)
        approved(ledger, "after", send_at=datetime.now(UTC) + timedelta(days=1))
        assert len(states(ledger, "after")) == 2
        server.lists = {"unsubscribes": ["p1@ecole1.test"]}
        tick(served(home, server), ledger)
        approved(ledger, "same-day", send_at=datetime.now(UTC) + timedelta(days=1))
        assert len(states(ledger, "same-day")) == 2


def replace_delivery(given: Settings, delivery: str) -> Settings:
    """The same, delivered otherwise."""
    return given.model_copy(update={"delivery": delivery})
