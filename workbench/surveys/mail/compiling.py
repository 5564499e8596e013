"""From a letter as it is written to one compiled: Markdown, MJML and HTML once, tokens where something is personal."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from html import escape
from urllib.parse import quote

from workbench.surveys.mail.compiled import (
    BUGS,
    LEAVE,
    REMINDER,
    REMINDER_FORM,
    STANDINGS,
    VIEW,
    Branch,
    Choice,
    Chunk,
    Compiled,
    Items,
    Part,
    Said,
    link_name,
)
from workbench.surveys.mail.letter import TEXT, Block, Letter, LetterInvalid
from workbench.surveys.mail.look import LINK, button, card, foot, heading, label, page, row
from workbench.surveys.mail.prose import (
    Complaint,
    Rendered,
    as_typed,
    link_complaint,
    mark,
    paragraphs,
    pending,
    phrase,
    wrapped,
)
from workbench.surveys.mail.templates import (
    FIELDS,
    FILTERS,
    Condition,
    Expression,
    Problem,
    Prose,
    Segment,
    parsed,
)
from workbench.text import Words

_MARK = re.compile("(\ue000[0-9]+\ue001)")
_PENDING = "\ue002(?P<number>[0-9]+)\ue001"
_IN_HTML = re.compile(
    f"(?P<before>(?:,? )?(?:(?P<strong><strong>)|(?P<em><em>))?){_PENDING}(?P<after>(?(strong)</strong>|(?(em)</em>)))"
)
_IN_TEXT = re.compile(f"(?P<before>(?:,?[ \n])?){_PENDING}(?P<after>)")

SMALL_PRINT = "-- \n"
"""The line of the text part under which the small print stands: many readers fold what follows it."""

_PERSONAL = {"charter": STANDINGS, "bugs": BUGS}


@dataclass
class Workshop:
    """What a compilation gathers: parts, each once, and what is wrong on which line."""

    words: Words
    parts: list[Part] = field(default_factory=list)
    numbers: dict[Part, int] = field(default_factory=dict)
    regions: list[tuple[Expression, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)

    def put(self, part: Part) -> str:
        """The mark of a part; equal ones share it."""
        if part not in self.numbers:
            self.numbers[part] = len(self.parts)
            self.parts.append(part)
        return mark(self.numbers[part])

    def read(self, source: str, line: int) -> tuple[Segment, ...]:
        """The segments of a stretch of the letter; its problems are kept."""
        segments, problems = parsed(source, line)
        self.problems += problems
        return segments


def compile_letter(letter: Letter, words: Words, sender: str) -> Compiled:
    """The letter, ready for any number of readers; the same bytes for the same letter. `sender` is who writes it.

    Raises LetterInvalid, which names the line, for fields and constructs that are not allowed.
    """
    shop = Workshop(words)
    compiled = assembled(letter, shop, sender)
    for problem in shop.problems:
        raise _refusal(problem)
    for wrong in shop.complaints:
        if wrong.kind == "forbidden":
            raise LetterInvalid(wrong.line, f"`{wrong.found}` has a field in a link or an image", "write it in full")
    return compiled


def _refusal(problem: Problem) -> LetterInvalid:
    if problem.kind == "unknown_field":
        return LetterInvalid(
            problem.line, f"the field `{problem.found}` is not known", f"known are {', '.join(FIELDS)}"
        )
    allowed = f"allowed are fields, if, elif, else, endif, and the filters {', '.join(FILTERS)}"
    return LetterInvalid(problem.line, f"`{problem.found}` is not allowed", allowed)


def assembled(letter: Letter, shop: Workshop, sender: str) -> Compiled:
    """The letter compiled as far as it can be; what is wrong with it is left in the workshop."""
    subject = _plain(letter.subject, letter.lines["subject"], shop)
    preheader = _plain(letter.preheader, letter.lines.get("preheader", 1), shop)
    blocks = _with_reminder(letter, [_block(block, shop) for block in letter.parts], shop)
    small = _small_print(sender, shop)
    body = card(heading(subject.html) + "".join(each.html for each in blocks)) + foot(small.html)
    # The frame escapes what it is given; marks are letters to it, and become tokens of escaped values later.
    html = page(subject.text, body, shop.words, preheader.text)
    text = "".join(each.text for each in blocks) + small.text
    return _sealed(subject.text, *_without_regions(html, text, shop), _forms(letter), shop)


def _forms(letter: Letter, *kinds: str) -> tuple[str, ...]:
    """The forms that blocks of these kinds, or of any, link to."""
    named = (block for block in letter.parts if "form" in block.attributes and block.kind in (kinds or (block.kind,)))
    return tuple(dict.fromkeys(block.attributes["form"] for block in named))


def _sealed(subject: str, html: str, text: str, forms: tuple[str, ...], shop: Workshop) -> Compiled:
    """Marks become tokens, which carry a hash of all there is."""
    bare = Compiled(subject, html, text, forms, tuple(shop.parts), salt="")
    content = json.dumps(bare.as_json(), sort_keys=True)
    salted = replace(bare, salt=hashlib.sha256(content.encode()).hexdigest()[:8])

    def tokens(said: str, which: int) -> str:
        return _MARK.sub(lambda found: salted.tokens(int(found[1][1:-1]))[which], said)

    return replace(salted, subject=tokens(subject, 1), html=tokens(html, 0), text=tokens(text, 1))


# ------------------------------------------------------------------------------------------------------------ prose


@dataclass
class _Draft:
    """Markdown in the making: the line of the letter that each of its lines is from, and what is pending in it."""

    text: str = ""
    lines: list[int] = field(default_factory=list)
    parts: list[Said | Choice] = field(default_factory=list)

    def add(self, prose: Prose) -> None:
        """Some more prose."""
        # The line on which it begins goes on with what was there before.
        self.lines += range(prose.line + bool(self.lines), prose.line + 1 + prose.text.count("\n"))
        self.text += prose.text

    def apart(self, mark_of_part: str) -> None:
        """A part as a paragraph of its own."""
        self.text += f"\n\n{mark_of_part}\n\n"
        self.lines += [self.lines[-1] if self.lines else 1] * (4 + (not self.lines))

    def line(self, number: int) -> int:
        """The line of the letter for a line of the Markdown, from 0."""
        return self.lines[min(number, len(self.lines) - 1)] if self.lines else 1


def _plain(source: str, line: int, shop: Workshop) -> Rendered:
    """A line without Markdown: subject, preheader."""

    def render(said: str) -> Rendered:
        typed = as_typed(said, shop.words)
        return Rendered(escape(typed), typed)

    return _flowing(shop.read(source, line), render, shop)


def _flowing(segments: Sequence[Segment], render: Callable[[str], Rendered], shop: Workshop) -> Rendered:
    """Segments as words within a line."""
    draft = _Draft()
    for segment in segments:
        _add(segment, draft, render, shop)
    return _settled(render(draft.text), draft, shop)


def _standing(segments: Sequence[Segment], shop: Workshop) -> Rendered:
    """Segments as paragraphs. A condition that has its lines for itself holds paragraphs, any other holds words."""
    draft = _Draft()
    for index, segment in enumerate(segments):
        if isinstance(segment, Condition) and _has_its_lines(draft.text, segments[index + 1 :]):
            draft.apart(shop.put(_choice(segment, lambda inner: _standing(inner, shop))))
        else:
            _add(segment, draft, lambda said: phrase(said, shop.words), shop)
    rendered = paragraphs(draft.text, shop.words)
    # What stands apart brings its own paragraphs and empty lines, or none.
    apart = replace(
        rendered,
        html=re.sub(f"<p>{_MARK.pattern}</p>\n?", r"\1", rendered.html),
        text=re.sub(f"{_MARK.pattern}\n\n", r"\1", rendered.text),
    )
    return _settled(apart, draft, shop)


def _has_its_lines(before: str, after: Sequence[Segment]) -> bool:
    if before.rpartition("\n")[2].strip():
        return False
    following = after[0] if after else Prose("", 0)
    rest, newline, _ = following.text.partition("\n") if isinstance(following, Prose) else ("…", "", "")
    return not rest.strip() and (bool(newline) or len(after) <= 1)


def _add(segment: Segment, draft: _Draft, render: Callable[[str], Rendered], shop: Workshop) -> None:
    if isinstance(segment, Prose):
        draft.add(segment)
        return
    draft.text += pending(len(draft.parts))
    if isinstance(segment, Condition):
        draft.parts.append(_choice(segment, lambda inner: _flowing(inner, render, shop)))
    else:
        draft.parts.append(Said(segment.value))


def _choice(condition: Condition, render: Callable[[Sequence[Segment]], Rendered]) -> Choice:
    said = ((test, render(segments)) for test, segments in condition.branches)
    return Choice(tuple(Branch(test, _chunk(each.html), _chunk(each.text)) for test, each in said))


def _chunk(said: str) -> Chunk:
    pieces = (int(piece[1:-1]) if _MARK.fullmatch(piece) else piece for piece in _MARK.split(said))
    return tuple(piece for piece in pieces if piece != "")


def _settled(rendered: Rendered, draft: _Draft, shop: Workshop) -> Rendered:
    """What was pending is marked. The comma, space and emphasis around it go with it: « Bonjour, » needs no name."""
    shop.complaints += [replace(each, line=draft.line(each.line)) for each in rendered.complaints]
    around_html = {int(place["number"]): _sides(place) for place in _IN_HTML.finditer(rendered.html)}
    around_text = {int(place["number"]): _sides(place) for place in _IN_TEXT.finditer(rendered.text)}
    nothing = ("", "")
    marks = [
        shop.put(replace(part, html=around_html.get(number, nothing), text=around_text.get(number, nothing)))
        for number, part in enumerate(draft.parts)
    ]

    def marked(place: re.Match[str]) -> str:
        return marks[int(place["number"])]

    return Rendered(_IN_HTML.sub(marked, rendered.html), _IN_TEXT.sub(marked, rendered.text))


def _sides(place: re.Match[str]) -> tuple[str, str]:
    return place["before"], place["after"]


# ----------------------------------------------------------------------------------------------------------- blocks


def _block(block: Block, shop: Workshop) -> Rendered:
    """A block as rows of the card, and as text."""
    if block.kind == TEXT:
        said = _standing(shop.read(block.body, block.line), shop)
        return Rendered(row(said.html, TEXT), said.text)
    items, body = _poll(block) if block.kind == "poll" else ([], block.body)
    said = _standing(shop.read(body, block.body_line), shop)
    more = _actions(block, items, shop)
    name = shop.words(f"mail.label.{block.kind}")
    html = row(label(name) + said.html + more.html, block.kind)
    return _if_any(block.kind, Rendered(html, f"— {name} —\n\n{said.text}{more.text}"), shop)


def poll_items(block: Block) -> list[tuple[int, str]]:
    """The answers that a poll offers, with their lines."""
    lines = enumerate(block.body.split("\n"), start=block.body_line)
    return [(number, line[2:].strip()) for number, line in lines if _is_item(line)]


def _is_item(line: str) -> bool:
    return line[:2] in {"- ", "* ", "+ "} and bool(line[2:].strip())


def _poll(block: Block) -> tuple[list[tuple[int, str]], str]:
    """Answers, and the body without them, line for line."""
    return poll_items(block), "\n".join("" if _is_item(line) else line for line in block.body.split("\n"))


def _actions(block: Block, items: Sequence[tuple[int, str]], shop: Workshop) -> Rendered:
    """What follows the prose of a block: buttons, or the reader's own list."""
    if block.kind in _PERSONAL:
        return _list(block.kind, shop)
    if block.kind == "questionnaire":
        return _personal_buttons(block, [(shop.words("mail.button.questionnaire"), "")], shop)
    if block.kind == "poll":
        return _personal_buttons(block, _answers(items, shop), shop)
    return _button(block, shop) if "url" in block.attributes else Rendered("", "")


