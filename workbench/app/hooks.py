"""What others' servers post to the workbench: signed, kept, answered, then processed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sendgrid.helpers.eventwebhook import EventWebhookHeader
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger, LedgerUnreachable, ledger_of
from workbench.settings import Settings
from workbench.surveys import events
from workbench.surveys.arrivals import take_up
from workbench.surveys.typeform.hook import WHO, process, receive
from workbench.surveys.webhooks import LARGEST_BODY, BodyTooLarge, SignatureWrong

HOOKS = "/hooks/"
"""Open to everybody: a signature, not an address, says who is speaking."""


def hooks(settings: Settings) -> list[BaseRoute]:
    """The routes. Answers: 200 kept, 401 unsigned or wrongly signed, 413 too large, 503 try again later.

    Never 404 or 410: Typeform takes a hook that answers so out of use.
    """

    async def typeform(request: Request) -> Response:
        try:
            body = await _body(request)
            return await run_in_threadpool(_take, settings, body, request.headers.get("Typeform-Signature"))
        except (BodyTooLarge, SignatureWrong, LedgerUnreachable) as error:
            return PlainTextResponse(f"{error.message}\n", status_code=_status(error))

    async def sendgrid(request: Request) -> Response:
        try:
            body = await _body(request)
            return await run_in_threadpool(_take_events, settings, body, *map(request.headers.get, _SIGNED))
        except (BodyTooLarge, SignatureWrong, LedgerUnreachable) as error:
            return PlainTextResponse(f"{error.message}\n", status_code=_status(error))

    return [
        Route(f"{HOOKS}typeform", typeform, methods=["POST"]),
        Route(f"{HOOKS}sendgrid", sendgrid, methods=["POST"]),
    ]


_SIGNED = (EventWebhookHeader.SIGNATURE, EventWebhookHeader.TIMESTAMP)


async def _body(request: Request) -> bytes:
    """A body, read no further than it may be long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge("a body that is too large", f"send no more than {LARGEST_BODY:,} bytes")
    return body


def _take(settings: Settings, body: bytes, signature: str | None) -> Response:
    ledger = ledger_of(settings)
    try:
        receive(ledger, body, signature, settings.typeform_secret, datetime.now(UTC))
    except WorkbenchError:
        ledger.close()
        raise
    return PlainTextResponse("kept\n", background=BackgroundTask(_process, ledger, settings.timezone))


def _process(ledger: Ledger, zone: str) -> None:
    try:
        process(ledger, datetime.now(UTC))
        take_up(ledger, zone=ZoneInfo(zone), who=WHO, now=datetime.now(UTC))
    finally:
        ledger.close()


def _take_events(settings: Settings, body: bytes, signature: str | None, timestamp: str | None) -> Response:
    ledger = ledger_of(settings)
    try:
        events.receive(ledger, body, signature, timestamp, settings.sendgrid_public_key, datetime.now(UTC))
    except WorkbenchError:
        ledger.close()
        raise
    return PlainTextResponse("kept\n", background=BackgroundTask(_process_events, ledger))


def _process_events(ledger: Ledger) -> None:
    try:
        events.process(ledger, datetime.now(UTC))
    finally:
        ledger.close()


def _status(error: WorkbenchError) -> int:
    return {BodyTooLarge: 413, SignatureWrong: 401}.get(type(error), 503)
