"""The page of the countries: each number counted anew from the exports of a sample."""

import json
from datetime import date
from pathlib import Path

import polars as pl
from raw_people import active_by_country, living, people, places
from raw_sample import BEFORE, SINCE, UNTIL, Raw
from streamlit.testing.v1 import AppTest
from test_pages import _nothing_cached, as_role, figures, table, texts, visit  # noqa: F401
from tiny import USAGE, USERS, etl, write_csv

from workbench.text import Words

FRENCH = Words("fr")


def counted(rows: pl.DataFrame, column: str) -> dict[str, int]:
    """Rows by a column, those without a value left out."""
    return dict(rows.drop_nulls(column).group_by(column).len().iter_rows())


def titled(app: AppTest, key: str) -> list[list[str]]:
    """The table whose description is a title."""
    position = next(n for n, shown in enumerate(app.table) if shown.proto.alt == FRENCH(key))
    return table(app, position)


def test_the_table_counts_as_the_exports_do(raw: Raw) -> None:
    """Users and their share, active users, classes and the first day of every country."""
    rows = {row[0]: row[1:] for row in titled(visit(raw.home, "countries"), "page.countries.title")}
    users, active = counted(living(raw), "country"), active_by_country(raw)
    classes, firsts = counted(raw.classes, "country"), first_days(raw)
    assert set(rows) == {FRENCH.country(code) for code in {*users, *active}}
    for code, number in users.items():
        share = FRENCH.percent(number / sum(users.values()))
        counts = [FRENCH.number(there.get(code, 0)) for there in (active, classes)]
        first = FRENCH.day(firsts[code]) if code in firsts else "–"
        assert rows[FRENCH.country(code)] == [FRENCH.number(number), share, *counts, first], code


def first_days(raw: Raw) -> dict[str, date]:
    """The first day on which somebody was active in a country."""
    return dict(places(raw).group_by("country").agg(pl.col("day").min()).iter_rows())


def test_figures_and_changes_are_those_of_the_exports(raw: Raw) -> None:
    """Countries, users, active users, and the share of the first; the first three against a year before."""
    app = visit(raw.home, "countries")
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    now, then = living(raw), living(raw, BEFORE[1])
    two = {"Pays": [there["country"].n_unique() for there in (now, then)], "Utilisateurs": [now.height, then.height]}
    for name, (value, before) in two.items():
        said = FRENCH("card.change.weekday", change=FRENCH.change(value / before - 1))
        assert shown[name] == (FRENCH.number(value), said)
    assert shown["Actifs sur 28 jours"][0] == FRENCH.number(sum(active_by_country(raw).values()))
    assert shown["Part du premier pays"][0] == FRENCH.percent(counted(now, "country")["FR"] / now.height)


def test_figures_are_of_the_end_of_the_period(raw: Raw) -> None:
    """Who came later, and whose account was deleted later, is not known yet."""
    day = date(2019, 12, 14)
    app = visit(raw.home, "countries", period="dates", **{"year": "all", "from": "2019-10-01", "to": str(day)})
    rows = {row[0]: row[1:] for row in titled(app, "page.countries.title")}
    users, made = counted(living(raw, day), "country"), counted(raw.classes.filter(pl.col("day") <= day), "country")
    assert {name: (row[0], row[3]) for name, row in rows.items()} == {
        FRENCH.country(code): (FRENCH.number(count), FRENCH.number(made.get(code, 0))) for code, count in users.items()
    }


def test_new_countries_are_those_whose_first_day_lies_in_the_period(raw: Raw) -> None:
    """The newest first; in a period without any the page says so."""
    app = visit(raw.home, "countries", year="2018-2019")
    expected = {code: day for code, day in first_days(raw).items() if date(2018, 9, 1) <= day <= date(2019, 8, 31)}
    rows = titled(app, "section.new_countries.title")
    assert {row[0]: row[1] for row in rows} == {FRENCH.country(code): FRENCH.day(day) for code, day in expected.items()}
    assert len(rows) > 2
    assert rows[0][1] == FRENCH.day(max(expected.values()))
    none = visit(raw.home, "countries", period="dates", **{"from": "2020-12-13", "to": "2020-12-14"})
    assert FRENCH("countries.none_new") in texts(none)


