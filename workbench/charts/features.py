"""What people do in the app: how many do it, and how soon after they joined."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from workbench.charts import BLUE, BY_PLACE, GREEN, NEUTRAL, Caption, Drawn, finished, placed, tip
from workbench.text import Words


def adoption(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar for each gesture, its share of active users (columns `name`, `share`, `share_before`, `users`).

    A tick stands where the share was in the compared period; none where there is nothing to compare with.
    """
    written = frame.with_columns(
        frame["share"].map_elements(words.percent, pl.String).alias("written"),
        frame["share_before"].map_elements(words.percent, pl.String).fill_null("–").alias("written_before"),
        frame["users"].map_elements(words.number, pl.String).alias("written_users"),
    )
    base = alt.Chart(placed(written)).encode(
        y=_gestures(),
        tooltip=[
            tip("name", words("column.gesture")),
            tip("written", words("column.share_of_active")),
            tip("written_before", words("column.share_before")),
            tip("written_users", words("column.users")),
        ],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=2, height={"band": 0.7}).encode(x=_share("share"))
    ticks = base.mark_tick(color=NEUTRAL, thickness=3, height={"band": 0.95}).encode(x=_share("share_before"))
    numbers = base.mark_text(align="left", dx=5, fontSize=11, color=NEUTRAL).encode(
        x=_share("furthest"), text="written:N"
    )
    layers = alt.layer(bars, ticks, numbers).transform_calculate(
        furthest="max(datum.share, datum.share_before === null ? 0 : datum.share_before)"
    )
    return finished(layers, caption, words, height=50 + 27 * frame.height)


def trends(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A cell for each gesture and week (columns `name`, `day`, `share`), the darker the nearer to its best."""
    best = pl.col("share").max().over("name")
    labelled = frame.with_columns(
        pl.when(best > 0).then(pl.col("share") / best).otherwise(0.0).alias("of_best"),
        frame["day"].map_elements(words.day, pl.String).alias("when"),
        frame["share"].map_elements(words.percent, pl.String).alias("written"),
    )
    chart = (
        alt.Chart(placed(labelled))
        .mark_rect(color=BLUE, cornerRadius=1)
        .encode(
            x=alt.X("when:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelAngle=-40, labelOverlap=True)),
            y=_gestures(),
            opacity=alt.Opacity("of_best:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 1]), legend=None),
            tooltip=[
                tip("name", words("column.gesture")),
                tip("when", words("column.until")),
                tip("written", words("column.share_of_active")),
            ],
        )
    )
    return finished(chart, caption, words, height=80 + 22 * frame["name"].n_unique())


def discoveries(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """For each gesture the share of newcomers who had done it after 7 and after 28 days.

    Columns `name`, `first_week`, `first_month` (shares, the second at least the first).
    """
    names = {"first_week": words("column.first_week"), "later_weeks": words("column.later_weeks")}
    later = frame.with_columns((pl.col("first_month") - pl.col("first_week")).alias("later_weeks"))
    index = ["name", "first_week", "first_month"]
    kinds = later.unpivot(list(names), index=index, variable_name="kind", value_name="share")
    long = kinds.with_columns(
        pl.col("kind").replace_strict(names).alias("when"),
        kinds["first_week"].map_elements(words.percent, pl.String).alias("written_week"),
        kinds["first_month"].map_elements(words.percent, pl.String).alias("written_month"),
        (pl.col("kind") == "later_weeks").cast(pl.Int8).alias("rank"),
    )
    colours = alt.Scale(domain=list(names.values()), range=[GREEN, BLUE])
    legend = alt.Legend(title=None, orient="top", columns=1, labelLimit=330)
    base = alt.Chart(placed(long)).encode(
        y=_gestures(),
        tooltip=[
            tip("name", words("column.gesture")),
            tip("written_week", words("column.first_week")),
            tip("written_month", words("column.first_month")),
        ],
    )
    bars = base.mark_bar(height={"band": 0.7}).encode(
        x=_share("share"), color=alt.Color("when:N", scale=colours, legend=legend), order=alt.Order("rank:Q")
    )
    numbers = (
        base.transform_filter("datum.rank == 0")
        .mark_text(align="left", dx=5, fontSize=11, color=NEUTRAL)
        .encode(x=_share("first_month"), text="written_month:N")
    )
    return finished(alt.layer(bars, numbers), caption, words, height=80 + 27 * frame.height)


def _gestures() -> alt.Y:
    return alt.Y("name:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelLimit=165))


def _share(field: str) -> Any:
    return alt.X(f"{field}:Q", title=None, axis=alt.Axis(format=".0%", tickCount=4))
