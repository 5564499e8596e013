"""Who is active, who comes and goes, who stays."""

from __future__ import annotations

import math

import altair as alt
import polars as pl

from workbench.calendar import Break
from workbench.charts import (
    BLUE,
    BY_PLACE,
    GREEN,
    NEUTRAL,
    OCHRE,
    Caption,
    Drawn,
    coloured,
    count_axis,
    day_axis,
    finished,
    instants,
    placed,
    rules,
    shades,
    tip,
)
from workbench.metrics.kit import Event
from workbench.text import Words


def activity(frame: pl.DataFrame, caption: Caption, words: Words, breaks: list[Break], events: list[Event]) -> Drawn:
    """dau, wau and mau by day (columns `day`, `dau`, `wau`, `mau`, `whole_7d`, `whole_28d`).

    A window over a day that was not loaded is dotted. School breaks are shaded, the darker the more zones; events
    are dashed rules.
    """
    long = _activity_rows(frame, words)
    names = [words(f"chart.series.{name}") for name in ("mau", "wau", "dau")]
    base = alt.Chart(instants(long, "day")).encode(
        x=day_axis(frame["day"].min(), frame["day"].max()),
        y=count_axis(),
        color=coloured("name", names, ["mau", "wau", "dau"]),
        tooltip=[tip("when", words("column.day")), tip("name", " "), tip("written", words("column.users"))],
    )
    whole = base.transform_filter("datum.whole").mark_line(strokeWidth=2.2)
    broken = base.transform_filter("!datum.whole").mark_line(strokeWidth=2, strokeDash=[1, 4])
    lines = [whole] if long["whole"].all() else [broken, whole]
    return finished(alt.layer(shades(breaks, words), rules(events, words), *lines), caption, words, height=340)


