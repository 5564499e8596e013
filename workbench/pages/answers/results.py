"""What a questionnaire gave in a quarter: how many answered, how satisfied they are, what they said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial

import polars as pl

from workbench.access import may
from workbench.charts import Caption
from workbench.charts import questionnaires as charts
from workbench.ledger import Ledger
from workbench.ledger.people import people
from workbench.ledger.questions import AskedQuestion, sent
from workbench.pages import Page, Written
from workbench.pages.answers import as_typed, chosen, quarter, zone
from workbench.pages.sheet import Figure
from workbench.surveys.questions import form_questions
from workbench.surveys.results import Results, Said, cloud, nps_by_quarter, quarters, results
from workbench.surveys.tallies import Kind, QuestionResult, shown
from workbench.surveys.themes import SMALLEST, Theme

LONGEST_TITLE = 120
"""Characters of a question over its chart."""

_IN_ROWS = (Kind.CHOICES, Kind.YES_NO)
_IN_COLUMNS = (Kind.SCALE, Kind.NUMBER)
_TELLING = (Kind.NUMBER, Kind.DATE)
"""Whose every value may be one person's: for those who may see people."""

_MARKS = re.compile(r"[\\*_`\[\]<>~$#]|:(?=[a-z/])")


def show_results(page: Page, ledger: Ledger) -> None:
    """A form in a quarter, chosen in the page: `?form=`, `?quarter=`."""
    forms = {form.form_id: form for form in form_questions(ledger)}
    when = {form_id: quarters(ledger, form_id, page.today, zone(page)) for form_id in forms}
    last_sent = {each.form_id: each.out_on for each in sent(ledger)}
    there = sorted(filter(when.get, forms), key=lambda form: (last_sent.get(form, date.min), when[form]), reverse=True)
    if not there:
        page.empty("empty.questionnaires")
        return
    form_id, which = there[0], when[there[0]][-1]
    if page.sheet.interactive:
        with page.sheet.grid(2, 240):
            form_id = chosen(page, "form", there, form_id, lambda each: forms[each].title, in_a_box=True)
            latest_first = when[form_id][::-1]
            which = chosen(page, "quarter", latest_first, latest_first[0], partial(quarter, page), in_a_box=True)
    found = results(ledger, form_id, which, page.today, zone(page))
    page.sheet.heading(f"{as_typed(found.title)} · {quarter(page, which)}")
    figures(page, found)
    satisfaction(page, ledger)
    values(page, ledger, which)
    answers(page, ledger, found)


# --------------------------------------------------------------------------------------------------------- figures


def figures(page: Page, found: Results) -> None:
    """How many answered of those asked, how many besides them, and the NPS with its interval."""
    words = page.words
    rate = "–" if found.rate is None else words.percent(found.rate, 0)
    asked = words("questionnaires.unasked") if found.asked is None else ""
    of = asked or words("questionnaires.of", answered=found.answered, asked=found.asked)
    beside = words("questionnaires.beside", not_asked=found.not_asked, unmatched=found.unmatched)
    with page.sheet.grid(3, 200):
        _figure(page, "rate", rate, of)
        _figure(page, "respondents", words.number(found.respondents), beside)
        if found.nps is None:
            _figure(page, "nps", "–", words("questionnaires.no_nps"))
        else:
            score, low, high = (charts.points(each) for each in (found.nps.score, found.nps.low, found.nps.high))
            _figure(page, "nps", score, words("questionnaires.interval", low=low, high=high, n=found.nps.n))
    if found.early:
        page.sheet.note(words("questionnaires.early", n=found.early))


def _figure(page: Page, name: str, value: str, note: str) -> None:
    words = page.words
    figure = Figure(words(f"questionnaires.card.{name}.name"), value, note=note)
    page.sheet.figure(
        figure,
        f"definition.questionnaires.{name}",
        lambda: page.sheet.text(words(f"questionnaires.card.{name}.definition")),
    )


def caption(page: Page, key: str, unit: str, **values: object) -> Caption:
    """The words over a chart of what the ledger has."""
    words = page.words
    source = words("questionnaires.source", unit=words(f"questionnaires.unit.{unit}"), day=page.today)
    return Caption(words(f"chart.{key}.title", **values), source, words(f"chart.{key}.alt", **values))


def satisfaction(page: Page, ledger: Ledger) -> None:
    """The NPS of every quarter, over all forms."""
    found = nps_by_quarter(ledger, page.today, zone(page))
    if not found:
        return
    page.section("nps")
    rows = [{"quarter": quarter(page, name), **asdict(each)} for name, each in found.items()]
    frame = pl.DataFrame(rows)
    last = next(reversed(found.values()))
    said = caption(page, "nps", "points", n=len(found), score=charts.points(last.score), answers=last.n)
    page.chart(charts.nps(frame, said, page.words))
    written = {"score": "nps", "low": "nps_low", "high": "nps_high", "n": "respondents"}
    columns: dict[str, Written] = {"quarter": str, "nps": charts.points}
    columns |= {"nps_low": charts.points, "nps_high": charts.points}
    columns |= dict.fromkeys(("promoters", "passives", "detractors", "respondents"), page.words.number)
    page.table(frame.rename(written), columns, page.words("section.nps.title"), "nps")


