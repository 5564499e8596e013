"""Fetching from Typeform: what is asked, what is believed, and that no response is lost or doubled."""

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import workbench
from ledgers import KEY
from sqlalchemy import func, select
from test_cli import assert_one_line
from typeform_server import TOKEN, FormState, TypeformServer, filled_in, kill, moody, typeform_server, when

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, open_ledger
from workbench.ledger.surveys import ResponsesVanished, forms
from workbench.ledger.tables import Answer, Audit, Response, Sync
from workbench.surveys.typeform import Client, Patience, Synced, forms_to_sync, sync
from workbench.surveys.typeform.client import (
    BodyBroken,
    FormGone,
    HostRefused,
    TokenMissing,
    TokenRefused,
    TypeformBusy,
    TypeformUnreachable,
)
from workbench.surveys.typeform.sync import NoForm

FORM = "n5h3f6CS"
NOON = datetime(2020, 12, 1, 12, tzinfo=UTC)
QUICK = Patience(pause_s=0, connect_s=2, read_s=0.5, tries=6, backoff_s=0)


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.at = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds


@pytest.fixture
def server() -> Iterator[TypeformServer]:
    """Typeform at noon of 1 December 2020."""
    with typeform_server(now=NOON) as running:
        yield running


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Ledger]:
    """A ledger on SQLite, where the kind of database is not the question."""
    with closing(open_ledger(sqlite_url, KEY)) as opened:
        yield opened


def client_of(server: TypeformServer, patience: Patience = QUICK, **given: Any) -> Client:
    """A client that never really waits between requests."""
    return Client(TOKEN, server.url, patience, **({"sleep": Clock().sleep} | given))


def synced(ledger: Ledger, server: TypeformServer, *, full: bool = False) -> Synced:
    """One comparison, at the server's own time."""
    return sync(ledger, client_of(server), FORM, now=server.now, full=full)


def many(count: int, last: datetime = NOON - timedelta(hours=2), apart: timedelta = timedelta(minutes=1)) -> list[Any]:
    """Responses submitted one after the other, the last one at that moment."""
    return [filled_in(number, last - (count - 1 - number) * apart) for number in range(count)]


def kept(ledger: Ledger) -> dict[str, tuple[str, bool]]:
    """Token → kind and whether it is gone, of every response; a doubled token shows as a failure here."""
    with ledger.reading() as session:
        rows = session.execute(select(Response.token, Response.kind, Response.deleted_at)).all()
    assert len({row.token for row in rows}) == len(rows)
    return {row.token: (row.kind.value, row.deleted_at is not None) for row in rows}


def texts(ledger: Ledger) -> dict[str, list[Any]]:
    """Token → its answers, as text, number and boolean in their order."""
    query = (
        select(Response.token, Answer.text, Answer.number, Answer.boolean)
        .join(Answer, Answer.response_id == Response.id)
        .order_by(Response.token, Answer.position)
    )
    found: dict[str, list[Any]] = {}
    with ledger.reading() as session:
        for token, text, number, boolean in session.execute(query):
            found.setdefault(token, []).append(next(value for value in (text, number, boolean) if value is not None))
    return found


def expected(form: FormState) -> dict[str, list[Any]]:
    """What `texts` gives when everything of a form is there, once."""
    return {
        item["token"]: [answer[answer["type"]] for answer in item["answers"]]
        for item in sorted(form.responses, key=lambda item: item["token"])
    }


# ---------------------------------------------------------------------------------------------- what is asked for


def test_a_first_comparison_brings_everything(ledger: Ledger, server: TypeformServer) -> None:
    """Definition, partial and completed responses with their typed answers, on both databases."""
    form = server.add_form(FORM, [*many(3), filled_in(900, None)], title="Entrée", fields=[{"ref": "merci"}])
    outcome = synced(ledger, server)
    assert (outcome.responses, outcome.new, outcome.gone, outcome.refused) == (4, 4, 0, ())
    assert texts(ledger) == expected(form)
    assert sorted(kind for kind, _ in kept(ledger).values()) == ["completed"] * 3 + ["partial"]
    assert [(one.form_id, one.title, one.definition["fields"]) for one in forms(ledger)] == [
        (FORM, "Entrée", [{"ref": "merci"}])
    ]


