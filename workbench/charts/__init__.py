"""Charts: a frame goes in, an Altair chart comes out. Used by the pages, and by notebooks and mails.

Every chart has a title, its unit and source under it, and a description for those who do not see it. What changes
with a filter is in the frame, and as little as can be in the rest: a browser replaces the rows of a chart that it has,
and makes one of which anything else has changed anew (with its map, countries took 0.6 s instead of 0.4). Colours mean
the same everywhere (`COLOURS`), keep 3:1 against the light and the dark background, and stay apart for colour-blind
eyes; text and backgrounds are left to the theme around. Numbers and dates follow the language of the words given.

What is written of a figure is made of a column (`frame["users"].map_elements(words.number, …)`), never in an expression
(`pl.col("users").map_elements(…)`): Polars would call it on its own threads, which then wait for the interpreter while
the thread that holds it waits for them, as one does that stores an answer in several pieces. The whole server stood
still, for everybody, about once in a thousand pages when 25 people asked at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import altair as alt
import polars as pl

from workbench.calendar import Break
from workbench.metrics.kit import Event
from workbench.text import Words

BLUE, GREEN, OCHRE, ORCHID, NEUTRAL = "#336fe0", "#2b8a62", "#c8711c", "#b8489d", "#8a837c"

COLOURS = {
    "dau": OCHRE,
    "wau": GREEN,
    "mau": BLUE,
    "new": GREEN,
    "sign_ups": GREEN,
    "retained": BLUE,
    "resurrected": OCHRE,
    "churned": ORCHID,
    "classes_created": BLUE,
    "classes_activated": GREEN,
    "translated_posts": BLUE,
    "translations": GREEN,
    "translation_failures": ORCHID,
}
"""What each figure is drawn in: coming and successful green, staying blue, back again ochre, lost orchid."""

Drawn = alt.Chart | alt.LayerChart


@dataclass(frozen=True)
class Caption:
    """The words of a chart: its title, its unit and source under it, and what it shows, in a sentence or two."""

    title: str
    unit: str
    description: str


def bars(frame: pl.DataFrame, stacks: list[str], caption: Caption, words: Words) -> Drawn:
    """Stacked bars over days or weeks (from `day` to `until`, both included), a colour for each metric of `stacks`.

    A click on a bar chooses its days: the selection "drill" over `since` and `until`.
    """
    names = {stack: words(f"metric.{stack}.name") for stack in stacks}
    spans = [span(first, last, words) for first, last in frame["day", "until"].iter_rows()]
    kinds = (
        frame.with_columns(pl.Series("when", spans, pl.String), (pl.col("until") + pl.duration(days=1)).alias("next"))
        .with_columns(pl.col("day").cast(pl.String).alias("since"), pl.col("until").cast(pl.String))
        .unpivot(stacks, index=["day", "next", "when", "since", "until"], variable_name="kind")
    )
    long = kinds.with_columns(
        kinds["value"].map_elements(words.number, pl.String).alias("written"),
        pl.col("kind").replace_strict(names).alias("name"),
        pl.col("value").cum_sum().over("day").alias("top"),
    ).with_columns((pl.col("top") - pl.col("value")).alias("value"))
    chart = (
        alt.Chart(instants(long, "day", "next"))
        .mark_rect(x2Offset=-1.5)
        .encode(
            x=day_axis(frame["day"].min(), long["next"].max()),
            x2="next",
            y=count_axis("top"),
            y2="value",
            color=coloured("name", list(names.values()), stacks),
            tooltip=[tip("when", words("column.day")), tip("name", " "), tip("written", words("column.number"))],
        )
        .add_params(alt.selection_point(name="drill", fields=["since", "until"]))
    )
    return finished(chart, caption, words, height=230)


def finished(chart: Any, caption: Caption, words: Words, height: int, **more: Any) -> Drawn:
    """The chart with its caption, in the language's numbers and dates, as wide as its place; `more` as `properties`.

    Its marks have no names of their own: they would be heard one after the other, hundreds of them, and each takes as
    long to make as the mark itself.
    """
    title = alt.TitleParams(text=caption.title, subtitle=caption.unit, anchor="start", frame="bounds", offset=14)
    finished: Drawn = chart.properties(
        title=title, description=caption.description, width="container", height=height, **more
    )
    # Not by `configure`, which makes one more copy of the chart and all its layers.
    finished.config = alt.Config(
        mark={"aria": False},
        locale=words.vega_locale(),
        axis={"grid": True, "gridOpacity": 0.35, "domain": False, "ticks": False},
    )
    return finished


def shades(breaks: list[Break], words: Words) -> alt.Chart:
    """Grey bands of school breaks, to lay under a time line; one a break and zone, so that more zones are darker."""
    rows = pl.DataFrame(
        {
            "from": [b.starts_on for b in breaks],
            "to": [b.ends_on + timedelta(days=1) for b in breaks],
            "label": [words("chart.break", name=b.name, zone=b.zone) for b in breaks],
        },
        {"from": pl.Date, "to": pl.Date, "label": pl.String},
    )
    band = alt.Chart(instants(rows, "from", "to")).mark_rect(color=NEUTRAL, opacity=0.13)
    shade: alt.Chart = band.encode(x=utc_day("from"), x2="to", tooltip=[tip("label", words("column.holidays"))])
    return shade


def rules(events: list[Event], words: Words) -> alt.Chart:
    """Dashed rules of events, to lay under a time line."""
    rows = pl.DataFrame(
        {"from": [event.starts_on for event in events], "label": [event.label[words.language] for event in events]},
        {"from": pl.Date, "label": pl.String},
    )
    line = alt.Chart(instants(rows, "from")).mark_rule(color=NEUTRAL, strokeDash=[4, 3], strokeWidth=1.3)
    rule: alt.Chart = line.encode(x=utc_day("from"), tooltip=[tip("label", words("column.event"))])
    return rule


BY_PLACE = alt.EncodingSortField("place", op="min")
"""Sorts an axis of names by the order of the rows (`placed`)."""


def placed(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows with their `place`, for BY_PLACE: `sort=None` keeps the order in which names first came, with any filter."""
    return frame.with_row_index("place")


