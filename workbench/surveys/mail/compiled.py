"""A letter compiled once, and what is said to each of its readers.

Subject, HTML and text hold opaque tokens where something is personal. For a reader only the values of these tokens
are computed; SendGrid puts them in (its "substitutions", one mapping a person), `filled` does the same here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html import escape
from operator import itemgetter
from typing import Any, Literal

from pydantic import TypeAdapter

from workbench.errors import WorkbenchError
from workbench.surveys.mail.templates import FIELDS, Expression, evaluated, names_in

MOST_BYTES = 10_000
"""What SendGrid takes of substitutions for a person, names and values together, in bytes of UTF-8."""

LEAVE, VIEW, REMINDER, REMINDER_FORM, STANDINGS, BUGS = (
    "@leave", "@view", "@reminder", "@reminder_form", "@standings", "@bugs",
)  # fmt: skip
"""Names of what else is personal, beside FIELDS; no letter can write them."""

Chunk = tuple[str | int, ...]
"""Ready text, with the numbers of parts where their values belong."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_MEMORY = 1024


class LetterTooLong(WorkbenchError):
    """What is personal in a letter is more than may be sent to one person."""


def link_name(form: str) -> str:
    """The name of a reader's personal link to a form."""
    return f"@link {form}"


# ----------------------------------------------------------------------------------------------------------- parts


@dataclass(frozen=True)
class Said:
    """A value of the reader's. Where there is one, it stands between `html` (or `text`) before and after it."""

    value: Expression
    html: tuple[str, str] = ("", "")
    text: tuple[str, str] = ("", "")
    kind: Literal["said"] = "said"


@dataclass(frozen=True)
class Branch:
    """What is said if a test holds; without one, it is the `else`."""

    test: Expression | None
    html: Chunk
    text: Chunk


@dataclass(frozen=True)
class Choice:
    """The first branch that holds, or nothing; around it as in `Said`."""

    branches: tuple[Branch, ...]
    html: tuple[str, str] = ("", "")
    text: tuple[str, str] = ("", "")
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True)
class Items:
    """A list of the reader's, STANDINGS or BUGS: the patterns are filled for each row, `{}` by `{}`."""

    of: str
    html: str
    text: str
    kind: Literal["items"] = "items"


Part = Said | Choice | Items


@dataclass(frozen=True)
class Compiled:
    """A letter with tokens in its subject, HTML and text, and the parts that give their values.

    `salt` (8 hex digits of the content's hash) is in every token: `%k<salt>h<part>%` in HTML, `…t<part>%` elsewhere.
    """

    subject: str
    html: str
    text: str
    forms: tuple[str, ...]
    """The forms it links to, in the letter's order."""
    parts: tuple[Part, ...]
    salt: str

    def as_json(self) -> dict[str, Any]:
        """What `of_json` takes: dicts, lists, strings and numbers only."""
        return dict(_ADAPTER.dump_python(self, mode="json"))

    @classmethod
    def of_json(cls, d: Mapping[str, Any]) -> Compiled:
        """The letter that `as_json` gave. Raises ValueError for anything else."""
        return _ADAPTER.validate_python(d)

    def tokens(self, part: int) -> tuple[str, str]:
        """How a part is written in the HTML, and elsewhere."""
        return f"%k{self.salt}h{part}%", f"%k{self.salt}t{part}%"

    @cached_property
    def makers(self) -> tuple[Maker, ...]:
        """For each part, what makes its HTML and its text for a reader."""
        made: list[Maker] = []
        for part in self.parts:  # a part's branches name earlier parts only
            made.append(_maker(part, self.parts, made))
        return tuple(made)

    @cached_property
    def places(self) -> tuple[tuple[Maker, str, str], ...]:
        """The parts that have a token, with what makes them and that token in the HTML and elsewhere ("": nowhere)."""
        present = set(self.token.findall(self.subject + self.html + self.text))
        tokens = [(maker, *self.tokens(number)) for number, maker in enumerate(self.makers)]
        put = [(maker, html * (html in present), text * (text in present)) for maker, html, text in tokens]
        return tuple(each for each in put if each[1] or each[2])

    @cached_property
    def token(self) -> re.Pattern[str]:
        """What any of its tokens looks like."""
        return re.compile(f"%k{self.salt}[ht][0-9]+%")


