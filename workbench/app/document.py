"""The document that a browser gets first: Streamlit's own, which then asks for everything else.

Streamlit's client learns from the first run of a script which elements there are, and only then asks for their code,
wave after wave: widgets, figures, tables, charts. All pages have all of these, so the document names them at once, and
a first visit fetches them while the server runs the page.
"""

import mimetypes
import re
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.text import Words

_STATIC = Path(st.__file__).parent / "static"
# Opened at /users, Streamlit's client would look for its server under /users first: two refusals in the console.
_ROOT = "<script>window.__streamlit = { BACKEND_BASE_URL: window.location.origin }</script>"

ELEMENTS = (
    "CustomTheme", "PageLink", "Selectbox", "Multiselect", "ButtonGroup", "Metric", "Table", "ArrowVegaLiteChart",
    "loadVegaEmbed", "embed", "vega-interpreter",
)  # fmt: skip
"""Streamlit's files for what every page has, by the first part of their names; what those import comes with them."""

_IMPORTED = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')


def document_in(words: Words) -> str:
    """Streamlit's document in a language, with the app's name as its title."""
    named = _complete().replace("<title>Streamlit</title>", f"<title>{words('app.name')}</title>")
    return named.replace('<html lang="en">', f'<html lang="{words.language}">')


def inline_scripts() -> list[str]:
    """What stands between the document's own script tags."""
    return re.findall(r"<script>(.*?)</script>", _complete(), re.DOTALL)


class AtHand:
    """Middleware: the files that the document names come from memory (4.4 MB), to be kept for a year.

    Streamlit keeps them as long, but looks each of the 123 up on the disk in a thread of its own, while the browser
    that waits for them needs the same processors: a first visit took 4.3 s instead of 3.8.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._files = app, _files()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        file = self._files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (file or self._app)(scope, receive, send)


def _files() -> dict[str, Response]:
    """What the document names: its path, and the answer."""
    names = re.findall(r'"\./(static/[\w./-]+)"', _complete())
    lasting = {"Cache-Control": "public, immutable, max-age=31536000"}
    return {
        f"/{name}": Response((_STATIC / name).read_bytes(), media_type=mimetypes.guess_type(name)[0], headers=lasting)
        for name in names
    }


@cache
def _complete() -> str:
    """Streamlit's document, which knows where its server is and what its pages are made of."""
    text = (_STATIC / "index.html").read_text(encoding="utf-8")
    links = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in _needed() if name not in text
    )
    return text.replace("<head>", f"<head>{_ROOT}", 1).replace("</head>", f"{links}</head>", 1)


def _needed() -> list[str]:
    """The files of ELEMENTS and whatever those import, each once."""
    js = _STATIC / "static" / "js"
    found = [file.name for element in ELEMENTS for file in sorted(js.glob(f"{element}.*.js"))]
    for name in found:  # grows as it is read
        imported = _IMPORTED.findall((js / name).read_text(encoding="utf-8"))
        found += [other for other in dict.fromkeys(imported) if other not in found]
    return found
