"""A courrier goes out once to each, whatever the other side does and whenever the sender dies."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator
from sendgrid_server import KEY, SLOW_S, SendGridServer, sendgrid_server
from sending_desk import NOW, SENDER, SOURCE, TERMS, TODAY, Clock, add_people, approved, counted, sent, states
from sqlalchemy import text

from workbench.ledger import Ledger, open_ledger
from workbench.ledger.courriers import (
    CourrierAltered,
    CourrierKept,
    CourrierSettled,
    NobodyChosen,
    batches,
    courrier,
    restart,
    set_courrier,
    stop,
    unapprove,
)
from workbench.ledger.deliveries import deliveries, release, settle_unknown
from workbench.ledger.mail_events import Event, hear, lift, suppress
from workbench.ledger.people import PersonState, set_consent, set_people
from workbench.ledger.states import BatchOutcome, CourrierState, DeliveryState, Purpose, SuppressionKind, WebhookKind
from workbench.ledger.surveys import receive_body
from workbench.surveys.courrier import NotConfirmed, NotReady, approve_courrier, send_test
from workbench.surveys.mail import compile_letter, read_letter
from workbench.surveys.outbox import Outbox
from workbench.surveys.parcels import Message, Parcel
from workbench.surveys.sendgrid import ExampleAddress, KeyMissing, SendGrid, SendGridRefused, suppressed
from workbench.surveys.sending import AlreadySending, NotApproved, SendingHalted, Sent
from workbench.text import Words

Json = dict[str, Any]


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    """An imitation of SendGrid."""
    with sendgrid_server() as running:
        yield running


@pytest.fixture
def carrier(server: SendGridServer) -> SendGrid:
    """The way to it, patient with a busy machine."""
    return SendGrid(KEY, server.url, is_sandbox=False, is_sample=False)


@pytest.fixture
def hasty(server: SendGridServer) -> SendGrid:
    """One that gives up before a slow answer comes."""
    return SendGrid(KEY, server.url, is_sandbox=False, is_sample=False, timeout_s=SLOW_S / 3)


# ------------------------------------------------------------------------------------------------------ what is asked


def test_everybody_gets_a_message_of_their_own_in_as_few_requests_as_there_can_be(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """At most 1,000 in a request, each recipient alone in a personalization, what is personal in nobody else's."""
    add_people(ledger, 1100)
    approved(ledger)
    done = sent(ledger, carrier)
    assert (done, server.asked) == (Sent(accepted=1100), 2)
    assert set(states(ledger).values()) == {DeliveryState.ACCEPTED}
    assert set(server.accepted.values()) == {1}
    assert all(len(seen) == 1 for seen in server.to.values())
    for body in server.bodies:
        for one in body["personalizations"]:
            number = one["to"][0]["email"].partition("@")[0].removeprefix("p")
            said = json.dumps(one["substitutions"], ensure_ascii=False)
            assert f"Prénom{number}" in said
            assert said.count("Prénom") == said.count(f"Prénom{number}")
            assert one["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        shared = json.dumps({name: part for name, part in body.items() if name != "personalizations"})
        assert "Prénom" not in shared
        assert "ecole" not in shared
    assert courrier(ledger, "2020-12").state is CourrierState.SENT


def test_nobody_is_tracked_who_did_not_agree(ledger: Ledger, server: SendGridServer, carrier: SendGrid) -> None:
    """Opens and clicks are told of those only who agreed to it: they are asked for apart."""
    people = add_people(ledger, 6)
    for person in people[:2]:
        set_consent(ledger, person, Purpose.OPENS, True, "test", who="test", now=NOW)
    set_consent(ledger, people[1], Purpose.OPENS, False, "test", who="test", now=NOW + timedelta(minutes=1))
    approved(ledger)
    sent(ledger, carrier)
    tracked = {
        one["to"][0]["email"]: (
            body["tracking_settings"]["open_tracking"]["enable"],
            body["tracking_settings"]["click_tracking"]["enable"],
        )
        for body in server.bodies
        for one in body["personalizations"]
    }
    assert [address for address, told in tracked.items() if any(told)] == ["p0@ecole0.test"]
    assert len(tracked) == 6


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["courrier", "tracked", "digest"])
def test_every_body_is_one_that_sendgrids_own_description_allows(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid, shared: Path, kind: str
) -> None:
    """What is asked for validates against the API description that SendGrid publishes."""
    people = add_people(ledger, 3)
    if kind == "tracked":
        set_consent(ledger, people[0], Purpose.OPENS, True, "test", who="test", now=NOW)
    approved(ledger)
    if kind == "digest":
        carrier.carry(replace(_parcel(), images={"chart": b"\x89PNG"}))
    else:
        sent(ledger, carrier)
    schema = _mail_send_schema(shared)
    assert server.bodies
    for body in server.bodies:
        assert [error.message for error in schema.iter_errors(body)] == []
    broken = {**server.bodies[0], "personalizations": [{"to": "everybody"}]}
    assert not schema.is_valid(broken)


