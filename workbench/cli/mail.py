"""`workbench courrier` and `workbench digest`: what is sent, without the pages."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from workbench.cli.shown import ERR, OUT, as_json_option, table
from workbench.errors import NotReadable
from workbench.settings import Settings, load_settings
from workbench.text import Words
from workbench.warehouse import as_of, open_warehouse, today_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.ledger import Ledger
    from workbench.surveys.digest import Digest
    from workbench.surveys.parcels import Carrier
    from workbench.surveys.sending import Sent, Terms

WHO = "command line"


@dataclass(frozen=True)
class Desk:
    """What every verb here needs: settings, the ledger, the day, what a sender goes by, and the clock on that day."""

    settings: Settings
    ledger: Ledger
    today: date
    is_sample: bool
    terms: Terms
    clock: Callable[[], datetime]

    def carrier(self) -> Carrier:
        """How mail is delivered here."""
        from workbench.surveys.courrier import carrier_of

        return carrier_of(self.settings, self.is_sample)


def desk() -> Desk:
    """The desk of this HOME."""
    from workbench.ledger import ledger_of
    from workbench.surveys.courrier import clock_of, terms_of

    settings = load_settings()
    warehouse, today = as_of(settings)
    terms = terms_of(settings, today)
    clock = clock_of(today, lambda: datetime.now(UTC), terms.zone)
    return Desk(settings, ledger_of(settings), today, bool(warehouse and warehouse.build.sample), terms, clock)


@click.group("courrier")
def courrier_group() -> None:
    """The monthly letter, and everything else that is sent."""


name_argument = click.argument("name")


@courrier_group.command("new")
@name_argument
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="A letter written elsewhere, in git say.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day it is planned for.")
def courrier_new(name: str, file: TextIO | None, on: datetime | None) -> int:
    """Begin a draft, or take the text of one from a file."""
    from workbench.ledger.courriers import CourrierKept, courriers, set_courrier
    from workbench.surveys.courrier import new_source

    at = desk()
    source = file.read() if file else new_source(on.date() if on else at.today, Words(at.settings.language), None)
    known = next((one for one in courriers(at.ledger) if one.name == name), None)
    draft = dataclasses.replace(known, source=source) if known and file else CourrierKept(name, source)
    set_courrier(at.ledger, draft, who=WHO, now=at.clock())
    click.echo(name)
    return 0


@courrier_group.command("preview")
@name_argument
@click.option("--person", type=int, help="As this person would get it; else as nobody in particular.")
@click.option("--out", type=click.File("w", encoding="utf-8"), help="Write the HTML there instead of the text.")
def courrier_preview(name: str, person: int | None, out: TextIO | None) -> int:
    """Show a letter, with what is to be put right (exit code 3) and whom it is for."""
    from workbench.ledger.courriers import courrier
    from workbench.surveys.courrier import check, chosen_for, preview
    from workbench.surveys.mail import read_letter

    at, words = (here := desk()), Words(here.settings.language)
    kept = courrier(at.ledger, name)
    wrong = check(kept.source, words, at.settings.mail_from)
    for one in wrong:
        where = f"line {one.line}: " if one.line else ""
        ERR.print(f"{where}{words(f'mail.finding.{one.kind}', **one.values)}", markup=False, highlight=False)
    mail = preview(at.ledger, kept.source, person, at.terms, at.settings.mail_from, kept.id)
    out.write(mail.html) if out else click.echo(f"{mail.subject}\n\n{mail.text}")
    found = chosen_for(at.ledger, read_letter(kept.source), at.terms, at.today, at.clock())
    ERR.print(f"{len(found)} recipients, {sum(one.hindrance is not None for one in found)} of them held back")
    return 3 if wrong else 0


@courrier_group.command("test")
@name_argument
@click.option("--to", required=True, help="Your own address.")
@click.option("--person", type=int, required=True, help="As this person would get it.")
def courrier_test(name: str, to: str, person: int) -> int:
    """Send a letter to yourself."""
    from workbench.ledger.courriers import courrier
    from workbench.surveys.courrier import send_test

    at = desk()
    kept, sender = courrier(at.ledger, name), at.settings.mail_from
    done = send_test(at.ledger, at.carrier(), kept, to, person, at.terms, sender, who=WHO, now=at.clock())
    click.echo(done.said)
    return 0


@courrier_group.command("approve")
@name_argument
@click.option("--confirm", is_flag=True, help="You wrote it, and looked twice.")
@click.option("--at", "moment", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="Not before this moment, local time.")
@as_json_option
def courrier_approve(name: str, confirm: bool, moment: datetime | None, as_json: bool) -> int:
    """Freeze what goes out and to whom."""
    from workbench.ledger.courriers import courrier
    from workbench.surveys.courrier import approve_courrier

    at = desk()
    send_at = moment.replace(tzinfo=at.terms.zone) if moment else None
    done = approve_courrier(
        at.ledger, courrier(at.ledger, name), at.terms, at.settings.mail_from, send_at,
        confirmed=confirm, today=at.today, who=WHO, now=at.clock(),
    )  # fmt: skip
    _say(dataclasses.asdict(done), as_json)
    return 0


@courrier_group.command("send")
@name_argument
@as_json_option
def courrier_send(name: str, as_json: bool) -> int:
    """Send what was approved, once to each."""
    at = desk()
    _say(dataclasses.asdict(sent_with_a_bar(at, name)), as_json)
    return 0


@courrier_group.command("stop")
@name_argument
def courrier_stop(name: str) -> int:
    """Send no further batch."""
    from workbench.ledger.courriers import stop

    at = desk()
    stop(at.ledger, name, who=WHO, now=at.clock())
    return 0


@courrier_group.command("resume")
@name_argument
@click.option("--not-accepted", is_flag=True, help="Also what a person released, after nothing was heard for 72 hours.")
@as_json_option
def courrier_resume(name: str, not_accepted: bool, as_json: bool) -> int:
    """Go on after a stop or a crash: only to those who are missing."""
    from workbench.ledger.courriers import courrier, restart
    from workbench.ledger.deliveries import settle_unknown
    from workbench.ledger.states import CourrierState

    at = desk()
    settle_unknown(at.ledger, who=WHO, now=at.clock())
    if courrier(at.ledger, name).state is CourrierState.STOPPED:
        restart(at.ledger, name, who=WHO, now=at.clock())
    _say(dataclasses.asdict(sent_with_a_bar(at, name, not_accepted)), as_json)
    return 0


@courrier_group.command("release")
@name_argument
def courrier_release(name: str) -> int:
    """Decide that what was not accepted may be sent again, by `resume --not-accepted`."""
    from workbench.ledger.courriers import courrier
    from workbench.ledger.deliveries import release

    at = desk()
    click.echo(release(at.ledger, courrier(at.ledger, name).id, who=WHO, now=at.clock()))
    return 0


@courrier_group.command("status")
@click.argument("name", required=False)
@as_json_option
def courrier_status(name: str | None, as_json: bool) -> int:
    """All courriers, or for one of them each person: sent, arrived, why not."""
    from workbench.ledger.courriers import courrier, courriers
    from workbench.ledger.deliveries import deliveries

    at = desk()
    if name:
        rows = [one._asdict() for one in deliveries(at.ledger, courrier(at.ledger, name).id)]
        columns: tuple[str, ...] = ("name", "state", "reason", "asked_at", "arrival", "arrival_reason")
    else:
        rows = [
            {"name": one.name, "kind": one.kind, "status": one.state, "via": one.via}
            | {str(state): number for state, number in one.counts.items()}
            for one in courriers(at.ledger)
        ]
        counted = {str(state) for one in courriers(at.ledger) for state in one.counts}
        columns = ("name", "kind", "status", "via", *sorted(counted))
    if as_json:
        click.echo(json.dumps({"rows": rows}, default=str))
    else:
        OUT.print(table([dict.fromkeys(columns, "") | row for row in rows], columns))
    return 0


@courrier_group.command("suppressions")
@click.option("--lift", "address", help="Send to this address again, as its owner asked.")
def courrier_suppressions(address: str | None) -> int:
    """Pull SendGrid's lists of addresses that nothing is sent to; how many were not known."""
    from workbench.ledger.mail_events import lift, suppress
    from workbench.surveys.sendgrid import suppressed

    at = desk()
    if address:
        click.echo(lift(at.ledger, address.strip().lower(), who=WHO, now=at.clock()))
        return 0
    found = set(suppressed(at.settings.sendgrid_api_key, at.settings.sendgrid_url))
    click.echo(suppress(at.ledger, found, "sendgrid", who=WHO, now=at.clock()))
    return 0


