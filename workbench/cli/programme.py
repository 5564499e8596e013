"""`workbench survey`, `ambassadors`, `charter`, `followups`: the programme without its pages.

SQLAlchemy takes its time to import and is of no use to the other commands: each of these imports what it needs.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from workbench import etl
from workbench.cli.shown import ERR, OUT, ShownProgress, as_json_option, table
from workbench.settings import Settings, load_settings
from workbench.text import Words
from workbench.warehouse import as_of

if TYPE_CHECKING:
    from workbench.ledger import Ledger


def lent(settings: Settings) -> etl.Copies | None:
    """What the ledger lends a build, the charter and Plus reviewed as far as the last build tells; None without one.

    A fresh HOME's ledger is made by its first landing of classes: nothing is made here.
    """
    if not settings.ledger_url and not (settings.home / "ledger.sqlite").exists():
        return None
    from workbench.ledger import ledger_of
    from workbench.ledger.people import people
    from workbench.ledger.surveys import forms

    ledger = ledger_of(settings)
    try:
        if not people(ledger) and not forms(ledger):
            return {}
        return _reviewed_copies(settings, ledger)
    finally:
        ledger.close()


def _reviewed_copies(settings: Settings, ledger: Ledger) -> etl.Copies:
    from workbench.surveys.copies import copies
    from workbench.surveys.programme import first_seen, review

    (warehouse, today), zone, now = as_of(settings), ZoneInfo(settings.timezone), datetime.now(UTC)
    if warehouse:
        review(ledger, first_seen(warehouse, ledger), today, zone, who="etl", now=now)
    return copies(ledger, today, zone)


def fill_sample(settings: Settings, scale: float, seed: int) -> None:
    """Put the sample's programme into the HOME's own ledger, unless somebody is in it; another one is never touched."""
    from workbench.ledger import ledger_of
    from workbench.sample.plan import draw_plan
    from workbench.sample.programme import fill_programme

    if settings.ledger_url:
        return
    ledger = ledger_of(settings)
    try:
        fill_programme(ledger, draw_plan(scale, seed))
    finally:
        ledger.close()


@click.group("survey")
def survey_group() -> None:
    """Questionnaires of Typeform."""


@survey_group.command("sync")
@click.argument("form", required=False)
@click.option("--full", is_flag=True, help="List every response, and so find those that are gone.")
@as_json_option
def survey_sync(form: str | None, full: bool, as_json: bool) -> int:
    """Fetch new responses to a form, or to every known one."""
    from workbench.ledger import ledger_of  # SQLAlchemy is of no use to the other commands
    from workbench.surveys.arrivals import take_up
    from workbench.surveys.typeform import Client, forms_to_sync, sync

    settings = load_settings()
    ledger, client = ledger_of(settings), Client(settings.typeform_token, settings.typeform_url)
    done = [
        sync(ledger, client, one, now=datetime.now(UTC), full=full)
        for one in (etl.Progress() if as_json else ShownProgress()).each(forms_to_sync(ledger, form), "forms", str)
    ]
    take_up(ledger, zone=ZoneInfo(settings.timezone), who="sync", now=datetime.now(UTC))
    for reason in (reason for one in done for reason in one.refused):
        ERR.print(f"not kept, too long: {reason}", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        click.echo(json.dumps({"forms": [dataclasses.asdict(one) for one in done]}))
    else:
        OUT.print(table(map(vars, done), ("form", "responses", "new", "changed", "gone", "unknown")))
    return 0


@survey_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--form", help="The form's id, where the file does not say it.")
@as_json_option
def survey_import(file: Path, form: str | None, as_json: bool) -> int:
    """Take in a file saved from Typeform: its CSV export, an API page or a webhook body."""
    from workbench.ledger import ledger_of
    from workbench.surveys.saved import import_file

    settings, now = load_settings(), datetime.now(UTC)
    done = import_file(ledger_of(settings), file, form=form, zone=ZoneInfo(settings.timezone), who="import", now=now)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
    else:
        OUT.print(table([vars(done)], ("responses", "answers", "new", "unmatched", "unknown")))
    return 0


@survey_group.command("match")
@as_json_option
def survey_match(as_json: bool) -> int:
    """Match responses to people by their links and addresses; counts, and how many are left to match by hand."""
    from workbench.ledger import ledger_of
    from workbench.surveys.arrivals import take_up

    settings, now = load_settings(), datetime.now(UTC)
    counts = take_up(ledger_of(settings), zone=ZoneInfo(settings.timezone), who="match", now=now)._asdict()
    if as_json:
        click.echo(json.dumps(counts))
    else:
        OUT.print(table([counts], tuple(counts)))
    return 0


@click.group("ambassadors")
def ambassadors_group() -> None:
    """The people of the ambassador programme."""


@ambassadors_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@as_json_option
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
    OUT.print(table([counts | {"errors": len(errors)}], ("new", "changed", "same", "errors")))
    for wrong in errors:
        OUT.print(f"line {wrong['line']}: {wrong['message']}", markup=False, highlight=False, soft_wrap=True)


@click.group("charter")
def charter_group() -> None:
    """What ambassadors promised."""


@charter_group.command("review")
@as_json_option
def charter_review(as_json: bool) -> int:
    """Look again at how everybody keeps the charter, and at who has Plus; counts of commitments by how they stand."""
    from workbench.ledger import ledger_of
    from workbench.surveys.benefits import check_plus
    from workbench.surveys.programme import first_seen, review

    settings = load_settings()
    ledger, (warehouse, today), zone = ledger_of(settings), as_of(settings), ZoneInfo(settings.timezone)
    done = review(ledger, first_seen(warehouse, ledger), today, zone, who="review", now=datetime.now(UTC))
    if warehouse:
        check_plus(ledger, warehouse, today, who="review", now=datetime.now(UTC))
    line = {"people": done.people, "changed": done.changed} | {str(name): n for name, n in done.statuses.items()}
    click.echo(json.dumps(line)) if as_json else OUT.print(table([line], tuple(line)))
    return 0


@click.group("followups")
def followups_group() -> None:
    """Whom to write to, call or look after."""


@followups_group.command("list")
@as_json_option
def followups_list(as_json: bool) -> int:
    """What there is to do today: who, why, since when, and what one may write or say."""
    from workbench.ledger import ledger_of
    from workbench.surveys.programme import queue

    words, today, zone = Words((settings := load_settings()).language), as_of(settings)[1], ZoneInfo(settings.timezone)
    found = [each.told(words) for each in queue(ledger_of(settings), today, settings.cooldown_days, zone)]
    parts = ((words("queue.line", **told), told["wait"], told["suggestion"]) for told in found)
    lines = ["\n    ".join(filter(None, each)) for each in parts] or [words("queue.none")]
    click.echo(json.dumps({"today": today, "followups": found}, default=str) if as_json else "\n".join(lines))
    return 0


@followups_group.command("send")
@as_json_option
def followups_send(as_json: bool) -> int:
    """Send the reminders that are due and do not wait, each with the person's own link; nobody gets one twice."""
    from workbench.cli.mail import WHO, desk, sent_with_a_bar
    from workbench.surveys.reminders import approve_reminders

    at = desk()
    sender = at.settings.mail_from
    names = approve_reminders(at.ledger, at.terms, sender, today=at.today, who=WHO, now=at.clock())
    lines = [{"name": name, **dataclasses.asdict(sent_with_a_bar(at, name))} for name in names]
    columns = ("name", "accepted", "refused", "unknown", "withheld", "waiting")
    click.echo(json.dumps({"sent": lines})) if as_json else OUT.print(table(lines, columns))
    return 0
