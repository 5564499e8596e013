"""Who and what the sample holds: classes, their school years, people and their memberships.

Counts come from the kit (kit.md, "Published figures") times the scale and are met exactly; the rest is drawn. A class
is a row number, so is a person; instants are seconds since 1970 in UTC. Cheap enough to call at scale 1 (seconds).
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from workbench.sample import rhythm
from workbench.sample.chance import Array, generator, pick, shuffled_by_group, spread
from workbench.sample.columns import stack, take
from workbench.sample.rhythm import DAYS, FAMILIES, STAFF_ROOM, YEAR_ENDS, YEAR_STARTS
from workbench.sample.world import (
    ABROAD,
    ZONE_GROUPS,
    Places,
    draw_languages,
    french_places,
    places_abroad,
    world,
    zone_groups,
)

KIT_USERS = 1_100_000
KIT_POSTS = 150_000
FRENCH_CLASSES = (9_000, 13_000, 30_000, 21_000)
"""Created in each school year at scale 1; the third is the kit's."""
CLASSES_ABROAD = (1_100, 2_200, 6_000, 5_000)
WHOLE_SCHOOL = 60
"""From so many members on a class is a whole school's."""
AMBASSADORS = 100
TEAM_SLUG = "teamclassroomfr"
ROLES = ("teacher", "parent", "student", "staff")
TEACHER, PARENT, STUDENT, STAFF = range(4)
PLATFORMS = ("android", "ios", "web")
LEVELS = ("PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2", "6e")

_KIT_YEAR = 2
_TEAM_CREATED = date(2018, 6, 12)  # spring of the first KED
_CREATION_DAYS = 10.0  # the wave of new classes at the school start halves about every week
_LEVEL_WEIGHTS = (9, 10, 12, 16, 14, 13, 13, 12, 1)
_SIZE_WEIGHTS = (0.34, 0.635, 0.025)  # hardly adopted, a class, a whole school
_ROLE_WEIGHTS = ((0.025, 0.955, 0.0, 0.02), (0.025, 0.605, 0.35, 0.02))  # without, with pupils' accounts
_WITH_PUPILS = 0.26
_GOES_ON, _PAID_GOES_ON = 0.18, 0.65  # the class stays for another year
_FIRST_PAID = (0.0, 0.07, 0.09, 0.15)
_PAID_AGAIN = 0.80
_TOO_SMALL_TO_PAY = 8
_WHOLE_SCHOOL_PAYS = 0.45
_COMES_BACK = (0.72, 0.40, 0.30, 0.55)  # to another class next year, by role
_JOINS_AT_CLOSURE = 0.14
_DELETED = 0.006


@dataclass(frozen=True)
class Classes:
    """One entry a class, by creation."""

    places: Places
    year: Array
    """Number of the school year it was created in."""
    created: Array
    level: Array
    size: Array
    """Members it has room for, beside its teacher."""
    pupils: Array
    """Whether pupils have accounts of their own."""
    team: int
    """The ambassadors' class."""


@dataclass(frozen=True)
class Terms:
    """One entry a class and school year it lives in."""

    klass: Array
    year: Array
    opened: Array
    paid: Array
    goes_on: Array


@dataclass(frozen=True)
class Memberships:
    """One entry a person, class and school year."""

    user: Array
    klass: Array
    year: Array
    role: Array
    joined: Array
    lead: Array
    """The teacher the class belongs to."""


@dataclass(frozen=True)
class People:
    """One entry a person, by creation."""

    role: Array
    country: Array
    language: Array
    platform: Array
    created: Array
    deleted: Array
    """0: not deleted."""


@dataclass(frozen=True)
class Plan:
    """All of the sample that has no day-by-day life."""

    scale: float
    seed: int
    classes: Classes
    terms: Terms
    memberships: Memberships
    people: People


def draw_plan(scale: float, seed: int) -> Plan:
    """Classes, people and memberships of a sample; the same for the same arguments."""
    classes = _draw_classes(scale, seed)
    terms = _draw_terms(classes, generator(seed, "terms"))
    seats = _draw_seats(classes, terms, generator(seed, "seats"))
    memberships = _seat_people(classes, seats, generator(seed, "people"))
    memberships, created, deleted = _meet_kit(memberships, scale, generator(seed, "kit"))
    people = _describe(classes, memberships, created, deleted, generator(seed, "traits"))
    ambassadors = _ambassadors(classes, people, memberships, scale, generator(seed, "ambassadors"))
    return Plan(scale, seed, classes, terms, stack(memberships, ambassadors), people)


