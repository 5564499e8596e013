"""Short histories that chance seldom makes, each against the oracle after every run and after a full rebuild."""

from itertools import pairwise
from pathlib import Path

import pytest
from equivalence import Site, differences, expected, follow, site_key
from exports_maker import Made, Step

USAGE = "event_id,occurred_at,user_id,event,role,country,class_id"
USERS = "user_id,role,country,created_at"
Files = dict[str, str]


def usage(*rows: str) -> str:
    """A usage file; a row is `id day user` and, where it says them, `role country`."""
    lines = [USAGE]
    for row in rows:
        event_id, day, user_id, role, country = (*row.split(), "", "")[:5]
        lines.append(f"{event_id},2020-{day}T09:00:00Z,{user_id},sign_in,{role},{country},c1")
    return "\n".join(lines)


def users(*rows: str) -> str:
    """A users file; a row is `user day role country`."""
    lines = [USERS]
    for row in rows:
        user_id, day, role, country = row.split()
        lines.append(f"{user_id},{role},{country},2020-{day}T09:00:00Z")
    return "\n".join(lines)


def translations(*rows: str) -> str:
    """A translations file; a row is `id day post language`."""
    lines = ["translation_id,translated_at,post_id,source_language,target_language,status"]
    for row in rows:
        translation_id, day, post_id, language = row.split()
        lines.append(f"{translation_id},2020-{day}T09:00:00Z,{post_id},fr,{language},ok")
    return "\n".join(lines)


HISTORIES: dict[str, list[Files]] = {
    "all usage goes, and comes back elsewhere in time": [
        {"usage/a.csv": usage("e1 03-01 u1", "e2 03-05 u2"), "users/a.csv": users("u1 01-01 staff BE")},
        {"usage/a.csv": ""},
        {"usage/b.csv": usage("e5 06-01 u1")},
        {"usage/b.csv": usage("e5 02-01 u9")},
    ],
    "the users feed comes, changes and goes": [
        {"usage/a.csv": usage("e1 03-01 u1", "e2 03-05 u2", "e3 05-05 u1")},
        {"users/b.csv": users("u1 01-01 staff BE", "u2 01-05 teacher CH")},
        {"users/a.csv": users("u1 01-01 parent FR")},
        {"users/a.csv": "", "users/b.csv": users("u2 01-05 staff MA")},
        {"users/b.csv": ""},
    ],
    "a day more reaches back to the Monday of a cohort": [
        {"usage/a.csv": usage("e1 03-02 u1", "e2 03-28 u2")},
        {"usage/b.csv": usage("e3 03-29 u3")},
    ],
    "the same bytes in two feeds": [
        {"usage/a.csv": usage("e1 03-01 u1"), "users/a.csv": usage("e1 03-01 u1")},
        {"usage/b.csv": users("u1 01-01 parent FR"), "users/b.csv": users("u1 01-01 parent FR")},
        {"usage/c.csv": usage(), "users/b.csv": users()},
    ],
    "the file that counts becomes the copy, and the copy the file": [
        {"usage/b.csv": usage("e1 03-01 u1"), "usage/c.csv": usage("e1 03-01 u1", "e2 03-01 u1")},
        {"usage/a.csv": usage("e1 03-01 u1", "e2 03-01 u1")},
        {"usage/a.csv": usage("e3 03-02 u1")},
    ],
    "first days move forth and back": [
        {"usage/a.csv": usage("e1 03-10 u1", "e2 06-10 u2")},
        {"usage/b.csv": usage("e9 01-10 u1 teacher BE")},
        {"usage/b.csv": usage("e9 01-17 u2 teacher BE")},
        {"usage/c.csv": usage("e11 06-12 u3")},
    ],
    "translations from after the last day come to count as the days come": [
        {
            "usage/a.csv": usage("e1 03-01 u1"),
            "translations/a.csv": translations("t1 03-01 p1 ar", "t2 03-03 p1 en", "t3 03-03 p2 ar", "t4 03-05 p3 ar"),
            "translations/b.csv": translations("t2 03-03 p4 en", "t5 03-04 p4 tr", "t3 03-03 p2 ar"),
        },
        {"usage/b.csv": usage("e2 03-03 u1")},
        {"usage/c.csv": usage("e3 03-05 u1")},
        {"usage/c.csv": ""},
        {"usage/a.csv": "", "usage/b.csv": ""},
        {"usage/d.csv": usage("e4 03-04 u1")},
    ],
    "months of silence": [
        {"usage/a.csv": usage("e1 01-01 u1", "e2 01-02 u2")},
        {"usage/b.csv": usage("e3 09-01 u1 staff CH")},
        {"usage/c.csv": usage("e4 09-03 u2 staff CH")},
    ],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=list(HISTORIES))
