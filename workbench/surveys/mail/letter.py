"""A letter as it is written: a text file with a front matter, prose in Markdown, and blocks between `:::` lines.

Reading knows lines and keys only; what the prose says is looked at when the letter is compiled or checked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workbench.errors import WorkbenchError

BLOCKS: tuple[str, ...] = (
    "news", "exclusive", "poll", "tutorial", "podcast", "questionnaire", "charter", "bugs",
)  # fmt: skip
"""What a block of a letter may be about."""

ONCE = ("charter", "bugs")
"""Blocks that a letter has once, if at all."""

LONGEST_LETTER = 60_000
"""Characters of the longest letter that is read."""

TEXT = "text"

_KEYS = ("subject", "preheader", "audience", "academies", "date")
_NEEDED: Mapping[str, str] = {"poll": "form", "questionnaire": "form"}
_TAKEN: Mapping[str, str] = {**_NEEDED, "tutorial": "url", "podcast": "url"}
_OPENING = re.compile(r":::[ \t]*([^\s:]\S*)((?:[ \t]+\S+)*)[ \t]*")
_FORM = re.compile(r"[A-Za-z0-9_-]+")
# What no letter holds: control characters, and those that mark places in it while it is compiled.
_MARKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ue000-\ue003]")


class LetterInvalid(WorkbenchError):
    """A letter that cannot be read or compiled. `line` counts from 1; None where it is about no line."""

    def __init__(self, line: int | None, message: str, remedy: str) -> None:
        super().__init__(f"line {line}: {message}" if line else message, remedy)
        self.line = line


@dataclass(frozen=True)
class Block:
    """A stretch of a letter: `kind` is one of BLOCKS, or "text" outside of them.

    `line` is the line of its `:::` (of its first line outside blocks), `body_line` that of the first line of `body`.
    """

    kind: str
    attributes: Mapping[str, str]
    body: str
    line: int
    body_line: int


@dataclass(frozen=True)
class Letter:
    """A letter, read: to whom (`audience`, and only these `academies` if any), when planned, and what it says."""

    subject: str
    preheader: str
    audience: str
    academies: tuple[str, ...]
    day: date | None
    parts: tuple[Block, ...]
    source: str
    lines: Mapping[str, int]
    """The line of each key of the front matter."""


def read_letter(source: str) -> Letter:
    """The letter that a text file holds. Raises LetterInvalid, which names the line."""
    _refuse_what_no_letter_is(source)
    lines = source.removeprefix("\ufeff").splitlines()
    head, lines_of, first = _front_matter(lines)
    if "subject" not in head:
        raise LetterInvalid(1, "the letter has no subject", "write `subject: …` between the two lines of `---`")
    return Letter(
        subject=head["subject"],
        preheader=head.get("preheader", ""),
        audience=head.get("audience", "active"),
        academies=tuple(filter(None, (name.strip() for name in head.get("academies", "").split(",")))),
        day=_day(head.get("date"), lines_of.get("date")),
        parts=tuple(_blocks(lines, first)),
        source=source,
        lines=lines_of,
    )


def _refuse_what_no_letter_is(source: str) -> None:
    if len(source) > LONGEST_LETTER:
        raise LetterInvalid(None, f"a letter of {len(source):,} characters", f"shorten it to {LONGEST_LETTER:,}")
    if found := _MARKS.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise LetterInvalid(line, f"a character nobody can see, {found[0]!a}", "delete it")


# ---------------------------------------------------------------------------------------------------- front matter


def _front_matter(lines: list[str]) -> tuple[dict[str, str], dict[str, int], int]:
    """Values and lines by key, and the index of the first line after it."""
    if not lines or lines[0].strip() != "---":
        raise LetterInvalid(1, "the letter does not begin with `---`", "begin with `---`, `subject: …`, `---`")
    values: dict[str, str] = {}
    lines_of: dict[str, int] = {}
    for index, line in enumerate(lines[1:], start=1):
        if line.strip() == "---":
            return values, lines_of, index + 1
        if line.strip():
            key, value = _entry(line, index + 1, values)
            values[key], lines_of[key] = value, index + 1
    raise LetterInvalid(1, "the front matter that begins here has no end", "close it with a line `---`")


def _entry(line: str, number: int, before: Mapping[str, str]) -> tuple[str, str]:
    key, colon, value = line.partition(":")
    key = key.strip()
    if not colon:
        raise LetterInvalid(number, f"`{line.strip()}` is no `key: value`", "write a key, a colon and a value")
    if key not in _KEYS:
        raise LetterInvalid(number, f"the key `{key}` is not known", f"known are {', '.join(_KEYS)}")
    if key in before:
        raise LetterInvalid(number, f"`{key}` is there twice", "keep one of them")
    return key, value.strip()


def _day(written: str | None, line: int | None) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise LetterInvalid(line, f"`{written}` is no day", "write it as 2020-12-18") from None


# ---------------------------------------------------------------------------------------------------------- blocks


def _blocks(lines: list[str], first: int) -> list[Block]:
    """The stretches of a letter from a line on; blank ones outside blocks are none."""
    found: list[Block] = []
    opened, start = None, first
    for index in range(first, len(lines)):
        line = lines[index].strip()
        if not line.startswith(":::"):
            continue
        opening = line != ":::"
        if opening == bool(opened):
            raise _misplaced(index + 1, opened)
        found.append(_stretch(opened, lines, start, index))
        opened, start = (_opened(line, index + 1) if opening else None), index + 1
    if opened:
        raise LetterInvalid(opened.line, f"the block `{opened.kind}` has no end", "close it with a line `:::`")
    found.append(_stretch(None, lines, start, len(lines)))
    _refuse_twice(found)
    return [block for block in found if block.kind != TEXT or block.body.strip()]


def _refuse_twice(blocks: list[Block]) -> None:
    for kind in ONCE:
        lines = [block.line for block in blocks if block.kind == kind]
        if len(lines) > 1:
            raise LetterInvalid(lines[1], f"the block `{kind}` is there twice", "keep one: both would say the same")


def _misplaced(line: int, opened: Block | None) -> LetterInvalid:
    if opened:
        return LetterInvalid(
            line, f"a block begins inside the block of line {opened.line}", "close that one first, with a line `:::`"
        )
    return LetterInvalid(line, "`:::` closes a block, and none is open", f"open one: `:::news` ({', '.join(BLOCKS)})")


def _stretch(opened: Block | None, lines: list[str], start: int, end: int) -> Block:
    body = "\n".join(lines[start:end])
    if opened:
        return Block(opened.kind, opened.attributes, body, opened.line, start + 1)
    blank = len(body) - len(body.lstrip())
    first = start + 1 + body.count("\n", 0, blank)
    return Block(TEXT, {}, body.strip(), first, first)


def _opened(line: str, number: int) -> Block:
    parts = _OPENING.fullmatch(line)
    kind = parts[1] if parts else line.removeprefix(":::").strip()
    if not parts or kind not in BLOCKS:
        raise LetterInvalid(number, f"the block `{kind}` is not known", f"known are {', '.join(BLOCKS)}")
    attributes = dict(_attribute(kind, word, number) for word in parts[2].split())
    if _NEEDED.get(kind, "") not in {"", *attributes}:
        raise LetterInvalid(number, f"the block `{kind}` names no form", f"write `:::{kind} form=n5h3f6CS`")
    return Block(kind, attributes, "", number, number + 1)


def _attribute(kind: str, word: str, line: int) -> tuple[str, str]:
    key, _, value = word.partition("=")
    taken = _TAKEN.get(kind)
    if key != taken or not value:
        remedy = f"it takes `{taken}=…`" if taken else "it takes nothing after its name"
        raise LetterInvalid(line, f"`{word}` means nothing to the block `{kind}`", remedy)
    if key == "form" and not _FORM.fullmatch(value):
        raise LetterInvalid(line, f"`{value}` is no form", "a form is the letters and digits at the end of its address")
    return key, value
