"""The metric catalogue: every figure of the workbench by name, with its unit, its SQL and what it may be cut by.

A metric is one SQL file beside this one. Most give a row for each day of the period; the states (users, countries,
ARR) give what holds at the end of `until`, or now; the rates of classes and translations are over the period. What
each means stands in the catalogues of `workbench.text` (`metric.<name>`) and in design.md, "Definitions".
`questions/` holds what a single page asks.

Whatever reads a build for somebody goes through `cells.sql`: the one place where small cells are folded and filters
applied. Its relations carry the names of the tables they stand for.
"""

import re
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

Unit = Literal["users", "classes", "posts", "translations", "characters", "countries", "eur", "share", "events", "days"]
Sums = Literal["groups and days", "groups", "nothing"]

DAILY = {"activity": "day", "translation_days": "day", "cohorts": "cohort_week"}
"""Questions whose rows are the same whatever the period around them, and the column that says which are in it."""

_SEGMENTS = ("country", "role")
_USES = ("country", "role", "feature")
_PLACES = ("country", "territory", "region", "department", "academie", "level", "plan")
_PAIRS = ("country", "source_language", "target_language")
_PAYERS = ("country", "plan", "payer_type")


class MetricInvalid(WorkbenchError):
    """There is no such metric, or it cannot be cut that way."""


_FROM = re.compile(r"\b(?:from|join)\s+([\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*)")


@dataclass(frozen=True)
class Metric:
    """One figure: its unit, the feed it stands on, over what it may be summed, what it may be grouped and cut by."""

    name: str
    unit: Unit
    feed: str
    sums: Sums
    by: tuple[str, ...]

    @property
    def daily(self) -> bool:
        """Whether it has rows by `day`, each the same whatever the period around it."""
        return re.match(r"select (\w+ as )?day\{by\}", _text(self.name)) is not None

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
        Metric("events", "events", "usage", "groups and days", _USES),
        Metric("feature_users", "users", "usage", "nothing", _USES),
        Metric("tutorial_viewers", "users", "usage", "groups", _SEGMENTS),
        Metric("users", "users", "users", "groups", ("country", "role", "territory", "language")),
        Metric("sign_ups", "users", "users", "groups and days", ("country", "role", "territory", "language")),
        Metric("countries", "countries", "users", "nothing", ("country",)),
        Metric("first_country_share", "share", "users", "nothing", ()),
        Metric("classes_created", "classes", "classes", "groups and days", _PLACES),
        Metric("classes_activated", "classes", "classes", "groups and days", _PLACES),
        Metric("activation_rate", "share", "classes", "nothing", _PLACES),
        Metric("days_to_activation", "days", "classes", "nothing", _PLACES),
        Metric("classes_dormant", "classes", "classes", "groups", _PLACES),
        Metric("translated_posts", "posts", "translations", "groups and days", ("country",)),
        Metric("translations", "translations", "translations", "groups and days", _PAIRS),
        Metric("translation_failures", "translations", "translations", "groups and days", _PAIRS),
        Metric("translation_failure_rate", "share", "translations", "nothing", _PAIRS),
        Metric("translated_characters", "characters", "translations", "groups and days", _PAIRS),
        Metric("translating_share", "share", "translations", "nothing", _PLACES),
        Metric("arr_eur", "eur", "subscriptions", "groups", _PAYERS),
        Metric("paying_classes", "classes", "subscriptions", "groups", _PAYERS),
        Metric("confort_uptake", "share", "subscriptions", "nothing", _PAYERS),
        Metric("nrr", "share", "subscriptions", "nothing", _PAYERS),
        Metric("grr", "share", "subscriptions", "nothing", _PAYERS),
        Metric("renewal_share", "share", "subscriptions", "nothing", _PAYERS),
        Metric("limit_pressure", "classes", "classes", "groups", ("country", "plan")),
    )
}


