"""Classes: how many are created, come alive and fall asleep, year over year, académie by académie."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import count, islice

import polars as pl
import streamlit as st

from workbench.calendar import ZONES, is_school_break, school_week, school_year
from workbench.charts import bars, classes
from workbench.pages import Page, Written, opened, weekly

SCHOOL_DAYS = 28
COHORTS = ("lockdown", "same_year", "year_before")
MEASURES = {
    "activated": ("share_activated", "activated", "settled"),
    "alive_3m": ("share_alive_3m", "alive_3m", "old_3m"),
    "alive_6m": ("share_alive_6m", "alive_6m", "old_6m"),
    "awake": ("share_awake", "awake", "classes"),
}
"""What is compared between cohorts: the column of its share, how many did it, of how many who could have."""


def show(page: Page) -> None:
    """Figures, weeks of the period, activation, size, school years over each other, places, the lockdown's classes."""
    page.header()
    page.without_roles()
    if page.missing("classes"):
        return
    days = page.question("classes_by_day")
    if days.is_empty():
        page.empty("empty.period")
        return
    standing = class_standing(page)
    page.parts(
        partial(figures, page, standing),
        partial(period, page, days),
        partial(activation, page),
        partial(members, page),
        partial(school_years, page, days),
        partial(places, page, standing),
        partial(lockdown, page, standing),
    )


def awake_since(until: date) -> date:
    """The first of the last 28 days, up to a day, that were no break of all three zones at once."""
    back = (until - timedelta(days=days) for days in count())
    school = (day for day in back if not all(is_school_break(day, zone) for zone in ZONES))
    return list(islice(school, SCHOOL_DAYS))[-1]


def class_standing(page: Page) -> pl.DataFrame:
    """The counts of `questions/class_standing` for the filters, over the last 28 days of school.

    Asked for all countries and plans, and cut here: another filter does not read the lake's days again.
    """
    everywhere = replace(page.asking, since=awake_since(page.until), countries=(), plans=())
    rows = page.question("class_standing", everywhere)
    for column, wanted in (("country", page.asking.countries), ("plan", page.asking.plans)):
        if wanted:
            rows = rows.filter(pl.col(column).is_in(wanted))
    return rows


def figures(page: Page, standing: pl.DataFrame) -> None:
    """Created, activated, how many of those decided, how fast, and how many sleep."""
    words = page.words
    with page.sheet.grid(5, 150):
        notes = {"classes_created": "overview.in_period", "classes_activated": "classes.activated_in_period"}
        for name, note in notes.items():
            page.card(name, words.number(page.total(name)), words(note), page.change(name))
        settled = page.question("class_totals")["settled"][0]
        page.card("activation_rate", page.share("activation_rate"), words("classes.settled", n=settled))
        page.card("days_to_activation", _days(page, page.metric("days_to_activation")["days_to_activation"][0]))
        asleep, awake = int(standing["dormant"].sum()), int(standing["open"].sum())
        known = page.has("usage")
        page.card(
            "classes_dormant",
            words.number(asleep) if known else "–",
            words("classes.of_open", n=awake, since=awake_since(page.until)) if known else "",
        )


def _days(page: Page, median: float | None) -> str:
    """A median, which may lie between two days."""
    if median is None:
        return "–"
    return page.words("classes.days", n=int(median), days=page.words.number(median, int(median % 1 > 0)))


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
        caption = page.caption(name, "classes", "classes")
        page.chart(bars(rows, [name], caption, page.words), drill=True)


def activation(page: Page) -> None:
    """How many days after its creation a class comes alive."""
    page.section("class_activation")
    rows = page.question("activation_days")
    if rows.is_empty():
        page.empty("empty.activations")
        return
    within = pl.DataFrame({"days_after": range(14)}).join(rows, on="days_after", how="left").fill_null(0)
    caption = page.caption("activation_days", "classes", "usage")
    page.chart(classes.activation_days(within, caption, page.words))
    shares = within.with_columns((pl.col("classes").cum_sum() / rows["classes"].sum()).alias("share_so_far"))
    columns: dict[str, Written] = {"days_after": str, "classes": page.words.number, "share_so_far": page.words.percent}
    page.table(shares, columns, page.words("section.class_activation.title"), "activation")


