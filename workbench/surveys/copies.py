"""What of the programme may go into the builds: pseudonyms, states, numbers, choices and shared themes.

No name, no address, no free text; the tables and their meaning are the models of `etl` of the same names.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, tzinfo

from workbench.ledger import Ledger
from workbench.ledger.people import PersonState, people
from workbench.ledger.questions import AskedQuestion, Given
from workbench.ledger.standings import StandingKept, standings
from workbench.ledger.states import Meaning
from workbench.surveys.questions import FormQuestions, form_questions
from workbench.surveys.results import answered
from workbench.surveys.themes import themes_of

Row = dict[str, object]

_SPOKEN = (Meaning.FREE_TEXT, Meaning.VALUES)
"""Questions whose text has themes: not those that ask for a name, a school, a bug with its circumstances."""

_TOLD = ("number", "boolean", "choice", "choices", "text")
"""Types of answers that go into the builds; addresses, telephone numbers, files and payments never do."""


def copies(ledger: Ledger, today: date, zone: tzinfo) -> dict[str, list[Row]]:
    """The rows of `ambassadors`, `ambassador_classes`, `commitments` and `answers`, as of today, in no order."""
    known = people(ledger)
    return {
        "ambassadors": _ambassadors(ledger, known),
        "ambassador_classes": _classes(ledger, known),
        "commitments": _commitments(ledger, standings(ledger)),
        "answers": [row for form in form_questions(ledger) for row in _answers(ledger, form, today, zone)],
    }


def _keys(ledger: Ledger, numbers: Iterable[int | None], domain: str = "ambassador") -> dict[int | None, int | None]:
    """The pseudonym of each number of the ledger; nobody's is None."""
    known = sorted({number for number in numbers if number is not None})
    return {None: None, **dict(zip(known, ledger.keys(domain, list(map(str, known))), strict=True))}


def _ambassadors(ledger: Ledger, known: Iterable[PersonState]) -> list[Row]:
    listed = list(known)
    keys = _keys(ledger, (person.id for person in listed))
    return [
        {
            "ambassador_key": keys[person.id],
            "status": person.status.value,
            "since": person.since,
            "academie": person.academie,
        }
        for person in listed
    ]


def _classes(ledger: Ledger, known: Iterable[PersonState]) -> list[Row]:
    pairs = [(person.id, class_id) for person in known for class_id in person.class_ids]
    persons = _keys(ledger, (person for person, _ in pairs))
    classes = ledger.keys("class", [class_id for _, class_id in pairs])
    return [
        {"ambassador_key": persons[person], "class_key": key} for (person, _), key in zip(pairs, classes, strict=True)
    ]


def _commitments(ledger: Ledger, kept: Iterable[StandingKept]) -> list[Row]:
    listed = list(kept)
    keys = _keys(ledger, (each.person for each in listed))
    return [
        {
            "ambassador_key": keys[each.person],
            "quarter": each.quarter,
            "commitment": each.commitment.value,
            "status": each.status.value,
            "evidence_kind": each.evidence and each.evidence.value,
            "decided_on": each.decided_on,
        }
        for each in listed
    ]


def _answers(ledger: Ledger, form: FormQuestions, today: date, zone: tzinfo) -> Iterator[Row]:
    """The answers to a form that count, each response once a quarter."""
    for quarter, responses, answers in answered(ledger, form, today, zone):
        persons = _keys(ledger, (response.person for response in responses))
        keys = _keys(ledger, (response.id for response in responses), "response")
        whose: dict[int, Row] = {
            each.id: {"response_key": keys[each.id], "ambassador_key": persons[each.person]} for each in responses
        }
        for question in form.questions:
            about: Row = {"form": form.form_id, "quarter": quarter, "question_ref": question.ref}
            for response, told in _told(question, answers.get(question.ref, {})):
                yield whose[response] | about | told


def _told(question: AskedQuestion, answers: Mapping[int, Given]) -> Iterator[tuple[int, Row]]:
    """What each response tells of a question: a row a choice or theme, one for a number, one where nothing is told."""
    texts = {number: [answer.text or ""] for number, answer in answers.items() if answer.type == "text"}
    spoken = themes_of(texts) if question.meaning in _SPOKEN else {}
    for number, answer in answers.items():
        if answer.type in _TOLD and question.meaning is not Meaning.EMAIL:
            of_choices: list[Row] = [{"choice": each} for each in answer.choices or () if each in question.choices]
            of_themes: list[Row] = [{"theme": each} for each in spoken.get(number, ())]
            value = answer.number if answer.boolean is None else float(answer.boolean)
            for told in [*of_choices, *of_themes] or [{"number": value}]:
                yield number, {"kind": answer.type, **told}
