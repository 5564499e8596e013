"""The app: one ASGI process that serves the pages.

`serve` is what the command line calls. For each request the gate asks `access` for the role: nobody gets no further.
What is inside the frame of the screen is `workbench/app/frame.py`, the script that Streamlit runs for every visit.
"""

import asyncio
import base64
import gc
import hashlib
import hmac
import os
import secrets
import socket
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import streamlit as st
from altair.utils import schemapi
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.access import Request, Role, refuse_if_exposed, role_of
from workbench.app.clock import ticking
from workbench.app.document import AtHand, document_in, inline_scripts
from workbench.app.hooks import HOOKS, hooks
from workbench.app.left import Left
from workbench.app.letters import LETTERS, letters
from workbench.app.plain import plain
from workbench.app.rehearsal import rehearse
from workbench.charts.world import BORDERS, borders
from workbench.errors import WorkbenchError
from workbench.settings import Settings
from workbench.surveys import running
from workbench.text import Words

GROWTH = (
    "overview",
    "users",
    "countries",
    "classes",
    "translations",
    "subscriptions",
    "features",
    "academies",
    "data",
)
"""The screens of the figures, under the filters; the first is the home page."""

PROGRAMME = ("ambassadors", "charter", "followups", "questionnaires", "courrier")
"""The screens of the ambassador programme, Diane's desk."""

PAGES = (*GROWTH, *PROGRAMME)
"""Every screen, in the order of the navigation."""

_HERE = Path(__file__).resolve().parent
_PEER = "x-workbench-peer"
# Only this process knows it: a peer's address counts when it stands behind the seal, whatever a client sends.
_SEAL = secrets.token_urlsafe(24)
_served: list[Settings] = []


class PortTaken(WorkbenchError):
    """Another program listens on the port."""


class NotServed(WorkbenchError):
    """The script was started by other means than `serve`, so that nothing vouches for who is asking."""


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the pages until interrupted. Raises Exposed when others could reach them without a login, and PortTaken."""
    refuse_if_exposed(settings)
    _free(host, port)
    _served[:] = [settings]
    address = f"{f'[{host}]' if ':' in host else host}:{port}"
    words = Words(settings.language)

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        send_at_once(port)
        opening = asyncio.create_task(asyncio.to_thread(_open, address, words))
        async with ticking(settings):
            yield
        running.close()
        await opening

    app = st.App(
        _HERE / "frame.py",
        routes=[*_doors(settings), *hooks(settings), *letters(settings)],
        middleware=[Middleware(Gate, words=words), Middleware(AtHand), Middleware(Left)],
        lifespan=lifespan,
    )
    app.run(config=_config(host, port))


class Gate:
    """Middleware: whoever is nobody gets one plain page and no connection; everybody gets the security headers.

    Open are only the hooks and where letters lead: a signature says there who is speaking.
    """

    def __init__(self, app: ASGIApp, words: Words) -> None:
        self._app, self._words = app, words
        self._policy = _security_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its peer's address under the seal, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].startswith((HOOKS, LETTERS)):
            await self._app(scope, receive, self._guarded(send))
            return
        peer = (scope.get("client") or (None,))[0]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        if role_of(Request.of(peer, headers)) is Role.NOBODY:
            await self._refuse(scope, receive, self._guarded(send))
            return
        kept = [(name, value) for name, value in scope["headers"] if name.lower() != _PEER.encode()]
        sealed = (_PEER.encode(), f"{_SEAL} {peer}".encode())
        await self._app({**scope, "headers": [*kept, sealed]}, receive, self._guarded(send))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await HTMLResponse(_refusal(self._words), status_code=403)(scope, receive, send)

    def _guarded(self, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._policy)
            await send(message)

        return guarded


def served() -> tuple[Settings, Request]:
    """The settings that the pages are served with, and the facts of the visit's connection. Raises NotServed."""
    if not _served:
        raise NotServed("the pages were not started by the workbench", "start them with `workbench serve`")
    return _served[0], _request(st.context.headers.to_dict())


def _request(headers: Mapping[str, str]) -> Request:
    """The facts of a visit's connection; its peer is known if the gate sealed it, and nobody's otherwise."""
    seal, _, peer = {name.lower(): value for name, value in headers.items()}.get(_PEER, "").partition(" ")
    known = hmac.compare_digest(seal.encode(), _SEAL.encode())
    return Request.of(peer if known else None, headers.items())


def _doors(settings: Settings) -> list[BaseRoute]:
    """Streamlit's document for each page, which says its language and its name before any script has run; the map."""

    async def door(request: HttpRequest) -> HTMLResponse:
        words = Words.of(request.query_params.get("lang"), settings.language)
        return HTMLResponse(document_in(words), headers={"Cache-Control": "no-cache"})

    async def map_of_the_world(_: HttpRequest) -> Response:
        return Response(borders(), media_type="application/json", headers={"Cache-Control": "private, max-age=86400"})

    return [*(Route(f"/{name}", door) for name in ("", *PAGES[1:])), Route(BORDERS, map_of_the_world)]


def _refusal(words: Words) -> str:
    return plain(words, words("access.nobody.title"), f"<p>{words('access.nobody.remedy')}</p>")


def _security_headers() -> dict[str, str]:
    """Nothing from elsewhere but pictures (those of a letter, in its preview), in no frame.

    Vega compiles its expressions ('unsafe-eval'); styles are made in place.
    """
    digests = (hashlib.sha256(script.encode()).digest() for script in inline_scripts())
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    policy = (
        f"default-src 'self'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob: https:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def _config(host: str, port: int) -> dict[str, Any]:
    """Streamlit's options: whatever a config.toml on this machine says, these hold."""
    theme = tomllib.loads((_HERE / "theme.toml").read_text(encoding="utf-8"))
    return _dotted(theme) | {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "runner.magicEnabled": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
        "logger.hideWelcomeMessage": True,
    }


def _dotted(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in table.items():
        options |= _dotted(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return options


def _free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"{host}:{port}: {error.strerror}", "take another port: --port 8502") from error


def send_at_once(port: int) -> None:
    """Hold nothing back, on any connection that comes: they take after the socket that listens on the port.

    Streamlit binds that socket without naming TCP; asyncio then does not take it for one, and leaves Nagle's algorithm
    on. What follows the headers of a small file waits 40 ms for these to be acknowledged: a first visit fetches 130.
    """
    for found in _sockets():
        with found:
            listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listens and found.getsockname()[1:2] == (port,):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _sockets() -> Iterator[socket.socket]:
    """Every socket of this process, through a descriptor of its own."""
    for descriptor in Path("/dev/fd").iterdir():
        if descriptor.is_socket():
            yield socket.socket(fileno=os.dup(int(descriptor.name)))


def _open(address: str, words: Words) -> None:
    """Say where the pages are, once the first visit, which is our own, has taken the time that first visits take.

    Altair checks each part of a chart against its schema as it is made: the tests see to that, and visitors need not
    wait for it (a map: 130 ms, without it 30). Streamlit collects garbage after each run: it need not look through
    every library each time (0.1 s).
    """
    schemapi.disable_debug_mode()
    rehearse(address)
    gc.collect()
    gc.freeze()
    click.echo(words("serve.ready", url=f"http://{address}"))
