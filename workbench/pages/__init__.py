"""What a page is given: the build, who asks and for what, and how a figure, a chart and a table are shown.

The app leaves the visit in `st.session_state["visit"]` before it runs a page; a page takes it up with `opened(name)`.
Answers are cached by build, role and everything asked: nobody is shown what another may see, a new build shows at
once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import altair as alt
import pandas as pd
import polars as pl
import streamlit as st

from workbench.calendar import ZONES, Break, same_weekday_last_year, school_breaks
from workbench.charts import Caption, Drawn
from workbench.metrics import METRICS, Asking, figure, question
from workbench.metrics.kit import Event, events
from workbench.text import Words
from workbench.warehouse import Warehouse

Written = Callable[[Any], str]


@dataclass(frozen=True)
class Page:
    """One screen for one visit: what is asked, of which build, in which language, and on which day."""

    name: str
    warehouse: Warehouse
    asking: Asking
    words: Words
    school_year: str
    today: date

    @property
    def since(self) -> date:
        """The first day of the period."""
        return self.asking.since or date.min

    @property
    def until(self) -> date:
        """The last day of the period, the day that most figures are of."""
        return self.asking.until or self.today

    @property
    def anytime(self) -> Asking:
        """What is asked without its period."""
        return replace(self.asking, since=None, until=None)

    def metric(self, name: str, asking: Asking | None = None, by: tuple[str, ...] = ()) -> pl.DataFrame:
        """A metric of the catalogue for what is asked: `day` unless it is a state, the columns of `by`, the metric."""
        return _figure(self.warehouse, name, asking or self.asking, by)

    def total(self, name: str, asking: Asking | None = None) -> int:
        """A metric's sum over its rows: for states, and for those that may be summed over days."""
        return int(self.metric(name, asking)[name].sum() or 0)

    def counted(self, name: str, asking: Asking | None = None) -> int | None:
        """A metric's sum; None where the build has no export to count it from. Users may be counted from usage."""
        feed = METRICS[name].feed
        known = self.has(feed) or (feed == "users" and self.has("usage"))
        return self.total(name, asking) if known else None

    def written(self, value: int | None) -> str:
        """A count, or a dash where there is none."""
        return "–" if value is None else self.words.number(value)

    def on(self, name: str, day: date) -> int | None:
        """dau, wau or mau on a day: 0 where nobody was there; None outside the data, and for dau of an unloaded day."""
        rows = self.question("activity", replace(self.asking, since=day, until=day))
        return rows[name][0] if rows.height else None

    def share(self, name: str, asking: Asking | None = None) -> str:
        """A share of one row, written; a dash where there is nothing to share."""
        rows = self.metric(name, asking)
        value = rows[name][0] if rows.height else None
        return "–" if value is None else self.words.percent(value)

    def question(self, name: str, asking: Asking | None = None) -> pl.DataFrame:
        """The answer to one of `metrics/questions`."""
        return _question(self.warehouse, name, asking or self.asking)

    def header(self) -> None:
        """Title, what the page is for, and what is being asked."""
        st.title(self.words(f"page.{self.name}.title"))
        st.markdown(self.words(f"page.{self.name}.lead"))
        st.caption(self._scope())

    def has(self, feed: str) -> bool:
        """Whether the build has an export of a feed."""
        return self.question("feeds").filter(pl.col("feed") == feed, pl.col("landed") > 0).height > 0

    def missing(self, feed: str) -> bool:
        """Whether the build has no export of a feed; if so, the page says what to do about it."""
        if not self.has(feed):
            self.empty("empty.feed", feed=feed)
        return not self.has(feed)

    def empty(self, key: str, **values: object) -> None:
        """An empty state: what is not there and what to do."""
        with st.container(border=True):
            st.markdown(f"##### :material/inbox: {self.words(f'{key}.title', **values)}")
            st.markdown(self.words(f"{key}.remedy", **values))

    def without_roles(self) -> None:
        """Says that the role filter does not apply here, if one is set."""
        if self.asking.roles:
            st.caption(f":material/info: {self.words('filter.role_unused')}")

    def card(self, name: str, value: str, note: str = "", change: float | None = None) -> None:
        """A figure in a frame: its name, its value, its change over a year, a note, its definition a click away."""
        with st.container(border=True, height="stretch", gap="xsmall", vertical_alignment="distribute"):
            st.metric(
                self.words(f"metric.{name}.name"),
                value,
                None if change is None else self.words("card.change", change=self.words.change(change)),
                delta_color="normal" if change is None or change >= 0 else "inverse",
                delta_arrow="up" if change is None or change >= 0 else "down",
            )
            if note:
                st.caption(note)
            self.definition(name)

    def definition(self, name: str, place: str = "card") -> None:
        """What a metric means, its unit, whether it adds up, its SQL and its build: one click away."""
        words, key = self.words, f"definition.{place}.{name}"
        with st.popover(words("definition.open"), type="tertiary", icon=":material/info:", key=key):
            self._define(name)

    def definitions(self, *names: str) -> None:
        """What several metrics of one chart mean: one click away."""
        with st.popover(self.words("definition.open"), type="tertiary", icon=":material/info:", key=names[0]):
            for name in names:
                self._define(name)

    def caption(self, key: str, unit: str, feed: str, **values: object) -> Caption:
        """The words over a chart: `chart.<key>.title`, unit and source, and `chart.<key>.alt` for the description."""
        words = self.words
        source = words("chart.source", unit=words(f"unit.{unit}"), feed=feed, until=self.until)
        return Caption(words(f"chart.{key}.title", **values), source, words(f"chart.{key}.alt", **values))

    def chart(self, chart: Drawn) -> None:
        """A chart in a frame, as wide as there is room.

        Its title and source stand over it as text, which a phone can wrap; its description is what is read aloud.
        """
        title, bare = chart.title, chart.copy(deep=False)
        bare.title = bare.description = alt.Undefined
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{title.text}**")
            st.caption(title.subtitle)
            st.altair_chart(bare, width="stretch", alt=chart.description)

    def table(self, frame: pl.DataFrame, columns: Mapping[str, Written], caption: str) -> None:
        """A table of the columns named, each written by its function, numbers to the right."""
        shown = frame.select(*columns).to_pandas()
        shown.columns = pd.Index([self.words(f"column.{name}") for name in columns])
        styled = shown.style
        for name, written in columns.items():
            column = pd.Index([self.words(f"column.{name}")])
            side = "right" if frame[name].dtype.is_numeric() else "left"
            styled = styled.format(written, subset=column, na_rep="–")
            styled = styled.set_properties(subset=column, **{"text-align": side})
        st.table(styled, border="horizontal", hide_index=True, alt=caption)

    def breaks(self) -> list[Break]:
        """School breaks of the period, if and only if France alone is asked about."""
        if self.asking.countries != ("FR",):
            return []
        return [found for zone in ZONES for found in school_breaks(self.since, self.until, zone)]

    def events(self) -> list[Event]:
        """What happened in the period, and began in it."""
        return [event for event in events(self.since, self.until) if event.starts_on >= self.since]

    def change_on_last_year(self, name: str) -> float | None:
        """Relative change of a daily metric on the last day against the same weekday 364 days before."""
        now, then = self.on(name, self.until), self.on(name, same_weekday_last_year(self.until))
        return now / then - 1 if now is not None and then else None

    def happenings(self) -> None:
        """What a time line marks, in words: bands of holidays, rules of events."""
        language = self.words.language
        lines = [self.words("chart.breaks")] if self.breaks() else []
        lines += [
            self.words("chart.event", day=event.starts_on, label=event.label[language]) for event in self.events()
        ]
        if lines:
            st.caption("  \n".join(lines))

    def _define(self, name: str) -> None:
        chosen, words = METRICS[name], self.words
        facts = {
            "unit": words(f"unit.{chosen.unit}"),
            "sums": words(f"sums.{chosen.sums.replace(' ', '_')}"),
            "feed": chosen.feed,
            "build": self.warehouse.build.id,
        }
        st.markdown(f"**{words(f'metric.{name}.name')}**\n\n{words(f'metric.{name}.definition')}")
        st.caption(words("definition.facts", **facts))
        st.code(chosen.sql().strip(), language="sql")

    def _scope(self) -> str:
        words = self.words
        countries = ", ".join(map(words.country, self.asking.countries)) or words("filter.all_country")
        roles = ", ".join(map(words.role, self.asking.roles)) or words("filter.all_role")
        return words("scope", since=self.since, until=self.until, countries=countries, roles=roles)


def opened(name: str) -> Page:
    """The page that the app is about to show."""
    return Page(name=name, **st.session_state["visit"])


def weekly(days: pl.DataFrame, since: date, until: date) -> pl.DataFrame:
    """Counts by day summed into weeks where the period is longer than a quarter; `day` to `until`, cut at its ends."""
    if until - since <= timedelta(days=92):
        return days.with_columns(pl.col("day").alias("until"))
    weeks = days.group_by(pl.col("day").dt.truncate("1w")).sum().sort("day")
    last = pl.min_horizontal(pl.col("day") + pl.duration(days=6), pl.lit(until))
    return weeks.with_columns(pl.max_horizontal("day", pl.lit(since)).alias("day"), last.alias("until"))


@st.cache_data(show_spinner=False, max_entries=500, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _figure(warehouse: Warehouse, name: str, asking: Asking, by: tuple[str, ...]) -> pl.DataFrame:
    return figure(warehouse, name, asking, by).pl()


@st.cache_data(show_spinner=False, max_entries=500, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _question(warehouse: Warehouse, name: str, asking: Asking) -> pl.DataFrame:
    return question(warehouse, name, asking).pl()