def instants(frame: pl.DataFrame, *days: str) -> pl.DataFrame:
    """Days as milliseconds of UTC, the one form that Vega reads the same in every place and time zone."""
    return frame.with_columns(pl.col(*days).dt.epoch("ms"))


def utc_day(field: str, **options: Any) -> alt.X:
    """A day on the axis of days. Without UTC, a browser west of Greenwich would show the evening before."""
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), title=None, **options)


def day_axis(first: Any, last: Any) -> alt.X:
    """The axis of days: Mondays for up to four months, else firsts of months, with the year under each January."""
    axis = alt.Axis(labelOverlap=True, labelFlush=True)
    if (last - first).days > 120:
        year = "utcFormat(datum.value, '%m') == '01' ? utcFormat(datum.value, '%Y') : ''"
        axis["labelExpr"] = f"[utcFormat(datum.value, '%b'), {year}]"
        axis["tickCount"] = alt.TimeIntervalStep(interval="month", step=1)
    else:
        days = pl.date_range(first, last, "1w", eager=True).dt.truncate("1w")
        mondays = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in days if day >= first]
        axis["labelExpr"], axis["values"] = "utcFormat(datum.value, '%e %b')", mondays
    return utc_day("day", axis=axis)


def count_axis(field: str = "value") -> alt.Y:
    """The axis of counts: whole numbers, few of them."""
    return alt.Y(f"{field}:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=5, tickMinStep=1))


def legend() -> alt.Legend:
    """The legend over a chart, in rows that a phone can hold."""
    return alt.Legend(title=None, orient="top", columns=3, labelLimit=200, symbolType="circle", offset=8, padding=0)


def coloured(field: str, names: list[str], keys: list[str]) -> alt.Color:
    """A colour for each name, that of its key in COLOURS; a legend only where there is something to tell apart."""
    scale = alt.Scale(domain=names, range=[COLOURS[key] for key in keys])
    return alt.Color(f"{field}:N", scale=scale, sort=names, legend=legend() if len(names) > 1 else None)


def tip(field: str, title: str, kind: str = "N") -> alt.Tooltip:
    """A line of a tooltip."""
    return alt.Tooltip(f"{field}:{kind}", title=title)


def span(first: date, last: date, words: Words) -> str:
    """A day, or days from one to another, as read in a tooltip."""
    return words.day(first) if first == last else words("chart.span", since=first, until=last)