def scaled(count: int, scale: float) -> int:
    """A count of scale 1 at this scale."""
    return round(count * scale)


def users_on_kit_day(created: Array, deleted: Array) -> Array:
    """Which people count as users on the kit's day: created before it, not deleted by then."""
    moment = rhythm.midnights()[rhythm.day_number(rhythm.KIT_DAY)]
    there: Array = (created < moment) & ((deleted == 0) | (deleted >= moment))
    return there


def _draw_classes(scale: float, seed: int) -> Classes:
    rng = generator(seed, "classes")
    parts = [_classes_of_year(rng, scale, year) for year in range(len(FRENCH_CLASSES))]
    created = np.concatenate([when for _, when in parts])
    created[0] = rhythm.midnights()[rhythm.day_number(_TEAM_CREATED)] + 10 * 3600
    year = np.repeat(np.arange(len(parts)), [len(when) for _, when in parts])
    order = np.lexsort((np.arange(len(created)), created))
    count = len(order)
    size = _sizes(rng, count)
    team = int(np.flatnonzero(order == 0)[0])
    size[team] = 0
    places = take(stack(*(places for places, _ in parts)), order)
    level = pick(rng, np.array(_LEVEL_WEIGHTS), count)
    return Classes(places, year[order], created[order], level, size, rng.random(count) < _WITH_PUPILS, team)


def _classes_of_year(rng: np.random.Generator, scale: float, year: int) -> tuple[Places, Array]:
    french = french_places(rng, max(1, scaled(FRENCH_CLASSES[year], scale)))
    shares = world().countries["share"].to_numpy()
    everywhere = int(year == _KIT_YEAR)  # by then the app is used in all its countries, as far as the scale allows
    counts = np.zeros(len(shares), dtype=np.int64)
    counts[shares > 0] = spread(scaled(CLASSES_ABROAD[year], scale), shares[shares > 0], least=everywhere)
    places = stack(french, places_abroad(rng, counts))
    days = YEAR_STARTS[year] + pick(rng, _creation_weights(year), len(places.country))
    when = rhythm.instants(days, rhythm.clock_times(rng, STAFF_ROOM, len(days)), places.country)
    midnights = rhythm.midnights()
    return places, np.clip(when, midnights[YEAR_STARTS[year]], midnights[YEAR_ENDS[year]] - 86_400)


def _creation_weights(year: int) -> Array:
    days = np.arange(YEAR_STARTS[year], YEAR_ENDS[year])
    weights: Array = _wave(days - YEAR_STARTS[year]) + 0.012
    if year == _KIT_YEAR:
        weights += 0.12 * _wave(days - rhythm.day_number(rhythm.CLOSURE))
    weights *= rhythm.day_weights()[STAFF_ROOM, days]
    return weights


def _wave(since: Array) -> Array:
    return np.where(since >= 0, np.exp(-since.clip(0) / _CREATION_DAYS), 0)


def _sizes(rng: np.random.Generator, count: int) -> Array:
    kind = pick(rng, np.array(_SIZE_WEIGHTS), count)
    small = rng.integers(1, 7, count)
    usual = rng.normal(19.5, 6, count).clip(8, 45)
    school = rng.lognormal(4.45, 0.45, count).clip(WHOLE_SCHOOL, 240)
    return np.choose(kind, [small, usual, school]).astype(np.int64)


def _draw_terms(classes: Classes, rng: np.random.Generator) -> Terms:
    terms: list[Terms] = []
    paid = goes_on = np.zeros(len(classes.year), dtype=bool)  # of every class, the year before
    for year in range(len(FRENCH_CLASSES)):
        klass = np.flatnonzero((classes.year == year) | goes_on)
        old, size = goes_on[klass], classes.size[klass]
        opened = np.where(old, _reopened(rng, year, classes.places.country[klass]), classes.created[klass])
        chance = np.where(paid[klass] & old, _PAID_AGAIN, _pays_first(size, year))
        pays = (rng.random(len(klass)) < chance) & (size >= _TOO_SMALL_TO_PAY)
        stays = (rng.random(len(klass)) < np.where(pays, _PAID_GOES_ON, _GOES_ON)) | (klass == classes.team)
        terms.append(Terms(klass, np.full(len(klass), year), opened, pays, stays))
        paid, goes_on = (np.isin(np.arange(len(paid)), klass[chosen]) for chosen in (pays, stays))
    return stack(*terms)


def _pays_first(size: Array, year: int) -> Array:
    school = _WHOLE_SCHOOL_PAYS * (_FIRST_PAID[year] > 0)
    return np.where(size >= WHOLE_SCHOOL, school, _FIRST_PAID[year])


