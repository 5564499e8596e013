"""Where the sample's classes are: countries and their languages, France's communes, its academies' holiday zones."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import polars as pl

from workbench.sample.chance import Array, pick

TERRITORIES = {"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF"}
TERRITORIES |= {"986": "WF", "987": "PF", "988": "NC"}
ZONE_GROUPS = ("A", "B", "C", "")
"""Holiday zones by number; the last is everybody with a calendar of their own."""
ABROAD = -1


@dataclass(frozen=True)
class World:
    """Tables the places of classes are drawn from. A country, or an overseas code, is a row number of `countries`."""

    countries: pl.DataFrame
    """country, alpha3, share (abroad only), utc_offset_h, european_summer_time, languages, regions"""
    communes: pl.DataFrame
    """code_insee, departement, region, population, country (row number), zone_group"""


@dataclass(frozen=True)
class Places:
    """Where each class is (one entry a class)."""

    country: Array
    commune: Array
    """Row number of World.communes, or ABROAD."""
    region: Array
    """Code of the région, state or province; empty where the country has none here."""


@lru_cache(maxsize=1)
def world() -> World:
    """The tables, from the package's data."""
    countries = _table("sample/world.csv").with_columns(
        pl.col("share", "utc_offset_h").cast(pl.Float64), pl.col("european_summer_time") == "true"
    )
    numbers = {code: number for number, code in enumerate(countries["country"])}
    zones = _table("reference/academies.csv").select("departement", pl.col("zone_vacances").fill_null(""))
    communes = (
        _table("reference/communes.csv")
        .join(zones, on="departement", how="left", maintain_order="left")
        .with_columns(
            pl.col("population").cast(pl.Float64).fill_null(0),
            pl.col("departement").replace_strict(TERRITORIES, default="FR").replace_strict(numbers).alias("country"),
            pl.col("zone_vacances").fill_null("").replace_strict(ZONE_GROUPS, range(4)).alias("zone_group"),
        )
    )
    return World(countries, communes)


def french_places(rng: np.random.Generator, count: int) -> Places:
    """Communes drawn by population, overseas included."""
    communes = world().communes
    rows = pick(rng, communes["population"].to_numpy(), count)
    return Places(communes["country"].to_numpy()[rows], rows, communes["region"].to_numpy().astype(object)[rows])


def places_abroad(rng: np.random.Generator, counts: Array) -> Places:
    """`counts[c]` classes in country c; with a state or province where the country's are known."""
    country = np.repeat(np.arange(len(counts)), counts)
    region = np.full(len(country), "", dtype=object)
    for number, mix in enumerate(world().countries["regions"]):
        here = np.flatnonzero(country == number)
        if mix and len(here):
            names, weights = parse_mix(mix)
            region[here] = names[pick(rng, weights, len(here))]
    return Places(country, np.full(len(country), ABROAD), region)


@lru_cache(maxsize=1)
def languages() -> list[str]:
    """Every language of the sample; elsewhere a language is its number in this list."""
    spoken = (name for mix in world().countries["languages"] for name in parse_mix(mix)[0])
    return list(dict.fromkeys(spoken))


def zone_groups(commune: Array) -> Array:
    """The holiday zone of each place, as its number in ZONE_GROUPS."""
    own_calendar = len(ZONE_GROUPS) - 1
    return np.where(commune == ABROAD, own_calendar, world().communes["zone_group"].to_numpy()[commune])


def draw_languages(rng: np.random.Generator, country: Array) -> Array:
    """A language for each person, from the mix of their country."""
    drawn = np.zeros(len(country), dtype=np.int8)
    for number, mix in enumerate(world().countries["languages"]):
        here = np.flatnonzero(country == number)
        names, weights = parse_mix(mix)
        numbers = np.array([languages().index(name) for name in names])
        drawn[here] = numbers[pick(rng, weights, len(here))]
    return drawn


def main_languages() -> Array:
    """The first language of each country: what its classes write in."""
    return np.array([languages().index(parse_mix(mix)[0][0]) for mix in world().countries["languages"]])


def parse_mix(mix: str) -> tuple[Array, Array]:
    """Names and weights of a cell like `fr 83|ar 5`."""
    pairs = [part.split(" ") for part in mix.split("|")]
    return np.array([name for name, _ in pairs], dtype=object), np.array([float(weight) for _, weight in pairs])


def _table(name: str) -> pl.DataFrame:
    return pl.read_csv((files("workbench") / name).read_bytes(), infer_schema=False)
