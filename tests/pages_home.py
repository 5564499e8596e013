"""A small school world for the pages: its exports, and what must be seen of them, counted from the files row by row.

`write_exports(folder)` writes the five feeds; `Truth(folder)` reads the files back with nothing but `csv` and counts
as design.md defines. The world has a small country (LU, 3 users) and a small role (staff, 2), two school years, a
gap of days that no file holds, classes that come alive and some that do not.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from built_once import once
from tiny import USAGE, USERS, days, etl, write_csv

FIRST_SPAN = days(date(2019, 12, 2), 14)
SECOND_SPAN = days(date(2020, 9, 1), 105)
SMALL_COUNTRY, SMALL_ROLE = "LU", "staff"

CLASSES = "class_id,created_at,country,department,members,archived_at".split(",")
TRANSLATIONS = "translation_id,translated_at,post_id,source_language,target_language,country,characters,status".split(
    ","
)
SUBSCRIPTIONS = "subscription_id,class_id,plan,payer_type,starts_on,ends_on,price_eur,confort_famille".split(",")

Row = dict[str, str]


def _people() -> list[tuple[str, str, str]]:
    """Every user with role and country."""
    countries = ["FR"] * 60 + ["BE"] * 12 + ["CH"] * 6 + [SMALL_COUNTRY] * 3
    roles = ["parent"] * 50 + ["teacher"] * 20 + [SMALL_ROLE] * 2 + ["student"] * 9
    return [(f"u{n}", role, country) for n, (country, role) in enumerate(zip(countries, reversed(roles), strict=True))]


def write_exports(source: Path, seed: int = 1) -> Path:
    """The exports of the small world. The same seed writes the same bytes."""
    chance = Random(seed)
    people = _people()
    write_csv(source / "users" / "users.csv", [*USERS, "deleted_at"], list(_users(people)))
    write_csv(source / "usage" / "2019.csv", USAGE, list(_usage(people[:40], FIRST_SPAN, chance)))
    write_csv(source / "usage" / "2020.csv", USAGE, [*_usage(people, SECOND_SPAN, chance), *_lively_class(people)])
    write_csv(source / "classes" / "classes.csv", CLASSES, list(_classes()))
    write_csv(source / "translations" / "translations.csv", TRANSLATIONS, list(_translations(chance)))
    write_csv(source / "subscriptions" / "subscriptions.csv", SUBSCRIPTIONS, list(_subscriptions()))
    return source


def _users(people: list[tuple[str, str, str]]) -> Iterator[tuple[str, ...]]:
    for number, (user, role, country) in enumerate(people):
        created = FIRST_SPAN[0] if number < 40 else SECOND_SPAN[number - 40]
        yield user, role, country, f"{created}T08:00:00Z", "2020-11-02T08:00:00Z" if number % 17 == 3 else ""


def _usage(people: list[tuple[str, str, str]], span: list[date], chance: Random) -> Iterator[tuple[str, ...]]:
    """Weekdays are busier; a quarter stays away in autumn, a fifth leaves for good, and the first comes every day."""
    for day in span:
        for number, (user, role, country) in enumerate(people):
            away = number % 4 == 1 and date(2020, 9, 25) <= day <= date(2020, 11, 12)
            gone = number % 5 == 2 and day > date(2020, 10, 20)
            comes = chance.random() < (0.1 if day.weekday() < 5 else 0.03)
            if number == 0 or (comes and not away and not gone):
                yield f"{day}-{user}", f"{day}T10:00:00Z", user, "post_viewed", role, country, ""


def _lively_class(people: list[tuple[str, str, str]]) -> Iterator[tuple[str, ...]]:
    """Eleven users and four posts in the first week of the class `alive`."""
    for user, role, country in people[20:31]:
        yield f"alive-{user}", "2020-09-08T10:00:00Z", user, "class_joined", role, country, "alive"
    for number in range(4):
        yield (
            f"post-{number}",
            f"2020-09-{9 + number:02}T10:00:00Z",
            people[20][0],
            "post_published",
            *people[20][1:],
            "alive",
        )


def _classes() -> Iterator[tuple[str, ...]]:
    yield "old", "2019-12-03T08:00:00Z", "FR", "75", "20", "2020-07-04T08:00:00Z"
    yield "alive", "2020-09-07T08:00:00Z", "FR", "69", "25", ""
    yield "quiet", "2020-09-14T08:00:00Z", "FR", "78", "4", ""
    yield "fresh", "2020-12-10T08:00:00Z", "FR", "78", "2", ""
    yield "belgian", "2020-10-05T08:00:00Z", "BE", "", "9", ""


def _translations(chance: Random) -> Iterator[tuple[str, ...]]:
    pairs = [("fr", "ar"), ("fr", "en"), ("fr", "pt"), ("en", "fr")]
    for number in range(120):
        day = SECOND_SPAN[number % len(SECOND_SPAN)]
        status = "failed" if number % 11 == 0 else "ok"
        post, country = f"p{number // 3}", "BE" if number % 9 == 0 else "FR"
        yield f"t{number}", f"{day}T11:00:00Z", post, *chance.choice(pairs), country, str(50 + number), status


def _subscriptions() -> Iterator[tuple[str, ...]]:
    yield "s1", "alive", "plus", "commune", "2020-09-10", "2021-09-10", "99", "false"
    yield "s2", "quiet", "standard", "ecole", "2020-09-20", "2021-09-20", "59", "false"
    yield "s3", "old", "initiale", "classe", "2019-09-10", "2020-09-10", "29", "false"


def _build(folder: Path) -> None:
    etl(folder / "home", write_exports(folder / "source"))


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of the small world in `source`, and in `home` their build, which all workers share: nobody writes."""
    return once(tmp_path_factory, "small_world", _build)


