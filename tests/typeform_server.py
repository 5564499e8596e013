"""An imitation of Typeform's API on 127.0.0.1: its limits and its moods, bounded in number and time.

What it does as Typeform does: pages the latest first, at most 1,000 long, `before` a token and excluding it, `since`
and `until` included and compared with the submission; a token nobody knows gives an empty page; without
`response_type` only completed responses; a response may show late; the wrong region answers with nothing; more than
two requests a second are answered with 429. `moods` decides what happens to each request on top of that.
"""

import json
import os
import random
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]

TOKEN = "tfp_for_tests"
MOST_REQUESTS = 2_000
"""A client that asks more often than this has lost its way: it gets nothing but 400."""

SLOW_S = 1.0
"""How long a slow answer takes: longer than the clients of the tests wait."""

MOODS = ("429", "500", "503", "slow", "hang up", "truncated", "broken", "something else")


INSTEAD = {
    "429": (429, b"{}"),
    "long pause": (429, b"{}"),
    "500": (500, b"<html>Internal server error</html>"),
    "503": (503, b"<html>Bad gateway</html>"),
    "something else": (200, b"{}"),
    "lost": (400, b"{}"),
}
"""What is answered in place of what was asked for."""

RETRY_AFTER_S = {"429": "1", "long pause": "3600"}


def moody(seed: int, share: float) -> Callable[[int], str]:
    """Another mood for a share of the requests, the same ones for the same seed."""
    chance = random.Random(seed)
    return lambda _: chance.choice(MOODS) if chance.random() < share else ""


@dataclass
class FormState:
    """A form with its responses, in the order of their submission; `shown_at` of those that show late."""

    definition: Json
    responses: list[Json] = field(default_factory=list)
    shown_at: dict[str, datetime] = field(default_factory=dict)


@dataclass
class TypeformServer:
    """What the server knows; tests change it as they go."""

    now: datetime = datetime(2020, 12, 1, 12, tzinfo=UTC)
    moods: Callable[[int], str] = lambda _: ""
    clock: Callable[[], float] | None = None
    """Where set, more than two requests within a second of this clock are answered with 429."""
    url: str = ""
    forms: dict[str, FormState] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    moods_shown: Counter[str] = field(default_factory=Counter)
    on_request: Callable[[int], None] = lambda _: None
    """Called with the number of each request, before it is answered."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=2))

    def add_form(self, form_id: str, responses: list[Json], **definition: Any) -> FormState:
        """A form whose responses are here."""
        link = {"responses": f"{self.url}/forms/{form_id}/responses"}
        whole = {"id": form_id, "title": "Questionnaire", "type": "quiz", "fields": [], "_links": link} | definition
        self.forms[form_id] = FormState(whole, responses)
        return self.forms[form_id]

    def pages_asked(self) -> list[dict[str, str]]:
        """The parameters of every request for responses."""
        return [params for path, params in self.asked if path.endswith("/responses")]

    # ------------------------------------------------------------------------------------------------- answering

    def answer(self, path: str, params: dict[str, str], authorization: str | None) -> tuple[int, Json]:
        """Status and body of a request that meets no mood."""
        parts = path.strip("/").split("/")
        if authorization != f"Bearer {TOKEN}":
            return 401, failure("AUTHENTICATION_FAILED", "Authentication credentials not found")
        form = self.forms.get(parts[1]) if len(parts) > 1 and parts[0] == "forms" else None
        if form is None:
            return 404, failure("FORM_NOT_FOUND", "Non existing form")
        if len(parts) == 2:
            return 200, form.definition
        return self.page(form, params)

    def page(self, form: FormState, params: dict[str, str]) -> tuple[int, Json]:
        """A page of responses."""
        size = int(params.get("page_size", "25"))
        if size > 1000 or ("before" in params and "sort" in params):
            return 400, failure("BAD_REQUEST", "page_size is at most 1000; before and sort exclude each other")
        if params.get("since", "") > params.get("until", "9"):
            return 400, failure("BAD_REQUEST", "since is later than until")
        found = sorted(self.matching(form, params), key=when, reverse=True)
        rest = found
        if "before" in params:
            tokens = [item["token"] for item in found]
            rest = found[tokens.index(params["before"]) + 1 :] if params["before"] in tokens else []
        pages = -(-len(found) // size)
        return 200, {"total_items": len(found), "page_count": pages, "items": rest[:size]}

    def matching(self, form: FormState, params: dict[str, str]) -> Iterator[Json]:
        """The responses that a request is about, as far as Typeform shows them yet."""
        kinds = params.get("response_type", "completed").split(",")
        since, until = (bound(params.get(name)) for name in ("since", "until"))
        for item in form.responses:
            shown = form.shown_at.get(item["token"], self.now) <= self.now
            if shown and kind_of(item) in kinds and (since or when(item)) <= when(item) <= (until or when(item)):
                yield item

    def mood(self) -> str:
        """What happens to this request."""
        if self.clock is not None:
            at = self.clock()
            if len(self.recent) == 2 and at - self.recent[0] < 1:
                return "429"
            self.recent.append(at)
        return self.moods(len(self.asked))


def failure(code: str, description: str) -> Json:
    """A body of Typeform's for what went wrong."""
    return {"code": code, "description": description}


