"""Données: where the figures come from, what was set aside, what was checked, and how each of them is counted."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.charts import data, span
from workbench.errors import WorkbenchError
from workbench.pages import Page, Written, opened
from workbench.pages.catalogue import catalogue
from workbench.pages.sheet import Figure
from workbench.warehouse import Build, Warehouse, kept_builds

GAPS_NAMED = 5
"""Gaps between loaded days that are written out."""
NEWEST = 10
"""Files listed before one asks for more."""
OFFERED = 200
"""Lines set aside that can be chosen to be read back."""


def show(page: Page) -> None:
    """Files, days, rejects, drift; builds and runs; the catalogue and the lineage; checks."""
    page.header()
    page.sheet.note(f":material/info: {page.words('data.unfiltered')}")
    files = page.question("sources")
    figures(page, files)
    days(page)
    sources(page, files)
    rejects(page)
    drift(page)
    builds(page)
    catalogue(page)
    checks(page)


# ------------------------------------------------------------------------------------------------- what has landed


def figures(page: Page, files: pl.DataFrame) -> None:
    """Files, rows, rows set aside, loaded days; whether something wants a look."""
    words, number = page.words, page.words.number
    counted = dict(files.group_by("status").len().rows())
    rows, duplicates, rejected = (int(files[name].sum()) for name in ("rows", "duplicates", "rejected"))
    refused = counted.get("refused", 0)
    with page.sheet.row():
        if refused:
            page.sheet.badge(words("overview.refused", n=refused), "error", "red")
        checked = page.question("data_checks").height
        page.sheet.badge(words("data.checked", n=checked), "check_circle", "green")
    with page.sheet.grid(4, 150):
        _figure(page, "files", number(counted.get("landed", 0)), words("data.copies", n=counted.get("copy", 0)))
        _figure(page, "rows", number(rows), words("data.duplicates", n=duplicates))
        _figure(page, "rejected", number(rejected), words("data.of_read", n=rows + duplicates + rejected))
        _figure(page, "refused", number(refused), "")


def _figure(page: Page, name: str, value: str, note: str) -> None:
    """A number about the data itself, which is no metric of the catalogue."""
    words = page.words
    shown = Figure(words(f"data.figure.{name}.name"), value, note=note)
    page.sheet.figure(
        shown, f"definition.data.{name}", lambda: page.sheet.text(words(f"data.figure.{name}.definition"))
    )


def days(page: Page) -> None:
    """Which days of the period were loaded, as a calendar and in words."""
    page.section("data_days")
    found = page.question("activity")
    if found.is_empty():
        page.empty("empty.period")
        return
    missing = found.filter(~pl.col("loaded"))["day"].to_list()
    caption = page.caption("loaded_days", "days", "usage")
    page.chart(data.loaded_days(found.select("day", "loaded"), caption, page.words))
    if missing:
        gaps = [span(first, last, page.words) for first, last in _gaps(missing)]
        named = ", ".join(gaps[:GAPS_NAMED]) + (" …" if len(gaps) > GAPS_NAMED else "")
        page.sheet.note(page.words("data.missing_days", n=len(missing), days=named))


def _gaps(missing: Sequence[date]) -> list[tuple[date, date]]:
    """Days in order, those that follow each other taken together: the first and the last of each gap."""
    gaps: list[tuple[date, date]] = []
    for day in missing:
        if gaps and day - gaps[-1][1] == timedelta(days=1):
            gaps[-1] = (gaps[-1][0], day)
        else:
            gaps.append((day, day))
    return gaps


def sources(page: Page, files: pl.DataFrame) -> None:
    """What has landed by feed and file by file; of each refused file, why, and what to do."""
    words = page.words
    page.section("data_files")
    if files.is_empty():
        page.empty("empty.files")
        return
    for path, reason in files.filter(pl.col("status") == "refused").select("path", "reason").rows():
        page.sheet.text(f":material/error: `{path}` · {_refused(page, reason)}")
    columns: dict[str, Written] = {
        "feed": str,
        "file_count": words.number,
        **dict.fromkeys(("rows", "duplicates", "rejected"), words.number),
        "landed_at": _day(page),
    }
    by_feed = files.group_by("feed").agg(
        pl.len().alias("file_count"), pl.col("rows", "duplicates", "rejected").sum(), pl.col("landed_at").max()
    )
    page.table(by_feed.sort("feed"), columns, words("data.by_feed"), "feeds")
    _one_by_one(page, files)


def _one_by_one(page: Page, files: pl.DataFrame) -> None:
    """The files themselves, newest first, refused ones before them: on a screen those of a feed, or the newest."""
    words = page.words
    ordered = files.sort(pl.col("status") != "refused", pl.col("landed_at"), "path", descending=[False, True, False])
    if page.sheet.interactive:
        chosen = st.selectbox(
            words("data.files.choose"),
            ("newest", "all", *sorted(set(files["feed"]))),
            key="data.files",
            format_func=lambda choice: words(f"data.files.{choice}") if choice in ("newest", "all") else choice,
        )
        kept = {"newest": ordered.head(NEWEST), "all": ordered}
        ordered = kept.get(chosen, ordered.filter(pl.col("feed") == chosen))
    columns: dict[str, Written] = {
        "path": str,
        "file_status": lambda status: words(f"data.status.{status}"),
        **dict.fromkeys(("rows", "duplicates", "rejected"), words.number),
        "landed_at": _day(page),
    }
    page.table(ordered.rename({"status": "file_status"}), columns, words("section.data_files.title"), "files")


def _day(page: Page) -> Written:
    """How a moment is written in a list: its day, in few letters."""
    return lambda moment: page.words.day(moment, "short")


def _refused(page: Page, reason: str) -> str:
    """Why a file was refused and what to do; some reasons name a column after a colon."""
    why, _, column = reason.partition(":")
    return page.words(f"refused.{why}", column=column)


# --------------------------------------------------------------------------------------------- what was set aside


def rejects(page: Page) -> None:
    """Rows set aside by what was wrong; line by line for analysts; for administrators as they stand in the source."""
    words = page.words
    page.section("data_rejects")
    found = page.question("data_rejects")
    if found.is_empty():
        page.sheet.text(words("data.no_rejects"))
        return
    columns: dict[str, Written] = {
        "feed": str,
        "column_name": _or_dash,
        "reason": _reason(page),
        "shape": _or_dash,
        "rejected": words.number,
        "file_count": words.number,
    }
    page.table(found.rename({"files": "file_count"}), columns, words("section.data_rejects.title"), "rejects")
    if may(page.asking.role, "rows"):
        _lines(page)


def _reason(page: Page) -> Written:
    return lambda reason: page.words(f"rejected.{reason}")


def _or_dash(value: str) -> str:
    return value or "–"


def _lines(page: Page) -> None:
    words = page.words
    page.sheet.text(f"**{words('data.lines')}**")
    lines = page.listed("data_rejects", page.anytime)
    columns: dict[str, Written] = {"path": str, "line": words.number, "column_name": _or_dash, "reason": _reason(page)}
    page.table(lines, columns, words("data.lines"), "rejected-lines")
    if may(page.asking.role, "administer") and page.sheet.interactive:
        _read_back(page, lines.head(OFFERED))


def _read_back(page: Page, lines: pl.DataFrame) -> None:
    """A line as it stands in the source, if it is still there; who looked stands in the audit."""
    words = page.words
    if page.ledger is None:
        page.sheet.note(words("data.raw.no_ledger"))
        return
    offered = {
        f"{path}, {words.number(line)}": (path, sha256, line)
        for path, line, sha256 in lines.select("path", "line", "sha256").rows()
    }
    chosen = st.selectbox(
        words("data.raw.choose"), offered, index=None, key="data.raw", placeholder=words("data.raw.none")
    )
    if chosen is None:
        return
    from workbench.etl.raw import raw_line  # what reads exports is of no use to the rest of the page

    path, sha256, line = offered[chosen]
    with page.ledger.writing(page.who, datetime.now(UTC)) as work:
        work.audit("reject_read", "file", path, {"line": line})
    try:
        st.code(raw_line(page.warehouse.home, path, sha256, line), language=None, wrap_lines=True)
    except WorkbenchError as error:
        st.warning(f"{error.message}\n\n{error.remedy}", icon=":material/warning:")


def drift(page: Page) -> None:
    """What the exports hold that the contract does not know."""
    words = page.words
    page.section("data_drift")
    found = page.question("data_drift")
    if found.is_empty():
        page.sheet.text(words("data.no_drift"))
        return
    columns: dict[str, Written] = {
        "drift_kind": lambda kind: words(f"data.kind.{kind}"),
        "detail": _or_dash,
        "feed": _or_dash,
        "path": _or_dash,
    }
    page.table(found.rename({"kind": "drift_kind"}), columns, words("section.data_drift.title"), "drift")


# ----------------------------------------------------------------------------------------------- how it was made


def checks(page: Page) -> None:
    """Every check the build has passed; on a screen, those of one table on demand."""
    found = page.question("data_checks")
    page.sheet.heading(page.words("section.data_checks.title"))
    page.sheet.text(page.words("data.all_held", n=found.height, tables=found["table_name"].n_unique()))
    if page.sheet.interactive:
        chosen = st.selectbox(
            page.words("column.table_name"),
            list(dict.fromkeys(found["table_name"])),
            index=None,
            key="data.checks",
            placeholder=page.words("data.choose_table"),
        )
        if chosen is None:
            return
        found = found.filter(pl.col("table_name") == chosen)
    columns: dict[str, Written] = dict.fromkeys(("table_name", "check_name", "expression"), str)
    page.table(found, columns, page.words("section.data_checks.title"), "checks")


def builds(page: Page) -> None:
    """The builds that are kept, and how long the last runs took."""
    words = page.words
    page.section("data_builds")
    kept = pl.DataFrame(
        [(b.id, b.built_at, b.data_until, b.code_version) for b in _kept(page.warehouse)],
        schema=["build_id", "built_at", "data_until", "code_version"], orient="row",
    )  # fmt: skip
    columns: dict[str, Written] = {
        "build_id": str,
        "built_at": words.moment,
        "data_until": words.day,
        "code_version": str,
    }
    page.table(kept, columns, words("section.data_builds.title"), "builds")
    _runs(page)


@st.cache_data(show_spinner=False, max_entries=5, hash_funcs={Warehouse: lambda warehouse: warehouse.build.id})
def _kept(warehouse: Warehouse) -> list[Build]:
    """Which builds are kept changes only when another is published."""
    return kept_builds(warehouse.home)


def _runs(page: Page) -> None:
    words = page.words
    parts = ("landing_seconds", "counting_seconds", "tables_seconds")
    runs = pl.DataFrame([vars(run) for run in page.warehouse.runs()])
    page.section("data_runs")
    if runs.is_empty():
        page.sheet.text(words("data.no_runs"))
        return
    shown = runs.with_columns(pl.sum_horizontal(parts).alias("all_seconds")).rename({"days": "days_counted"})
    columns: dict[str, Written] = {
        "began_at": words.moment,
        "whole": lambda whole: words(f"data.whole.{'yes' if whole else 'no'}"),
        "days_counted": words.number,
        **dict.fromkeys((*parts, "all_seconds"), lambda seconds: words.number(seconds, 1)),
    }
    page.table(shown, columns, words("section.data_runs.title"), "runs")


if __name__ == "__main__":
    show(opened("data"))
