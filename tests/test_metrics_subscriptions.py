"""Figures of subscriptions, against an independent count of the same export files."""

import shutil
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from subscriptions_truth import UNTIL, Cut, Signed
from tiny import settings

import workbench
from workbench.access import NotAllowed, Role
from workbench.metrics import Asking, figure, listed, question
from workbench.metrics.communes import commune_named, communes_matching
from workbench.privacy import Pseudonyms, pseudonym_key
from workbench.warehouse import Warehouse

SINCE = date(2020, 9, 1)
ADMIN = Asking(Role.ADMIN, 5, SINCE, UNTIL)
DAYS = [UNTIL, date(2020, 9, 10), date(2020, 3, 31), date(2019, 10, 1), date(2018, 9, 30)]
CUTS: list[Cut] = [{}, {"country": ("FR",)}, {"plan": ("standard", "plus")}, {"country": ("ZZ",)}]
EUROS = ("former_eur", "new_eur", "expansion_eur", "contraction_eur", "churned_eur", "arr_eur")


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


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Warehouse]:
    """The build."""
    opened = workbench.open(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def key_of(home: Path, truth: Signed) -> dict[int, str]:
    """The class behind each key, by the HOME's secret."""
    names = [*truth.classes, "unheard"]
    keys = Pseudonyms(pseudonym_key(settings(home))).keys("class", names)
    return dict(zip(map(int, keys), names, strict=True))


def asking(cut: Cut, since: date | None = SINCE, until: date | None = UNTIL) -> Asking:
    """A question about a period with a cut."""
    return replace(ADMIN, since=since, until=until, countries=cut.get("country", ()), plans=cut.get("plan", ()))


def value(warehouse: Warehouse, name: str, asked: Asking) -> float:
    """A metric of one row."""
    rows = figure(warehouse, name, asked).pl()
    return float(rows[name].item())


def groups(warehouse: Warehouse, name: str, by: str, asked: Asking = ADMIN) -> dict[str, float]:
    """A metric by one column."""
    return {row[by]: float(row[name]) for row in figure(warehouse, name, asked, (by,)).pl().to_dicts()}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("cut", CUTS)
def test_arr_is_of_the_subscriptions_active_on_the_day(
    warehouse: Warehouse, truth: Signed, day: date, cut: Cut
) -> None:
    """The sum of their yearly prices, Confort famille where it was taken, to the cent, for every cut."""
    asked = asking(cut, until=day)
    assert value(warehouse, "arr_eur", asked) == pytest.approx(truth.arr(day, cut))
    assert value(warehouse, "paying_classes", asked) == len(truth.by_class(day, cut))


@pytest.mark.parametrize("by", ["plan", "payer_type", "country"])
def test_arr_and_confort_by_group_are_those_of_its_subscriptions(warehouse: Warehouse, truth: Signed, by: str) -> None:
    """Every group that has one, and no other."""
    present = {row[by] for row in truth.running(UNTIL)}
    assert len(present) >= 3
    assert groups(warehouse, "arr_eur", by) == pytest.approx(
        {name: truth.arr(UNTIL, {by: (name,)}) for name in present}
    )
    expected = {name: truth.confort(UNTIL, {by: (name,)}) for name in present}
    assert groups(warehouse, "confort_uptake", by) == pytest.approx(expected)


def test_a_class_with_two_subscriptions_counts_once(warehouse: Warehouse, truth: Signed) -> None:
    """Under the plan and the payer of the one that began last."""
    day = date(2020, 3, 31)
    held = truth.held(day).values()
    assert len(truth.running(day)) > len(held)
    for by in ("plan", "payer_type"):
        expected = Counter(row[by] for row in held)
        assert groups(warehouse, "paying_classes", by, replace(ADMIN, until=day)) == expected


def test_after_the_data_nothing_is_known(warehouse: Warehouse, truth: Signed) -> None:
    """A day that no export reaches, or none at all, is the last day of the data."""
    for until in (date(2021, 8, 31), None):
        assert value(warehouse, "arr_eur", asking({}, until=until)) == pytest.approx(truth.arr(UNTIL))


@pytest.mark.parametrize("cut", [{}, {"country": ("FR",)}, {"plan": ("standard",)}])
def test_retention_is_of_the_classes_that_paid_a_year_before(warehouse: Warehouse, truth: Signed, cut: Cut) -> None:
    """By who paid then; a change of plan is no departure; GRR never counts more than was paid; n beside them."""
    pairs = truth.kept(2020, cut)
    everyone = [pair for payer in pairs.values() for pair in payer]
    assert any(now > then for then, now in everyone)
    assert value(warehouse, "nrr", asking(cut)) == pytest.approx(_nrr(everyone))
    assert value(warehouse, "grr", asking(cut)) == pytest.approx(_grr(everyone))
    assert groups(warehouse, "nrr", "payer_type", asking(cut)) == pytest.approx({p: _nrr(f) for p, f in pairs.items()})
    assert groups(warehouse, "grr", "payer_type", asking(cut)) == pytest.approx({p: _grr(f) for p, f in pairs.items()})
    rows = question(warehouse, "subscriptions_retention", asking(cut)).pl()
    assert dict(rows.select("payer_type", "classes").iter_rows()) == {payer: len(f) for payer, f in pairs.items()}
    assert rows["former_eur"].sum() == pytest.approx(sum(then for then, _ in everyone))


@pytest.mark.parametrize(("until", "year"), [("2020-03-30", 2019), ("2020-03-31", 2020), ("2020-12-31", 2020)])
def test_retention_is_of_the_last_31_march(warehouse: Warehouse, until: str, year: int) -> None:
    """On 30 March it is still the one of the year before: of nobody here, whose first subscriptions are of 2018."""
    rows = question(warehouse, "subscriptions_retention", asking({}, until=date.fromisoformat(until))).pl()
    marches = rows.select("former_march", "this_march").unique().rows()
    assert marches == ([] if year == 2019 else [(date(2019, 3, 31), date(2020, 3, 31))])


def test_without_anybody_a_year_before_there_is_no_retention(warehouse: Warehouse) -> None:
    """Nothing divided by nothing is no figure."""
    for name in ("nrr", "grr"):
        assert figure(warehouse, name, asking({}, until=date(2019, 6, 1))).rows() == [(None,)]


def test_the_bridge_is_the_table_of_revenue_where_nothing_is_filtered(warehouse: Warehouse) -> None:
    """Every whole month of all years, every column."""
    bridge = question(warehouse, "subscriptions_bridge", asking({}, since=None)).pl()
    revenue = warehouse.sql("""
        select month as since, sum(new_eur)::double as new_eur, sum(expansion_eur)::double as expansion_eur,
            sum(contraction_eur)::double as contraction_eur, sum(churned_eur)::double as churned_eur,
            sum(arr_eur)::double as arr_eur, sum(classes)::bigint as classes
        from revenue group by month order by month
    """).pl()
    assert bridge.filter("whole").select(revenue.columns).equals(revenue)
    assert revenue.height == 27
    assert bridge.filter(~pl.col("whole"))["until"].to_list() == [UNTIL]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("since", [SINCE, date(2019, 9, 10), date(2020, 12, 5)])
def test_the_bridge_is_what_moved_class_by_class(warehouse: Warehouse, truth: Signed, since: date, cut: Cut) -> None:
    """From each month's last day to the next one's, cut at the ends of the period; each step begins where one ended."""
    steps = question(warehouse, "subscriptions_bridge", asking(cut, since=since)).pl().to_dicts()
    assert [(step["since"], step["until"]) for step in steps] == list(_months(since, UNTIL))
    for step in steps:
        expected = truth.step(step["since"] - timedelta(days=1), step["until"], cut)
        assert tuple(step[name] for name in EUROS) == pytest.approx(astuple(expected))
        assert step["classes"] == len(truth.by_class(step["until"], cut))
    assert steps[-1]["arr_eur"] == pytest.approx(value(warehouse, "arr_eur", asking(cut)))


def test_the_bridge_has_every_kind_of_move(warehouse: Warehouse) -> None:
    """So that the tests above compare more than zeros."""
    bridge = question(warehouse, "subscriptions_bridge", asking({}, since=None)).pl()
    assert all(bridge[name].sum() > 0 for name in EUROS)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("day", [UNTIL, date(2020, 8, 31), date(2019, 8, 31)])
def test_the_calendar_of_ends_says_what_was_renewed(warehouse: Warehouse, truth: Signed, day: date, cut: Cut) -> None:
    """Classes and euros by month, renewed, lost and open, as far as is known at the end of the data."""
    months = question(warehouse, "subscriptions_renewals", asking(cut, until=day)).pl().to_dicts()
    ending = list(truth.ending(day, cut))
    assert sum(month["arr_eur"] for month in months) == pytest.approx(sum(row["eur"] for row in ending))
    for month in months:
        here = [row for row in ending if month["since"] <= row["ended_on"] <= month["until"]]
        assert month["classes"] == len({row["class_id"] for row in here}) > 0
        assert month["arr_eur"] == pytest.approx(sum(row["eur"] for row in here))
        for outcome in ("renewed", "lost", "open"):
            found = [row for row in here if truth.outcome(row) == outcome]
            assert month[outcome] == len({row["class_id"] for row in found})
            assert month[f"{outcome}_eur"] == pytest.approx(sum(row["eur"] for row in found))
    listed_rows = listed(warehouse, "renewals", asking(cut, until=day)).pl()
    assert sorted(zip(listed_rows["ended_on"], listed_rows["arr_eur"], listed_rows["outcome"], strict=True)) == sorted(
        (row["ended_on"], row["eur"], truth.outcome(row)) for row in ending
    )


def test_the_sixtieth_day_renews_and_the_next_does_not(
    warehouse: Warehouse, key_of: dict[int, str], truth: Signed
) -> None:
    """Two classes whose subscriptions ended on 1 October 2019."""
    rows = listed(warehouse, "renewals", asking({}, until=date(2019, 9, 30))).pl()
    outcomes = {key_of[key]: outcome for key, outcome in rows.select("class_key", "outcome").iter_rows()}
    assert (outcomes["sixtieth"], outcomes["late"]) == ("renewed", "lost")
    assert truth.classes.keys() >= {"sixtieth", "late"}


@pytest.mark.parametrize("cut", CUTS[:3])
@pytest.mark.parametrize("since", [SINCE, date(2018, 9, 1)])
def test_the_renewal_share_leaves_out_what_is_open(warehouse: Warehouse, truth: Signed, since: date, cut: Cut) -> None:
    """Of those that ended in the period and had their sixty days."""
    outcomes = truth.ended(since, UNTIL, cut)
    assert value(warehouse, "renewal_share", asking(cut, since=since)) == outcomes.count("renewed") / len(outcomes)
    ended = question(warehouse, "subscriptions_ended", asking(cut, since=since)).rows()
    assert ended == [(len(outcomes), outcomes.count("renewed"))]


@pytest.mark.parametrize("percent", [80, 95, 100])
def test_limits_are_those_of_the_plan(
    warehouse: Warehouse, truth: Signed, key_of: dict[int, str], percent: int
) -> None:
    """1 GB is 1,024 MB; Plus has no limit of administrators; free and archived classes are not listed."""
    rows = listed(warehouse, "limits", ADMIN).pl().filter(pl.col("share") >= percent / 100)
    shown = {(key_of[row["class_key"]], row["entitlement"]): row["share"] for row in rows.to_dicts()}
    assert shown == pytest.approx(truth.pressed(percent / 100))
    counts = question(warehouse, "subscriptions_limits", ADMIN).pl()
    assert counts[f"at_{percent}"].sum() == rows.height > 0


def test_a_measure_at_the_threshold_is_listed(warehouse: Warehouse, key_of: dict[int, str]) -> None:
    """80 % of Initiale's 5 GB, 95 % of Plus's 20 GB, 100 % of its members; not what is unlimited or unknown."""
    rows = listed(warehouse, "limits", ADMIN).pl().to_dicts()
    shares = {(key_of[row["class_key"]], row["entitlement"]): row["share"] for row in rows}
    edges = {"overlap", "sixtieth", "cents", "late", "smaller", "free", "archived"}
    assert {key: share for key, share in shares.items() if key[0] in edges} == {
        ("overlap", "members"): 1.0,
        ("overlap", "storage_mb"): 0.95,
        ("sixtieth", "admins"): 1.0,
        ("sixtieth", "storage_mb"): 0.8,
        ("cents", "members"): 0.8,
        ("cents", "storage_mb"): 1.0,
    }


def test_limit_pressure_counts_classes_once(warehouse: Warehouse, truth: Signed) -> None:
    """However many of its limits a class is near to."""
    pressed = {name for name, _ in truth.pressed(0.8)}
    assert value(warehouse, "limit_pressure", ADMIN) == len(pressed) < len(truth.pressed(0.8))
    held = truth.held(UNTIL)
    plans = Counter(held[name]["plan"] for name in pressed)
    assert groups(warehouse, "limit_pressure", "plan") == plans
    for plan, count in plans.items():
        assert value(warehouse, "limit_pressure", replace(ADMIN, plans=(plan,))) == count


def test_a_class_is_found_by_its_key_or_its_commune(
    warehouse: Warehouse, truth: Signed, key_of: dict[int, str]
) -> None:
    """With its plan and what that allows; a free class with the end of its last subscription."""
    asked = Asking(Role.ANALYST, 5)
    by_commune = listed(warehouse, "class_cards", asked, {"class_keys": [], "commune": "59512"}).pl()
    there = {name for name, row in truth.classes.items() if row["commune_code"] == "59512"}
    assert {key_of[key] for key in by_commune["class_key"]} == there >= {"overlap", "late", "stillborn"}
    cards = {key_of[row["class_key"]]: row for row in by_commune.to_dicts()}
    assert (cards["overlap"]["plan"], cards["overlap"]["ended_on"]) == ("plus", date(2021, 3, 1))
    assert (cards["overlap"]["admins"], cards["overlap"]["admins_allowed"]) == (50, None)
    assert (cards["overlap"]["members_allowed"], cards["overlap"]["storage_mb_allowed"]) == (400, 20_480)
    assert (cards["late"]["plan"], cards["late"]["ended_on"]) == ("free", date(2020, 12, 1))
    assert cards["late"]["members_allowed"] is None
    key = by_commune["class_key"][0]
    assert (
        listed(warehouse, "class_cards", asked, {"class_keys": [key], "commune": None}).pl()["class_key"].item() == key
    )


@pytest.mark.parametrize("name", ["limits", "renewals", "class_cards"])
def test_rows_are_not_for_viewers(warehouse: Warehouse, name: str) -> None:
    """Pseudonymous rows need the role of an analyst, whatever the page does."""
    params = {"class_keys": [], "commune": "59512"} if name == "class_cards" else None
    with pytest.raises(NotAllowed):
        listed(warehouse, name, replace(ADMIN, role=Role.VIEWER), params)
    assert listed(warehouse, name, replace(ADMIN, role=Role.ANALYST), params).rows()


def test_a_viewer_sees_the_same_revenue_with_small_countries_folded(warehouse: Warehouse, truth: Signed) -> None:
    """Countries of few users go into « autres », and with them the class that no export holds."""
    viewer = replace(ADMIN, role=Role.VIEWER, small_cell=500)
    seen, shown = groups(warehouse, "arr_eur", "country"), groups(warehouse, "arr_eur", "country", viewer)
    folded = seen.keys() - shown.keys()
    assert folded >= {"ZZ"}
    assert len(folded) > 2
    assert shown["autres"] == pytest.approx(sum(seen[code] for code in folded))
    assert sum(shown.values()) == pytest.approx(truth.arr(UNTIL))
    assert value(warehouse, "arr_eur", replace(viewer, countries=("autres",))) == pytest.approx(shown["autres"])


def test_communes_are_found_as_they_are_said() -> None:
    """Case, accents, hyphens, « St »; codes; the biggest first; nothing where there is none."""
    assert [found.code for found in communes_matching("roubaix")] == ["59512"]
    assert communes_matching("59512") == communes_matching("Roubaix")
    assert communes_matching("saint etienne")[0].code == communes_matching("ST-ÉTIENNE")[0].code == "42218"
    assert "59512" in [found.code for found in communes_matching("59100")]
    several = communes_matching("Saint-Denis")
    assert len(several) > 3
    assert {found.name for found in several} == {"Saint-Denis"}
    assert communes_matching("") == communes_matching("Atlantis") == ()
    assert (commune_named("59512"), commune_named("00000"), commune_named(None)) == ("Roubaix", "00000", None)


def _nrr(pairs: list[tuple[float, float]]) -> float:
    return sum(now for _, now in pairs) / sum(then for then, _ in pairs)


def _grr(pairs: list[tuple[float, float]]) -> float:
    return sum(min(now, then) for then, now in pairs) / sum(then for then, _ in pairs)


def _months(since: date, until: date) -> Iterator[tuple[date, date]]:
    """Months of a period, cut at its ends."""
    first = since
    while first <= until:
        last = min(first.replace(day=monthrange(first.year, first.month)[1]), until)
        yield first, last
        first = last + timedelta(days=1)
