"""The rows of random exports: people with habits, days with gaps and a clock change, and every way to say a thing.

All chance comes from one `World`, so that a seed gives the same rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

NOW = datetime(2020, 12, 31, 12, tzinfo=UTC)
"""When every run of these exports takes place: after all their instants, save those that are wrong."""

CLOCK_CHANGES = {
    "Europe/Paris": (date(2019, 10, 27), date(2020, 3, 29)),
    "America/New_York": (date(2019, 11, 3), date(2020, 3, 8)),
    "UTC": (date(2019, 10, 27), date(2020, 2, 29)),
}
EVENTS = (
    "sign_in",
    "post_published",
    "post_published",
    "post_viewed",
    "message_sent",
    " Poll_VOTED ",
    "newly_invented",
)
COUNTRIES = ("FR", "FR", "BE", "CH", "RE", "MA")
SPELLINGS = {"FR": ("FR", "fr", "FRA"), "BE": ("BE", "BEL", " be"), "RE": ("RE", "reu"), "MA": ("MA", "Mar")}
ROLES = ("parent", "parent", "parent", "teacher", "student", "staff")
CLASSES = tuple(f"c{number}" for number in range(7))
LANGUAGES = ("fr", "en", "ar", "pt")
PLANS = {"initiale": "29", "Standard": "59,00", "PLUS": "99.00"}
PAYERS = ("commune", "École", "classe")

Cells = dict[str, Any]  # what a row of a file says: text, or an instant the file writes its own way


# ---------------------------------------------------------------- people and days


@dataclass(frozen=True)
class Person:
    user_id: str
    country: str  # empty for one who never says it
    role: str
    days: tuple[date, ...]


@dataclass
class World:
    """The chance, the days and the people all rows are drawn from."""

    rng: Random
    zone: ZoneInfo
    size: int
    days: list[date] = field(init=False)
    night: date = field(init=False)
    people: list[Person] = field(init=False)
    rows_in: dict[bytes, list[Cells]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        rng = self.rng
        self.night = rng.choice(CLOCK_CHANGES[self.zone.key])
        length = rng.choice((rng.randrange(58, 75), rng.randrange(58, 75), rng.randrange(140, 200)))
        first = self.night - timedelta(days=rng.randrange(length // 3, 2 * length // 3))
        silent = {first + timedelta(days=start + more) for start in (9, rng.randrange(45, 55)) for more in range(3)}
        every = [first + timedelta(days=number) for number in range(length)]
        self.days = [day for day in every if day == self.night or day not in silent]
        self.people = [person(self, number) for number in range(40)]

    def sometimes(self, chance: float) -> bool:
        return self.rng.random() < chance

    def instant(self, day: date) -> datetime:
        """An instant of a local day, often near an end of it, where it may be another day elsewhere."""
        hour = self.rng.choice((0, 0, 1, 2, 23, self.rng.randrange(24)))
        clock = time(hour, self.rng.choice((0, 30, self.rng.randrange(60))), self.rng.choice((0, 59)))
        fold, thousandth = self.rng.randrange(2), self.rng.choice((0, 0, 0, 250_000))
        local = datetime.combine(day, clock.replace(fold=fold, microsecond=thousandth), self.zone)
        return local.astimezone(UTC)


def person(world: World, number: int) -> Person:
    rng, days = world.rng, world.days
    habits: tuple[Iterable[date], ...] = (
        rng.sample(days, 12),  # steady
        days[: rng.randrange(1, 14)],  # gone early
        days[rng.randrange(-20, -1) :],  # here since lately
        [*days[:3], *days[-8:]],  # back after more than 28 days
        [rng.choice(days)],  # once
        [*days[5:12], world.night],
    )
    odd_ids = ("u'; drop table users; --", "=1+1", "élève n°3", "u 4 (bis)")
    user_id = odd_ids[number] if number < len(odd_ids) else f"u{number:03}"
    says_nothing = number % 8 == 7
    country, role = ("", "") if says_nothing else (rng.choice(COUNTRIES), rng.choice(ROLES))
    return Person(user_id, country, role, tuple(rng.choice(habits)))


def spelled(world: World, country: str) -> str:
    return world.rng.choice(SPELLINGS.get(country, (country,)))


def said(world: World, usual: str, others: tuple[str, ...], unknown: str) -> str:
    """What a row says of a country or role: mostly the usual, sometimes nothing, something else, or nonsense."""
    if not usual:
        return ""
    return world.rng.choices((usual, "", world.rng.choice(others), unknown), (70, 14, 11, 5))[0]


# ---------------------------------------------------------------- rows


def usage_rows(world: World) -> list[Cells]:
    rows: list[Cells] = []
    while len(rows) < world.size:
        who = world.rng.choice(world.people)
        day = world.night if world.sometimes(0.06) else world.rng.choice(who.days)
        rows.append(event(world, who, world.instant(day), f"e{len(rows):05}"))
        if world.sometimes(0.06):
            rows.append(event(world, who, rows[-1]["occurred_at"], f"e{len(rows):05}"))
    return rows


def event(world: World, who: Person, occurred_at: datetime, event_id: str) -> Cells:
    rng = world.rng
    return {
        "event_id": event_id,
        "occurred_at": occurred_at,
        "user_id": who.user_id,
        "event": rng.choice(EVENTS),
        "role": said(world, who.role, ROLES, "chef"),
        "country": spelled(world, said(world, who.country, COUNTRIES, "Atlantis")),
        "class_id": rng.choices((*CLASSES, ""), (30, 30, 8, 8, 8, 8, 8, 10))[0],
        "platform": rng.choice(("web", "ios", "android", "")),
        "language": rng.choice((*LANGUAGES, "")),
    }


def repeats(world: World, rows: list[Cells]) -> list[Cells]:
    """The ids of some rows once more: the same row, one with another value or hour, one on another day."""
    again = []
    for row in world.rng.sample(rows, len(rows) // 8):
        day = row["occurred_at"].astimezone(world.zone).date()
        other = event(world, world.rng.choice(world.people), row["occurred_at"], row["event_id"])
        changed = said_otherwise(
            world, other, ("event", "role", "country", "class_id", "platform", "language", "user_id")
        )
        again.append(
            world.rng.choice(
                (
                    row,
                    row | changed,
                    row | {"occurred_at": world.instant(day)},
                    row | {"occurred_at": world.instant(day)} | changed,
                    row | {"occurred_at": world.instant(day + timedelta(days=world.rng.choice((-1, 1))))},
                )
            )
        )
    return again


def said_otherwise(world: World, other: Cells, columns: tuple[str, ...]) -> Cells:
    """Another row's values in two neighbouring columns: in the order of ties, each may decide before the other."""
    first = world.rng.randrange(len(columns) - 1)
    return {name: other[name] for name in columns[first : first + 2]}


