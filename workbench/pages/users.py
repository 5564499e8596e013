"""Utilisateurs: who is active, who comes, stays and leaves, who comes back, and who comes back after the summer."""

from datetime import date, timedelta
from functools import partial

import polars as pl

from workbench.calendar import (
    ZONES,
    is_school_day,
    monday_of,
    previous_school_year,
    rentree,
    school_week,
    school_year,
    school_year_bounds,
)
from workbench.charts import usage
from workbench.pages import Page, Written, opened

BACK_WEEKS = 4
"""School weeks after which it is said who came back: the 28 days that begin in the week of the rentrée."""


def show(page: Page) -> None:
    """Activity, growth accounting, cohorts, the school start, roles."""
    page.header()
    if page.missing("usage"):
        return
    days = page.question("activity")
    if days.is_empty():
        page.empty("empty.period")
        return
    of_all_days = [partial(part, page) for part in (growth, cohorts, school_start, roles)]
    page.parts(partial(figures, page, days), partial(activity, page, days), *of_all_days)


# ------------------------------------------------------------------------------------------------------ activity


def figures(page: Page, days: pl.DataFrame) -> None:
    """The last day's figures against those of the compared period, and how assiduous the active are."""
    compared(page)
    before = page.question("activity", page.before)
    with page.sheet.grid(4, 165):
        for name in ("dau", "wau", "mau"):
            value = on(days, name, page.until)
            if value is not None:
                then = on(before, name, page.before.until or page.until) if whole(page, before) else None
                note = page.words("overview.on", day=page.until)
                page.card(name, page.words.number(value), note, value / then - 1 if then else None, trend(days, name))
        stickiness(page, days, before)


def on(days: pl.DataFrame, name: str, day: date) -> int | None:
    """A figure on a day; None where the day is not in the data, and for dau where it was not loaded."""
    found = days.filter(pl.col("day") == day)[name]
    return found[0] if found.len() else None


def whole(page: Page, before: pl.DataFrame) -> bool:
    """Whether all of the compared period is in the data: half a period is not compared with a whole one."""
    return before.height > 0 and before["day"].min() == page.before.since


def compared(page: Page) -> None:
    """What changes are against, and that a school year under way is not held against a whole one."""
    words, before = page.words, page.before
    page.sheet.note(words("users.compared", since=before.since or page.since, until=before.until or page.until))
    first, last = school_year_bounds(page.school_year)
    if page.since == first and page.until < last:
        page.sheet.note(f":material/hourglass: {words('users.under_way', n=(page.until - page.since).days + 1)}")


def trend(days: pl.DataFrame, name: str) -> tuple[float, ...]:
    """A figure every seventh day of the last twelve weeks of the period, oldest first."""
    weekly = days.sort("day", descending=True).gather_every(7).head(12)
    return tuple(float(value) for value in reversed(weekly[name].to_list()) if value is not None)


def stickiness(page: Page, days: pl.DataFrame, before: pl.DataFrame) -> None:
    """Which share of the month's active users comes on a school day of the period, on average; beside all days."""
    now, all_days = assiduity(days.filter(school_days(days))), assiduity(days)
    then = assiduity(before.filter(school_days(before))) if whole(page, before) else None
    change = now / then - 1 if now and then else None
    page.card("stickiness", share(page, now), page.words("users.all_days", share=share(page, all_days)), change)


def school_days(days: pl.DataFrame) -> pl.Series:
    """Which days are school days in at least one zone of France."""
    return pl.Series([any(is_school_day(day, zone) for zone in ZONES) for day in days["day"]], dtype=pl.Boolean)


def assiduity(days: pl.DataFrame) -> float | None:
    """The mean of dau ÷ mau over the days that were loaded and had anybody; None where there was no such day."""
    found = days.filter(pl.col("loaded"), pl.col("mau") > 0).select((pl.col("dau") / pl.col("mau")).mean())
    mean: float | None = found.item()
    return mean


def share(page: Page, value: float | None) -> str:
    """A share, or a dash."""
    return "–" if value is None else page.words.percent(value)


def activity(page: Page, days: pl.DataFrame) -> None:
    """The lines of dau, wau and mau."""
    caption = page.caption("activity", "users", "usage")
    page.chart(usage.activity(days, caption, page.words, page.breaks(), page.events()))
    unloaded = days.filter(~pl.col("loaded")).height
    if unloaded:
        page.sheet.note(page.words("users.unloaded", n=unloaded))
    page.happenings()


# -------------------------------------------------------------------------------------------- comings and goings


