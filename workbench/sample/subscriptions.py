"""Who pays for a class: plans, payers, renewals, changes of mind; and how near its limits the class is.

Prices and limits are the kit's (reference/offers.csv). Days are numbers (see `rhythm`).
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib.resources import files

import numpy as np
import polars as pl

from workbench.sample import rhythm
from workbench.sample.chance import Array, generator, pick
from workbench.sample.columns import stack, take
from workbench.sample.plan import WHOLE_SCHOOL, Plan
from workbench.sample.rhythm import DAYS
from workbench.sample.world import ABROAD

PLANS = ("initiale", "standard", "plus")
PAYERS = ("commune", "ecole", "classe")
COMMUNE, CLASSE = 0, 2
PLUS = 2
_LEAP_DAY = rhythm.day_number(date(2020, 2, 29))

_PLAN_WEIGHTS = (0.45, 0.38, 0.17)
_PAYER_WEIGHTS = (0.28, 0.42, 0.30)
_STEPS = ((-1, 0, 1), (0.04, 0.84, 0.12))  # of the plan at a renewal
_SQUEEZE = 0.1  # how much too large a class may be for its plan: the last to come stay outside
_CONFORT = 0.24
_CANCELLED, _UPGRADED = 0.04, 0.03  # within the year
_RENEWAL_DELAYS = (0.70, 0.20, 0.10)  # none, up to 55 days, more than the 60 of a renewal
_PRESSURE = (0.88, 0.07, 0.03, 0.02)  # of the storage: usual, 80 to 95 %, 95 to 100 %, full
_FREE_STORAGE_MB = (6.2, 0.8)  # median e^6.2 = 490 MB


@dataclass(frozen=True)
class Subscriptions:
    """One entry a subscription, by start."""

    klass: Array
    plan: Array
    payer: Array
    starts: Array
    ends: Array
    confort: Array
    cancelled: Array
    """Day, or -1."""
    offered: Array
    """An ambassador's: nobody pays."""


@lru_cache(maxsize=1)
def offers() -> pl.DataFrame:
    """The kit's offers, in the order of PLANS; an unlimited entitlement is null."""
    return pl.read_csv((files("workbench") / "reference" / "offers.csv").read_bytes())


def draw_subscriptions(plan: Plan) -> Subscriptions:
    """All subscriptions that started before the sample's today."""
    rng = generator(plan.seed, "subscriptions")
    level = np.full(len(plan.classes.year), -1)
    ends = np.zeros(len(level), dtype=np.int64)
    payer = _payers(plan, rng)
    parts: list[Subscriptions] = []
    for year in range(len(rhythm.SCHOOL_YEARS)):
        term = np.flatnonzero(plan.terms.paid & (plan.terms.year == year))
        klass = plan.terms.klass[term]
        chosen = _next_plan(level[klass], _members(plan, term), rng)
        starts = np.where(level[klass] < 0, _first_start(plan, term, rng), ends[klass] + _delay(len(klass), rng))
        signed = _signed(klass, chosen, payer[klass], starts, rng)
        upgrades = _upgrades(signed, rng)
        for held in (signed, upgrades):
            level[held.klass], ends[held.klass] = held.plan, held.ends
        parts += [signed, upgrades]
    together = stack(*parts, _offered(plan))
    order = np.argsort(together.starts, kind="stable")
    return take(together, order[together.starts[order] < DAYS])


def plan_in_year(plan: Plan, subscriptions: Subscriptions, year: int) -> Array:
    """The plan of each class on the last day of a school year (of the sample, for the last); -1 for none."""
    held = np.full(len(plan.classes.year), -1)
    last = rhythm.YEAR_ENDS[year] - 1
    active = (subscriptions.starts <= last) & (subscriptions.ends > last)
    held[subscriptions.klass[active]] = subscriptions.plan[active]
    return held


def limits(name: str) -> Array:
    """An entitlement of each plan (`members`, `admins`, `storage_gb`); infinite where unlimited."""
    return offers()[name].cast(pl.Float64).fill_null(float("inf")).to_numpy()


