"""Writing one draft build: the facts of the days that are re-opened, the windows that follow, then every model."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from workbench.etl import described, inputs, lake
from workbench.etl.arrays import empty, table
from workbench.etl.build import News, read_models, run_models
from workbench.etl.catalog import Catalog, file_lines, save
from workbench.etl.codes import ints, stated_ints
from workbench.etl.copied import Copied, none_copied, save_digest
from workbench.etl.days import as_number
from workbench.etl.people import HISTORY, NEVER, STATE, Span
from workbench.etl.progress import Progress
from workbench.etl.publish import Home
from workbench.etl.rolling import Rolled, roll
from workbench.etl.runs import save_runs
from workbench.etl.users import FOLDED, changed_origins, fold
from workbench.warehouse import Run

BEGINNING = date(1, 1, 1)
CLASS_REACH = timedelta(days=27)
"""A day decides of the classes made up to 13 days before (activations), and of 28-day milestones that hold it."""

ROLLED = frozenset(f"roll_{name}" for name in ("active_users", "growth", "retention", "features", "first_uses")) | {
    "lake_class_user"
}
ALWAYS = frozenset({"landed_files", "landed_rejects", "landed_drift"}) | {
    f"this_{name}" for name in ("build", "dictionary", "checks", "lineage")
}
ORIGINS = ["user_key", "origin_country", "origin_role"]
BY_FEED = {
    "users": "current_users",
    "classes": "current_classes",
    "subscriptions": "current_subscriptions",
    "translations": "settled_translations",
}


@dataclass(frozen=True)
class Change:
    """What a run has landed: the catalog before and after, and whether everything is to be made anew.

    `runs` are those before, the oldest first; `copied` is what the ledger lends, None where that is as it was.
    """

    before: Catalog
    after: Catalog
    fresh: bool
    code: str
    now: datetime
    reject_limit: float
    landing_seconds: float
    runs: tuple[Run, ...]
    copied: Copied | None

    def of(self, feed: str) -> bool:
        """Whether what counts of a feed has changed."""
        return self.fresh or _counting(self.before, feed) != _counting(self.after, feed)


def _counting(catalog: Catalog, feed: str) -> dict[str, str]:
    """Path → lake file, for the contents that count."""
    return {path: catalog.parts[feed, sha].file for sha, path in catalog.live(feed).items()}


def write_draft(home: Home, build_id: str, path: Path, change: Change, progress: Progress) -> int:
    """Write the build; gives the number of days re-opened. Completes `change.after` with the facts it wrote.

    Raises ModelInvalid, ChecksFailed.
    """
    with closing(inputs.connect(path, home.timezone, path.with_suffix(".spill"))) as con:
        began = time.perf_counter()
        draft = _Draft(home, con, change)
        news = draft.derive(progress)
        counted = time.perf_counter()
        draft.give_the_rest(build_id)
        run_models(con, draft.models, news, draft.since)
        draft.note()
        seconds = (change.landing_seconds, counted - began, time.perf_counter() - counted)
        save_runs(con, [*change.runs, Run(build_id, change.now, change.fresh, len(draft.days), *seconds)])
        con.execute("checkpoint made")
    return len(draft.days)


class _Draft:
    """The steps of a draft, in the order `derive`, `give_the_rest`, `note`."""

    def __init__(self, home: Home, con: duckdb.DuckDBPyConnection, change: Change) -> None:
        self.home, self.con, self.change, self.catalog = home, con, change, change.after
        self.models = read_models()
        if change.fresh:
            self.catalog.facts.clear()
            self.catalog.duplicates.clear()
        self.days = lake.reopened_days(Catalog() if change.fresh else change.before, self.catalog)
        self.since = BEGINNING
        self._origins: pa.Table | None = None
        self._written: dict[str, Future[str]] = {}

    def derive(self, progress: Progress) -> News:
        """Everything the models read that is not landed as it is; gives what of it is news."""
        for feed in ("classes", "subscriptions", "translations"):
            inputs.give_feed(self.con, feed, self.home.lake, _counting(self.catalog, feed))
        with ThreadPoolExecutor(1) as self._aside:
            origin_day = self._fold_users() if self.change.of("users") else None
            lake.DayWriter(self.home, self.catalog).write(self.days, progress)
            rolled = self._roll(origin_day)
        self.catalog.facts |= {(relation, None): written.result() for relation, written in self._written.items()}
        self._give_lake()
        self._give_feeds()
        whole = {BY_FEED[feed] for feed in BY_FEED if self.change.of(feed)} | ALWAYS
        if rolled and not self.catalog.live("users"):
            whole |= {"current_users"}
        if self.change.copied or self.change.fresh:
            whole |= set(none_copied())
        if self.change.fresh:
            return News(frozenset(whole | ROLLED | {"horizon", "reference_events", "reference_academies"}), frozenset())
        moved = {"horizon"} if self._horizon_moved() else set()
        return News(frozenset(whole), frozenset(moved | ROLLED if rolled else moved))

    def _horizon_moved(self) -> bool:
        return _until(self.catalog) != _until(self.change.before)

    def _fold_users(self) -> date | None:
        """Fold the users feed; gives the first day whose figures it changes."""
        before, now = _counting(self.change.before, "users"), _counting(self.catalog, "users")
        known = self.catalog.facts.get(("lake_user_origin", None))
        only_added = known is not None and before.items() <= now.items()
        landed = {path: part for path, part in now.items() if not only_added or path not in before}
        tables = {path: lake.read(self.home.lake, part) for path, part in landed.items()}
        folded = fold(tables, lake.read(self.home.lake, known) if only_added and known else empty(FOLDED))
        del tables
        self._write_aside("lake_user_origin", folded)
        self._origins = folded.select(ORIGINS)
        return self._origin_changed(lake.read(self.home.lake, known, ORIGINS), folded) if known else None

    def _write_aside(self, relation: str, table: pa.Table) -> None:
        """Write what only the models read, beside what comes before them (0.3 s of a full dump of users)."""
        self._written[relation] = self._aside.submit(lake.write, self.home.lake, relation, table)

    def _origin_changed(self, before: pa.Table, now: pa.Table) -> date | None:
        """The first day that counts a user by a country or role of the users feed that is no longer the same."""
        state = self._state(["user_key", "unstated_since"])
        unstated = stated_ints(state["unstated_since"])[np.isin(ints(state["user_key"]), changed_origins(before, now))]
        day = int(unstated.min(initial=NEVER))
        return None if day == NEVER else date(1970, 1, 1) + timedelta(days=day)

    def _roll(self, origin_day: date | None) -> bool:
        """Count the windows from the first day that may differ; gives whether there was one."""
        loaded = lake.loaded_days(self.catalog)
        since = self._first_differing(loaded, origin_day)
        if since is None and not self.change.fresh:
            self._give_rolled(roll(Span(1, 1, 0), lambda *_: None, empty(STATE), self._origin()))
            return False
        first, until = (loaded[0], loaded[-1]) if loaded else (date(1970, 1, 2), date(1970, 1, 1))
        self.since = BEGINNING if self.change.fresh or since is None else since
        start = as_number(self.since)
        span = Span(max(start - HISTORY, as_number(first)), start, as_number(until))
        rolled = roll(span, self._facts, self._state(), self._origin())
        self._write_aside("lake_state", rolled.state)
        self._give_rolled(rolled)
        return True

    def _first_differing(self, loaded: list[date], origin_day: date | None) -> date | None:
        """The first day whose windows may differ: re-opened, of changed origin, or new at the end of the calendar."""
        before, until = _until(self.change.before), loaded[-1] if loaded else None
        days = [*self.days, *([origin_day] if origin_day else [])]
        if before and until and until != before:
            days.append(min(until, before + timedelta(days=1)))
        return min(days, default=None)

    def _give_rolled(self, rolled: Rolled) -> None:
        for name, rows in rolled.tables.items():
            inputs.give(self.con, name, rows)

    def _facts(self, relation: str, day: int) -> pa.Table | None:
        name = self.catalog.facts.get((relation, date(1970, 1, 1) + timedelta(days=day)))
        return lake.read(self.home.lake, name) if name else None

    def _state(self, columns: list[str] | None = None) -> pa.Table:
        name = self.catalog.facts.get(("lake_state", None))
        return lake.read(self.home.lake, name, columns) if name and not self.change.fresh else empty(STATE)

    def _origin(self) -> pa.Table:
        """Country and role by key where no event states them."""
        if self._origins is None and ("lake_user_origin", None) not in self.catalog.facts:
            self._fold_users()
        if self._origins is None:
            return lake.read(self.home.lake, self.catalog.facts["lake_user_origin", None], ORIGINS)
        return self._origins

    def _until(self) -> date | None:
        return _until(self.catalog)

    def _give_lake(self) -> None:
        """The lake as relations; of the classes' days only those that a re-opened day reaches, if no class is news.

        A file of no day, often empty, comes last: DuckDB takes the first for typical, and of a lake that looks empty
        it builds its hash tables (activations: 0.16 s instead of 0.03 s).
        """
        earliest = BEGINNING if self.change.of("classes") else self.since
        first = max(earliest, BEGINNING + CLASS_REACH) - CLASS_REACH
        for relation in inputs.EXPOSED:
            since = first if relation == "lake_class_user" else BEGINNING
            facts = self.catalog.facts.items()
            dated = [path for (name, day), path in facts if name == relation and day is not None and day >= since]
            whole = self.catalog.facts[relation, None]
            inputs.give_files(self.con, relation, self.home.lake, [*dated, whole])

    def _give_feeds(self) -> None:
        """The newest row of each key, and translations without their duplicates."""
        for name in ("current_classes", "current_subscriptions"):
            inputs.view(self.con, name, inputs.query(name))
        inputs.view(self.con, "user_day", self.models["user_day"].query)
        from_feed = "select * from lake_user_origin"
        inputs.view(
            self.con,
            "current_users",
            from_feed if self.catalog.live("users") else inputs.query("users_of_usage"),
        )
        self._settle_translations()

    def _settle_translations(self) -> None:
        """The translations that models ask for: all where the feed is news, else those that days from `since` on reach.

        A day more moves the horizon: read whole for that, 200,000 rows cost 0.4 s each time.
        """
        news = self.change.of("translations")
        inputs.give(self.con, "reopened", table([{"since": self.since}], REOPENED))
        reached = "from translations_rows" if news else inputs.query("reached_translations")
        inputs.view(self.con, "reached_translations", reached)
        inputs.view(self.con, "ranked", inputs.query("ranked_translations"))
        settle = inputs.derive if news or self._horizon_moved() else inputs.view
        settle(self.con, "settled_translations", "from ranked where place = 1")
        if news:
            self._count_lost_translations()

    def _count_lost_translations(self) -> None:
        lost = dict(inputs.answer(self.con, "select path, count(*) from ranked where place > 1 group by path"))
        by_content = {sha: lost[path] for sha, path in self.catalog.live("translations").items() if path in lost}
        self.catalog.duplicates["translations", None] = by_content

    def give_the_rest(self, build_id: str) -> None:
        """What the models say of the run itself, and the reference tables."""
        until = self._until()
        inputs.give(self.con, "horizon", table([{"until": until}], HORIZON))
        inputs.give(self.con, "landed_files", table([vars(line) for line in file_lines(self.catalog)], LANDED_FILES))
        inputs.give(self.con, "landed_rejects", table(_rejects(self.catalog), LANDED_REJECTS))
        drift = [dict(zip(("feed", "path", "kind", "detail"), row, strict=True)) for row in sorted(self.catalog.drift)]
        inputs.give(self.con, "landed_drift", table(drift, LANDED_DRIFT))
        for name, rows in described.relations(self.models).items():
            inputs.give(self.con, name, rows)
        this = {
            "id": build_id,
            "built_at": self.change.now,
            "code_version": self.change.code,
            "data_until": until,
            "timezone": self.home.timezone,
            "reject_limit": self.change.reject_limit,
            "sample": self.home.sample,
        }
        inputs.give(self.con, "this_build", table([this], THIS_BUILD))
        _give_reference(self.con)
        for name, rows in (self.change.copied.relations if self.change.copied else none_copied()).items():
            inputs.give(self.con, name, rows)

    def note(self) -> None:
        """The catalog, the views over the lake, and the list of lake files, into the build."""
        save(self.con, self.catalog)
        if self.change.copied:
            save_digest(self.con, self.change.copied.digest)
        views = [{"name": m.name, "query": m.query} for m in self.models.values() if m.stored == "view"]
        named = {path: relation for (relation, _), path in self.catalog.facts.items()}
        listed = [
            {"relation": named.get(path, "part"), "path": path, "exposed": named.get(path) in inputs.EXPOSED}
            for path in self.catalog.lake_files()
        ]
        for name, noted in (("views", table(views, VIEWS)), ("lake", table(listed, LAKE))):
            inputs.give(self.con, "noted", noted)
            self.con.execute(f"create or replace table internal.{name} as from noted")


def _until(catalog: Catalog) -> date | None:
    return max(lake.loaded_days(catalog), default=None)


def _rejects(catalog: Catalog) -> list[dict[str, object]]:
    """The rejects of every content that is not merely a copy, under each path that shows them."""
    shown = {(line.feed, line.sha256, line.path) for line in file_lines(catalog) if line.status != "copy"}
    names = ("line", "column_name", "reason", "shape")
    return [
        {"feed": feed, "path": path, **dict(zip(names, reject, strict=True))}
        for feed, sha256, path in sorted(shown)
        for reject in catalog.rejects.get((feed, sha256), [])
    ]


def _give_reference(con: duckdb.DuckDBPyConnection) -> None:
    """Académie of a département, and the events the kit knows."""
    text = (files("workbench") / "reference" / "academies.csv").read_text(encoding="utf-8")
    lines = [line.split(",") for line in text.splitlines()[1:]]
    pairs = [{"department": line[2], "academie": line[0]} for line in lines]
    inputs.give(
        con, "reference_academies", table(pairs, pa.schema({"department": pa.string(), "academie": pa.string()}))
    )
    known = [{"event": event} for event in EVENTS]
    inputs.give(con, "reference_events", table(known, pa.schema({"event": pa.string()})))


EVENTS = (
    "sign_in class_created class_joined post_published post_viewed poll_created poll_voted photo_retouched "
    "photo_blurred video_call_started video_call_joined mute_enabled homework_published presence_reported "
    "message_sent klassboard_opened tutorial_watched"
).split()
"""Events the app is known to send (design.md, "Feeds"); another is kept and reported as drift."""

_INSTANT = pa.timestamp("us", "UTC")
LANDED_FILES = pa.schema(
    {name: pa.string() for name in ("feed", "path", "sha256", "status", "reason")}
    | {name: pa.int64() for name in ("rows", "duplicates", "rejected")}
    | {"landed_at": _INSTANT}
)
LANDED_REJECTS = pa.schema(
    {"feed": pa.string(), "path": pa.string(), "line": pa.int64()}
    | {name: pa.string() for name in ("column_name", "reason", "shape")}
)
LANDED_DRIFT = pa.schema({name: pa.string() for name in ("feed", "path", "kind", "detail")})
THIS_BUILD = pa.schema(
    {
        "id": pa.string(),
        "built_at": _INSTANT,
        "code_version": pa.string(),
        "data_until": pa.date32(),
        "timezone": pa.string(),
        "reject_limit": pa.float64(),
        "sample": pa.bool_(),
    }
)
HORIZON = pa.schema({"until": pa.date32()})
REOPENED = pa.schema({"since": pa.date32()})
VIEWS = pa.schema({"name": pa.string(), "query": pa.string()})
LAKE = pa.schema({"relation": pa.string(), "path": pa.string(), "exposed": pa.bool_()})
