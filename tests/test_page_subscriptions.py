"""The page of the subscriptions: its numbers are those of the exports, and nobody sees more than their role may."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from pages_home import in_french
from streamlit.testing.v1 import AppTest
from subscriptions_truth import UNTIL, Cut, Signed
from test_pages import (
    FOLDER,
    _nothing_cached,  # noqa: F401  # for every test here
    as_role,
    descriptions,
    figures,
    only,
    table,
    texts,
    visit,
)
from tiny import NOW, USERS, etl, settings, write_csv

from workbench.access import Role
from workbench.charts import Caption, subscriptions
from workbench.ledger import Ledger, open_ledger
from workbench.ledger.classes import NamedClass, remember_classes
from workbench.ledger.tables import Audit
from workbench.metrics import Asking
from workbench.metrics.kit import targets
from workbench.pages import Page
from workbench.pages.sheet.report import Report
from workbench.pages.subscriptions import show
from workbench.privacy import pseudonym_key
from workbench.text import LANGUAGES, Words
from workbench.warehouse import open_warehouse

FR = Words("fr")
BRIDGE, PLANS, PAYERS, KEPT, ENDS, COUNTS, FULL = range(7)
"""The tables of the page in their order."""

AT_THE_DESK = """
import runpy
from datetime import date
from pathlib import Path
import streamlit as st
from held_open import held_open
from workbench.access import Role
from workbench.ledger import open_ledger
from workbench.metrics import Asking
from workbench.pages.sheet.screen import Screen
from workbench.privacy import pseudonym_key
from workbench.text import Words
from tiny import settings
home = Path({home!r})
st.session_state["visit"] = dict(
    warehouse=held_open(home), words=Words("fr"), school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role.{role}, 5, date(2020, 9, 1), date(2020, 12, 14), countries=("BE",)),
    sheet=Screen(Words("fr")), comparison="weekday", who="sandie",
    ledger={ledger},
)
runpy.run_path({page!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def source(signed: Path) -> Path:
    """A small sample, and subscriptions at every edge."""
    return signed / "exports"


@pytest.fixture(scope="module")
def truth(source: Path) -> Signed:
    """What the exports say."""
    return Signed(source)


@pytest.fixture(scope="module")
def home(signed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the build of these exports; a copy, since a visit writes to it."""
    return shutil.copytree(signed / "home", tmp_path_factory.mktemp("signed") / "home")


@pytest.fixture
def register(home: Path, tmp_path: Path) -> Iterator[tuple[str, Ledger]]:
    """A ledger that knows one class, and its address."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    ledger = open_ledger(url, pseudonym_key(settings(home)))
    (key,) = ledger.keys("class", ["overlap"])
    remember_classes(ledger, [NamedClass(key, "overlap", "59512", date(2020, 3, 1))], who="landing", now=NOW)
    yield url, ledger
    ledger.close()


def at_the_desk(home: Path, role: str, url: str | None, asked: str) -> AppTest:
    """Customer service types something into the look-up box."""
    only(home)
    opened = f"open_ledger({url!r}, pseudonym_key(settings(home)))" if url else "None"
    page = str(FOLDER / "subscriptions.py")
    script = AT_THE_DESK.format(home=str(home), role=role, page=page, ledger=opened)
    app = AppTest.from_string(script, default_timeout=60).run()
    return app.text_input(key="subscriptions.lookup").set_value(asked).run()


def euros(value: float) -> str:
    """As the page writes an amount."""
    return FR.euros(value)


@pytest.mark.parametrize(
    ("query", "cut"),
    [
        ({}, {}),
        ({"country": "FR"}, {"country": ("FR",)}),
        ({"plan": "standard"}, {"plan": ("standard",)}),
    ],
)
def test_the_cards_are_what_the_exports_say(
    home: Path, truth: Signed, query: dict[str, str | list[str]], cut: Cut
) -> None:
    """ARR, classes, Confort famille, NRR, GRR, renewals: of everybody, of a country, of a plan."""
    app = visit(home, "subscriptions", **query)
    pairs = [pair for payer in truth.kept(2020, cut).values() for pair in payer]
    former = sum(then for then, _ in pairs)
    outcomes = truth.ended(date(2020, 9, 1), UNTIL, cut)
    assert list(figures(app).values()) == [
        euros(truth.arr(UNTIL, cut)),
        *in_french([len(truth.by_class(UNTIL, cut))]),
        FR.percent(truth.confort(UNTIL, cut)),
        FR.percent(sum(now for _, now in pairs) / former),
        FR.percent(sum(min(now, then) for then, now in pairs) / former),
        FR.percent(outcomes.count("renewed") / len(outcomes)),
    ]
    assert FR("subscriptions.of_march", n=len(pairs), since=date(2019, 3, 31), until=date(2020, 3, 31)) in texts(app)
    assert FR("subscriptions.of_ended", n=len(outcomes)) in texts(app)


def test_arr_is_compared_with_the_same_day_a_year_before(home: Path, truth: Signed) -> None:
    """364 days earlier, and the classes likewise; or with the day before the period, where that is chosen."""
    then = UNTIL - timedelta(days=364)
    changes = {metric.label: metric.delta for metric in visit(home, "subscriptions").metric}
    assert FR.change(truth.arr(UNTIL) / truth.arr(then) - 1) in changes[FR("metric.arr_eur.name")]
    assert (
        FR.change(len(truth.by_class(UNTIL)) / len(truth.by_class(then)) - 1)
        in changes[FR("metric.paying_classes.name")]
    )
    changes = {metric.label: metric.delta for metric in visit(home, "subscriptions", compare="previous").metric}
    assert FR.change(truth.arr(UNTIL) / truth.arr(date(2020, 8, 31)) - 1) in changes[FR("metric.arr_eur.name")]


def test_prime_is_said_to_be_outside(home: Path) -> None:
    """In both languages."""
    for language in LANGUAGES:
        app = visit(home, "subscriptions", lang=language)
        assert not app.exception
        assert Words(language)("subscriptions.prime") in texts(app)


def test_the_targets_of_the_year_stand_beside_figures_of_everything(home: Path) -> None:
    """A country, or a plan, has no target of its own."""
    goal = targets("2020-2021")
    wanted = [FR.percent(goal["nrr"].value), FR.percent(goal["renewal_share"].value), euros(goal["arr_eur"].value)]
    said = [FR("subscriptions.target", year="2020-2021", value=value) for value in wanted]
    assert [line in texts(visit(home, "subscriptions")) for line in said] == [True] * 3
    assert [line in texts(visit(home, "subscriptions", country="FR")) for line in said] == [False] * 3


@pytest.mark.parametrize(("query", "cut"), [({}, {}), ({"country": "FR"}, {"country": ("FR",)})])
def test_the_bridge_adds_up_and_ends_at_the_card(
    home: Path, truth: Signed, query: dict[str, str | list[str]], cut: Cut
) -> None:
    """Each line begins where the one before ended; the sentence sums the columns; a month under way is said."""
    app = visit(home, "subscriptions", **query)
    lines = [(date(2020, 12, 1), UNTIL), (date(2020, 11, 1), date(2020, 11, 30))]
    lines += [(date(2020, 10, 1), date(2020, 10, 31)), (date(2020, 9, 1), date(2020, 9, 30))]
    steps = [truth.step(first - timedelta(days=1), last, cut) for first, last in lines]
    assert table(app, BRIDGE) == [
        [
            FR.day(first, "short"), FR.day(last, "short"),
            *map(euros, (s.former, s.new, s.expansion, s.contraction, s.churned, s.arr)),
            *in_french([len(truth.by_class(last, cut))]),
        ]
        for (first, last), s in zip(lines, steps, strict=True)
    ]  # fmt: skip
    for step in steps:
        assert step.former + step.new + step.expansion - step.contraction - step.churned == pytest.approx(step.arr)
    sums = {
        f"{name}_eur": euros(sum(getattr(s, name) for s in steps))
        for name in ("new", "expansion", "contraction", "churned")
    }
    assert FR("subscriptions.sum", former_eur=euros(steps[-1].former), arr_eur=euros(steps[0].arr), **sums) in texts(
        app
    )
    assert figures(app)[FR("metric.arr_eur.name")] == euros(steps[0].arr)
    assert FR("subscriptions.partial") in texts(app)


def test_whole_months_are_not_said_to_be_cut(home: Path) -> None:
    """The year 2019-2020 ends with a month."""
    app = visit(home, "subscriptions", year="2019-2020")
    assert FR("subscriptions.partial") not in texts(app)
    assert FR("subscriptions.by_plan") not in texts(app)
    assert FR("subscriptions.by_plan") in texts(visit(home, "subscriptions", plan="plus"))


def test_plans_and_payers_share_the_revenue(home: Path, truth: Signed) -> None:
    """Classes by the subscription that began last, euros by each, against the same day a year before."""
    app, then = visit(home, "subscriptions"), UNTIL - timedelta(days=364)
    held = truth.held(UNTIL).values()
    for position, by, order, written in (
        (PLANS, "plan", ("initiale", "standard", "plus"), FR.plan),
        (PAYERS, "payer_type", ("commune", "ecole", "classe"), lambda payer: FR(f"payer.{payer}")),
    ):
        expected = []
        for name in order:
            cut = {by: (name,)}
            now, before = truth.arr(UNTIL, cut), truth.arr(then, cut)
            expected.append([
                written(name), *in_french([sum(row[by] == name for row in held)]), euros(now),
                FR.percent(now / truth.arr(UNTIL)), euros(before), FR.change(now / before - 1),
                FR.percent(truth.confort(UNTIL, cut)),
            ])  # fmt: skip
        assert table(app, position) == expected


def test_retention_is_told_by_payer_with_its_number_of_classes(home: Path, truth: Signed) -> None:
    """And for all of them together, as the cards have it."""
    app, kept = visit(home, "subscriptions"), truth.kept(2020)
    kept["all"] = [pair for payer in kept.values() for pair in payer]
    expected = []
    for payer in ("commune", "ecole", "classe", "all"):
        then, now = (sum(values) for values in zip(*kept[payer], strict=True))
        gross = sum(min(pair) for pair in kept[payer])
        expected.append([
            FR(f"payer.{payer}"), *in_french([len(kept[payer])]), euros(then), euros(now),
            FR.percent(now / then), FR.percent(gross / then),
        ])  # fmt: skip
    assert table(app, KEPT) == expected
    assert expected[-1][-2] == figures(app)[FR("metric.nrr.name")]


def test_the_calendar_of_ends_knows_what_was_renewed(home: Path, truth: Signed) -> None:
    """Of the year 2019-2020, seen from today: what was renewed, what was lost, what is still open."""
    app, day = visit(home, "subscriptions", year="2019-2020"), date(2020, 8, 31)
    ending = list(truth.ending(day))
    rows = table(app, ENDS)
    assert len(rows) > 5
    total = dict.fromkeys(("renewed", "lost", "open"), 0.0)
    for row in ending:
        total[truth.outcome(row)] += row["eur"]
    assert all(total.values())
    said = {f"{outcome}_eur": euros(value) for outcome, value in total.items()}
    assert FR("subscriptions.ending", arr_eur=euros(sum(total.values())), **said) in texts(app)
    september = [row for row in ending if row["ended_on"] <= date(2020, 9, 30)]
    of = {o: [row for row in september if truth.outcome(row) == o] for o in total}
    classes = {o: len({row["class_id"] for row in found}) for o, found in of.items()}
    assert rows[0] == [
        "01/09/2020", "30/09/2020", str(len({row["class_id"] for row in september})),
        euros(sum(row["eur"] for row in september)), str(classes["renewed"]),
        euros(sum(row["eur"] for row in of["renewed"])), str(classes["lost"]), str(classes["open"]),
        euros(sum(row["eur"] for row in of["open"])),
    ]  # fmt: skip


@pytest.mark.parametrize("percent", [80, 95, 100])
def test_classes_at_their_limits_are_listed_from_a_threshold_on(home: Path, truth: Signed, percent: int) -> None:
    """The fullest first; who may see rows chooses from where on."""
    app = visit(home, "subscriptions")
    app.segmented_control(key="subscriptions.threshold").set_value(percent).run()
    pressed = truth.pressed(percent / 100)
    rows = table(app, FULL)
    assert len(rows) == len(pressed)
    assert [row[5] for row in rows] == [FR.percent(share) for share in sorted(pressed.values(), reverse=True)]
    names = {part: FR(f"entitlement.{part}") for part in ("members", "admins", "storage_mb")}
    assert sorted(row[2] for row in rows) == sorted(names[part] for _, part in pressed)
    classes = len({name for name, _ in pressed})
    assert FR("subscriptions.full", n=classes, percent=FR.percent(percent / 100, 0)) in texts(app)
    position = {80: 3, 95: 4, 100: 5}[percent]
    assert sum(int(row[position]) for row in table(app, COUNTS)) == len(pressed)


def test_a_viewer_sees_how_many_classes_are_full_and_not_which(home: Path) -> None:
    """Counts for everybody; keys, communes and the look-up box from the analyst on."""
    viewer, analyst = as_role(home, "subscriptions", "VIEWER"), as_role(home, "subscriptions", "ANALYST")
    assert not viewer.exception
    assert not analyst.exception
    assert table(viewer, COUNTS) == table(analyst, COUNTS)
    assert (len(viewer.table), len(analyst.table)) == (COUNTS + 1, FULL + 1)
    assert not viewer.text_input
    assert "Roubaix" in str(analyst.table[FULL].proto)
    assert "Roubaix" not in " ".join(str(shown.proto) for shown in viewer.table)
    assert FR("subscriptions.rows_needed") in texts(viewer)
    assert FR("subscriptions.rows_needed") not in texts(analyst)
    assert [label for label in _popovers(viewer) if label == FR("subscriptions.renewals_list")] == []
    assert FR("subscriptions.renewals_list") in _popovers(analyst)


def test_a_report_counts_full_classes_and_lists_none(home: Path, truth: Signed) -> None:
    """It goes from hand to hand, whoever made it."""
    only(home)
    sheet, warehouse = Report(FR), open_warehouse(home)
    asking = Asking(Role.ADMIN, 5, date(2020, 9, 1), UNTIL)
    page = Page("subscriptions", sheet, warehouse, asking, "weekday", FR, "2020-2021", date(2020, 12, 15), "admin")
    show(page)
    warehouse.close()
    html = sheet.html("")
    assert euros(truth.arr(UNTIL)) in html
    assert FR("section.subscriptions_limits.title") in html
    assert "Roubaix" not in html
    assert FR("column.class_key") not in html


def test_a_commune_answers_with_its_classes_whatever_the_filters_say(home: Path, truth: Signed) -> None:
    """Plan, what is used of it and until when, the one that ends last first; Belgium is filtered, Roubaix is found."""
    app = at_the_desk(home, "ANALYST", None, "roubaix")
    rows = {row[0]: row for row in table(app)}
    there = [name for name, row in truth.classes.items() if row["commune_code"] == "59512"]
    assert len(rows) == len(there)
    assert FR("subscriptions.found", n=len(there)) in texts(app)
    (overlap,) = (row for row in rows.values() if row[2] == "01/03/2021")
    assert overlap[1:7] == [
        "Plus", "01/03/2021", f"400 / 400 ({FR.percent(1, 0)})", "50",
        f"{FR.number(19456)} / {FR.number(20480)} ({FR.percent(0.95, 0)})", FR("subscriptions.alive"),
    ]  # fmt: skip
    assert overlap[7:10] == [FR("payer.ecole"), FR("subscriptions.yes"), "Roubaix"]
    assert FR("subscriptions.free_limits") in texts(app)


def test_of_several_communes_one_is_chosen(home: Path) -> None:
    """The biggest is offered first."""
    app = at_the_desk(home, "ANALYST", None, "Saint-Denis")
    chosen = app.selectbox(key="subscriptions.commune")
    assert len(chosen.options) > 3
    chosen.set_value("93066").run()
    assert {row[9] for row in table(app)} == {"Saint-Denis"}
    assert len(table(app)) >= 3


def test_an_analyst_finds_a_class_by_its_key_and_never_by_its_id(
    home: Path, register: tuple[str, Ledger], truth: Signed
) -> None:
    """Who may not see ids may not try them; there is no button to call either."""
    url, ledger = register
    assert "overlap" in truth.classes
    (key,) = ledger.keys("class", ["overlap"])
    by_key, by_id = at_the_desk(home, "ANALYST", url, str(key)), at_the_desk(home, "ANALYST", url, "overlap")
    assert [row[0] for row in table(by_key)] == [str(key)]
    assert FR("subscriptions.not_found", asked="overlap") in texts(by_id)
    assert not by_key.button
    assert not by_id.button


def test_the_community_finds_a_class_by_its_id_and_is_told_whom_to_call(
    home: Path, register: tuple[str, Ledger]
) -> None:
    """One at a time, and only on asking; each look-up stands in the audit with who made it."""
    url, ledger = register
    app = at_the_desk(home, "COMMUNITY", url, " overlap ")
    (row,) = table(app)[:1]
    assert row[1] == "Plus"
    assert _looked_up(ledger) == []
    assert FR("subscriptions.audited") in texts(app)
    app.button(key="subscriptions.call").click().run()
    assert FR("subscriptions.called", class_id="overlap", payer=FR("subscriptions.payer_ecole", code="59512")) in texts(
        app
    )
    assert _looked_up(ledger) == [("sandie", row[0])]


def test_a_class_that_the_register_does_not_know_is_said(home: Path, register: tuple[str, Ledger]) -> None:
    """It was landed before the register was there; the attempt is audited all the same."""
    url, ledger = register
    app = at_the_desk(home, "COMMUNITY", url, "cents")
    app.button(key="subscriptions.call").click().run()
    assert not app.exception
    assert FR("subscriptions.unknown_class") in texts(app)
    assert len(_looked_up(ledger)) == 1


def test_without_the_ledger_classes_are_still_found_by_commune(home: Path) -> None:
    """And the page says why nobody can be called."""
    app = at_the_desk(home, "ADMIN", None, "59512")
    assert len(table(app)) >= 4
    assert FR("subscriptions.no_ledger") in texts(app)
    assert not app.button


@pytest.mark.parametrize("asked", ["Atlantis", "99999999999999999999", "-", "--5", "`x`", "٣", "²"])
def test_what_nothing_answers_to_is_said(home: Path, asked: str) -> None:
    """Neither a commune nor a class, or no text that could be one."""
    app = at_the_desk(home, "ANALYST", None, asked)
    assert not app.exception
    assert FR("subscriptions.not_found", asked=asked.replace("`", " ")) in texts(app)


def test_a_filter_that_leaves_nothing_breaks_nothing(home: Path) -> None:
    """The free version has no subscription: zeros and dashes, and what to say of the rest."""
    app = visit(home, "subscriptions", plan="free")
    assert not app.exception
    assert not app.error
    assert list(figures(app).values()) == [euros(0), "0", "–", "–", "–", "–"]
    assert FR("subscriptions.no_march") in texts(app)
    assert FR("subscriptions.no_limits") in texts(app)


def test_without_its_feed_the_page_says_what_to_do(tmp_path: Path) -> None:
    """The folder and the command."""
    users = [("u1", "parent", "FR", "2020-12-01T10:00:00Z")]
    write_csv(tmp_path / "source" / "users" / "u.csv", USERS, users)
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home", "subscriptions")
    assert not app.exception
    assert FR("empty.feed.title", feed="subscriptions") in texts(app)
    assert not app.metric


def test_without_classes_the_revenue_is_shown_all_the_same(tmp_path: Path) -> None:
    """Nothing is known of limits, and nobody can be looked up."""
    columns = "subscription_id,class_id,plan,payer_type,starts_on,ends_on,price_eur".split(",")
    signed = [("s1", "k1", "plus", "commune", "2019-01-01", "2021-01-01", "99")]
    write_csv(tmp_path / "source" / "subscriptions" / "s.csv", columns, signed)
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home", "subscriptions")
    assert not app.exception
    assert not app.error
    assert figures(app)[FR("metric.arr_eur.name")] == euros(99)
    assert FR("empty.feed.title", feed="classes") in texts(app)
    assert not app.text_input


def test_the_charts_stack_what_comes_over_zero_and_what_goes_under(home: Path) -> None:
    """Each rectangle stands on the one before; a click gives the days of its month."""
    steps = pl.DataFrame({
        "since": [date(2020, 9, 1)], "until": [date(2020, 9, 30)], "new_eur": [100.0], "expansion_eur": [20.0],
        "contraction_eur": [5.0], "churned_eur": [30.0],
    })  # fmt: skip
    chart = subscriptions.bridge(steps, Caption("t", "u", "d"), FR).to_dict()
    bars = next(iter(chart["datasets"].values()))
    spans = {bar["kind"]: (bar["foot"], bar["top"]) for bar in bars if "kind" in bar}
    assert spans == {
        "expansion_eur": (0, 20), "new_eur": (20, 120), "contraction_eur": (0, -5), "churned_eur": (-5, -35),
    }  # fmt: skip
    assert {(bar["since"], bar["until"]) for bar in bars} == {("2020-09-01", "2020-09-30")}
    assert [param["select"]["fields"] for param in chart["params"]] == [["since", "until"]]
    assert all(len(description) > 40 for description in descriptions(visit(home, "subscriptions")))


def _popovers(app: AppTest) -> list[str]:
    return [block.proto.popover.label for block in app.get("popover")]


def _looked_up(ledger: Ledger) -> list[tuple[str, str]]:
    with ledger.reading() as session:
        return [(line.who, line.entity_id) for line in session.query(Audit).filter_by(what="class_looked_up")]