def members(page: Page) -> None:
    """How big classes are, beside the limits of the plans."""
    page.section("class_members")
    rows = page.question("class_members")
    if rows.is_empty():
        page.empty("empty.members")
        return
    limits = dict(page.question("plan_limits").iter_rows())
    caption = page.caption("members", "classes", "classes")
    page.chart(classes.members(rows, limits, caption, page.words))
    reached = [
        page.words("classes.reached", n=rows.filter(pl.col("members") >= limit)["classes"].sum(), limit=limit,
                   plan=page.words.plan(plan))
        for plan, limit in limits.items()
    ]  # fmt: skip
    page.sheet.note("  \n".join(reached))


def school_years(page: Page, days: pl.DataFrame) -> None:
    """Classes created since each school start, one line a year."""
    weeks = (
        days.with_columns(
            days["day"].map_elements(school_year, pl.String).alias("school_year"),
            days["day"].map_elements(school_week, pl.Int64).alias("school_week"),
        )
        .group_by("school_year", "school_week")
        .agg(pl.col("created").sum())
        .sort("school_year", "school_week")
        .with_columns(pl.col("created").cum_sum().over("school_year").alias("value"))
    )
    years = weeks["school_year"].unique().sort()
    caption = page.caption("school_years", "classes", "classes", years=", ".join(years))
    page.chart(classes.school_years(weeks, caption, page.words))


def places(page: Page, standing: pl.DataFrame) -> None:
    """French classes created in the period by académie, and by département of the one chosen."""
    page.section("class_places")
    rows = page.question("class_places")
    if rows.is_empty():
        page.empty("empty.academies")
        return
    title = page.words("section.class_places.title")
    page.table(by_place(page, rows, standing, "academie"), _place_columns(page, "academie"), title, "academies")
    there = _academie(page, rows, "places")
    if there is not None:
        table = by_place(page, rows.filter(there), standing.filter(there), "department")
        page.table(table, _place_columns(page, "department"), title, "departements")


def by_place(page: Page, rows: pl.DataFrame, standing: pl.DataFrame, place: str) -> pl.DataFrame:
    """Created and activated in the period, the change of the first, and those asleep, by académie or département."""
    sums = rows.group_by(place).agg(pl.col("created", "activated", "settled", "settled_activated").sum())
    before = page.question("class_places", page.before).group_by(place).agg(pl.col("created").sum().alias("then"))
    asleep = standing.filter(pl.col("country") == "FR").group_by(place).agg(pl.col("dormant", "open").sum())
    comparable = page.change("classes_created") is not None
    change = pl.when(pl.lit(comparable) & (pl.col("then") > 0)).then(pl.col("created") / pl.col("then") - 1)
    known = pl.lit(page.has("usage"))
    return (
        sums.join(before, on=place, how="left", nulls_equal=True)
        .join(asleep, on=place, how="left", nulls_equal=True)
        .with_columns(
            change.alias("change"),
            pl.when(pl.col("settled") > 0)
            .then(pl.col("settled_activated") / pl.col("settled"))
            .alias("activation_rate"),
            pl.when(known & (pl.col("open") > 0)).then(pl.col("dormant") / pl.col("open")).alias("dormant_share"),
            pl.col(place).fill_null(page.words("classes.no_academie")),
        )
        .sort("created", place, descending=[True, False])
    )


def _place_columns(page: Page, place: str) -> dict[str, Written]:
    words = page.words
    columns: dict[str, Written] = {place: str, "created": words.number, "change": words.change}
    return columns | {"activated": words.number, "activation_rate": words.percent, "dormant_share": words.percent}


