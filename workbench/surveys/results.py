"""What a questionnaire gave in a quarter: who answered, how satisfied they are, what they said to each question.

Which responses count: completed ones that Typeform still has, the latest of each person. A response belongs to the
quarter of the form's campaign that went out last before it; before any campaign, or without one, to the quarter it was
submitted in. One that came in its quarter before that quarter's own campaign went out counts nowhere (`early`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import cache
from itertools import groupby
from math import sqrt
from operator import attrgetter

from workbench.ledger import Ledger
from workbench.ledger.questions import Filled, Given, Sent, filled, given, sent
from workbench.ledger.states import Meaning
from workbench.surveys.charter import quarter_of
from workbench.surveys.questions import FormQuestions, form_questions
from workbench.surveys.tallies import Kind, QuestionResult, question_result
from workbench.surveys.themes import Theme, values_cloud

# -------------------------------------------------------------------------------------------------------------- NPS


@dataclass(frozen=True)
class Nps:
    """Would they recommend us? The share of promoters (9, 10) less that of detractors (0 to 6), in points.

    `score` is between -100 and 100, `low` and `high` are its 95 % interval: Wald's, adjusted as Bonett and Price do for
    the difference of two shares (one promoter and one detractor are added), cut at ±100. The plain one is empty as soon
    as all agree; this one holds the score at any n, and the truth at least 90 times of 100 whatever the shares are.
    """

    n: int
    promoters: int
    passives: int
    detractors: int
    score: float
    low: float
    high: float


_Z = 1.959964
"""The standard normal quantile that leaves 2.5 % on each side."""


def nps(scores: Iterable[int]) -> Nps | None:
    """The NPS of answers from 0 to 10; None where there are none."""
    kinds = Counter("promoter" if score >= 9 else "passive" if score >= 7 else "detractor" for score in scores)
    promoters, detractors, n = kinds["promoter"], kinds["detractor"], kinds.total()
    if not n:
        return None
    score = (promoters - detractors) / n
    centre = (promoters - detractors) / (n + 2)
    margin = _Z * sqrt(((promoters + detractors + 2) / (n + 2) - centre**2) / (n + 2))
    low, high = max(centre - margin, -1), min(centre + margin, 1)
    return Nps(n, promoters, kinds["passive"], detractors, 100 * score, 100 * low, 100 * high)


# -------------------------------------------------------------------------------------------------- who answered when


@dataclass(frozen=True)
class Counted:
    """The responses of a quarter that count, one a person, and how many came before the form was sent out."""

    responses: tuple[Filled, ...] = ()
    early: int = 0


def counted(responses: Iterable[Filled], campaigns: Sequence[Sent], zone: tzinfo) -> dict[str, Counted]:
    """The responses of one form that count, by quarter. `responses` come the earliest first, `campaigns` by day."""
    latest: dict[str, dict[tuple[str, int], Filled]] = defaultdict(dict)
    early: Counter[str] = Counter()
    for response in responses:
        day = response.at.astimezone(zone).date()
        before = [campaign.quarter for campaign in campaigns if campaign.out_on <= day]
        quarter = before[-1] if before else quarter_of(day)
        if not before and any(campaign.quarter == quarter for campaign in campaigns):
            early[quarter] += 1
        else:
            latest[quarter][_who(response)] = response
    return {quarter: Counted(tuple(latest[quarter].values()), early[quarter]) for quarter in sorted({*latest, *early})}


def _who(response: Filled) -> tuple[str, int]:
    """Who answered: a person, or else nobody known, who is another one each time."""
    return ("response", response.id) if response.person is None else ("person", response.person)


# ------------------------------------------------------------------------------------------------------------ results


@dataclass(frozen=True)
class Said:
    """What somebody wrote, as it is: for those who may see people."""

    response: int
    person: int | None
    text: str


@dataclass(frozen=True)
class Results:
    """What a form gave in a quarter.

    `asked`: how many people it was sent to; None without a campaign. `answered`: how many of them answered; besides
    them `not_asked` people and `unmatched` responses of nobody known. `early`: responses before it was sent out, which
    count nowhere. `texts`: what was written, instead of choosing too, by the question's name, the latest first.
    """

    form_id: str
    title: str
    quarter: str
    asked: int | None
    answered: int
    not_asked: int
    unmatched: int
    early: int
    nps: Nps | None
    questions: tuple[QuestionResult, ...]
    texts: Mapping[str, tuple[Said, ...]]

    @property
    def rate(self) -> float | None:
        """The share of those asked who answered; None where nobody was."""
        return self.answered / self.asked if self.asked else None

    @property
    def respondents(self) -> int:
        """How many responses count."""
        return self.answered + self.not_asked + self.unmatched


def results(ledger: Ledger, form_id: str, quarter: str, today: date, zone: tzinfo) -> Results:
    """What a form gave in a quarter as of today; days are those of the zone. A form nobody knows gave nothing."""
    form = next((each for each in form_questions(ledger) if each.form_id == form_id), None)
    form = form or FormQuestions(form_id, form_id, (), {})
    asked = [each.asked for each in _campaigns(ledger, today).get(form_id, []) if each.quarter == quarter]
    of_quarter = _counted(ledger, [form_id], today, zone).get(form_id, {}).get(quarter, Counted())
    people = {response.person for response in of_quarter.responses if response.person is not None}
    everybody: frozenset[int] = frozenset().union(*asked)
    by_question = _answers(ledger, form, of_quarter.responses)
    found = [question_result(question, by_question.get(question.ref, {})) for question in form.questions]
    return Results(
        form_id,
        form.title,
        quarter,
        asked=len(everybody) if asked else None,
        answered=len(people & everybody),
        not_asked=len(people - everybody),
        unmatched=sum(response.person is None for response in of_quarter.responses),
        early=of_quarter.early,
        nps=nps(_scores(form, by_question).values()),
        questions=tuple(found),
        texts=_texts(found, by_question, of_quarter.responses),
    )


def answered(
    ledger: Ledger, form: FormQuestions, today: date, zone: tzinfo
) -> Iterator[tuple[str, Sequence[Filled], Mapping[str, Mapping[int, Given]]]]:
    """Each quarter of a form: the responses that count, and their answers by question, then by response."""
    for quarter, of_quarter in _counted(ledger, [form.form_id], today, zone).get(form.form_id, {}).items():
        yield quarter, of_quarter.responses, _answers(ledger, form, of_quarter.responses)


def nps_by_quarter(ledger: Ledger, today: date, zone: tzinfo) -> dict[str, Nps]:
    """The NPS of each quarter in which anybody gave a score, over all forms: of a person, the score given last."""
    forms = {form.form_id: form for form in form_questions(ledger) if _satisfaction(form)}
    last: dict[str, dict[tuple[str, int], tuple[Filled, int]]] = defaultdict(dict)
    for form_id, by_quarter in _counted(ledger, list(forms), today, zone).items():
        responses = [response for each in by_quarter.values() for response in each.responses]
        scores = _scores(forms[form_id], _answers(ledger, forms[form_id], responses))
        for quarter, of_quarter in by_quarter.items():
            for response in of_quarter.responses:
                _keep_latest(last[quarter], response, scores.get(response.id))
    found = {quarter: nps(score for _, score in last[quarter].values()) for quarter in sorted(last)}
    return {quarter: each for quarter, each in found.items() if each}


def cloud(ledger: Ledger, quarter: str, today: date, zone: tzinfo) -> list[Theme]:
    """What people said of our values in a quarter, over all forms: the values of January 2020 first, then the rest."""
    forms = {form.form_id: form for form in form_questions(ledger)}
    said: dict[tuple[str, int], list[str]] = defaultdict(list)
    for form_id, by_quarter in _counted(ledger, list(forms), today, zone).items():
        responses = by_quarter.get(quarter, Counted()).responses
        who = {response.id: _who(response) for response in responses}
        by_question = _answers(ledger, forms[form_id], responses)
        for question in forms[form_id].questions:
            if question.meaning is Meaning.VALUES:
                for number, answer in by_question.get(question.ref, {}).items():
                    said[who[number]] += [*(answer.choices or []), answer.text or ""]
    return values_cloud(said)


def quarters(ledger: Ledger, form_id: str, today: date, zone: tzinfo) -> list[str]:
    """The quarters in which a form was sent out or answered, the earliest first."""
    sent_in = {campaign.quarter for campaign in _campaigns(ledger, today).get(form_id, [])}
    return sorted(sent_in.union(_counted(ledger, [form_id], today, zone).get(form_id, {})))


def _campaigns(ledger: Ledger, today: date) -> dict[str, list[Sent]]:
    """What has gone out by today, by form and day."""
    gone = [each for each in sent(ledger) if each.out_on <= today]
    return {form_id: list(of_form) for form_id, of_form in groupby(gone, key=attrgetter("form_id"))}


def _counted(ledger: Ledger, forms: Sequence[str], today: date, zone: tzinfo) -> dict[str, dict[str, Counted]]:
    """The responses that count as of today, by form and quarter."""
    campaigns = _campaigns(ledger, today)
    by_form: dict[str, list[Filled]] = defaultdict(list)
    for response in filled(ledger, forms):
        if response.at.astimezone(zone).date() <= today:
            by_form[response.form_id].append(response)
    return {form_id: counted(each, campaigns.get(form_id, []), zone) for form_id, each in by_form.items()}


def _answers(ledger: Ledger, form: FormQuestions, responses: Iterable[Filled]) -> dict[str, dict[int, Given]]:
    """The answers of responses by question, then by response: the first, should one hold two."""
    name_of = cache(form.name_of)
    found: dict[str, dict[int, Given]] = defaultdict(dict)
    for answer in given(ledger, [response.id for response in responses]):
        if name := name_of(answer.field_ref, answer.field_id):
            found[name].setdefault(answer.response, answer)
    return found


def _satisfaction(form: FormQuestions) -> list[str]:
    """The questions that ask for a score from 0 to 10, in order; another scale gives no NPS."""
    asked = (question for question in form.questions if question.meaning is Meaning.SATISFACTION)
    return [question.ref for question in asked if question.scale in (None, (0, 10))]


def _scores(form: FormQuestions, answers: Mapping[str, Mapping[int, Given]]) -> dict[int, int]:
    """The score that each response gives: to the first such question, should there be more."""
    scores: dict[int, int] = {}
    for ref in _satisfaction(form):
        for number, answer in answers.get(ref, {}).items():
            if answer.number is not None and answer.number in range(11):
                scores.setdefault(number, int(answer.number))
    return scores


def _keep_latest(last: dict[tuple[str, int], tuple[Filled, int]], response: Filled, score: int | None) -> None:
    before = last.get(_who(response))
    if score is not None and (before is None or (before[0].at, before[0].id) < (response.at, response.id)):
        last[_who(response)] = (response, score)


def _texts(
    found: Iterable[QuestionResult], answers: Mapping[str, Mapping[int, Given]], responses: Sequence[Filled]
) -> dict[str, tuple[Said, ...]]:
    latest_first = sorted(responses, key=lambda response: (response.at, response.id), reverse=True)
    written = [each.question.ref for each in found if each.kind in (Kind.TEXT, Kind.CHOICES)]
    return {
        ref: tuple(
            Said(response.id, response.person, answer.text)
            for response in latest_first
            if (answer := answers.get(ref, {}).get(response.id)) and answer.text and answer.text.strip()
        )
        for ref in written
    }
