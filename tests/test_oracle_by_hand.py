"""The oracle against examples small enough to work out by hand: what the shared exports say nothing about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from oracle import COLUMNS, Truth, work_out

LANDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2020, 3, 2)


def key(_kind: str, raw_id: str) -> int:
    """Keys as readable as the ids: the number at their end."""
    return int(raw_id[1:])


def worked_out(**feeds: str) -> Truth:
    """The oracle's truth of one CSV file for each feed, in Paris time."""
    files = {
        f"{feed}/a.csv": "\n".join(map(str.strip, text.strip().splitlines())).encode() for feed, text in feeds.items()
    }
    return work_out(files, timezone="Europe/Paris", key=key, landed_at=LANDED_AT)


def on(truth: Truth, table: str, day: date) -> list[tuple[Any, ...]]:
    return [row[1:] for row in truth.tables[table] if row[0] == day]


def test_a_day_ends_at_midnight_in_the_zone_of_the_home() -> None:
    """23:30 UTC is the next day in Paris, by one hour in winter and two in summer."""
    truth = worked_out(
        usage="""
        event_id,occurred_at,user_id,event
        e1,2020-03-28T23:30:00Z,u1,sign_in
        e2,2020-03-29T21:59:00Z,u1,sign_in
        e3,2020-03-29T22:00:00Z,u1,sign_in
        """
    )
    assert truth.tables["user_day"] == [
        (date(2020, 3, 29), 1, "ZZ", "other", 2),
        (date(2020, 3, 30), 1, "ZZ", "other", 1),
    ]


def test_country_and_role_are_those_last_stated_each_apart() -> None:
    """u1 states the country early and the role late; u2's two last events share an instant; u3 only has a users row."""
    truth = worked_out(
        usage="""
        event_id,occurred_at,user_id,event,country,role
        e1,2020-03-02T08:00:00Z,u1,sign_in,BEL,parent
        e2,2020-03-02T09:00:00Z,u1,sign_in,,chef
        e3,2020-03-02T09:00:00Z,u2,sign_in,BE,teacher
        e4,2020-03-02T09:00:00Z,u2,sign_in,RE,parent
        e5,2020-03-02T09:00:00Z,u3,sign_in,,
        """,
        users="""
        user_id,role,country,created_at
        u3,staff,CH,2020-01-02T00:00:00Z
        u3,student,MA,2020-01-01T00:00:00Z
        """,
    )
    segments = {row[1]: row[2:4] for row in truth.tables["user_day"]}
    assert segments == {1: ("BE", "other"), 2: ("FR", "teacher"), 3: ("MA", "student")}


def test_of_one_id_on_one_day_the_earliest_then_least_row_stays() -> None:
    """e1: the earliest; e2: the least values, an empty role first; e3: another day is another event."""
    truth = worked_out(
        usage="""
        event_id,occurred_at,user_id,event,role
        e1,2020-03-02T09:00:00Z,u1,sign_in,teacher
        e1,2020-03-02T08:00:00Z,u2,sign_in,teacher
        e2,2020-03-02T09:00:00Z,u3,sign_in,parent
        e2,2020-03-02T09:00:00Z,u3,sign_in,
        e3,2020-03-02T09:00:00Z,u4,sign_in,parent
        e3,2020-03-03T09:00:00Z,u4,sign_in,parent
        """
    )
    assert truth.tables["user_day"] == [
        (DAY, 2, "ZZ", "teacher", 1),
        (DAY, 3, "ZZ", "other", 1),
        (DAY, 4, "ZZ", "parent", 1),
        (date(2020, 3, 3), 4, "ZZ", "parent", 1),
    ]
    assert [row[4:6] for row in truth.tables["files"]] == [(4, 2)]