def test_ten_thousand_responses_take_the_requests_that_their_pages_need(lite: Ledger, server: TypeformServer) -> None:
    """The form, one list of partial responses, and eleven pages: the last is short."""
    form = server.add_form(FORM, many(10_000))
    unhurried = client_of(server, Patience(pause_s=0, read_s=60))  # on a busy machine half a second is soon over
    outcome = sync(lite, unhurried, FORM, now=server.now)
    assert (outcome.responses, outcome.new) == (10_000, 10_000)
    assert len(server.asked) == 1 + 1 + 11
    assert texts(lite) == expected(form)


def test_pages_are_asked_for_by_the_last_token_and_never_sorted(lite: Ledger, server: TypeformServer) -> None:
    """1,000 a page, `before` the last of the page before; partial responses are asked for as well."""
    form = server.add_form(FORM, many(1_500))
    synced(lite, server)
    partial, first, second = server.pages_asked()
    assert partial == {"page_size": "1000", "response_type": "partial"}
    assert first == {"page_size": "1000", "response_type": "completed"}
    assert second == first | {"before": form.responses[500]["token"]}


def test_the_next_comparison_begins_an_hour_before_the_latest(lite: Ledger, server: TypeformServer) -> None:
    """Typeform shows a response up to half an hour late; what is met again is the same, not new."""
    form = server.add_form(FORM, many(100))
    synced(lite, server)
    server.asked.clear()
    form.responses.append(filled_in(500, NOON))
    outcome = synced(lite, server)
    latest = datetime.fromisoformat(form.responses[99]["submitted_at"])
    assert server.pages_asked()[1]["since"] == f"{latest - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"
    assert (outcome.responses, outcome.new, outcome.changed) == (62, 1, 0)
    assert texts(lite) == expected(form)


def test_a_response_that_shows_late_is_not_lost(lite: Ledger, server: TypeformServer) -> None:
    """Submitted before the latest one that was seen, shown half an hour after."""
    form = server.add_form(FORM, many(50, last=NOON))
    form.shown_at[form.responses[25]["token"]] = NOON + timedelta(minutes=5)
    assert synced(lite, server).new == 49
    server.now += timedelta(minutes=30)
    assert synced(lite, server).new == 1
    assert texts(lite) == expected(form)


def test_a_partial_response_becomes_a_completed_one(ledger: Ledger, server: TypeformServer) -> None:
    """The same token, the later state: one response, its answers replaced."""
    form = server.add_form(FORM, [filled_in(1, None)])
    synced(ledger, server)
    form.responses[:] = [filled_in(1, NOON)]
    outcome = synced(ledger, server)
    assert (outcome.new, outcome.changed) == (0, 1)
    assert kept(ledger) == {form.responses[0]["token"]: ("completed", False)}
    assert texts(ledger) == expected(form)


def test_each_definition_that_differs_is_kept(lite: Ledger, server: TypeformServer) -> None:
    """The same one again is not; the one that was fetched last is the one that counts, also when changed back."""
    server.add_form(FORM, [], title="Une")
    assert [synced(lite, server).new, synced(lite, server).new] == [0, 0]
    server.add_form(FORM, [], title="Deux")
    synced(lite, server)
    assert [one.title for one in forms(lite)] == ["Deux"]
    with lite.reading() as session:
        kept_forms = select(func.count()).select_from(Audit).where(Audit.what == "form_kept")
        assert session.scalar(kept_forms) == 2
    server.add_form(FORM, [], title="Une")
    server.now += timedelta(hours=1)
    synced(lite, server)
    assert [one.title for one in forms(lite)] == ["Une"]


