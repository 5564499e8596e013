"""What the `typeform` package asks Typeform through: patient, paced, and suspicious of what comes back.

The package's own client has no timeout, sends every failure as a bare Exception and takes a broken body for "no
responses"; its resources take any client with a `request`, so they are given this one.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from typeform.forms import Forms  # type: ignore[import-untyped]  # the package says nothing of its types
from typeform.responses import Responses  # type: ignore[import-untyped]
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.util import Retry

from workbench.errors import WorkbenchError
from workbench.ledger.states import ResponseKind
from workbench.ledger.surveys import Json
from workbench.surveys.answers import FileBroken, read_json

PAGE_SIZE = 1000
"""Responses of a page: the most that Typeform gives at once."""

LONGEST_WAIT_S = 120
"""A pause that Typeform asks for is kept up to here; a longer one ends the run."""

STEPS_BACK = 3
"""From how many of a page's last responses the next page is asked, where the last itself was deleted meanwhile."""


class TokenMissing(WorkbenchError):
    """No token for Typeform was given."""


class TokenRefused(WorkbenchError):
    """Typeform does not accept the token, or the token may not read this form."""


class FormGone(WorkbenchError):
    """Typeform knows no such form."""


class TypeformUnreachable(WorkbenchError):
    """Typeform does not answer, or answers with failures only."""


class TypeformBusy(WorkbenchError):
    """Typeform asks for a longer pause than a run may take."""


class BodyBroken(WorkbenchError):
    """Typeform says that all is well and sends something that is not what was asked for, again and again."""


class HostRefused(WorkbenchError):
    """A form says that its responses are at an address that is not Typeform's: the token is not sent there."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for what. `pause_s`: between two requests, for Typeform's limit of two a second."""

    pause_s: float = 0.5
    connect_s: float = 5
    read_s: float = 30
    tries: int = 6
    backoff_s: float = 1


USUAL = Patience()


class _Failed(Exception):
    """An attempt that may be worth another; `wait_s` is how long Typeform asks to wait."""

    def __init__(self, fault: WorkbenchError, wait_s: float = 0) -> None:
        super().__init__(str(fault))
        self.fault, self.wait_s = fault, wait_s