def _reopened(rng: np.random.Generator, year: int, country: Array) -> Array:
    days = YEAR_STARTS[year] + rng.exponential(4, len(country)).astype(np.int64).clip(0, 60)
    return rhythm.instants(days, rhythm.clock_times(rng, STAFF_ROOM, len(days)), country)


def _draw_seats(classes: Classes, terms: Terms, rng: np.random.Generator) -> Memberships:
    """Everybody's place in a class, nobody in it yet (user -1)."""
    term = np.repeat(np.arange(len(terms.klass)), classes.size[terms.klass] + 1)
    lead = np.r_[True, term[1:] != term[:-1]]
    klass, year, opened = terms.klass[term], terms.year[term], terms.opened[term]
    joined, in_time = _joined(rng, classes.places.country[klass], year, opened)
    role = _roles(rng, classes.pupils[klass])
    role[lead] = np.where(klass[lead] == classes.team, STAFF, TEACHER)
    seats = Memberships(np.full(len(term), -1), klass, year, role, np.where(lead, opened, joined), lead)
    return take(seats, in_time | lead)


def _joined(rng: np.random.Generator, country: Array, year: Array, opened: Array) -> tuple[Array, Array]:
    """When each seat is taken, and whether that is still within the school year (and the sample)."""
    count = len(opened)
    first = rhythm.days_of(opened)
    days = first + np.where(rng.random(count) < 0.2, 0, rng.gamma(0.9, 9, count)).astype(np.int64)
    closure = rhythm.day_number(rhythm.CLOSURE)
    late = (year == _KIT_YEAR) & (first < closure) & (rng.random(count) < _JOINS_AT_CLOSURE)
    days = np.where(late, closure + rng.exponential(7, count).astype(np.int64), days)
    weekend = (days + rhythm.FIRST_DAY.weekday()) % 7 >= 5
    days = np.where(weekend & (days > first) & (rng.random(count) < 0.55), days + 2, days)
    in_time = days < YEAR_ENDS[year]
    moment = rhythm.instants(days.clip(0, DAYS - 1), rhythm.clock_times(rng, FAMILIES, count), country)
    soonest = opened + rng.integers(600, 7200, count)
    return np.maximum(moment, soonest).clip(None, rhythm.midnights()[YEAR_ENDS[year]] - 1), in_time


def _roles(rng: np.random.Generator, pupils: Array) -> Array:
    without, with_pupils = (pick(rng, np.array(weights), len(pupils)) for weights in _ROLE_WEIGHTS)
    return np.where(pupils, with_pupils, without)


def _seat_people(classes: Classes, seats: Memberships, rng: np.random.Generator) -> Memberships:
    """Some of last year's people take this year's seats of their role in their country and zone; the others are new."""
    user = np.full(len(seats.user), -1)
    near = _neighbourhood(classes.places)[seats.klass] * len(ROLES) + seats.role
    count = 0
    for year in range(len(FRENCH_CLASSES)):
        now, before = np.flatnonzero(seats.year == year), np.flatnonzero(seats.year == year - 1)
        _keep_leads(user, seats, now, before)
        free = now[user[now] < 0]
        pool = before[~np.isin(user[before], user[now])]
        _come_back(rng, user, near, free, pool, seats.role)
        new = now[user[now] < 0]
        user[new] = count + np.arange(len(new))
        count += len(new)
    return replace(seats, user=user)


def _neighbourhood(places: Places) -> Array:
    return places.country * len(ZONE_GROUPS) + zone_groups(places.commune)


def _keep_leads(user: Array, seats: Memberships, now: Array, before: Array) -> None:
    """A class that goes on keeps its teacher."""
    leads_before, leads = before[seats.lead[before]], now[seats.lead[now]]
    led = dict(zip(seats.klass[leads_before].tolist(), user[leads_before].tolist(), strict=True))
    user[leads] = [led.get(klass, -1) for klass in seats.klass[leads].tolist()]


def _come_back(rng: np.random.Generator, user: Array, near: Array, free: Array, pool: Array, role: Array) -> None:
    pool = pool[rng.random(len(pool)) < np.array(_COMES_BACK)[role[pool]]]
    seat_order, seat_place = shuffled_by_group(rng, near[free])
    person_order, person_place = shuffled_by_group(rng, near[pool])
    groups = near.max() + 1
    seat_key = seat_place * groups + near[free][seat_order]
    person_key = person_place * groups + near[pool][person_order]
    _, seat, person = np.intersect1d(seat_key, person_key, assume_unique=True, return_indices=True)
    user[free[seat_order[seat]]] = user[pool[person_order[person]]]


