"""Publications traduites: posts and translations, which are two things, and between which languages."""

import polars as pl
import streamlit as st

from workbench import charts
from workbench.pages import Page, Written, opened, weekly


def show(page: Page) -> None:
    """Figures, posts and translations apart, the matrix of languages, the pairs as a table."""
    page.header()
    page.without_roles()
    if page.missing("translations"):
        return
    days = page.question("translation_days")
    if days.is_empty():
        page.empty("empty.period")
        return
    figures(page)
    trends(page, days)
    pairs(page)


def figures(page: Page) -> None:
    """Posts, translations, failures and their share of all attempts."""
    words = page.words
    with st.grid(4, min_column_width=150):
        for name in ("translated_posts", "translations", "translation_failures"):
            page.card(name, words.number(page.total(name)), words("overview.in_period"))
        page.card("translation_failure_rate", page.share("translation_failure_rate"), words("translations.of_attempts"))


def trends(page: Page, days: pl.DataFrame) -> None:
    """Posts by week, then translations and failures by week: never in one bar, they are not the same thing."""
    rows = weekly(days, page.since, page.until).rename(
        {"posts": "translated_posts", "failures": "translation_failures"}
    )
    caption = page.caption("translated_posts", "posts", "translations", n=page.total("translated_posts"))
    page.chart(charts.bars(rows, ["translated_posts"], caption, page.words))
    caption = page.caption("translations", "translations", "translations", n=page.total("translations"))
    page.chart(charts.bars(rows, ["translations", "translation_failures"], caption, page.words))


def pairs(page: Page) -> None:
    """The matrix of languages, and the same as a table."""
    words, number = page.words, page.words.number
    rows = page.question("language_pairs")
    caption = page.caption("language_pairs", "translations", "translations", n=rows.height)
    page.chart(charts.language_pairs(rows.filter(pl.col("translations") > 0), caption, words))
    rated = rows.with_columns(
        (pl.col("failures") / (pl.col("translations") + pl.col("failures"))).alias("failure_rate")
    )
    columns: dict[str, Written] = {"source_language": words.tongue, "target_language": words.tongue}
    columns |= {"translations": number, "failures": number, "failure_rate": words.percent, "characters": number}
    page.table(rated, columns, words("translations.pairs.title"))


show(opened("translations"))
