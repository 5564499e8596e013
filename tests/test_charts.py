"""Charts: what each of them carries, and that eyes of all kinds can tell its colours apart, by day and by night."""

import itertools
import json
import pickle
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

import workbench
from workbench import charts
from workbench.calendar import Break
from workbench.charts import Caption, classes, translations, usage, world
from workbench.metrics.kit import Event
from workbench.text import Words

FRENCH, ENGLISH = Words("fr"), Words("en")
CAPTION = Caption("Un titre", "Unité : utilisateurs · source : exports", "Ce que montre le graphique.")
FIRST = date(2020, 9, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(40)]

ACTIVITY = pl.DataFrame(
    {"day": DAYS, "dau": [3] * 40, "wau": [5] * 40, "mau": [9] * 40}
    | {"loaded": [True] * 40, "whole_7d": [n > 5 for n in range(40)], "whole_28d": [n > 26 for n in range(40)]}
)
GROWTH = pl.DataFrame(
    {"day": DAYS[:2], "whole": [False, True]}
    | {"new": [4, 1], "retained": [0, 3], "resurrected": [0, 1], "churned": [0, 1]}
)
COHORTS = pl.DataFrame(
    {"cohort_week": [FIRST, FIRST, DAYS[7]], "week": [0, 1, 0], "size": [4, 4, 2], "users": [4, 1, 2]}
    | {"share": [1.0, 0.25, 1.0], "whole": [True, False, False]}
)
COUNTRIES = pl.DataFrame({"country": ["FR", "BE", "ZZ", "CH"], "users": [60, 12, 1, 0]})
YEARS = pl.DataFrame({"school_year": ["2019-2020", "2020-2021"], "school_week": [1, 1], "value": [3, 4]})
BARS = pl.DataFrame(
    {"day": DAYS[:2], "until": DAYS[:2], "translations": [1200, 7], "translation_failures": [1, 0]},
)
PAIRS = pl.DataFrame({"source_language": ["fr", "fr"], "target_language": ["ar", "en"], "translations": [35, 28]})

DRAWN: dict[str, Callable[[Words], charts.Drawn]] = {
    "activity": lambda words: usage.activity(ACTIVITY, CAPTION, words, [], []),
    "growth": lambda words: usage.growth(GROWTH, CAPTION, words),
    "cohorts": lambda words: usage.cohorts(COHORTS, CAPTION, words),
    "world": lambda words: world.world(COUNTRIES, CAPTION, words),
    "school_years": lambda words: classes.school_years(YEARS, CAPTION, words),
    "bars": lambda words: charts.bars(BARS, ["translations", "translation_failures"], CAPTION, words),
    "language_pairs": lambda words: translations.language_pairs(PAIRS, CAPTION, words),
}


def spec(chart: charts.Drawn) -> dict[str, Any]:
    """The Vega-Lite specification of a chart, checked against the schema."""
    drawn: dict[str, Any] = chart.to_dict()
    return drawn


def rows(drawn: dict[str, Any], column: str) -> list[dict[str, Any]]:
    """The rows of the first data set that has a column."""
    return next(data for data in drawn["datasets"].values() if isinstance(data, list) and data and column in data[0])