def test_a_full_comparison_marks_what_was_deleted(ledger: Ledger, server: TypeformServer) -> None:
    """There are no tombstones: only listing everything shows what is gone. Nothing of it leaves the ledger."""
    form = server.add_form(FORM, [*many(5), filled_in(900, None)])
    synced(ledger, server)
    gone = [form.responses.pop(1)["token"], form.responses.pop()["token"]]
    assert synced(ledger, server).gone == 0
    assert synced(ledger, server, full=True).gone == 2
    assert sorted(token for token, (_, deleted) in kept(ledger).items() if deleted) == sorted(gone)
    assert len(texts(ledger)) == 6
    assert synced(ledger, server, full=True).gone == 0


def test_a_full_comparison_that_was_cut_off_leaves_nothing_out(lite: Ledger, server: TypeformServer) -> None:
    """It had come to responses older than where the next one begins: that one still sees what is new."""
    form = server.add_form(FORM, many(10))
    synced(lite, server)
    long_ago = NOON - timedelta(days=60)
    form.responses[:0] = [filled_in(50_000 + number, long_ago + timedelta(hours=number)) for number in range(1_100)]
    cut_off_at = len(server.asked) + 4
    server.moods = lambda number: "500" if number >= cut_off_at else ""
    with pytest.raises(TypeformUnreachable):
        synced(lite, server, full=True)
    form.responses.append(filled_in(80_000, NOON))
    server.moods = lambda _: ""
    assert synced(lite, server).new == 1
    assert synced(lite, server, full=True).new == 110
    assert texts(lite) == expected(form)


def test_one_that_is_shown_again_is_no_longer_gone(lite: Ledger, server: TypeformServer) -> None:
    """Typeform is the one to know."""
    form = server.add_form(FORM, many(3))
    synced(lite, server)
    away = form.responses.pop(0)
    synced(lite, server, full=True)
    form.responses.insert(0, away)
    synced(lite, server, full=True)
    assert {deleted for _, deleted in kept(lite).values()} == {False}


def test_the_youngest_are_not_gone_because_they_do_not_show_yet(lite: Ledger, server: TypeformServer) -> None:
    """A webhook is faster than the API: within the hour a missing response is on its way."""
    form = server.add_form(FORM, many(3, last=NOON))
    synced(lite, server)
    form.shown_at[form.responses[2]["token"]] = NOON + timedelta(minutes=30)
    assert synced(lite, server, full=True).gone == 0


def test_a_form_that_shows_nothing_at_all_is_not_believed(lite: Ledger, server: TypeformServer) -> None:
    """The wrong account shows nothing, without an error: that must not mark a whole year as deleted."""
    form = server.add_form(FORM, many(20))
    synced(lite, server)
    form.responses.clear()
    with pytest.raises(ResponsesVanished, match="20 are kept here"):
        synced(lite, server, full=True)
    assert {deleted for _, deleted in kept(lite).values()} == {False}


def test_responses_are_asked_for_where_the_form_says_they_are(lite: Ledger, server: TypeformServer) -> None:
    """The wrong region knows the form and answers with no responses."""
    with typeform_server(now=NOON) as other:
        there = other.add_form(FORM, many(7))
        server.add_form(FORM, [], _links={"responses": f"{other.url}/forms/{FORM}/responses"})
        assert synced(lite, server).new == 7
        assert texts(lite) == expected(there)


@pytest.mark.parametrize(
    "host", ["https://typeform.com.evil.example", "https://evil.example", "http://api.typeform.com"]
)
def test_the_token_goes_to_no_stranger(lite: Ledger, server: TypeformServer, host: str) -> None:
    """A form's own word on where its responses are is followed to Typeform only, and never without encryption."""
    server.add_form(FORM, [], _links={"responses": f"{host}/forms/{FORM}/responses"})
    with pytest.raises(HostRefused, match="WORKBENCH_TYPEFORM_URL"):
        synced(lite, server)


