"""What a visit may ask for, of a build: on which day it takes place, from when to when, of which countries and plans.

For the frame of the screen, which offers it as filters, and for reports.
"""

from collections.abc import Mapping
from datetime import date

import streamlit as st

from workbench.calendar import previous_school_year, school_year, school_year_bounds
from workbench.ledger import Ledger, annotations
from workbench.metrics import Asking, question
from workbench.metrics.kit import Event
from workbench.text import LANGUAGES
from workbench.warehouse import Warehouse


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def extent(warehouse: Warehouse, asking: Asking, today: date) -> tuple[date, date]:
    """From the first day of anything to `data_until`, where tables stop; without usage, to the last of anything."""
    first, last = question(warehouse, "extent", asking).rows()[0]
    until = warehouse.build.data_until or last or today
    return min(first or until, until), until


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def choices(warehouse: Warehouse, asking: Asking) -> Mapping[str, list[str]]:
    """The values that each of the filters `country`, `role` and `plan` can have, the most frequent first."""
    rows = question(warehouse, "choices", asking).rows()
    return {name: [value for filter_, value, _ in rows if filter_ == name] for name in ("country", "role", "plan")}


def school_years(first: date, last: date) -> list[str]:
    """The school years of the data, from the newest to the oldest."""
    years = [school_year(last)]
    while years[-1] > school_year(first):
        years.append(previous_school_year(years[-1]))
    return years


def loaded_part(year: str, first: date, last: date) -> tuple[date, date]:
    """The days of a school year that lie between two others."""
    starts_on, ends_on = school_year_bounds(year)
    return max(first, starts_on), min(last, ends_on)


def notes(ledger: Ledger) -> tuple[Event, ...]:
    """The team's annotations, as events: they have one wording for every language."""
    found = annotations.annotations(ledger)
    return tuple(
        Event(note.starts_on, note.ends_on or note.starts_on, dict.fromkeys(LANGUAGES, note.label), note.country or "")
        for note in found
    )