def test_overseas_france_has_a_table_of_its_own(raw: Raw) -> None:
    """It counts as France elsewhere, and no map shows it."""
    app = visit(raw.home, "countries")
    users = counted(living(raw), "territory")
    rows = titled(app, "section.overseas.title")
    shown = {row[0]: row[1] for row in rows}
    ever = people(raw)["territory"].drop_nulls()
    expected = {FRENCH.country(code): FRENCH.number(users.get(code, 0)) for code in ever}
    assert {name: shown[name] for name in expected} == expected
    assert len(expected) > 3
    belgian = visit(raw.home, "countries", country="BE")
    assert FRENCH("section.overseas.title") not in texts(belgian)


def test_the_united_states_are_told_by_state(raw: Raw) -> None:
    """Classes, those created in the period, those that came alive; states by their names in the language."""
    app = visit(raw.home, "countries")
    american = raw.classes.filter(pl.col("country") == "US")
    alive = american.join(raw.activated(), on="class_id")
    parts = american, american.filter(pl.col("day").is_between(SINCE, UNTIL)), alive
    names = {"FL": "Floride", "LA": "Louisiane", "NY": "New York", "CA": "Californie", "MA": "Massachusetts"}
    names |= {"TX": "Texas", "NJ": "New Jersey", "IL": "Illinois", "GA": "Géorgie", "UT": "Utah"}
    states = american["region"].unique()
    expected = {names[code]: [str(counted(part, "region").get(code, 0)) for part in parts] for code in states}
    assert {row[0]: row[1:] for row in titled(app, "section.american_states.title")} == expected
    assert len(expected) > 1
    english = visit(raw.home, "countries", lang="en")
    shown = {row[0] for position in range(len(english.table)) for row in table(english, position)}
    assert {"Florida", "California"} & shown


def test_a_country_chosen_in_the_list_filters_as_a_click_on_the_map_does(raw: Raw) -> None:
    """Whoever uses the keyboard gets as far as whoever points: the filter stands in the address, for all pages."""
    app = visit(raw.home, "countries")
    app.selectbox(key="countries.choice").set_value("BE").run()
    assert app.query_params["country"] == "BE"
    assert [row[0] for row in titled(app, "page.countries.title")] == ["Belgique"]
    drawn = json.loads(app.get("vega_lite_chart")[0].proto.spec)
    drill = next(param for param in drawn["params"] if param["name"] == "drill")
    assert drill["select"]["fields"] == ["country"]


def test_small_territories_are_folded_for_a_viewer(tmp_path: Path) -> None:
    """Three people on Saint-Pierre could be recognised; six on Réunion could not; nobody is lost."""
    people = [(f"r{n}", "parent", "RE", "2020-09-02T08:00:00Z") for n in range(6)]
    people += [(f"p{n}", "parent", "PM", "2020-09-02T08:00:00Z") for n in range(3)]
    write_csv(tmp_path / "source" / "users" / "users.csv", USERS, people)
    usage = [(f"e{who}", "2020-12-14T10:00:00Z", who, "sign_in", role, place, "") for who, role, place, _ in people]
    write_csv(tmp_path / "source" / "usage" / "usage.csv", USAGE, usage)
    etl(tmp_path / "home", tmp_path / "source")
    admin, viewer = (as_role(tmp_path / "home", "countries", role) for role in ("ADMIN", "VIEWER"))
    title = "section.overseas.title"
    assert [row[:2] for row in titled(admin, title)] == [["La Réunion", "6"], ["Saint-Pierre-et-Miquelon", "3"]]
    assert [row[:2] for row in titled(viewer, title)] == [["La Réunion", "6"], ["Autres (petits effectifs)", "3"]]
    assert not viewer.exception
    assert figures(viewer)["Utilisateurs"] == "9"
