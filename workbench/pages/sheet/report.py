"""A page as one HTML file that needs nothing else: to send, to print, to keep.

No script and nothing from elsewhere: charts are SVG in the file, drawn once for a desk and once for a phone, in the
colours of the day and of the night; tables have all their rows; what a screen shows a click away stands at the end,
once, with a link to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from html import escape
from importlib import resources
from typing import Any

import altair as alt
from markdown_it import MarkdownIt

from workbench.charts import Drawn
from workbench.charts.pictures import Theme, as_svg, colours
from workbench.pages.sheet import Column, Figure, Table
from workbench.text import Words

# Streamlit's own Markdown: icons, and words in colours or badges, of which the words stay.
_ICON = re.compile(r":material/\w+: ?")
_COLOURED = re.compile(r":[a-z]+(?:-[a-z]+)*\[([^\]]*)\]")
_COLOUR = re.compile(r'(?<=")(#[0-9a-fA-F]{3,8}|rgba?\([^)"]*\))(?=")')
_NAMED_PART = re.compile(r'(\bid="|url\(#)([^")]+)')
_WIDTHS_PX = {"desk": 760, "phone": 330}
_NAMES = {
    "page": "backgroundColor",
    "ink": "textColor",
    "soft": "secondaryBackgroundColor",
    "line": "borderColor",
    "link": "linkColor",
    "line-of-trend": "primaryColor",
}


class Report:
    """The forms of `Sheet` in HTML; `html` is the file once the page has said everything."""

    interactive = False

    def __init__(self, words: Words) -> None:
        self._words = words
        self._title = ""
        self._body: list[str] = []
        self._appendix: dict[tuple[str, str], str] = {}
        self._inks: dict[tuple[str, str], str] = {}
        self._charts = 0

    def html(self, facts: str, banner: str = "") -> str:
        """The file: under a banner (Markdown), what the page said, its definitions, and the facts in its foot."""
        words = self._words
        title = f"{escape(self._title)} · {escape(words('app.name'))}"
        above = f'<div class="banner">{_block(banner)}</div>' if banner else ""
        return (
            f'<!doctype html>\n<html lang="{words.language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>{title}</title>\n<style>\n{self._style()}</style>\n</head>\n<body>\n<header>{above}</header>\n"
            f"<main>\n{''.join(self._body)}{self._definitions()}</main>\n<footer>{_block(facts)}</footer>\n"
            "</body>\n</html>\n"
        )

    def title(self, text: str) -> None:
        """See `Sheet`."""
        self._title = _plain(text)
        self._say(f"<h1>{_inline(text)}</h1>")

    def heading(self, text: str) -> None:
        """See `Sheet`."""
        self._say(f"<h2>{_inline(text)}</h2>")

    def text(self, markdown: str) -> None:
        """See `Sheet`."""
        self._say(_block(markdown))

    def note(self, markdown: str) -> None:
        """See `Sheet`."""
        self._say(f'<div class="note">{_block(markdown)}</div>')

    def badge(self, text: str, icon: str, colour: str) -> None:  # noqa: ARG002  # a report has no icons
        """See `Sheet`."""
        self._say(f'<span class="badge {escape(colour)}">{_inline(text)}</span>')

    def part(self) -> AbstractContextManager[object]:
        """See `Sheet`. On paper nothing moves."""
        return nullcontext()

    @contextmanager
    def grid(self, columns: int, narrowest_px: int) -> Iterator[None]:
        """See `Sheet`."""
        with self._inside(f'<div class="grid" style="--columns:{columns};--narrowest:{narrowest_px}px">'):
            yield

    @contextmanager
    def row(self) -> Iterator[None]:
        """See `Sheet`."""
        with self._inside('<div class="row">'):
            yield

    @contextmanager
    def frame(self) -> Iterator[None]:
        """See `Sheet`."""
        with self._inside('<div class="frame">'):
            yield

    def figure(self, figure: Figure, key: str, define: Callable[[], None]) -> None:  # noqa: ARG002
        """See `Sheet`."""
        with self.frame():
            self._say(f'<p class="label">{_inline(figure.label)}</p><p class="value">{escape(figure.value)}</p>')
            if figure.change:
                self._say(f'<p class="change">{_arrow(figure.rising)}{escape(figure.change)}</p>')
            if figure.trend:
                self._say(_trend(figure.trend))
            if figure.note:
                self.note(figure.note)
            self._refer(self._words("definition.open"), define, of=figure.label)

    def details(self, label: str, key: str, write: Callable[[], None]) -> None:  # noqa: ARG002  # links need no key
        """See `Sheet`. It stands in the appendix; what is written twice stands there once."""
        self._refer(label, write)

    def code(self, sql: str) -> None:
        """See `Sheet`."""
        self._say(f"<pre><code>{escape(sql)}</code></pre>")

    def chart(self, chart: Drawn, key: str, drill: bool) -> None:  # noqa: ARG002  # nobody clicks on paper
        """See `Sheet`."""
        title, bare = chart.title, chart.copy(deep=False)
        bare.title = alt.Undefined
        drawn = "".join(f'<div class="{place}">{self._drawn(bare, width)}</div>' for place, width in _WIDTHS_PX.items())
        words = f"<p><strong>{escape(title.text)}</strong></p><p><span>{escape(title.subtitle)}</span></p>"
        self._say(f"<figure><figcaption>{words}</figcaption>{drawn}</figure>")

    def table(self, table: Table) -> None:
        """See `Sheet`."""
        name = escape(table.description)
        head = "".join(f'<th scope="col"{_side(column)}>{escape(column.heading)}</th>' for column in table.columns)
        sides = [_side(column) for column in table.columns]
        rows = zip(*(column.cells for column in table.columns), strict=True)
        body = "".join(f"<tr>{_cells(row, sides)}</tr>\n" for row in rows)
        self._say(
            f'<div class="table" role="region" tabindex="0" aria-label="{name}"><table aria-label="{name}">'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
        )

    def _refer(self, label: str, write: Callable[[], None], of: str = "") -> None:
        body, self._body = self._body, []
        write()
        written, self._body = "".join(self._body), body
        anchor = self._appendix.setdefault((label, written), f"d{len(self._appendix) + 1}")
        read = f' aria-label="{escape(_plain(f"{label} · {of}"))}"' if of else ""
        self._say(f'<p class="note"><a href="#{anchor}"{read}>{_inline(label)}</a></p>')

    def _say(self, html: str) -> None:
        self._body.append(f"{html}\n")

    @contextmanager
    def _inside(self, opening: str) -> Iterator[None]:
        self._say(opening)
        yield
        self._say("</div>")

    def _drawn(self, chart: Drawn, width_px: int) -> str:
        """One picture for both themes: where a colour differs between them, the style sheet says which it is.

        Several pictures share the file, so gradients and clippings get names that no other has, and that are the same
        in the next file, which Vega's are not.
        """
        day, night = (as_svg(chart, theme, width_px) for theme in ("light", "dark"))
        pairs = list(zip(_COLOUR.split(day), _COLOUR.split(night), strict=True))
        svg = "".join(self._ink(*pair) if place % 2 else pair[0] for place, pair in enumerate(pairs))
        self._charts += 1
        names: dict[str, str] = {}
        own = _NAMED_PART.sub(lambda m: m[1] + names.setdefault(m[2], f"c{self._charts}-{len(names) + 1}"), svg)
        return re.sub(r' xmlns(:xlink)?="[^"]*"', "", own)

    def _ink(self, day: str, night: str) -> str:
        return day if day == night else f"var({self._inks.setdefault((day, night), f'--c{len(self._inks)}')})"

    def _style(self) -> str:
        sheet = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
        day = [f"{name}:{pair[0]}" for pair, name in self._inks.items()] + _theme("light")
        night = [f"{name}:{pair[1]}" for pair, name in self._inks.items()] + _theme("dark")
        return (
            f":root{{color-scheme:light dark;{';'.join(day)}}}\n"
            f"@media screen and (prefers-color-scheme: dark){{:root{{{';'.join(night)}}}}}\n{sheet}"
        )

    def _definitions(self) -> str:
        if not self._appendix:
            return ""
        said = self._words("definition.open")
        entries = "".join(
            f'<section id="{anchor}">{"" if label == said else f"<h3>{_inline(label)}</h3>"}{written}</section>\n'
            for (label, written), anchor in self._appendix.items()
        )
        return f'<div class="appendix">\n<h2>{escape(self._words("report.appendix"))}</h2>\n{entries}</div>\n'


def _theme(theme: Theme) -> list[str]:
    chosen = colours(theme)
    return [f"--{name}:{chosen[option]}" for name, option in _NAMES.items()]


def _markdown() -> MarkdownIt:
    """CommonMark with tables; no HTML, no pictures; a link is its words, since it would lead out of the file."""
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "autolink"])
    for rule in ("link_open", "link_close"):
        reader.add_render_rule(rule, lambda *_: "")
    for rule in ("heading_open", "heading_close"):
        reader.add_render_rule(rule, _subheading)
    return reader


def _subheading(_: Any, tokens: Sequence[Any], place: int, *__: Any) -> str:
    """A heading inside a text stands below the page's own, whatever its size was."""
    return "<h3>" if tokens[place].nesting == 1 else "</h3>\n"


_READER = _markdown()


def _without_icons(markdown: str) -> str:
    return _COLOURED.sub(r"\1", _ICON.sub("", markdown))


def _block(markdown: str) -> str:
    return str(_READER.render(_without_icons(markdown))).strip()


def _inline(markdown: str) -> str:
    return str(_READER.renderInline(_without_icons(markdown)))


def _plain(markdown: str) -> str:
    return re.sub(r"[*_`]", "", _without_icons(markdown))


def _arrow(rising: bool | None) -> str:
    return "" if rising is None else f'<span aria-hidden="true">{"▲" if rising else "▼"} </span>'


def _trend(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    step, height = 100 / max(1, len(values) - 1), (high - low) or 1
    points = " ".join(
        f"{place * step:.1f},{22 - 20 * (value - low) / height:.1f}" for place, value in enumerate(values)
    )
    return (
        '<svg class="trend" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )


def _side(column: Column) -> str:
    return ' class="number"' if column.numeric else ""


def _cells(row: Sequence[str], sides: Sequence[str]) -> str:
    return "".join(f"<td{side}>{escape(_without_icons(cell))}</td>" for cell, side in zip(row, sides, strict=True))
