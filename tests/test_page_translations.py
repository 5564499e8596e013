"""The page of translated posts: each number counted anew from a sample's exports, and what it does without usage."""

import json
from pathlib import Path

import polars as pl
import pytest
from raw_sample import BEFORE, SINCE, UNTIL, Raw, within
from test_pages import _nothing_cached, figures, table, texts, visit  # noqa: F401  # of every test here
from tiny import etl, write_csv

import workbench
from workbench.access import Role
from workbench.metrics import Asking, figure
from workbench.text import Words

FRENCH = Words("fr")
PAIRS, COUNTRIES = 0, 1


def translating(raw: Raw, country: str = "") -> tuple[int, int]:
    """Classes with an event in the period, and those of them with a post translated in it."""
    known = raw.classes.filter(pl.col("country") == country) if country else raw.classes
    active = raw.seen(SINCE, UNTIL) & {*known["class_id"]}
    return len(active), len(active & {*within(raw.translated_posts())["class_id"]})


def test_the_figures_are_those_of_the_exports(raw: Raw) -> None:
    """Posts, translations, failures and characters are four things."""
    shown = figures(visit(raw.home, "translations"))
    asked = within(raw.translations)
    done, failed = asked.filter(pl.col("done")), asked.filter(~pl.col("done"))
    assert shown["Publications traduites"] == FRENCH.number(within(raw.translated_posts()).height)
    assert shown["Traductions"] == FRENCH.number(done.height)
    assert shown["Échecs"] == FRENCH.number(failed.height) != "0"
    assert shown["Taux d’échec"] == FRENCH.percent(failed.height / asked.height)
    assert shown["Caractères traduits"] == FRENCH.number(done["characters"].sum())


@pytest.mark.parametrize("country", ["", "FR", "CH"])
def test_the_share_of_active_classes_that_translate(raw: Raw, country: str) -> None:
    """Of the classes in which something happened; for one country those of its classes."""
    app = visit(raw.home, "translations", **({"country": country} if country else {}))
    active, some = translating(raw, country)
    assert figures(app)["Classes qui traduisent"] == FRENCH.percent(some / active)
    assert FRENCH("translations.of_active", n=some, active=active) in texts(app)
    assert 0 < some < active


def test_the_metric_of_translating_classes_is_the_figure_of_the_page(raw: Raw) -> None:
    """`wh.metric` says the same."""
    share = figure(workbench.open(raw.home), "translating_share", Asking(Role.ADMIN, 5, SINCE, UNTIL)).pl()
    active, some = translating(raw)
    assert share["translating_share"].to_list() == [pytest.approx(some / active)]


def test_the_countries_are_those_of_the_posts(raw: Raw) -> None:
    """Posts with their change, translations, failures, their rate and characters, the most posts first."""
    rows = table(visit(raw.home, "translations"), COUNTRIES)
    assert {row[0]: row[1:] for row in rows} == {
        FRENCH.country(code): country_row(raw, code) for code in within(raw.translations)["country"].unique()
    }
    assert rows[0][0] == "France"


def country_row(raw: Raw, code: str) -> list[str]:
    """What the table says of a country."""
    there = pl.col("country") == code
    asked, posts = within(raw.translations).filter(there), raw.translated_posts().filter(there)
    done = asked.filter(pl.col("done"))
    now, then = within(posts).height, within(posts, BEFORE).height
    return [
        FRENCH.number(now),
        FRENCH.change(now / then - 1) if then else "–",
        FRENCH.number(done.height),
        FRENCH.number(asked.height - done.height),
        FRENCH.percent(1 - done.height / asked.height),
        FRENCH.number(done["characters"].sum()),
    ]


def test_every_pair_of_languages_is_in_the_table(raw: Raw) -> None:
    """Those that only failed, too."""
    asked = within(raw.translations)
    sums = asked.group_by("source_language", "target_language").agg(pl.col("done").sum(), pl.len())
    expected = {
        (FRENCH.tongue(source), FRENCH.tongue(target)): [FRENCH.number(done), FRENCH.number(n - done)]
        for source, target, done, n in sums.iter_rows()
    }
    assert {(row[0], row[1]): row[2:4] for row in table(visit(raw.home, "translations"), PAIRS)} == expected


def test_a_click_on_a_bar_chooses_its_days_or_its_country(raw: Raw) -> None:
    """Both charts of time and the one of countries carry the selection that the frame reads."""
    charts = [json.loads(chart.proto.spec) for chart in visit(raw.home, "translations").get("vega_lite_chart")]
    chosen = [param["select"]["fields"] for chart in charts for param in chart.get("params", ())]
    assert chosen == [["since", "until"], ["since", "until"], ["country"]]


def test_without_usage_the_share_of_classes_is_a_dash(tmp_path: Path) -> None:
    """Nothing is known of active classes; nothing is divided by zero."""
    columns = ["translation_id", "translated_at", "post_id", "source_language", "target_language"]
    rows = [(f"t{n}", f"2020-10-{n:02}T10:00:00Z", f"p{n}", "fr", "ar") for n in range(1, 9)]
    write_csv(tmp_path / "source" / "translations" / "translations.csv", columns, rows)
    etl(tmp_path / "home", tmp_path / "source")
    app = visit(tmp_path / "home", "translations")
    assert not app.exception
    assert not app.error
    assert figures(app)["Classes qui traduisent"] == "–"
    assert [row[:3] for row in table(app, COUNTRIES)] == [["Pays inconnu", "8", "–"]]
