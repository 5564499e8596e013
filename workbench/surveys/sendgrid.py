"""Mail through SendGrid's HTTP API: what is asked, and what each answer means.

The `sendgrid` package makes the requests; it knows no timeout unless told, and its HTTP client writes headers, the key
among them, and whole bodies into the log at level DEBUG, which is closed here.
"""

import base64
import json
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parseaddr
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from workbench.errors import WorkbenchError
from workbench.ledger.states import SuppressionKind
from workbench.surveys.parcels import Answer, Message, Outcome, Parcel

TIMEOUT_S = 30
"""Seconds without a sign of life after which nobody knows what became of a request."""

LONGEST_WAIT_S = 120
"""A pause that SendGrid asks for is kept up to here, and then asked about again."""

LISTS = {
    "bounces": SuppressionKind.BOUNCE,
    "invalid_emails": SuppressionKind.INVALID,
    "spam_reports": SuppressionKind.COMPLAINT,
    "unsubscribes": SuppressionKind.UNSUBSCRIBE,
}
"""SendGrid's own lists of addresses that nothing is sent to, by the last part of their path."""

_PAGE = 500
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_NEVER_SENT = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)

logging.getLogger("python_http_client").setLevel(logging.WARNING)


class KeyMissing(WorkbenchError):
    """No key for SendGrid was given."""


class SendGridRefused(WorkbenchError):
    """SendGrid answers, but not to this key, or not this way."""


class ExampleAddress(WorkbenchError):
    """An address that belongs to nobody, or the sample's HOME: nothing of it goes to the world."""