def users_rows(world: World) -> list[Cells]:
    """Most people, some of them twice, one row of them earlier or at the same instant, with other values."""
    rows = []
    for who in world.people[2:]:
        if who.country or world.sometimes(0.5):
            rows += [
                users_row(world, who, created_at(world, world.days[0])) for _ in range(world.rng.choice((1, 1, 2)))
            ]
        if rows and world.sometimes(0.15):
            rows.append(users_row(world, who, rows[-1]["created_at"]))
    return rows


def created_at(world: World, first: date) -> datetime:
    return world.instant(first + timedelta(days=world.rng.randrange(-90, 60)))


def users_row(world: World, who: Person, created: datetime) -> Cells:
    rng = world.rng
    return {
        "user_id": who.user_id,
        "role": rng.choice((who.role or "staff", rng.choice(ROLES), "Directrice")),
        "country": spelled(world, rng.choice((who.country or "CH", rng.choice(COUNTRIES), "Utopia"))),
        "created_at": created,
        "language": rng.choice((*LANGUAGES, "")),
        "deleted_at": created + timedelta(days=30) if world.sometimes(0.15) else "",
    }


def classes_rows(world: World) -> list[Cells]:
    """Each class measured one to four times; two are busy from their first day."""
    rows: list[Cells] = []
    for number, class_id in enumerate((*CLASSES, "c-empty")):
        created = world.instant(world.days[0] + timedelta(days=world.rng.randrange(-40, 40) if number > 1 else number))
        rows += [classes_row(world, class_id, created) for _ in range(world.rng.randrange(1, 5))]
    return rows


