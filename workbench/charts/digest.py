"""The pictures of the weekly digest: few marks, which a phone can show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import altair as alt
import polars as pl

from workbench.charts import COLOURS, NEUTRAL, Caption, Drawn, count_axis, finished, instants, utc_day
from workbench.text import Words

Draw = Callable[[pl.DataFrame, str, Caption, Words], Drawn]

_HEIGHT = 190


def weeks(frame: pl.DataFrame, name: str, caption: Caption, words: Words) -> Drawn:
    """A figure of each week beside last year's (columns `day`, its Monday, `now`, `then`); unknown ones are gaps."""
    rows, names = _long(frame, words("digest.now"), words("digest.then"))
    dashes = alt.Scale(domain=names, range=[[1, 0], [5, 3]][: len(names)])
    base = alt.Chart(instants(rows, "day")).encode(
        x=_weeks_axis(frame["day"].to_list()),
        y=count_axis(),
        color=_colours(name, names),
        strokeDash=alt.StrokeDash("name:N", scale=dashes, legend=None),
    )
    lines, discs = base.mark_line(strokeWidth=2.4), base.mark_circle(size=28, opacity=1)
    return _framed(lines + discs, caption, words)


def weekdays(frame: pl.DataFrame, name: str, caption: Caption, words: Words) -> Drawn:
    """A bar for each day of a week, in order, beside that of the week before (columns `day`, `now`, `then`)."""
    short = words.vega_locale()["time"]["shortDays"]
    labels = [short[(day.weekday() + 1) % 7] for day in frame["day"]]
    named = frame.with_columns(pl.Series("weekday", labels)).drop("day")
    rows, names = _long(named, words("digest.this_week"), words("digest.week_before"))
    bars = alt.Chart(rows).mark_bar(cornerRadius=2)
    chart = bars.encode(
        x=alt.X("weekday:N", sort=labels, title=None, axis=alt.Axis(labelAngle=0, grid=False)),
        xOffset=alt.XOffset("name:N", sort=names[::-1]),
        y=count_axis(),
        color=_colours(name, names),
    )
    return _framed(chart, caption, words)


def _framed(chart: Any, caption: Caption, words: Words) -> Drawn:
    """With a margin: by night, a picture is a sheet of paper in the dark."""
    framed: Drawn = finished(chart, caption, words, height=_HEIGHT).properties(padding=10)
    return framed


def _weeks_axis(mondays: list[date]) -> alt.X:
    """Every fourth Monday up to the last has its date."""
    values = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in mondays[::-4]]
    label = "utcFormat(datum.value, '%e %b')"
    return utc_day("day", axis=alt.Axis(labelExpr=label, labelOverlap=True, labelFlush=True, values=values))


def _long(frame: pl.DataFrame, now: str, then: str) -> tuple[pl.DataFrame, list[str]]:
    """A row for each value, with the `name` of now or then; and these names, without what is not known at all."""
    index = [column for column in frame.columns if column not in ("now", "then")]
    named = frame.rename({"now": now, "then": then})
    names = [name for name in (now, then) if not named[name].is_null().all()]
    return named.unpivot(names, index=index, variable_name="name"), names


def _colours(name: str, names: list[str]) -> alt.Color:
    discs: dict[str, Any] = {"symbolType": "circle", "symbolOpacity": 1, "symbolStrokeWidth": 0}
    legend = alt.Legend(title=None, orient="top", labelLimit=300, offset=10, padding=0, **discs)
    return alt.Color(
        "name:N", scale=alt.Scale(domain=names, range=[COLOURS[name], NEUTRAL][: len(names)]), sort=names, legend=legend
    )
