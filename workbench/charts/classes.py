"""Classes: over the school year, from creation to activation, by size, and cohort against cohort."""

from __future__ import annotations

import altair as alt
import polars as pl

from workbench.charts import BLUE, BY_PLACE, GREEN, NEUTRAL, OCHRE, Caption, Drawn, count_axis, finished, placed, tip
from workbench.text import Words

_STEP = 20


def school_years(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """One line a school year over its weeks (columns `school_year`, `school_week`, `value`), the newest foremost."""
    years = frame["school_year"].unique().sort(descending=True).to_list()
    colours = [BLUE, GREEN, OCHRE, *[NEUTRAL] * len(years)][: len(years)]
    written = frame.with_columns(frame["value"].map_elements(words.number, pl.String).alias("written"))
    dashes = [[1, 0], [6, 3], [2, 3], *[[1, 5]] * len(years)][: len(years)]
    weeks = alt.Axis(format="d", tickMinStep=1, tickCount=12)
    key = alt.Legend(title=None, orient="top", columns=2, symbolType="stroke", symbolSize=400, symbolStrokeWidth=2.4)
    chart = (
        alt.Chart(written)
        .mark_line(strokeWidth=2.4)
        .encode(
            x=alt.X("school_week:Q", title=words("column.school_week"), scale=alt.Scale(nice=False), axis=weeks),
            y=count_axis(),
            color=alt.Color("school_year:N", scale=alt.Scale(domain=years, range=colours), legend=key),
            strokeDash=alt.StrokeDash("school_year:N", scale=alt.Scale(domain=years, range=dashes), legend=key),
            tooltip=[
                tip("school_year", words("column.school_year")),
                tip("school_week", words("column.school_week"), "Q"),
                tip("written", words("column.classes")),
            ],
        )
    )
    return finished(chart, caption, words, height=340)


def activation_days(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar for each number of days from creation to activation (columns `days_after`, `classes`)."""
    written = frame.with_columns(frame["classes"].map_elements(words.number, pl.String).alias("written"))
    chart = (
        alt.Chart(written)
        .mark_bar(color=GREEN, cornerRadiusEnd=2)
        .encode(
            x=alt.X("days_after:O", title=words("column.days_after"), axis=alt.Axis(labelAngle=0)),
            y=count_axis("classes"),
            tooltip=[tip("days_after", words("column.days_after"), "Q"), tip("written", words("column.classes"))],
        )
    )
    return finished(chart, caption, words, height=230)


def members(frame: pl.DataFrame, limits: dict[str, int], caption: Caption, words: Words) -> Drawn:
    """A bar for each step of members (columns `members`, its least, and `classes`), a rule at each plan's limit."""
    spelled = frame.with_columns(
        (pl.col("members") + _STEP).alias("next"),
        frame["members"].map_elements(lambda n: words("chart.members.step", n=n, to=n + _STEP - 1), pl.String)
        .alias("when"),
        frame["classes"].map_elements(words.number, pl.String).alias("written"),
    )  # fmt: skip
    bars = (
        alt.Chart(spelled)
        .mark_rect(color=BLUE, x2Offset=-1.5)
        .encode(
            x=alt.X("members:Q", title=words("column.members"), axis=alt.Axis(format=",.0f", tickCount=6)),
            x2="next",
            y=count_axis("classes"),
            y2=alt.datum(0),
            tooltip=[tip("when", words("column.members")), tip("written", words("column.classes"))],
        )
    )
    rows = pl.DataFrame({"limit": limits.values(), "name": [words.plan(plan) for plan in limits]})
    rule = alt.Chart(rows).mark_rule(color=NEUTRAL, strokeDash=[4, 3], strokeWidth=1.4).encode(x="limit:Q")
    label = (
        alt.Chart(rows)
        .mark_text(align="left", dx=4, dy=8, baseline="top", color=NEUTRAL, fontWeight="bold")
        .encode(x="limit:Q", y=alt.value(0), text="name:N")
    )
    return finished(alt.layer(bars, rule, label), caption, words, height=250)


def cohorts(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar for each cohort under each measure (columns `measure`, `cohort`, both as read, `share` and `counted`).

    A cohort too young for a measure has an empty share, and no bar there.
    """
    names = frame["cohort"].unique(maintain_order=True).to_list()
    written = frame.with_columns(frame["share"].map_elements(words.percent, pl.String).alias("written"))
    base = alt.Chart(placed(written.drop_nulls("share"))).encode(
        y=alt.Y("measure:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelLimit=150, ticks=False)),
        yOffset=alt.YOffset("cohort:N", sort=names),
        x=alt.X("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=5)),
        tooltip=[
            tip("cohort", " "),
            tip("measure", " "),
            tip("written", words("column.share")),
            tip("counted", words("column.classes")),
        ],
    )
    scale = alt.Scale(domain=names, range=[BLUE, GREEN, OCHRE])
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.Color("cohort:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=1, labelLimit=330))
    )
    numbers = base.mark_text(align="left", dx=4, fontSize=11, color=NEUTRAL).encode(text="written:N")
    return finished(alt.layer(bars, numbers), caption, words, height=90 + 64 * frame["measure"].n_unique())
