"""What a page is given: the build, who asks and for what, and the words and forms in which it answers.

The app leaves the visit in `st.session_state["visit"]` before it runs a page; a page takes it up with `opened(name)`.
A page says everything through `Page`, so that it can be read on a screen and in a report; only what one clicks on
(forms, look-up boxes) is Streamlit's, and stands under `if page.sheet.interactive`.

Answers are cached by build, role and everything asked: nobody is shown what another may see, a new build shows at
once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from workbench.calendar import ZONES, Break, Comparison, compared_period, school_breaks
from workbench.charts import Caption, Drawn
from workbench.ledger import Ledger
from workbench.metrics import DAILY, METRICS, Asking, figure, listed, question, timeless
from workbench.metrics.kit import Event, events
from workbench.pages.sheet import Cells, Column, Figure, Sheet, Table
from workbench.settings import Settings
from workbench.surveys.running import Post
from workbench.text import Words
from workbench.warehouse import Warehouse

Written = Callable[[Any], str]


@dataclass(frozen=True)
class Page:
    """One screen for one visit: what is asked, of which build, in which language, and on which day.

    `notes` are the team's own annotations of the time line; `ledger` is None where it cannot be reached; `who` is the
    name under which this visitor's changes stand in its audit; no reminder follows a mail within `cooldown_days`;
    `post` is how mail goes out, None where nothing is sent from.
    """

    name: str
    sheet: Sheet
    warehouse: Warehouse
    asking: Asking
    comparison: Comparison
    words: Words
    school_year: str
    today: date
    who: str
    ledger: Ledger | None = None
    notes: tuple[Event, ...] = ()
    cooldown_days: int = Settings.model_fields["cooldown_days"].default
    post: Post | None = None

    # ------------------------------------------------------------- what is asked

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
        return _anytime(self.asking)

    @property
    def unfiltered(self) -> Asking:
        """Who asks, without any filter: for what a build is made of."""
        return Asking(self.asking.role, self.asking.small_cell)

    @property
    def before(self) -> Asking:
        """The same question about the period it is compared with, day for day as long."""
        since, until = compared_period(self.since, self.until, self.comparison)
        return replace(self.asking, since=since, until=until)

    def metric(self, name: str, asking: Asking | None = None, by: tuple[str, ...] = ()) -> pl.DataFrame:
        """A metric of the catalogue for what is asked: `day` unless it is a state, the columns of `by`, the metric."""
        asked = asking or self.asking
        if not METRICS[name].daily:
            return _figure(self.warehouse, name, asked, by)
        return _within(_figure(self.warehouse, name, _anytime(asked), by), "day", asked)

    def total(self, name: str, asking: Asking | None = None) -> int:
        """A metric's sum over its rows: for states, and for those that may be summed over days."""
        return int(self.metric(name, asking)[name].sum() or 0)

    def counted(self, name: str, asking: Asking | None = None) -> int | None:
        """A metric's sum; None where the build has no export to count it from. Users may be counted from usage."""
        feed = METRICS[name].feed
        known = self.has(feed) or (feed == "users" and self.has("usage"))
        return self.total(name, asking) if known else None

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
        asked = asking or self.asking
        if name in DAILY:
            return _within(_question(self.warehouse, name, _anytime(asked)), DAILY[name], asked)
        return _question(self.warehouse, name, _anytime(asked) if timeless(name) else asked)

    def listed(self, name: str, asking: Asking | None = None) -> pl.DataFrame:
        """Single classes or rows under their pseudonyms, by `metrics/questions/rows`. Raises NotAllowed."""
        return _listed(self.warehouse, name, asking or self.asking)

    def has(self, feed: str) -> bool:
        """Whether the build has an export of a feed."""
        return self.question("feeds").filter(pl.col("feed") == feed, pl.col("landed") > 0).height > 0

    def change(self, name: str, counted: int | None = None) -> float | None:
        """Relative change of dau, wau or mau on the last day, or of a sum over the period, against `before`.

        `counted` is the sum where the page has it already.

        None where either is unknown, where there is nothing to compare with, and where the period before begins
        earlier than the data: half a period is not compared with a whole one.
        """
        if self.before.since is None or self.before.since < self._first_day():
            return None
        if name in ("dau", "wau", "mau"):
            now, then = self.on(name, self.until), self.on(name, self.before.until or self.until)
        else:
            now = self.counted(name) if counted is None else counted
            then = self.counted(name, self.before)
        return now / then - 1 if now is not None and then else None

    def _first_day(self) -> date:
        first = self.question("extent", self.anytime)["first_day"][0]
        return first or date.max

    # ------------------------------------------------------------- how it is said

    def written(self, value: int | None) -> str:
        """A count, or a dash where there is none."""
        return "–" if value is None else self.words.number(value)

    def header(self) -> None:
        """Title, what the page is for, and what is being asked."""
        self.sheet.title(self.words(f"page.{self.name}.title"))
        self.sheet.text(self.words(f"page.{self.name}.lead"))
        self.sheet.note(self._scope())

    def parts(self, *parts: Callable[[], None]) -> None:
        """Parts of the page one under the other, each in a place of its own, whatever those before it have to show."""
        for part in parts:
            with self.sheet.part():
                part()

    def section(self, name: str) -> None:
        """A section of the page: `section.<name>.title` and, under it, `section.<name>.lead`."""
        self.sheet.heading(self.words(f"section.{name}.title"))
        self.sheet.text(self.words(f"section.{name}.lead"))

    def missing(self, feed: str) -> bool:
        """Whether the build has no export of a feed; if so, the page says what to do about it."""
        if not self.has(feed):
            self.empty("empty.feed", feed=feed)
        return not self.has(feed)

    def empty(self, key: str, **values: object) -> None:
        """An empty state: what is not there (`<key>.title`) and what to do (`<key>.remedy`)."""
        with self.sheet.frame():
            self.sheet.text(f"##### :material/inbox: {self.words(f'{key}.title', **values)}")
            self.sheet.text(self.words(f"{key}.remedy", **values))

    def without_roles(self) -> None:
        """Says that the role filter does not apply here, if one is set."""
        if self.asking.roles:
            self.sheet.note(f":material/info: {self.words('filter.role_unused')}")

    def card(
        self, name: str, value: str, note: str = "", change: float | None = None, trend: tuple[float, ...] = ()
    ) -> None:
        """A metric in a frame: its name, its value, its change, a note, its definition a click away."""
        said = "" if change is None else self.words(f"card.change.{self.comparison}", change=self.words.change(change))
        rising = change > 0 if change else None  # what stayed as it was points nowhere
        shown = Figure(self.words(f"metric.{name}.name"), value, said, rising, note, trend)
        self.sheet.figure(shown, f"definition.{self.name}.{name}", lambda: self._define(name))

    def definitions(self, *names: str, place: str = "chart") -> None:
        """What the metrics of one chart, or of another place, mean: one click away."""

        def define() -> None:
            for name in names:
                self._define(name)

        self.sheet.details(self.words("definition.open"), f"definitions.{place}.{self.name}.{names[0]}", define)

    def caption(self, key: str, unit: str, feed: str, **values: object) -> Caption:
        """The words over a chart: `chart.<key>.title`, unit and source, and `chart.<key>.alt` for the description."""
        words = self.words
        source = words("chart.source", unit=words(f"unit.{unit}"), feed=feed, until=self.until)
        return Caption(words(f"chart.{key}.title", **values), source, words(f"chart.{key}.alt", **values))

    def chart(self, chart: Drawn, drill: bool = False) -> None:
        """A chart in a frame, as wide as there is room.

        With `drill` the chart has a point selection called "drill" over its fields `country`, or `since` and `until`
        (ISO days): a click on a mark sets the filters to them.
        """
        self.sheet.chart(chart, f"chart.{self.name}.{chart.title.text}", drill)

    def table(self, frame: pl.DataFrame, columns: Mapping[str, Written], caption: str, name: str = "") -> None:
        """A table of the columns named, each written by its function, numbers to the right; `name` is the file's."""
        shown = [
            Column(self.words(f"column.{column}"), Cells(frame[column], written), frame[column].dtype.is_numeric())
            for column, written in columns.items()
        ]
        self.sheet.table(Table(name or self.name, caption, tuple(shown), frame.select(*columns)))

    def breaks(self) -> list[Break]:
        """School breaks of the period, if and only if France alone is asked about."""
        if self.asking.countries != ("FR",):
            return []
        return [found for zone in ZONES for found in school_breaks(self.since, self.until, zone)]

    def events(self) -> list[Event]:
        """What happened in the period, and began in it: known to the kit, or noted by the team."""
        known = [*events(self.since, self.until), *self.notes]
        return sorted((e for e in known if self.since <= e.starts_on <= self.until), key=lambda e: e.starts_on)

    def happenings(self) -> None:
        """What a time line marks, in words: bands of holidays, rules of events."""
        language = self.words.language
        lines = [self.words("chart.breaks")] if self.breaks() else []
        lines += [
            self.words("chart.event", day=event.starts_on, label=event.label[language]) for event in self.events()
        ]
        if lines:
            self.sheet.note("  \n".join(lines))

    def _define(self, name: str) -> None:
        chosen, words = METRICS[name], self.words
        facts = {
            "unit": words(f"unit.{chosen.unit}"),
            "sums": words(f"sums.{chosen.sums.replace(' ', '_')}"),
            "feed": chosen.feed,
            "build": self.warehouse.build.id,
        }
        self.sheet.text(f"**{words(f'metric.{name}.name')}**\n\n{words(f'metric.{name}.definition')}")
        self.sheet.note(words("definition.facts", **facts))
        self.sheet.note(self._sources(chosen.feed))
        self.sheet.code(chosen.sql().strip())

    def _sources(self, feed: str) -> str:
        """The files that a figure of a feed is counted from; the page of the data lists them all."""
        found = self.question("sources").filter(pl.col("feed") == feed, pl.col("status") == "landed")
        newest = ", ".join(f"`{path}`" for path in found.sort("landed_at", "path", descending=True)["path"].head(3))
        return self.words("definition.sources", n=found.height, newest=newest or "–")

    def _scope(self) -> str:
        words, asking = self.words, self.asking
        parts = [
            ", ".join(map(words.country, asking.countries)) or words("filter.all_country"),
            ", ".join(map(words.role, asking.roles)) or words("filter.all_role"),
            *([", ".join(map(words.plan, asking.plans))] if asking.plans else []),
        ]
        return words("scope", since=self.since, until=self.until, filters=" · ".join(parts))


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


def _anytime(asking: Asking) -> Asking:
    return replace(asking, since=None, until=None)


def _within(rows: pl.DataFrame, day: str, asking: Asking) -> pl.DataFrame:
    """The rows of the period asked about: days are asked for once, of all times, and then taken from there."""
    return rows.filter(pl.col(day).is_between(asking.since or date.min, asking.until or date.max))


_KEYS: dict[str | type[Any], Callable[[Any], Any]] = {Warehouse: lambda warehouse: warehouse.build.id, Asking: repr}


@st.cache_data(show_spinner=False, max_entries=500, hash_funcs=_KEYS)
def _figure(warehouse: Warehouse, name: str, asking: Asking, by: tuple[str, ...]) -> pl.DataFrame:
    return figure(warehouse, name, asking, by).pl()


@st.cache_data(show_spinner=False, max_entries=500, hash_funcs=_KEYS)
def _question(warehouse: Warehouse, name: str, asking: Asking) -> pl.DataFrame:
    return question(warehouse, name, asking).pl()


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs=_KEYS)
def _listed(warehouse: Warehouse, name: str, asking: Asking) -> pl.DataFrame:
    return listed(warehouse, name, asking).pl()
