"""What must be seen of subscriptions and classes, counted from the export files in plain Python, as design.md defines.

`write_signed(folder)` writes a small sample of the real generator and beside it classes and subscriptions chosen for
their edges: overlaps, ends on the first of a month, renewals on the sixtieth and sixty-first day, cents, a price of
nothing, a class that no export holds, measures exactly at a threshold. `Signed(folder)` reads all of it back.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from built_once import once
from test_sample import COLUMNS, ENTITLEMENTS, folded, read_feed
from tiny import etl, write_csv

from workbench.sample import write_sample

UNTIL = date(2020, 12, 14)
KEPT_DAYS = timedelta(days=60)

_CLASSES = [
    # id, commune, members, admins, storage_mb, archived_at
    ("overlap", "59512", "400", "50", "19456", ""),
    ("sixtieth", "59512", "79", "2", "4096", ""),
    ("late", "59512", "95", "1", "", ""),
    ("stillborn", "59512", "10", "1", "10", ""),
    ("smaller", "69123", "", "", "", ""),
    ("cents", "69123", "80", "1", "5120", ""),
    ("given", "69123", "10", "1", "10", ""),
    ("bigger", "93066", "10", "1", "10", ""),
    ("free", "93066", "5000", "50", "99999", ""),
    ("archived", "93066", "400", "1", "20480", "2020-11-02T10:00:00Z"),
]
_SIGNED = [
    # class, plan, payer, starts, ends, price, confort, confort price, cancelled
    ("overlap", "standard", "commune", "2019-09-10", "2020-09-10", "59", "non", "", ""),
    ("overlap", "plus", "ecole", "2020-03-01", "2021-03-01", "99", "oui", "30", ""),
    ("sixtieth", "initiale", "classe", "2018-10-01", "2019-10-01", "29", "non", "", ""),
    ("sixtieth", "initiale", "classe", "2019-11-30", "2020-11-30", "29", "non", "", ""),
    ("sixtieth", "initiale", "classe", "2020-12-01", "2021-12-01", "29", "non", "", ""),
    ("late", "initiale", "ecole", "2018-10-01", "2019-10-01", "29", "non", "", ""),
    ("late", "initiale", "ecole", "2019-12-01", "2020-12-01", "29", "non", "", ""),
    ("stillborn", "plus", "ecole", "2020-09-10", "2021-09-10", "99", "oui", "30", "2020-09-10"),
    ("smaller", "plus", "classe", "2019-09-10", "2020-09-10", "99", "oui", "30", ""),
    ("smaller", "initiale", "classe", "2020-09-10", "2021-09-10", "29", "non", "50", ""),
    ("cents", "initiale", "classe", "2020-02-01", "2021-02-01", "29,50", "oui", "", ""),
    ("given", "plus", "commune", "2018-11-05", "2020-11-05", "0", "non", "", ""),
    ("bigger", "standard", "commune", "2018-09-10", "2019-09-10", "59", "non", "", ""),
    ("bigger", "plus", "commune", "2019-09-10", "2020-09-10", "99", "oui", "30", "2020-06-15"),
    ("archived", "plus", "ecole", "2020-09-10", "2021-09-10", "99", "non", "", ""),
    ("unheard", "standard", "ecole", "2020-01-15", "2021-01-15", "59", "non", "", ""),
]

Row = dict[str, Any]
Cut = dict[str, tuple[str, ...]]


def _build(folder: Path) -> None:
    etl(folder / "home", write_signed(folder / "exports"))


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In `exports` a small sample and subscriptions at every edge; in `home` their build, which all workers share."""
    return once(tmp_path_factory, "signed", _build)


def write_signed(source: Path) -> Path:
    """The sample with few events, and the edges."""
    write_sample(source, scale=0.02, events=20_000)
    (source / "SAMPLE.json").unlink()
    classes = [
        (name, "2018-09-01T08:00:00Z", "FR", commune[:2], commune, members, admins, storage, archived)
        for name, commune, members, admins, storage, archived in _CLASSES
    ]
    columns = "class_id,created_at,country,department,commune_code,members,admins,storage_mb,archived_at"
    write_csv(source / "classes" / "edges.csv", columns.split(","), classes)
    signed = [
        (f"edge{number}", name, plan, payer, starts, ends, price, confort, extra, cancelled)
        for number, (name, plan, payer, starts, ends, price, confort, extra, cancelled) in enumerate(_SIGNED)
    ]
    columns = COLUMNS["subscriptions"].replace(" payer_code", "").replace(" updated_at", "")
    write_csv(source / "subscriptions" / "edges.csv", columns.split(), signed)
    return source


@dataclass(frozen=True)
class Step:
    """A line of the bridge, in euros."""

    former: float
    new: float
    expansion: float
    contraction: float
    churned: float
    arr: float