def kind_of(item: Json) -> str:
    """Partial responses have a submission in the year 1."""
    return "partial" if item["submitted_at"].startswith("0001") else "completed"


def when(item: Json) -> datetime:
    """When a response was submitted, or begun."""
    written = item["landed_at"] if kind_of(item) == "partial" else item["submitted_at"]
    return datetime.fromisoformat(written)


def bound(written: str | None) -> datetime | None:
    """A moment of a parameter, UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC) if written else None


class Server(ThreadingHTTPServer):
    """`typeform` is what is known."""

    daemon_threads = True
    typeform: TypeformServer


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        """Answer, or do what the mood says."""
        state = self.server.typeform
        address = urlsplit(self.path)
        params = {name: values[-1] for name, values in parse_qs(address.query).items()}
        with state.lock:
            state.asked.append((address.path, params))
            number = len(state.asked)
            state.on_request(number)
            mood = "lost" if number > MOST_REQUESTS else state.mood()
            state.moods_shown[mood] += 1
            status, body = state.answer(address.path, params, self.headers.get("Authorization"))
        self.reply(mood, status, json.dumps(body).encode())

    def reply(self, mood: str, status: int, body: bytes) -> None:
        """Send a body, or something worse."""
        if mood == "slow":
            self.server.typeform.closing.wait(SLOW_S)
        if mood in ("hang up", "truncated"):
            self.close_connection = True
        if mood in INSTEAD:
            self.send(*INSTEAD[mood], retry_after=RETRY_AFTER_S.get(mood))
        elif mood in ("truncated", "broken"):
            self.send(200, body[: len(body) // 2], claimed=len(body) if mood == "truncated" else None)
        elif mood != "hang up":
            self.send(status, body)

    def send(self, status: int, body: bytes, *, claimed: int | None = None, retry_after: str | None = None) -> None:
        """Write a whole answer; a client that has left does not matter."""
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
            if retry_after is not None:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal of the tests."""


@contextmanager
def typeform_server(**known: Any) -> Iterator[TypeformServer]:
    """A server that runs until the block ends."""
    state = TypeformServer(**known)
    http = Server(("127.0.0.1", 0), Handler)
    http.typeform = state
    state.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        http.shutdown()
        http.server_close()
        thread.join(5)


# ------------------------------------------------------------------------------------------------------- responses


def filled_in(number: int, submitted: datetime | None, *, form: str = "n5h3f6CS") -> Json:
    """A response with three answers, all told by its number."""
    token = f"{number:08d}" * 4
    landed = (submitted or datetime(2020, 11, 30, tzinfo=UTC)) - timedelta(minutes=3)
    return {
        "landing_id": token,
        "token": token,
        "response_id": token,
        "landed_at": f"{landed:%Y-%m-%dT%H:%M:%SZ}",
        "submitted_at": f"{submitted:%Y-%m-%dT%H:%M:%SZ}" if submitted else "0001-01-01T00:00:00Z",
        "metadata": {"referer": f"https://klassroom.typeform.com/to/{form}", "network_id": f"{number:x}"},
        "hidden": {},
        "calculated": {"score": 0},
        "answers": [
            {"field": {"id": "f1", "ref": "merci", "type": "short_text"}, "type": "text", "text": f"merci {number}"},
            {"field": {"id": "f2", "ref": "note", "type": "opinion_scale"}, "type": "number", "number": number % 11},
            {"field": {"id": "f3", "ref": "aide", "type": "yes_no"}, "type": "boolean", "boolean": number % 2 == 0},
        ],
    }


def kill(process_id: int) -> None:
    """As a power cut would."""
    os.kill(process_id, signal.SIGKILL)