def values(page: Page, ledger: Ledger, which: str) -> None:
    """What people said of our values in a quarter, as bars and as a cloud."""
    page.section("values")
    found = cloud(ledger, which, page.today, zone(page))
    if not found:
        page.sheet.note(page.words("questionnaires.no_themes", smallest=SMALLEST))
        return
    frame, read = _themes(found), quarter(page, which)
    first = {"n": len(found), "first": found[0].label, "quarter": read}
    with page.sheet.grid(2, 320):
        page.chart(charts.cloud(frame, caption(page, "cloud", "people", **first), page.words))
        page.chart(charts.spoken(frame, caption(page, "spoken", "people", **first), page.words))


def _themes(found: Iterable[Theme]) -> pl.DataFrame:
    rows = [(theme.label, theme.respondents, theme.is_value) for theme in found]
    schema = {"label": pl.String, "respondents": pl.Int64, "is_value": pl.Boolean}
    return pl.DataFrame(rows, schema, orient="row")


# --------------------------------------------------------------------------------------------------- the questions


def answers(page: Page, ledger: Ledger, found: Results) -> None:
    """Each question, charted by its type; those that nobody answered are counted."""
    page.section("answers")
    given = [each for each in found.questions if each.n]
    names: Mapping[int, str] = {}
    if may(page.asking.role, "people"):
        names = {person.id: person.name for person in people(ledger)}
    with page.sheet.grid(2, 320):
        for number, each in enumerate(given, start=1):
            question(page, number, each, found.texts.get(each.question.ref, ()), names)
    if silent := len(found.questions) - len(given):
        page.sheet.note(page.words("questionnaires.silent", n=silent))


def question(page: Page, number: int, each: QuestionResult, texts: Sequence[Said], names: Mapping[int, str]) -> None:
    """What was said to one question, what was written a click away."""
    with page.sheet.grid(1, 240):
        _charted(page, each, _question_caption(page, number, each))
        _beside(page, each)
        if texts and page.sheet.interactive and may(page.asking.role, "people"):
            key = f"texts.{each.question.form_id}.{each.question.ref}"
            label = page.words("questionnaires.texts", n=len(texts))
            page.sheet.details(label, key, partial(written, page, number, texts, names))


def _charted(page: Page, each: QuestionResult, said: Caption) -> None:
    is_hidden = each.kind in _TELLING and not may(page.asking.role, "people")
    if each.kind in _IN_ROWS:
        page.chart(charts.answered(shown(each, page.words), said, page.words))
    elif each.kind in _IN_COLUMNS and not is_hidden:
        page.chart(charts.columns(shown(each, page.words), said, page.words))
    elif each.themes:
        page.chart(charts.spoken(_themes(each.themes), said, page.words))
    else:
        with page.sheet.frame():
            page.sheet.text(f"**{said.title}**")
            page.sheet.note(_uncharted(page, each))


def _question_caption(page: Page, number: int, each: QuestionResult) -> Caption:
    words, title = page.words, title_of(each.question)
    source = words("questionnaires.source", unit=words("questionnaires.unit.people"), day=page.today)
    return Caption(f"{number}. {title}", source, words("questionnaires.question_alt", title=title, n=each.n))


def title_of(question: AskedQuestion) -> str:
    """What a question asks, on one line, without the signs that a chart's title would take for layout."""
    text = " ".join(_MARKS.sub(" ", question.title).split())
    return text if len(text) <= LONGEST_TITLE else f"{text[:LONGEST_TITLE].rstrip()}…"


def _uncharted(page: Page, each: QuestionResult) -> str:
    """Why there is no chart: too few speak of the same, or nothing of it is counted."""
    if each.kind is Kind.TEXT:
        return page.words("questionnaires.no_themes", smallest=SMALLEST)
    if each.kind is Kind.DATE and each.counts.height and may(page.asking.role, "people"):
        labels = each.counts["label"]
        return page.words("questionnaires.days", first=labels[0], last=labels[-1])
    return page.words("questionnaires.uncounted")


def _beside(page: Page, each: QuestionResult) -> None:
    """How many answered, and the middle of what they said."""
    said = page.words("questionnaires.n", n=each.n)
    if each.mean is not None and each.median is not None:
        mean, median = page.words.number(each.mean, 1), page.words.number(each.median, 1)
        said += " · " + page.words("questionnaires.middle", mean=mean, median=median)
    page.sheet.note(said)


def written(page: Page, number: int, texts: Sequence[Said], names: Mapping[int, str]) -> None:
    """What people wrote, as they wrote it."""
    frame = pl.DataFrame(
        {
            "respondent": [names.get(said.person or 0) for said in texts],
            "answer": [said.text for said in texts],
        },
        schema_overrides={"respondent": pl.String},
    )
    page.table(frame, {"respondent": str, "answer": str}, page.words("questionnaires.texts_of", number=number))
