"""Which days were loaded."""

from __future__ import annotations

from datetime import timedelta

import altair as alt
import polars as pl

from workbench.charts import GREEN, ORCHID, Caption, Drawn, finished, instants, legend, tip, utc_day
from workbench.text import Words


def loaded_days(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A square a day (columns `day`, `loaded`), a column a week, Mondays on top."""
    states = {state: words(f"chart.loaded.{'yes' if state else 'no'}") for state in (True, False)}
    names = words.vega_locale()["time"]["shortDays"]
    weekdays = [names[(number + 1) % 7] for number in range(7)]
    week, number = pl.col("day").dt.truncate("1w"), pl.col("day").dt.weekday()
    rows = frame.with_columns(
        week.alias("week"),
        (week + timedelta(days=7)).alias("next"),
        number.replace_strict(dict(enumerate(weekdays, 1)), return_dtype=pl.String).alias("weekday"),
        frame["day"].map_elements(words.day, pl.String).alias("when"),
        pl.col("loaded").replace_strict(states, return_dtype=pl.String).alias("state"),
    ).drop("day")
    scale = alt.Scale(domain=list(states.values()), range=[GREEN, ORCHID])
    squares = alt.Chart(instants(rows, "week", "next")).mark_rect(xOffset=0.5, x2Offset=-0.5, cornerRadius=1)
    chart = squares.encode(
        x=utc_day("week", axis=alt.Axis(format="%b %Y", grid=False, labelOverlap=True, labelFlush=True, tickCount=6)),
        x2="next",
        y=alt.Y("weekday:N", sort=weekdays, title=None, scale=alt.Scale(paddingInner=0.12), axis=alt.Axis(grid=False)),
        color=alt.Color("state:N", scale=scale, legend=legend()),
        tooltip=[tip("when", words("column.day")), tip("state", " ")],
    )
    return finished(chart, caption, words, height=210)
