"""How the classes of a person live, week by week, against what they usually do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import polars as pl
import streamlit as st

from workbench.charts import Caption
from workbench.charts import programme as charts
from workbench.ledger import Ledger
from workbench.ledger.people import PersonState
from workbench.pages import Page
from workbench.warehouse import Warehouse

WEEKS = 16
"""So many weeks are shown; those before are what is usual."""

LATELY = 4
"""So many of the last weeks are compared with what is usual."""

_EVENTS = """
    select date_trunc('week', day)::date as week, sum(events)::bigint as events
    from class_activity
    where class_key in (select unnest($keys)::bigint)
    group by week
    order by week
"""


@dataclass(frozen=True)
class Pulse:
    """Events of whole weeks (`day` is the Monday), and the medians of the weeks before and of the last few.

    `usual` is None where there is no week before, `lately` where there is no week at all.
    """

    weeks: pl.DataFrame
    usual: float | None
    lately: float | None
    weeks_before: int


def pulse(events: pl.DataFrame, whole: Sequence[date]) -> Pulse:
    """Weeks and medians of events by week (columns week, events), over the weeks that are loaded as a whole.

    A class is counted from the first week in which anything happened there: a week without an event counts as 0.
    """
    counted: dict[date, int] = dict(events.iter_rows())
    known = [week for week in sorted(whole) if week >= min(counted, default=date.max)]
    shown, before = known[-WEEKS:], [counted.get(week, 0) for week in known[:-WEEKS]]
    counts = [counted.get(week, 0) for week in shown]
    return Pulse(
        pl.DataFrame({"day": shown, "events": counts}, {"day": pl.Date, "events": pl.Int64}),
        median(before) if before else None,
        median(counts[-LATELY:]) if counts else None,
        len(before),
    )


def whole_weeks(days: Sequence[date]) -> list[date]:
    """The Mondays of the weeks of which every day is loaded."""
    loaded = set(days)
    mondays = {day - timedelta(days=day.weekday()) for day in loaded}
    return sorted(monday for monday in mondays if all(monday + timedelta(days=n) in loaded for n in range(7)))


def activity(page: Page, ledger: Ledger, person: PersonState) -> None:
    """The last weeks of a person's classes as a picture, and in a sentence."""
    page.section("ambassador_activity")
    if not person.class_ids:
        page.sheet.text(page.words("ambassadors.no_class"))
        return
    if page.missing("usage"):
        return
    keys = tuple(ledger.keys("class", person.class_ids))
    days = page.question("loaded_days", page.unfiltered)["day"].to_list()
    found = pulse(_events(page.warehouse, keys), whole_weeks(days))
    if found.lately is None:
        page.sheet.text(page.words("ambassadors.no_activity"))
        return
    page.sheet.text(_said(page, found))
    words, last = page.words, found.weeks["day"][-1] + timedelta(days=6)
    caption = Caption(
        words("chart.class_weeks.title"),
        words("ambassadors.activity_source", until=last),
        words("chart.class_weeks.alt", n=found.weeks.height, until=last),
    )
    page.chart(charts.weeks(found.weeks, found.usual, caption, words))


def _said(page: Page, found: Pulse) -> str:
    words = page.words
    lately = words.number(found.lately or 0)
    if found.usual is None:
        return words("ambassadors.activity_new", lately=lately, weeks=min(LATELY, found.weeks.height))
    usual = words.number(found.usual)
    change = words.change((found.lately or 0) / found.usual - 1) if found.usual else "–"
    return words("ambassadors.activity", lately=lately, usual=usual, n=found.weeks_before, change=change)


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _events(warehouse: Warehouse, keys: tuple[int, ...]) -> pl.DataFrame:
    return warehouse.sql(_EVENTS, {"keys": list(keys)}).pl()
