"""Pays: where the users are, on a map and in the table that says the same."""

import polars as pl
import streamlit as st

from workbench import charts
from workbench.metrics import OTHERS
from workbench.pages import Page, Written, opened


def show(page: Page) -> None:
    """Map and table."""
    page.header()
    rows = page.question("by_country")
    if rows.is_empty():
        page.empty("empty.users")
        return
    figures(page, rows)
    caption = page.caption("world", "users", "users", n=rows.filter(pl.col("users") > 0).height)
    page.chart(charts.world(rows, caption, page.words))
    table(page, rows)


def figures(page: Page, rows: pl.DataFrame) -> None:
    """How many countries, how many users there, and how many of them active."""
    words, users = page.words, int(rows["users"].sum())
    first = rows.row(0, named=True)
    share = words.percent(first["users"] / users if users else 0)
    note = words("countries.first", share=share, country=words.country(first["country"]))
    with st.grid(3, min_column_width=150):
        page.card("countries", words.number(page.total("countries", page.anytime)))
        page.card("users", words.number(users), note)
        page.card("mau", words.number(int(rows["active_28d"].sum())), words("overview.on", day=page.until))


def table(page: Page, rows: pl.DataFrame) -> None:
    """Every country, in the order one chooses."""
    words, number = page.words, page.words.number
    orders = ("users", "active_28d", "classes", "first_day", "name")
    order = st.segmented_control(
        words("countries.order"), orders, default="users", required=True, key="countries.order",
        format_func=lambda order: words("column.country" if order == "name" else f"column.{order}"),
    )  # fmt: skip
    named = rows.with_columns(
        pl.col("country").map_elements(words.country, pl.String).alias("name"),
        (pl.col("users") / rows["users"].sum()).alias("share"),
    ).sort(order, descending=order in ("users", "active_28d", "classes"), nulls_last=True)
    columns: dict[str, Written] = {"country": words.country, "users": number, "share": words.percent}
    columns |= {"active_28d": number, "classes": number, "first_day": words.day}
    page.table(named, columns, words("page.countries.title"))
    if rows.filter(pl.col("country") == OTHERS).height:
        st.caption(words("countries.folded", n=page.asking.small_cell))


show(opened("countries"))
