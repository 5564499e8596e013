"""What a history of exports really holds, measured on its bytes: which troubles of real exports are in it.

`cases(made)` counts them; `CASES` are those the equivalence tests must have met over the seeds they use.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from exports_maker import Made
from exports_rows import NOW
from oracle import Truth, end_of, is_renewal, work_out
from oracle_reading import ReadFile, Row, read_files

CASES = {
    # files
    "usage split over files",
    "rows out of order",
    "refused file",
    "copy",
    "copy under a lesser path",
    "rejected rows",
    "file replaced",
    "refused file repaired",
    "good file replaced by a refused one",
    "file gone",
    "run without usage",
    *(f"format {name}" for name in ("csv", "tsv", "jsonl", "ndjson", "parquet", "gz", "zst")),
    *(f"encoding {name}" for name in ("utf-8", "utf-8-sig", "utf-16", "cp1252")),
    # ids
    "row repeated in a file",
    "row repeated in another file",
    "duplicate with other values in another file",
    "duplicate at another instant in another file",
    "duplicate replaces the row of an earlier run",
    "same id on another day",
    "translation twice",
    # time
    "late row",
    "only days later than the 56th change",
    "late first event",
    "day loaded late",
    "last day taken back",
    "first day taken back",
    "unloaded day in the middle",
    "event in the night of a clock change",
    "event in the hour that comes twice",
    "day differs from the UTC day",
    # country and role
    *(
        f"{name} {trouble}"
        for name in ("country", "role")
        for trouble in ("changes", "changes within a day", "tied at an instant", "empty", "unrecognised", "from users")
    ),
    "overseas country",
    "country and role unknown",
    "earliest users row changes",
    "users rows tied at an instant",
    # the rest
    "class measured again",
    "class measured earlier by a later file",
    "class activated",
    "class measured at no instant",
    "subscription updated",
    "subscription renewed",
    "subscription never lived",
    "post translated into several languages",
    "translations tied at an instant",
    "translation after data_until",
    "users without feed",
    *(f"growth {name}" for name in ("new", "retained", "resurrected", "churned")),
}


def cases(made: Made) -> Counter[str]:
    """How often each case is in the history; a name not in `CASES` is a mistake in here."""
    zone = ZoneInfo(made.timezone)
    landed = [made.landed(steps) for steps in range(1, len(made.steps) + 1)]
    states = [read_files(files, NOW) for files in landed]
    usage, users = rows_of(states[-1], "usage", zone), rows_of(states[-1], "users", zone)
    found = Counter(in_files(landed[-1], states[-1]))
    found.update(in_steps(made, states))
    found.update(in_arrivals([rows_of(state, "usage", zone) for state in states]))
    found.update(in_users_arrivals([rows_of(state, "users", zone) for state in states]))
    found.update(in_ids(usage))
    found.update(in_time(usage, zone))
    for name, unrecognised in (("country", "ZZ"), ("role", "other")):
        found.update(in_segments(usage, users, name, unrecognised))
    found.update(in_current_state(states, zone))
    found.update(in_figures(work_out(landed[-1], timezone=made.timezone, key=any_key, landed_at=NOW)))
    if unknown := set(found) - CASES:
        raise KeyError(f"not in CASES: {sorted(unknown)}")
    return found


def any_key(kind: str, raw_id: str) -> int:
    """A key for each id; here it does not matter which."""
    return int.from_bytes(f"{kind} {raw_id}".encode(), signed=True)


INSTANTS = {"usage": "occurred_at", "translations": "translated_at", "users": "created_at", "classes": "created_at"}


def rows_of(state: list[ReadFile], feed: str, zone: ZoneInfo) -> list[Row]:
    """The feed's rows in the files that count, each with its local `day` where it has an instant."""
    rows = [row for file in state if file.feed == feed for row in file.rows]
    if feed not in INSTANTS:
        return rows
    return [row | {"day": row[INSTANTS[feed]].astimezone(zone).date()} for row in rows]


def groups(rows: Iterable[Row], *columns: str) -> Mapping[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in columns)].append(row)
    return found


def values(row: Row) -> tuple[Any, ...]:
    """What the row says, wherever it stands."""
    return tuple(value for name, value in row.items() if name not in ("path", "line"))


# ---------------------------------------------------------------- files and steps


