"""What questionnaires gave: answers counted, NPS by quarter with its interval, what people speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import polars as pl

from workbench.charts import BLUE, BY_PLACE, NEUTRAL, Caption, Drawn, count_axis, finished, legend, placed, tip
from workbench.text import Words

ROW_PX = 27

NARROWEST_PX = 300
"""The cloud's words find room in a chart as narrow as this, and grow with it."""

GROWTH = 1.7
"""So many times at most are the words of the cloud larger where there is more room."""


def answered(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar for each answer, with its number and share (columns `label`, `respondents`, `share`), in their order."""
    base = alt.Chart(placed(_written(frame, words))).encode(
        y=alt.Y("label:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelLimit=150, labelOverlap=False)),
        tooltip=[tip("label", words("column.answer")), tip("said", words("column.respondents"))],
    )
    along = _along(frame, 1.3)
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=2, height={"band": 0.7}).encode(x=along)
    numbers = base.mark_text(align="left", dx=5, fontSize=12, color=NEUTRAL).encode(x=along, text="said:N")
    return finished(alt.layer(bars, numbers), caption, words, height=20 + ROW_PX * frame.height)


def columns(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A column for each step of a scale or each number (columns `label`, `respondents`, `share`), in their order."""
    base = alt.Chart(placed(_written(frame, words))).encode(
        x=alt.X("label:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        tooltip=[tip("label", words("column.answer")), tip("said", words("column.respondents"))],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=2, width={"band": 0.6}).encode(y=count_axis("respondents"))
    numbers = base.mark_text(dy=-7, fontSize=12, color=NEUTRAL).encode(y="respondents:Q", text="number:N")
    return finished(alt.layer(bars, numbers), caption, words, height=200)


def _along(frame: pl.DataFrame, room: float) -> alt.X:
    """Respondents to the right, with room for a text beside the longest bar."""
    most = max([1, *frame["respondents"]])
    return alt.X("respondents:Q", title=None, scale=alt.Scale(domainMax=most * room), axis=None)


def _written(frame: pl.DataFrame, words: Words) -> pl.DataFrame:
    number = frame["respondents"].map_elements(words.number, pl.String)
    share = frame["share"].map_elements(lambda share: words.percent(share, 0), pl.String)
    return frame.with_columns(
        number.alias("number"),
        pl.when(pl.col("respondents") > 0).then(pl.format("{} · {}", number, share)).otherwise(number).alias("said"),
    )


def nps(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """The score of each quarter as a point, on a bar from `low` to `high` of its interval.

    Columns `quarter` (as it is read), `score`, `low`, `high`, `n`.
    """
    written = frame.with_columns(
        frame["score"].map_elements(points, pl.String).alias("written"),
        pl.format(
            "{} … {}", frame["low"].map_elements(points, pl.String), frame["high"].map_elements(points, pl.String)
        ).alias("interval"),
        frame["n"].map_elements(words.number, pl.String).alias("said"),
    )
    base = alt.Chart(placed(written)).encode(
        x=alt.X("quarter:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=False)),
        tooltip=[
            tip("quarter", words("column.quarter")),
            tip("written", words("column.nps")),
            tip("interval", words("column.interval")),
            tip("said", words("column.respondents")),
        ],
    )
    height = alt.Y("score:Q", title=None, scale=alt.Scale(domain=[-100, 100]), axis=alt.Axis(values=_STEPS))
    scores = base.mark_point(color=BLUE, filled=True, opacity=1, size=140).encode(y=height)
    intervals = base.mark_errorbar(ticks={"size": 14}, color=NEUTRAL, thickness=2).encode(
        y=alt.Y("low:Q", title=None), y2="high:Q"
    )
    numbers = base.mark_text(align="left", dx=12, fontSize=14, color=NEUTRAL).encode(y="score:Q", text="written:N")
    return finished(alt.layer(intervals, scores, numbers), caption, words, height=240)


_STEPS = [-100, -50, 0, 50, 100]


def points(score: float) -> str:
    """A score in whole points with its sign."""
    return f"{score:+.0f}".replace("-", "−")


def spoken(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar for each theme (columns `label`, `respondents`, `is_value`), those that are our values apart, first."""
    drawn = _kinds(frame, words)
    base = alt.Chart(placed(drawn)).encode(
        y=alt.Y("label:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelLimit=150, labelOverlap=False)),
        tooltip=[
            tip("label", words("column.theme")),
            tip("kind", words("column.theme_kind")),
            tip("said", words("column.respondents")),
        ],
    )
    along = _along(frame, 1.2)
    bars = base.mark_bar(cornerRadiusEnd=2, height={"band": 0.7}).encode(x=along, color=_kind_colour(drawn, words))
    numbers = base.mark_text(align="left", dx=5, fontSize=12, color=NEUTRAL).encode(x=along, text="said:N")
    return finished(alt.layer(bars, numbers), caption, words, height=40 + ROW_PX * frame.height)


def cloud(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """The same as words in rows, the larger the more people speak of it; no two overlap, our values are bold.

    The words keep their order and their places: the same answers give the same cloud.
    """
    placed = _placed(_kinds(frame, words))
    drawn = (
        alt.Chart(placed)
        .mark_text(
            fontSize=alt.ExprRef(f"datum.px * clamp(width / {NARROWEST_PX}, 1, {GROWTH})"),
            fontWeight=alt.ExprRef("datum.is_value ? 700 : 400"),
        )
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-NARROWEST_PX / 2, NARROWEST_PX / 2])),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[_bottom(placed), 0])),
            text="label:N",
            color=_kind_colour(placed, words),
            tooltip=[
                tip("label", words("column.theme")),
                tip("kind", words("column.theme_kind")),
                tip("said", words("column.respondents")),
            ],
        )
    )
    return finished(drawn, caption, words, height=int(_bottom(placed)) + 30)


def _kinds(frame: pl.DataFrame, words: Words) -> pl.DataFrame:
    names = {True: words("themes.value"), False: words("themes.other")}
    return frame.with_columns(
        pl.col("is_value").replace_strict(names, return_dtype=pl.String).alias("kind"),
        frame["respondents"].map_elements(words.number, pl.String).alias("said"),
    )


def _kind_colour(frame: pl.DataFrame, words: Words) -> alt.Color:
    names = [words("themes.value"), words("themes.other")]
    present = [name for name in names if name in set(frame["kind"])]
    scale = alt.Scale(domain=names, range=[BLUE, NEUTRAL])
    below = legend()
    below["columns"] = 1  # one under the other: beside the names of bars there is little room
    return alt.Color("kind:N", scale=scale, sort=names, legend=below if len(present) > 1 else None)


# ------------------------------------------------------------------------------------------------------- the cloud

_SMALLEST_PX, _LARGEST_PX = 14, 28
_EM, _GAP_PX, _LINE = 0.62, 10, 1.35
"""Letters are no wider than so many parts of their size; words and rows stand so far apart."""


@dataclass(frozen=True)
class _Word:
    """A word and its size on the narrowest chart."""

    label: str
    px: float

    @property
    def width(self) -> float:
        return _EM * self.px * len(self.label) + _GAP_PX


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """The words' sizes (`px`) and middles (`x` from the middle of the chart, `y` from its top)."""
    counts: list[int] = frame["respondents"].to_list()
    least = min(counts)
    reach = max(max(counts) - least, 1)
    sizes = [_SMALLEST_PX + (_LARGEST_PX - _SMALLEST_PX) * (n - least) / reach for n in counts]
    found = [_Word(label, px) for label, px in zip(frame["label"], sizes, strict=True)]
    places, top = [], 0.0
    for row in _rows(found):
        line = max(word.px for word in row) * _LINE * GROWTH
        left = -sum(word.width for word in row) / 2
        for word in row:
            places.append((word.px, left + word.width / 2, top + line / 2))
            left += word.width
        top += line
    columns = dict(zip(("px", "x", "y"), map(list, zip(*places, strict=True)), strict=True))
    return frame.with_columns(pl.Series(name, values, pl.Float64) for name, values in columns.items())


def _rows(found: Sequence[_Word]) -> list[list[_Word]]:
    """Words in rows that the narrowest chart has room for; one that is too long stands alone."""
    rows: list[list[_Word]] = [[]]
    for word in found:
        if rows[-1] and sum(each.width for each in rows[-1]) + word.width > NARROWEST_PX:
            rows.append([])
        rows[-1].append(word)
    return rows


def _bottom(placed: pl.DataFrame) -> float:
    lowest = placed.sort("y", "px").row(-1, named=True)
    return float(lowest["y"] + lowest["px"] * _LINE * GROWTH / 2)