def classes_row(world: World, class_id: str, created: datetime) -> Cells:
    rng = world.rng
    measured = world.instant(world.days[0] + timedelta(days=rng.randrange(5)))
    return {
        "class_id": class_id,
        "created_at": created,
        "country": spelled(world, rng.choice(COUNTRIES)),
        "slug": "teamclassroomfr" if class_id == CLASSES[0] else "la classe\nde CE1",
        "region": rng.choice(("", "Bretagne")),
        "department": rng.choice(("", "75", "2A", "974")),
        "commune_code": rng.choice(("", "75056")),
        "level": rng.choice(("CE1", "")),
        "members": str(rng.randrange(200)),
        "admins": rng.choice(("", "2")),
        "storage_mb": rng.choice(("", "512", "12.5")),
        "measured_at": rng.choice((measured, measured, "")),
        "archived_at": rng.choice(("", "", measured)),
    }


def subscriptions_rows(world: World) -> list[Cells]:
    """For each class a chain of years: renewed, with a gap or an overlap, cancelled, updated by later rows."""
    rows: list[Cells] = []
    for class_id in CLASSES:
        starts_on = world.days[0] - timedelta(days=world.rng.randrange(0, 800))
        for number in range(world.rng.randrange(1, 4)):
            subscription_id = f"s-{class_id}-{number}"
            versions = world.rng.choice((1, 1, 2))
            rows += [subscriptions_row(world, class_id, subscription_id, starts_on) for _ in range(versions)]
            starts_on += timedelta(days=world.rng.choice((0, 30, 100, 365, 365, 395, 425, 426, 440)))
    return rows


def subscriptions_row(world: World, class_id: str, subscription_id: str, starts_on: date) -> Cells:
    rng = world.rng
    plan = rng.choice(tuple(PLANS))
    cancelled_on = starts_on + timedelta(days=rng.choice((-1, 0, 20, 200, 400)))
    write_day: Callable[[date], str] = rng.choice((date.isoformat, french_day))
    return {
        "subscription_id": subscription_id,
        "class_id": class_id,
        "plan": plan,
        "payer_type": rng.choice(PAYERS),
        "starts_on": write_day(starts_on),
        "ends_on": write_day(starts_on + timedelta(days=365)),
        "price_eur": PLANS[plan],
        "payer_code": "75056",
        "confort_famille": rng.choice(("", "oui", "FALSE", "1")),
        "confort_price_eur": rng.choice(("", "30", "50,00")),
        "cancelled_on": write_day(cancelled_on) if world.sometimes(0.3) else "",
        "updated_at": rng.choice((world.instant(world.days[0]), world.instant(world.days[3]), "")),
    }


def french_day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def translations_rows(world: World) -> list[Cells]:
    rows = [translation(world, f"t{number:03}", world.rng.choice(world.days)) for number in range(world.size // 4)]
    columns = (
        "post_id",
        "source_language",
        "target_language",
        "class_id",
        "user_id",
        "country",
        "characters",
        "status",
    )
    for row in world.rng.sample(rows, len(rows) // 4):
        other = translation(world, row["translation_id"], world.rng.choice(world.days))
        rows.append(world.rng.choice((row, other, row | said_otherwise(world, other, columns))))
    tied = world.rng.sample(rows, len(rows) // 10)
    return rows + [
        row | {"translation_id": row["translation_id"] + "b", "country": "CH", "class_id": "c3"} for row in tied
    ]


def translation(world: World, translation_id: str, day: date) -> Cells:
    rng = world.rng
    return {
        "translation_id": translation_id,
        "translated_at": world.instant(day + timedelta(days=rng.choice((0, 0, 0, -80, 20)))),
        "post_id": f"p{rng.randrange(world.size // 8)}",
        "source_language": rng.choice(("fr", "fr", "de")),
        "target_language": rng.choice(("en", "ar", "pt")),
        "class_id": rng.choice((*CLASSES, "")),
        "user_id": rng.choice((rng.choice(world.people).user_id, "")),
        "country": spelled(world, rng.choice(("FR", "RE", "BE", "", "Atlantis"))),
        "characters": rng.choice((str(rng.randrange(900)), "")),
        "status": rng.choice(("ok", "OK", "", "failed")),
    }


def wrong(feed: str, row: Cells) -> list[Cells]:
    """Rows like this one that no reader may accept."""
    required = {"usage": "user_id", "users": "user_id", "translations": "post_id"}.get(feed, "class_id")
    at = {"usage": "occurred_at", "translations": "translated_at", "subscriptions": "updated_at"}.get(
        feed, "created_at"
    )
    bad = ({at: "2020-02-30T08:00:00Z"}, {at: "1999-12-31T23:59:59Z"}, {at: NOW + timedelta(days=2)}, {required: " "})
    return [row | cells for cells in bad]
