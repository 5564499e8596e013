"""The five feeds of the sample as tables, with the columns of the contract (design.md, "Feeds")."""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.sample import rhythm, usage
from workbench.sample.chance import Array, generator
from workbench.sample.files import days, moments, named, numbered
from workbench.sample.plan import LEVELS, PLATFORMS, ROLES, TEACHER, TEAM_SLUG, Plan
from workbench.sample.rhythm import DAYS
from workbench.sample.subscriptions import PAYERS, PLANS, Subscriptions, draw_storage_mb, limits, offers, plan_in_year
from workbench.sample.translations import Translations
from workbench.sample.world import ABROAD, languages, world

_NO_ROLE, _NO_COUNTRY, _NO_CLASS = 0.015, 0.025, 0.06  # events that do not state them
_ARCHIVED = 0.75  # of the classes that do not go on


@dataclass(frozen=True)
class Names:
    """What the numbers of a plan are called in the exports."""

    users: pa.Array
    classes: pa.Array


def names(plan: Plan) -> Names:
    """Identifiers of all people and classes."""
    people, classes = np.arange(len(plan.people.role)) + 1, np.arange(len(plan.classes.year)) + 1
    return Names(numbered("u", people, 7), numbered("k", classes, 6))


def usage_table(plan: Plan, called: Names, events: usage.Events, first_number: int, alpha3: bool) -> pa.Table:
    """One month of the feed `usage`; event numbers count on from `first_number`."""
    rng = generator(plan.seed, "gaps", first_number)
    count = len(events.moment)
    user = plan.memberships.user[events.membership]
    people = plan.people
    return pa.table(
        {
            "event_id": numbered("e", first_number + np.arange(count), 9),
            "occurred_at": moments(events.moment),
            "user_id": called.users.take(pa.array(user)),
            "event": named(events.event, usage.event_names()),
            "role": named(people.role[user], list(ROLES), rng.random(count) < _NO_ROLE),
            "country": named(people.country[user], _countries(alpha3), rng.random(count) < _NO_COUNTRY),
            "class_id": _of_class(plan, called, events, rng.random(count) < _NO_CLASS),
            "platform": named(events.platform, list(PLATFORMS)),
            "language": named(people.language[user], languages()),
        }
    )


def users_table(plan: Plan, called: Names, rows: Array, with_deletions: bool) -> pa.Table:
    """The feed `users` for some people, as it was before (or after) accounts were deleted."""
    people = plan.people
    kept = people.deleted[rows] == 0
    return pa.table(
        {
            "user_id": called.users.take(pa.array(rows)),
            "role": named(people.role[rows], list(ROLES)),
            "country": named(people.country[rows], _countries(alpha3=False)),
            "created_at": moments(people.created[rows]),
            "language": named(people.language[rows], languages()),
            "deleted_at": moments(people.deleted[rows], kept | (not with_deletions)),
        }
    )


