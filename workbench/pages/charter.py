"""The charter: who keeps what in a quarter, how it adds up, what is missing, and what was promised."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.charts import Caption
from workbench.charts import programme as charts
from workbench.ledger import Ledger
from workbench.ledger.people import PersonState, people
from workbench.ledger.standings import StandingKept, standings
from workbench.ledger.states import CommitmentName, CommitmentStatus, PersonStatus
from workbench.pages import Page, Written, opened
from workbench.pages.answers import Done, as_typed, attempt, chosen, outcome
from workbench.pages.answers import quarter as quarter_named
from workbench.pages.people import by_name, reviewed, score
from workbench.surveys.charter import charter_on, charters, quarter_of, quarters

PEOPLE_SHOWN = 150
LINKS_SHOWN = 60

_MISSING = {"charter_missed": CommitmentStatus.MISSED, "charter_due": CommitmentStatus.DUE}
_COUNTED = {
    "charter_met": CommitmentStatus.MET,
    "charter_declared": CommitmentStatus.DECLARED,
    **_MISSING,
    "charter_waived": CommitmentStatus.WAIVED,
    "charter_not_due": CommitmentStatus.NOT_DUE,
}
"""The columns of the tables, and the status that each is about."""

_SCHEMA = {"person": pl.String, "commitment": pl.String, "label": pl.String, "status": pl.String}


class Kept(NamedTuple):
    """How somebody stands in the quarter looked at, commitment by commitment."""

    person: PersonState
    statuses: dict[CommitmentName, CommitmentStatus]


def show(page: Page) -> None:
    """The quarter, person by person for those who may see people, and added up for everybody; the charter's text."""
    page.sheet.title(page.words("page.charter.title"))
    page.sheet.text(page.words("page.charter.lead"))
    if page.ledger is None:
        page.empty("empty.programme_ledger")
        return
    kept = standings(page.ledger)
    if page.sheet.interactive and may(page.asking.role, "people"):
        _review(page, page.ledger)
    if not kept:
        page.empty("empty.charter_review")
    else:
        _looked_at(page, page.ledger, kept)
    text(page)


def _looked_at(page: Page, ledger: Ledger, kept: Sequence[StandingKept]) -> None:
    quarter = _quarter(page)
    of_quarter = [each for each in kept if each.quarter == quarter]
    if may(page.asking.role, "people"):
        everybody = by_person(by_name(people(ledger)), of_quarter)
        matrix(page, everybody, quarter)
        totals(page, kept, quarter)
        missing(page, everybody, quarter)
    else:
        page.sheet.note(page.words("programme.people_needed"))
        totals(page, kept, quarter)


def _quarter(page: Page) -> str:
    """The quarter looked at: this one, or the one chosen; in a report this one."""
    known, now = quarters(charters()[0], page.today)[::-1], quarter_of(page.today)
    if not page.sheet.interactive:
        return now
    return chosen(page, "quarter", known, now, partial(quarter_named, page), in_a_box=True)


def by_person(everybody: Sequence[PersonState], of_quarter: Sequence[StandingKept]) -> list[Kept]:
    """Ambassadors first, then others of whom something was expected; each with all commitments."""
    found: dict[int, dict[CommitmentName, CommitmentStatus]] = {}
    for each in of_quarter:
        found.setdefault(each.person, {})[each.commitment] = each.status
    concerned = [
        Kept(person, found.get(person.id, {}))
        for person in everybody
        if person.status is PersonStatus.ACTIVE or set(found.get(person.id, {}).values()) - {CommitmentStatus.NOT_DUE}
    ]
    return sorted(concerned, key=lambda kept: kept.person.status is not PersonStatus.ACTIVE)


# ---------------------------------------------------------------------------------------------------- person by person


def matrix(page: Page, everybody: Sequence[Kept], quarter: str) -> None:
    """A cell for each ambassador and commitment."""
    page.section("charter_matrix")
    words, shown = page.words, everybody[:PEOPLE_SHOWN]
    if not shown:
        page.empty("empty.charter_people")
        return
    if len(shown) < len(everybody):
        page.sheet.note(words("charter.cut", shown=len(shown), n=len(everybody)))
    names = _apart([kept.person.name for kept in shown])
    rows = [
        (name, commitment, _label(page, commitment), kept.statuses.get(commitment, CommitmentStatus.NOT_DUE))
        for name, kept in zip(names, shown, strict=True)
        for commitment in CommitmentName
    ]
    title = words("chart.charter_matrix.title", quarter=quarter_named(page, quarter))
    caption = Caption(title, _source(page), words("chart.charter_matrix.alt", n=len(shown)))
    page.chart(charts.keeping(pl.DataFrame(rows, _SCHEMA, orient="row"), caption, words))


