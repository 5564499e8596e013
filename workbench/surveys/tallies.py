"""What was said to one question: how many said what, charted by the question's type."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from statistics import mean, median
from typing import Any

import polars as pl

from workbench.ledger.questions import AskedQuestion, Given
from workbench.surveys.themes import Theme, themes
from workbench.text import Words


class Kind(StrEnum):
    """How a question is charted."""

    SCALE = "scale"
    CHOICES = "choices"
    YES_NO = "yes_no"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    OTHER = "other"


_BY_QUESTION = {
    "opinion_scale": Kind.SCALE,
    "rating": Kind.SCALE,
    "nps": Kind.SCALE,
    "multiple_choice": Kind.CHOICES,
    "picture_choice": Kind.CHOICES,
    "dropdown": Kind.CHOICES,
    "ranking": Kind.CHOICES,
    "yes_no": Kind.YES_NO,
    "legal": Kind.YES_NO,
    "number": Kind.NUMBER,
    "short_text": Kind.TEXT,
    "long_text": Kind.TEXT,
    "date": Kind.DATE,
}

_BY_ANSWER = {
    "choice": Kind.CHOICES,
    "choices": Kind.CHOICES,
    "boolean": Kind.YES_NO,
    "number": Kind.NUMBER,
    "text": Kind.TEXT,
    "date": Kind.DATE,
}


def _chosen(answer: Given) -> list[str] | None:
    if answer.choices is None:
        return None
    return [*answer.choices, *([SOMETHING_ELSE] if answer.text else [])] or None


_FILLED: Mapping[Kind, Callable[[Given], Any]] = {
    Kind.SCALE: attrgetter("number"),
    Kind.NUMBER: attrgetter("number"),
    Kind.CHOICES: _chosen,
    Kind.YES_NO: attrgetter("boolean"),
    Kind.TEXT: lambda answer: (answer.text or "").strip() or None,
    Kind.DATE: attrgetter("day"),
    Kind.OTHER: lambda answer: answer,
}
"""What an answer says to a question of a kind; None where it says nothing that fits."""

SOMETHING_ELSE = ""
"""The label of all that people wrote instead of choosing."""


@dataclass(frozen=True)
class QuestionResult:
    """What was said to a question. `n` respondents said anything that fits its `kind`.

    `counts`: label, respondents, share (of n; of several choices the shares add up to more than 1). Choices come in the
    form's order, those nobody chose too, then those that older versions had; SOMETHING_ELSE is what people wrote
    instead. Of a ranking, what was put first counts. Labels of `yes_no` are "yes" and "no", of `date` ISO days. Empty
    for text, which has `themes`, and for what is charted in no way (addresses, files, payments).
    """

    question: AskedQuestion
    kind: Kind
    n: int
    counts: pl.DataFrame
    mean: float | None = None
    median: float | None = None
    themes: tuple[Theme, ...] = ()


def question_result(question: AskedQuestion, answers: Mapping[int, Given]) -> QuestionResult:
    """What answers, one a respondent, say to a question."""
    kind = _kind(question, answers.values())
    said = {number: value for number, each in answers.items() if (value := _FILLED[kind](each)) is not None}
    frame = _counts(kind, question, list(said.values()))
    if kind in (Kind.SCALE, Kind.NUMBER) and said:
        return QuestionResult(question, kind, len(said), frame, mean(said.values()), median(said.values()))
    spoken = themes({number: [text] for number, text in said.items()}) if kind is Kind.TEXT else []
    return QuestionResult(question, kind, len(said), frame, themes=tuple(spoken))


def _kind(question: AskedQuestion, answers: Collection[Given]) -> Kind:
    """By the question's type; where it was of another type when these were given, by theirs."""
    by_question = _BY_QUESTION.get(question.type) or _BY_ANSWER.get(question.type, Kind.OTHER)
    if not answers or any(_FILLED[by_question](answer) is not None for answer in answers):
        return by_question
    types = Counter(answer.type for answer in answers)
    return _BY_ANSWER.get(min(types, key=lambda type_: (-types[type_], type_)), Kind.OTHER)


def _counts(kind: Kind, question: AskedQuestion, said: Sequence[Any]) -> pl.DataFrame:
    """How many said what, in the order in which it is shown."""
    labels = [_labels(kind, question, value) for value in said]
    numbers = Counter(label for each in labels for label in each)
    if kind in (Kind.NUMBER, Kind.DATE):
        order = [label for value in sorted(set(said)) for label in _labels(kind, question, value)]
    else:
        order = [*_offered(kind, question), *sorted(numbers, key=lambda label: (not label, -numbers[label], label))]
    rows = [(label, numbers[label], numbers[label] / max(len(said), 1)) for label in dict.fromkeys(order)]
    return pl.DataFrame(rows, {"label": pl.String, "respondents": pl.Int64, "share": pl.Float64}, orient="row")


def _offered(kind: Kind, question: AskedQuestion) -> Sequence[str]:
    if kind is Kind.CHOICES:
        return question.choices
    if kind is Kind.YES_NO:
        return ["yes", "no"]
    if kind is Kind.SCALE and question.scale:
        return [str(step) for step in range(question.scale[0], question.scale[1] + 1)]
    return []


def _labels(kind: Kind, question: AskedQuestion, value: Any) -> set[str]:
    match kind:
        case Kind.CHOICES:
            return set(value[:1] if question.type == "ranking" else value)
        case Kind.YES_NO:
            return {"yes" if value else "no"}
        case Kind.SCALE | Kind.NUMBER:
            return {str(int(value) if value == int(value) else value)}
        case Kind.DATE:
            return {value.isoformat()}
        case _:
            return set()


def shown(result: QuestionResult, words: Words) -> pl.DataFrame:
    """The counts of a question, its labels in the reader's language where they are ours."""
    ours = {SOMETHING_ELSE: words("results.answer.else")}
    if result.kind is Kind.YES_NO:
        ours |= {label: words(f"results.answer.{label}") for label in ("yes", "no")}
    return result.counts.with_columns(pl.col("label").replace(ours))
