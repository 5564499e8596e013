"""Abonnements: what the subscriptions bring in, what moves it, what ends when, and which classes outgrow their plan."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.charts import subscriptions
from workbench.metrics.kit import targets
from workbench.pages import Page, Written, opened
from workbench.pages.desk import ENTITLEMENTS, PLACE, look_up, payer, placed, short_day

PLANS, PAYERS = ("initiale", "standard", "plus"), ("commune", "ecole", "classe")
THRESHOLDS = (80, 95, 100)
"""Percent of what a plan includes, from where on a class is listed."""


def show(page: Page) -> None:
    """Figures, the look-up box, what moved, who pays, what stays, what ends, what is full."""
    page.header()
    page.without_roles()
    if page.missing("subscriptions"):
        return
    page.parts(*(partial(part, page) for part in (figures, look_up, bridge, plans, retention, renewals, limits)))


# ------------------------------------------------------------------------------------------------------- figures


def figures(page: Page) -> None:
    """ARR, paying classes, Confort famille, what stays of them, what is renewed."""
    words, now = page.words, page.question("subscriptions_split").sum().row(0, named=True)
    kept = page.question("subscriptions_retention").sum().row(0, named=True)
    ended, renewed = page.question("subscriptions_ended").row(0)
    on = words("overview.on", day=page.until)
    with page.sheet.grid(3, 190):
        note = _with_target(page, "arr_eur", on)
        page.card("arr_eur", words.euros(now["arr_eur"]), note, page.change("arr_eur"), _past_year(page))
        page.card("paying_classes", words.number(now["paying_classes"]), on, page.change("paying_classes"))
        taken = _share(page, now["confort"], now["subscriptions"])
        page.card("confort_uptake", taken, words("subscriptions.of_running", day=page.until))
        page.card("nrr", _share(page, kept["arr_eur"], kept["former_eur"]), _with_target(page, "nrr", _marched(page)))
        page.card("grr", _share(page, kept["kept_eur"], kept["former_eur"]), _with_target(page, "grr", _marched(page)))
        note = _with_target(page, "renewal_share", words("subscriptions.of_ended", n=ended))
        page.card("renewal_share", _share(page, renewed, ended), note)
    page.sheet.note(words("subscriptions.prime"))


def _share(page: Page, part: float, whole: float) -> str:
    return page.words.percent(part / whole) if whole else "–"


def _past_year(page: Page) -> tuple[float, ...]:
    """ARR at the end of each of the last twelve months."""
    year = replace(page.asking, since=page.until.replace(day=1) - timedelta(days=330))
    return tuple(page.question("subscriptions_bridge", year)["arr_eur"])


def _marched(page: Page) -> str:
    """How many classes NRR and GRR are of, and between which days."""
    rows = page.question("subscriptions_retention")
    if rows.is_empty():
        return page.words("subscriptions.no_march")
    first = rows.row(0, named=True)
    return page.words(
        "subscriptions.of_march", n=int(rows["classes"].sum()), since=first["former_march"], until=first["this_march"]
    )


def _with_target(page: Page, name: str, note: str) -> str:
    """A note with the target of the year, which is one for everything: a part of it has none."""
    target = targets(page.school_year).get(name)
    if target is None or page.asking.countries or page.asking.plans:
        return note
    value = page.words.euros(target.value) if name == "arr_eur" else page.words.percent(target.value)
    return f"{note} · {page.words('subscriptions.target', year=target.school_year, value=value)}"


# -------------------------------------------------------------------------------------------------- what moved it


def bridge(page: Page) -> None:
    """How ARR came about, month by month: bars, a sentence, and the table that adds up."""
    words = page.words
    page.section("subscriptions_bridge")
    steps = page.question("subscriptions_bridge")
    if steps.is_empty():
        page.empty("empty.period")
        return
    caption = page.caption("subscriptions_bridge", "eur", "subscriptions")
    page.chart(subscriptions.bridge(steps, caption, words), drill=True)
    page.sheet.text(_sum(page, steps))
    if not steps["whole"].all():
        page.sheet.note(words("subscriptions.partial"))
    if page.asking.plans:
        page.sheet.note(words("subscriptions.by_plan"))
    moves = ["former_eur", "new_eur", "expansion_eur", "contraction_eur", "churned_eur", "arr_eur"]
    columns: dict[str, Written] = {
        "from_day": short_day(page),
        "to_day": short_day(page),
        **dict.fromkeys(moves, words.euros),
    }
    columns["paying_classes"] = words.number
    table = steps.sort("since", descending=True).rename(
        {"since": "from_day", "until": "to_day", "classes": "paying_classes"}
    )
    page.table(table, columns, words("section.subscriptions_bridge.title"), "arr")


def _sum(page: Page, steps: pl.DataFrame) -> str:
    """The period's bridge in one line: what there was, came and went, and what there is."""
    moves = ("new_eur", "expansion_eur", "contraction_eur", "churned_eur")
    sums = {name: page.words.euros(float(steps[name].sum())) for name in moves}
    return page.words(
        "subscriptions.sum",
        former_eur=page.words.euros(steps["former_eur"][0]),
        arr_eur=page.words.euros(steps["arr_eur"][-1]),
        **sums,
    )