_ADAPTER = TypeAdapter(Compiled)


# --------------------------------------------------------------------------------------------------------- readers


@dataclass(frozen=True)
class Standing:
    """Where a person stands with a commitment: its label and its status, in words of the reader's language."""

    label: str
    status: str


@dataclass(frozen=True)
class Reader:
    """One person as the letter sees them: FIELDS ("" where not known), personal links by form, and what is theirs.

    `links` holds every form that the letter names, and `reminder_form` if there is one: a reminder rides in this
    letter. `leave_url` leads to the preferences, `view_url` to the letter in a browser.
    """

    fields: Mapping[str, str]
    links: Mapping[str, str]
    standings: Sequence[Standing] = ()
    bugs: Sequence[str] = ()
    reminder_form: str | None = None
    leave_url: str = ""
    view_url: str = ""


NEUTRAL = Reader(fields=dict.fromkeys(FIELDS, ""), links={})
"""Nobody: what is left of a letter without anything personal."""


@dataclass(frozen=True)
class Person:
    """A reader as parts see them: words by name, and rows by list."""

    values: dict[str, str]
    rows: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)


Maker = Callable[[Person], tuple[str, str]]
"""Gives a part's HTML and text for a person."""


def _person(reader: Reader, forms: Iterable[str]) -> Person:
    links = reader.links
    values = {name: _in_a_line(value) for name, value in reader.fields.items()}
    values |= {link_name(form): links.get(form, "") for form in forms}
    reminder = reader.reminder_form or ""
    values[REMINDER_FORM], values[REMINDER] = reminder, links.get(reminder, "")
    values[LEAVE], values[VIEW] = reader.leave_url, reader.view_url
    values[STANDINGS], values[BUGS] = "1" * bool(reader.standings), "1" * bool(reader.bugs)
    rows: dict[str, list[tuple[str, ...]]] = {
        STANDINGS: [(_in_a_line(each.label), _in_a_line(each.status)) for each in reader.standings],
        BUGS: [(_in_a_line(bug),) for bug in reader.bugs],
    }
    return Person(values, rows)


def _in_a_line(value: str) -> str:
    """A value without what would begin a new line, in a subject above all."""
    return _UNSEEN.sub(" ", value)


def substitutions(compiled: Compiled, reader: Reader) -> dict[str, str]:
    """The value of every token for a reader: HTML is escaped. Raises LetterTooLong above MOST_BYTES."""
    values = token_values(compiled, reader)
    size = bytes_of(values)
    if size > MOST_BYTES:
        raise LetterTooLong(
            f"{size:,} bytes of this letter are one person's own", f"SendGrid takes {MOST_BYTES:,}: shorten conditions"
        )
    return values


def token_values(compiled: Compiled, reader: Reader) -> dict[str, str]:
    """The same, however much it is."""
    person = _person(reader, compiled.forms)
    values: dict[str, str] = {}
    for maker, in_html, in_text in compiled.places:
        html, text = maker(person)
        if in_html:
            values[in_html] = html
        if in_text:
            values[in_text] = text
    return values


def bytes_of(values: Mapping[str, str]) -> int:
    """Bytes of a mapping of tokens to values, both counted."""
    return len("".join(values).encode()) + len("".join(values.values()).encode())


@dataclass(frozen=True)
class Mail:
    """What one recipient sees."""

    subject: str
    html: str
    text: str


def filled(compiled: Compiled, values: Mapping[str, str]) -> Mail:
    """The letter with the values of one reader, as `substitutions` gives them. Raises KeyError if one is missing."""

    def put_in(said: str) -> str:
        return compiled.token.sub(lambda found: values[found[0]], said)

    return Mail(put_in(compiled.subject), put_in(compiled.html), put_in(compiled.text))