class Truth:
    """What the pages must say of an export folder. Countries and roles of a user never change in these exports."""

    def __init__(self, source: Path) -> None:
        self.usage = _rows(source / "usage")
        self.users = _rows(source / "users")
        self.classes = _rows(source / "classes")
        self.translations = _rows(source / "translations")
        self.until = max(_day(row["occurred_at"]) for row in self.usage)

    def active(self, window_days: int, on: date | None = None, **cut: str) -> set[str]:
        """Users with an event in so many days up to a day (default: the last)."""
        last = on or self.until
        first = last - timedelta(days=window_days - 1)
        return {row["user_id"] for row in self.usage if first <= _day(row["occurred_at"]) <= last and _fits(row, cut)}

    def growth(self, on: date) -> dict[str, int]:
        """The four numbers of growth accounting on a day."""
        now, before = self.active(28, on), self.active(28, on - timedelta(days=28))
        ever = {row["user_id"] for row in self.usage if _day(row["occurred_at"]) <= on - timedelta(days=28)}
        return {
            "new": len(now - ever),
            "retained": len(now & before),
            "resurrected": len((now - before) & ever),
            "churned": len(before - now),
        }

    def living(self, **cut: str) -> int:
        """Users whose account is not deleted."""
        return sum(not row["deleted_at"] and _fits(row, cut) for row in self.users)

    def created(self, since: date, until: date) -> list[str]:
        """Classes created in a period."""
        return [row["class_id"] for row in self.classes if since <= _day(row["created_at"]) <= until]

    def activated(self) -> list[str]:
        """Classes with 10 users and 3 posts within 14 days of their creation."""
        return [row["class_id"] for row in self.classes if self._came_alive(row["class_id"], _day(row["created_at"]))]

    def translated(self) -> Counter[tuple[str, str]]:
        """Successful translations by pair of languages."""
        return Counter((r["source_language"], r["target_language"]) for r in self.translations if r["status"] == "ok")

    def translated_posts(self) -> int:
        """Posts with a successful translation."""
        return len(self.translated_by(self.until))

    def translated_by(self, last: date) -> set[str]:
        """Posts with a successful translation up to a day."""
        done = (row for row in self.translations if row["status"] == "ok")
        return {row["post_id"] for row in done if _day(row["translated_at"]) <= last}

    def failures(self) -> int:
        """Failed translations."""
        return sum(row["status"] == "failed" for row in self.translations)

    def _came_alive(self, class_id: str, born: date) -> bool:
        early = [
            row
            for row in self.usage
            if row["class_id"] == class_id and born <= _day(row["occurred_at"]) < born + timedelta(days=14)
        ]
        posts = sum(row["event"] == "post_published" for row in early)
        return len({row["user_id"] for row in early}) >= 10 and posts >= 3


def _rows(folder: Path) -> list[Row]:
    found: list[Row] = []
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            found += list(csv.DictReader(text))
    return found


def _fits(row: Row, cut: dict[str, str]) -> bool:
    return all(row[column] == value for column, value in cut.items())


def _day(instant: str) -> date:
    """Every instant of these exports lies in the middle of a day, in Paris as in UTC."""
    return date.fromisoformat(instant[:10])


def in_french(numbers: Iterable[int]) -> list[str]:
    """Whole numbers as a French page writes them."""
    return [f"{number:,}".replace(",", "\u202f") for number in numbers]
