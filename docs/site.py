"""A small site of these pages: `python docs/site.py [FOLDER]` (default: dist/docs). Static, without any script."""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = Path(__file__).resolve().parent
PAGES = ("index", "architecture", "questions", "dictionary", "metrics", "feeds", "recipes", "exploitation")
FRENCH = ("exploitation",)

STYLE = """
:root { color-scheme: light dark; --paper: #fbf7f0; --soft: #f1e8db; --ink: #1a151d; --line: #e4d8c6; --link: #8f3d1e }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1e1b1f; --soft: #2b272c; --ink: #f2ebe1; --line: #443e44; --link: #f3b391 }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1rem; max-width: 50rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding-bottom: .8rem; border-bottom: 1px solid var(--line) }
nav a { padding: .2rem 0 }
a { color: var(--link) }
a[aria-current] { color: inherit; font-weight: 600; text-decoration: none }
a:focus-visible, :is(pre, .wide):focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
h1, h2, h3 { font-family: Georgia, serif; line-height: 1.25; margin: 1.6em 0 .5em }
h1 { font-size: 2rem; margin-top: 1rem }
code { font: .88em ui-monospace, monospace; background: var(--soft); border-radius: 4px; padding: .1em .25em }
pre { background: var(--soft); border-radius: 12px; padding: .8rem; overflow-x: auto }
pre code { background: none; padding: 0 }
.file { margin: 1rem 0 -.6rem; font-size: .85rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .92rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line) }
img { max-width: 100%; width: 30rem; border-radius: 12px }
"""


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _fence(_self: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    """A block of code, scrollable with the keyboard, with the name of the file it is for."""
    named = re.search(r"((?:new |append )?workbench/\S+)$", tokens[place].info)
    file = f'<p class="file"><code>{escape(named[1])}</code></p>\n' if named else ""
    return f'{file}<pre tabindex="0"><code>{escape(tokens[place].content)}</code></pre>\n'


def _anchored(_self: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    return f'<{tokens[place].tag} id="{escape(slug(tokens[place + 1].content.replace("`", "")))}">'


def _link(_self: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    href = re.sub(r"^([\w-]+)\.md", r"\1.html", str(tokens[place].attrs["href"]))
    return f'<a href="{escape(href)}">'


def _table(_self: Any, *_: Any) -> str:
    return '<div class="wide" tabindex="0"><table>\n'


def _table_end(_self: Any, *_: Any) -> str:
    return "</table></div>\n"


def markdown() -> MarkdownIt:
    """CommonMark with tables, rendered for a page of the site."""
    made = MarkdownIt("commonmark").enable("table")
    rules = {"fence": _fence, "heading_open": _anchored, "link_open": _link}
    for name, rule in {**rules, "table_open": _table, "table_close": _table_end}.items():
        made.add_render_rule(name, rule)
    return made


def title(text: str) -> str:
    """The first heading of a page."""
    return text.removeprefix("# ").split("\n", 1)[0]


def html(name: str, texts: Mapping[str, str]) -> str:
    """A whole page."""
    here = ' aria-current="page"'
    links = "".join(f'<a href="{o}.html"{here if o == name else ""}>{escape(title(t))}</a>' for o, t in texts.items())
    language = "fr" if name in FRENCH else "en"
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title(texts[name]))} · Klassroom workbench</title><style>{STYLE}</style></head>\n"
        f'<body><nav aria-label="Pages">{links}</nav>\n<main>{markdown().render(texts[name])}</main></body></html>\n'
    )


def build(out: Path) -> None:
    """Write the site into a folder; pages of before are written over."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in PAGES}
    for name in PAGES:
        (out / f"{name}.html").write_text(html(name, texts), encoding="utf-8")
    shutil.copy(DOCS / "architecture.svg", out)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS.parent / "dist" / "docs")