def growth(page: Page) -> None:
    """Growth accounting by steps of 28 days, as bars and as the table that adds up."""
    words, number = page.words, page.words.number
    steps = page.question("growth_steps")
    page.sheet.heading(words("users.growth.title"))
    page.sheet.text(words("users.growth.lead"))
    if steps.is_empty():
        page.empty("empty.period")
        return
    caption = page.caption("growth", "users", "usage")
    page.chart(usage.growth(steps, caption, words), drill=True)
    if not steps["whole"].all():
        page.sheet.note(words("users.growth.partial"))
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
    page.sheet.heading(page.words("users.cohorts.title"))
    page.sheet.text(page.words("users.cohorts.lead"))
    cells = page.question("cohorts")
    if cells.is_empty():
        page.empty("empty.cohorts")
        return
    page.chart(usage.cohorts(cells, page.caption("cohorts", "share", "usage"), page.words))


# ---------------------------------------------------------------------------------------------- the school start


def school_start(page: Page) -> None:
    """The school years over each other, week by week, and how many of those who knew us came back after the summer."""
    words, number = page.words, page.words.number
    page.section("school_start")
    weeks = page.question("weeks", page.anytime)
    curves = by_school_week(weeks)
    if curves.is_empty():
        page.empty("empty.school_start")
        return
    years = ", ".join(curves["school_year"].unique().sort())
    page.chart(usage.school_weeks(curves, page.caption("school_weeks", "users", "usage", years=years), words))
    back = came_back(weeks)
    if back.is_empty():
        page.sheet.note(words("users.school_start.too_early"))
        return
    columns: dict[str, Written] = {"school_year": str, "june": number, "known_before": number}
    columns |= {"per_june": words.percent, "newcomers": number, "september": number}
    page.table(back, columns, words("section.school_start.title"), "school_start")
    page.sheet.note(words("users.school_start.how"))


def by_school_week(weeks: pl.DataFrame) -> pl.DataFrame:
    """wau of each whole week as `school_year`, `school_week`, `wau`."""
    whole = weeks.filter("whole_7d")
    placed = whole.with_columns(whole["day"].map_elements(day_of_school_year, pl.Date))
    return placed.select(
        placed["day"].map_elements(school_year, pl.String).alias("school_year"),
        placed["day"].map_elements(school_week, pl.Int64).alias("school_week"),
        "wau",
    ).sort("school_year", "school_week")


def day_of_school_year(sunday: date) -> date:
    """The day that says which school year a week belongs to: from the week of the rentrée on, to the one it opens."""
    return sunday if school_week(sunday) else sunday - timedelta(days=6)


def came_back(weeks: pl.DataFrame) -> pl.DataFrame:
    """One row a school year whose first four weeks are over, the newest first.

    `june`: mau on the last Sunday of June before. `september`: mau of school weeks 1 to 4, of whom `known_before` had
    been there before the rentrée's Monday and `newcomers` had not. `per_june`: `known_before` over `june`. NULL where
    a day of the 28 was not loaded.
    """
    on = {week["day"]: week for week in weeks.iter_rows(named=True)}
    rows = []
    for year in sorted({school_year(day) for day in on}, reverse=True):
        sunday = monday_of(rentree(year)) + timedelta(days=7 * BACK_WEEKS - 1)
        found, june = on.get(sunday), on.get(last_sunday_of_june(previous_school_year(year)))
        if found is None or not found["whole_28d"]:
            continue
        before = june["mau"] if june and june["whole_28d"] else None
        known = found["mau"] - found["new"]
        rows.append((year, before, found["mau"], known, found["new"], known / before if before else None))
    kinds = {"school_year": pl.String, **dict.fromkeys(("june", "september", "known_before", "newcomers"), pl.Int64)}
    return pl.DataFrame(rows, {**kinds, "per_june": pl.Float64}, orient="row")


def last_sunday_of_june(year: str) -> date:
    """The last Sunday of June in a school year: before the holidays begin."""
    last = date(int(year[-4:]), 6, 30)
    return last - timedelta(days=(last.weekday() + 1) % 7)


# --------------------------------------------------------------------------------------------------------- roles


def roles(page: Page) -> None:
    """Users by role."""
    words, number = page.words, page.words.number
    page.sheet.heading(words("users.roles.title"))
    rows = page.question("roles")
    shares = rows.with_columns((pl.col("users") / rows["users"].sum()).alias("share"))
    columns: dict[str, Written] = {"role": words.role, "users": number, "share": words.percent, "active_28d": number}
    page.table(shares, columns, words("users.roles.title"))


if __name__ == "__main__":
    show(opened("users"))
