"""The pages without a browser: with data, without, with a feed missing, with a wrong address, in both languages.

Each runs the real frame and the real page on a build that the real ETL made of the small world's exports.
"""

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from pages_home import Truth, in_french
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from tiny import USAGE, etl, write_csv

import workbench
from workbench.app import GROWTH, PAGES
from workbench.pages import weekly
from workbench.text import LANGUAGES, Words

FOLDER = Path(workbench.__file__).parent / "pages"
FEED_OF = {"users": "usage", "classes": "classes", "translations": "translations"}
SINCE, UNTIL = date(2020, 9, 1), date(2020, 12, 14)

VIEWER = """
import runpy
from datetime import date
from pathlib import Path
import streamlit as st
from held_open import held_open
from workbench.access import Role
from workbench.metrics import Asking
from workbench.pages.sheet.screen import Screen
from workbench.text import Words
st.session_state["visit"] = dict(
    warehouse=held_open(Path({home!r})), words=Words("fr"), school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role.{role}, 5, date(2020, 9, 1), date(2020, 12, 14)),
    sheet=Screen(Words("fr")), comparison="weekday", who="admin",
)
runpy.run_path({page!r}, run_name="__main__")
"""
SCRIPT = """
from pathlib import Path
from tiny import settings
from workbench.access import Request
from workbench.app.frame import show
show(settings(Path({home!r})), Request({peer!r}, "localhost:8501", ("Host",)))
"""


@pytest.fixture(autouse=True, scope="module")
def _nothing_cached() -> None:
    """What the tests of another file left behind is not for these."""
    _visited.clear()


_visited: list[Path] = []


def only(home: Path) -> None:
    """A process serves one HOME; these tests serve many, whose builds are made in the same minute and named alike."""
    if _visited != [home]:
        st.cache_data.clear()
        st.cache_resource.clear()
        _visited[:] = [home]


@pytest.fixture(scope="module")
def source(small_world: Path) -> Path:
    """The exports of the small world."""
    return small_world / "source"