def test_a_history_ends_in_the_oracles_tables(history: list[Files], tmp_path: Path) -> None:
    """The tables are a function of the set of files, whatever became of them on the way."""
    check(history, tmp_path)


def check(history: list[Files], folder: Path) -> Site:
    """Runs the ETL after every step, and in full in the end; each time the tables are the oracle's."""
    steps = tuple(Step({path: text.encode() for path, text in files.items()}) for files in history)
    made, site = Made(seed=0, timezone="Europe/Paris", steps=steps), Site(folder / "site", "Europe/Paris")
    for number, told in follow(made, site):
        assert not told, f"step {number}: {told}"
    site.run(full=True)
    assert not differences(site.tables(), expected(made.landed(), made.timezone))
    return site


def by_key(kind: str, *raw_ids: str) -> tuple[str, ...]:
    """The ids in the order of their pseudonyms."""
    return tuple(sorted(raw_ids, key=lambda raw_id: site_key()(kind, raw_id)))


TIES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "usage": (
        "event_id",
        {
            "occurred_at": ("2020-03-01T09:00:00Z", "2020-03-01T10:00:00Z"),
            "user_id": by_key("user", "u1", "u2"),
            "event": ("post_viewed", "sign_in"),
            "role": ("", "other", "parent", "student", "teacher"),
            "country": ("", "BE", "FR", "ZZ"),
            "class_id": ("", *by_key("class", "c1", "c2", "c3", "c4")),
            "platform": ("", "android", "web"),
            "language": ("", "ar", "fr"),
        },
    ),
    "translations": (
        "translation_id",
        {
            "translated_at": ("2020-03-01T09:00:00Z", "2020-03-01T10:00:00Z"),
            "post_id": by_key("post", "p1", "p2"),
            "source_language": ("de", "fr"),
            "target_language": ("ar", "en"),
            "class_id": ("", *by_key("class", "c1", "c2", "c3", "c4")),
            "user_id": ("", *by_key("user", "u1", "u2", "u3", "u4")),
            "country": ("", "BE", "FR", "ZZ"),
            "characters": ("", "9", "10"),
            "status": ("failed", "ok"),
        },
    ),
}
"""For each feed, its id and the columns that decide between duplicates, each with values from least to greatest."""


def duels(feed: str) -> tuple[str, str, int]:
    """A file of rows that win, one of the rows they win against, and how many: each wins by one column alone,
    and would lose by the next one."""
    id_column, columns = TIES[feed]
    names = list(columns)
    winners, losers = [[id_column, *names]], [[id_column, *names]]
    for place, name in enumerate(names):
        following = names[place + 1 : place + 2]
        for less, more in pairwise(columns[name]):
            row = {each: values[0] for each, values in columns.items()} | {"country": "FR"} | {name: less}
            better = {each: columns[each][-1] for each in following}
            worse = {each: columns[each][0] for each in following} | {name: more}
            winners.append([f"d{len(winners)}", *(row | better).values()])
            losers.append([f"d{len(losers)}", *(row | worse).values()])
    return "\n".join(map(",".join, winners)), "\n".join(map(",".join, losers)), len(winners) - 1


@pytest.mark.parametrize("feed", TIES)
def test_duplicates_are_decided_column_by_column(feed: str, tmp_path: Path) -> None:
    """The earliest instant stays, then the least of the other values in contract order; the path comes last."""
    winners, losers, number = duels(feed)
    one_event = {"usage/one.csv": usage("e1 04-01 u1")}
    site = check([one_event | {f"{feed}/a.csv": losers}, {f"{feed}/b.csv": winners}], tmp_path)
    counts = {row[1]: row[4:6] for row in site.tables()["files"]}
    assert (counts[f"{feed}/a.csv"], counts[f"{feed}/b.csv"]) == ((0, number), (number, 0))