def _parcel() -> Parcel:
    content = compile_letter(read_letter(SOURCE), Words("fr"), SENDER)
    return Parcel("digest", content, SENDER, [Message("team@klassroom.test", "x", {}, None)])


def _mail_send_schema(shared: Path) -> Draft202012Validator:
    described = json.loads((shared / "contracts" / "sendgrid" / "tsg_mail_v3.json").read_text(encoding="utf-8"))
    body = described["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]["schema"]
    whole = {**body, "components": described["components"]}
    return Draft202012Validator(whole)


# ------------------------------------------------------------------------------------------------------ what is refused


def test_a_bad_address_in_a_thousand_is_found_and_the_others_get_it(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """One address that is wrong has a whole request refused: it is looked for by halves, in some twenty requests."""
    add_people(ledger, 1000)
    server.bad = {"p700@ecole21.test"}
    approved(ledger)
    done = sent(ledger, carrier)
    assert done == Sent(accepted=999, refused=1)
    assert server.asked <= 22
    assert [address for address, state in states(ledger).items() if state is DeliveryState.REFUSED] == list(server.bad)
    assert set(server.accepted.values()) == {1}
    said = [one.said or "" for one in batches(ledger, courrier(ledger, "2020-12").id)]
    assert not any("@" in words for words in said)


def test_a_message_that_is_wrong_for_everybody_halts_and_loses_nobody(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """Three single messages refused and none accepted are no bad addresses: sending ends, and the rest waits."""
    add_people(ledger, 40)
    approved(ledger)
    server.bad = {f"p{n}@ecole{n % 97}.test" for n in range(40)}
    with pytest.raises(SendingHalted, match="37 messages wait"):
        sent(ledger, carrier)
    assert counted(states(ledger).values()) == {"queued": 37, "refused": 3}


def test_a_wrong_key_is_said_and_is_nowhere_to_be_read(
    ledger: Ledger, server: SendGridServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing went out, everybody waits; the key is in no error and in no log, not even at level DEBUG."""
    caplog.set_level(logging.DEBUG)
    add_people(ledger, 3)
    approved(ledger)
    wrong = SendGrid("SG.another-key", server.url, is_sandbox=False, is_sample=False)
    with pytest.raises(SendingHalted, match="401") as halted:
        sent(ledger, wrong)
    assert counted(states(ledger).values()) == {"queued": 3}
    said = [caplog.text, str(halted.value), repr(wrong), repr(batches(ledger, courrier(ledger, "2020-12").id))]
    assert not any("SG.another-key" in words for words in said)


def test_no_server_at_all_leaves_everybody_waiting(ledger: Ledger) -> None:
    """A connection that was refused was never sent anything: nothing is unknown."""
    add_people(ledger, 3)
    approved(ledger)
    nowhere = SendGrid(KEY, "http://127.0.0.1:9", is_sandbox=False, is_sample=False)
    with pytest.raises(SendingHalted, match="3 messages wait"):
        sent(ledger, nowhere)
    assert counted(states(ledger).values()) == {"queued": 3}


def test_a_busy_server_is_waited_for_as_it_asks(ledger: Ledger, server: SendGridServer, carrier: SendGrid) -> None:
    """429 is no failure: the same messages are asked for again after the pause that was named."""
    add_people(ledger, 5)
    approved(ledger)
    server.moods = lambda number: "429" if number < 3 else ""
    clock = Clock()
    assert sent(ledger, carrier, clock=clock) == Sent(accepted=5)
    assert len(clock.waited_s) == 3
    assert set(server.accepted.values()) == {1}


def test_nothing_invented_goes_to_the_world(ledger: Ledger, server: SendGridServer, carrier: SendGrid) -> None:
    """SendGrid is never given an address in .example, nor anything of the sample's HOME; the sandbox takes them."""
    set_people(ledger, [PersonState("Léa", "lea@ecole.example")], who="test", now=NOW)
    approved(ledger)
    sample = SendGrid(KEY, server.url, is_sandbox=False, is_sample=True)
    for refusing in (carrier, sample):
        with pytest.raises(ExampleAddress):
            sent(ledger, refusing)
    assert server.asked == 0
    sandbox = SendGrid(KEY, server.url, is_sandbox=True, is_sample=True)
    assert sent(ledger, sandbox) == Sent(accepted=1)
    assert server.bodies[0]["mail_settings"]["sandbox_mode"]["enable"] is True
    with pytest.raises(KeyMissing):
        SendGrid(None, server.url, is_sandbox=False, is_sample=False)


# ------------------------------------------------------------------------------------------------ what nobody knows


@pytest.mark.parametrize(
    "mood", ["500", "hang up", "slow", "accept and hang up", "accept and 500", "accept slowly", "broken"]
)
def test_what_was_not_answered_is_unknown_and_never_sent_again_by_itself(
    ledger: Ledger, server: SendGridServer, hasty: SendGrid, mood: str
) -> None:
    """Nobody knows whether it was accepted: running again asks for none of it."""
    add_people(ledger, 5)
    approved(ledger)
    server.moods = lambda number: mood if number == 0 else ""
    assert sent(ledger, hasty) == Sent(unknown=5)
    assert counted(states(ledger).values()) == {"unknown": 5}
    assert sent(ledger, hasty) == Sent()
    assert server.asked == 1


def test_a_server_that_answers_nothing_is_left_alone(ledger: Ledger, server: SendGridServer, carrier: SendGrid) -> None:
    """After two requests in a row without an answer the rest waits: it is better off than unknown."""
    add_people(ledger, 2200)
    approved(ledger)
    server.moods = lambda _: "hang up"
    with pytest.raises(SendingHalted, match="200 messages wait"):
        sent(ledger, carrier)
    assert counted(states(ledger).values()) == {"queued": 200, "unknown": 2000}


def test_one_event_of_anybody_proves_that_the_whole_batch_was_accepted(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """A batch is accepted whole or not at all: what is heard of one is true of all."""
    add_people(ledger, 5)
    approved(ledger)
    server.moods = lambda _: "accept and hang up"
    sent(ledger, carrier)
    hear(ledger, [Event("e1", next(iter(server.accepted)), "processed", NOW)], who="test", now=NOW)
    assert counted(states(ledger).values()) == {"accepted": 5}
    assert sent(ledger, carrier) == Sent()


def test_silence_of_72_hours_means_not_accepted_only_while_the_webhook_works(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """Not before, and not where nothing was heard of anything; then a person may release it, and it goes out once."""
    add_people(ledger, 5)
    approved(ledger)
    server.moods = lambda number: "hang up" if number == 0 else ""
    sent(ledger, carrier)
    late = NOW + timedelta(hours=72)
    assert settle_unknown(ledger, who="test", now=late) == 0
    receive_body(ledger, WebhookKind.SENDGRID, b"[]", now=NOW + timedelta(hours=1))
    assert settle_unknown(ledger, who="test", now=late - timedelta(seconds=1)) == 0
    assert settle_unknown(ledger, who="test", now=late) == 5
    assert counted(states(ledger).values()) == {"not_accepted": 5}
    clock = Clock(late)
    assert sent(ledger, carrier, clock=clock, released=True) == Sent()
    assert release(ledger, courrier(ledger, "2020-12").id, who="diane", now=late) == 5
    assert sent(ledger, carrier, clock=clock) == Sent()
    assert sent(ledger, carrier, clock=clock, released=True) == Sent(accepted=5)
    assert set(server.accepted.values()) == {1}


def test_what_a_dead_sender_left_open_is_unknown(ledger: Ledger, carrier: SendGrid) -> None:
    """Its rows were claimed before it asked: whoever comes next does not ask again. Files are written again."""
    add_people(ledger, 3)
    approved(ledger)
    _die_while_sending(ledger, carrier)
    assert counted(states(ledger).values()) == {"claimed": 3}
    assert sent(ledger, carrier) == Sent()
    assert counted(states(ledger).values()) == {"unknown": 3}


def test_an_outbox_that_was_being_written_is_written_again(ledger: Ledger, tmp_path: Path) -> None:
    """A file written twice is one file: nothing there is unknown."""
    add_people(ledger, 3)
    approved(ledger)
    outbox = Outbox(tmp_path)
    _die_while_sending(ledger, outbox)
    assert sent(ledger, outbox) == Sent(accepted=3)
    assert len(list(tmp_path.glob("2020-12/*.eml"))) == 3


class _Died(BaseException):
    """What ends a sender at once."""


def _die_while_sending(ledger: Ledger, carrier: Any) -> None:
    class Dying:
        name, is_repeatable, refuse = carrier.name, carrier.is_repeatable, carrier.refuse

        def carry(self, _: object) -> Any:
            raise _Died

    with pytest.raises(_Died):
        sent(ledger, Dying())


# ---------------------------------------------------------------------------------------------- while it is being sent


def test_an_opt_out_in_the_middle_of_a_send_holds_from_the_next_batch(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """What stands against a message is asked again when its turn comes: consent, suppression, an address taken away."""
    people = add_people(ledger, 1100)
    approved(ledger)

    def opt_out(number: int) -> None:
        if number == 0:
            set_consent(ledger, people[1050], Purpose.COURRIER, False, "one click", who="reader", now=NOW)
            suppress(ledger, [("p1060@ecole90.test", SuppressionKind.BOUNCE)], "event", who="test", now=NOW)

    server.on_request = opt_out
    assert sent(ledger, carrier) == Sent(accepted=1098, withheld=2)
    held = {one.address: one.reason for one in deliveries(ledger, courrier(ledger, "2020-12").id) if one.reason}
    assert held == {"p1050@ecole80.test": "refused", "p1060@ecole90.test": "suppressed"}
    assert len(server.accepted) == 1098


def test_it_can_be_stopped_until_the_last_batch(ledger: Ledger, server: SendGridServer, carrier: SendGrid) -> None:
    """A stop holds from the next batch; resuming sends only to those who are missing."""
    add_people(ledger, 1100)
    approved(ledger)
    server.on_request = lambda number: stop(ledger, "2020-12", who="diane", now=NOW) if number == 0 else None
    assert sent(ledger, carrier) == Sent(accepted=1000, waiting=100)
    with pytest.raises(NotApproved, match="stopped"):
        sent(ledger, carrier)
    restart(ledger, "2020-12", who="diane", now=NOW)
    assert sent(ledger, carrier) == Sent(accepted=100)
    assert set(server.accepted.values()) == {1}
    assert len(server.accepted) == 1100


def test_of_two_senders_one_sends_and_the_other_says_so(
    ledger: Ledger, ledger_url: str, server: SendGridServer, carrier: SendGrid
) -> None:
    """A courrier has one sender at a time, whatever machine it is on; the lock goes with its holder."""
    add_people(ledger, 3)
    approved(ledger)
    other = open_ledger(ledger_url, b"a key for tests")
    said: list[str] = []

    def try_too(_: int) -> None:
        with pytest.raises(AlreadySending) as refused:
            sent(other, carrier)
        said.append(str(refused.value))

    server.on_request = try_too
    assert sent(ledger, carrier) == Sent(accepted=3)
    assert said
    assert "being sent already" in said[0]
    assert sent(other, carrier) == Sent()
    other.close()


def test_nothing_goes_out_before_its_time(ledger: Ledger, carrier: SendGrid) -> None:
    """A courrier for later waits, whoever tries."""
    add_people(ledger, 3)
    approved(ledger, send_at=NOW + timedelta(hours=2))
    with pytest.raises(NotApproved, match="11:00 UTC"):
        sent(ledger, carrier)
    assert sent(ledger, carrier, clock=Clock(NOW + timedelta(hours=2))) == Sent(accepted=3)


def test_progress_is_told_after_each_batch(ledger: Ledger, carrier: SendGrid) -> None:
    """Whoever watches sees how many are through and how many wait."""
    add_people(ledger, 1100)
    approved(ledger)
    seen: list[Sent] = []
    sent(ledger, carrier, told=seen.append)
    assert seen == [Sent(accepted=1000, waiting=100), Sent(accepted=1100)]


# ---------------------------------------------------------------------------------------------------------- approval


def test_who_wrote_it_approves_it_only_with_a_second_look(ledger: Ledger) -> None:
    """Somebody else may approve; the author has to say that they looked twice."""
    add_people(ledger, 1)
    set_courrier(ledger, CourrierKept("2020-12", SOURCE), who="diane", now=NOW)
    kept = courrier(ledger, "2020-12")
    given: Json = {"confirmed": False, "today": TODAY, "now": NOW}
    with pytest.raises(NotConfirmed):
        approve_courrier(ledger, kept, TERMS, SENDER, None, who="diane", **given)
    done = approve_courrier(ledger, kept, TERMS, SENDER, None, who="patrick", **given)
    assert (done.recipients, done.hash) == (1, courrier(ledger, "2020-12").frozen_hash)


def test_a_letter_with_a_fault_is_not_approved(ledger: Ledger) -> None:
    """The first fault is said; nothing is frozen."""
    add_people(ledger, 1)
    set_courrier(ledger, CourrierKept("2020-12", SOURCE + "\n{{ nickname }}\n"), who="diane", now=NOW)
    with pytest.raises(NotReady, match="nickname"):
        approve_courrier(
            ledger, courrier(ledger, "2020-12"), TERMS, SENDER, None, confirmed=True, today=TODAY, who="d", now=NOW
        )
    assert courrier(ledger, "2020-12").state is CourrierState.DRAFT


def test_a_letter_for_nobody_is_not_approved(ledger: Ledger) -> None:
    """There must be somebody to get it."""
    set_courrier(ledger, CourrierKept("2020-12", SOURCE), who="diane", now=NOW)
    with pytest.raises(NobodyChosen):
        approve_courrier(
            ledger, courrier(ledger, "2020-12"), TERMS, SENDER, None, confirmed=True, today=TODAY, who="d", now=NOW
        )


def test_what_was_approved_is_not_changed_any_more(ledger: Ledger, carrier: SendGrid, server: SendGridServer) -> None:
    """Not through the desk, and not behind its back: what goes out is what was approved, or nothing."""
    add_people(ledger, 3)
    approved(ledger)
    kept = courrier(ledger, "2020-12")
    with pytest.raises(CourrierSettled):
        set_courrier(ledger, replace(kept, source="---\nsubject: Autre\n---\nAutre"), who="diane", now=NOW)
    with ledger.writing("somebody", NOW) as work:
        altered = json.dumps({**(kept.frozen or {}), "recipients": []})
        work.execute(text("update courriers set frozen = :altered"), {"altered": altered})
    with pytest.raises(CourrierAltered):
        sent(ledger, carrier)
    assert server.asked == 0


def test_an_approval_is_taken_back_until_something_went_out(ledger: Ledger, carrier: SendGrid) -> None:
    """Before, it is a draft again with nobody on its list; after, never."""
    add_people(ledger, 3)
    approved(ledger)
    unapprove(ledger, courrier(ledger, "2020-12"), who="diane", now=NOW)
    kept = courrier(ledger, "2020-12")
    assert (kept.state, kept.frozen, dict(kept.counts)) == (CourrierState.DRAFT, None, {})
    approve_courrier(ledger, kept, TERMS, SENDER, None, confirmed=True, today=TODAY, who="diane", now=NOW)
    sent(ledger, carrier)
    with pytest.raises(CourrierSettled):
        unapprove(ledger, courrier(ledger, "2020-12"), who="diane", now=NOW)


def test_a_test_goes_to_oneself_and_leaves_everybody_out(
    ledger: Ledger, carrier: SendGrid, server: SendGridServer
) -> None:
    """As one person would get it, without their way out; nobody's message counts as sent."""
    people = add_people(ledger, 2)
    set_courrier(ledger, CourrierKept("2020-12", SOURCE), who="diane", now=NOW)
    kept = courrier(ledger, "2020-12")
    send_test(ledger, carrier, kept, "Diane@Klassroom.test", people[1], TERMS, SENDER, who="diane", now=NOW)
    [body] = server.bodies
    [one] = body["personalizations"]
    assert one["to"] == [{"email": "diane@klassroom.test"}]
    assert any(value.strip() == "Prénom1" for value in one["substitutions"].values())
    assert "headers" not in one
    assert states(ledger) == {}


# ------------------------------------------------------------------------------------------------------------ outbox


def test_the_outbox_holds_each_message_as_it_would_arrive(ledger: Ledger, tmp_path: Path) -> None:
    """Text and HTML, one recipient, a way out in one click; the same as a page that opens by itself."""
    add_people(ledger, 2)
    approved(ledger)
    sent(ledger, Outbox(tmp_path))
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in tmp_path.glob("2020-12/*.eml")]
    assert sorted(mail["To"] for mail in mails) == ["p0@ecole0.test", "p1@ecole1.test"]
    for mail in mails:
        number = mail["To"][1]
        plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None
        assert html is not None
        for part in (plain.get_content(), html.get_content()):
            assert f"Prénom{number}" in part
            assert "%k" not in part
        assert mail["Subject"] == "Le courrier de décembre"
        assert mail["From"] == SENDER
        assert mail["List-Unsubscribe"].startswith("<https://w.klassroom.test/letters/leave/")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(list(tmp_path.glob("2020-12/*.html"))) == 2


# ------------------------------------------------------------------------------------------------------- suppressions


def test_sendgrids_lists_are_taken_over(ledger: Ledger, server: SendGridServer) -> None:
    """All of their pages; an address on one gets nothing until somebody lifts that."""
    server.lists = {"bounces": [f"b{n}@x.test" for n in range(501)], "unsubscribes": ["P0@ecole0.test"]}
    found = set(suppressed(KEY, server.url))
    assert suppress(ledger, found, "sendgrid", who="test", now=NOW) == 502
    assert suppress(ledger, found, "sendgrid", who="test", now=NOW) == 0
    add_people(ledger, 1)
    with pytest.raises(NobodyChosen):
        approved(ledger)
    assert lift(ledger, "p0@ecole0.test", who="diane", now=NOW) == 1
    approved(ledger, "2020-12b")
    assert counted(states(ledger, "2020-12b").values()) == {"queued": 1}


def test_lists_that_cannot_be_had_are_said_in_one_line() -> None:
    """Nobody is there: what to do is said."""
    with pytest.raises(SendGridRefused, match="does not answer"):
        list(suppressed(KEY, "http://127.0.0.1:9"))


def test_every_request_is_written_down_with_what_became_of_it(
    ledger: Ledger, server: SendGridServer, carrier: SendGrid
) -> None:
    """Who looks for a message later finds its request."""
    add_people(ledger, 3)
    approved(ledger)
    server.moods = lambda number: "429" if number == 0 else ""
    sent(ledger, carrier)
    outcomes = [(one.outcome, one.size) for one in batches(ledger, courrier(ledger, "2020-12").id)]
    assert outcomes == [(BatchOutcome.RETURNED, 3), (BatchOutcome.ACCEPTED, 3)]
