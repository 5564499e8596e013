"""What is worth knowing about a letter before it is sent: what is wrong in it, and on which line."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.surveys.mail.compiled import (
    LEAVE,
    MOST_BYTES,
    NEUTRAL,
    Choice,
    Compiled,
    Items,
    Part,
    Reader,
    Standing,
    bytes_of,
    filled,
    names_of,
    token_values,
)
from workbench.surveys.mail.compiling import SMALL_PRINT, Workshop, assembled, poll_items
from workbench.surveys.mail.letter import TEXT, Letter, LetterInvalid, read_letter
from workbench.surveys.mail.prose import Complaint
from workbench.surveys.mail.templates import FIELDS, FILTERS, Problem
from workbench.text import Words

LONGEST_SUBJECT = 70
"""Characters of a subject that inboxes show whole."""

LARGEST_HTML = 100_000
"""Bytes above which inboxes cut a mail off."""

_MAY_BE_EMPTY = {TEXT, "charter", "bugs"}
# Suppositions about one reader, on the large side: characters of a value, rows of a list.
_USUAL_VALUE, _USUAL_LINK, _LARGE_VALUE, _ROWS = 12, 90, 200, 12


@dataclass(frozen=True)
class Finding:
    """Something about a letter: its line if it has one, its kind, and the values of its words."""

    line: int | None
    kind: str
    values: Mapping[str, object]

    @property
    def key(self) -> str:
        """The key of its words, which have places for its values."""
        return f"mail.finding.{self.kind}"


def findings(source: str, words: Words, sender: str) -> list[Finding]:
    """Everything that is wrong with a letter, by line, and last what is about the whole. Never raises."""
    try:
        letter = read_letter(source)
    except LetterInvalid as wrong:
        return [Finding(wrong.line, "unreadable", {"message": str(wrong)})]
    shop = Workshop(words)
    compiled = assembled(letter, shop, sender)
    found = [*_in_prose(shop), *_in_blocks(letter), *_in_subject(letter, compiled), *_in_whole(compiled, shop)]
    return sorted(found, key=lambda each: (each.line is None, each.line or 0))


def _in_prose(shop: Workshop) -> Iterator[Finding]:
    allowed = {"unknown_field": FIELDS, "forbidden": ("if, elif, else, endif", *FILTERS)}
    noticed: list[Problem | Complaint] = [*shop.problems, *shop.complaints]
    for wrong in noticed:
        more = {"allowed": ", ".join(allowed[wrong.kind])} if wrong.kind in allowed else {}
        yield Finding(wrong.line, wrong.kind, {"found": wrong.found, **more})


def _in_blocks(letter: Letter) -> Iterator[Finding]:
    for block in letter.parts:
        says = poll_items(block) if block.kind == "poll" else block.body.strip()
        if not says and block.kind not in _MAY_BE_EMPTY:
            yield Finding(block.line, "empty_block", {"block": block.kind})


def _in_subject(letter: Letter, compiled: Compiled) -> Iterator[Finding]:
    length = len(filled(compiled, token_values(compiled, _usual(compiled))).subject)
    if not 0 < length <= LONGEST_SUBJECT:
        yield Finding(letter.lines["subject"], "subject_length", {"length": length, "longest": LONGEST_SUBJECT})


def _usual(compiled: Compiled) -> Reader:
    """Somebody whose name is neither short nor long, who has a row for each commitment and some bugs."""
    return Reader(
        fields=dict.fromkeys(FIELDS, "x" * _USUAL_VALUE),
        links=dict.fromkeys(compiled.forms, "x" * _USUAL_LINK),
        standings=[Standing("x" * _USUAL_VALUE, "x" * _USUAL_VALUE)] * 8,
        bugs=["x" * 4 * _USUAL_VALUE] * 3,
        leave_url="x" * _USUAL_LINK,
        view_url="x" * _USUAL_LINK,
    )


def _in_whole(compiled: Compiled, shop: Workshop) -> Iterator[Finding]:
    # Prose that could not be read says nothing yet, and its problem is known already.
    if not shop.problems and not says_anything(compiled):
        yield Finding(None, "no_text", {})
    if not can_be_left(compiled):
        yield Finding(None, "no_unsubscribe", {})
    personal = bytes_of(token_values(compiled, _usual(compiled)))
    if personal > MOST_BYTES:
        yield Finding(None, "too_personal", {"bytes": personal, "largest": MOST_BYTES})
    size = largest_html(compiled)
    if size > LARGEST_HTML:
        yield Finding(None, "too_large", {"bytes": size, "largest": LARGEST_HTML})


def says_anything(compiled: Compiled) -> bool:
    """Whether the text part holds more than the small print, for nobody or for a usual reader."""
    said = (
        filled(compiled, token_values(compiled, reader)).text
        for reader in (NEUTRAL, replace(_usual(compiled), standings=(), bugs=()))
    )
    return any(text.partition(SMALL_PRINT)[0].strip() for text in said)


def can_be_left(compiled: Compiled) -> bool:
    """Whether HTML and text both have a place for the way out of the letters. The layout puts it; this guards it."""
    leaving = [number for number, part in enumerate(compiled.parts) if LEAVE in names_of(part, compiled.parts)]
    tokens = [compiled.tokens(number) for number in leaving]
    return any(html in compiled.html for html, _ in tokens) and any(text in compiled.text for _, text in tokens)


def largest_html(compiled: Compiled) -> int:
    """Bytes of the HTML when every personal part is as large as can be supposed."""
    sizes: list[int] = []
    for part in compiled.parts:
        sizes.append(_largest(part, sizes))
    times = Counter(compiled.token.findall(compiled.html))
    return len(compiled.html.encode()) + sum(times[compiled.tokens(n)[0]] * size for n, size in enumerate(sizes))


def _largest(part: Part, sizes: Sequence[int]) -> int:
    if isinstance(part, Items):
        return _ROWS * (len(part.html) + _LARGE_VALUE)
    if not isinstance(part, Choice):
        return _LARGE_VALUE
    branches = (
        sum(len(each.encode()) if isinstance(each, str) else sizes[each] for each in branch.html)
        for branch in part.branches
    )
    return max(branches)
