"""Charts: a frame goes in, an Altair chart comes out. Used by the pages, and by notebooks and mails.

Every chart has a title, its unit and source under it, and a description for those who do not see it. Colours mean
the same everywhere (`COLOURS`), keep 3:1 against the light and the dark background, and stay apart for colour-blind
eyes; text and backgrounds are left to the theme around. Numbers and dates follow the language of the words given.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import altair as alt
import polars as pl
import pycountry

from workbench.calendar import Break
from workbench.metrics.kit import Event
from workbench.text import Words

BLUE, GREEN, OCHRE, ORCHID, NEUTRAL = "#336fe0", "#2b8a62", "#c8711c", "#b8489d", "#8a837c"

COLOURS = {
    "dau": OCHRE,
    "wau": GREEN,
    "mau": BLUE,
    "new": GREEN,
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


def activity(frame: pl.DataFrame, caption: Caption, words: Words, breaks: list[Break], events: list[Event]) -> Drawn:
    """dau, wau and mau by day (columns `day`, `dau`, `wau`, `mau`, `whole_7d`, `whole_28d`).

    A window over a day that was not loaded is dotted. School breaks are shaded, the darker the more zones; events
    are dashed rules.
    """
    long = _activity_rows(frame, words)
    names = [words(f"chart.series.{name}") for name in ("mau", "wau", "dau")]
    base = alt.Chart(_instants(long, "day")).encode(
        x=_days(frame["day"].min(), frame["day"].max()),
        y=_count(),
        color=_coloured("name", names, ["mau", "wau", "dau"]),
        tooltip=[_tip("when", words("column.day")), _tip("name", " "), _tip("written", words("column.users"))],
    )
    whole = base.transform_filter("datum.whole").mark_line(strokeWidth=2.2)
    broken = base.transform_filter("!datum.whole").mark_line(strokeWidth=2, strokeDash=[1, 4])
    lines = [whole] if long["whole"].all() else [broken, whole]
    return _finished(alt.layer(*_shades(breaks, words), *_rules(events, words), *lines), caption, words, height=340)


def growth(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """New, retained, resurrected over zero and churned under it, one bar a step (columns `day` and the four)."""
    order = ["retained", "resurrected", "new", "churned"]
    long = frame.unpivot(order, index="day", variable_name="kind", value_name="users").with_columns(
        pl.col("day").map_elements(words.day, pl.String).alias("when"),
        pl.col("users").map_elements(words.number, pl.String).alias("written"),
        pl.col("kind").replace_strict({kind: words(f"metric.{kind}.name") for kind in order}).alias("name"),
        pl.col("kind").replace_strict({kind: n for n, kind in enumerate(order)}).alias("rank"),
        pl.when(pl.col("kind") == "churned").then(-pl.col("users")).otherwise("users").alias("signed"),
    )
    angle = 0 if frame.height <= 6 else -40
    stacks = alt.Chart(long).mark_bar(cornerRadius=2)
    chart = stacks.encode(
        x=alt.X("when:N", sort=None, title=None, axis=alt.Axis(labelAngle=angle, labelOverlap=True)),
        y=_count("signed"),
        color=_coloured("name", [words(f"metric.{kind}.name") for kind in order], order),
        order=alt.Order("rank:O"),
        tooltip=[_tip("when", words("column.until")), _tip("name", " "), _tip("written", words("column.users"))],
    )
    zero = alt.Chart(pl.DataFrame({"zero": [0]})).mark_rule(color=NEUTRAL).encode(y="zero:Q")
    return _finished(chart + zero, caption, words, height=340)


def cohorts(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A cell for each cohort and week (columns `cohort_week`, `week`, `size`, `share`, `users`, `whole`).

    Cells whose week has not ended are grey.
    """
    labelled = frame.with_columns(
        pl.struct("cohort_week", "size")
        .map_elements(lambda row: _cohort_label(row["cohort_week"], row["size"], words), pl.String)
        .alias("cohort"),
        pl.col("share").map_elements(words.percent, pl.String).alias("written"),
        pl.col("users").map_elements(words.number, pl.String).alias("written_users"),
    )
    tooltip = [
        _tip("cohort", words("column.cohort")),
        _tip("week", words("column.week"), "Q"),
        _tip("written", words("column.share")),
        _tip("written_users", words("column.users")),
    ]
    base = alt.Chart(labelled).encode(
        x=alt.X("week:O", title=words("column.weeks_after"), axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("cohort:N", sort=None, title=None, axis=alt.Axis(labelOverlap=True, labelLimit=160)),
        tooltip=tooltip,
    )
    # Week 0 is all of them: the scale is for the weeks after.
    after = frame.filter(pl.col("week") > 0)["share"].max()
    top = min(1, max(0.1, math.ceil(10 * after) / 10)) if isinstance(after, float) else 1
    scale = alt.Scale(domain=[0, top], clamp=True)
    legend = alt.Legend(format=".0%", title=None, orient="top", gradientLength=160, direction="horizontal")
    whole = (
        base.transform_filter("datum.whole").mark_rect().encode(color=alt.Color("share:Q", scale=scale, legend=legend))
    )
    partial = base.transform_filter("!datum.whole").mark_rect(color=NEUTRAL, opacity=0.28)
    rows = labelled["cohort"].n_unique()
    return _finished(whole + partial, caption, words, height=140 + min(18 * rows, 560))


def world(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A map of users by country (columns `country`, alpha-2, and `users`); a country without any is grey."""
    shown = frame.with_columns(
        pl.col("country").map_elements(_numeric, pl.String).alias("id"),
        pl.col("country").map_elements(words.country, pl.String).alias("name"),
        pl.col("users").map_elements(words.number, pl.String).alias("written"),
    ).filter(pl.col("id") != "", pl.col("users") > 0)
    shapes = alt.Chart(alt.InlineData(_borders(), format=alt.TopoDataFormat(type="topojson", feature="countries")))
    ground = shapes.mark_geoshape(fill=NEUTRAL, fillOpacity=0.22, stroke=NEUTRAL, strokeOpacity=0.35, strokeWidth=0.5)
    found = alt.LookupData(shown.select("id", "name", "users", "written"), "id", ["name", "users", "written"])
    scale = alt.Scale(type="log", base=10, domain=[1, max([10, *shown["users"]])])
    legend = alt.Legend(title=None, orient="bottom-left", gradientLength=140, direction="horizontal", format=",.0f")
    filled = (
        shapes.transform_lookup("id", found)
        .transform_filter("isValid(datum.users)")
        .mark_geoshape(stroke=NEUTRAL, strokeWidth=0.4)
        .encode(
            color=alt.Color("users:Q", scale=scale, legend=legend),
            tooltip=[_tip("name", words("column.country")), _tip("written", words("column.users"))],
        )
    )
    return _finished((ground + filled).project("equalEarth"), caption, words, height=370)


def school_years(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """One line a school year over its weeks (columns `school_year`, `school_week`, `value`), the newest foremost."""
    years = frame["school_year"].unique().sort(descending=True).to_list()
    colours = [BLUE, GREEN, OCHRE, *[NEUTRAL] * len(years)][: len(years)]
    written = frame.with_columns(pl.col("value").map_elements(words.number, pl.String).alias("written"))
    dashes = [[1, 0], [6, 3], [2, 3], *[[1, 5]] * len(years)][: len(years)]
    weeks = alt.Axis(format="d", tickMinStep=1, tickCount=12)
    chart = (
        alt.Chart(written)
        .mark_line(strokeWidth=2.4)
        .encode(
            x=alt.X("school_week:Q", title=words("column.school_week"), scale=alt.Scale(nice=False), axis=weeks),
            y=_count(),
            color=alt.Color("school_year:N", scale=alt.Scale(domain=years, range=colours), legend=_legend()),
            strokeDash=alt.StrokeDash("school_year:N", scale=alt.Scale(domain=years, range=dashes), legend=_legend()),
            tooltip=[
                _tip("school_year", words("column.school_year")),
                _tip("school_week", words("column.school_week"), "Q"),
                _tip("written", words("column.classes")),
            ],
        )
    )
    return _finished(chart, caption, words, height=340)


def bars(frame: pl.DataFrame, stacks: list[str], caption: Caption, words: Words) -> Drawn:
    """Stacked bars over days or weeks (from `day` to `until`, both included), a colour for each metric of `stacks`."""
    names = {stack: words(f"metric.{stack}.name") for stack in stacks}
    spans = pl.struct("day", "until").map_elements(lambda span: _span(span["day"], span["until"], words), pl.String)
    long = (
        frame.with_columns(spans.alias("when"), (pl.col("until") + pl.duration(days=1)).alias("next"))
        .unpivot(stacks, index=["day", "next", "when"], variable_name="kind")
        .with_columns(
            pl.col("value").map_elements(words.number, pl.String).alias("written"),
            pl.col("kind").replace_strict(names).alias("name"),
            pl.col("value").cum_sum().over("day").alias("top"),
        )
        .with_columns((pl.col("top") - pl.col("value")).alias("value"))
    )
    chart = (
        alt.Chart(_instants(long, "day", "next"))
        .mark_rect(x2Offset=-1.5)
        .encode(
            x=_days(frame["day"].min(), long["next"].max()),
            x2="next",
            y=_count("top"),
            y2="value",
            color=_coloured("name", list(names.values()), stacks),
            tooltip=[_tip("when", words("column.day")), _tip("name", " "), _tip("written", words("column.number"))],
        )
    )
    return _finished(chart, caption, words, height=230)


def language_pairs(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A matrix: from which language (across) into which (down), a disc and its number in each cell.

    Columns `source_language`, `target_language`, `translations`. A phone has room for four columns: the three biggest
    sources, and all others together.
    """
    totals = frame.group_by("source_language").agg(pl.col("translations").sum())
    biggest_three = totals.sort("translations", "source_language", descending=[True, False])["source_language"].head(3)
    others = words("chart.other_languages")
    shown = (
        frame.with_columns(
            pl.when(pl.col("source_language").is_in(biggest_three.implode()))
            .then(pl.col("source_language").map_elements(words.tongue, pl.String))
            .otherwise(pl.lit(others))
            .alias("source"),
            pl.col("target_language").map_elements(words.tongue, pl.String).alias("target"),
        )
        .group_by("source", "target", maintain_order=True)
        .agg(pl.col("translations").sum())
        .with_columns(pl.col("translations").map_elements(words.number, pl.String).alias("written"))
    )
    order = [*(words.tongue(code) for code in biggest_three), others]
    biggest = alt.EncodingSortField("translations", op="sum", order="descending")
    base = alt.Chart(shown).encode(
        x=alt.X(
            "source:N",
            sort=order,
            title=words("column.source"),
            axis=alt.Axis(orient="top", labelAngle=0, labelOverlap=False, labelFlush=False),
        ),
        y=alt.Y("target:N", sort=biggest, title=words("column.target"), axis=alt.Axis(labelLimit=110)),
        tooltip=[
            _tip("source", words("column.source")),
            _tip("target", words("column.target")),
            _tip("written", words("column.translations")),
        ],
    )
    size = alt.Size("translations:Q", scale=alt.Scale(type="sqrt", range=[8, 420]), legend=None)
    discs = base.mark_circle(color=GREEN, opacity=0.85, xOffset=-16).encode(size=size)
    numbers = base.mark_text(align="left", dx=2, fontSize=12, fontWeight="bold", color=NEUTRAL).encode(text="written:N")
    return _finished(discs + numbers, caption, words, height=90 + max(60, 32 * shown["target"].n_unique()))


def _finished(chart: Any, caption: Caption, words: Words, height: int) -> Drawn:
    """The chart with its caption, in the language's numbers and dates, as wide as its place."""
    title = alt.TitleParams(text=caption.title, subtitle=caption.unit, anchor="start", frame="bounds", offset=14)
    finished: Drawn = chart.properties(
        title=title, description=caption.description, width="container", height=height
    ).configure(locale=words.vega_locale(), axis={"grid": True, "gridOpacity": 0.35, "domain": False, "ticks": False})
    return finished


def _activity_rows(frame: pl.DataFrame, words: Words) -> pl.DataFrame:
    whole = {"dau": pl.col("loaded"), "wau": pl.col("whole_7d"), "mau": pl.col("whole_28d")}
    parts = [
        frame.select(
            "day", pl.lit(words(f"chart.series.{name}")).alias("name"), pl.col(name).alias("value"), flag.alias("whole")
        )
        for name, flag in whole.items()
    ]
    return pl.concat(parts).with_columns(
        pl.col("day").map_elements(lambda day: words.day(day, "long"), pl.String).alias("when"),
        pl.col("value").map_elements(words.number, pl.String).alias("written"),
    )


def _shades(breaks: list[Break], words: Words) -> list[alt.Chart]:
    if not breaks:
        return []
    rows = pl.DataFrame(
        {
            "from": [b.starts_on for b in breaks],
            "to": [b.ends_on + timedelta(days=1) for b in breaks],
            "label": [words("chart.break", name=b.name, zone=b.zone) for b in breaks],
        }
    )
    shade = alt.Chart(_instants(rows, "from", "to")).mark_rect(color=NEUTRAL, opacity=0.13)
    return [shade.encode(x=_utc("from"), x2="to", tooltip=[_tip("label", words("column.holidays"))])]


def _rules(events: list[Event], words: Words) -> list[alt.Chart]:
    if not events:
        return []
    rows = pl.DataFrame(
        {"from": [event.starts_on for event in events], "label": [event.label[words.language] for event in events]}
    )
    rule = alt.Chart(_instants(rows, "from")).mark_rule(color=NEUTRAL, strokeDash=[4, 3], strokeWidth=1.3)
    return [rule.encode(x=_utc("from"), tooltip=[_tip("label", words("column.event"))])]


def _instants(frame: pl.DataFrame, *days: str) -> pl.DataFrame:
    """Days as milliseconds of UTC, the one form that Vega reads the same in every place and time zone."""
    return frame.with_columns(pl.col(*days).dt.epoch("ms"))


def _utc(field: str, **options: Any) -> alt.X:
    """A day on the axis of days. Without UTC, a browser west of Greenwich would show the evening before."""
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), title=None, **options)


