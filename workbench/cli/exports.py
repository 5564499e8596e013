"""`workbench etl`, `workbench sample`: exports in, builds out."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import click

from workbench import etl
from workbench.cli.programme import fill_sample, lent
from workbench.cli.shown import OUT, ShownProgress, as_json_option, table
from workbench.settings import load_settings
from workbench.warehouse import open_warehouse


@click.group("etl")
def etl_group() -> None:
    """Land exports and publish builds."""


_source = click.option(
    "--source", type=click.Path(path_type=Path), help="Folder of exports (default WORKBENCH_SOURCE)."
)


@etl_group.command("run")
@_source
@click.option("--full", is_flag=True, help="Read every file and count every day anew.")
@as_json_option
def etl_run(source: Path | None, full: bool, as_json: bool) -> int:
    """Land what is new in a source and publish a build of it."""
    settings, progress = load_settings(), etl.Progress() if as_json else ShownProgress()
    copies = lent(settings)
    report = etl.run(settings, source, now=datetime.now(UTC), full=full, copies=copies, progress=progress)
    _print_report(report, as_json)
    return report.exit_code


def _print_report(report: etl.RunReport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report) | {"exit_code": report.exit_code}, default=str))
        return
    OUT.print(table(map(vars, report.feeds), ("feed", "files", "rows", "duplicates", "rejected", "refused", "seconds")))
    for line in report.files:
        if line.status == "refused":
            OUT.print(f"refused: {line.path} ({line.reason})", markup=False, highlight=False, soft_wrap=True)
    OUT.print(f"{report.outcome}: build {report.build or '-'}, {report.days} days counted", highlight=False)


@etl_group.command("status")
@as_json_option
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
@as_json_option
def etl_forget(path: str, source: Path | None, as_json: bool) -> int:
    """Take a file that is gone from the source out of every table."""
    report = etl.forget(load_settings(), source, path, now=datetime.now(UTC))
    _print_report(report, as_json)
    return report.exit_code


@click.command()
@click.option("--scale", type=click.FloatRange(0.001, 1), default=0.02, show_default=True)
@click.option("--seed", type=int, default=2020, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write (default: HOME/exports).")
@click.option("--events", type=click.IntRange(min=1), help="Usage events to aim at (default: at most 30 million).")
@as_json_option
def sample(scale: float, seed: int, out: Path | None, events: int | None, as_json: bool) -> int:
    """Write synthetic exports, calibrated to the kit's figures; without --out also an ambassador programme."""
    from workbench.sample import write_sample  # its imports are of no use to the other commands

    settings = load_settings()
    report = write_sample(out or settings.home / "exports", scale=scale, seed=seed, events=events)
    if out is None:
        fill_sample(settings, scale, seed)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report), default=str))
        return 0
    lines = [{"feed": feed, "files": count.files, "rows": count.rows} for feed, count in report.feeds.items()]
    OUT.print(table(lines, ("feed", "files", "rows")))
    OUT.print(f"{report.out}: {report.size_bytes / 1e6:.1f} MB", highlight=False, soft_wrap=True)
    return 0