def draw_storage_mb(rng: np.random.Generator, held: Array) -> Array:
    """Storage used by each class, given the plan it holds: most have room, some are at 80, 95 or 100 % of it."""
    count = len(held)
    band = pick(rng, np.array(_PRESSURE), count)
    share = np.choose(
        band, [rng.beta(1.5, 3.2, count), rng.uniform(0.80, 0.95, count), rng.uniform(0.95, 1, count), 1.0]
    )
    paid = share * limits("storage_gb")[held] * 1024
    return np.where(held >= 0, paid, rng.lognormal(*_FREE_STORAGE_MB, count)).round(1)


def _payers(plan: Plan, rng: np.random.Generator) -> Array:
    payer = pick(rng, np.array(_PAYER_WEIGHTS), len(plan.classes.year))
    foreign = plan.classes.places.commune == ABROAD
    return np.where(foreign & (payer == COMMUNE), CLASSE, payer)


def _first_start(plan: Plan, term: Array, rng: np.random.Generator) -> Array:
    return rhythm.days_of(plan.terms.opened[term]) + rng.exponential(25, len(term)).astype(np.int64)


def _a_year_on(day: Array) -> Array:
    """The same date of the next year."""
    return day + np.where((day > _LEAP_DAY - 366) & (day <= _LEAP_DAY), 366, 365)


def _delay(count: int, rng: np.random.Generator) -> Array:
    kind = pick(rng, np.array(_RENEWAL_DELAYS), count)
    return np.choose(kind, [np.zeros(count, dtype=np.int64), rng.integers(1, 56, count), rng.integers(61, 110, count)])


def _next_plan(before: Array, members: Array, rng: np.random.Generator) -> Array:
    """The plan a class takes: at first any, then mostly the same. A whole school takes the least that holds it."""
    steps, weights = _STEPS
    step = np.array(steps)[pick(rng, np.array(weights), len(before))]
    chosen = np.where(before < 0, pick(rng, np.array(_PLAN_WEIGHTS), len(before)), (before + step).clip(0, PLUS))
    large_enough = np.searchsorted(limits("members"), members * (1 - _SQUEEZE)).clip(0, PLUS)
    return np.where((chosen > large_enough) & (members <= WHOLE_SCHOOL), chosen, large_enough)


def _members(plan: Plan, term: Array) -> Array:
    return plan.classes.size[plan.terms.klass[term]] + 1


def _signed(klass: Array, level: Array, payer: Array, starts: Array, rng: np.random.Generator) -> Subscriptions:
    count = len(klass)
    stop = starts + rng.integers(20, 300, count)
    changes = rng.random(count) < _CANCELLED + _UPGRADED * (level < PLUS)
    cancelled = np.where(changes & (stop < DAYS), stop, -1)
    confort = rng.random(count) < _CONFORT
    return Subscriptions(
        klass, level, payer, starts, _a_year_on(starts), confort, cancelled, np.zeros(count, dtype=bool)
    )


def _upgrades(signed: Subscriptions, rng: np.random.Generator) -> Subscriptions:
    """Some of those who stop take the next plan on the same day."""
    share = _UPGRADED / (_UPGRADED + _CANCELLED)
    rows = np.flatnonzero((signed.cancelled >= 0) & (signed.plan < PLUS) & (rng.random(len(signed.klass)) < share))
    old = take(signed, rows)
    never = np.full(len(rows), -1)
    return replace(old, plan=old.plan + 1, starts=old.cancelled, ends=_a_year_on(old.cancelled), cancelled=never)


def _offered(plan: Plan) -> Subscriptions:
    """Plus with Confort famille for the ambassadors' own classes of 2020-2021, where nobody pays for one already."""
    members = plan.memberships
    ambassadors = members.user[(members.klass == plan.classes.team) & ~members.lead]
    last = members.year == len(rhythm.SCHOOL_YEARS) - 1
    own = np.unique(members.klass[last & members.lead & np.isin(members.user, ambassadors)])
    own = np.setdiff1d(own, plan.terms.klass[plan.terms.paid])
    opened = np.zeros(len(plan.classes.year), dtype=np.int64)
    opened[plan.terms.klass] = rhythm.days_of(plan.terms.opened)
    starts = np.maximum(opened[own], rhythm.day_number(rhythm.KIT_DAY))
    yes, level, payer = (np.full(len(own), value) for value in (True, PLUS, CLASSE))
    return Subscriptions(own, level, payer, starts, _a_year_on(starts), yes, np.full(len(own), -1), yes)