@click.group("digest")
def digest_group() -> None:
    """The team's figures of the week, by mail."""


@digest_group.command("send")
@click.option(
    "--dry-run", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write it there, as one HTML file; nothing is sent, nothing is noted.",
)  # fmt: skip
@as_json_option
def digest_send(file: Path | None, as_json: bool) -> int:
    """Mail the team the last whole week, once to each address."""
    from workbench.surveys.digest import approve_digest, team

    if file is not None:
        _write(file, _digest(load_settings()).standalone)
        return 0
    goes_to = team(load_settings().digest_to)
    at = desk()
    written = _digest(at.settings)
    name = approve_digest(at.ledger, written, goes_to, at.settings.mail_from, who=WHO, now=at.clock())
    _say({"name": name, **dataclasses.asdict(sent_with_a_bar(at, name))}, as_json)
    return 0


def _digest(settings: Settings) -> Digest:
    """The digest of the last whole week. Raises NothingPublished, NoWholeWeek."""
    from workbench.surveys.courrier import HERE
    from workbench.surveys.digest import digest

    warehouse = open_warehouse(settings.home)
    today = today_of(settings, warehouse.build)
    words, url = Words(settings.language), (settings.public_url or HERE).rstrip("/")
    return digest(warehouse, today, words, settings.small_cell, url)


def _write(file: Path, html: str) -> None:
    try:
        file.write_text(html, encoding="utf-8")
    except OSError as error:
        raise NotReadable(f"{file}: {error.strerror}", "name a file that can be written") from error


def sent_with_a_bar(at: Desk, name: str, released: bool = False) -> Sent:
    """Send, with a bar on a terminal."""
    from workbench.surveys.sending import send

    with _bar() as told:
        return send(
            at.ledger, at.carrier(), name, at.terms,
            who=WHO, clock=at.clock, wait=time.sleep, told=told, released=released,
        )  # fmt: skip


@contextmanager
def _bar() -> Iterator[Callable[[Sent], None]]:
    if not ERR.is_terminal:
        yield lambda sent: ERR.print(f"accepted {sent.accepted}, waiting {sent.waiting}", highlight=False)
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=ERR) as shown:
        task = shown.add_task("sending", total=None)

        def told(sent: Sent) -> None:
            dealt = sent.accepted + sent.refused + sent.unknown + sent.withheld
            shown.update(task, completed=dealt, total=dealt + sent.waiting)

        yield told


def _say(line: dict[str, object], as_json: bool) -> None:
    click.echo(json.dumps(line)) if as_json else OUT.print(table([line], tuple(line)))
