"""What every mail looks like: one frame, in the app's colours by day and by night, as MJML.

Whoever writes a mail gives `page` a stack of rows: `card(…)` for what it says, `foot(…)` for its small print. Rows
are MJML: `row(html)` for text, `<mj-button>` and so on.
"""

import re
from functools import cache
from html import escape
from importlib import resources
from string import Template

import mrml

from workbench.text import Words

DAY = {
    "outer": "#f1e8db",
    "paper": "#fbf7f0",
    "soft": "#f4ecdf",
    "line": "#e4d8c6",
    "ink": "#1a151d",
    "quiet": "#5f5560",
    "link": "#8f3d1e",
    "button": "#a04522",
    "on_button": "#ffffff",
}
"""Colours of the app's theme by day (workbench/app/theme.toml)."""

NIGHT = {
    "outer": "#1e1b1f",
    "paper": "#262227",
    "soft": "#2f2a30",
    "line": "#443e44",
    "ink": "#f2ebe1",
    "quiet": "#c3b8b4",
    "link": "#f3b391",
    "button": "#e58a5c",
    "on_button": "#1e1b1f",
}
"""The same by night."""

# Inline, for readers that drop the head's styles; by night the head's classes win.
LINK = f"color:{DAY['link']};text-decoration:underline"
IMAGE = "display:block;max-width:100%;height:auto;border:0;border-radius:12px"
_BUTTON = (
    f"display:inline-block;background:{DAY['button']};color:{DAY['on_button']};border-radius:24px;"
    "padding:12px 24px;font-weight:600;text-decoration:none"
)
# In attributes of HTML within MJML, mrml writes these as Rust's debugging does (`\u{a0}`); references it leaves alone.
_UNSAFE = re.compile(r"[^\x00-\x7f]|\\")
_REFERENCE = re.compile("&#x(5c|[89a-f][0-9a-f]|[0-9a-f]{3,6});")
_OPTIONS = mrml.RenderOptions(disable_comments=False, fonts={})


def page(title: str, body_mjml: str, words: Words, preheader: str = "") -> str:
    """A whole mail as HTML: the common frame around a stack of `card` and `foot`.

    `title` and `preheader` are plain words; the preheader is what an inbox shows beside the subject.
    """
    said = {
        "language": words.language,
        "title": escape(title),
        "preheader": f"<mj-preview>{escape(preheader)}</mj-preview>" if preheader else "",
        "app": escape(words("mail.brand")),
        "body": body_mjml,
    }
    night = {f"night_{name}": colour for name, colour in NIGHT.items()}
    mjml = _UNSAFE.sub(lambda found: f"&#x{ord(found[0]):x};", _frame().substitute(DAY, **night, **said))
    html = mrml.to_html(mjml, render_options=_OPTIONS).content
    return _REFERENCE.sub(lambda found: chr(int(found[1], 16)), html)


@cache
def _frame() -> Template:
    return Template(resources.files(__package__).joinpath("frame.mjml").read_text(encoding="utf-8"))


def card(rows_mjml: str) -> str:
    """What a mail says, on paper."""
    column = f"<mj-column>{rows_mjml}</mj-column>"
    return f'<mj-section css-class="card" border-radius="18px" background-color="{DAY["paper"]}">{column}</mj-section>'


def foot(html: str) -> str:
    """The small print under a mail's card."""
    text = f'<mj-text css-class="foot" align="center" font-size="13px" color="{DAY["quiet"]}">{html}</mj-text>'
    return f'<mj-section css-class="under"><mj-column>{text}</mj-column></mj-section>'


def row(html: str, kind: str = "") -> str:
    """A row of a card that holds HTML; a kind sets it apart from the others with a line, or a tint."""
    tint = f' container-background-color="{DAY["soft"]}"' if kind in _TINTED else ""
    return f'<mj-text css-class="row {kind}"{tint}>{html}</mj-text>'


_TINTED = {"questionnaire", "poll", "charter", "exclusive", "reminder"}


def heading(html: str) -> str:
    """The row that a card begins with; its words are HTML already."""
    return f'<mj-text css-class="head" padding="32px 36px 4px"><h1>{html}</h1></mj-text>'


def label(said: str) -> str:
    """The small heading over a block."""
    return f'<p class="label">{escape(said)}</p>'


def button(said: str, href: str) -> str:
    """A link that looks like a button. Both are HTML already."""
    return f'<p class="go"><a class="button" href="{href}" style="{_BUTTON}">{said}</a></p>'
