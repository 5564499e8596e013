"""`workbench dictionary`, `alerts`, `report`, `serve`: what a build says."""

import dataclasses
import json
import logging
from datetime import date
from pathlib import Path

import click

from workbench.access import Role
from workbench.cli.shown import OUT, as_json_option
from workbench.metrics import Asking
from workbench.metrics.alerts import alerts as standing_alerts
from workbench.settings import load_settings
from workbench.text import Words
from workbench.warehouse import open_warehouse


@click.command()
def dictionary() -> int:
    """Every table and column of the published build, with meaning and unit."""
    warehouse = open_warehouse(load_settings().home)
    for name, meaning in warehouse.tables().items():
        click.echo(f"{name}: {meaning}")
        for column in warehouse.describe(name):
            unit = f" [{column.unit}]" if column.unit else ""
            click.echo(f"    {column.name} {column.type}{unit}: {column.meaning}")
    return 0


@click.command()
@as_json_option
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


@click.command()
@click.argument("page")
@click.argument("notebook", required=False)
@click.option("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Default: the last day's school year.")
@click.option("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Default: the last day of the data.")
@click.option("--country", "countries", multiple=True, help="A country's code; again for another.")
@click.option("--language", type=click.Choice(("fr", "en")), help="Default: WORKBENCH_LANGUAGE.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The HTML file to write.")
def report(
    page: str,
    notebook: str | None,
    since: date | None,
    until: date | None,
    countries: tuple[str, ...],
    language: str | None,
    out: Path,
) -> int:
    """Write a page as one HTML file, small groups folded; or a notebook, run anew: `report notebook 02`."""
    if page == "notebook" or notebook:
        if page != "notebook" or not notebook or since or until or countries:
            raise click.UsageError("a notebook is named by its number, without days or countries: report notebook 02")
        from workbench.cli.notebooks import write_notebook

        write_notebook(load_settings(), notebook, out, language)
        OUT.print(f"notebook {notebook}: {out}", markup=False, highlight=False, soft_wrap=True)
        return 0
    logging.disable(logging.WARNING)  # Streamlit warns at every turn that it is not serving
    from workbench.app.report import write_report  # streamlit takes seconds to import

    write_report(load_settings(), page, out, since=since, until=until, countries=countries, language=language)
    OUT.print(f"{page}: {out}", markup=False, highlight=False, soft_wrap=True)
    return 0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
def serve(host: str, port: int) -> int:
    """Open the pages."""
    from workbench.app import serve as serve_pages  # streamlit takes seconds to import

    serve_pages(load_settings(), host, port)
    return 0
