"""Vue d'ensemble: where we stand against our targets, what moved, what happened, and what we told the world."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import polars as pl
import streamlit as st

from workbench.calendar import school_year
from workbench.charts import usage
from workbench.metrics import METRICS, Asking
from workbench.metrics.alerts import Alert, alerts
from workbench.metrics.kit import Published, published_figures, targets
from workbench.metrics.levels import Levels, Progress, progress
from workbench.pages import Page, Written, opened
from workbench.pages.timeline import events
from workbench.pages.users import compared
from workbench.warehouse import Warehouse, previous_build

FIGURES = ("users", "mau", "classes_created", "translated_posts", "arr_eur")


def show(page: Page) -> None:
    """State of the data, the figures and their targets, what the last build brought, the trend, events, the kit."""
    levels = Levels(page.question("levels", seen_from_afar(page)).iter_rows(named=True))
    progresses = progress_of(page, levels)
    page.parts(
        partial(beginning, page),
        partial(figures, page, levels, progresses),
        partial(goals, page, progresses),
        partial(since_last_build, page, levels),
        partial(activity, page),
        partial(events, page),
        partial(published, page),
    )


def beginning(page: Page) -> None:
    """What the page is for, how good the data is, and what is unusual in it."""
    page.header()
    state_of_the_data(page)
    warnings(page)


def state_of_the_data(page: Page) -> None:
    """Badges: how old the data is, what was refused, what was set aside."""
    words, until = page.words, page.warehouse.build.data_until
    feeds = page.question("feeds", page.unfiltered)
    refused, rejected = int(feeds["refused"].sum()), int(feeds["rejected"].sum())
    with page.sheet.row():
        if until:
            age(page, (page.today - until).days)
        page.sheet.badge(words("overview.refused", n=refused), "block", "red" if refused else "green")
        page.sheet.badge(words("overview.rejected", n=rejected), "rule", "orange" if rejected else "green")


def age(page: Page, days: int) -> None:
    """How old the data is: a day is as fresh as it gets, more than a week is late."""
    if days <= 1:
        page.sheet.badge(page.words("overview.fresh"), "schedule", "green")
    else:
        page.sheet.badge(page.words("overview.age", n=days), "schedule", "orange" if days <= 7 else "red")


def warnings(page: Page) -> None:
    """What left its usual course at the end of the data, whatever the filters say."""
    words, until = page.words, page.warehouse.build.data_until
    found = _alerts(page.warehouse, page.unfiltered, until) if until else []
    if not found:
        page.sheet.note(f":material/check_circle: {words('alert.none')}")
        return
    with page.sheet.frame():
        for alert in found:
            told = vars(alert) | {"metric": words(f"metric.{alert.metric}.name"), "expected": round(alert.expected)}
            page.sheet.text(f":material/notifications_active: {words(f'alert.{alert.direction}', **told)}")
        page.sheet.note(words("alert.how"))


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _alerts(warehouse: Warehouse, asking: Asking, until: date) -> list[Alert]:
    return alerts(warehouse, asking, until)


# ------------------------------------------------------------------------------------------ figures and targets


def seen_from_afar(page: Page) -> Asking:
    """What is asked, of all the days there are: the comparison, the trend and the school year before are among them."""
    return replace(page.asking, since=None, until=page.warehouse.build.data_until or page.until)


def figures(page: Page, levels: Levels, progresses: Mapping[str, Progress]) -> None:
    """The five figures for what the filters say: value, change, trend, and how far the target is."""
    before = page.before
    then = (before.since or page.since, before.until or page.until)
    compared(page)
    with page.sheet.grid(len(FIGURES), 176):
        for name in FIGURES:
            if not known(page, name):
                page.card(name, "–", page.words("overview.no_feed", feed=METRICS[name].feed))
                continue
            change = levels.change(name, (page.since, page.until), then)
            value, trend = levels.over(name, page.since, page.until), levels.trend(name, page.until)
            page.card(name, written(page, name, value), below(page, name, progresses), change, trend)


def known(page: Page, name: str) -> bool:
    """Whether the build has an export to count a figure from. Users may be counted from usage."""
    feed = METRICS[name].feed
    return page.has(feed) or (feed == "users" and page.has("usage"))


def written(page: Page, name: str, value: float | None) -> str:
    """A figure as it is read: euros, or a count; a dash where it is not known."""
    if value is None:
        return "–"
    return page.words.euros(value) if METRICS[name].unit == "eur" else page.words.number(value)


def named(page: Page, name: str) -> str:
    """A figure's name in a table of figures, where money says its unit."""
    unit = METRICS[name].unit
    name = page.words(f"metric.{name}.name")
    return f"{name} ({page.words(f'unit.{unit}')})" if unit == "eur" else name