def in_files(landed: Mapping[str, bytes], state: list[ReadFile]) -> Iterator[str]:
    if sum(file.feed == "usage" and file.status == "landed" for file in state) > 2:
        yield "usage split over files"
    for file in state:
        yield from (f"format {part}" for part in Path(file.path).name.split(".")[1:])
        yield from {"refused": ["refused file"], "copy": ["copy"]}.get(file.status, [])
        if file.rejected:
            yield "rejected rows"
        if file.feed == "usage" and [row["occurred_at"] for row in file.rows] != sorted(
            row["occurred_at"] for row in file.rows
        ):
            yield "rows out of order"
        if Path(file.path).suffix in (".csv", ".tsv") and file.status == "landed":
            yield f"encoding {encoding(landed[file.path])}"


def encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"


def in_steps(made: Made, states: list[list[ReadFile]]) -> Iterator[str]:
    """What happens to a path from one run to the next."""
    yield from ("file gone" for step in made.steps for _ in step.gone)
    yield from (
        "run without usage" for state in states if not any(file.feed == "usage" and file.rows for file in state)
    )
    for before, after in pairwise({file.path: file for file in state} for state in states):
        for path in before.keys() & after.keys():
            if before[path].sha256 != after[path].sha256:
                yield "file replaced"
            was, now = before[path].status, after[path].status
            yield from [CHANGES[was, now]] if (was, now) in CHANGES else []


CHANGES = {
    ("refused", "landed"): "refused file repaired",
    ("landed", "refused"): "good file replaced by a refused one",
    ("landed", "copy"): "copy under a lesser path",
}


# ---------------------------------------------------------------- ids


def in_ids(usage: list[Row]) -> Iterator[str]:
    """Usage rows that share an id."""
    for rivals in groups(usage, "event_id", "day").values():
        for one, other in pairwise(sorted(rivals, key=lambda row: (row["path"], row["line"]))):
            where = "another file" if one["path"] != other["path"] else "a file"
            if values(one) == values(other):
                yield f"row repeated in {where}"
            elif where == "another file":
                same_instant = one["occurred_at"] == other["occurred_at"]
                yield f"duplicate {'with other values' if same_instant else 'at another instant'} in another file"
    for same_id in groups(usage, "event_id").values():
        if len({row["day"] for row in same_id}) > 1:
            yield "same id on another day"


# ---------------------------------------------------------------- from one run to the next


def in_arrivals(runs: list[list[Row]]) -> Iterator[str]:
    """What the usage rows of one run do to those of the runs before."""
    for before, after in pairwise(runs):
        known = {values(row) for row in before}
        news = [row for row in after if values(row) not in known]
        if before and after:
            yield from lateness(before, after, news)
            yield from replacements(before, news)


def lateness(before: list[Row], after: list[Row], news: list[Row]) -> Iterator[str]:
    last_day = max(row["day"] for row in before)
    first_days = {user: min(row["day"] for row in own) for (user,), own in groups(before, "user_id").items()}
    loaded = {row["day"] for row in before}
    for row in news:
        if row["day"] < last_day:
            yield "late row"
        if row["day"] < first_days.get(row["user_id"], row["day"]):
            yield "late first event"
        if min(loaded) < row["day"] < last_day and row["day"] not in loaded:
            yield "day loaded late"
    if max(row["day"] for row in after) < last_day:
        yield "last day taken back"
    if min(row["day"] for row in after) > min(loaded):
        yield "first day taken back"
    same = {values(row) for row in before} & {values(row) for row in after}
    changed = [row["day"] for row in [*before, *after] if values(row) not in same]
    if changed and min(changed) > min(loaded) + timedelta(days=56):
        yield "only days later than the 56th change"


def replacements(before: list[Row], news: list[Row]) -> Iterator[str]:
    earliest = {each: min(row["occurred_at"] for row in own) for each, own in groups(before, "event_id", "day").items()}
    for row in news:
        if row["occurred_at"] < earliest.get((row["event_id"], row["day"]), row["occurred_at"]):
            yield "duplicate replaces the row of an earlier run"


def in_users_arrivals(runs: list[list[Row]]) -> Iterator[str]:
    """The row a user's country and role fall back on is another one after a run."""
    for before, after in pairwise(first_rows(run) for run in runs):
        for user in before.keys() & after.keys():
            if (before[user]["country"], before[user]["role"]) != (after[user]["country"], after[user]["role"]):
                yield "earliest users row changes"


def first_rows(users: list[Row]) -> dict[str, Row]:
    own = groups(users, "user_id")
    return {
        user: min(rows, key=lambda row: (row["created_at"], row["path"], row["line"])) for (user,), rows in own.items()
    }


# ---------------------------------------------------------------- time


