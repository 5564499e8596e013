"""Where posts are translated, and from which language into which."""

from __future__ import annotations

import altair as alt
import polars as pl

from workbench.charts import BLUE, BY_PLACE, GREEN, NEUTRAL, Caption, Drawn, finished, placed, tip
from workbench.text import Words


def language_pairs(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A matrix: from which language (across) into which (down), a disc and its number in each cell.

    Columns `source_language`, `target_language`, `translations`. A phone has room for four columns: the three biggest
    sources, and all others together.
    """
    totals = frame.group_by("source_language").agg(pl.col("translations").sum())
    biggest_three = totals.sort("translations", "source_language", descending=[True, False])["source_language"].head(3)
    others = words("chart.other_languages")
    order = [*(words.tongue(code) for code in biggest_three), others]
    pairs = (
        frame.with_columns(
            pl.when(pl.col("source_language").is_in(biggest_three.implode()))
            .then(frame["source_language"].map_elements(words.tongue, pl.String))
            .otherwise(pl.lit(others))
            .alias("source"),
            frame["target_language"].map_elements(words.tongue, pl.String).alias("target"),
        )
        .group_by("source", "target", maintain_order=True)
        .agg(pl.col("translations").sum())
        .sort(pl.col("source").replace_strict({name: n for n, name in enumerate(order)}), maintain_order=True)
    )
    shown = pairs.with_columns(pairs["translations"].map_elements(words.number, pl.String).alias("written"))
    biggest = alt.EncodingSortField("translations", op="sum", order="descending")
    base = alt.Chart(placed(shown)).encode(
        x=alt.X(
            "source:N",
            sort=BY_PLACE,
            title=words("column.source"),
            axis=alt.Axis(orient="top", labelAngle=0, labelOverlap=False, labelFlush=False),
        ),
        y=alt.Y("target:N", sort=biggest, title=words("column.target"), axis=alt.Axis(labelLimit=110)),
        tooltip=[
            tip("source", words("column.source")),
            tip("target", words("column.target")),
            tip("written", words("column.translations")),
        ],
    )
    size = alt.Size("translations:Q", scale=alt.Scale(type="sqrt", range=[8, 420]), legend=None)
    discs = base.mark_circle(color=GREEN, opacity=0.85, xOffset=-16).encode(size=size)
    numbers = base.mark_text(align="left", dx=2, fontSize=12, fontWeight="bold", color=NEUTRAL).encode(text="written:N")
    return finished(discs + numbers, caption, words, height=90 + max(60, 32 * shown["target"].n_unique()))


def countries(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A bar of translated posts for each country (columns `country`, `posts`), in the order given.

    A click on one chooses it: the selection "drill" over `country`.
    """
    named = frame.with_columns(
        frame["country"].map_elements(words.country, pl.String).alias("name"),
        frame["posts"].map_elements(words.number, pl.String).alias("written"),
    )
    base = alt.Chart(placed(named)).encode(
        y=alt.Y("name:N", sort=BY_PLACE, title=None, axis=alt.Axis(labelLimit=130)),
        x=alt.X("posts:Q", title=None, axis=alt.Axis(format=",.0f", tickCount=4, tickMinStep=1)),
        tooltip=[tip("name", words("column.country")), tip("written", words("metric.translated_posts.name"))],
    )
    bars = base.mark_bar(color=BLUE, cornerRadiusEnd=2).add_params(
        alt.selection_point(name="drill", fields=["country"])
    )
    numbers = base.mark_text(align="left", dx=4, fontSize=11, color=NEUTRAL).encode(text="written:N")
    return finished(bars + numbers, caption, words, height=60 + 24 * frame.height)
