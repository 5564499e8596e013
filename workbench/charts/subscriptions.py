"""Where the revenue comes from and goes, and what of it ends when."""

from __future__ import annotations

from datetime import date, timedelta

import altair as alt
import polars as pl

from workbench.charts import (
    BLUE,
    GREEN,
    NEUTRAL,
    OCHRE,
    ORCHID,
    Caption,
    Drawn,
    finished,
    instants,
    legend,
    span,
    tip,
    utc_day,
)
from workbench.text import Words

_COLOURS = {
    "new_eur": GREEN,
    "expansion_eur": BLUE,
    "contraction_eur": OCHRE,
    "churned_eur": ORCHID,
    "renewed_eur": BLUE,
    "lost_eur": ORCHID,
    "open_eur": NEUTRAL,
}


def bridge(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """What came over zero and what went under it, a bar a step (`since`, `until`, and the four moves in euros).

    A click on a bar filters the page by its days.
    """
    bars = _stacks(frame, ["expansion_eur", "new_eur"], ["contraction_eur", "churned_eur"], words)
    bars = bars.add_params(alt.selection_point(name="drill", fields=["since", "until"]))
    zero = alt.Chart(pl.DataFrame({"zero": [0]})).mark_rule(color=NEUTRAL).encode(y="zero:Q")
    return finished(alt.layer(bars, zero), caption, words, height=300)


def renewals(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """What ends in each month (`since`, `until`), by what became of it: renewed, lost, open, in euros."""
    return finished(_stacks(frame, ["renewed_eur", "lost_eur", "open_eur"], [], words), caption, words, height=260)


def _stacks(frame: pl.DataFrame, above: list[str], below: list[str], words: Words) -> alt.Chart:
    """Rectangles over days, stacked away from zero in the order given."""
    kinds = [*above, *below]
    names = {kind: words(f"subscriptions.move.{kind}") for kind in kinds}
    rows = pl.concat([_signed(frame, above, 1, words), _signed(frame, below, -1, words)])
    rows = rows.with_columns(pl.col("kind").replace_strict(names).alias("name"))
    scale = alt.Scale(domain=list(names.values()), range=[_COLOURS[kind] for kind in kinds])
    stacks: alt.Chart = (
        alt.Chart(instants(rows, "day", "next"))
        .mark_rect(x2Offset=-1.5)
        .encode(
            x=_months(frame["since"].to_list()),
            x2="next",
            y=alt.Y("top:Q", title=None, axis=alt.Axis(format="$,.0f", tickCount=5)),
            y2="foot",
            color=alt.Color("name:N", scale=scale, sort=list(names.values()), legend=legend()),
            tooltip=[tip("when", words("column.period")), tip("name", " "), tip("written", words("column.arr_eur"))],
        )
    )
    return stacks


def _months(firsts: list[date]) -> alt.X:
    """The axis of steps: the month under the first day of each, and the year under the first one of each."""
    values = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in firsts]
    opening = [f"{day:%Y-%m}" for n, day in enumerate(firsts) if n == 0 or firsts[n - 1].year < day.year]
    year = f"indexof({opening}, utcFormat(datum.value, '%Y-%m')) >= 0 ? utcFormat(datum.value, '%Y') : ''"
    label = f"[utcFormat(datum.value, '%b'), {year}]"
    return utc_day("day", axis=alt.Axis(labelExpr=label, labelAlign="left", labelOverlap=True, values=values))


def _signed(frame: pl.DataFrame, kinds: list[str], sign: int, words: Words) -> pl.DataFrame:
    rows = frame.unpivot(kinds, index=["since", "until"], variable_name="kind")
    spans = [span(since, until, words) for since, until in rows["since", "until"].iter_rows()]
    return rows.with_columns(
        pl.col("since").alias("day"),
        (pl.col("until") + timedelta(days=1)).alias("next"),
        pl.Series("when", spans, pl.String),
        rows["value"].map_elements(words.euros, pl.String).alias("written"),
        (sign * pl.col("value").cast(pl.Float64).cum_sum().over("since")).alias("top"),
    ).with_columns((pl.col("top") - sign * pl.col("value")).alias("foot"), pl.col("since", "until").dt.to_string("iso"))
