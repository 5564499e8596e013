"""The metric catalogue: every figure of the workbench by name, with its unit, its SQL and what it may be cut by.

A metric is one SQL file beside this one. Most give a row for each day of the period; the states (users, countries,
ARR) give what holds at the end of `until`, or now; the rates of classes and translations are over the period. What
each means stands in the catalogues of `workbench.text` (`metric.<name>`) and in design.md, "Definitions".
`questions/` holds what a single page asks.

Whatever reads a build for somebody goes through `cells.sql`: the one place where small cells are folded and filters
applied. Its relations carry the names of the tables they stand for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol, TypeVar

from workbench.access import Role, require, smallest_cell
from workbench.errors import WorkbenchError

OTHERS = "autres"
"""The country or role that small ones are folded into."""

Unit = Literal["users", "classes", "posts", "translations", "countries", "eur", "share"]
Sums = Literal["groups and days", "groups", "nothing"]

_SEGMENTS = ("country", "role")
_PLACES = ("country", "territory", "region", "department", "academie", "level")
_PAIRS = ("country", "source_language", "target_language")


class MetricInvalid(WorkbenchError):
    """There is no such metric, or it cannot be cut that way."""


@dataclass(frozen=True)
class Metric:
    """One figure: its unit, the feed it stands on, over what it may be summed, what it may be grouped and cut by."""

    name: str
    unit: Unit
    feed: str
    sums: Sums
    by: tuple[str, ...]

    def sql(self, by: Sequence[str] = ()) -> str:
        """Its query, grouped. Raises MetricInvalid for a column it cannot be grouped by."""
        unknown = [column for column in by if column not in self.by]
        if unknown:
            raise MetricInvalid(f"{self.name} has no {', '.join(unknown)}", f"group or cut it by {', '.join(self.by)}")
        return _text(self.name).replace("{by}", "".join(f", {column}" for column in by))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("dau", "users", "usage", "groups", _SEGMENTS),
        Metric("wau", "users", "usage", "groups", _SEGMENTS),
        Metric("mau", "users", "usage", "groups", _SEGMENTS),
        Metric("stickiness", "share", "usage", "nothing", _SEGMENTS),
        Metric("new", "users", "usage", "groups", _SEGMENTS),
        Metric("retained", "users", "usage", "groups", _SEGMENTS),
        Metric("resurrected", "users", "usage", "groups", _SEGMENTS),
        Metric("churned", "users", "usage", "groups", _SEGMENTS),
        Metric("users", "users", "users", "groups", ("country", "role", "territory", "language")),
        Metric("countries", "countries", "users", "nothing", ("country",)),
        Metric("classes_created", "classes", "classes", "groups and days", _PLACES),
        Metric("classes_activated", "classes", "classes", "groups and days", _PLACES),
        Metric("activation_rate", "share", "classes", "nothing", _PLACES),
        Metric("translated_posts", "posts", "translations", "groups and days", ("country",)),
        Metric("translations", "translations", "translations", "groups and days", _PAIRS),
        Metric("translation_failures", "translations", "translations", "groups and days", _PAIRS),
        Metric("translation_failure_rate", "share", "translations", "nothing", _PAIRS),
        Metric("arr_eur", "eur", "subscriptions", "groups", ("plan", "payer_type")),
    )
}


@dataclass(frozen=True)
class Asking:
    """Everything an answer depends on besides the build: who asks, and about which days, countries and roles.

    Empty `countries` or `roles` mean all. Hashable, so that it can be the key of a cache.
    """

    role: Role
    small_cell: int
    since: date | None = None
    until: date | None = None
    countries: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


Answer = TypeVar("Answer", covariant=True)


class Tables(Protocol[Answer]):
    """What can be asked in SQL: an open build."""

    def sql(self, query: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The answer to one SELECT with named parameters."""


def metric(
    tables: Tables[Answer],
    name: str,
    *,
    by: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    role: Role,
    small_cell: int,
) -> Answer:
    """A metric of the catalogue: columns `day` (of a daily one), the metric's name, the columns of `by`.

    `where` cuts by `country` and `role`, each a list of values. Raises MetricInvalid for a metric that is not there
    or cannot be grouped or cut so, and NotAllowed for a role without figures.
    """
    cuts = {column: tuple(values) for column, values in (where or {}).items()}
    allowed = [column for column in _SEGMENTS if column in _known(name).by]
    uncut = [column for column in cuts if column not in allowed]
    if uncut:
        raise MetricInvalid(f"{name} cannot be cut by {', '.join(uncut)}", "group by it, then filter the rows")
    asking = Asking(role, small_cell, since, until, cuts.get("country", ()), cuts.get("role", ()))
    return figure(tables, name, asking, by)


def figure(tables: Tables[Answer], name: str, asking: Asking, by: Sequence[str] = ()) -> Answer:
    """A metric for what is asked, in the columns of `metric`. A cut it does not know, as roles of classes, is not made.

    Raises MetricInvalid and NotAllowed.
    """
    return _ask(tables, _known(name).sql(by), asking)


def question(tables: Tables[Answer], name: str, asking: Asking) -> Answer:
    """The answer to `questions/<name>.sql`; its columns stand in the file. Raises NotAllowed."""
    return _ask(tables, _text(f"questions/{name}"), asking)


def _known(name: str) -> Metric:
    if name not in METRICS:
        raise MetricInvalid(f"there is no metric {name!r}", f"take one of {', '.join(METRICS)}")
    return METRICS[name]


def _ask(tables: Tables[Answer], query: str, asking: Asking) -> Answer:
    """A query over the relations of `cells.sql`, which binds everything that `asking` holds."""
    require(asking.role, "figures")
    params = {
        "small_cell": smallest_cell(asking.role, asking.small_cell),
        "since": asking.since,
        "until": asking.until,
        "countries": list(asking.countries) or None,
        "roles": list(asking.roles) or None,
    }
    # DuckDB refuses a parameter that no used relation binds: the condition at the end uses them all.
    text = f"with {_text('cells')}, answer as (\n{query})\nselect * from answer where exists (from asked)"
    return tables.sql(text, params)


@cache
def _text(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