def in_time(usage: list[Row], zone: ZoneInfo) -> Iterator[str]:
    days = {row["day"] for row in usage}
    if len(days) < (max(days) - min(days)).days + 1:
        yield "unloaded day in the middle"
    for row in usage:
        local: datetime = row["occurred_at"].astimezone(zone)
        if is_clock_change(row["day"], zone) and local.hour < 4:
            yield "event in the night of a clock change"
        if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            yield "event in the hour that comes twice"
        if row["occurred_at"].date() != row["day"]:
            yield "day differs from the UTC day"


def is_clock_change(day: date, zone: ZoneInfo) -> bool:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return midnight.utcoffset() != (midnight + timedelta(days=1)).utcoffset()


# ---------------------------------------------------------------- country and role


def in_segments(usage: list[Row], users: list[Row], name: str, unrecognised: str) -> Iterator[str]:
    """What is said of the users' country or role."""
    for own in groups(usage, "user_id").values():
        if len({row[name] for row in own if row[name]}) > 1:
            yield f"{name} changes"
    for own in groups(usage, "user_id", "day").values():
        if len({row[name] for row in own if row[name]}) > 1:
            yield f"{name} changes within a day"
        if own[0]["user_id"] in first_rows(users) and not any(row[name] for row in own):
            yield f"{name} from users"
    for tied in groups(usage, "user_id", "occurred_at").values():
        if len({row[name] for row in tied if row[name]}) > 1:
            yield f"{name} tied at an instant"
    yield from (f"{name} empty" for row in usage if row[name] is None)
    yield from (f"{name} unrecognised" for row in usage if row[name] == unrecognised)
    yield from ("overseas country" for row in usage if row["territory"])


# ---------------------------------------------------------------- current state and figures


def in_current_state(states: list[list[ReadFile]], zone: ZoneInfo) -> Iterator[str]:
    """Rows of the same user, class, subscription or translation."""
    for own in groups(rows_of(states[-1], "users", zone), "user_id", "created_at").values():
        if len({(row["country"], row["role"]) for row in own}) > 1:
            yield "users rows tied at an instant"
    for own in groups(rows_of(states[-1], "classes", zone), "class_id").values():
        measures = [row["measured_at"] for row in sorted(own, key=lambda row: (row["path"], row["line"]))]
        yield from ["class measured again"] if len({*measures} - {None}) > 1 else []
        yield from ["class measured at no instant"] if None in measures else []
        known = [measure for measure in measures if measure]
        yield from ["class measured earlier by a later file"] if known != sorted(known) else []
    for own in groups(rows_of(states[-1], "translations", zone), "translation_id", "day").values():
        yield from ["translation twice"] if len(own) > 1 else []
    yield from in_subscriptions(rows_of(states[-1], "subscriptions", zone))
    yield from in_translations(rows_of(states[-1], "translations", zone), rows_of(states[-1], "usage", zone))


def in_subscriptions(rows: list[Row]) -> Iterator[str]:
    for own in groups(rows, "subscription_id").values():
        yield from ["subscription updated"] if len({row["updated_at"] for row in own}) > 1 else []
    for siblings in groups(rows, "class_id").values():
        for row in siblings:
            yield from ["subscription never lived"] if end_of(row) <= row["starts_on"] else []
            yield from ["subscription renewed"] if is_renewal(row, siblings) else []


def in_translations(rows: list[Row], usage: list[Row]) -> Iterator[str]:
    good = [row for row in rows if row["status"] != "failed"]
    for own in groups(good, "post_id").values():
        yield from (
            ["post translated into several languages"] if len({row["target_language"] for row in own}) > 1 else []
        )
        first = min(row["translated_at"] for row in own)
        tied = {(row["country"], row["class_id"]) for row in own if row["translated_at"] == first}
        yield from ["translations tied at an instant"] if len(tied) > 1 else []
    last_day = max(row["day"] for row in usage)
    yield from ("translation after data_until" for row in rows if row["day"] > last_day)


def in_figures(truth: Truth) -> Iterator[str]:
    """What shows only in the results."""
    for _, _, _, *counts in truth.tables["growth"]:
        names = ("new", "retained", "resurrected", "churned")
        yield from (f"growth {name}" for name, count in zip(names, counts, strict=True) if count)
    yield from ("class activated" for row in truth.tables["classes"] if row[-1])
    yield from ("country and role unknown" for row in truth.tables["user_day"] if row[2:4] == ("ZZ", "other"))
    if not any(row[0] == "users" for row in truth.tables["files"]):
        yield "users without feed"