@dataclass(frozen=True)
class Asking:
    """Everything an answer depends on besides the build: who asks, and about which days, countries, roles and plans.

    Empty `countries`, `roles` or `plans` mean all. A class without a subscription under way has the plan `free`.
    Hashable, so that it can be the key of a cache.
    """

    role: Role
    small_cell: int
    since: date | None = None
    until: date | None = None
    countries: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


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

    `where` cuts by `country`, `role` and `plan`, each a list of values. Raises MetricInvalid for a metric that is not
    there or cannot be grouped or cut so, and NotAllowed for a role without figures.
    """
    cuts = {column: tuple(values) for column, values in (where or {}).items()}
    allowed = [column for column in ("country", "role", "plan") if column in _known(name).by]
    uncut = [column for column in cuts if column not in allowed]
    if uncut:
        raise MetricInvalid(f"{name} cannot be cut by {', '.join(uncut)}", "group by it, then filter the rows")
    segments = (cuts.get(column, ()) for column in ("country", "role", "plan"))
    asking = Asking(role, small_cell, since, until, *segments)
    return figure(tables, name, asking, by)


def figure(tables: Tables[Answer], name: str, asking: Asking, by: Sequence[str] = ()) -> Answer:
    """A metric for what is asked, in the columns of `metric`. A cut it does not know, as roles of classes, is not made.

    Raises MetricInvalid and NotAllowed.
    """
    return _ask(tables, _known(name).sql(by), asking)


def question(tables: Tables[Answer], name: str, asking: Asking) -> Answer:
    """The answer to `questions/<name>.sql`; its columns stand in the file. Raises NotAllowed."""
    return _ask(tables, _text(f"questions/{name}"), asking)


def listed(tables: Tables[Answer], name: str, asking: Asking, params: Mapping[str, Any] | None = None) -> Answer:
    """Single classes under their pseudonyms, by `questions/rows/<name>.sql`; `params` are its own parameters.

    Raises NotAllowed for a role without rows.
    """
    require(asking.role, "rows")
    return _ask(tables, _text(f"questions/rows/{name}"), asking, params)


@cache
def timeless(name: str) -> bool:
    """Whether the answer to a question is the same for every period."""
    query = _text(f"questions/{name}")
    read = {relation: body for relation, body in _cells().items() if relation in _needed(query) and relation != "asked"}
    return not re.search(r"\b(since|until)\b", re.sub(r"--.*", "", "\n".join([query, *read.values()])))


@cache
def tables_behind(name: str) -> tuple[str, ...]:
    """The tables that a metric is counted from; not those that decide which small cells are folded."""
    known = {relation: body for relation, body in _cells().items() if not relation.startswith(("these_", "shown_"))}
    tables: set[str] = set()
    needed, unread = {"asked"}, [_known(name).sql()]
    while unread:
        sources = re.sub(r"\s+as\s+\w+", "", " ".join(_FROM.findall(unread.pop())))
        named = set(re.findall(r"[\w.]+", sources))
        tables |= {word.removeprefix("main.") for word in named if word.startswith("main.") or word == "build"}
        found = named & known.keys() - needed
        needed |= found
        unread += [known[relation] for relation in found]
    return tuple(sorted(tables))


def _known(name: str) -> Metric:
    if name not in METRICS:
        raise MetricInvalid(f"there is no metric {name!r}", f"take one of {', '.join(METRICS)}")
    return METRICS[name]


def _ask(tables: Tables[Answer], query: str, asking: Asking, own: Mapping[str, Any] | None = None) -> Answer:
    """A query over the relations of `cells.sql`, which binds everything that `asking` holds; `own` is the query's."""
    require(asking.role, "figures")
    params = {
        "small_cell": smallest_cell(asking.role, asking.small_cell),
        "since": asking.since,
        "until": asking.until,
        "countries": list(asking.countries) or None,
        "roles": list(asking.roles) or None,
        "plans": list(asking.plans) or None,
        **(own or {}),
    }
    # DuckDB refuses a parameter that no used relation binds: the condition at the end uses them all.
    text = f"with {_relations(query)}, answer as (\n{query})\nselect * from answer where exists (from asked)"
    return tables.sql(text, params)


@cache
def _relations(query: str) -> str:
    """The relations of `cells.sql` that a query needs: binding all of them costs 20 ms."""
    needed = _needed(query)
    return ", ".join(f"{name} as ({body}" for name, body in _cells().items() if name in needed)


def _needed(query: str) -> set[str]:
    """The names of the relations that a query names, and of those that they name; what a column is called is none."""
    known, needed, unread = _cells(), {"asked"}, [query]
    while unread:
        found = set(re.findall(r"\w+", re.sub(r"\bas\s+\w+", "", unread.pop()))) & known.keys() - needed
        needed |= found
        unread += [known[name] for name in found]
    return needed


@cache
def _cells() -> dict[str, str]:
    """The relations of `cells.sql` by name, with the reference table of the offers as it stands in its file."""
    header, *offers = resources.files("workbench").joinpath("reference/offers.csv").read_text("utf-8").splitlines()
    values = ", ".join("('" + "', '".join(offer.split(",")) + "')" for offer in offers)
    text = _text("cells").replace("{offers}", f"(values {values}) as offer({header})")
    parts = re.split(r"^(\w+) as \($", re.sub(r"^ *--.*\n", "", text, flags=re.M), flags=re.M)
    return {name: body.rstrip().removesuffix(",") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def _text(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
