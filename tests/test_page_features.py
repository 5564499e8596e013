"""The page of the features: each number counted anew from the usage exports of a sample."""

import csv
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from raw_sample import BEFORE, SINCE, UNTIL, Raw, within
from test_pages import _nothing_cached, descriptions, figures, table, texts, visit  # noqa: F401  # of every test here
from tiny import etl, usage_day

import workbench
from workbench.etl.draft import EVENTS
from workbench.metrics.kit import gestures
from workbench.text import Words

FRENCH = Words("fr")
ADOPTION, DISCOVERIES, TUTORIALS = range(3)
EVENT = {known.label["fr"]: known.event for known in gestures()}


def lately(usage: pl.DataFrame, last: date) -> pl.DataFrame:
    """The events of the 28 days that end on a day."""
    return usage.filter(pl.col("day").is_between(last - timedelta(days=27), last))


def users(usage: pl.DataFrame, event: str) -> int:
    """Distinct users of an event."""
    return usage.filter(pl.col("event") == event)["user_id"].n_unique()


def test_the_figures_are_those_of_the_exports(raw: Raw) -> None:
    """Active users, everything done in the period, and who watched a tutorial."""
    shown = figures(visit(raw.home, "features"))
    recent = lately(raw.usage, UNTIL)
    assert shown["Actifs sur 28 jours"] == FRENCH.number(recent["user_id"].n_unique())
    assert shown["Gestes"] == FRENCH.number(within(raw.usage).height)
    assert shown["Public des tutoriels"] == FRENCH.number(users(recent, "tutorial_watched")) != "0"


def test_adoption_is_the_share_of_active_users_then_and_now(raw: Raw) -> None:
    """For each gesture of the kit: users, share, share 364 days before, change, events of the period."""
    rows = {row[0]: row[1:] for row in table(visit(raw.home, "features"), ADOPTION)}
    now, then = lately(raw.usage, UNTIL), lately(raw.usage, BEFORE[1])
    assert set(rows) == set(EVENT)
    for name, event in EVENT.items():
        new, old = users(now, event), users(then, event)
        assert rows[name][1:] == [
            FRENCH.number(new),
            FRENCH.percent(new / now["user_id"].n_unique()),
            FRENCH.percent(old / then["user_id"].n_unique()),
            FRENCH.change(new / old - 1) if old else "–",
            FRENCH.number(within(raw.usage).filter(pl.col("event") == event).height),
        ]
    assert any(row[1] != "0" for row in rows.values())


def test_filters_cut_users_and_their_share(raw: Raw) -> None:
    """Teachers alone, of active teachers: who is a teacher is said by each event of this sample."""
    rows = {row[0]: row for row in table(visit(raw.home, "features", role="teacher"), ADOPTION)}
    now = lately(raw.usage.filter(pl.col("role").str.to_lowercase() == "teacher"), UNTIL)
    polls = users(now, "poll_created")
    assert rows["Créer un sondage"][2:4] == [FRENCH.number(polls), FRENCH.percent(polls / now["user_id"].n_unique())]
    assert polls > 0


def test_what_moved_most_is_said_in_words(raw: Raw) -> None:
    """The biggest rises of gestures with at least twenty users, the biggest first."""
    now, then = lately(raw.usage, UNTIL), lately(raw.usage, BEFORE[1])
    counts = {name: (users(now, event), users(then, event)) for name, event in EVENT.items()}
    rises = {name: new / old - 1 for name, (new, old) in counts.items() if new >= 20 and old and new > old}
    first = sorted(rises, key=lambda name: -rises[name])[:3]
    which = ", ".join(f"{name} ({FRENCH.change(rises[name])})" for name in first)
    assert first
    assert FRENCH("features.up", which=which) in texts(visit(raw.home, "features"))


def test_newcomers_are_followed_for_their_first_28_days(raw: Raw) -> None:
    """Those whose first week touches the period and whose 28 days are over; first uses within 7 and 28 days."""
    rows = {row[0]: row[1:] for row in table(visit(raw.home, "features"), DISCOVERIES)}
    joined = raw.usage.group_by("user_id").agg(joined=pl.col("day").min())
    monday = pl.col("joined").dt.truncate("1w")
    week_ends, settled = monday + pl.duration(days=6), monday + pl.duration(days=33)
    newcomers = joined.filter(week_ends >= SINCE, monday <= UNTIL, settled <= UNTIL)
    firsts = raw.usage.group_by("user_id", "event").agg(pl.col("day").min()).join(newcomers, on="user_id")
    age = (pl.col("day") - pl.col("joined")).dt.total_days()
    assert newcomers.height > 100
    for name, event in EVENT.items():
        own = firsts.filter(pl.col("event") == event)
        week, month = own.filter(age < 7).height, own.filter(age < 28).height
        counts = [FRENCH.number(newcomers.height), FRENCH.number(month)]
        shares = [FRENCH.percent(share / newcomers.height) for share in (week, month)]
        assert rows[name] == counts + shares


def test_the_tutorials_stand_beside_what_they_teach(raw: Raw) -> None:
    """Five videos, nine gestures; the page says that nobody knows which video was watched."""
    app = visit(raw.home, "features")
    rows = table(app, TUTORIALS)
    taught = [(known.tutorial["fr"], known.label["fr"]) for known in gestures() if known.tutorial]
    assert [(row[0], row[1]) for row in rows] == taught
    assert len({tutorial for tutorial, _ in taught}) == 5
    adopted = {row[0]: row[2] for row in table(app, ADOPTION)}
    assert all(row[2] == adopted[row[1]] for row in rows)
    assert FRENCH("features.which_tutorial") in texts(app)


def test_the_reference_table_knows_only_events_of_the_app() -> None:
    """Each gesture once, labels in both languages, and every feature the kit lists."""
    file = Path(workbench.__file__).parent / "reference" / "features.csv"
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    events = [row["event"] for row in rows if row["event"]]
    assert len(events) == len(set(events))
    assert set(events) <= set(EVENTS)
    assert all(
        row[f"{word}_{language}"] for row in rows for word in ("feature", "gesture") for language in ("fr", "en")
    )
    assert {row["feature"] for row in rows} == {
        "class", "poll", "photo", "video_call", "mute", "homework", "presence", "conversation", "klassboard",
        "translation", "tutorial",
    }  # fmt: skip


def test_a_single_week_has_no_trend_and_no_newcomers_yet(tmp_path: Path) -> None:
    """Six days of usage: the page says what it takes, and draws what there is."""
    for day in range(1, 7):
        usage_day(tmp_path / "source", date(2020, 12, day), ["u1", "u2"], event="poll_voted")
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home", "features")
    assert not app.exception
    assert not app.error
    assert table(app)[0][:4] == ["Répondre à un sondage", "Sondages", "2", FRENCH.percent(1)]
    assert FRENCH("empty.discoveries.title") in texts(app)
    assert FRENCH("features.not_compared") in texts(app)
    assert len(descriptions(app)) == 1
