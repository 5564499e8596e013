"""The document that a browser gets first, and the files it names."""

import asyncio
import re
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from workbench.app.document import AtHand, document_in
from workbench.text import Words

STATIC = Path(st.__file__).parent / "static"


async def behind(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 (what every app is given)
    """What stands behind: Streamlit, which says that it was asked."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"asked"})


at_hand = AtHand(behind)


def ask(path: str, method: str = "GET") -> tuple[Headers, bytes]:
    """The answer to one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(at_hand({"type": "http", "method": method, "path": path, "headers": []}, receive, send))
    return Headers(raw=sent[0]["headers"]), sent[1]["body"]


def test_what_the_document_names_is_at_hand() -> None:
    """Byte for byte what lies on the disk, to be kept for a year; Streamlit is not asked."""
    named = set(re.findall(r'(?:src|href)="\./(static/[^"]+\.(?:js|css))"', document_in(Words("fr"))))
    assert len(named) > 100
    answers = {name: ask(f"/{name}") for name in named}
    assert [name for name, (_, body) in answers.items() if body != (STATIC / name).read_bytes()] == []
    assert {headers["cache-control"] for headers, _ in answers.values()} == {"public, immutable, max-age=31536000"}
    assert {headers["content-type"].split(";")[0] for headers, _ in answers.values()} == {"text/javascript", "text/css"}


def test_everything_else_is_streamlits() -> None:
    """Files that the document does not name, pages, and whatever is not a plain request for a file."""
    unnamed = next(file for file in STATIC.rglob("*.js") if file.name not in document_in(Words("fr")))
    for path in (f"/{unnamed.relative_to(STATIC)}", "/users", "/static/js/nothing.js", "/static/js/../js"):
        assert ask(path)[1] == b"asked"
    script = re.findall(r'src="\./(static/js/index[^"]+)"', document_in(Words("fr")))[0]
    assert ask(f"/{script}", "POST")[1] == b"asked"