def _answers(items: Sequence[tuple[int, str]], shop: Workshop) -> list[tuple[str, str]]:
    """Words and end of the address of each answer."""
    for line, item in items:
        if "{{" in item or "{%" in item:
            shop.problems.append(Problem("forbidden", line, item))
    return [(as_typed(item, shop.words), f"&choice={quote(item, safe='')}") for _, item in items]


def _personal_buttons(block: Block, buttons: Sequence[tuple[str, str]], shop: Workshop) -> Rendered:
    """Buttons to a form by the reader's own link; nobody's letter has none."""
    link = Expression("name", (link_name(block.attributes["form"]),))
    href = shop.put(Said(link))
    html = "".join(button(escape(said), href + escape(end)) for said, end in buttons)
    text = "\n".join(shop.words("mail.link", text=said, url=href + end) for said, end in buttons) + "\n\n"
    both = shop.put(Choice((Branch(link, _chunk(html), _chunk(text)),)))
    return Rendered(both, both)


def _button(block: Block, shop: Workshop) -> Rendered:
    url, said = block.attributes["url"], shop.words(f"mail.button.{block.kind}")
    if wrong := link_complaint(url, block.line):
        shop.complaints.append(wrong)
        return Rendered("", "")
    return Rendered(button(escape(said), escape(url)), shop.words("mail.link", text=said, url=url) + "\n\n")


