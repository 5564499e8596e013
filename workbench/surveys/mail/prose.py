"""Markdown, twice: as HTML for the layout, and as plain text that reads well by itself.

Places of a letter (`mark(3)`) go through untouched. Raw HTML is off: it is shown as it was typed.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from workbench.surveys.mail.look import IMAGE, LINK
from workbench.text import Words, typeset

LINE = 72
"""Characters of a line of the plain text."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
# mrml drops a line break that stands alone between two elements, and so would join their words.
_MARKDOWN.add_render_rule("softbreak", lambda *_: " ")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
_MARKED = re.compile("[\ue000\ue002][0-9]+\ue001")
_NO_LINK = re.compile(r"\]\(\s*([^)]*)\)?")
_SCHEMES = ("http", "https", "mailto")


def mark(number: int) -> str:
    """What stands for a part while a letter is compiled."""
    return f"\ue000{number}\ue001"


def pending(number: int) -> str:
    """What stands for a part whose surroundings are not known yet."""
    return f"\ue002{number}\ue001"


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a link or an image: a kind of `Finding`, the line within the prose (from 0), the words."""

    kind: str
    line: int
    found: str


@dataclass(frozen=True)
class Rendered:
    """A stretch of prose in both forms. Paragraphs of the text end with an empty line."""

    html: str
    text: str
    complaints: tuple[Complaint, ...] = ()


def as_typed(prose: str, words: Words) -> str:
    """Prose with the spaces and apostrophes that its language wants."""
    return _APOSTROPHE.sub("’", typeset(prose)) if words.language == "fr" else prose


def paragraphs(markdown: str, words: Words) -> Rendered:
    """Whole paragraphs, lists, headings."""
    tokens = _prepared(_MARKDOWN.parse(markdown), words)
    return Rendered(_html(tokens), _blocks(SyntaxTreeNode(tokens), words), tuple(_complaints(tokens)))


def phrase(markdown: str, words: Words) -> Rendered:
    """Words within a paragraph."""
    tokens = _prepared(_MARKDOWN.parseInline(markdown), words)
    text = "".join(_words_of(node, words) for node in SyntaxTreeNode(tokens).children)
    return Rendered(_html(tokens), text, tuple(_complaints(tokens)))


def _html(tokens: Sequence[Token]) -> str:
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # A description may run over two lines of Markdown; quotes stand around attributes only, in text they are escaped.
    return re.sub('="[^"]*"', lambda found: " ".join(line.strip(" ") for line in found[0].split("\n")), html)


def _prepared(tokens: list[Token], words: Words) -> list[Token]:
    for token in _inner(tokens):
        if token.type == "text":
            token.content = as_typed(token.content, words)
        elif token.type == "link_open":
            token.attrSet("style", LINK)
        elif token.type == "image":
            token.attrSet("style", IMAGE)
    return tokens


def _inner(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _inner(token.children or ())


# ---------------------------------------------------------------------------------------------------------- checks


def link_complaint(url: str, line: int) -> Complaint | None:
    """What is wrong with where a link leads."""
    parts = urlsplit(url) if "[" not in url else None
    if parts and not parts.scheme and not parts.netloc:
        return Complaint("link_relative", line, url)
    leads = parts and (parts.path if parts.scheme == "mailto" else parts.netloc)
    if not parts or not leads or parts.scheme not in _SCHEMES or re.search(r"\s|%20", url.partition("?")[0]):
        return Complaint("link_malformed", line, url)
    return None


def _complaints(tokens: Sequence[Token]) -> Iterator[Complaint]:
    first = 0
    for token in tokens:
        first = token.map[0] if token.map else first
        line = first
        for child in token.children or ():
            yield from _complaints_of(child, line)
            line += child.type in {"softbreak", "hardbreak"}


def _complaints_of(token: Token, line: int) -> Iterator[Complaint]:
    if token.type == "text":
        # A link that Markdown did not take for one: its address has a space in it, or a scheme that runs something.
        yield from (Complaint("link_malformed", line, found[1]) for found in _NO_LINK.finditer(token.content))
    if token.type not in {"link_open", "image"}:
        return
    url = unquote(str(token.attrs.get("href", token.attrs.get("src", ""))))
    if _MARKED.search(f"{url} {token.attrs.get('title', '')} {token.content}"):
        yield Complaint("forbidden", line, _MARKED.sub("{{ … }}", url))
    elif wrong := link_complaint(url, line):
        yield wrong
    if token.type == "image" and not token.content.strip():
        yield Complaint("missing_alt", line, url)


# ------------------------------------------------------------------------------------------------------ plain text


def _blocks(node: SyntaxTreeNode, words: Words) -> str:
    return "".join(_block(child, words) for child in node.children)


def _block(node: SyntaxTreeNode, words: Words) -> str:
    """One paragraph, heading, list… and the empty line after it."""
    if node.type == "paragraph":
        return f"{wrapped(_inline(node, words))}\n\n"
    if node.type == "heading":
        title = _inline(node, words)
        return f"{title}\n{'-' * min(LINE, len(_MARKED.sub('', title)))}\n\n"
    if node.type in {"bullet_list", "ordered_list"}:
        return _list(node, words)
    if node.type == "blockquote":
        return textwrap.indent(_blocks(node, words).rstrip(), "> ", lambda _: True) + "\n\n"
    return "* * *\n\n" if node.type == "hr" else f"{textwrap.indent(node.content.rstrip(), '    ')}\n\n"


def _list(node: SyntaxTreeNode, words: Words) -> str:
    items = []
    for number, item in enumerate(node.children, start=int(node.attrs.get("start", 1))):
        bullet = "- " if node.type == "bullet_list" else f"{number}. "
        said = textwrap.indent(_blocks(item, words).replace("\n\n", "\n").rstrip(), " " * len(bullet))
        items.append(bullet + said.lstrip(" "))
    return "\n".join(items) + "\n\n"


def _inline(node: SyntaxTreeNode, words: Words) -> str:
    return "".join(_words_of(child, words) for child in node.children).strip()


def _words_of(node: SyntaxTreeNode, words: Words) -> str:
    if node.type in {"softbreak", "hardbreak"}:
        return "\n" if node.type == "hardbreak" else " "
    if node.type in {"text", "code_inline"}:
        return node.content
    said = "".join(_words_of(child, words) for child in node.children)
    if node.type == "image":
        return f"[{said}]" if said.strip() else ""
    return _link(said, str(node.attrs.get("href", "")), words) if node.type == "link" else said


def _link(said: str, url: str, words: Words) -> str:
    shown = url.removeprefix("mailto:")
    return shown if said in {url, shown} else words("mail.link", text=said, url=shown)


def wrapped(prose: str) -> str:
    """Prose in lines of LINE characters; addresses stay whole."""
    lines = (textwrap.fill(line, LINE, break_long_words=False, break_on_hyphens=False) for line in prose.split("\n"))
    return "\n".join(lines)