def test_a_window_counts_a_user_once_where_last_active() -> None:
    """u1 moves from FR to BE: the feature used in FR counts in BE; 28 days later only the second use is left."""
    truth = worked_out(
        usage="""
        event_id,occurred_at,user_id,event,country,role
        e1,2020-03-02T09:00:00Z,u1,poll_voted,FR,parent
        e2,2020-03-04T09:00:00Z,u1,sign_in,BE,parent
        e3,2020-03-30T09:00:00Z,u2,sign_in,FR,parent
        """
    )
    assert on(truth, "features", date(2020, 3, 3)) == [("FR", "parent", "poll_voted", None, 1, None)]
    assert on(truth, "features", date(2020, 3, 29))[0] == ("BE", "parent", "poll_voted", None, 1, None)
    assert on(truth, "features", date(2020, 3, 30)) == [
        ("BE", "parent", "sign_in", 0, 1, 0),
        ("FR", "parent", "sign_in", 1, 1, 1),
    ]
    assert on(truth, "active_users", date(2020, 3, 10)) == [("BE", "parent", None, 1, 1)]
    assert on(truth, "active_users", date(2020, 3, 11)) == [("BE", "parent", None, 0, 1)]


def test_a_user_is_new_retained_churned_and_resurrected_in_turn() -> None:
    """Active on day 0, 20, and 80: new until day 27, retained until 47, churned until 75, back on day 80."""
    truth = worked_out(
        usage="""
        event_id,occurred_at,user_id,event,country,role
        e1,2020-03-01T09:00:00Z,u1,sign_in,FR,parent
        e2,2020-03-21T09:00:00Z,u1,sign_in,BE,parent
        e3,2020-05-20T09:00:00Z,u1,sign_in,FR,teacher
        """
    )
    assert on(truth, "growth", date(2020, 3, 28)) == [("BE", "parent", 1, 0, 0, 0)]
    assert on(truth, "growth", date(2020, 3, 29)) == [("BE", "parent", 0, 1, 0, 0)]
    assert on(truth, "growth", date(2020, 4, 17)) == [("BE", "parent", 0, 1, 0, 0)]
    assert on(truth, "growth", date(2020, 4, 18)) == [("BE", "parent", 0, 0, 0, 1)]
    assert on(truth, "growth", date(2020, 5, 15)) == [("BE", "parent", 0, 0, 0, 1)]
    assert on(truth, "growth", date(2020, 5, 16)) == []
    assert on(truth, "growth", date(2020, 5, 20)) == [("FR", "teacher", 0, 0, 1, 0)]
    sizes = [row[4] for row in truth.tables["retention"]]
    assert sizes == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("tenth_user_on", "activated"), [("2020-03-15", date(2020, 3, 15)), ("2020-03-16", None)])
def test_a_class_has_fourteen_days_to_be_activated(tenth_user_on: str, activated: date | None) -> None:
    """Created on 2 March in Paris: the 15th is the last day that counts; posts before the creation day do not."""
    rows = [f"e{number},2020-03-03T09:00:00Z,u{number},post_viewed,c1" for number in range(1, 10)]
    rows += [f"e{number},2020-03-02T09:00:00Z,u1,post_published,c1" for number in (20, 21, 22)]
    rows += ["e30,2020-03-01T09:00:00Z,u11,post_published,c1", f"e31,{tenth_user_on}T09:00:00Z,u10,sign_in,c1"]
    truth = worked_out(
        usage="\n".join(["event_id,occurred_at,user_id,event,class_id", *rows]),
        classes="class_id,created_at,country\nc1,2020-03-01T23:30:00Z,FR",
    )
    assert [row[-1] for row in truth.tables["classes"]] == [activated]


