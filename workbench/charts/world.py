"""The map of the world."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import altair as alt
import polars as pl
import pycountry

from workbench.charts import NEUTRAL, Caption, Drawn, finished, tip
from workbench.text import Words

_LOOKED_UP = ["country", "name", "users", "written"]


def world(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A map of users by country (columns `country`, alpha-2, and `users`); a country without any is grey.

    A click chooses the country.
    """
    shown = frame.with_columns(
        pl.col("country").map_elements(_numeric, pl.String).alias("id"),
        pl.col("country").map_elements(words.country, pl.String).alias("name"),
        pl.col("users").map_elements(words.number, pl.String).alias("written"),
    ).filter(pl.col("id") != "", pl.col("users") > 0)
    shapes = alt.Chart(alt.InlineData(_borders(), format=alt.TopoDataFormat(type="topojson", feature="countries")))
    ground = shapes.mark_geoshape(
        fill=NEUTRAL, fillOpacity=0.22, stroke=NEUTRAL, strokeOpacity=0.35, strokeWidth=0.5, aria=False
    )
    found = alt.LookupData(shown.select("id", "country", "name", "users", "written"), "id", _LOOKED_UP)
    scale = alt.Scale(type="log", base=10, domain=[1, max([10, *shown["users"]])])
    legend = alt.Legend(title=None, orient="bottom-left", gradientLength=140, direction="horizontal", format=",.0f")
    filled = (
        shapes.transform_lookup("id", found)
        .transform_filter("isValid(datum.users)")
        .mark_geoshape(stroke=NEUTRAL, strokeWidth=0.4, cursor="pointer")
        .encode(
            color=alt.Color("users:Q", scale=scale, legend=legend),
            tooltip=[tip("name", words("column.country")), tip("written", words("column.users"))],
        )
        .add_params(alt.selection_point(name="drill", fields=["country"]))
    )
    return finished((ground + filled).project("equalEarth"), caption, words, height=370)


def _numeric(alpha_2: str) -> str:
    """The ISO numeric code that the borders are keyed by; empty for what is no country."""
    found = pycountry.countries.get(alpha_2=alpha_2)
    return str(found.numeric) if found else ""


@cache
def _borders() -> dict[str, Any]:
    """Natural Earth's borders, as TopoJSON: shapes and codes, without Antarctica, where nobody teaches."""
    path = resources.files("workbench").joinpath("reference", "countries-110m.json")
    world: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    shapes = world["objects"]["countries"]["geometries"]
    kept = [{key: shape[key] for key in ("type", "arcs", "id") if key in shape} for shape in shapes]
    countries = {"type": "GeometryCollection", "geometries": [shape for shape in kept if shape.get("id") != "010"]}
    return world | {"objects": {"countries": countries}}