def _list(kind: str, shop: Workshop) -> Rendered:
    html, text = "{}", "{}"
    if kind == "charter":
        html = shop.words("mail.standing", label="{}", status="<strong>{}</strong>")
        text = shop.words("mail.standing", label="{}", status="{}")
    items = shop.put(Items(_PERSONAL[kind], f"<li>{html}</li>", f"- {text}\n"))
    return Rendered(f"<ul>{items}</ul>", f"{items}\n")


# ---------------------------------------------------------------------------------------------------------- regions

# A row that some readers have and others not: only the rendered page knows its HTML. So its edges travel through MJML,
# and what lies between them is cut out of the page as a part.


def _edge(number: int) -> str:
    return f"\ue003{number}\ue003"


def _region(test: Expression, said: Rendered, shop: Workshop) -> Rendered:
    edge = _edge(len(shop.regions))
    shop.regions.append((test, said.text))
    return Rendered(f"<mj-raw>{edge}</mj-raw>{said.html}<mj-raw>{edge}</mj-raw>", edge)


def _without_regions(html: str, text: str, shop: Workshop) -> tuple[str, str]:
    for number, (test, said) in enumerate(shop.regions):
        before, within, after = html.split(_edge(number))
        marked = shop.put(Choice((Branch(test, _chunk(within), _chunk(said)),)))
        html, text = before + marked + after, text.replace(_edge(number), marked)
    return html, text


