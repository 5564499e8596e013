"""Random small export folders that hold every trouble real exports come with, and the steps in which they arrived.

    made = make_exports(folder, seed=3, size=400)       # writes the files as they are in the end
    for step in made.steps: …                            # files added or replaced, files gone

The same seed gives the same bytes. What a folder holds is measured on the bytes by `exports_cases.cases`, never
assumed from what was meant here.
"""

import gzip
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from exports_files import csv_bytes, file_bytes, path_of
from exports_rows import (
    Cells,
    World,
    classes_rows,
    repeats,
    subscriptions_rows,
    translations_rows,
    usage_rows,
    users_rows,
    wrong,
)


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
