"""Who is in the raw sample, counted from the rows of its exports: users, active users, where they are, what is paid.

Every function takes the `raw` of raw_sample.py and counts as design.md defines, without the workbench's SQL.
"""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl
from raw_sample import UNTIL, Raw
from test_sample import folded, read_feed

from workbench.sample.world import world


@cache
def _feed(home: Path, feed: str) -> pl.DataFrame:
    return read_feed(home.parent / "exports" / feed)


def people(raw: Raw) -> pl.DataFrame:
    """Users once each: `created` and `deleted` days, alpha-2 `country` (overseas as France), `territory`."""
    newest = _feed(raw.home, "users").unique("user_id", keep="last", maintain_order=True)
    local = {name: paris_day(f"{name}_at") for name in ("created", "deleted")}
    alpha2 = dict(zip(world().countries["alpha3"], world().countries["country"], strict=True))
    code = newest["country"].replace(alpha2)
    placed = newest.with_columns(code=code, country=folded(newest["country"]), **local)
    return placed.with_columns(territory=pl.when(pl.col("code") != pl.col("country")).then("code"))


def paris_day(instant: str) -> pl.Expr:
    """The date of an instant in Paris."""
    return pl.col(instant).dt.convert_time_zone("Europe/Paris").dt.date()


def living(raw: Raw, day: date = UNTIL) -> pl.DataFrame:
    """Users there are at the end of a day."""
    kept = pl.col("deleted").is_null() | (pl.col("deleted") > day)
    return people(raw).filter(pl.col("created") <= day, kept)


def active(raw: Raw, window_days: int, day: date = UNTIL) -> set[str]:
    """Users with an event in so many days up to a day."""
    within = pl.col("day").is_between(day - timedelta(days=window_days - 1), day)
    return {*raw.usage.filter(within)["user_id"]}


def places(raw: Raw) -> pl.DataFrame:
    """One row per user and active day: the country of the day's last event that states one, else the account's."""
    days = raw.usage.sort("occurred_at").group_by("user_id", "day").agg(pl.col("country").drop_nulls().last())
    account = people(raw).select("user_id", account="country")
    return days.join(account, on="user_id", how="left").with_columns(pl.coalesce("country", "account").alias("country"))


def active_by_country(raw: Raw, day: date = UNTIL) -> dict[str, int]:
    """Users of the 28 days up to a day, each in the country of their last day."""
    window = places(raw).filter(pl.col("day").is_between(day - timedelta(days=27), day)).sort("day")
    last = window.group_by("user_id").agg(pl.col("country").last())
    return dict(last.group_by("country").len().iter_rows())


def arr_eur(raw: Raw, day: date = UNTIL) -> float:
    """Yearly prices of the subscriptions active on a day, Confort famille where it is taken."""
    rows = _feed(raw.home, "subscriptions").filter(pl.col("plan").is_in(["initiale", "standard", "plus"]))
    newest = rows.sort("updated_at", maintain_order=True).unique("subscription_id", keep="last", maintain_order=True)
    kept = pl.col("cancelled_on").is_null() | (pl.col("cancelled_on") > day)
    active = newest.filter(pl.col("starts_on") <= day, pl.col("ends_on") > day, kept)
    option = active.filter(pl.col("confort_famille"))["confort_price_eur"].sum()
    return float(active["price_eur"].sum() + (option or 0))
