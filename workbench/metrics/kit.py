"""What the team told the world and itself: the ambassador kit's figures, the events of time lines, the targets.

All are reference tables of the package (`reference/published.csv`, `reference/events.csv`, `reference/targets.csv`).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources

from workbench.calendar import school_year_bounds


@dataclass(frozen=True)
class Published:
    """A published figure: the metric, its value, and the scope it was published for, in words and in days.

    `since` and `until` are empty where the scope names none; an `as_of` is a morning, so it takes in the day before.
    """

    metric: str
    value: int
    since: date | None
    until: date | None
    countries: tuple[str, ...]
    scope: dict[str, str]


@dataclass(frozen=True)
class Event:
    """Something that happened from a day to another (the same, for a single day), with its label by language."""

    starts_on: date
    ends_on: date
    label: dict[str, str]
    country: str


@dataclass(frozen=True)
class Target:
    """What a figure should reach in a school year, and where that comes from. Shares are of one: 0.5 is a half."""

    metric: str
    school_year: str
    value: float
    source: str


@dataclass(frozen=True)
class Gesture:
    """Something one does in the app: its event, the feature of the kit it belongs to, words for both by language.

    `tutorial` is empty where the kit has no video for it.
    """

    event: str
    feature: str
    label: dict[str, str]
    feature_label: dict[str, str]
    tutorial: dict[str, str]


@cache
def gestures() -> tuple[Gesture, ...]:
    """What people do in the app as the kit lists it, where an event tells of it; feature by feature."""
    return tuple(_gesture(row) for row in _rows("features") if row["event"])


@cache
def published_figures() -> tuple[Published, ...]:
    """The four figures of the 2020 school start."""
    return tuple(_published(row) for row in _rows("published"))


def events(since: date, until: date) -> list[Event]:
    """What happened between two days, both included, in order."""
    found = (_event(row) for row in _rows("events"))
    return [event for event in found if event.starts_on <= until and event.ends_on >= since]


@cache
def targets(school_year: str) -> dict[str, Target]:
    """The targets of a school year by metric; empty where none were set."""
    found = (_target(row) for row in _rows("targets"))
    return {target.metric: target for target in found if target.school_year == school_year}


def _published(row: dict[str, str]) -> Published:
    since, until = school_year_bounds(row["school_year"]) if row["school_year"] else (None, None)
    if row["as_of"]:
        until = date.fromisoformat(row["as_of"]) - timedelta(days=1)
    countries = (row["country"],) if row["country"] else ()
    scope = {"fr": row["scope_fr"], "en": row["scope_en"]}
    return Published(row["metric"], int(row["value"]), since, until, countries, scope)


def _event(row: dict[str, str]) -> Event:
    starts_on = date.fromisoformat(row["starts_on"])
    ends_on = date.fromisoformat(row["ends_on"]) if row["ends_on"] else starts_on
    return Event(starts_on, ends_on, {"fr": row["label_fr"], "en": row["label_en"]}, row["country"])


def _target(row: dict[str, str]) -> Target:
    return Target(row["metric"], row["period"], float(row["target"]), row["source"])


def _gesture(row: dict[str, str]) -> Gesture:
    label, feature, tutorial = (
        {language: row[f"{word}_{language}"] for language in ("fr", "en") if row[f"{word}_{language}"]}
        for word in ("gesture", "feature", "tutorial")
    )
    return Gesture(row["event"], row["feature"], label, feature, tutorial)


def _rows(table: str) -> Iterator[dict[str, str]]:
    text = resources.files("workbench").joinpath("reference", f"{table}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
