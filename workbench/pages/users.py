"""Utilisateurs: who is active, who comes, stays and leaves, and who comes back."""

from dataclasses import replace

import polars as pl
import streamlit as st

from workbench import charts
from workbench.pages import Page, Written, opened


def show(page: Page) -> None:
    """Activity, growth accounting, cohorts, roles."""
    page.header()
    if page.missing("usage"):
        return
    days = page.question("activity")
    if days.is_empty():
        page.empty("empty.period")
        return
    figures(page)
    activity(page, days)
    growth(page)
    cohorts(page)
    roles(page)


def figures(page: Page) -> None:
    """The last day's figures against the same weekday a year before."""
    with st.grid(4, min_column_width=150):
        for name in ("dau", "wau", "mau"):
            value = page.on(name, page.until)
            if value is not None:
                page.card(name, page.words.number(value), change=page.change_on_last_year(name))
        today = replace(page.asking, since=page.until)
        page.card("stickiness", page.share("stickiness", today))


def activity(page: Page, days: pl.DataFrame) -> None:
    """The lines of dau, wau and mau."""
    caption = page.caption("activity", "users", "usage", since=days["day"][0], until=days["day"][-1])
    page.chart(charts.activity(days, caption, page.words, page.breaks(), page.events()))
    unloaded = days.filter(~pl.col("loaded")).height
    if unloaded:
        st.caption(page.words("users.unloaded", n=unloaded))
    page.happenings()


def growth(page: Page) -> None:
    """Growth accounting by steps of 28 days, as bars and as the table that adds up."""
    words, number = page.words, page.words.number
    steps = page.question("growth_steps")
    st.subheader(words("users.growth.title"))
    st.markdown(words("users.growth.lead"))
    if steps.is_empty():
        page.empty("empty.period")
        return
    caption = page.caption("growth", "users", "usage", n=steps.height)
    page.chart(charts.growth(steps, caption, words))
    page.definitions("new", "retained", "resurrected", "churned")
    table = steps.sort("day", descending=True).with_columns(
        pl.col("day").alias("until"),
        (pl.col("retained") + pl.col("churned")).alias("mau_before"),
        (pl.col("new") + pl.col("retained") + pl.col("resurrected")).alias("mau"),
    )
    columns: dict[str, Written] = {"until": words.day}
    columns |= dict.fromkeys(("mau_before", "churned", "retained", "resurrected", "new", "mau"), number)
    page.table(table, columns, words("users.growth.title"))


def cohorts(page: Page) -> None:
    """Which share of each week's newcomers is active in the weeks after."""
    st.subheader(page.words("users.cohorts.title"))
    st.markdown(page.words("users.cohorts.lead"))
    cells = page.question("cohorts").filter(pl.col("week") <= 26)
    if cells.is_empty():
        page.empty("empty.cohorts")
        return
    caption = page.caption("cohorts", "share", "usage", n=cells["cohort_week"].n_unique())
    page.chart(charts.cohorts(cells, caption, page.words))


def roles(page: Page) -> None:
    """Users by role."""
    words, number = page.words, page.words.number
    st.subheader(words("users.roles.title"))
    rows = page.question("roles")
    shares = rows.with_columns((pl.col("users") / rows["users"].sum()).alias("share"))
    columns: dict[str, Written] = {"role": words.role, "users": number, "share": words.percent, "active_28d": number}
    page.table(shares, columns, words("users.roles.title"))


show(opened("users"))
