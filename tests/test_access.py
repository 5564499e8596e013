"""Who is asking and what they may see: the pure rules, the gate before the pages, the refusal to start."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send
from tiny import settings

from workbench.access import (
    NotAllowed,
    Request,
    Role,
    is_local,
    may,
    refuse_if_exposed,
    require,
    role_of,
    smallest_cell,
)
from workbench.app import Gate, NotServed, PortTaken, send_at_once, serve, served
from workbench.errors import Exposed
from workbench.text import Words

LOCAL = Request("127.0.0.1", "localhost:8501", ("Host", "User-Agent"))


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:80", "[::1]", "[::1]:8501"])
def test_a_loopback_peer_that_names_a_local_host_is_local(peer: str, host: str) -> None:
    """Every way to write this machine."""
    assert is_local(peer, host, ["Host", "Accept", "Cookie"])


@pytest.mark.parametrize(
    "peer", [None, "", "10.0.0.4", "192.168.1.2", "::2", "localhost", "127.0.0.1, 1.2.3.4", "::ffff:10.0.0.1"]
)
def test_a_peer_that_is_not_surely_loopback_is_not_local(peer: str | None) -> None:
    """An address that is missing, or is no address, counts as foreign."""
    assert not is_local(peer, "localhost", ["Host"])


@pytest.mark.parametrize(
    "host",
    [None, "", "workbench.example", "localhost.example", "localhost:", "localhost:x", "127.0.0.2", "127.0.0.1.evil",
     "[::2]", "::1", "evil@localhost", "localhost localhost", "localhost\n"],
)  # fmt: skip
def test_a_host_that_is_not_exactly_local_is_not_local(host: str | None) -> None:
    """A page of another site whose name was made to point here brings its own name as Host."""
    assert not is_local("127.0.0.1", host, ["Host"])


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-FORWARDED-ANYTHING", "Via", "via"]
)
def test_whatever_was_relayed_is_not_local(header: str) -> None:
    """Through a proxy on this machine everybody has a loopback address."""
    assert not is_local("127.0.0.1", "localhost", ["Host", header])


def test_a_host_sent_twice_is_no_host() -> None:
    """Two names cannot both be right: the request is nobody's."""
    once, twice = [("Host", "localhost")], [("Host", "localhost"), ("host", "evil.example")]
    assert role_of(Request.of("127.0.0.1", once)) is Role.ADMIN
    assert role_of(Request.of("127.0.0.1", twice)) is Role.NOBODY


def test_local_is_the_administrator_only_without_a_login() -> None:
    """Once people can log in, being on the machine is no longer enough."""
    assert role_of(LOCAL) is Role.ADMIN
    assert role_of(LOCAL, login_configured=True) is Role.NOBODY
    assert role_of(Request("10.0.0.4", "localhost", ("Host",))) is Role.NOBODY


def test_each_role_has_the_rights_of_the_one_before_and_more() -> None:
    """viewer: aggregates; analyst: also rows and small cells; community: also people and sending; admin: all."""
    assert not may(Role.NOBODY, "figures")
    assert may(Role.VIEWER, "figures")
    assert not may(Role.VIEWER, "rows")
    assert not may(Role.VIEWER, "small cells")
    assert may(Role.ANALYST, "rows")
    assert not may(Role.ANALYST, "people")
    assert may(Role.COMMUNITY, "send")
    assert not may(Role.COMMUNITY, "administer")
    assert may(Role.ADMIN, "administer")


def test_a_missing_right_is_an_error_with_a_remedy() -> None:
    """Not an empty answer, which would look like a fact."""
    require(Role.ANALYST, "rows")
    with pytest.raises(NotAllowed, match="viewer"):
        require(Role.VIEWER, "rows")


def test_only_viewers_have_a_smallest_cell() -> None:
    """0 folds nothing."""
    assert smallest_cell(Role.VIEWER, 5) == 5
    assert smallest_cell(Role.ANALYST, 5) == 0


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on, so that no test of `serve` can end up serving."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_the_pages_do_not_start_when_others_could_reach_them(tmp_path: Path, taken_port: int) -> None:
    """A public address and no login: refused before anything else is looked at."""
    public = settings(tmp_path, public_url="https://workbench.example")
    with pytest.raises(Exposed, match="WORKBENCH_PUBLIC_URL"):
        serve(public, "127.0.0.1", taken_port)
    refuse_if_exposed(public, login_configured=True)
    refuse_if_exposed(settings(tmp_path))


def test_a_port_in_use_is_said_in_a_line(tmp_path: Path, taken_port: int) -> None:
    """With what to do, before Streamlit is started."""
    with pytest.raises(PortTaken, match="--port"):
        serve(settings(tmp_path), "127.0.0.1", taken_port)


def test_a_connection_sends_at_once_what_is_written(taken_port: int) -> None:
    """A small file does not wait for its headers to be acknowledged; Streamlit's socket, left alone, has it wait."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        delays = []
        for port in (taken_port, listening.getsockname()[1]):
            send_at_once(port)
            with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
                delays.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
    assert delays == [True, False]


def test_a_script_that_was_not_served_by_us_knows_nobody() -> None:
    """`streamlit run workbench/app/frame.py` would come without the gate."""
    with pytest.raises(NotServed):
        served()


class Inside:
    """What stands behind the gate: remembers what came through."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the request and answer 200."""
        self.scopes.append(scope)
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"figures"})


def knock(inside: Inside, headers: dict[str, str], client: str = "127.0.0.1", kind: str = "http") -> list[Message]:
    """What the gate answers to one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "GET", "path": "/", "query_string": b"", "headers": raw, "client": (client, 5000)}
    asyncio.run(Gate(inside, Words("fr"))(scope, receive, send))
    return sent


def test_the_gate_lets_local_requests_through_with_the_peer_under_its_seal() -> None:
    """A peer that the client claims for itself is taken out."""
    inside = Inside()
    answer = knock(inside, {"Host": "localhost:8501", "X-Workbench-Peer": "guess 127.0.0.1"})
    assert answer[0]["status"] == 200
    peers = [value for name, value in inside.scopes[0]["headers"] if name == b"x-workbench-peer"]
    assert len(peers) == 1
    assert peers[0].endswith(b" 127.0.0.1")
    assert not peers[0].startswith(b"guess ")


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "localhost", "X-Forwarded-For": "127.0.0.1"}, {}]
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_gate_gives_nobody_a_plain_page_and_no_connection(headers: dict[str, str], kind: str) -> None:
    """Nothing behind the gate ever hears of them: no page, no file, no stream."""
    inside = Inside()
    answer = knock(inside, headers, kind=kind)
    assert inside.scopes == []
    if kind == "websocket":
        assert answer == [{"type": "websocket.close", "code": 1008}]
    else:
        assert answer[0]["status"] == 403
        assert "ne vous montre rien" in answer[1]["body"].decode()
        assert b"figures" not in answer[1]["body"]


def test_every_answer_carries_the_security_headers() -> None:
    """Whether let in or not: nothing from elsewhere, in no frame, no guessing of types."""
    for headers in ({"Host": "localhost"}, {"Host": "evil.example"}):
        sent = dict(knock(Inside(), headers)[0]["headers"])
        assert b"default-src 'self'" in sent[b"content-security-policy"]
        assert b"frame-ancestors 'none'" in sent[b"content-security-policy"]
        assert sent[b"x-content-type-options"] == b"nosniff"
        assert sent[b"x-frame-options"] == b"DENY"
        assert sent[b"referrer-policy"] == b"same-origin"