def _apart(names: Sequence[str]) -> list[str]:
    """Names in which namesakes are told apart by their place: they would share a row."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return found


def missing(page: Page, everybody: Sequence[Kept], quarter: str) -> None:
    """Who still owes something in the quarter, and what; with the way to each person."""
    page.section("charter_missing")
    owing = [kept for kept in everybody if set(kept.statuses.values()) & set(_MISSING.values())]
    if not owing:
        page.empty("empty.charter_missing")
        return
    rows = [
        {"ambassador": kept.person.name, **{name: _those(page, kept, status) for name, status in _MISSING.items()}}
        for kept in owing
    ]
    columns: dict[str, Written] = dict.fromkeys(("ambassador", *_MISSING), str)
    frame = pl.DataFrame(rows, dict.fromkeys(columns, pl.String))
    if page.sheet.interactive:
        _links(page, owing)
    page.table(frame, columns, page.words("section.charter_missing.title"), f"charter-{quarter}")


def _those(page: Page, kept: Kept, status: CommitmentStatus) -> str | None:
    return ", ".join(_label(page, name) for name, found in sorted(kept.statuses.items()) if found is status) or None


def _links(page: Page, owing: Sequence[Kept]) -> None:
    """The way to each person's story; the rest of the address stays as it is."""
    story = st.Page(Path(__file__).with_name("ambassadors.py"), url_path="ambassadors")
    kept = {name: st.query_params.get_all(name) for name in st.query_params if name != "quarter"}
    with page.sheet.row():
        for each in owing[:LINKS_SHOWN]:
            query = {**kept, "person": [str(each.person.id)]}
            st.page_link(story, label=as_typed(each.person.name), icon=":material/person:", query_params=query)
    if len(owing) > LINKS_SHOWN:
        page.sheet.note(page.words("charter.more", n=len(owing) - LINKS_SHOWN))


# ------------------------------------------------------------------------------------------------------------ added up


def totals(page: Page, kept: Sequence[StandingKept], quarter: str) -> None:
    """How each commitment is kept in the quarter, and how all of them are, quarter by quarter."""
    page.section("charter_totals")
    words, number = page.words, page.words.number
    rows = [_total(page, name, [each for each in kept if (each.quarter, each.commitment) == (quarter, name)])
            for name in CommitmentName]  # fmt: skip
    columns: dict[str, Written] = {"commitment": str}
    columns |= {**dict.fromkeys(_COUNTED, number), "charter_share": words.percent}
    schema = {"commitment": pl.String, **dict.fromkeys(_COUNTED, pl.Int64), "charter_share": pl.Float64}
    frame = pl.DataFrame(rows, schema)
    page.table(frame, columns, words("section.charter_totals.title"), f"charter-totals-{quarter}")
    page.sheet.note(words("charter.share_of"))
    counted = Counter((each.quarter, str(each.status)) for each in kept if each.status != CommitmentStatus.NOT_DUE)
    if counted:
        by_quarter = [(quarter_named(page, each), status, n) for (each, status), n in sorted(counted.items())]
        shown = pl.DataFrame(by_quarter, ["quarter", "status", "commitments"], orient="row")
        title = words("chart.charter_quarters.title")
        alt = words("chart.charter_quarters.alt", n=shown["quarter"].n_unique())
        page.chart(charts.totals(shown, Caption(title, _source(page), alt), words))


def _total(page: Page, name: CommitmentName, found: Sequence[StandingKept]) -> dict[str, object]:
    counted, reached = Counter(each.status for each in found), score(each.status for each in found)
    share = reached.kept / reached.owed if reached.owed else None
    statuses = {column: counted[status] for column, status in _COUNTED.items()}
    return {"commitment": _label(page, name), **statuses, "charter_share": share}


def _label(page: Page, name: CommitmentName) -> str:
    return f"{name} · {page.words(f'charter.commitment.{name}.label')}"


def _source(page: Page) -> str:
    return page.words("charter.source", day=page.today)


# -------------------------------------------------------------------------------------------------- text and review


def text(page: Page) -> None:
    """What somebody promises who accepts the charter today."""
    held = charter_on(page.today)
    page.sheet.heading(page.words("charter.text_title"))
    if held is None:
        page.sheet.text(page.words("charter.no_text"))
        return
    page.sheet.note(page.words("charter.version", version=held.version, day=held.in_force_from))
    places = {"class_slug": held.class_slug, "group_name": held.group_name}
    lines = (f"- **{_label(page, each.name)}** – {page.words(each.promise, **places)}" for each in held.commitments)
    page.sheet.text("\n".join(lines))


def _review(page: Page, ledger: Ledger) -> None:
    outcome(page)
    st.button(
        page.words("charter.review"), icon=":material/refresh:", on_click=_review_now, args=(page, ledger),
        key="charter.review",
    )  # fmt: skip


def _review_now(page: Page, ledger: Ledger) -> None:
    def act() -> Done:
        found = reviewed(page, ledger)
        return Done(page.words("charter.reviewed", n=found.people, changed=found.changed))

    attempt(page, act)


if __name__ == "__main__":
    show(opened("charter"))
