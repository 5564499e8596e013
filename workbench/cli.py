"""The command line: verbs, exit codes, and one line for every failure a person can act on.

Exit codes of `etl run`: 0 published or nothing new; 3 the same, but a file of the source is refused; 4 nothing
published because a check failed; 2 wrong usage; 1 any other failure.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from workbench import etl
from workbench.access import Role
from workbench.errors import ChecksFailed, ModelInvalid, WorkbenchError
from workbench.metrics import Asking
from workbench.metrics.alerts import alerts as standing_alerts
from workbench.settings import load_settings
from workbench.text import Words
from workbench.warehouse import open_warehouse

T = TypeVar("T")
OUT = Console()
ERR = Console(stderr=True)


class ShownProgress(etl.Progress):
    """A bar on a terminal; elsewhere one plain line per kind of work."""

    def each(self, items: Iterable[T], doing: str, name: Callable[[T], str]) -> Iterator[T]:
        """The items, one after the other, shown as they go."""
        listed = list(items)
        if not ERR.is_terminal:
            ERR.print(f"{doing}: {len(listed)}", highlight=False)
            yield from listed
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=ERR, transient=True) as bar:
            task = bar.add_task(doing, total=len(listed))
            for item in listed:
                bar.update(task, description=f"{doing} {name(item)[-40:]}")
                yield item
                bar.advance(task)


@click.group()
@click.version_option(package_name="klassroom-workbench")
def cli() -> None:
    """The Klassroom workbench."""


@cli.group("etl")
def etl_group() -> None:
    """Land exports and publish builds."""


_source = click.option(
    "--source", type=click.Path(path_type=Path), help="Folder of exports (default WORKBENCH_SOURCE)."
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@etl_group.command("run")
@_source
@click.option("--full", is_flag=True, help="Read every file and count every day anew.")
@_json
def etl_run(source: Path | None, full: bool, as_json: bool) -> int:
    """Land what is new in a source and publish a build of it."""
    progress = etl.Progress() if as_json else ShownProgress()
    report = etl.run(load_settings(), source, now=datetime.now(UTC), full=full, progress=progress)
    _print_report(report, as_json)
    return report.exit_code


def _print_report(report: etl.RunReport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report) | {"exit_code": report.exit_code}, default=str))
        return
    OUT.print(
        _table(map(vars, report.feeds), ("feed", "files", "rows", "duplicates", "rejected", "refused", "seconds"))
    )
    for line in report.files:
        if line.status == "refused":
            OUT.print(f"refused: {line.path} ({line.reason})", markup=False, highlight=False, soft_wrap=True)
    OUT.print(f"{report.outcome}: build {report.build or '-'}, {report.days} days counted", highlight=False)


def _table(rows: Iterable[Mapping[str, object]], columns: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in ("feed", "form", "path", "status", "reason") else "right")
    for row in rows:
        table.add_row(*(_shown(row[column]) for column in columns))
    return table


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


@etl_group.command("status")
@_json
def etl_status(as_json: bool) -> int:
    """The published build and what became of each file."""
    warehouse = open_warehouse(load_settings().home)
    files = warehouse.sql("from files order by path").pl()
    if as_json:
        click.echo(json.dumps({"build": dataclasses.asdict(warehouse.build), "files": files.to_dicts()}, default=str))
        return 0
    OUT.print(f"build {warehouse.build.id}, data until {warehouse.build.data_until}", highlight=False)
    for row in files.iter_rows(named=True):
        counts = f"{row['rows']} rows, {row['duplicates']} duplicates, {row['rejected']} rejected"
        shown = row["reason"] or counts
        OUT.print(f"{row['status']:8} {row['path']}: {shown}", markup=False, highlight=False, soft_wrap=True)
    return 0


@etl_group.command("forget")
@click.argument("path")
@_source
@_json
def etl_forget(path: str, source: Path | None, as_json: bool) -> int:
    """Take a file that is gone from the source out of every table."""
    report = etl.forget(load_settings(), source, path, now=datetime.now(UTC))
    _print_report(report, as_json)
    return report.exit_code


@cli.command()
@click.option("--scale", type=click.FloatRange(0.001, 1), default=0.02, show_default=True)
@click.option("--seed", type=int, default=2020, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write (default: HOME/exports).")
@click.option("--events", type=click.IntRange(min=1), help="Usage events to aim at (default: at most 30 million).")
@_json
def sample(scale: float, seed: int, out: Path | None, events: int | None, as_json: bool) -> int:
    """Write synthetic exports, calibrated to the kit's figures."""
    from workbench.sample import write_sample  # its imports are of no use to the other commands

    report = write_sample(out or load_settings().home / "exports", scale=scale, seed=seed, events=events)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report), default=str))
        return 0
    lines = [{"feed": feed, "files": count.files, "rows": count.rows} for feed, count in report.feeds.items()]
    OUT.print(_table(lines, ("feed", "files", "rows")))
    OUT.print(f"{report.out}: {report.size_bytes / 1e6:.1f} MB", highlight=False, soft_wrap=True)
    return 0


@cli.group("survey")
def survey_group() -> None:
    """Questionnaires of Typeform."""


