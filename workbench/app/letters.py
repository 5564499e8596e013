"""Where the links of a letter lead: the letter in a browser, and one's preferences, without any login.

A signed token names the courrier, or the person. Looking changes nothing: mail programs and filters open links by
themselves. Only a POST does, with the token as its only proof; it needs no cookie.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs

from itsdangerous import BadData
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from workbench.app.plain import plain
from workbench.ledger import Ledger, LedgerUnreachable, ledger_of
from workbench.ledger.courriers import frozen_of
from workbench.ledger.matching import standing
from workbench.ledger.people import people, set_consent
from workbench.ledger.states import Purpose
from workbench.settings import Settings
from workbench.surveys.courrier import public_view
from workbench.surveys.parcels import ONE_CLICK
from workbench.surveys.readers import LEAVE, VIEW
from workbench.text import Words

LETTERS = "/letters/"
"""Open to everybody: a token says whose preferences, and which letter."""

OFFERED = (Purpose.COURRIER, Purpose.REMINDERS, Purpose.QUESTIONNAIRES)
"""What one may choose to get."""

_LARGEST_BODY = 10_000


def letters(settings: Settings) -> list[BaseRoute]:
    """The routes. A token that is not ours gets a page that says so, with 404, and does nothing."""
    words = Words(settings.language)

    def route(name: str, answer: Callable[[Ledger, Words, Any, bytes], HTMLResponse], method: str) -> Route:
        async def answered(request: Request) -> Response:
            body = await _body(request)
            try:
                return await run_in_threadpool(
                    _answer, settings, words, name, request.path_params["token"], body, answer
                )
            except LedgerUnreachable:
                return HTMLResponse(plain(words, words("leave.later"), ""), status_code=503)

        return Route(f"{LETTERS}{name}/{{token}}", answered, methods=[method])

    return [route(VIEW, _view, "GET"), route(LEAVE, _ask, "GET"), route(LEAVE, _take, "POST")]


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        if len(body) + len(chunk) > _LARGEST_BODY:
            break
        body += chunk
    return body


def _answer(
    settings: Settings,
    words: Words,
    purpose: str,
    token: str,
    body: bytes,
    answer: Callable[[Ledger, Words, Any, bytes], HTMLResponse],
) -> HTMLResponse:
    ledger = ledger_of(settings)
    try:
        return answer(ledger, words, ledger.signer(purpose).loads(token), body)
    except BadData:
        return _unknown(words)
    finally:
        ledger.close()


def _unknown(words: Words) -> HTMLResponse:
    return HTMLResponse(plain(words, words("leave.unknown"), f"<p>{words('leave.unknown_remedy')}</p>"), 404)


def _view(ledger: Ledger, words: Words, number: Any, _: bytes) -> HTMLResponse:
    """A letter as it went, with nothing personal in it."""
    frozen = frozen_of(ledger, number)
    return HTMLResponse(public_view(frozen["content"])) if frozen else _unknown(words)


# -------------------------------------------------------------------------------------------------------- preferences


def _ask(ledger: Ledger, words: Words, person: Any, _: bytes) -> HTMLResponse:
    """What somebody gets, to be changed by a button: this changes nothing."""
    wanted = _wanted(ledger, person)
    return _unknown(words) if wanted is None else HTMLResponse(_form(words, wanted, ""))


def _take(ledger: Ledger, words: Words, person: Any, body: bytes) -> HTMLResponse:
    """One click of a mail program leaves altogether; the page's button sets what is ticked."""
    said = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    wanted = _wanted(ledger, person)
    if wanted is None:
        return _unknown(words)
    if is_one_click := all(word.encode() in body for word in ONE_CLICK):
        asked = wanted | {Purpose.COURRIER: False, Purpose.REMINDERS: False}
    elif "preferences" in said:
        asked = {purpose: str(purpose) in said for purpose in OFFERED}
    else:
        return HTMLResponse(_form(words, wanted, ""))
    source = "one click" if is_one_click else "preferences"
    for purpose in OFFERED:
        if asked[purpose] != wanted[purpose]:
            stays = standing(ledger)[person]
            set_consent(ledger, stays, purpose, asked[purpose], source, who="reader", now=datetime.now(UTC))
    return HTMLResponse(_form(words, asked, words("leave.kept")))


def _wanted(ledger: Ledger, person: Any) -> dict[Purpose, bool] | None:
    """What somebody gets: all they did not refuse; None for who is not there (any more)."""
    stays = standing(ledger).get(person) if isinstance(person, int) else None
    found = next((one for one in people(ledger) if one.id == stays), None)
    return {purpose: found.consents.get(purpose, True) for purpose in OFFERED} if found else None


def _form(words: Words, wanted: Mapping[Purpose, bool], said: str) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="{purpose}"{" checked" * wanted[purpose]}> '
        f"{escape(words(f'leave.{purpose}'))}</label>"
        for purpose in OFFERED
    )
    told = f'<p role="status"><strong>{escape(said)}</strong></p>' if said else ""
    lead, keep = escape(words("leave.lead")), escape(words("leave.keep"))
    hidden = '<input type="hidden" name="preferences" value="1">'
    form = f'<form method="post">{hidden}{boxes}<button type="submit">{keep}</button></form>'
    return plain(words, words("leave.title"), f"{told}<p>{lead}</p>{form}")