def test_all_known_forms_are_compared_where_none_is_named(lite: Ledger, server: TypeformServer) -> None:
    """And where none is known yet, one is asked for."""
    with pytest.raises(NoForm, match="n5h3f6CS"):
        forms_to_sync(lite, None)
    server.add_form(FORM, [])
    synced(lite, server)
    assert forms_to_sync(lite, None) == [FORM]
    assert forms_to_sync(lite, "another") == ["another"]


def test_a_response_deleted_between_two_pages_does_not_end_the_list(lite: Ledger, server: TypeformServer) -> None:
    """The page after a token that is gone is empty: the one before it is asked for instead."""
    form = server.add_form(FORM, many(2_500))
    last_of_first_page = form.responses[1_500]

    def delete_once(number: int) -> None:
        if number == 4:
            form.responses.remove(last_of_first_page)

    server.on_request = delete_once
    synced(lite, server)
    assert set(expected(form)) <= set(kept(lite))


# ------------------------------------------------------------------------------------------------- what is believed


@pytest.mark.parametrize("mood", ["429", "500", "503", "slow", "hang up", "truncated", "broken", "something else"])
def test_a_bad_moment_is_waited_out(lite: Ledger, server: TypeformServer, mood: str) -> None:
    """Whatever goes wrong with each second request, everything arrives, once."""
    form = server.add_form(FORM, many(10))
    server.moods = lambda number: mood if number % 2 else ""
    synced(lite, server)
    assert server.moods_shown[mood] == 3
    assert texts(lite) == expected(form)


@pytest.mark.parametrize(
    ("mood", "fault"),
    [
        ("429", TypeformBusy),
        ("503", TypeformUnreachable),
        ("slow", TypeformUnreachable),
        ("hang up", TypeformUnreachable),
        ("truncated", BodyBroken),
        ("broken", BodyBroken),
        ("something else", BodyBroken),
    ],
)
def test_what_stays_bad_ends_in_one_line(server: TypeformServer, mood: str, fault: type[WorkbenchError]) -> None:
    """After the last try, named after the fact; a broken body is never "no responses"."""
    server.add_form(FORM, [])
    server.moods = lambda _: mood
    patience = Patience(pause_s=0, connect_s=2, read_s=0.2, tries=3, backoff_s=0)
    with pytest.raises(fault) as caught:
        client_of(server, patience).form(FORM)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert len(server.asked) == 3


def test_nobody_at_the_other_end_is_said_in_one_line() -> None:
    """A port where nothing listens."""
    with typeform_server() as closed:
        pass
    with pytest.raises(TypeformUnreachable, match=r"127\.0\.0\.1 does not answer"):
        client_of(closed).form(FORM)


def test_a_wrong_or_missing_token_is_said_once(server: TypeformServer) -> None:
    """Asking again would not help."""
    with pytest.raises(TokenMissing, match="WORKBENCH_TYPEFORM_TOKEN"):
        Client(None, server.url)
    with pytest.raises(TokenRefused, match="WORKBENCH_TYPEFORM_TOKEN"):
        Client("tfp_wrong", server.url, QUICK).form(FORM)
    assert len(server.asked) == 1


@pytest.mark.parametrize("form_id", ["vanished", "../me", "a/b", "", "x?y"])
def test_a_form_that_is_not_there_is_said_in_one_line(server: TypeformServer, form_id: str) -> None:
    """Vanished, or no form's name at all: nothing but /forms/<id> is ever asked for."""
    with pytest.raises(FormGone) as caught:
        client_of(server).form(form_id)
    assert "\n" not in str(caught.value)
    assert {path for path, _ in server.asked} <= {"/forms/vanished"}


def test_requests_keep_to_two_a_second(server: TypeformServer) -> None:
    """The server would answer a third within a second with 429."""
    time = Clock()
    server.clock = time
    server.add_form(FORM, many(10))
    client = client_of(server, Patience(), sleep=time.sleep, clock=time)
    for _ in range(6):
        client.form(FORM)
    assert server.moods_shown["429"] == 0
    assert time.waits == [0.5] * 5


