"""The oracle itself, against figures worked out by others: without this, agreeing with it would prove nothing."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from oracle import COLUMNS, Truth, arr_eur, work_out
from oracle_reading import files_in

pytestmark = pytest.mark.shared
LANDED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def any_key(kind: str, raw_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{kind} {raw_id}".encode(), digest_size=8).digest(), signed=True)


def records(truth: Truth, table: str) -> list[dict[str, Any]]:
    names = COLUMNS[table].split(", ")
    return [dict(zip(names, row, strict=True)) for row in truth.tables[table]]


def total(rows: Iterable[dict[str, Any]], column: str, **where: object) -> int:
    """Σ of a column over the rows that hold these values; an empty value adds nothing."""
    return sum(row[column] or 0 for row in rows if all(row[name] == value for name, value in where.items()))


def by_week(rows: list[dict[str, Any]], cohort: str, **where: object) -> list[int]:
    return [
        total(rows, "users", cohort_week=date.fromisoformat(cohort), week=week, **where)
        for week in range(max((row["week"] for row in rows), default=-1) + 1)
    ]


@pytest.fixture(scope="module")
def messy(shared: Path) -> Truth:
    return work_out(files_in(shared / "exports/messy"), timezone="Europe/Paris", key=any_key, landed_at=LANDED_AT)


@pytest.fixture(scope="module")
def stated(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "exports/messy.truth.json").read_text())
    return found


@pytest.fixture(scope="module")
def collegemsg(shared: Path) -> Truth:
    return work_out(files_in(shared / "exports/collegemsg"), timezone="UTC", key=any_key, landed_at=LANDED_AT)


def test_the_messy_files_count_what_was_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """Refused files, copies, duplicates and rejects, by feed."""
    files = records(messy, "files")
    refused = [Path(row["path"]).name for row in files if row["status"] == "refused"]
    assert sorted(refused) == stated["refused_files"]
    assert [row["path"] for row in files if row["status"] == "copy"] == ["usage/zz/overlap copy.csv"]
    for feed in ("usage", "translations"):
        assert total(files, "duplicates", feed=feed) == stated[feed]["duplicates"]
    for feed in ("usage", "translations", "classes", "subscriptions"):
        assert total(files, "rejected", feed=feed) == stated[feed]["rejected"]
    assert total(files, "rows", feed="usage") == stated["usage"]["landed"]
    assert total(files, "rows", feed="translations") == stated["translations"]["rows"]


def test_the_messy_segments_are_those_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """dau, wau and mau of each day and segment listed, zeros included."""
    rows = records(messy, "active_users")
    assert messy.data_until == date.fromisoformat(stated["data_until"])
    for day, segments in stated["segments"].items():
        for segment, counts in segments.items():
            country, role = segment.split("|")
            where = {"day": date.fromisoformat(day), "country": country, "role": role}
            assert [total(rows, name, **where) for name in ("dau", "wau", "mau")] == counts, (day, segment)


def test_the_messy_active_users_are_those_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """Totals over the segments, and over one country and one role."""
    rows = records(messy, "active_users")
    for day, figures in stated["active"].items():
        on = date.fromisoformat(day)
        assert figures == {
            "dau": total(rows, "dau", day=on),
            "wau": total(rows, "wau", day=on),
            "mau": total(rows, "mau", day=on),
            "mau_FR": total(rows, "mau", day=on, country="FR"),
            "mau_teacher": total(rows, "mau", day=on, role="teacher"),
        }


@pytest.mark.parametrize(("name", "where"), [("growth", {}), ("growth_FR", {"country": "FR"})])
def test_the_messy_growth_is_that_stated(
    messy: Truth, stated: dict[str, Any], name: str, where: dict[str, str]
) -> None:
    """New, retained, resurrected and churned users, in all and in France."""
    rows = records(messy, "growth")
    for day, figures in stated[name].items():
        assert figures == {each: total(rows, each, day=date.fromisoformat(day), **where) for each in figures}, day


@pytest.mark.parametrize(("name", "where"), [("retention", {}), ("retention_FR", {"country": "FR"})])
def test_the_messy_retention_is_that_stated(
    messy: Truth, stated: dict[str, Any], name: str, where: dict[str, str]
) -> None:
    """The first six weeks of the first eight cohorts, in all and in France."""
    rows = records(messy, "retention")
    for cohort, counts in stated[name].items():
        assert by_week(rows, cohort, **where)[: len(counts)] == counts, cohort


def test_the_messy_features_add_up_to_the_events_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """Σ events of each event name; user_day adds up to the same."""
    events: Counter[str] = Counter()
    for row in records(messy, "features"):
        events[row["feature"]] += row["events"] or 0
    assert events == stated["feature_events"]
    assert total(records(messy, "user_day"), "events") == stated["usage"]["landed"]


def test_the_messy_current_states_are_those_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """Users, classes by school year of creation, and members at the newest measure."""
    classes = records(messy, "classes")
    years = Counter(row["created_at"].year - (row["created_at"].month < 9) for row in classes)
    assert {f"{year}-{year + 1}": count for year, count in years.items()} == stated["classes"]["by_school_year"]
    assert len(classes) == stated["classes"]["rows"]
    assert total(classes, "members") == stated["classes"]["members"]
    assert len(messy.tables["users"]) == stated["users"]["rows"]


def test_the_messy_subscriptions_earn_what_was_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """ARR on four days, past data_until too; and `revenue` tells the same at the end of a month."""
    subscriptions = records(messy, "subscriptions")
    assert len(subscriptions) == stated["subscriptions"]["rows"]
    for day, euros in stated["subscriptions"]["arr_eur"].items():
        assert arr_eur(subscriptions, date.fromisoformat(day)) == euros
    november = [row["arr_eur"] for row in records(messy, "revenue") if row["month"] == date(2019, 11, 1)]
    assert sum(november, Decimal(0)) == arr_eur(subscriptions, date(2019, 11, 30))


def test_the_messy_translations_are_those_stated(messy: Truth, stated: dict[str, Any]) -> None:
    """Successful translations, their characters, and the posts they make readable."""
    rows = records(messy, "translations")
    assert total(rows, "translations") == stated["translations"]["ok"]
    assert total(rows, "translations") + total(rows, "failures") == stated["translations"]["rows"]
    assert total(rows, "characters") == stated["translations"]["characters"]
    assert len(messy.tables["translated_posts"]) == stated["translations"]["posts"]


def test_the_real_log_gives_the_figures_of_the_issue(collegemsg: Truth) -> None:
    """59,835 messages of 1,350 students: active users, growth and retention worked out by others."""
    files, active = records(collegemsg, "files"), records(collegemsg, "active_users")
    assert total(files, "rows") == 59_835
    assert len({row["user_key"] for row in records(collegemsg, "user_day")}) == 1_350
    for day, counts in {date(2004, 5, 12): [270, 554, 700], date(2004, 5, 31): [148, 651, 1024]}.items():
        assert [total(active, name, day=day) for name in ("dau", "wau", "mau")] == counts
    growth = [row for row in collegemsg.tables["growth"] if row[0] == date(2004, 6, 30)]
    assert growth == [(date(2004, 6, 30), "US", "student", 124, 534, 6, 500)]
    assert by_week(records(collegemsg, "retention"), "2004-05-03")[:6] == [281, 177, 160, 153, 112, 84]
