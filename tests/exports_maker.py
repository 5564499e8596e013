"""Random small export folders that hold every trouble real exports come with, and the steps in which they arrived.

    made = make_exports(folder, seed=3, size=400)       # writes the files as they are in the end
    for step in made.steps: …                            # files added or replaced, files gone

The same seed gives the same bytes. What a folder holds is measured on the bytes by `exports_cases.cases`, never
assumed from what was meant here.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

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


@dataclass(frozen=True)
class Step:
    """What happens to the folder before one run: files written (new or replaced), then files gone."""

    written: dict[str, bytes]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """A history of exports. Files by path relative to the folder; a file that is gone stays landed."""

    seed: int
    timezone: str
    steps: tuple[Step, ...]

    def landed(self, steps: int | None = None) -> dict[str, bytes]:
        """For each path that ever was there in the first `steps` steps (all by default), its last bytes."""
        files: dict[str, bytes] = {}
        for step in self.steps[:steps]:
            files |= step.written
        return files


def make_exports(folder: Path, seed: int, *, size: int) -> Made:
    """Writes a random folder with about `size` usage events, as it is in the end, and tells how it came to be."""
    rng = Random(seed)
    zone = rng.choice(("Europe/Paris", "Europe/Paris", "Europe/Paris", "America/New_York", "UTC"))
    world = World(rng, ZoneInfo(zone), size)
    made = Made(seed, zone, tuple(history(world)))
    write(folder, made.landed())
    return made


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def apply(step: Step, folder: Path) -> None:
    """Does to the folder what happens in the step."""
    write(folder, step.written)
    for path in step.gone:
        (folder / path).unlink()


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
        "slug": "la classe\nde CE1",
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


# ---------------------------------------------------------------- files


FORMATS = ("csv", "csv.gz", "csv.zst", "tsv", "jsonl", "jsonl.gz", "ndjson", "parquet", "csv", "tsv.gz", "ndjson.zst")
NAMES = ("{feed}/{n}", "{feed}/2020/été n°{n}", '{feed}/l\'export "{n}"', "{feed}/zz {n}", "{feed}/A{n}")


def path_of(world: World, feed: str, number: int) -> str:
    return f"{world.rng.choice(NAMES).format(feed=feed, n=number)}.{world.rng.choice(FORMATS)}"


def instant_writers(zone: ZoneInfo) -> tuple[Callable[[datetime], str], ...]:
    return (
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at.microsecond else at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda at: at.astimezone(zone).isoformat(),
        lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
        lambda at: at.strftime("%d/%m/%Y %H:%M:%S"),
        lambda at: str(int(at.timestamp())),
        lambda at: str(round(at.timestamp() * 1000)),
    )


def file_bytes(world: World, path: str, rows: list[Cells]) -> bytes:
    """The rows as a file of the format its name says, in one of the dresses of that format."""
    data = dressed(world, path, rows)
    world.rows_in[data] = rows
    return data


def dressed(world: World, path: str, rows: list[Cells]) -> bytes:
    rng = world.rng
    suffixes = Path(path).name.split(".")[1:]
    columns = rng.sample(list(rows[0]), len(rows[0]))
    if suffixes[0] == "parquet":
        return parquet_bytes(columns, rows)
    write_instant = rng.choice(instant_writers(world.zone))
    texts = [
        {name: write_instant(row[name]) if isinstance(row[name], datetime) else row[name] for name in columns}
        for row in rows
    ]
    data = csv_bytes(world, suffixes[0], columns, texts) if suffixes[0] in ("csv", "tsv") else json_bytes(world, texts)
    return packed(suffixes[-1], data)


def packed(suffix: str, data: bytes) -> bytes:
    if suffix == "gz":
        return gzip.compress(data, mtime=0)
    return zstandard.compress(data) if suffix == "zst" else data


def csv_bytes(world: World, suffix: str, columns: list[str], rows: list[Cells]) -> bytes:
    rng = world.rng
    with_unknown_column = [*columns, "établissement"] if world.sometimes(0.5) else columns
    text = io.StringIO(newline="")
    delimiter = "\t" if suffix == "tsv" else rng.choice(",;")
    out = csv.writer(text, delimiter=delimiter, lineterminator=rng.choice(("\n", "\r\n")))
    out.writerow(with_unknown_column)
    for row in rows:
        out.writerow([row.get(name, "École Louvre") for name in with_unknown_column])
    if world.sometimes(0.2):
        out.writerow(["too", "short"])
    choices = ("utf-8", "utf-8-sig", "utf-16")
    return text.getvalue().encode(rng.choice((*choices, "cp1252") if with_unknown_column is not columns else choices))


def json_bytes(world: World, rows: list[Cells]) -> bytes:
    """One object a line; empty values are null or left out, whole numbers sometimes numbers."""
    as_number = world.sometimes(0.5)
    lines = []
    for row in rows:
        cells = {name: text or None for name, text in row.items() if text or world.sometimes(0.5)}
        numbers = {name: int(text) for name, text in cells.items() if text and text.isdigit() and text[0] != "0"}
        lines.append(json.dumps(cells | numbers if as_number else cells, ensure_ascii=world.sometimes(0.5)))
    return ("\n".join(lines) + world.rng.choice(("", "\n"))).encode()


def parquet_bytes(columns: list[str], rows: list[Cells]) -> bytes:
    """Instants typed where all of a column are; the rest is text."""
    arrays = {}
    for name in columns:
        values = [row[name] or None for row in rows]
        typed = all(isinstance(value, datetime) for value in values if value)
        texts = [value if not isinstance(value, datetime) else value.isoformat() for value in values]
        arrays[name] = pa.array(values, pa.timestamp("us", "UTC")) if typed else pa.array(texts, pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()


# ---------------------------------------------------------------- history


Arrivals = list[dict[str, bytes]]  # what is written before each run


def history(world: World) -> list[Step]:
    """Usage arrives more or less by date, the rest at any time; then files are replaced, copied, spoilt and removed."""
    rng = world.rng
    arrivals: Arrivals = [{} for _ in range(rng.randrange(4, 7))]
    contents: dict[str, list[Cells]] = {}
    first_usage = rng.choice((0, 0, 1))
    for feed, parts in feeds(world).items():
        for number, rows in enumerate(parts):
            path, at = path_of(world, feed, number), rng.randrange(len(arrivals))
            if feed == "usage":
                at = max(first_usage, number * len(arrivals) // len(parts) if world.sometimes(0.8) else at)
            contents[path] = rows
            arrivals[at][path] = file_bytes(world, path, rows)
    replace(world, arrivals, contents)
    copy(world, arrivals)
    spoil(world, arrivals, contents)
    if world.sometimes(0.5):
        first, last = world.days[:3], world.days[-3:]
        arrivals.append(days_taken_back(world, arrivals, {*rng.choice((first, last, first + last))}))
    return [Step(written, gone) for written, gone in zip(arrivals, vanishing(world, arrivals), strict=True)]


def feeds(world: World) -> dict[str, list[list[Cells]]]:
    """The rows of each file of each feed; now and then a feed is not exported at all."""
    made = {
        "usage": usage_files(world),
        "users": parts(world, users_rows(world), 3),
        "classes": parts(world, classes_rows(world), 2),
        "subscriptions": parts(world, subscriptions_rows(world), 2),
        "translations": parts(world, translations_rows(world), 3),
    }
    absent = world.rng.choice(("users", "users", "translations", "classes", "subscriptions", "", "", "", "", ""))
    return {feed: [spiced(world, feed, rows) for rows in files] for feed, files in made.items() if feed != absent}


def parts(world: World, rows: list[Cells], number: int) -> list[list[Cells]]:
    """The rows dealt at random to a number of files."""
    dealt: list[list[Cells]] = [[] for _ in range(number)]
    for place, row in enumerate(rows):
        dealt[place if place < number else world.rng.randrange(number)].append(row)
    return dealt


def usage_files(world: World) -> list[list[Cells]]:
    """Files by date, but: some rows are late, some people's first days too, ids repeat, and the order is lost.

    The last but one is spared: a file of recent days alone re-opens no others.
    """
    rng, rows = world.rng, usage_rows(world)
    number = rng.randrange(4, 7)
    late_people = set(rng.sample([who.user_id for who in world.people], 5))
    files: list[list[Cells]] = [[] for _ in range(number)]
    for row in rows:
        place = (row["occurred_at"].date() - world.days[0]).days * number // ((world.days[-1] - world.days[0]).days + 2)
        is_late = world.sometimes(0.06) or (row["user_id"] in late_people and place == 0)
        files[number - 1 if is_late else max(place, 0)].append(row)
    for row in repeats(world, rows):
        rng.choice([*files[:-2], files[-1]]).append(row)
    by_instant = [sorted(file, key=lambda row: row["occurred_at"]) for file in files if file]
    return [rng.sample(file, len(file)) if world.sometimes(0.6) else file for file in by_instant]


def spiced(world: World, feed: str, rows: list[Cells]) -> list[Cells]:
    """The rows with a few wrong ones among them, too few to have the file refused."""
    bad = [world.rng.choice(wrong(feed, row)) for row in rows if world.sometimes(0.02)]
    spots = {world.rng.randrange(len(rows)): row for row in bad}
    return [each for place, row in enumerate(rows) for each in ((row, spots[place]) if place in spots else (row,))]


def replace(world: World, arrivals: Arrivals, contents: dict[str, list[Cells]]) -> None:
    """One file of each feed comes again under its path: with fewer rows, or with some of another file's."""
    for feed in ("usage", "users", "classes", "subscriptions", "translations"):
        paths = [path for path in contents if path.startswith(f"{feed}/") and path not in arrivals[-1]]
        if paths and world.sometimes(0.8):
            path, other = world.rng.choice(paths), world.rng.choice(paths)
            kept = [row for row in contents[path] if world.sometimes(0.6)]
            rows = [*kept, *world.rng.sample(contents[other], min(5, len(contents[other])))]
            arrivals[after(world, arrivals, path)][path] = file_bytes(world, path, rows)