@survey_group.command("sync")
@click.argument("form", required=False)
@click.option("--full", is_flag=True, help="List every response, and so find those that are gone.")
@_json
def survey_sync(form: str | None, full: bool, as_json: bool) -> int:
    """Fetch new responses to a form, or to every known one."""
    from workbench.ledger import ledger_of  # SQLAlchemy is of no use to the other commands
    from workbench.surveys.typeform import Client, forms_to_sync, sync

    settings = load_settings()
    ledger, client = ledger_of(settings), Client(settings.typeform_token, settings.typeform_url)
    done = [
        sync(ledger, client, one, now=datetime.now(UTC), full=full)
        for one in (etl.Progress() if as_json else ShownProgress()).each(forms_to_sync(ledger, form), "forms", str)
    ]
    for reason in (reason for one in done for reason in one.refused):
        ERR.print(f"not kept, too long: {reason}", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        click.echo(json.dumps({"forms": [dataclasses.asdict(one) for one in done]}))
    else:
        OUT.print(_table(map(vars, done), ("form", "responses", "new", "changed", "gone", "unknown")))
    return 0


@survey_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--form", help="The form's id, where the file does not say it.")
@_json
def survey_import(file: Path, form: str | None, as_json: bool) -> int:
    """Take in a file saved from Typeform: its CSV export, an API page or a webhook body."""
    from workbench.ledger import ledger_of
    from workbench.surveys.saved import import_file

    done = import_file(ledger_of(load_settings()), file, form=form, who="import", now=datetime.now(UTC))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
    else:
        OUT.print(_table([vars(done)], ("responses", "answers", "new", "unmatched", "unknown")))
    return 0


@cli.group("ambassadors")
def ambassadors_group() -> None:
    """The people of the ambassador programme."""


@ambassadors_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@_json
def ambassadors_import(file: Path, dry_run: bool, as_json: bool) -> int:
    """Take in a list of people, saved as CSV; lines with errors are left out (exit code 3) and named."""
    from workbench.ledger import ledger_of
    from workbench.surveys.ambassadors import import_people, preview

    ledger = ledger_of(load_settings())
    seen, written = preview(ledger, file), False
    try:
        written = not dry_run and import_people(ledger, seen, skip_errors=True, who="import", now=datetime.now(UTC))
    finally:
        counts = {name: len(getattr(seen, name)) for name in ("new", "changed", "same")}
        _print_preview(counts, list(map(dataclasses.asdict, seen.errors)), written, as_json)
    return 3 if seen.errors else 0


def _print_preview(counts: dict[str, int], errors: list[dict[str, object]], written: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**counts, "errors": errors, "written": written}))
        return
    OUT.print(_table([counts | {"errors": len(errors)}], ("new", "changed", "same", "errors")))
    for wrong in errors:
        OUT.print(f"line {wrong['line']}: {wrong['message']}", markup=False, highlight=False, soft_wrap=True)


@cli.command()
def dictionary() -> int:
    """Every table and column of the published build, with meaning and unit."""
    warehouse = open_warehouse(load_settings().home)
    for name, meaning in warehouse.tables().items():
        click.echo(f"{name}: {meaning}")
        for column in warehouse.describe(name):
            unit = f" [{column.unit}]" if column.unit else ""
            click.echo(f"    {column.name} {column.type}{unit}: {column.meaning}")
    return 0


@cli.command()
@_json
def alerts(as_json: bool) -> int:
    """What has left its usual course in the last days of the data."""
    settings = load_settings()
    warehouse, words = open_warehouse(settings.home), Words(settings.language)
    until = settings.today or warehouse.build.data_until
    found = standing_alerts(warehouse, Asking(Role.VIEWER, settings.small_cell), until) if until else []
    if as_json:
        click.echo(json.dumps({"until": until, "alerts": list(map(dataclasses.asdict, found))}, default=str))
        return 0
    for alert in found:
        told = vars(alert) | {"metric": words(f"metric.{alert.metric}.name"), "expected": round(alert.expected)}
        OUT.print(words(f"alert.{alert.direction}", **told), markup=False, highlight=False, soft_wrap=True)
    if not found:
        OUT.print(words("alert.none"), highlight=False, soft_wrap=True)
    return 0


@cli.command()
@click.argument("page")
@click.option("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Default: the last day's school year.")
@click.option("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Default: the last day of the data.")
@click.option("--country", "countries", multiple=True, help="A country's code; again for another.")
@click.option("--language", type=click.Choice(("fr", "en")), help="Default: WORKBENCH_LANGUAGE.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The HTML file to write.")
def report(
    page: str, since: date | None, until: date | None, countries: tuple[str, ...], language: str | None, out: Path
) -> int:
    """Write a page as one HTML file, small groups folded."""
    logging.disable(logging.WARNING)  # Streamlit warns at every turn that it is not serving
    from workbench.app.report import write_report  # streamlit takes seconds to import

    write_report(load_settings(), page, out, since=since, until=until, countries=countries, language=language)
    OUT.print(f"{page}: {out}", markup=False, highlight=False, soft_wrap=True)
    return 0


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
def serve(host: str, port: int) -> int:
    """Open the pages."""
    from workbench.app import serve as serve_pages  # streamlit takes seconds to import

    serve_pages(load_settings(), host, port)
    return 0


def main() -> None:
    """Run the command line: the one boundary at which a failure becomes one line and an exit code."""
    try:
        sys.exit(cli(standalone_mode=False) or 0)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted — nothing was published; run it again", 1)
    except (ChecksFailed, ModelInvalid) as error:
        _fail(str(error), 4)
    except WorkbenchError as error:
        _fail(str(error), 1)
    except Exception:
        run_id = secrets.token_hex(4)
        logging.getLogger("workbench").exception("run %s failed", run_id)
        _fail(f"unexpected failure, run {run_id} — send the lines above to whoever runs the workbench", 1)


def _fail(line: str, code: int) -> None:
    ERR.print(line, style="bold red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