def _academie(page: Page, rows: pl.DataFrame, key: str) -> pl.Expr | None:
    """What keeps the classes of the académie that is chosen; in a report all of them, on a screen none until one is."""
    if not page.sheet.interactive:
        page.sheet.text(page.words("classes.departments"))
        return pl.lit(value=True)
    options = rows["academie"].drop_nulls().unique().sort().to_list()
    label, unset = page.words("classes.choose_academie"), page.words("classes.no_choice")
    chosen = st.selectbox(label, options, index=None, placeholder=unset, key=f"classes.academie.{key}")
    return None if chosen is None else pl.col("academie") == chosen


def lockdown(page: Page, standing: pl.DataFrame) -> None:
    """The classes made in the first lockdown against others of their year and of the year before."""
    page.section("class_lockdown")
    if page.missing("usage"):
        return
    cohorts = _together(standing.drop_nulls("cohort"), "cohort")
    if "lockdown" not in cohorts["cohort"]:
        page.empty("empty.lockdown")
        return
    ordered = cohorts.sort(pl.col("cohort").replace_strict({cohort: n for n, cohort in enumerate(COHORTS)}))
    named = ordered.with_columns(pl.col("cohort").replace_strict(_names(page, "cohort", COHORTS)))
    caption = page.caption("class_cohorts", "share", "usage")
    _lasted(page, ordered)
    page.chart(classes.cohorts(_measured(page, named), caption, page.words))
    _cohort_table(page, named, "cohort")
    french = standing.filter(pl.col("country") == "FR", pl.col("cohort") == "lockdown")
    page.sheet.text(page.words("classes.lockdown_places"))
    _lockdown_places(page, french, "academie")
    there = _academie(page, french, "lockdown")
    if there is not None:
        _lockdown_places(page, french.filter(there), "department")


def _lockdown_places(page: Page, french: pl.DataFrame, place: str) -> None:
    rows = _together(french, place).with_columns(pl.col(place).fill_null(page.words("classes.no_academie")))
    _cohort_table(page, rows.sort("classes", place, descending=[True, False]), place)


def _lasted(page: Page, cohorts: pl.DataFrame) -> None:
    """In a sentence: how many of the lockdown's classes were alive 6 months on, and of those of a year before."""
    shares = cohorts.select("cohort", "old_6m", _share("alive_6m")).drop_nulls()
    told = {row["cohort"]: row for row in shares.iter_rows(named=True)}
    if {"lockdown", "year_before"} <= told.keys():
        now, then = told["lockdown"], told["year_before"]
        said = {"n": now["old_6m"], "share": page.words.percent(now["share_alive_6m"])}
        said |= {"others": then["old_6m"], "other_share": page.words.percent(then["share_alive_6m"])}
        page.sheet.text(page.words("classes.lasted", **said))


def _together(standing: pl.DataFrame, column: str) -> pl.DataFrame:
    return standing.group_by(column).agg(pl.col(pl.Int64).sum())


def _names(page: Page, kind: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: page.words(f"classes.{kind}.{name}") for name in names}


def _share(measure: str) -> pl.Expr:
    """The share of classes that did it; empty where no class could have yet."""
    share, did, could = MEASURES[measure]
    return pl.when(pl.col(could) > 0).then(pl.col(did) / pl.col(could)).alias(share)


def _measured(page: Page, cohorts: pl.DataFrame) -> pl.DataFrame:
    """A row for each measure and cohort, as `charts.classes.cohorts` wants them."""
    names = _names(page, "measure", tuple(MEASURES))
    return pl.concat(
        cohorts.select(
            pl.lit(names[measure]).alias("measure"), "cohort", _share(measure).alias("share"),
            cohorts[could].map_elements(page.words.number, pl.String).alias("counted"),
        )
        for measure, (_, _, could) in MEASURES.items()
    )  # fmt: skip


def _cohort_table(page: Page, rows: pl.DataFrame, column: str) -> None:
    columns: dict[str, Written] = {column: str, "classes": page.words.number}
    columns |= dict.fromkeys((share for share, _, _ in MEASURES.values()), page.words.percent)
    page.table(
        rows.with_columns(map(_share, MEASURES)),
        columns,
        page.words("section.class_lockdown.title"),
        f"confinement_{column}",
    )


if __name__ == "__main__":
    show(opened("classes"))