def after(world: World, arrivals: Arrivals, path: str) -> int:
    """A step later than the first one that writes the path."""
    return world.rng.randrange(1 + next(at for at, written in enumerate(arrivals) if path in written), len(arrivals))


def copy(world: World, arrivals: Arrivals) -> None:
    """Two files once more under another path: one that sorts after the first, and one that sorts before it."""
    for name in ("zzz copy", "0 copy"):
        at = world.rng.randrange(len(arrivals) - 1)
        for path in world.rng.sample(sorted(arrivals[at]), min(1, len(arrivals[at]))):
            feed, suffixes = path.split("/")[0], Path(path).name.partition(".")[2]
            arrivals[world.rng.randrange(at, len(arrivals))][f"{feed}/{name}.{suffixes}"] = arrivals[at][path]


def spoil(world: World, arrivals: Arrivals, contents: dict[str, list[Cells]]) -> None:
    """Refused files, some of them repaired later; and now and then a good file replaced by a refused one."""
    rng = world.rng
    rows = rng.sample(contents[next(iter(contents))], 20)
    rotten = [*rows, *(wrong("usage", row)[number % 4] for number, row in enumerate(rows[:12]))]
    refused = {
        "usage/vide.csv": b"",
        "usage/cut.csv.gz": gzip.compress(csv_bytes(world, "csv", list(rows[0]), texts_of(rows)), mtime=0)[:-9],
        "usage/nokey.csv": b"occurred_at,user_id,event\n2020-01-01T00:00:00Z,u001,sign_in\n",
        "usage/rotten.jsonl": file_bytes(world, "usage/rotten.jsonl", rotten),
    }
    for path, data in refused.items():
        at = rng.randrange(len(arrivals) - 1)
        arrivals[at][path] = data
        if world.sometimes(0.3):
            arrivals[rng.randrange(at + 1, len(arrivals))][path] = file_bytes(world, path, rows)
    early = sorted({path for written in arrivals[:-1] for path in written if path in contents} - set(arrivals[-1]))
    if early and world.sometimes(0.4):
        arrivals[-1][rng.choice(early)] = b""


