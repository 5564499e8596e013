"""Pays: where the users are, on a map and in the table that says the same; the newest, overseas, the United States."""

from functools import cache, partial
from gettext import NullTranslations, translation

import polars as pl
import pycountry
import streamlit as st

from workbench.charts import world
from workbench.metrics import OTHERS
from workbench.pages import Page, Written, opened

CHOICE = "countries.choice"


def show(page: Page) -> None:
    """Map and table, new countries, overseas territories, the United States."""
    page.header()
    rows = page.question("by_country")
    if rows.is_empty():
        page.empty("empty.users")
        return
    of_countries = [partial(part, page, rows) for part in (figures, mapped, table, newcomers)]
    page.parts(*of_countries, partial(overseas, page), partial(united_states, page))


def figures(page: Page, rows: pl.DataFrame) -> None:
    """How many countries, how many users there and how many of them active, and the part of the first."""
    number, on_the_day = page.words.number, page.words("overview.on", day=page.until)
    known = rows.filter(~pl.col("country").is_in([OTHERS, "ZZ"]))["country"]
    users = int(rows["users"].sum())
    with page.sheet.grid(4, 165):
        page.card("countries", number(page.total("countries")), on_the_day, page.change("countries"))
        page.card("users", number(users), on_the_day, page.change("users", users))
        page.card("mau", number(int(rows["active_28d"].sum())), on_the_day, page.change("mau"))
        first = page.words.country(known[0]) if known.len() else ""
        page.card("first_country_share", page.share("first_country_share"), first)


def mapped(page: Page, rows: pl.DataFrame) -> None:
    """The map; a click on a country chooses it."""
    caption = page.caption("world", "users", "users")
    page.chart(world.world(rows, caption, page.words), drill=True)


def table(page: Page, rows: pl.DataFrame) -> None:
    """Every country, in the order one chooses; one of them can be chosen for all pages."""
    words, number = page.words, page.words.number
    order = controls(page, rows) if page.sheet.interactive else "users"
    named = rows.with_columns(
        rows["country"].map_elements(words.country, pl.String).alias("name"),
        (pl.col("users") / rows["users"].sum()).alias("share"),
    ).sort(order, descending=order in ("users", "active_28d", "classes"), nulls_last=True)
    columns: dict[str, Written] = {"country": words.country, "users": number, "share": words.percent}
    columns |= {"active_28d": number, "classes": number, "first_day": words.day}
    page.table(named, columns, words("page.countries.title"))
    if rows.filter(pl.col("country") == OTHERS).height:
        page.sheet.note(words("countries.folded", n=page.asking.small_cell))


def controls(page: Page, rows: pl.DataFrame) -> str:
    """What one can do with the table: choose its order, given back, and a country, as a click on the map does."""
    words = page.words
    orders = ("users", "active_28d", "classes", "first_day", "name")
    st.selectbox(
        words("countries.choose"), sorted(rows["country"], key=words.country), None, words.country, CHOICE,
        placeholder=words("countries.choose_hint"), on_change=_choose, width=420,
    )  # fmt: skip
    order = st.segmented_control(
        words("countries.order"), orders, default="users", required=True, key="countries.order",
        format_func=lambda order: words("column.country" if order == "name" else f"column.{order}"),
    )  # fmt: skip
    return str(order)


def _choose() -> None:
    """Filter by the country chosen in the list, on this page and on the others."""
    st.query_params["country"] = [st.session_state[CHOICE]]


def newcomers(page: Page, rows: pl.DataFrame) -> None:
    """Countries with their first active user in the period."""
    words = page.words
    page.section("new_countries")
    came = rows.filter(
        pl.col("first_day").is_between(page.since, page.until), ~pl.col("country").is_in([OTHERS, "ZZ"])
    ).sort("first_day", descending=True)
    if came.is_empty():
        page.sheet.text(words("countries.none_new"))
        return
    columns: dict[str, Written] = {"country": words.country, "first_day": words.day}
    columns |= {"users": words.number, "active_28d": words.number}
    page.table(came, columns, words("section.new_countries.title"), "new_countries")


def overseas(page: Page) -> None:
    """Overseas France, which counts as France in every figure, territory by territory."""
    words = page.words
    if page.asking.countries and "FR" not in page.asking.countries:
        return
    rows = page.question("territories")
    if rows.is_empty():
        return
    page.section("overseas")
    columns: dict[str, Written] = {"territory": words.country, "users": words.number, "classes": words.number}
    page.table(rows, columns, words("section.overseas.title"), "overseas")


def united_states(page: Page) -> None:
    """Classes of the United States, state by state."""
    words = page.words
    rows = page.question("american_states")
    if rows.is_empty():
        return
    page.section("american_states")
    columns: dict[str, Written] = {"american_state": partial(state, page), "classes": words.number}
    columns |= {"created": words.number, "activated": words.number}
    page.table(
        rows.rename({"region": "american_state"}), columns, words("section.american_states.title"), "american_states"
    )


def state(page: Page, code: str) -> str:
    """An American state by its name, where the app gives its code."""
    found = pycountry.subdivisions.get(code=f"US-{code}")  # type: ignore[no-untyped-call]  # it types countries alone
    name = str(found.name) if found else code or page.words("countries.no_state")
    return _translated(page.words.language).gettext(name)


@cache
def _translated(language: str) -> NullTranslations:
    """The names of states in a language; those of the standard are English."""
    return translation("iso3166-2", pycountry.LOCALES_DIR, [language], fallback=True)


if __name__ == "__main__":
    show(opened("countries"))
