"""What a build takes over from the ledger, and the class of the charter."""

from datetime import date, timedelta
from pathlib import Path

from tiny import NOW, etl, usage_day, write_csv

import workbench

HERE = {
    "ambassadors": [{"ambassador_key": 7, "status": "active", "since": date(2020, 9, 1), "academie": "Lyon"}],
    "answers": [{"response_key": 1, "form": "f", "quarter": "2020-2021-Q1", "kind": "number", "number": 9.0}],
}
LATER = NOW + timedelta(minutes=1)


def test_a_change_in_the_ledger_alone_makes_a_build_and_the_same_rows_make_none(tmp_path: Path) -> None:
    """Diane's work of the morning is in the dashboards after the next run, whether or not a file came."""
    usage_day(tmp_path / "source", date(2020, 3, 2), ["u1"])
    assert etl(tmp_path / "home", tmp_path / "source", copies=HERE).outcome == "published"
    assert etl(tmp_path / "home", tmp_path / "source", copies=HERE, now=LATER).outcome == "nothing new"
    assert etl(tmp_path / "home", tmp_path / "source", now=LATER).outcome == "nothing new"
    left = {**HERE, "ambassadors": [{**HERE["ambassadors"][0], "status": "left"}]}
    assert etl(tmp_path / "home", tmp_path / "source", copies=left, now=LATER).outcome == "published"
    found = workbench.open(tmp_path / "home").sql("from ambassadors").rows()
    assert found == [(7, "left", date(2020, 9, 1), "Lyon")]


def test_copies_stay_as_they_were_where_none_are_handed_over(tmp_path: Path) -> None:
    """A run by somebody without the ledger must not empty the programme's tables."""
    usage_day(tmp_path / "source", date(2020, 3, 2), ["u1"])
    etl(tmp_path / "home", tmp_path / "source", copies=HERE)
    usage_day(tmp_path / "source", date(2020, 3, 3), ["u1"])
    assert etl(tmp_path / "home", tmp_path / "source", now=LATER).outcome == "published"
    assert workbench.open(tmp_path / "home").sql("select number from answers").rows() == [(9.0,)]


def test_the_class_of_the_charter_is_known_and_its_slug_is_kept_nowhere(tmp_path: Path) -> None:
    """The first commitment is met by an event in that class; a slug may hold a name, so only the answer lands."""
    source = tmp_path / "source"
    columns = ("class_id", "created_at", "country", "slug")
    rows = [("k1", "2020-01-01T08:00Z", "FR", "teamclassroomfr"), ("k2", "2020-01-01T08:00Z", "FR", "cp-de-mme-martin")]
    write_csv(source / "classes" / "a.csv", columns, rows)
    events = [("e1", "2020-03-03T10:00Z", "u1", "sign_in", "k1"), ("e2", "2020-03-02T10:00Z", "u1", "sign_in", "k1")]
    events += [("e3", "2020-03-02T10:00Z", "u2", "sign_in", "k2")]
    write_csv(source / "usage" / "a.csv", ("event_id", "occurred_at", "user_id", "event", "class_id"), events)
    etl(tmp_path / "home", source)
    warehouse = workbench.open(tmp_path / "home")
    assert warehouse.sql("select first_day from team_class").rows() == [(date(2020, 3, 2),)]
    assert sorted(warehouse.sql("select is_charter_class from classes").rows()) == [(False,), (True,)]
    kept = [path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not any(b"martin" in content for content in kept)