def _days(first: Any, last: Any) -> alt.X:
    """The axis of days: Mondays for up to four months, else firsts of months, with the year under each January."""
    months = (last - first).days > 120
    marks = pl.date_range(first, last, "1mo" if months else "1w", eager=True)
    starts = marks.dt.month_start() if months else marks.dt.truncate("1w")
    values = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in starts if day >= first]
    year = "utcFormat(datum.value, '%m') == '01' ? utcFormat(datum.value, '%Y') : ''"
    label = f"[utcFormat(datum.value, '%b'), {year}]" if months else "utcFormat(datum.value, '%e %b')"
    return _utc("day", axis=alt.Axis(labelExpr=label, labelOverlap=True, labelFlush=True, values=values))


def _count(field: str = "value") -> alt.Y:
    return alt.Y(f"{field}:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=5, tickMinStep=1))


def _legend() -> alt.Legend:
    return alt.Legend(title=None, orient="top", columns=3, labelLimit=200, symbolType="circle", offset=8, padding=0)


def _coloured(field: str, names: list[str], keys: list[str]) -> alt.Color:
    scale = alt.Scale(domain=names, range=[COLOURS[key] for key in keys])
    return alt.Color(f"{field}:N", scale=scale, sort=names, legend=_legend() if len(names) > 1 else None)


def _tip(field: str, title: str, kind: str = "N") -> alt.Tooltip:
    return alt.Tooltip(f"{field}:{kind}", title=title)


def _span(first: date, last: date, words: Words) -> str:
    return words.day(first) if first == last else words("chart.span", since=first, until=last)


def _cohort_label(monday: date, size: int, words: Words) -> str:
    return words("chart.cohort", day=words.day(monday), size=size)


def _numeric(alpha_2: str) -> str:
    """The ISO numeric code that the borders are keyed by; empty for what is no country."""
    found = pycountry.countries.get(alpha_2=alpha_2)
    return str(found.numeric) if found else ""


@cache
def _borders() -> dict[str, Any]:
    """Natural Earth's borders, as TopoJSON: shapes and codes, without Antarctica, where nobody teaches."""
    path = resources.files("workbench").joinpath("reference", "countries-110m.json")
    world: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    shapes = world["objects"]["countries"]["geometries"]
    kept = [{key: shape[key] for key in ("type", "arcs", "id") if key in shape} for shape in shapes]
    countries = {"type": "GeometryCollection", "geometries": [shape for shape in kept if shape.get("id") != "010"]}
    return world | {"objects": {"countries": countries}}