class Signed:
    """Subscriptions and classes of an export folder, and what is true of them. A cut names `country` or `plan`."""

    def __init__(self, source: Path) -> None:
        classes = read_feed(source / "classes").unique("class_id", keep="last", maintain_order=True)
        classes = classes.with_columns(country=folded(classes["country"]))
        self.classes: dict[str, Row] = {row["class_id"]: row for row in classes.to_dicts()}
        signed = read_feed(source / "subscriptions").filter(pl.col("plan").is_in(list(ENTITLEMENTS)))
        newest = signed.sort("updated_at", nulls_last=False, maintain_order=True).unique("subscription_id", keep="last")
        self.subscriptions = [self._told(row) for row in newest.to_dicts()]

    def running(self, day: date, cut: Cut | None = None) -> list[Row]:
        """Subscriptions active on a day."""
        return [row for row in self.subscriptions if row["starts_on"] <= day < row["ended_on"] and _fits(row, cut)]

    def arr(self, day: date, cut: Cut | None = None) -> float:
        """The sum of their prices, with Confort famille where taken."""
        return sum(row["eur"] for row in self.running(day, cut))

    def by_class(self, day: date, cut: Cut | None = None) -> dict[str, float]:
        """The same, by class."""
        paid: dict[str, float] = defaultdict(float)
        for row in self.running(day, cut):
            paid[row["class_id"]] += row["eur"]
        return dict(paid)

    def held(self, day: date) -> dict[str, Row]:
        """The subscription of each class that is active and began last."""
        return {row["class_id"]: row for row in sorted(self.running(day), key=lambda row: row["starts_on"])}

    def confort(self, day: date, cut: Cut | None = None) -> float:
        """Share of those active with the option."""
        running = self.running(day, cut)
        return sum(row["confort_famille"] for row in running) / len(running)

    def step(self, before: date, after: date, cut: Cut | None = None) -> Step:
        """From the end of one day to the end of another, class by class."""
        then, now = self.by_class(before, cut), self.by_class(after, cut)
        both = [now[name] - then[name] for name in now.keys() & then.keys()]
        return Step(
            sum(then.values()),
            sum(now[name] for name in now.keys() - then.keys()),
            sum(change for change in both if change > 0),
            -sum(change for change in both if change < 0),
            sum(then[name] for name in then.keys() - now.keys()),
            sum(now.values()),
        )

    def kept(self, year: int, cut: Cut | None = None) -> dict[str, list[tuple[float, float]]]:
        """By payer: what each class paid on 31 March of the year before, and what it paid on 31 March of the year."""
        former, this = date(year - 1, 3, 31), date(year, 3, 31)
        then, now = self.by_class(former), self.by_class(this)
        pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for name, row in self.held(former).items():
            if _fits(row, cut):
                pairs[row["payer_type"]].append((then[name], now.get(name, 0)))
        return dict(pairs)

    def outcome(self, row: Row) -> str:
        """What became of a subscription, as far as the data goes."""
        later = (other for other in self.subscriptions if other["class_id"] == row["class_id"] and _lived(other))
        if any(row["starts_on"] < other["starts_on"] <= row["ended_on"] + KEPT_DAYS for other in later):
            return "renewed"
        return "lost" if row["ended_on"] + KEPT_DAYS <= UNTIL else "open"

    def ending(self, day: date, cut: Cut | None = None) -> Iterator[Row]:
        """Of those active on a day, those that end within a year."""
        last = day.replace(year=day.year + 1)
        return (row for row in self.running(day, cut) if row["ended_on"] <= last)

    def ended(self, since: date, until: date, cut: Cut | None = None) -> list[str]:
        """The outcomes of those that ended in a period, decided ones only."""
        found = [row for row in self.subscriptions if _lived(row) and since <= row["ended_on"] <= until]
        return [outcome for row in found if _fits(row, cut) and (outcome := self.outcome(row)) != "open"]

    def pressed(self, at_least: float) -> dict[tuple[str, str], float]:
        """Share used by (class, entitlement), from a share on, of the living classes with a plan."""
        shares = {}
        for name, row in self.held(UNTIL).items():
            klass = self.classes.get(name)
            if klass is None or klass["archived_at"] is not None:
                continue
            _, _, members, storage_gb = ENTITLEMENTS[row["plan"]]
            admins = {"initiale": 2, "standard": 4, "plus": None}[row["plan"]]
            for part, allowed in (("members", members), ("admins", admins), ("storage_mb", storage_gb * 1024)):
                if allowed is not None and klass[part] is not None:
                    shares[name, part] = klass[part] / allowed
        return {key: share for key, share in shares.items() if share >= at_least}

    def _told(self, row: Row) -> Row:
        ends = [row["ends_on"], *([row["cancelled_on"]] if row["cancelled_on"] else [])]
        eur = row["price_eur"] + ((row["confort_price_eur"] or 0) if row["confort_famille"] else 0)
        klass = self.classes.get(row["class_id"], {"country": "ZZ"})
        told = {"payer_type": row["payer_type"].replace("école", "ecole"), "country": klass["country"]}
        return {**row, **told, "ended_on": min(ends), "eur": eur}


def _lived(row: Row) -> bool:
    return bool(row["starts_on"] < row["ended_on"])


def _fits(row: Row, cut: Cut | None) -> bool:
    return all(row[column] in values for column, values in (cut or {}).items())