def test_a_pause_that_typeform_asks_for_is_kept(server: TypeformServer) -> None:
    """`Retry-After: 1` is one second, whatever our own back-off would be."""
    time = Clock()
    server.add_form(FORM, [])
    server.moods = lambda number: "429" if number == 1 else ""
    client_of(server, sleep=time.sleep, clock=time).form(FORM)
    assert time.waits == [1]


def test_a_pause_of_an_hour_ends_the_run(server: TypeformServer) -> None:
    """Nobody sits and watches a run for an hour: it says so, and goes on the next time."""
    time = Clock()
    server.moods = lambda _: "long pause"
    with pytest.raises(TypeformBusy, match="3600 seconds"):
        client_of(server, sleep=time.sleep, clock=time).form(FORM)
    assert (time.waits, len(server.asked)) == ([], 1)


def test_no_proxy_and_no_netrc_come_between(
    server: TypeformServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment of a machine must not see the token, nor put another in its place."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    server.add_form(FORM, [])
    assert client_of(server).form(FORM)["id"] == FORM


def test_an_answer_too_long_is_set_aside_and_named(lite: Ledger, server: TypeformServer) -> None:
    """One visitor's five megabytes must not keep everybody else's answers away."""
    form = server.add_form(FORM, many(3))
    form.responses[1]["answers"][0]["text"] = "x" * 5_000_000
    outcome = synced(lite, server)
    assert outcome.new == 2
    assert [reason.split(" in ")[0] for reason in outcome.refused] == ["the answer to merci"]
    assert "5,000,000 characters" in outcome.refused[0]


# -------------------------------------------------------------------------------------------------- whatever happens

CHILD = """
import sys
from datetime import datetime
from workbench.errors import WorkbenchError
from workbench.ledger import open_ledger
from workbench.surveys.typeform import Client, Patience, sync
url, address, token, form, now = sys.argv[1:]
patience = Patience(pause_s=0, connect_s=2, read_s=0.5, tries=4, backoff_s=0)
client = Client(token, address, patience, sleep=lambda seconds: None)
try:
    sync(open_ledger(url, b"a key for tests"), client, form, now=datetime.fromisoformat(now))
except WorkbenchError as error:
    sys.exit(str(error))
"""


def run_in_a_process(url: str, server: TypeformServer, killed_at: int | None) -> int:
    """A comparison in a process of its own, killed at its n-th request; gives the exit code."""
    command = [sys.executable, "-c", CHILD, url, server.url, TOKEN, FORM, server.now.isoformat()]
    first = len(server.asked)
    with server.lock:  # no request is served before it is known whom to kill
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        on_request = server.on_request

        def serve(number: int) -> None:
            on_request(number)
            if killed_at is not None and number == first + killed_at:
                kill(child.pid)

        server.on_request = serve
    code = child.wait(timeout=120)
    server.on_request = on_request
    return code


def arrivals(form: FormState, server: TypeformServer, chance: random.Random) -> Callable[[int], None]:
    """People who hand in while the pages are read, some of them shown late, and one who deletes."""

    def happen(number: int) -> None:
        server.now += timedelta(seconds=5)
        if chance.random() < 0.5:
            new = filled_in(50_000 + number, server.now)
            form.responses.append(new)
            if chance.random() < 0.4:
                form.shown_at[new["token"]] = server.now + timedelta(minutes=chance.randrange(30))

    return happen


def survive(url: str, seed: int, count: int = 10_000) -> None:
    """Moods, late arrivals and kills over a form of 10,000 responses; in the end everything is there, once."""
    chance = random.Random(seed)
    with typeform_server(now=NOON, moods=moody(seed, 0.25)) as server:
        form = server.add_form(FORM, many(count, last=NOON, apart=timedelta(seconds=chance.choice([0, 1, 20]))))
        for item in chance.sample(form.responses[-200:], 20):
            form.shown_at[item["token"]] = when(item) + timedelta(minutes=chance.randrange(31))
        server.on_request = arrivals(form, server, chance)
        codes = [run_in_a_process(url, server, killed_at=chance.randrange(3, 12)) for _ in range(2)]
        assert codes.count(-signal.SIGKILL) >= 1, codes
        with closing(open_ledger(url, KEY)) as ledger:
            before = len(server.asked)
            keep_trying(ledger, server)
            assert len(server.asked) - before < 8 * 40
            server.on_request, server.moods = (lambda _: None), (lambda _: "")
            server.now += timedelta(hours=1)
            synced(ledger, server)
            assert texts(ledger) == expected(form)
            assert len(kept(ledger)) == len(form.responses)


def keep_trying(ledger: Ledger, server: TypeformServer) -> None:
    """Run until a comparison comes to its end, eight times at most."""
    for _ in range(8):
        with suppress(BodyBroken, TypeformBusy, TypeformUnreachable):
            synced(ledger, server)
            return
    pytest.fail("no comparison came to its end")


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 30))])
def test_nothing_is_lost_or_doubled(request: pytest.FixtureRequest, seed: int) -> None:
    """429, timeouts, cut-off bodies, late arrivals and kills: each day in a file, in the soak on PostgreSQL too."""
    survive(request.getfixturevalue("postgresql_url" if seed % 2 else "sqlite_url"), seed)