def _meet_kit(memberships: Memberships, scale: float, rng: np.random.Generator) -> tuple[Memberships, Array, Array]:
    """Take out, or add, families of 2019-2020 until the kit's number of users is met; number people by creation."""
    created, last_year = _first_joined(memberships)
    deleted = _deletions(rng, last_year)
    surplus = int(users_on_kit_day(created, deleted).sum()) - scaled(KIT_USERS, scale)
    once = np.bincount(memberships.user) == 1
    families = np.flatnonzero((memberships.year == _KIT_YEAR) & (memberships.role == PARENT))
    families = families[(once & (deleted == 0))[memberships.user[families]]]
    chosen = rng.permutation(families)
    if surplus > 0:
        memberships = take(memberships, np.setdiff1d(np.arange(len(memberships.user)), chosen[:surplus]))
    else:
        more = take(memberships, np.resize(chosen, -surplus))
        memberships = stack(memberships, replace(more, user=len(created) + np.arange(-surplus)))
        deleted = np.r_[deleted, np.zeros(-surplus, dtype=np.int64)]
    return _renumber(memberships, deleted)


def _renumber(memberships: Memberships, deleted: Array) -> tuple[Memberships, Array, Array]:
    left, user = np.unique(memberships.user, return_inverse=True)
    created, _ = _first_joined(replace(memberships, user=user))
    order = np.argsort(created, kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return replace(memberships, user=number[user]), created[order], deleted[left][order]


def _first_joined(memberships: Memberships) -> tuple[Array, Array]:
    """For each person: when they first joined a class, and their last school year."""
    count = int(memberships.user.max()) + 1
    created = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(created, memberships.user, memberships.joined)
    last = np.zeros(count, dtype=np.int64)
    np.maximum.at(last, memberships.user, memberships.year)
    return created, last


def _deletions(rng: np.random.Generator, last_year: Array) -> Array:
    """A few accounts are deleted, some time after their last school year."""
    starts = rhythm.midnights()[YEAR_ENDS[last_year] - 1] + 86_400
    end = rhythm.midnights()[-1]
    moment = starts + (rng.random(len(starts)) * (end - starts)).astype(np.int64)
    gone = (rng.random(len(starts)) < _DELETED) & (last_year < len(YEAR_ENDS) - 1)
    return np.where(gone, moment, 0)


def _describe(
    classes: Classes, memberships: Memberships, created: Array, deleted: Array, rng: np.random.Generator
) -> People:
    country = np.zeros(len(created), dtype=np.int64)
    role = np.zeros(len(created), dtype=np.int64)
    country[memberships.user] = classes.places.country[memberships.klass]
    role[memberships.user] = memberships.role
    platform = pick(rng, np.array([0.46, 0.34, 0.20]), len(created))
    return People(role, country, draw_languages(rng, country), platform, created, deleted)


def _ambassadors(
    classes: Classes, people: People, memberships: Memberships, scale: float, rng: np.random.Generator
) -> Memberships:
    """Teachers of French classes of 2020-2021 who also joined the ambassadors' class, most of them in autumn 2020.

    As many as the kit says wherever there are enough teachers (at the default scale there are): the programme's pages
    are of no use with two of them.
    """
    lead = memberships.lead & (memberships.year == len(FRENCH_CLASSES) - 1)
    lead &= classes.places.commune[memberships.klass] != ABROAD
    teachers = np.unique(memberships.user[lead & (memberships.klass != classes.team)])
    there_are_enough = len(teachers) >= 4 * AMBASSADORS
    count = AMBASSADORS if there_are_enough else min(len(teachers), max(8, scaled(AMBASSADORS, scale)))
    chosen = rng.choice(teachers, count, replace=False)
    autumn = rng.random(count) < 0.6
    first = np.where(autumn, rhythm.day_number(date(2020, 9, 7)), rhythm.day_number(date(2018, 9, 10)))
    last = np.where(autumn, DAYS - 21, rhythm.day_number(date(2020, 6, 1)))
    moment = rhythm.midnights()[rng.integers(first, last)] + 3600 * 18 + rng.integers(0, 7200, count)
    joined = np.maximum(moment, people.created[chosen] + 86_400 * 2).clip(None, rhythm.midnights()[-1] - 3600)
    year = np.searchsorted(rhythm.midnights()[YEAR_STARTS], joined, side="right") - 1
    no_lead = np.zeros(count, dtype=bool)
    return Memberships(chosen, np.full(count, classes.team), year, np.full(count, TEACHER), joined, no_lead)
