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

BORDERS = "/world/countries-110m.json"
"""Where the app serves the `borders`, for `by_address`."""

_LOOKED_UP = ["country", "name", "users", "written"]


def world(frame: pl.DataFrame, caption: Caption, words: Words) -> Drawn:
    """A map of users by country (columns `country`, alpha-2, and `users`); a country without any is grey.

    A click chooses the country.
    """
    shown = frame.with_columns(
        frame["country"].map_elements(_numeric, pl.String).alias("id"),
        frame["country"].map_elements(words.country, pl.String).alias("name"),
        frame["users"].map_elements(words.number, pl.String).alias("written"),
    ).filter(pl.col("id") != "", pl.col("users") > 0)
    shapes = alt.Chart(alt.InlineData(borders(), format=alt.TopoDataFormat(type="topojson", feature="countries")))
    ground = shapes.mark_geoshape(fill=NEUTRAL, fillOpacity=0.22, stroke=NEUTRAL, strokeOpacity=0.35, strokeWidth=0.5)
    found = alt.LookupData(shown.select("id", "country", "name", "users", "written"), "id", _LOOKED_UP)
    scale = alt.Scale(type="log", base=10, domain=alt.DomainUnionWith(unionWith=[1, 10]))
    legend = alt.Legend(title=None, orient="bottom-left", gradientLength=220, direction="horizontal", format=",.0f")
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


def by_address(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart's specification for the app: the borders, 100 kB, are named, and a browser asks for them once."""
    others = {name: rows for name, rows in spec.get("datasets", {}).items() if rows != borders()}
    if others == spec.get("datasets", {}):
        return spec
    return spec | {"datasets": others, "data": {"url": BORDERS, "format": spec["data"]["format"]}}


@cache
def borders() -> str:
    """Natural Earth's borders, as TopoJSON: shapes and codes, without Antarctica, where nobody teaches.

    As text, which is not copied number by number each time that Altair copies a chart (half of the map's cost).
    """
    path = resources.files("workbench").joinpath("reference", "countries-110m.json")
    world: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    shapes = world["objects"]["countries"]["geometries"]
    kept = [{key: shape[key] for key in ("type", "arcs", "id") if key in shape} for shape in shapes]
    countries = {"type": "GeometryCollection", "geometries": [shape for shape in kept if shape.get("id") != "010"]}
    return json.dumps(world | {"objects": {"countries": countries}}, separators=(",", ":"))
