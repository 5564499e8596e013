"""An imitation of SendGrid's API on 127.0.0.1: what it accepts, refuses and forgets to answer, bounded in number.

`accepted` is what SendGrid would deliver: by the name we gave each message, how often. A request is accepted whole or
not at all; one address that is wrong has all of it refused. `moods` decides what happens to each request on top.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]

KEY = "SG.a-key-for-tests"
MOST_REQUESTS = 3_000
"""A client that asks more often than this has lost its way: it gets nothing but 403."""

SLOW_S = 1.0
"""How long a slow answer takes: longer than the clients of the tests wait."""

FAULTS = ("429", "500", "503", "hang up", "accept and hang up", "accept and 500", "slow", "accept slowly", "broken")


def moody(seed: int, share: float) -> Callable[[int], str]:
    """Another fault for a share of the requests, the same ones for the same seed."""
    chance = random.Random(seed)
    return lambda _: chance.choice(FAULTS) if chance.random() < share else ""


@dataclass
class SendGridServer:
    """What the server knows; tests change it as they go."""

    moods: Callable[[int], str] = lambda _: ""
    bad: set[str] = field(default_factory=set)
    """Addresses that have a request refused."""
    url: str = ""
    accepted: Counter[str] = field(default_factory=Counter)
    to: dict[str, list[str]] = field(default_factory=dict)
    """Who was shown to whom: the addresses of each message by its name."""
    bodies: list[Json] = field(default_factory=list)
    asked: int = 0
    lists: dict[str, list[str]] = field(default_factory=dict)
    """SendGrid's lists of suppressions by name, and the addresses on them."""
    lists_status: int = 200
    on_request: Callable[[int], None] = lambda _: None
    keep_bodies: bool = True
    lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)

    def send(self, body: Json) -> tuple[int, Json, dict[str, str]]:
        """Status, body and headers of a request that meets no fault."""
        personalizations = body["personalizations"]
        addresses = [one["email"] for each in personalizations for one in each["to"]]
        if len(personalizations) > 1000 or len(addresses) > 1000:
            return 400, failure("The personalizations field is limited to 1000", "personalizations"), {}
        if len(set(addresses)) < len(addresses):
            return 400, failure("Each email address should be unique", "personalizations"), {}
        if wrong := [place for place, address in enumerate(addresses) if address in self.bad]:
            said = f"Does not contain a valid address: {addresses[wrong[0]]}"
            return 400, failure(said, f"personalizations.{wrong[0]}.to.0.email"), {}
        if body["mail_settings"]["sandbox_mode"]["enable"]:
            return 200, {}, {}
        with self.lock:
            for each in personalizations:
                self.accepted[each["custom_args"]["delivery"]] += 1
                self.to[each["custom_args"]["delivery"]] = [one["email"] for one in each["to"]]
        return 202, {}, {}

    def events(self, kind: str, opaque: list[str], at: int = 1_607_000_000, **more: Any) -> bytes:
        """A body of the event webhook that tells the same of many messages."""
        return json.dumps(
            [
                {
                    "event": kind, "delivery": one, "timestamp": at, "email": self.to.get(one, ["?"])[0],
                    "sg_event_id": f"{kind}-{at}-{one}", **more,
                }
                for one in opaque
            ]
        ).encode()  # fmt: skip


def failure(message: str, about: str | None) -> Json:
    """An error as SendGrid writes it."""
    return {"errors": [{"message": message, "field": about, "help": None}]}


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """`POST /v3/mail/send`."""
        state = self.server.state
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        with state.lock:
            number = state.asked
            state.asked += 1
        state.on_request(number)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self.reply(401, failure("The provided authorization grant is invalid", None))
        elif self.path != "/v3/mail/send" or number >= MOST_REQUESTS:
            self.reply(403, failure("access forbidden", None))
        else:
            self.take(json.loads(raw), state.moods(number))

    def take(self, body: Json, mood: str) -> None:
        """Answer, or not, as the mood is."""
        state = self.server.state
        if state.keep_bodies:
            state.bodies.append(body)
        if mood == "429":
            self.reply(429, failure("too many requests", None), {"X-RateLimit-Reset": str(int(time.time()))})
        elif mood in ("500", "503"):
            self.reply(int(mood), {})
        elif mood == "hang up":
            self.close_connection = True
        elif mood == "slow":
            state.closing.wait(SLOW_S)
            self.close_connection = True
        else:
            self.accept(state.send(body), mood)

    def accept(self, answer: tuple[int, Json, dict[str, str]], mood: str) -> None:
        """Take it, and say so unless the mood is another."""
        if mood == "accept slowly":
            self.server.state.closing.wait(SLOW_S)
        if mood in ("accept and hang up", "accept slowly"):
            self.close_connection = True
        elif mood == "accept and 500":
            self.reply(500, {})
        elif mood == "broken":
            self.wfile.write(b"HTTP/1.1 2")
            self.close_connection = True
        else:
            self.reply(*answer)

    def do_GET(self) -> None:
        """A list of suppressions, by pages."""
        if self.server.state.lists_status != 200:
            self.reply(self.server.state.lists_status, failure("access forbidden", None))
            return
        address = urlsplit(self.path)
        params = {name: int(values[0]) for name, values in parse_qs(address.query).items()}
        listed = self.server.state.lists.get(address.path.rpartition("/")[2], [])
        page = listed[params["offset"] : params["offset"] + params["limit"]]
        self.reply(200, [{"email": one, "created": 1_607_000_000, "reason": "550"} for one in page])

    def reply(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """An answer."""
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, state: SendGridServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state

    def handle_error(self, *_: object) -> None:
        """A client that was killed is no error of the server's."""


@contextmanager
def sendgrid_server() -> Iterator[SendGridServer]:
    """The server, until the end of the block."""
    state = SendGridServer()
    server = _Server(state)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
