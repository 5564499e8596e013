"""Which questions there are and were in each form, by the name that their meaning is kept under; what one may mean."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.ledger import Ledger
from workbench.ledger.questions import AnswersKept, AskedQuestion, Meant, answers_kept, definitions, meanings
from workbench.ledger.states import Meaning
from workbench.ledger.surveys import FormKept, Json
from workbench.surveys.answers import questions
from workbench.surveys.themes import folded


@dataclass(frozen=True)
class FormQuestions:
    """The questions of a form: those of today in their order, then those that only older versions or answers have."""

    form_id: str
    title: str
    questions: tuple[AskedQuestion, ...]
    by_id: Mapping[str, str]
    """The name of a question by the id of its field: older answers have no reference."""

    def name_of(self, field_ref: str | None, field_id: str | None) -> str | None:
        """The question that an answer is to; None for an answer that names no field."""
        if field_ref and any(question.ref == field_ref for question in self.questions):
            return field_ref
        return self.by_id.get(field_id or "") or field_ref or field_id


def asked_questions(ledger: Ledger) -> list[AskedQuestion]:
    """Every question of every form, by form; nothing is lost that was ever asked or answered."""
    return [question for form in form_questions(ledger) for question in form.questions]


def form_questions(ledger: Ledger) -> list[FormQuestions]:
    """The questions of each form, by form."""
    kept, said, counted = definitions(ledger), meanings(ledger), answers_kept(ledger)
    forms = sorted({*kept, *(each.form_id for each in counted)})
    return [_of_form(form, kept.get(form, []), [c for c in counted if c.form_id == form], said) for form in forms]


def _of_form(
    form_id: str, versions: Sequence[FormKept], counted: Iterable[AnswersKept], said: Mapping[tuple[str, str], Meant]
) -> FormQuestions:
    title = versions[-1].title if versions else form_id
    found: dict[str, AskedQuestion] = {}
    by_id: dict[str, str] = {}
    for version in reversed(versions):
        for field_id, question in _leaves(version, title, is_last=version is versions[-1]):
            name = by_id.setdefault(field_id, question.ref) if field_id else question.ref
            found.setdefault(name, question)
    form = FormQuestions(form_id, title, tuple(found.values()), by_id)
    numbers: Counter[str] = Counter()
    for each in counted:
        name = form.name_of(each.field_ref, each.field_id) or ""
        numbers[name] += each.number
        found.setdefault(name, AskedQuestion(form_id, title, name, name, each.type, still_asked=False))
    whole = (_meant(question, said.get((form_id, name)), numbers[name]) for name, question in found.items())
    return replace(form, questions=tuple(whole))


def _leaves(version: FormKept, title: str, is_last: bool) -> Iterator[tuple[str | None, AskedQuestion]]:
    """The questions of a version of a form with the ids of their fields; one without any name cannot be answered."""
    scales = dict(_scales(version.definition))
    for leaf in questions(version.definition):
        if name := leaf.ref or leaf.id:
            question = AskedQuestion(version.form_id, title, name, leaf.title, leaf.type, leaf.parent, leaf.choices)
            yield leaf.id, replace(question, scale=scales.get(name), still_asked=is_last)


def _scales(definition: Json) -> Iterator[tuple[str, tuple[int, int]]]:
    """The first and the last step of each question that has steps, by its name."""
    for field in definition.get("fields") or []:
        properties = field.get("properties") or {}
        yield from _scales({"fields": properties.get("fields") or field.get("fields")})
        name = str(field.get("ref") or field.get("id") or "")
        match properties.get("steps"):
            case int(steps):
                first = 1 if field.get("type") == "rating" or properties.get("start_at_one") else 0
                yield name, (first, first + steps - 1)
            case _ if field.get("type") == "nps":
                yield name, (0, 10)


def _meant(question: AskedQuestion, said: Meant | None, number: int) -> AskedQuestion:
    if said is None:
        return replace(question, answers=number)
    was = (said.title, said.type)
    is_changed = None not in was and was != (question.title, question.type)
    return replace(question, answers=number, meaning=said.meaning, version=said.version, is_changed=is_changed)


# ----------------------------------------------------------------------------------------------------------- guess

_TITLES = (
    (Meaning.BUG_REPORT, r"\bbugs?\b|dysfonctionn|probleme technique|plantage"),
    (Meaning.FACEBOOK_GROUP, r"groupe?\b.*\bfacebook|facebook.*\bgroupe?\b"),
    (Meaning.PREVIEW, r"avant[- ]premiere|\bpreview\b|\bbeta\b"),
    (Meaning.VALUES, r"\bvaleurs?\b|\b(?:mots?|adjectifs?)\b.*\b(?:klassroom|decri|resum|pour vous)|\bvalues\b"),
    (Meaning.HELP_GIVEN, r"\baide[rz]?\b|accompagne|se lancer|\bhelp"),
    (Meaning.SHARES, r"partag|relay|reseaux sociaux|\bshare"),
)
"""What the titles of questions say, as they are compared: without accents and capitals. The first that fits counts."""

_EMAIL = r"\be-?mail\b|\bcourriel\b|adresse (?:mail|electronique)"


def guess(question: AskedQuestion) -> Meaning | None:
    """What a question seems to mean, to choose beforehand where somebody decides; None where nothing tells."""
    title = folded(question.title)
    if question.type == "email" or (question.type == "short_text" and re.search(_EMAIL, title)):
        return Meaning.EMAIL
    if question.scale == (0, 10):
        return Meaning.SATISFACTION
    told = (meaning for meaning, words in _TITLES if re.search(words, title))
    return next(told, Meaning.FREE_TEXT if question.type == "long_text" else None)