def layers(drawn: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers of a chart; itself, if it has none."""
    return drawn.get("layer", [drawn])


@pytest.mark.parametrize("name", DRAWN)
def test_every_chart_has_title_unit_source_and_description(name: str) -> None:
    """And takes the width of its place, whatever that is."""
    drawn = spec(DRAWN[name](FRENCH))
    assert drawn["title"]["text"] == CAPTION.title
    assert drawn["title"]["subtitle"] == CAPTION.unit
    assert drawn["description"] == CAPTION.description
    assert drawn["width"] == "container"


@pytest.mark.parametrize("name", DRAWN)
def test_every_chart_speaks_its_language(name: str) -> None:
    """Axes and legends by Vega's locale, tooltips by ours."""
    for words in (FRENCH, ENGLISH):
        assert spec(DRAWN[name](words))["config"]["locale"] == words.vega_locale()


def test_tooltips_are_written_in_the_language() -> None:
    """A thousand translations have a narrow no-break space in French and a comma in English."""
    assert "1\u202f200" in {row["written"] for row in rows(spec(DRAWN["bars"](FRENCH)), "written")}
    assert "1,200" in {row["written"] for row in rows(spec(DRAWN["bars"](ENGLISH)), "written")}


@pytest.mark.parametrize("name", ["activity", "bars"])
def test_days_are_instants_of_utc(name: str) -> None:
    """A browser in New York must not show 31 August for 1 September."""
    drawn = spec(DRAWN[name](FRENCH))
    assert min(row["day"] for row in rows(drawn, "day")) == 1598918400000
    assert all(layer["encoding"]["x"]["scale"]["type"] == "utc" for layer in layers(drawn))


def test_windows_over_unloaded_days_are_dotted() -> None:
    """They are no fact yet; a chart without any has no dotted layer at all."""
    dashes = [layer["mark"].get("strokeDash") for layer in layers(spec(DRAWN["activity"](FRENCH)))]
    assert dashes[-2:] == [[1, 4], None]
    whole = ACTIVITY.with_columns(pl.lit(True).alias("whole_7d"), pl.lit(True).alias("whole_28d"))
    drawn = layers(spec(usage.activity(whole, CAPTION, FRENCH, [], [])))
    assert [1, 4] not in [layer["mark"].get("strokeDash") for layer in drawn]


def test_holidays_and_events_stand_behind_the_lines() -> None:
    """A break is shaded to the end of its last day, an event is a rule with its label in the language."""
    pause = Break("Vacances de la Toussaint", "A", date(2020, 9, 5), date(2020, 9, 6))
    event = Event(date(2020, 9, 3), date(2020, 9, 3), {"fr": "Rentrée", "en": "School start"}, "FR")
    drawn = spec(usage.activity(ACTIVITY, CAPTION, FRENCH, [pause], [event]))
    assert [layer["mark"]["type"] for layer in layers(drawn)][:2] == ["rect", "rule"]
    shade = rows(drawn, "to")[0]
    assert shade["to"] - shade["from"] == 2 * 86_400_000
    assert shade["label"] == "Vacances de la Toussaint, zone A"
    assert "Rentrée" in {row.get("label") for data in drawn["datasets"].values() for row in data}


def year(first: date, scale: int) -> pl.DataFrame:
    """A year of activity of so many."""
    days = [first + timedelta(days=n) for n in range(365)]
    counts = {name: [scale * (n % 7) for n in range(365)] for name in ("dau", "wau", "mau")}
    return pl.DataFrame({"day": days} | counts | dict.fromkeys(("loaded", "whole_7d", "whole_28d"), [True] * 365))


OTHERS: dict[str, tuple[charts.Drawn, charts.Drawn]] = {
    "activity": (
        usage.activity(year(date(2018, 9, 1), 3), CAPTION, FRENCH, [], []),
        usage.activity(
            year(date(2019, 9, 1), 70),
            CAPTION,
            FRENCH,
            [Break("Noël", "A", date(2019, 12, 21), date(2020, 1, 5))],
            [Event(date(2020, 3, 16), date(2020, 3, 16), {"fr": "Confinement"}, "FR")],
        ),
    ),
    "cohorts": (
        DRAWN["cohorts"](FRENCH),
        usage.cohorts(COHORTS.with_columns(pl.Series("share", [1.0, 0.75, 1.0])), CAPTION, FRENCH),
    ),
    "world": (DRAWN["world"](FRENCH), world.world(COUNTRIES.with_columns(pl.col("users") * 9), CAPTION, FRENCH)),
    "language_pairs": (
        DRAWN["language_pairs"](FRENCH),
        translations.language_pairs(PAIRS.with_columns(pl.lit("es").alias("source_language")), CAPTION, FRENCH),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_filter_changes_the_rows_of_a_chart_and_nothing_else(name: str) -> None:
    """A browser then replaces the rows; it would make a chart of which anything else has changed anew."""
    one, other = (spec(chart) for chart in OTHERS[name])
    assert list(one.pop("datasets").values()) != list(other.pop("datasets").values())
    assert nameless(one) == nameless(other)


def nameless(drawn: dict[str, Any]) -> dict[str, Any]:
    """A specification without the names that Altair makes of the rows."""
    plain: dict[str, Any] = json.loads(re.sub(r"(data-|view_)[0-9a-f_]+", r"\1", json.dumps(drawn)))
    return plain


def test_a_map_has_its_borders_with_it_save_in_the_app_which_serves_them() -> None:
    """In a notebook and in a file it is whole; in the app a browser fetches the borders once, by their address."""
    whole = DRAWN["world"](FRENCH).to_dict()
    named = world.by_address(whole)
    assert world.borders() in whole["datasets"].values()
    assert named["data"] == {"url": world.BORDERS, "format": whole["data"]["format"]}
    assert list(named["datasets"].values()) == [rows for rows in whole["datasets"].values() if rows != world.borders()]
    other = DRAWN["bars"](FRENCH).to_dict()
    assert world.by_address(other) == other


def test_growth_bars_add_up() -> None:
    """Over zero, the active users of the step; under zero, those who left."""
    drawn = rows(spec(DRAWN["growth"](FRENCH)), "signed")
    for step, (mau, churned) in {"1er sept. 2020": (4, 0), "2 sept. 2020": (5, 1)}.items():
        signed = [row["signed"] for row in drawn if row["when"] == step]
        assert sum(value for value in signed if value > 0) == mau
        assert sum(value for value in signed if value < 0) == -churned


def test_cells_of_weeks_that_are_not_over_are_grey() -> None:
    """Both layers draw the same rows, each its part: no share is given to a week that has not ended."""
    whole, partial = layers(spec(DRAWN["cohorts"](FRENCH)))
    assert whole["transform"] == [{"filter": "datum.whole"}]
    assert "color" in whole["encoding"]
    assert partial["transform"] == [{"filter": "!datum.whole"}]
    assert "color" not in partial["encoding"]
    assert partial["mark"]["color"] == charts.NEUTRAL
    assert "1er sept. 2020 · 4" in {row["cohort"] for row in rows(spec(DRAWN["cohorts"](FRENCH)), "cohort")}


def test_the_map_draws_grey_ground_first_and_fills_only_countries_with_users() -> None:
    """A country without users would vanish from a map that only draws what it finds."""
    drawn = spec(DRAWN["world"](FRENCH))
    ground, filled = layers(drawn)
    assert ground["mark"]["fill"] == charts.NEUTRAL
    assert "transform" not in ground
    looked_up = rows(drawn, "written")
    assert {row["id"]: row["users"] for row in looked_up} == {"250": 60, "056": 12}
    assert filled["transform"][0]["lookup"] == "id"
    shapes = json.dumps(drawn)
    assert '"id": "250"' in shapes
    assert '"id": "010"' not in shapes


def test_bars_stand_on_each_other() -> None:
    """The second stack begins where the first ends, and a bar ends with its day."""
    drawn = [row for row in rows(spec(DRAWN["bars"](FRENCH)), "top") if row["day"] == 1598918400000]
    assert [(row["value"], row["top"]) for row in drawn] == [(0, 1200), (1200, 1201)]
    assert {row["next"] - row["day"] for row in drawn} == {86_400_000}


def test_the_axis_of_a_year_marks_months_and_that_of_weeks_mondays() -> None:
    """Labels one can count by."""
    long = pl.DataFrame({"day": [FIRST + timedelta(days=n) for n in range(200)]}).with_columns(
        pl.col("day").alias("until"), pl.lit(1).alias("translations")
    )
    months = spec(charts.bars(long, ["translations"], CAPTION, FRENCH))["encoding"]["x"]["axis"]
    mondays = layers(spec(DRAWN["activity"](FRENCH)))[-1]["encoding"]["x"]["axis"]["values"]
    assert months["tickCount"] == {"interval": "month", "step": 1}
    assert {date(mark["year"], mark["month"], mark["date"]).weekday() for mark in mondays} == {0}
    assert all(mark["utc"] for mark in mondays)


Vector = npt.NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), severity 1: how linear RGB looks without one kind of cone.
SIGHTS = {
    "all cones": np.eye(3),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
}


def linear(colour: str) -> Vector:
    """A hexadecimal sRGB colour as linear RGB, 0 to 1."""
    channels = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: Vector) -> Vector:
    """Linear RGB in CIE L*a*b* (D65), where distance is difference as seen."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted(float(weights @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_stay_apart_for_colour_blind_eyes(sight: str) -> None:
    """A difference of 20 in L*a*b* is plain to see; below 10 two lines of a legend are one."""
    seen = {colour: lab(SIGHTS[sight] @ linear(colour)) for colour in set(charts.COLOURS.values())}
    distances = {
        (one, other): float(np.linalg.norm(seen[one] - seen[other])) for one, other in itertools.combinations(seen, 2)
    }
    assert len(seen) == 4
    assert min(distances.values()) > 20


def draw_and_store_at_once() -> None:
    """What a server does for three visitors: charts are drawn for two while answers in pieces are stored for one."""
    piece = pl.DataFrame({"users": range(2000), "classes": range(2000)})

    def store() -> None:
        for _ in range(30):
            pickle.dumps(pl.concat([piece] * 4, rechunk=False))

    def draw() -> None:
        for _ in range(2):
            for drawn in DRAWN.values():
                drawn(FRENCH)

    visitors = [threading.Thread(target=work) for work in (store, draw, draw)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()


def test_drawing_charts_for_one_never_stops_the_server_for_all() -> None:
    """Polars' threads must never need the interpreter: whoever holds it may be waiting for them, and nothing moves."""
    asked = [sys.executable, "-c", "import test_charts; test_charts.draw_and_store_at_once()"]
    ended = subprocess.run(asked, cwd=Path(__file__).parent, timeout=120, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_stand_out_from_both_backgrounds(theme: str) -> None:
    """3:1, what WCAG asks of a mark; text on the page has 4.5:1 or more."""
    options = tomllib.loads((Path(workbench.__file__).parent / "app" / "theme.toml").read_text(encoding="utf-8"))
    page = options["theme"][theme]
    assert all(contrast(colour, page["backgroundColor"]) >= 3 for colour in charts.COLOURS.values())
    assert contrast(page["textColor"], page["backgroundColor"]) >= 4.5
    assert contrast(page["linkColor"], page["backgroundColor"]) >= 4.5
    assert len(page["chartSequentialColors"]) == 10


def test_the_same_figure_has_the_same_colour_everywhere() -> None:
    """What comes or succeeds is green, what stays is blue, what is lost is orchid."""
    assert (
        charts.COLOURS["new"] == charts.COLOURS["classes_activated"] == charts.COLOURS["translations"] == charts.GREEN
    )
    assert charts.COLOURS["retained"] == charts.COLOURS["mau"] == charts.BLUE
    assert charts.COLOURS["churned"] == charts.COLOURS["translation_failures"] == charts.ORCHID


def test_the_matrix_has_room_on_a_phone() -> None:
    """Four columns: the three biggest sources and all others together; nothing is lost."""
    sources = ["fr", "en", "de", "tr", "es"]
    many = pl.DataFrame(
        {"source_language": sources, "target_language": ["ar"] * 5, "translations": [500, 400, 300, 20, 10]}
    )
    drawn = rows(spec(translations.language_pairs(many, CAPTION, FRENCH)), "written")
    assert {row["source"]: row["translations"] for row in drawn} == {
        "Français": 500,
        "Anglais": 400,
        "Allemand": 300,
        "Autres": 30,
    }