def _if_any(kind: str, said: Rendered, shop: Workshop) -> Rendered:
    """A block, which vanishes for whoever has nothing in its list."""
    return _region(Expression("name", (_PERSONAL[kind],)), said, shop) if kind in _PERSONAL else said


def _with_reminder(letter: Letter, blocks: list[Rendered], shop: Workshop) -> list[Rendered]:
    """The blocks, and a place for a reminder before the signature: the last text, if it follows anything."""
    signed = len(letter.parts) > 1 and letter.parts[-1].kind == TEXT
    end = len(blocks) - signed
    return [*blocks[:end], _reminder(letter, shop), *blocks[end:]]


def _reminder(letter: Letter, shop: Workshop) -> Rendered:
    said, go, link = shop.words("mail.reminder"), shop.words("mail.button.reminder"), Expression("name", (REMINDER,))
    test = link
    for form in _forms(letter, "questionnaire"):
        other = Expression("ne", (Expression("name", (REMINDER_FORM,)), Expression("text", (form,))))
        test = Expression("and", (test, other))
    href = shop.put(Said(link))
    html = row(f"<p>{escape(said)}</p>{button(escape(go), href)}", "reminder")
    text = f"{wrapped(said)}\n\n{shop.words('mail.link', text=go, url=href)}\n\n"
    return _region(test, Rendered(html, text), shop)


def _small_print(sender: str, shop: Workshop) -> Rendered:
    why = shop.words("mail.why", sender=parseaddr(sender)[0] or sender)
    links = [_small_link(name, shop.words(key), shop) for name, key in ((VIEW, "mail.view"), (LEAVE, "mail.leave"))]
    html = f"<p>{escape(why)}</p><p>{'<br />'.join(links)}</p>"
    return Rendered(html, f"{SMALL_PRINT}{wrapped(why)}\n\n{''.join(links)}")


def _small_link(name: str, said: str, shop: Workshop) -> str:
    link = Expression("name", (name,))
    href = shop.put(Said(link))
    html = f'<a href="{href}" style="{LINK}">{escape(said)}</a>'
    return shop.put(
        Choice((Branch(link, _chunk(html), (*_chunk(shop.words("mail.link", text=said, url=href)), "\n")),))
    )