# ---------------------------------------------------------------------------------------------------------- makers

# A value must never read as a token, not even together with what stands beside it: SendGrid replaces one token after
# the other, so that what one person is called could otherwise call for another part. All tokens begin with `%k`.
_SPECIAL = re.compile("[&<>\"'%]")
_LIKE_A_TOKEN = re.compile("%(?=k|$)")


def shown_in_html(value: str) -> str:
    """A value as HTML that shows it: `&`, `<`, quotes and what looks like a token are only characters."""
    return _LIKE_A_TOKEN.sub("&#37;", escape(value)) if _SPECIAL.search(value) else value


def shown_in_text(value: str) -> str:
    """A value as text; a word joiner, which nobody sees, keeps it from being a token."""
    return _LIKE_A_TOKEN.sub("%\u2060", value) if "%" in value else value


def _maker(part: Part, parts: Sequence[Part], makers: Sequence[Maker]) -> Maker:
    if isinstance(part, Said):
        return _said(part)
    if isinstance(part, Items):
        return _items(part)
    names = names_of(part, parts)
    return _remembering(_choice(part, makers), sorted(names)) if names <= set(FIELDS) else _choice(part, makers)


def _said(part: Said) -> Maker:
    value_of = _asked(part.value)

    def make(person: Person) -> tuple[str, str]:
        value = value_of(person.values)
        return around(shown_in_html(value), part.html), around(shown_in_text(value), part.text)

    return make


def _asked(expression: Expression) -> Callable[[Mapping[str, str]], Any]:
    """What gives an expression's value; a plain field, by far the most frequent, is only looked up."""
    return itemgetter(expression.args[0]) if expression.op == "name" else lambda values: evaluated(expression, values)


def _items(part: Items) -> Maker:
    def make(person: Person) -> tuple[str, str]:
        rows = person.rows[part.of]
        html = (part.html.format(*map(shown_in_html, row)) for row in rows)
        return "".join(html), "".join(part.text.format(*map(shown_in_text, row)) for row in rows)

    return make


def _choice(part: Choice, makers: Sequence[Maker]) -> Maker:
    branches = [
        (_asked(branch.test) if branch.test else None, branch.html, branch.text, _within(branch))
        for branch in part.branches
    ]

    def make(person: Person) -> tuple[str, str]:
        for holds, html, text, within in branches:
            if holds is None or holds(person.values):
                inner = {piece: makers[piece](person) for piece in within}
                return around(_joined(html, 0, inner), part.html), around(_joined(text, 1, inner), part.text)
        return "", ""

    return make


def _within(branch: Branch) -> frozenset[int]:
    """The parts that a branch holds."""
    return frozenset(piece for piece in branch.html + branch.text if isinstance(piece, int))


def _joined(chunk: Chunk, which: int, inner: Mapping[int, tuple[str, str]]) -> str:
    return "".join([piece if isinstance(piece, str) else inner[piece][which] for piece in chunk])


def around(value: str, sides: tuple[str, str]) -> str:
    """A value with what stands around it, or nothing."""
    return sides[0] + value + sides[1] if value else ""


def names_of(part: Part, parts: Sequence[Part]) -> frozenset[str]:
    """Every name that a part's value depends on."""
    if isinstance(part, Said):
        return names_in(part.value)
    if isinstance(part, Items):
        return frozenset({part.of})
    tests = [names_in(branch.test) for branch in part.branches if branch.test]
    within = frozenset().union(*map(_within, part.branches))
    return frozenset().union(*tests, *(names_of(parts[piece], parts) for piece in within))


def _remembering(make: Maker, names: Sequence[str]) -> Maker:
    """The same, computed once for the same values of these names, and given nothing but these."""

    @lru_cache(maxsize=_MEMORY)
    def remembered(*values: str) -> tuple[str, str]:
        return make(Person(dict(zip(names, values, strict=True))))

    return lambda person: remembered(*(person.values[name] for name in names))
