"""`workbench report`: a page as one HTML file, the same page that the app shows.

A report gets passed around, so it holds what everybody with a login may see: small cells are folded.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

from workbench.access import Role
from workbench.app import PAGES
from workbench.app.visit import choices, extent, loaded_part, notes
from workbench.calendar import COMPARISONS, school_year
from workbench.errors import WorkbenchError
from workbench.export import write_whole
from workbench.ledger import ledger_of
from workbench.metrics import Asking
from workbench.pages import Page
from workbench.pages.sheet import Sheet
from workbench.pages.sheet.report import Report
from workbench.settings import Settings
from workbench.text import Words
from workbench.warehouse import open_warehouse, today_of


class UnknownPage(WorkbenchError):
    """There is no page of that name."""


class UnknownCountry(WorkbenchError):
    """The build has no users of that country, or too few to be named in a report."""


class PeriodOutside(WorkbenchError):
    """No day of the period is in the data."""


def write_report(
    settings: Settings,
    name: str,
    out: Path,
    *,
    since: date | None = None,
    until: date | None = None,
    countries: Sequence[str] = (),
    language: str | None = None,
) -> None:
    """Write a page into a file: whole, or not at all.

    Raises what `viewed` does, and NotReadable where `out` cannot be written.
    """
    words = Words(language or settings.language)
    sheet = Report(words)
    page = viewed(settings, name, sheet, words, since=since, until=until, countries=countries)
    import_module(f"workbench.pages.{name}").show(page)
    sample = page.warehouse.build.sample
    write_whole(out, sheet.html(_facts(page), words("app.sample") if sample else ""))


def viewed(
    settings: Settings,
    name: str,
    sheet: Sheet,
    words: Words,
    *,
    since: date | None = None,
    until: date | None = None,
    countries: Sequence[str] = (),
) -> Page:
    """A page as viewers see it; without `since`, from the start of the last day's school year.

    Raises UnknownPage, UnknownCountry, PeriodOutside, and where there is nothing to open NothingPublished,
    LedgerUnreachable and LedgerTooNew.
    """
    if name not in PAGES:
        raise UnknownPage(f"there is no page {name}", f"take one of {', '.join(PAGES)}")
    warehouse, ledger = open_warehouse(settings.home), ledger_of(settings)
    today = today_of(settings, warehouse.build)
    anything = Asking(Role.VIEWER, settings.small_cell)
    starts_on, ends_on = _period(*extent(warehouse, anything, today), since, until)
    asked = _known(choices(warehouse, anything)["country"], countries)
    return Page(
        name=name,
        sheet=sheet,
        warehouse=warehouse,
        asking=replace(anything, since=starts_on, until=ends_on, countries=asked),
        comparison=COMPARISONS[0],
        words=words,
        school_year=school_year(ends_on),
        today=today,
        who=Role.VIEWER.value,
        ledger=ledger,
        notes=notes(ledger),
    )


def _known(known: Sequence[str], countries: Sequence[str]) -> tuple[str, ...]:
    for code in countries:
        if code not in known:
            raise UnknownCountry(f"there is no country {code} to report on", f"take one of {', '.join(known)}")
    return tuple(countries)


def _period(first: date, last: date, since: date | None, until: date | None) -> tuple[date, date]:
    ends_on = min(until or last, last)
    starts_on = max(since, first) if since else loaded_part(school_year(ends_on), first, ends_on)[0]
    if starts_on > ends_on:
        raise PeriodOutside("no day of the period is in the data", f"the data goes from {first} to {last}")
    return starts_on, ends_on


def _facts(page: Page) -> str:
    build, words = page.warehouse.build, page.words
    return words(
        "report.facts",
        day=page.today,
        until=words.day(build.data_until, "long") if build.data_until else "–",
        build=build.id,
        built_at=build.built_at,
        version=build.code_version,
    )