# ------------------------------------------------------------------------------------------------------ who pays


def plans(page: Page) -> None:
    """ARR and classes by plan and by payer, against the period it is compared with."""
    page.section("subscriptions_plans")
    page.table(_split(page, "plan", PLANS), _split_columns(page, "plan"), page.words("column.plan"), "plans")
    page.table(
        _split(page, "payer_type", PAYERS),
        _split_columns(page, "payer_type"),
        page.words("column.payer_type"),
        "payers",
    )
    page.sheet.note(page.words("subscriptions.before", day=page.before.until))
    page.definitions("paying_classes", "arr_eur", "confort_uptake", place="split")


def _split(page: Page, by: str, order: tuple[str, ...]) -> pl.DataFrame:
    """A row for each of the order, with what it brings in now and brought in then."""
    now, then = page.question("subscriptions_split"), page.question("subscriptions_split", page.before)
    before = then.group_by(by).agg(pl.col("arr_eur").sum().alias("arr_before_eur"))
    sums = now.group_by(by).agg(pl.col("paying_classes", "subscriptions", "confort", "arr_eur").sum())
    frame = pl.DataFrame({by: order}).join(sums, on=by, how="left", maintain_order="left")
    frame = frame.join(before, on=by, how="left", maintain_order="left").fill_null(0)
    return frame.with_columns(
        _ratio(pl.col("arr_eur"), pl.col("arr_eur").sum()).alias("share"),
        (_ratio(pl.col("arr_eur"), pl.col("arr_before_eur")) - 1).alias("change"),
        _ratio(pl.col("confort"), pl.col("subscriptions")).alias("confort_uptake"),
    )


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)


def _split_columns(page: Page, by: str) -> dict[str, Written]:
    words = page.words
    return {
        by: words.plan if by == "plan" else payer(page),
        "paying_classes": words.number,
        "arr_eur": words.euros,
        "share": words.percent,
        "arr_before_eur": words.euros,
        "change": words.change,
        "confort_uptake": words.percent,
    }


# --------------------------------------------------------------------------------------------- what stays, what ends


def retention(page: Page) -> None:
    """NRR and GRR by who paid on the former 31 March, with the number of classes."""
    words = page.words
    rows = page.question("subscriptions_retention")
    page.section("subscriptions_retention")
    if rows.is_empty():
        page.sheet.note(words("subscriptions.no_march"))
        return
    page.sheet.note(_marched(page))
    total = rows.select(pl.lit("all").alias("payer_type"), pl.col("classes", "former_eur", "arr_eur", "kept_eur").sum())
    table = pl.concat(
        [rows.select(total.columns).sort(pl.col("payer_type").cast(pl.Enum(PAYERS))), total]
    ).with_columns(
        _ratio(pl.col("arr_eur"), pl.col("former_eur")).alias("nrr"),
        _ratio(pl.col("kept_eur"), pl.col("former_eur")).alias("grr"),
    )
    columns: dict[str, Written] = {"payer_type": payer(page), "classes": words.number}
    columns |= {"former_eur": words.euros, "arr_eur": words.euros, "nrr": words.percent, "grr": words.percent}
    page.table(table, columns, words("section.subscriptions_retention.title"), "nrr")
    page.definitions("nrr", "grr", place="retention")


