"""A small sample by the real generator: its HOME, and its exports read back row by row without the workbench's readers.

The fixture `raw` is written and landed once for all test files of a run. What a page must say is counted from the
frames of `Raw` in the tests, as design.md defines it.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from built_once import once
from test_sample import folded, read_feed
from tiny import etl

from workbench.sample import write_sample

SINCE, UNTIL = date(2020, 9, 1), date(2020, 12, 14)
"""The school year under way, which pages show unless they are asked for something else."""

BEFORE = SINCE - timedelta(days=364), UNTIL - timedelta(days=364)
"""What they compare it with: the same weekdays a year earlier."""


@dataclass(frozen=True)
class Raw:
    """A HOME, and the rows of its exports once each, with `day` (Paris) and alpha-2 `country`, overseas as France."""

    home: Path
    usage: pl.DataFrame
    classes: pl.DataFrame
    translations: pl.DataFrame

    def activated(self) -> pl.DataFrame:
        """Classes with 10 users and 3 posts within 14 days: `class_id`, and `days` until they had both."""
        early = self.usage.join(self.classes.select("class_id", created="day"), on="class_id")
        early = early.filter(pl.col("day").is_between("created", pl.col("created") + pl.duration(days=13)))
        met = early.group_by("class_id", "created", "user_id").agg(pl.col("day").min())
        tenth = met.group_by("class_id", "created").agg(pl.col("day").sort().get(9, null_on_oob=True).alias("tenth"))
        posts = early.filter(pl.col("event") == "post_published")
        third = posts.group_by("class_id").agg(pl.col("day").sort().get(2, null_on_oob=True).alias("third"))
        both = tenth.join(third, on="class_id").drop_nulls()
        return both.select("class_id", days=(pl.max_horizontal("tenth", "third") - pl.col("created")).dt.total_days())

    def seen(self, first: date, last: date) -> set[str]:
        """Classes with an event between two days."""
        return {*self.usage.filter(pl.col("day").is_between(first, last))["class_id"].drop_nulls()}

    def open_classes(self, last: date = UNTIL) -> pl.DataFrame:
        """Classes there are on a day and not archived by then."""
        archived = pl.col("archived_at").dt.convert_time_zone("Europe/Paris").dt.date()
        return self.classes.filter(pl.col("day") <= last, archived.is_null() | (archived > last))

    def translated_posts(self) -> pl.DataFrame:
        """Posts with a successful translation: `post_id`, `class_id`, `country` and `day` of the first."""
        done = self.translations.filter(pl.col("done")).sort("translated_at")
        return done.group_by("post_id").agg(pl.col("class_id", "country", "day").first())


def _build(folder: Path) -> None:
    write_sample(folder / "exports", scale=0.004)
    etl(folder / "home", folder / "exports")


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    """The sample, written and landed once a run; each worker has a HOME of its own, since a visit writes to it."""
    folder, own = once(tmp_path_factory, "raw_sample", _build), tmp_path_factory.mktemp("raw")
    (own / "exports").symlink_to(folder / "exports")
    home = shutil.copytree(folder / "home", own / "home")
    usage, classes, translations = (
        read_feed(folder / "exports" / feed) for feed in ("usage", "classes", "translations")
    )
    whole = usage.filter(pl.col("occurred_at").is_not_null(), pl.col("user_id").is_not_null())
    filled = pl.when(pl.col("class_id") != "").then("class_id").alias("class_id")
    done = pl.col("status").fill_null("ok").is_in(["ok", ""]).alias("done")
    return Raw(
        home,
        _placed(whole.unique("event_id"), "occurred_at").with_columns(filled),
        _placed(classes.unique("class_id", keep="last", maintain_order=True), "created_at"),
        _placed(translations.unique("translation_id"), "translated_at").with_columns(done),
    )


def _placed(rows: pl.DataFrame, instant: str) -> pl.DataFrame:
    day = pl.col(instant).dt.convert_time_zone("Europe/Paris").dt.date().alias("day")
    return rows.with_columns(day, folded(rows["country"]).alias("country"))


def within(rows: pl.DataFrame, period: Iterable[date] = (SINCE, UNTIL)) -> pl.DataFrame:
    """The rows of a period."""
    return rows.filter(pl.col("day").is_between(*period))