def classes_table(plan: Plan, called: Names, subscriptions: Subscriptions, year: int) -> pa.Table:
    """The feed `classes` for all that lived in a school year, measured at its end."""
    rng = generator(plan.seed, "measures", year)
    term = np.flatnonzero(plan.terms.year == year)
    klass = plan.terms.klass[term]
    held = plan_in_year(plan, subscriptions, year)[klass]
    last = int(rhythm.YEAR_ENDS[year]) - 1
    measured = rhythm.midnights()[last] + rng.integers(0, 86_400 // 2, len(klass))
    archived = rhythm.midnights()[last - 50] + rng.integers(0, 86_400 * 45, len(klass))
    stays = plan.terms.goes_on[term] | (rng.random(len(klass)) > _ARCHIVED) | (last == DAYS - 1)
    members, admins = _headcounts(plan, year)
    return pa.table(
        {
            "class_id": called.classes.take(pa.array(klass)),
            "created_at": moments(plan.classes.created[klass]),
            **_where(plan, klass),
            "slug": pa.array(slugs(plan, klass)),
            "level": named(plan.classes.level[klass], list(LEVELS), klass == plan.classes.team),
            "members": pa.array(_within(members[klass], "members", held)),
            "admins": pa.array(_within(admins[klass], "admins", held)),
            "storage_mb": pa.array(draw_storage_mb(rng, held)),
            "measured_at": moments(measured),
            "archived_at": moments(archived, stays),
        }
    )


def subscriptions_table(plan: Plan, called: Names, held: Subscriptions, rows: Array, told: bool) -> pa.Table:
    """The feed `subscriptions` for some of them, as first signed or, `told`, with what was cancelled since."""
    kept = (held.cancelled[rows] < 0) | (not told)
    updated = np.where(kept, held.starts[rows], held.cancelled[rows])
    paid = ~held.offered[rows]
    confort = held.confort[rows]
    price, confort_price = (offers()[name].to_numpy() for name in ("price_eur", "confort_price_eur"))
    return pa.table(
        {
            "subscription_id": numbered("s", rows + 1, 6),
            "class_id": called.classes.take(pa.array(held.klass[rows])),
            "plan": named(held.plan[rows], list(PLANS)),
            "payer_type": named(held.payer[rows], list(PAYERS)),
            "payer_code": _payer_codes(plan, held, rows),
            "starts_on": days(_dates(held.starts[rows])),
            "ends_on": days(_dates(held.ends[rows])),
            "price_eur": _money(price[held.plan[rows]] * paid),
            "confort_famille": pa.array(confort),
            "confort_price_eur": _money(confort_price[held.plan[rows]] * paid, ~confort),
            "cancelled_on": days(_dates(held.cancelled[rows]), kept),
            "updated_at": moments(rhythm.midnights()[updated] + 43_200),
        }
    )


def in_french(subscriptions: pa.Table) -> pa.Table:
    """The same subscriptions in a French spreadsheet's words: école, oui and non, 29,00."""
    frame = pl.DataFrame(subscriptions).with_columns(
        pl.col("payer_type").cast(pl.String).replace("ecole", "école"),
        pl.when("confort_famille").then(pl.lit("oui")).otherwise(pl.lit("non")).alias("confort_famille"),
        pl.col("price_eur", "confort_price_eur").str.replace(".", ",", literal=True),
    )
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def translations_table(plan: Plan, called: Names, made: Translations, rows: Array, ok: str | None) -> pa.Table:
    """The feed `translations` for some of them; a success is written as `ok`."""
    reader = made.reader[rows]
    user = plan.memberships.user[reader]
    return pa.table(
        {
            "translation_id": numbered("t", rows + 1, 7),
            "translated_at": moments(made.moment[rows]),
            "post_id": numbered("p", made.post[rows] + 1, 7),
            "source_language": named(made.source[rows], languages()),
            "target_language": named(made.target[rows], languages()),
            "class_id": called.classes.take(pa.array(plan.memberships.klass[reader])),
            "user_id": called.users.take(pa.array(user)),
            "country": named(plan.people.country[user], _countries(alpha3=False)),
            "characters": pa.array(made.characters[rows]),
            "status": pa.array(np.where(made.failed[rows], "failed", ok or "")),
        }
    )


def slugs(plan: Plan, klass: Array) -> Array:
    """A name of words for each class, as text; none twice, up to 64³ classes."""
    words = pl.read_csv((files("workbench") / "sample" / "words.csv").read_bytes())
    size = len(words)
    number = klass * 104_729 % size**3  # the factor is odd: a permutation
    first, second, place = (words[column].to_numpy() for column in words.columns)
    slug = first[number % size] + "-et-" + second[number // size % size] + "-" + place[number // size**2]
    return np.where(klass == plan.classes.team, TEAM_SLUG, slug)


def _countries(alpha3: bool) -> list[str]:
    return world().countries["alpha3" if alpha3 else "country"].to_list()


def _of_class(plan: Plan, called: Names, events: usage.Events, missing: Array) -> pa.Array:
    begins = events.event <= 1  # a class created or joined is always named
    klass = pa.array(plan.memberships.klass[events.membership], mask=missing & ~begins)
    return called.classes.take(klass)


def _where(plan: Plan, klass: Array) -> dict[str, pa.Array]:
    places = plan.classes.places
    commune = places.commune[klass]
    region = places.region[klass]
    communes = world().communes
    abroad = commune == ABROAD
    return {
        "country": named(places.country[klass], _countries(alpha3=False)),
        "region": pa.array(region, pa.string(), mask=region == ""),
        "department": pa.array(communes["departement"].to_numpy()[commune], pa.string(), mask=abroad),
        "commune_code": pa.array(communes["code_insee"].to_numpy()[commune], pa.string(), mask=abroad),
    }


def _headcounts(plan: Plan, year: int) -> tuple[Array, Array]:
    """Members and administrators (its teachers) of each class in a school year; the team's class only grows."""
    members = plan.memberships
    now = (members.year == year) | ((members.klass == plan.classes.team) & (members.year < year) & ~members.lead)
    leads = now & (members.lead | ((members.role == TEACHER) & (members.klass != plan.classes.team)))
    count = len(plan.classes.year)
    return np.bincount(members.klass[now], minlength=count), np.bincount(members.klass[leads], minlength=count)


def _within(count: Array, entitlement: str, held: Array) -> Array:
    """Counts as the app allows them: no more than the plan's entitlement."""
    limit = np.where(held >= 0, limits(entitlement)[held], np.inf)
    return np.minimum(count, limit).astype(np.int64)


def _payer_codes(plan: Plan, held: Subscriptions, rows: Array) -> pa.Array:
    """A commune's INSEE code, a school's code; none for a class, which pays through its cooperative."""
    klass, payer = held.klass[rows], np.array(PAYERS)[held.payer[rows]]
    commune = world().communes["code_insee"].to_numpy()[plan.classes.places.commune[klass]]
    school = np.array([f"E{number:06d}" for number in klass + 1], dtype=object)
    return pa.array(np.where(payer == "commune", commune, school), pa.string(), mask=payer == "classe")


def _dates(numbers: Array) -> Array:
    return np.datetime64(rhythm.FIRST_DAY) + numbers


def _money(amounts: Array, missing: Array | None = None) -> pa.Array:
    return pa.array(np.char.mod("%.2f", amounts), pa.string(), mask=missing)