def test_revenue_tells_how_arr_came_about() -> None:
    """c1 starts, rises with Confort, renews downwards after the 60th day without, and is cancelled; c2 overlaps."""
    header = "subscription_id,class_id,plan,payer_type,starts_on,ends_on,price_eur,confort_famille,confort_price_eur,"
    truth = worked_out(
        subscriptions=f"""
        {header}cancelled_on
        s1,c1,plus,ecole,2020-01-15,2020-03-31,99,oui,30,
        s2,c1,initiale,classe,2020-05-30,2021-05-30,"29,00",non,50,2020-06-30
        s3,c2,standard,commune,2020-02-01,2020-12-01,59,,,
        s4,c2,plus,commune,2020-03-31,2020-12-01,99,,,
        s5,c3,plus,commune,2020-07-02,2021-07-02,99,,,2020-07-02
        """
    )
    euros = {row[:3]: (row[3], *(int(amount) for amount in row[4:9]), row[9]) for row in truth.tables["revenue"]}
    assert all(isinstance(row[4], Decimal) for row in truth.tables["revenue"])
    assert euros == {
        (date(2020, 1, 1), "plus", "ecole"): (1, 129, 129, 0, 0, 0, 0),
        (date(2020, 2, 1), "plus", "ecole"): (1, 129, 0, 0, 0, 0, 0),
        (date(2020, 2, 1), "standard", "commune"): (1, 59, 59, 0, 0, 0, 0),
        (date(2020, 3, 1), "plus", "ecole"): (0, 0, 0, 0, 0, 129, 0),
        (date(2020, 3, 1), "plus", "commune"): (1, 158, 0, 99, 0, 0, 1),
        (date(2020, 4, 1), "plus", "commune"): (1, 158, 0, 0, 0, 0, 0),
        (date(2020, 5, 1), "plus", "commune"): (1, 158, 0, 0, 0, 0, 0),
        (date(2020, 5, 1), "initiale", "classe"): (1, 29, 29, 0, 0, 0, 1),
        (date(2020, 6, 1), "plus", "commune"): (1, 158, 0, 0, 0, 0, 0),
        (date(2020, 6, 1), "initiale", "classe"): (0, 0, 0, 0, 0, 29, 0),
    }


def test_a_post_is_translated_on_the_day_of_its_first_success() -> None:
    """A failure does not count; two successes make two languages; an empty country is ZZ; nothing after data_until."""
    truth = worked_out(
        usage="event_id,occurred_at,user_id,event\ne1,2020-03-05T09:00:00Z,u1,sign_in",
        translations="""
        translation_id,translated_at,post_id,source_language,target_language,class_id,country,characters,status
        t1,2020-03-01T09:00:00Z,p1,fr,en,c1,FR,5,failed
        t3,2020-03-02T09:00:00Z,p1,fr,ar,c2,,10,
        t2,2020-03-02T10:00:00Z,p1,fr,en,c3,FR,20,OK
        t4,2020-03-06T10:00:00Z,p1,fr,pt,c3,FR,40,ok
        """,
    )
    assert truth.tables["translated_posts"] == [(1, 2, "ZZ", DAY, 2)]
    assert truth.tables["translations"] == [
        (date(2020, 3, 1), "FR", "fr", "en", 0, 0, 0, 1),
        (DAY, "FR", "fr", "en", 1, 1, 20, 0),
        (DAY, "ZZ", "fr", "ar", 1, 1, 10, 0),
    ]


def test_countries_say_who_is_there_and_since_when() -> None:
    """A deleted user does not count, a class does, and so does being active where no users row is."""
    truth = worked_out(
        usage="event_id,occurred_at,user_id,event,country\ne1,2020-03-02T09:00:00Z,u1,sign_in,BE",
        users="""
        user_id,role,country,created_at,deleted_at
        u1,parent,FR,2020-01-01T00:00:00Z,
        u2,parent,MA,2020-01-01T00:00:00Z,2020-02-01T00:00:00Z
        """,
        classes="class_id,created_at,country\nc1,2020-01-01T00:00:00Z,CH",
    )
    assert truth.tables["countries"] == [("BE", 0, 1, 0, DAY), ("CH", 0, 0, 1, None), ("FR", 1, 0, 0, None)]


def test_the_newest_measure_wins_and_an_empty_one_is_the_oldest() -> None:
    """c1: the newer measure though it stands first; c2: of two without a measure, the later line."""
    truth = worked_out(
        classes="""
        class_id,created_at,country,members,measured_at
        c1,2020-01-01T00:00:00Z,FR,10,2020-02-02T00:00:00Z
        c1,2020-01-01T00:00:00Z,FR,20,2020-02-01T00:00:00Z
        c1,2020-01-01T00:00:00Z,FR,30,
        c2,2020-01-01T00:00:00Z,FR,40,
        c2,2020-01-01T00:00:00Z,FR,50,
        """
    )
    members = COLUMNS["classes"].split(", ").index("members")
    assert [row[members] for row in truth.tables["classes"]] == [10, 50]