class Client:
    """Typeform's API, for reading. One thread at a time."""

    def __init__(
        self,
        token: str | None,
        url: str,
        patience: Patience = USUAL,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url`: the host, `https://api.eu.typeform.com`. Raises TokenMissing."""
        if not token:
            raise TokenMissing("no token for Typeform", "make one in Typeform and set WORKBENCH_TYPEFORM_TOKEN")
        self._url, self._patience, self._sleep, self._clock = url.rstrip("/"), patience, sleep, clock
        self._next_at = clock()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc: the token goes to Typeform and nowhere else
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def form(self, form_id: str) -> Json:
        """A form's definition. Raises FormGone, and what `ask` raises."""
        if not re.fullmatch(r"[\w-]+", form_id):
            raise FormGone(f"no form is called {form_id!r}", "copy the id from the form's address, behind /to/")
        definition: Json = Forms(Aimed(self, self._url, {})).get(form_id)
        return definition

    def pages(
        self, definition: Json, kind: ResponseKind, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[list[Json]]:
        """The responses of a form, the latest first, page by page; both bounds belong to it, to the second.

        Asked where the form says that its responses are: the wrong host answers with none, and with no error.
        Raises HostRefused, and what `ask` raises.
        """
        between = {"since": _second(since), "until": _second(until and until + timedelta(microseconds=999_999))}
        listing = Responses(Aimed(self, self._host(definition), {"response_type": kind.value}))
        seen, total = 0, 0
        last: list[str | None] = [None]
        while True:
            for before in last:
                page = listing.list(definition["id"], pageSize=PAGE_SIZE, before=before, **between)
                total = total or page["total_items"]
                if page["items"] or seen >= total:
                    break
            yield page["items"]
            if len(page["items"]) < PAGE_SIZE:
                return
            seen += PAGE_SIZE
            last = [item["token"] for item in page["items"][: -STEPS_BACK - 1 : -1]]

    def ask(self, method: str, url: str, params: Mapping[str, Any]) -> Any:
        """One answer, after as many attempts as patience allows.

        Raises TokenRefused, FormGone, TypeformUnreachable, TypeformBusy, BodyBroken.
        """
        retry = Retry(total=self._patience.tries - 1, backoff_factor=self._patience.backoff_s, backoff_max=30)
        while True:
            try:
                return self._attempt(method, url, params)
            except _Failed as failed:
                try:
                    retry = retry.increment(method, url, error=failed)
                except MaxRetryError:
                    raise failed.fault from failed
                self._sleep(failed.wait_s or retry.get_backoff_time())

    def _attempt(self, method: str, url: str, params: Mapping[str, Any]) -> Any:
        self._keep_pace()
        timeouts = (self._patience.connect_s, self._patience.read_s)
        try:
            answer = self._session.request(method, url, params=params, timeout=timeouts, allow_redirects=False)
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise _Failed(_broken(url, "a body that is cut off")) from error
        except requests.RequestException as error:
            raise _Failed(_unreachable(url, "does not answer")) from error
        _check_status(answer)
        return _checked(answer)

    def _keep_pace(self) -> None:
        wait_s = self._next_at - self._clock()
        if wait_s > 0:
            self._sleep(wait_s)
        self._next_at = self._clock() + self._patience.pause_s

    def _host(self, definition: Json) -> str:
        """Where a form says that its responses are."""
        link, own = urlsplit((definition.get("_links") or {}).get("responses") or self._url), urlsplit(self._url)
        typeforms = link.scheme == "https" and f".{link.hostname}".endswith((".typeform.com", ".typeform.eu"))
        if not typeforms and (link.scheme, link.hostname) != (own.scheme, own.hostname):
            raise HostRefused(
                f"form {definition['id']} keeps its responses at {link.hostname}", "check WORKBENCH_TYPEFORM_URL"
            )
        return f"{link.scheme}://{link.netloc.rpartition('@')[2]}"


class Aimed:
    """A client at one host, with parameters that the package has no names for: what its resources are given."""

    def __init__(self, client: Client, url: str, always: Mapping[str, str]) -> None:
        self._client, self._url, self._always = client, url, always

    def request(
        self,
        method: str,
        url: str,
        data: object = None,  # noqa: ARG002 (the package's signature; reading sends none)
        params: Mapping[str, Any] | None = None,
        headers: object = None,  # noqa: ARG002
    ) -> Any:
        """What the package's resources call. Raises what `Client.ask` raises."""
        return self._client.ask(method, self._url + url, {**(params or {}), **self._always})


def _second(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _check_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status in (401, 403):
        raise TokenRefused(
            f"Typeform refuses the token ({status})", "set WORKBENCH_TYPEFORM_TOKEN to one that may read"
        )
    if status in (404, 410):
        name = urlsplit(answer.url).path.split("/")[2]
        raise FormGone(f"Typeform has no form {name}", "check its id; what was kept of it stays in the ledger")
    if status == 429:
        raise _Failed(_busy("asks for a pause"), _asked_wait_s(answer))
    if status >= 500:
        raise _Failed(_unreachable(answer.url, f"answers {status}"), _asked_wait_s(answer))
    if status != 200:
        raise _unreachable(answer.url, f"answers {status}")


def _asked_wait_s(answer: requests.Response) -> float:
    """The pause that Typeform asks for. Raises TypeformBusy for one longer than a run may take."""
    try:
        wait_s = Retry().parse_retry_after(answer.headers.get("Retry-After", "0"))
    except InvalidHeader:
        return 0
    if wait_s > LONGEST_WAIT_S:
        raise _busy(f"asks to wait {wait_s:.0f} seconds")
    return wait_s


def _checked(answer: requests.Response) -> Json:
    """The body, where it is what was asked for: a form has an id, a page its items, each with a token."""
    try:
        body: Json = read_json(answer.content)
    except FileBroken as error:
        raise _Failed(_broken(answer.url, error.message)) from error
    match body:
        case {"items": list(items), "total_items": int()} if all(isinstance(item, dict) for item in items):
            is_whole = all("token" in item for item in items)
        case {"id": str()}:
            is_whole = True
        case _:
            is_whole = False
    if not is_whole:
        raise _Failed(_broken(answer.url, "something else than was asked for"))
    return body


def _broken(url: str, what: str) -> BodyBroken:
    return BodyBroken(f"{urlsplit(url).hostname} sends {what}", "try again later; nothing is lost")


def _busy(what: str) -> TypeformBusy:
    return TypeformBusy(f"Typeform {what}", "run it again later; it goes on where it stopped")


def _unreachable(url: str, what: str) -> TypeformUnreachable:
    remedy = "check the network and WORKBENCH_TYPEFORM_URL, then run it again; it goes on where it stopped"
    return TypeformUnreachable(f"{urlsplit(url).hostname} {what}", remedy)