def test_a_killed_comparison_goes_on_where_it_was(sqlite_url: str, server: TypeformServer) -> None:
    """Pages that were kept are not fetched again; then comes what was handed in meanwhile."""
    form = server.add_form(FORM, many(6_000))
    assert run_in_a_process(sqlite_url, server, killed_at=7) == -signal.SIGKILL
    form.responses.append(filled_in(9_999, NOON))
    server.asked.clear()
    server.now += timedelta(hours=2)
    assert run_in_a_process(sqlite_url, server, None) == 0
    listed = [params for params in server.pages_asked() if params["response_type"] == "completed"]
    fourth_page = form.responses[2_000]["submitted_at"].removesuffix("Z")
    assert listed[0] == {"page_size": "1000", "response_type": "completed", "until": fourth_page}
    assert [params.get("since") for params in listed[:3]] == [None, None, None]
    assert len(listed) == 4
    with closing(open_ledger(sqlite_url, KEY)) as opened:
        assert texts(opened) == expected(form)
        with opened.reading() as session:
            assert [one.finished_at is None for one in session.scalars(select(Sync))] == [False, False]


# ----------------------------------------------------------------------------------------------------- command line


def run(home: Path, server: TypeformServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`workbench survey …` against the server."""
    env = {"WORKBENCH_TYPEFORM_URL": server.url, "WORKBENCH_TYPEFORM_TOKEN": TOKEN}
    return workbench(home, "survey", *arguments, **env)


def test_the_command_fetches_a_form_and_says_what_came(tmp_path: Path, server: TypeformServer) -> None:
    """A table for people, one object for scripts; the second run finds nothing new."""
    server.add_form(FORM, many(3))
    first = run(tmp_path, server, "sync", FORM)
    assert first.returncode == 0, first.stderr
    assert [line.split() for line in first.stdout.splitlines()] == [
        ["form", "responses", "new", "changed", "gone", "unknown"],
        [FORM, "3", "3", "0", "0", "0"],
    ]
    again = json.loads(run(tmp_path, server, "sync", "--full", "--json").stdout)
    assert [(one["form"], one["responses"], one["new"], one["gone"]) for one in again["forms"]] == [(FORM, 3, 0, 0)]


def test_a_vanished_form_is_one_line(tmp_path: Path, server: TypeformServer) -> None:
    """What, and what to do; no traceback."""
    assert_one_line(run(tmp_path, server, "sync", "vanished", "--json"), 1, "no form vanished", "check its id")
