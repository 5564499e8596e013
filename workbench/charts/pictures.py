"""Charts as pictures, drawn without a browser and without the network: SVG and PNG.

A picture is what leaves the workbench, so it keeps its title, its unit and its source; numbers and dates follow the
locale that the chart carries; colours and font are those of the app's theme (`app/theme.toml`).
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib import resources
from io import BytesIO
from typing import Any, Literal

import vl_convert
from PIL import Image

from workbench.charts import Drawn

Theme = Literal["light", "dark"]

_VEGA_LITE = "6.4"  # the newest that vl-convert draws, and the one that Altair writes
_FONT = "DejaVu Sans, sans-serif"
_WIDTH_PX = 720
_FEW_COLOURS = 64
_GLYPH_PX = 6.6  # a letter of the unit and source, so that a long line can be broken before it leaves the picture


def as_svg(chart: Drawn, theme: Theme = "light", width_px: int = _WIDTH_PX) -> str:
    """A chart as SVG, so many pixels wide, read aloud as its description."""
    spec = _spec(chart, width_px)
    locale = spec.get("config", {}).pop("locale", {})
    drawn = vl_convert.vegalite_to_svg(
        spec,
        vl_version=_VEGA_LITE,
        config=_config(theme),
        allowed_base_urls=[],
        format_locale=locale.get("number"),
        time_format_locale=locale.get("time"),
    )
    described = escape(str(spec.get("description", "")))
    return re.sub(r"^<svg ", f'<svg role="img" aria-label="{described}" ', drawn)


def as_png(chart: Drawn, theme: Theme = "light", scale: float = 2, width_px: int = _WIDTH_PX) -> bytes:
    """A chart as PNG, so many pixels wide, `scale` pixels of the picture to one of them."""
    return vl_convert.svg_to_png(as_svg(chart, theme, width_px), scale=scale)


def as_small_png(chart: Drawn, theme: Theme = "light", scale: float = 2, width_px: int = _WIDTH_PX) -> bytes:
    """The same in as few colours as a chart needs: a tenth of the bytes, for a mail."""
    drawn = Image.open(BytesIO(as_png(chart, theme, scale, width_px))).convert("RGB")
    small = BytesIO()
    drawn.quantize(_FEW_COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


@cache
def colours(theme: Theme) -> Mapping[str, Any]:
    """The app's colours by day or by night, by Streamlit's names: `backgroundColor`, `textColor`, …"""
    text = resources.files("workbench").joinpath("app", "theme.toml").read_text(encoding="utf-8")
    chosen: Mapping[str, Any] = tomllib.loads(text)["theme"][theme]
    return chosen


def _spec(chart: Drawn, width_px: int) -> dict[str, Any]:
    """The chart for a place of a known width. Vega sets no line breaks: title and source are broken here."""
    spec: dict[str, Any] = chart.to_dict()
    spec |= {"width": width_px, "autosize": {"type": "fit-x", "contains": "padding"}}
    if "title" in spec:
        spec["title"] |= {
            "text": textwrap.wrap(spec["title"]["text"], int(width_px / _GLYPH_PX / 1.3)),
            "subtitle": textwrap.wrap(spec["title"]["subtitle"], int(width_px / _GLYPH_PX)),
        }
    return spec


def _config(theme: Theme) -> dict[str, Any]:
    """Vega's configuration in the theme's colours; what the chart says for itself stands above it."""
    shown = colours(theme)
    ink, line, ramp = shown["textColor"], shown["borderColor"], shown["chartSequentialColors"]
    words = {"labelColor": ink, "titleColor": ink, "titleFontWeight": "normal"}
    return {
        "background": shown["backgroundColor"],
        "font": _FONT,
        "aria": False,
        "axis": words | {"gridColor": line, "domainColor": line, "tickColor": line},
        "legend": words,
        "title": {"color": ink, "subtitleColor": ink, "fontSize": 15, "subtitleFontSize": 11},
        "view": {"stroke": None},
        "range": {"ramp": ramp, "heatmap": ramp, "ordinal": ramp},
        "text": {"color": ink},
    }
