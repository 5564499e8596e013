"""Publications read in another language: whose, when, from which language into which."""

from dataclasses import dataclass

import numpy as np

from workbench.sample import rhythm
from workbench.sample.chance import Array, generator, pick
from workbench.sample.columns import stack, take
from workbench.sample.plan import KIT_POSTS, Plan, scaled
from workbench.sample.rhythm import DAYS, FAMILIES, YEAR_ENDS
from workbench.sample.world import main_languages

_AFTER_KIT_DAY = 0.24  # more posts, from the kit's day to the sample's last, next to those before
_AGAIN = 0.35  # further translations of a post, on average
_FAILED_FIRST = 0.03  # posts whose first attempt fails
_ONLY_FAILED = 0.006  # posts never translated


@dataclass(frozen=True)
class Translations:
    """One entry an attempt, by time."""

    moment: Array
    post: Array
    reader: Array
    """The membership of who asked for it."""
    source: Array
    target: Array
    characters: Array
    failed: Array


def draw_translations(plan: Plan) -> Translations:
    """All attempts. Distinct posts with a success before the kit's day: the kit's number, at this scale."""
    rng = generator(plan.seed, "translations")
    readers = _readers(plan)
    kit_day = rhythm.day_number(rhythm.KIT_DAY)
    before = _first_attempts(plan, readers, (0, kit_day), scaled(KIT_POSTS, plan.scale), rng)
    after = _first_attempts(plan, readers, (kit_day, DAYS), scaled(round(KIT_POSTS * _AFTER_KIT_DAY), plan.scale), rng)
    moment, reader = np.r_[before[0], after[0]], np.r_[before[1], after[1]]
    order = np.argsort(moment, kind="stable")
    moment, reader = moment[order], reader[order]
    post = np.arange(len(moment))
    failed_first = np.flatnonzero(rng.random(len(post)) < _FAILED_FIRST)
    hopeless = np.flatnonzero(rng.random(len(post)) < _ONLY_FAILED)
    length = rng.lognormal(5.6, 0.7, len(post) + len(hopeless)).clip(15, 4000).astype(np.int64)
    again, others = _other_readers(plan, readers, reader, rng)
    made = stack(
        _attempts(plan, moment, post, reader, length, failed=False),
        _attempts(plan, moment[failed_first] - 30, failed_first, reader[failed_first], length, failed=True),
        _attempts(plan, moment[again] + rng.integers(60, 200_000, len(again)), again, others, length, failed=False),
        _attempts(plan, moment[hopeless], len(post) + np.arange(len(hopeless)), reader[hopeless], length, failed=True),
    )
    order = np.argsort(made.moment, kind="stable")
    return take(made, order[made.moment[order] < rhythm.midnights()[-1]])


def _attempts(plan: Plan, moment: Array, post: Array, reader: Array, length: Array, *, failed: bool) -> Translations:
    source = _spoken(plan)[plan.memberships.klass[reader]]
    target = plan.people.language[plan.memberships.user[reader]]
    return Translations(moment, post, reader, source, target, length[post], np.full(len(post), failed))


def _spoken(plan: Plan) -> Array:
    """The language each class writes in."""
    return main_languages()[plan.classes.places.country]


def _readers(plan: Plan) -> Array:
    """Memberships of people who speak another language than their class, ordered by class."""
    members = plan.memberships
    foreign = plan.people.language[members.user] != _spoken(plan)[members.klass]
    rows = np.flatnonzero(foreign & ~members.lead & (members.klass != plan.classes.team))
    return rows[np.argsort(members.klass[rows], kind="stable")]


def _first_attempts(
    plan: Plan, readers: Array, days: tuple[int, int], count: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Moments and readers of `count` posts translated on the days from days[0] up to, not including, days[1]."""
    before = np.r_[0, np.cumsum(rhythm.day_weights()[FAMILIES])]
    start = np.maximum(rhythm.days_of(plan.memberships.joined[readers]) + 1, days[0])
    end = np.maximum(np.minimum(YEAR_ENDS[plan.memberships.year[readers]], days[1]), start)
    use = before[end] - before[start]
    chosen = pick(rng, use, count)
    at = before[start[chosen]] + rng.random(count) * use[chosen]
    day = (np.searchsorted(before, at, side="right") - 1).clip(days[0], days[1] - 1)
    country = plan.classes.places.country[plan.memberships.klass[readers[chosen]]]
    moment = rhythm.instants(day, rhythm.clock_times(rng, FAMILIES, count), country)
    midnights = rhythm.midnights()
    return moment.clip(midnights[days[0]] + 60, midnights[days[1]] - 1), readers[chosen]


def _other_readers(plan: Plan, readers: Array, reader: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Posts translated again, for another reader of the class with another language; and that reader."""
    klass = plan.memberships.klass[readers]
    again = np.repeat(np.arange(len(reader)), rng.poisson(_AGAIN * 1.6, len(reader)))
    mine = plan.memberships.klass[reader[again]]
    first, after = np.searchsorted(klass, mine), np.searchsorted(klass, mine, side="right")
    other = readers[rng.integers(first, after)]
    language = plan.people.language[plan.memberships.user]
    differs = language[other] != language[reader[again]]
    return again[differs], other[differs]