@pytest.fixture(scope="module")
def home(small_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the build of the small world; a copy, since a visit writes to it."""
    return shutil.copytree(small_world / "home", tmp_path_factory.mktemp("small") / "home")


@pytest.fixture(scope="module")
def truth(source: Path) -> Truth:
    """What the exports say, counted row by row."""
    return Truth(source)


def visit(home: Path, page: str = "overview", peer: str = "127.0.0.1", **query: str | list[str]) -> AppTest:
    """One visit of a page, on this machine unless a peer is given, at an address with a query."""
    only(home)
    app = AppTest.from_string(SCRIPT.format(home=str(home), peer=peer), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "overview":  # which is at no path of its own
        app.switch_page(str(FOLDER / f"{page}.py"))
    return app.run()


def texts(app: AppTest) -> str:
    """Everything that the main part of a page says in words."""
    shown = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return "\n".join(str(element.value) for element in shown)


def figures(app: AppTest) -> dict[str, str]:
    """The figures on cards by their names."""
    return {metric.label: metric.value for metric in app.metric}


def descriptions(app: AppTest) -> list[str]:
    """What is read aloud of the charts."""
    return [element.proto.alt for element in app.get("vega_lite_chart")]


def specifications(app: AppTest) -> list[dict[str, Any]]:
    """What is said of the charts, and read aloud, besides their rows and how high they are."""
    found = []
    for element in app.get("vega_lite_chart"):
        text = element.proto.spec
        for rows in element.proto.datasets:
            text = text.replace(rows.name, "rows")
        said = json.loads(text) | {"alt": element.proto.alt}
        found.append({key: value for key, value in said.items() if key != "height"})
    return found


def table(app: AppTest, position: int = 0) -> list[list[str]]:
    """The cells of a table as they are shown, without its header."""
    return read_cells(app.table[position])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", GROWTH)
def test_every_page_shows_its_title_its_figures_and_the_build(home: Path, page: str, language: str) -> None:
    """In French and in English, without an error, each figure with its definition, the footer under it."""
    app, words = visit(home, page, lang=language), Words(language)
    assert not app.exception
    assert not app.error
    assert [title.value for title in app.title] == [words(f"page.{page}.title")]
    assert len(app.metric) + len(app.table) >= 3
    assert len(app.get("popover")) >= len(app.metric)
    assert f"build {workbench.open(home).build.id}" in texts(app)
    assert len(descriptions(app)) >= 1
    assert all(len(description) > 40 for description in descriptions(app))


def test_the_overview_counts_as_the_exports_do(home: Path, truth: Truth) -> None:
    """Users, active users, classes and translated posts, each counted from the rows; two subscriptions under way."""
    shown = figures(visit(home))
    expected = in_french(
        [truth.living(), len(truth.active(28)), len(truth.created(SINCE, UNTIL)), truth.translated_posts()]
    )
    assert list(shown.values()) == [*expected, Words("fr").euros(99 + 59)]


def test_the_overview_puts_published_figures_beside_ours(home: Path, truth: Truth) -> None:
    """Published, computed for the scope it was published for, and the gap; whatever the filters say."""
    app = visit(home, country="BE", role="teacher")
    there = [row for row in truth.users if row["created_at"] < "2020-09-15"]
    computed = [len(there), len({row["country"] for row in there}), 1, len(truth.translated_by(date(2020, 9, 14)))]
    said = [
        [*in_french([published, ours]), Words("fr").change(ours / published - 1)]
        for published, ours in zip([1_100_000, 35, 30_000, 150_000], computed, strict=True)
    ]
    rows = table(app, -1)
    assert [row[1:] for row in rows] == said
    assert rows[0][0] == "Utilisateurs dans le monde, à la rentrée 2020"


def test_the_users_page_counts_as_the_exports_do(home: Path, truth: Truth) -> None:
    """dau, wau, mau, and the table of growth that adds up line by line."""
    app = visit(home, "users")
    active = [len(truth.active(window_days)) for window_days in (1, 7, 28)]
    assert list(figures(app).values())[:3] == in_french(active)
    newest = table(app)[0]
    growth = truth.growth(UNTIL)
    order = ("churned", "retained", "resurrected", "new")
    before = growth["retained"] + growth["churned"]
    assert newest[1:] == in_french([before, *(growth[kind] for kind in order), active[2]])


def test_the_countries_page_counts_as_the_exports_do(home: Path, truth: Truth) -> None:
    """The table says what the map says, the biggest first."""
    rows = table(visit(home, "countries"))
    expected = [("France", "FR"), ("Belgique", "BE"), ("Suisse", "CH"), ("Luxembourg", "LU")]
    assert [row[0] for row in rows] == [name for name, _ in expected]
    assert [row[1] for row in rows] == in_french(truth.living(country=code) for _, code in expected)
    assert [row[3] for row in rows] == in_french(len(truth.active(28, country=code)) for _, code in expected)


def test_the_countries_table_can_be_put_in_another_order(home: Path) -> None:
    """By name: Belgium comes first."""
    app = visit(home, "countries")
    app.segmented_control(key="countries.order").set_value("name").run()
    assert [row[0] for row in table(app)] == ["Belgique", "France", "Luxembourg", "Suisse"]


def test_the_classes_page_counts_as_the_exports_do(home: Path, truth: Truth) -> None:
    """Created, activated, the rate of those decided, and the académies of their départements."""
    app = visit(home, "classes")
    created, activated = truth.created(SINCE, UNTIL), truth.activated()
    assert list(figures(app).values())[:2] == in_french([len(created), len(activated)])
    assert figures(app)["Taux d’activation"] == Words("fr").percent(len(activated) / (len(created) - 1))
    assert [(row[0], row[1], row[3]) for row in table(app, 1)] == [("Versailles", "2", "0"), ("Lyon", "1", "1")]


def test_the_translations_page_keeps_posts_and_translations_apart(home: Path, truth: Truth) -> None:
    """Three figures, and a table of pairs whose rows are those of the exports."""
    app = visit(home, "translations")
    pairs = truth.translated()
    expected = in_french([truth.translated_posts(), sum(pairs.values()), truth.failures()])
    assert list(figures(app).values())[:3] == expected
    names = {"fr": "Français", "ar": "Arabe", "en": "Anglais", "pt": "Portugais"}
    shown = {(row[0], row[1]): row[2] for row in table(app)}
    assert shown == {(names[a], names[b]): in_french([count])[0] for (a, b), count in pairs.items()}


@pytest.mark.parametrize("page", PAGES)
def test_without_a_build_a_page_says_how_to_make_one(tmp_path: Path, page: str) -> None:
    """An empty HOME is where everybody starts."""
    app = visit(tmp_path, page)
    assert not app.exception
    assert app.title[0].value == Words("fr")("empty.build.title")
    assert "workbench etl run --source" in texts(app)
    assert "make run" in texts(app)
    assert not app.metric


@pytest.mark.parametrize(("page", "feed"), FEED_OF.items())
def test_without_its_feed_a_page_names_the_folder_and_the_command(
    source: Path, tmp_path: Path, page: str, feed: str
) -> None:
    """The other pages go on."""
    partial = tmp_path / "source"
    shutil.copytree(source, partial, ignore=shutil.ignore_patterns(feed))
    etl(tmp_path / "home", partial)
    app = visit(tmp_path / "home", page)
    assert not app.exception
    assert not app.error
    assert Words("fr")("empty.feed.title", feed=feed) in texts(app)
    assert "workbench etl run --source" in texts(app)
    overview = figures(visit(tmp_path / "home"))
    unknown = {"usage": "Actifs sur 28 jours", "classes": "Classes créées", "translations": "Publications traduites"}
    assert [name for name, value in overview.items() if value == "–"] == [unknown[feed]]


@pytest.mark.parametrize("page", GROWTH)
def test_a_filter_changes_the_rows_of_charts_and_nothing_else(home: Path, page: str) -> None:
    """No description holds a figure, no scale an end: with them, each choice would have every chart made anew."""
    everybody, french = visit(home, page), visit(home, page, country="FR")
    assert specifications(french) == specifications(everybody)


def test_a_wrong_filter_is_not_said_where_there_is_none_to_choose(home: Path) -> None:
    """Pages of the programme have the language alone: « choose another in the filters » would lead nowhere."""
    said = [warning.value for warning in visit(home, "followups", country="XX", year="1999", lang="xx").warning]
    assert [line for line in said if "`" in line] == [
        Words("fr")("filter.ignored", filter=Words("fr")("filter.lang"), value="xx")
    ]


@pytest.mark.parametrize("page", GROWTH)
def test_wrong_filters_in_the_address_are_ignored_and_said(home: Path, page: str) -> None:
    """Each wrong value gets a note; the right one beside it holds."""
    app = visit(
        home, page, country=["Atlantis", "FR"], role="`janitor`", year="1850-1851", period="dates", lang="xx",
        **{"from": "yesterday", "to": "2020-13-01"},
    )  # fmt: skip
    assert not app.exception
    assert not app.error
    noted = [re.search(r"`(.*)`", warning.value) for warning in app.warning]
    assert sorted(note.group(1) for note in noted if note) == sorted(
        ["Atlantis", " janitor ", "1850-1851", "yesterday", "2020-13-01", "xx"]
    )
    assert "France · Tous les rôles" in texts(app)


def test_filters_of_the_address_cut_every_figure(home: Path, truth: Truth) -> None:
    """Country and role, as codes, so that the same link holds in both languages."""
    for language in LANGUAGES:
        app = visit(home, "users", country="FR", role="parent", lang=language)
        expected = f"{len(truth.active(28, country='FR', role='parent'))}"
        assert figures(app)[Words(language)("metric.mau.name")] == expected


def test_a_period_of_the_address_moves_the_day_that_figures_are_of(home: Path, truth: Truth) -> None:
    """The last day of the period is the day of dau, wau and mau."""
    app = visit(home, "users", period="dates", **{"from": "2020-09-20", "to": "2020-10-11"})
    day = date(2020, 10, 11)
    assert list(figures(app).values())[:3] == in_french(len(truth.active(n, day)) for n in (1, 7, 28))


def test_a_school_year_of_the_address_is_shown_to_its_end(home: Path, truth: Truth) -> None:
    """2019-2020 has fourteen loaded days; the windows after them run out, and the page says what was not loaded."""
    app = visit(home, "users", year="2019-2020")
    assert figures(app)["Actifs sur 28 jours"] == in_french([len(truth.active(28, date(2020, 8, 31)))])[0]
    assert "pas été chargés" in texts(app)
    assert set(app.selectbox(key="filter.year").options) >= {"2019-2020", "2020-2021"}


def test_choosing_a_filter_writes_it_into_the_address(home: Path) -> None:
    """And choosing the default again takes it out: short links."""
    app = visit(home, "users")
    app.selectbox(key="filter.year").set_value("2019-2020").run()
    assert app.query_params["year"] == "2019-2020"
    app.multiselect(key="filter.country").set_value(["BE", "CH"]).run()
    assert app.query_params["country"] == ["BE", "CH"]
    app.selectbox(key="filter.year").set_value("2020-2021").run()
    assert "year" not in app.query_params


def test_holidays_are_shaded_for_france_alone(home: Path) -> None:
    """Other countries have other holidays."""
    said = Words("fr")("chart.breaks")
    assert said in texts(visit(home, "users", country="FR"))
    assert said not in texts(visit(home, "users"))
    assert said not in texts(visit(home, "users", country=["FR", "BE"]))


def test_pages_without_roles_say_that_the_filter_does_not_apply(home: Path) -> None:
    """A filter that does nothing, silently, is a lie."""
    assert Words("fr")("filter.role_unused") in texts(visit(home, "classes", role="parent"))
    assert Words("fr")("filter.role_unused") not in texts(visit(home, "users", role="parent"))


@pytest.fixture(scope="module")
def odd_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with no country that a map could show, and with nothing but usage."""
    folder = tmp_path_factory.mktemp("odd")
    rows = [(f"e{n}", f"2020-12-{n:02}T10:00:00Z", f"u{n % 3}", "sign_in", "parent", "??", "") for n in range(1, 15)]
    write_csv(folder / "source" / "usage" / "odd.csv", USAGE, rows)
    etl(folder / "home", folder / "source")
    return folder / "home"


@pytest.mark.parametrize("page", PAGES)
def test_exports_of_unknown_countries_alone_break_no_page(odd_home: Path, page: str) -> None:
    """No country that a map could show, and nothing but usage."""
    app = visit(odd_home, page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_a_selection_without_anybody_is_empty_not_broken(home: Path, page: str) -> None:
    """Luxembourg's staff, a week in which no class was made: empty states and zeros."""
    app = visit(home, page, country="LU", role="staff", period="dates", **{"from": "2020-11-02", "to": "2020-11-03"})
    assert not app.exception
    assert not app.error


def test_nobody_sees_a_plain_page_and_no_figure(home: Path) -> None:
    """The frame asks again, whatever let the visit in."""
    app = visit(home, peer="10.0.0.4")
    assert app.title[0].value == Words("fr")("access.nobody.title")
    assert not app.metric
    assert not app.get("vega_lite_chart")
    assert not app.sidebar.selectbox


def as_role(home: Path, page: str, role: str) -> AppTest:
    """A page as somebody of a role would see it, once there is a login."""
    only(home)
    script = VIEWER.format(home=str(home), page=str(FOLDER / f"{page}.py"), role=role)
    return AppTest.from_string(script, default_timeout=60).run()


def test_a_viewer_sees_small_countries_folded_and_the_same_totals(home: Path, truth: Truth) -> None:
    """After the administrator, from the same cache: the role is part of every cached answer's key."""
    admin, viewer = as_role(home, "countries", "ADMIN"), as_role(home, "countries", "VIEWER")
    assert not viewer.exception
    assert [row[0] for row in table(admin)] == ["France", "Belgique", "Suisse", "Luxembourg"]
    assert [row[0] for row in table(viewer)] == ["France", "Belgique", "Suisse", "Autres (petits effectifs)"]
    assert [row[1] for row in table(viewer)] == [row[1] for row in table(admin)]
    assert figures(viewer) == figures(admin)
    assert Words("fr")("countries.folded", n=5) in texts(viewer)
    assert Words("fr")("countries.folded", n=5) not in texts(admin)
    assert figures(viewer)["Utilisateurs"] == str(truth.living())


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_a_viewer_a_small_country_or_role(home: Path, page: str) -> None:
    """Neither in words, nor in a table, nor in the data of a chart."""
    app = as_role(home, page, "VIEWER")
    assert not app.exception
    drawn = " ".join(str(element.proto) for element in [*app.get("vega_lite_chart"), *app.table])
    assert not re.search("Luxembourg|Personnel|staff", texts(app) + drawn)


def test_what_goes_wrong_inside_is_a_number_to_quote(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A build that is no database: the person gets a number, the log gets the number and the reason."""
    shutil.copytree(home, tmp_path / "home")
    build = tmp_path / "home" / "warehouse" / (tmp_path / "home" / "warehouse" / "current").read_text().strip()
    broken = build.with_name(build.name + ".duckdb")
    broken.chmod(0o644)
    broken.write_bytes(b"not a database")
    app = visit(tmp_path / "home")
    assert not app.exception
    number = re.search(r"\*\*([0-9a-f]{8})\*\*", app.error[0].value)
    assert number is not None
    assert number.group(1) in caplog.text
    assert "Traceback" not in texts(app)
    assert not app.metric


def test_the_app_run_by_streamlit_itself_shows_nothing() -> None:
    """Without the gate nothing vouches for the peer: fail closed."""
    app = AppTest.from_file(str(FOLDER.parent / "app" / "frame.py"), default_timeout=60).run()
    assert not app.metric
    assert len(app.exception) == 1
    assert "workbench serve" in app.exception[0].message


def test_the_sample_says_that_it_is_one(source: Path, tmp_path: Path) -> None:
    """Nobody should quote a made-up figure."""
    marked = tmp_path / "source"
    shutil.copytree(source, marked)
    (marked / "SAMPLE.json").write_text("{}", encoding="utf-8")
    etl(tmp_path / "home", marked)
    assert "Données d’exemple" in texts(visit(tmp_path / "home"))
    assert Words("fr")("overview.fresh") in texts(visit(tmp_path / "home"))


def test_a_new_build_shows_on_the_next_run(source: Path, tmp_path: Path) -> None:
    """Answers are cached by build: no restart, no waiting."""
    growing = tmp_path / "source"
    shutil.copytree(source, growing)
    etl(tmp_path / "home", growing)
    app = visit(tmp_path / "home")
    before = figures(app)["Utilisateurs"]
    with (growing / "users" / "users.csv").open("a", encoding="utf-8") as users:
        users.write("u900,parent,FR,2020-12-01T08:00:00Z,\n")
    etl(tmp_path / "home", growing)
    assert int(figures(app.run())["Utilisateurs"]) == int(before) + 1


def test_weeks_are_cut_at_the_ends_of_the_period() -> None:
    """The first week of school is a short one, and says so."""
    days = pl.DataFrame({"day": [SINCE, date(2020, 9, 7), UNTIL], "value": [1, 2, 4]})
    weeks = weekly(days, SINCE, UNTIL).to_dicts()
    assert [(week["day"], week["until"], week["value"]) for week in weeks] == [
        (SINCE, date(2020, 9, 6), 1),
        (date(2020, 9, 7), date(2020, 9, 13), 2),
        (UNTIL, UNTIL, 4),
    ]
    assert weekly(days.head(1), SINCE, date(2020, 9, 30)).to_dicts() == [{"day": SINCE, "value": 1, "until": SINCE}]