def renewals(page: Page) -> None:
    """What ends in the twelve months after the period, and what was renewed of it: by month, and class by class."""
    words = page.words
    page.section("subscriptions_renewals")
    months = page.question("subscriptions_renewals")
    if months.is_empty():
        page.sheet.note(words("subscriptions.nothing_ends", day=page.until))
        return
    caption = page.caption("subscriptions_renewals", "eur", "subscriptions")
    page.chart(subscriptions.renewals(months, caption, words))
    columns: dict[str, Written] = {"from_day": short_day(page), "to_day": short_day(page)}
    page.sheet.text(_ending_sum(page, months))
    columns |= {"classes": words.number, "arr_eur": words.euros, "renewed": words.number, "renewed_eur": words.euros}
    columns |= {"lost": words.number, "open": words.number, "open_eur": words.euros}
    table = months.rename({"since": "from_day", "until": "to_day"})
    page.table(table, columns, words("section.subscriptions_renewals.title"), "renewals")
    if page.sheet.interactive and may(page.asking.role, "rows"):
        page.sheet.details(words("subscriptions.renewals_list"), "subscriptions.renewals", lambda: _ending(page))


def _ending_sum(page: Page, months: pl.DataFrame) -> str:
    """What there is to renew, in a line."""
    sums = months.select(pl.col("arr_eur", "renewed_eur", "lost_eur", "open_eur").sum()).row(0, named=True)
    return page.words("subscriptions.ending", **{name: page.words.euros(value) for name, value in sums.items()})


def _ending(page: Page) -> None:
    words = page.words
    columns: dict[str, Written] = {
        "ended_on": short_day(page),
        "class_key": str,
        "plan": words.plan,
        "payer_type": payer(page),
    }
    columns |= {"arr_eur": words.euros, "outcome": lambda outcome: words(f"outcome.{outcome}"), **PLACE}
    rows = placed(page.listed("renewals"))
    page.table(rows, columns, words("subscriptions.renewals_list"), "renewals_by_class")


# ---------------------------------------------------------------------------------------------------- what is full


def limits(page: Page) -> None:
    """Classes near the limits of their plan: how many, for everybody; which, for those who may see rows."""
    words = page.words
    page.section("subscriptions_limits")
    if page.missing("classes"):
        return
    counts = page.question("subscriptions_limits")
    if counts.is_empty():
        page.sheet.note(words("subscriptions.no_limits"))
        return
    columns: dict[str, Written] = {"plan": words.plan, "entitlement": lambda name: words(f"entitlement.{name}")}
    columns |= dict.fromkeys(("classes", "at_80", "at_95", "at_100"), words.number)
    order = pl.col("plan").cast(pl.Enum(PLANS)), pl.col("entitlement").cast(pl.Enum(ENTITLEMENTS))
    page.table(counts.sort(*order), columns, words("section.subscriptions_limits.title"), "limits")
    page.definitions("limit_pressure", place="limits")
    if not may(page.asking.role, "rows"):
        page.sheet.note(words("subscriptions.rows_needed"))
    elif page.sheet.interactive:  # a report goes from hand to hand: it counts classes and lists none
        _full(page)


def _full(page: Page) -> None:
    words = page.words
    at_least = _threshold(page)
    rows = page.listed("limits").filter(pl.col("share") >= at_least / 100)
    classes = rows["class_key"].n_unique()
    page.sheet.text(words("subscriptions.full", n=classes, percent=words.percent(at_least / 100, 0)))
    if rows.is_empty():
        return
    columns: dict[str, Written] = {"class_key": str, "plan": words.plan}
    columns |= {"entitlement": lambda name: words(f"entitlement.{name}"), "used": words.number, "allowed": words.number}
    columns |= {"share": words.percent, "ended_on": short_day(page), **PLACE, "payer_type": payer(page)}
    page.table(placed(rows), columns, words("subscriptions.limits_list"), "limits_by_class")


def _threshold(page: Page) -> int:
    """From where on a class is listed."""
    chosen = st.segmented_control(
        page.words("subscriptions.threshold"), THRESHOLDS, default=THRESHOLDS[0], required=True,
        format_func=lambda percent: page.words.percent(percent / 100, 0), key="subscriptions.threshold",
    )  # fmt: skip
    return int(chosen)


if __name__ == "__main__":
    show(opened("subscriptions"))