def below(page: Page, name: str, progresses: Mapping[str, Progress]) -> str:
    """What stands under a figure: the day or period it is of, and how far its target is."""
    words = page.words
    adds_up = METRICS[name].sums == "groups and days"
    lines = [words("overview.in_period") if adds_up else words("overview.on", day=page.until)]
    if name in progresses:
        done = progresses[name]
        share, verdict = words.percent(done.reached), words(f"overview.targets.{done.verdict}")
        lines.append(words("overview.targets.line", share=share, verdict=verdict))
    return "  \n".join(lines)


def progress_of(page: Page, levels: Levels) -> dict[str, Progress]:
    """How far each figure is; empty under a filter: targets are set for all countries, roles and plans together."""
    if page.asking.countries or page.asking.roles or page.asking.plans:
        return {}
    set_for = targets(school_year(page.until))
    found = {name: progress(levels, set_for[name], page.until) for name in FIGURES if name in set_for}
    return {name: done for name, done in found.items() if done is not None and known(page, name)}


def goals(page: Page, progresses: Mapping[str, Progress]) -> None:
    """Each target: what it is, what is reached, what is due by now, and how that is known."""
    words = page.words
    if not progresses:
        return
    page.section("goals")
    rows = [
        {
            "figure": named(page, name),
            "goal": done.target.value,
            "reached": done.reached,
            "due": done.due,
            "verdict": words(f"overview.targets.{done.verdict}"),
        }
        for name, done in progresses.items()
    ]
    columns: dict[str, Written] = {"figure": str, "goal": words.number}
    columns |= {"reached": words.percent, "due": words.percent, "verdict": str}
    if page.warehouse.build.sample:
        page.sheet.note(words("overview.targets.sample"))
    page.table(pl.DataFrame(rows), columns, words("section.goals.title"), "goals")
    seasonal = any(done.as_last_year for done in progresses.values())
    page.sheet.note(words("overview.targets.as_last_year" if seasonal else "overview.targets.by_days"))


# ------------------------------------------------------------------------------------------ since the last build


def since_last_build(page: Page, levels: Levels) -> None:
    """New days, new rows, figures that moved, files refused, against the kept build before this one."""
    words = page.words
    page.section("since_build")
    kept = _kept_before(page.warehouse)
    if kept is None:
        page.sheet.text(words("overview.since_build.first"))
        return
    if kept.build.code_version != page.warehouse.build.code_version:
        page.sheet.text(words("overview.since_build.other_version"))  # its tables may not be those that are asked for
        return
    earlier = replace(page, warehouse=kept)
    page.sheet.note(words("overview.since_build.pair", before=kept.build.built_at, now=page.warehouse.build.built_at))
    page.sheet.text("\n".join(f"- {line}" for line in [new_days(page, earlier), new_rows(page, earlier)]))
    newly_refused(page, earlier)
    moved(page, earlier, levels)


def new_days(page: Page, earlier: Page) -> str:
    """Which days are loaded that were not."""
    days = page.question("loaded_days", page.unfiltered).join(
        earlier.question("loaded_days", page.unfiltered), on="day", how="anti"
    )
    if days.is_empty():
        return page.words("overview.since_build.no_day")
    return page.words("overview.since_build.days", n=days.height, since=days["day"].min(), until=days["day"].max())


def new_rows(page: Page, earlier: Page) -> str:
    """How many rows landed, feed by feed; a feed may also lose rows, where a file was replaced or forgotten."""
    rows = (
        page.question("feeds", page.unfiltered)
        .join(earlier.question("feeds", page.unfiltered), on="feed", how="full", coalesce=True, suffix="_before")
        .select("feed", more=pl.col("rows").fill_null(0) - pl.col("rows_before").fill_null(0))
        .filter(pl.col("more") != 0)
        .sort("feed")
    )
    if rows.is_empty():
        return page.words("overview.since_build.no_row")
    said = ", ".join(f"`{feed}` {signed(page, more)}" for feed, more in rows.iter_rows())
    return page.words("overview.since_build.rows", feeds=said)