def days_taken_back(world: World, arrivals: Arrivals, days: set[date]) -> dict[str, bytes]:
    """Every usage file that reaches into these days once more, without them."""
    landed = {path: data for written in arrivals for path, data in written.items() if path.startswith("usage/")}
    rewritten = {}
    for path, data in landed.items():
        rows = world.rows_in.get(data, [])
        kept = [row for row in rows if local_day(world, row["occurred_at"]) not in days]
        if len(kept) < len(rows):
            rewritten[path] = file_bytes(world, path, kept or rows[:1])
    return rewritten


def local_day(world: World, occurred_at: datetime | str) -> date | None:
    return occurred_at.astimezone(world.zone).date() if isinstance(occurred_at, datetime) else None


def texts_of(rows: list[Cells]) -> list[Cells]:
    return [{name: str(value) for name, value in row.items()} for row in rows]


def vanishing(world: World, arrivals: Arrivals) -> list[tuple[str, ...]]:
    """For each step, the files that go: one that is never written again, in the last step or the one before."""
    gone: list[tuple[str, ...]] = [() for _ in arrivals]
    at = len(arrivals) - world.rng.choice((1, 2))
    rewritten = {path for written in arrivals[at:] for path in written}
    before = sorted({path for written in arrivals[:at] for path in written} - rewritten)
    gone[at] = (world.rng.choice(before),) if before else ()
    return gone
