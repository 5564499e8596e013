"""The day-by-day life of the sample: who uses the app when, and what they do; month by month.

Each membership has a few stretches of steady use (first week, first month, the rest until it lapses), each with
sessions per ordinary school day. Sessions fall on days by the weights of `rhythm`, so that the number drawn in a
month costs what it holds, not users × days. Sessions carry one event or a few.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

import numpy as np
import polars as pl

from workbench.sample import rhythm
from workbench.sample.chance import Array, generator, pick
from workbench.sample.columns import stack, take
from workbench.sample.plan import ROLES, STAFF, TEACHER, Plan
from workbench.sample.rhythm import CLOSURE, DAYS, FAMILIES, STAFF_ROOM, YEAR_ENDS, day_number
from workbench.sample.world import zone_groups

MONTHS = [date(2017 + (8 + n) // 12, (8 + n) % 12 + 1, 1) for n in range(40)]
EVENTS_PER_SESSION = 1.8

_CLASS_CREATED, _CLASS_JOINED, _SIGN_IN = "class_created", "class_joined", "sign_in"
_SESSIONS = (0.55, 0.13, 0.14, 0.25)  # on an ordinary school day, by role, before thinning
_FIRST_WEEK, _FIRST_MONTH = 2.2, 1.4  # next to the rest of the year
_LAPSES = ((0.10, 0.12), (0.30, 0.24), (0.28, 0.26), (0.18, 0.20))  # by role: who only look in, who drift away
_LAPSE_DAYS = (10, 90)  # mean time to that
_RETURNS_AT_CLOSURE = 0.5  # of those who had lapsed
_OPENS_WITH_SIGN_IN = 0.3
_NOT_REPEATED = 0.993  # overlapping exports write a few events twice; those count against the cap as well
_ELSEWHERE = 0.15  # sessions on another device than usual
_AMBASSADORS = 0.8  # their sessions in the ambassadors' class, next to a teacher's in a class


@dataclass(frozen=True)
class Stretches:
    """Steady use of one membership on the days from `start` up to, not including, `end`."""

    membership: Array
    start: Array
    end: Array
    rate: Array
    """Sessions on a day of weight 1."""


@dataclass(frozen=True)
class Sessions:
    """One entry a session."""

    membership: Array
    day: Array
    moment: Array
    joins: Array
    """The session in which a membership begins."""


@dataclass(frozen=True)
class Events:
    """One entry an event, by time."""

    moment: Array
    membership: Array
    event: Array
    platform: Array


@lru_cache(maxsize=1)
def event_names() -> list[str]:
    """Every event of the sample; elsewhere an event is its number in this list."""
    return [_CLASS_CREATED, _CLASS_JOINED, *dict.fromkeys(_habits()["event"])]


def draw_events(plan: Plan, cap: int) -> Iterator[tuple[date, Events]]:
    """The events of each month (a month may have none), at most `cap` in all."""
    stretches = _stretches(plan)
    keep, thinning = _thinning(plan, stretches, cap)
    joining = np.flatnonzero(generator(plan.seed, "joining").random(len(plan.memberships.user)) < keep)
    joined_on = rhythm.days_of(plan.memberships.joined[joining])
    for number, month in enumerate(MONTHS):
        rng = generator(plan.seed, "usage", number)
        first = day_number(month)
        last = day_number(MONTHS[number + 1]) if number + 1 < len(MONTHS) else DAYS
        usual = _usual_sessions(plan, stretches, thinning, (first, last), rng)
        begun = joining[(joined_on >= first) & (joined_on < last)]
        yield month, _events_of(plan, usual, begun, rng)


def _stretches(plan: Plan) -> Stretches:
    rng = generator(plan.seed, "stretches")
    members = plan.memberships
    row = np.arange(len(members.user))
    ambassador = (members.klass == plan.classes.team) & ~members.lead
    start = rhythm.days_of(members.joined) + 1
    lapse = np.minimum(_lapse(rng, start, members.role), YEAR_ENDS[members.year])
    end = np.where(ambassador, DAYS, lapse)
    week, month = np.minimum(start + 7, end), np.minimum(start + 28, end)
    rate = np.array(_SESSIONS)[members.role] * rng.gamma(1.4, 1 / 1.4, len(row))
    rate *= np.where(ambassador, _AMBASSADORS, 1)
    first_week = Stretches(row, start, week, rate * _FIRST_WEEK)
    first_month = Stretches(row, week, month, rate * _FIRST_MONTH)
    stretches = stack(first_week, first_month, Stretches(row, month, end, rate), _returns(plan, end, rate, rng))
    return take(stretches, stretches.end > stretches.start)


def _returns(plan: Plan, end: Array, rate: Array, rng: np.random.Generator) -> Stretches:
    """Those of 2019-2020 who had lapsed and come back when schools close, until the summer."""
    closure, summer = day_number(CLOSURE), day_number(date(2020, 7, 4))
    lapsed = (plan.memberships.year == 2) & (end < closure)
    back = np.flatnonzero(lapsed & (rng.random(len(end)) < _RETURNS_AT_CLOSURE))
    return Stretches(back, np.full(len(back), closure), np.full(len(back), summer), rate[back])


def _lapse(rng: np.random.Generator, start: Array, role: Array) -> Array:
    """The day on which each membership falls asleep; never (DAYS) for those who stay."""
    looks_in, drifts = np.array(_LAPSES)[role].T
    fate = rng.random(len(start))
    soon, later = (rng.exponential(days, len(start)).astype(np.int64) for days in _LAPSE_DAYS)
    return np.select([fate < looks_in, fate < looks_in + drifts], [start + soon, start + later], DAYS)


def _group(plan: Plan, membership: Array) -> Array:
    """The row of `rhythm.day_weights` that a membership follows."""
    commune = plan.classes.places.commune[plan.memberships.klass[membership]]
    return 2 * zone_groups(commune) + _kind(plan, membership)


def _kind(plan: Plan, membership: Array) -> Array:
    role = plan.memberships.role[membership]
    return np.where((role == TEACHER) | (role == STAFF), STAFF_ROOM, FAMILIES)


@lru_cache(maxsize=1)
def _weight_before() -> Array:
    """Sum of the weights of all earlier days, for each group and day."""
    return np.pad(np.cumsum(rhythm.day_weights(), axis=1), ((0, 0), (1, 0)))


def _thinning(plan: Plan, stretches: Stretches, cap: int) -> tuple[float, float]:
    """Which part of the joinings to keep, and the factor on all rates, so that events stay just under the cap."""
    group = _group(plan, stretches.membership)
    weight = _weight_before()[group, stretches.end] - _weight_before()[group, stretches.start]
    usual = EVENTS_PER_SESSION * float((stretches.rate * weight).sum())
    joining = EVENTS_PER_SESSION * len(plan.memberships.user)
    wanted = max(_NOT_REPEATED * cap - 8 * cap**0.5, cap / 2)  # some five standard deviations below
    keep = min(1.0, wanted / 2 / joining)
    return keep, (wanted - keep * joining) / usual


def _usual_sessions(
    plan: Plan, stretches: Stretches, thinning: float, days: tuple[int, int], rng: np.random.Generator
) -> Sessions:
    """The sessions of the days from days[0] up to, not including, days[1]."""
    here = np.flatnonzero((stretches.start < days[1]) & (stretches.end > days[0]))
    group = _group(plan, stretches.membership[here])
    before = _weight_before()
    low = before[group, np.maximum(stretches.start[here], days[0])]
    high = before[group, np.minimum(stretches.end[here], days[1])]
    count = rng.poisson(thinning * stretches.rate[here] * (high - low))
    group, low, high = (np.repeat(column, count) for column in (group, low, high))
    membership = np.repeat(stretches.membership[here], count)
    at = low + rng.random(len(low)) * (high - low)
    day = np.zeros(len(at), dtype=np.int64)
    for number in range(len(before)):
        mine = np.flatnonzero(group == number)
        day[mine] = np.searchsorted(before[number], at[mine], side="right") - 1
    day = day.clip(days[0], days[1] - 1)
    return Sessions(membership, day, _moments(plan, membership, day, rng), np.zeros(len(day), dtype=bool))


def _moments(plan: Plan, membership: Array, day: Array, rng: np.random.Generator) -> Array:
    staff_room = _kind(plan, membership) == STAFF_ROOM
    second = rhythm.clock_times(rng, FAMILIES, len(day))
    second[staff_room] = rhythm.clock_times(rng, STAFF_ROOM, int(staff_room.sum()))
    return rhythm.instants(day, second, plan.classes.places.country[plan.memberships.klass[membership]])


def _events_of(plan: Plan, usual: Sessions, begun: Array, rng: np.random.Generator) -> Events:
    joined = plan.memberships.joined[begun]
    session = stack(Sessions(begun, rhythm.days_of(joined), joined, np.ones(len(begun), dtype=bool)), usual)
    count = rng.geometric(1 / EVENTS_PER_SESSION, len(session.day))
    of = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    moment = session.moment[of] + place * rng.integers(15, 240, len(of))
    event = _what(plan, session.membership[of], session.day[of], rng)
    event = _openings(plan, session, of, place, event, rng)
    device = _devices(plan, session.membership, rng)
    inside = moment < rhythm.midnights()[-1]
    order = np.argsort(moment[inside], kind="stable")
    rows = np.flatnonzero(inside)[order]
    return Events(moment[rows], session.membership[of[rows]], event[rows], device[of[rows]])


def _what(plan: Plan, membership: Array, day: Array, rng: np.random.Generator) -> Array:
    """What people of each role do at this time."""
    role = plan.memberships.role[membership]
    starts, weights = _phases()
    phase = np.searchsorted(starts, day, side="right") - 1
    event = np.zeros(len(day), dtype=np.int8)
    for number in np.unique(phase):
        for actor in range(len(ROLES)):
            mine = np.flatnonzero((phase == number) & (role == actor))
            event[mine] = pick(rng, weights[number, actor], len(mine))
    return event


def _openings(plan: Plan, session: Sessions, of: Array, place: Array, event: Array, rng: np.random.Generator) -> Array:
    """The first event of a session: a class created or joined, often a sign-in."""
    names = event_names()
    creates = session.joins & (plan.memberships.joined[session.membership] == _created(plan, session.membership))
    creates &= plan.memberships.lead[session.membership]
    signs_in = rng.random(len(session.day)) < _OPENS_WITH_SIGN_IN
    opening = np.select(
        [creates, session.joins, signs_in],
        [names.index(_CLASS_CREATED), names.index(_CLASS_JOINED), names.index(_SIGN_IN)],
        -1,
    )
    first = (place == 0) & (opening[of] >= 0)
    return np.where(first, opening[of], event).astype(np.int8)


def _created(plan: Plan, membership: Array) -> Array:
    return plan.classes.created[plan.memberships.klass[membership]]


def _devices(plan: Plan, membership: Array, rng: np.random.Generator) -> Array:
    usual = plan.people.platform[plan.memberships.user[membership]]
    elsewhere = rng.random(len(usual)) < _ELSEWHERE
    return np.where(elsewhere, rng.integers(0, 3, len(usual)), usual).astype(np.int8)


@lru_cache(maxsize=1)
def _habits() -> pl.DataFrame:
    raw = (files("workbench") / "sample" / "habits.csv").read_bytes()
    return pl.read_csv(raw, schema_overrides={"since": pl.Date})


@lru_cache(maxsize=1)
def _phases() -> tuple[Array, Array]:
    """First day of each phase, and weights by phase, role and event: what is new appears, what changes, changes."""
    turns = {CLOSURE: "closure", date(2020, 7, 4): "usual", date(2020, 9, 1): "from_2020_09"}
    starts = sorted({*_habits()["since"], *turns})
    names = event_names()
    weights = np.zeros((len(starts), len(ROLES), len(names)))
    for phase, start in enumerate(starts):
        turned = [column for day, column in turns.items() if day <= start]
        column = turned[-1] if turned else "usual"
        for habit in _habits().filter(pl.col("since") <= start).iter_rows(named=True):
            weights[phase, ROLES.index(habit["role"]), names.index(habit["event"])] = habit[column]
    return np.array([day_number(start) for start in starts]), weights