def newly_refused(page: Page, earlier: Page) -> None:
    """Files that were refused since."""
    words = page.words
    refused = page.question("sources", page.unfiltered).filter(pl.col("status") == "refused")
    before = earlier.question("sources", page.unfiltered).filter(pl.col("status") == "refused")
    new = refused.join(before, on=["path", "landed_at"], how="anti")
    if new.height:
        page.sheet.text(f":material/block: {words('overview.since_build.refused', n=new.height)}")
        page.table(new, {"path": str, "reason": str}, words("overview.since_build.refused", n=new.height), "refused")


def moved(page: Page, earlier: Page, levels: Levels) -> None:
    """The figures then and now, and what of the difference is of days that were already known."""
    words = page.words
    before = Levels(earlier.question("levels", seen_from_afar(page)).iter_rows(named=True))
    last = max(min(page.until, earlier.warehouse.build.data_until or page.until), page.since - timedelta(days=1))
    rows = [
        {
            "figure": named(page, name),
            "previously": before.over(name, page.since, last),
            "so_far": levels.over(name, page.since, page.until),
            "corrected": difference(levels.over(name, page.since, last), before.over(name, page.since, last)),
        }
        for name in FIGURES
        if known(page, name)
    ]
    frame = pl.DataFrame(rows).with_columns((pl.col("so_far") - pl.col("previously")).alias("moved"))
    columns: dict[str, Written] = {"figure": str, "previously": words.number, "so_far": words.number}
    columns |= {"moved": partial(signed, page), "corrected": partial(signed, page)}
    page.table(frame, columns, words("section.since_build.title"), "since_build")
    page.sheet.note(words("overview.since_build.corrected", day=last))


def difference(now: float | None, then: float | None) -> float | None:
    """How much more there is now."""
    return None if now is None or then is None else now - then


def signed(page: Page, value: float) -> str:
    """A difference with its sign."""
    return ("+" if value > 0 else "") + page.words.number(value).replace("-", "−")


@st.cache_resource(show_spinner=False, max_entries=1, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _kept_before(warehouse: Warehouse) -> Warehouse | None:
    return previous_build(warehouse.home)


# --------------------------------------------------------------------------------------------------------- trend


def activity(page: Page) -> None:
    """The trend of dau, wau and mau."""
    if page.missing("usage"):
        return
    days = page.question("activity")
    if days.is_empty():
        page.empty("empty.period")
        return
    caption = page.caption("activity", "users", "usage")
    page.chart(usage.activity(days, caption, page.words, page.breaks(), page.events()))
    if page.breaks():
        page.sheet.note(page.words("chart.breaks"))


# ------------------------------------------------------------------------------------------------- the kit


def published(page: Page) -> None:
    """The kit's figures beside ours, each for the scope it was published for, whatever the filters say."""
    words, number = page.words, page.words.number
    page.sheet.heading(words("overview.published.title"))
    page.sheet.text(words("overview.published.lead"))
    if page.warehouse.build.sample:
        page.sheet.note(words("overview.published.sample"))
    rows = pl.DataFrame([beside(page, figure) for figure in published_figures()], BESIDE)
    columns: dict[str, Written] = {"figure": str, "published": number, "computed": number}
    columns["gap"] = words.change
    page.table(rows, columns, words("overview.published.title"), "published")
    page.definitions(*(figure.metric for figure in published_figures()), place="published")


BESIDE = {"figure": pl.String, "published": pl.Int64, "computed": pl.Int64, "gap": pl.Float64}


def beside(page: Page, figure: Published) -> dict[str, object]:
    """One published figure as a row of BESIDE: its name and scope, what was published, what we compute, the gap."""
    asking = Asking(page.asking.role, page.asking.small_cell, figure.since, figure.until, figure.countries)
    computed = page.counted(figure.metric, asking)
    return {
        "figure": f"{page.words(f'metric.{figure.metric}.name')} {figure.scope[page.words.language]}",
        "published": figure.value,
        "computed": computed,
        "gap": None if computed is None else computed / figure.value - 1,
    }


if __name__ == "__main__":
    show(opened("overview"))
