"""Classes: how many are created and come alive, year over year, académie by académie."""

import polars as pl
import streamlit as st

from workbench import charts
from workbench.calendar import school_week, school_year
from workbench.pages import Page, Written, opened, weekly


def show(page: Page) -> None:
    """Figures, weeks of the period, school years over each other, académies."""
    page.header()
    page.without_roles()
    if page.missing("classes"):
        return
    days = page.question("classes_by_day")
    if days.is_empty():
        page.empty("empty.period")
        return
    figures(page)
    period(page, days)
    school_years(page, days)
    academies(page)


def figures(page: Page) -> None:
    """Created, activated, and the share of those whose 14 days are over."""
    words, number = page.words, page.words.number
    totals = page.question("class_totals").row(0, named=True)
    with st.grid(3, min_column_width=150):
        page.card("classes_created", number(totals["created"]), words("overview.in_period"))
        page.card("classes_activated", number(page.total("classes_activated")), words("classes.activated_in_period"))
        page.card("activation_rate", page.share("activation_rate"), words("classes.settled", n=totals["settled"]))


def period(page: Page, days: pl.DataFrame) -> None:
    """Created and activated in the period."""
    found = days.filter(pl.col("day").is_between(page.since, page.until))
    if found.is_empty():
        page.empty("empty.period")
        return
    rows = weekly(found, page.since, page.until).rename(
        {"created": "classes_created", "activated": "classes_activated"}
    )
    for name in ("classes_created", "classes_activated"):
        caption = page.caption(name, "classes", "classes", n=page.total(name))
        page.chart(charts.bars(rows, [name], caption, page.words))


def school_years(page: Page, days: pl.DataFrame) -> None:
    """Classes created since each school start, one line a year."""
    weeks = (
        days.with_columns(
            pl.col("day").map_elements(school_year, pl.String).alias("school_year"),
            pl.col("day").map_elements(school_week, pl.Int64).alias("school_week"),
        )
        .group_by("school_year", "school_week")
        .agg(pl.col("created").sum())
        .sort("school_year", "school_week")
        .with_columns(pl.col("created").cum_sum().over("school_year").alias("value"))
    )
    years = weeks["school_year"].unique().sort()
    caption = page.caption("school_years", "classes", "classes", years=", ".join(years))
    page.chart(charts.school_years(weeks, caption, page.words))


def academies(page: Page) -> None:
    """French classes created in the period by académie."""
    words, number = page.words, page.words.number
    st.subheader(words("classes.academies.title"))
    st.markdown(words("classes.academies.lead"))
    rows = page.question("by_academie")
    if rows.is_empty():
        page.empty("empty.academies")
        return
    rated = rows.with_columns(
        pl.when(pl.col("settled") > 0).then(pl.col("settled_activated") / pl.col("settled")).alias("activation_rate"),
        pl.col("academie").fill_null(words("classes.no_academie")),
    )
    columns: dict[str, Written] = {"academie": str, "created": number, "activated": number}
    columns |= {"activation_rate": words.percent, "members": number, "archived": number}
    page.table(rated, columns, words("classes.academies.title"))


show(opened("classes"))