def growth(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """New, retained, resurrected over zero and churned under it, one bar a step (columns `day`, `whole`, the four).

    A step with days that were not loaded is pale. A click chooses its 28 days (`since`, `until`).
    """
    order = ["retained", "resurrected", "new", "churned"]
    kinds = frame.unpivot(order, index=["day", "whole"], variable_name="kind", value_name="users")
    long = kinds.with_columns(
        (pl.col("day") - pl.duration(days=27)).dt.to_string().alias("since"),
        pl.col("day").dt.to_string().alias("until"),
        kinds["day"].map_elements(words.day, pl.String).alias("when"),
        kinds["users"].map_elements(words.number, pl.String).alias("written"),
        pl.col("kind").replace_strict({kind: words(f"metric.{kind}.name") for kind in order}).alias("name"),
        pl.col("kind").replace_strict({kind: n for n, kind in enumerate(order)}).alias("rank"),
        pl.when(pl.col("kind") == "churned").then(-pl.col("users")).otherwise("users").alias("signed"),
    )
    angle = 0 if frame.height <= 6 else -40
    stacks = alt.Chart(placed(long)).mark_bar(cornerRadius=2, cursor="pointer")
    chart = stacks.encode(
        x=alt.X("when:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelAngle=angle, labelOverlap=True)),
        y=count_axis("signed"),
        color=coloured("name", [words(f"metric.{kind}.name") for kind in order], order),
        order=alt.Order("rank:O"),
        opacity=alt.condition("datum.whole", alt.value(1), alt.value(0.45)),
        tooltip=[tip("when", words("column.until")), tip("name", " "), tip("written", words("column.users"))],
    ).add_params(alt.selection_point(name="drill", fields=["since", "until"]))
    zero = alt.Chart(pl.DataFrame({"zero": [0]})).mark_rule(color=NEUTRAL).encode(y="zero:Q")
    return finished(chart + zero, caption, words, height=340)


PAINTED = {"embedOptions": {"renderer": "canvas"}}
"""For a chart of a thousand marks: of an SVG, a browser keeps each as an element of the page."""


def cohorts(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A cell for each cohort and week (columns `cohort_week`, `week`, `size`, `share`, `users`, `whole`).

    Cells whose week has not ended are grey.
    """
    # Week 0 is all of them: the scale is for the weeks after, and ends with them.
    after = frame.filter(pl.col("week") > 0)["share"].max()
    top = min(1, max(0.1, math.ceil(10 * after) / 10)) if isinstance(after, float) else 1
    sizes = dict(frame["cohort_week", "size"].iter_rows())
    labels = {week: words("chart.cohort", day=words.day(week), size=size) for week, size in sizes.items()}
    labelled = frame.with_columns(
        pl.col("share").clip(upper_bound=top).alias("shade"),
        pl.col("cohort_week").replace_strict(labels, return_dtype=pl.String).alias("cohort"),
        frame["share"].map_elements(words.percent, pl.String).alias("written"),
        frame["users"].map_elements(words.number, pl.String).alias("written_users"),
    )
    tooltip = [
        tip("cohort", words("column.cohort")),
        tip("week", words("column.week"), "Q"),
        tip("written", words("column.share")),
        tip("written_users", words("column.users")),
    ]
    base = alt.Chart(placed(labelled)).encode(
        x=alt.X("week:O", title=words("column.weeks_after"), axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("cohort:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelOverlap=True, labelLimit=160)),
        tooltip=tooltip,
    )
    scale = alt.Scale(zero=True)
    legend = alt.Legend(format=".0%", title=None, orient="top", gradientLength=160, direction="horizontal")
    whole = (
        base.transform_filter("datum.whole").mark_rect().encode(color=alt.Color("shade:Q", scale=scale, legend=legend))
    )
    partial = base.transform_filter("!datum.whole").mark_rect(color=NEUTRAL, opacity=0.28)
    rows = labelled["cohort"].n_unique()
    height = 140 + min(18 * rows, 560)
    return finished(whole + partial, caption, words, height, usermeta=PAINTED)


def school_weeks(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """wau over the weeks of the school year (columns `school_year`, `school_week`, `wau`), the newest year foremost."""
    years = frame["school_year"].unique().sort(descending=True).to_list()
    colours = [BLUE, GREEN, OCHRE, *[NEUTRAL] * len(years)][: len(years)]
    dashes = [[1, 0], [6, 3], [2, 3], *[[1, 5]] * len(years)][: len(years)]
    named = alt.Legend(title=None, orient="top", columns=2, symbolType="stroke", offset=8, padding=0)
    lines = alt.Chart(
        frame.with_columns(frame["wau"].map_elements(words.number, pl.String).alias("written"))
    ).mark_line(strokeWidth=2.4)
    chart = lines.encode(
        x=alt.X(
            "school_week:Q",
            title=words("column.school_week"),
            scale=alt.Scale(nice=False),
            axis=alt.Axis(format="d", tickMinStep=1, tickCount=12),
        ),
        y=count_axis("wau"),
        color=alt.Color("school_year:N", scale=alt.Scale(domain=years, range=colours), legend=named),
        strokeDash=alt.StrokeDash("school_year:N", scale=alt.Scale(domain=years, range=dashes), legend=named),
        tooltip=[
            tip("school_year", words("column.school_year")),
            tip("school_week", words("column.school_week"), "Q"),
            tip("written", words("metric.wau.name")),
        ],
    )
    return finished(chart, caption, words, height=320)


def _activity_rows(frame: pl.DataFrame, words: Words) -> pl.DataFrame:
    whole = {"dau": pl.col("loaded"), "wau": pl.col("whole_7d"), "mau": pl.col("whole_28d")}
    parts = [
        frame.select(
            "day", pl.lit(words(f"chart.series.{name}")).alias("name"), pl.col(name).alias("value"), flag.alias("whole")
        )
        for name, flag in whole.items()
    ]
    rows = pl.concat(parts)
    return rows.with_columns(
        rows["day"].map_elements(lambda day: words.day(day, "long"), pl.String).alias("when"),
        rows["value"].map_elements(words.number, pl.String).alias("written"),
    )