class SendGrid:
    """Delivers through SendGrid, or asks its sandbox, which checks everything and delivers nothing."""

    def __init__(
        self,
        key: str | None,
        url: str,
        *,
        is_sandbox: bool,
        is_sample: bool,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`url`: where the API is. Raises KeyMissing."""
        self.name = "sandbox" if is_sandbox else "sendgrid"
        self.is_repeatable, self._is_sample, self._clock = is_sandbox, is_sample, clock
        self._client = client(key, url, timeout_s)

    def refuse(self, addresses: Sequence[str]) -> None:
        """Raises ExampleAddress for the sample's HOME and for `.example` addresses; the sandbox takes them."""
        if self.name == "sandbox":
            return
        if self._is_sample:
            raise ExampleAddress("this HOME holds the sample", "deliver to the outbox, or use a HOME of your own")
        invented = sum(address.rpartition(".")[2] == "example" for address in addresses)
        if invented:
            raise ExampleAddress(f"{invented} addresses end in .example", "correct them, or deliver to the outbox")

    def carry(self, parcel: Parcel) -> Answer:
        """Ask for a parcel with one request."""
        try:
            response = self._client.mail.send.post(request_body=body_of(parcel, self.name == "sandbox"))
        except HTTPError as error:
            return self._refused(error)
        except URLError as error:
            return _unanswered(error.reason)
        except (OSError, HTTPException) as error:
            return _unanswered(error)
        is_accepted = response.status_code == (200 if self.name == "sandbox" else 202)
        return Answer(Outcome.ACCEPTED if is_accepted else Outcome.UNKNOWN, f"{response.status_code}")

    def _refused(self, error: HTTPError) -> Answer:
        said = f"{error.status_code}: {_said(error)}"
        if error.status_code == 429:
            return Answer(Outcome.BUSY, said, _pause_s(error.headers or {}, self._clock()))
        if error.status_code == 413 or (error.status_code == 400 and _is_about_people(error)):
            return Answer(Outcome.BAD_ADDRESS, said)
        return Answer(Outcome.STOPPED if error.status_code < 500 else Outcome.UNKNOWN, said)


def client(key: str | None, url: str, timeout_s: float = TIMEOUT_S) -> Any:
    """The package's client, with a timeout. Raises KeyMissing."""
    if not key:
        raise KeyMissing("there is no key for SendGrid", "set WORKBENCH_SENDGRID_API_KEY, or deliver to the outbox")
    made = SendGridAPIClient(key, host=url.rstrip("/")).client
    made.timeout = timeout_s
    return made


def suppressed(key: str | None, url: str) -> Iterator[tuple[str, SuppressionKind]]:
    """Every address on SendGrid's lists, in small letters, with its reason. Raises KeyMissing, SendGridRefused."""
    asking = client(key, url)
    for name, kind in LISTS.items():
        for entry in _pages(asking.suppression._(name)):
            yield str(entry["email"]).strip().lower(), kind


def _pages(path: Any) -> Iterator[Mapping[str, Any]]:
    offset = 0
    while True:
        try:
            page = json.loads(path.get(query_params={"limit": _PAGE, "offset": offset}).body)
        except HTTPError as error:
            said = f"SendGrid does not give its list of suppressions ({error.status_code})"
            raise SendGridRefused(said, "give the key the right to read suppressions") from error
        except (OSError, HTTPException, ValueError) as error:
            raise SendGridRefused("SendGrid does not answer", "try again later") from error
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE


# ------------------------------------------------------------------------------------------------------- the request


def body_of(parcel: Parcel, is_sandbox: bool = False) -> dict[str, Any]:
    """The body of `POST /v3/mail/send`: a personalization each, so that nobody sees another."""
    content = parcel.content
    body: dict[str, Any] = {
        "personalizations": [_personal(message) for message in parcel.messages],
        "from": _named(parcel.sender),
        "subject": content.subject,
        "content": [{"type": "text/plain", "value": content.text}, {"type": "text/html", "value": content.html}],
        "categories": [parcel.courrier],
        "tracking_settings": _tracking(parcel.is_tracked),
        "mail_settings": {"sandbox_mode": {"enable": is_sandbox}},
    }
    if parcel.images:
        body["attachments"] = [_inline(cid, png) for cid, png in parcel.images.items()]
    return body


def _personal(message: Message) -> dict[str, Any]:
    personal: dict[str, Any] = {"to": [{"email": message.address}], "custom_args": {"delivery": message.opaque}}
    if message.values:
        personal["substitutions"] = dict(message.values)
    if message.headers:
        personal["headers"] = message.headers
    return personal


def _named(sender: str) -> dict[str, str]:
    name, address = parseaddr(sender)
    return {"email": address, "name": name} if name else {"email": address}


def _tracking(is_tracked: bool) -> dict[str, Any]:
    """Said either way: what an account has as its default is nobody's consent."""
    return {
        "click_tracking": {"enable": is_tracked, "enable_text": False},
        "open_tracking": {"enable": is_tracked},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }


def _inline(cid: str, png: bytes) -> dict[str, str]:
    encoded = base64.b64encode(png).decode()
    return {
        "content": encoded, "type": "image/png", "filename": f"{cid}.png", "disposition": "inline", "content_id": cid,
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------- the answer


def _unanswered(error: object) -> Answer:
    """Refused connections were never sent anything; all else may have been taken before it broke."""
    was_sent = not isinstance(error, _NEVER_SENT)
    return Answer(Outcome.UNKNOWN if was_sent else Outcome.STOPPED, f"no answer ({type(error).__name__})")


def _errors(error: HTTPError) -> list[Mapping[str, Any]]:
    try:
        listed = json.loads(error.body).get("errors")
    except (ValueError, AttributeError):
        return []
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _is_about_people(error: HTTPError) -> bool:
    """Whether what is wrong may be one of the recipients: everything else is wrong for all of them."""
    return all(str(one.get("field") or "personalizations").startswith("personalizations") for one in _errors(error))


def _said(error: HTTPError) -> str:
    """In SendGrid's words, with every address taken out."""
    words = "; ".join(str(one.get("message", "")) for one in _errors(error))
    return _ADDRESS.sub("…", words)[:300] or str(error.reason)


def _pause_s(headers: Mapping[str, str], now_s: float) -> float:
    reset = {name.lower(): value for name, value in dict(headers).items()}.get("x-ratelimit-reset", "")
    asked = float(reset) - now_s if re.fullmatch(r"\d+(\.\d+)?", str(reset)) else 1.0
    return min(max(asked, 0.0), LONGEST_WAIT_S)
