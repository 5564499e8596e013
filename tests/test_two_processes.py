"""Two app processes and a sync on one ledger: nothing is lost, and who comes second is told."""

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

from ledgers import KEY
from sqlalchemy import select
from typeform_server import TOKEN, filled_in, typeform_server

from workbench.ledger import Ledger, open_ledger
from workbench.ledger.people import PersonState, people, set_person
from workbench.ledger.tables import Audit, Response
from workbench.surveys.typeform import Client, Patience, sync

NOON = datetime(2020, 12, 1, 12, tzinfo=UTC)
FORM = "n5h3f6CS"
EDITS = 25

EDITOR = """
import json, sys
from dataclasses import replace
from datetime import UTC, datetime
from workbench.ledger import ChangedMeanwhile, open_ledger
from workbench.ledger.people import people, set_person
url, key, who, edits = sys.argv[1:]
ledger = open_ledger(url, bytes.fromhex(key))
print("ready", flush=True)
sys.stdin.readline()
conflicts = 0
for number in range(int(edits)):
    while True:
        seen = people(ledger)[number % 3]
        try:
            classes = (*seen.class_ids, f"{who}-{number}")
            set_person(ledger, replace(seen, class_ids=classes), who=who, now=datetime.now(UTC))
            break
        except ChangedMeanwhile as told:
            assert "look at it as it is now" in told.remedy
            conflicts += 1
print(json.dumps(conflicts))
"""
"""What an app process does for somebody who adds a class to a person, looks again when told to, and goes on."""


def editor(url: str, who: str) -> subprocess.Popen[str]:
    """A process that waits for a line before it edits."""
    command = [sys.executable, "-c", EDITOR, url, KEY.hex(), who, str(EDITS)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_of_fifty_edits_by_two_processes_beside_a_sync_none_is_lost(ledger_url: str) -> None:
    """Each edit is made on what was seen: the second writer is told, looks again, and both are in the end."""
    with closing(open_ledger(ledger_url, KEY)) as ledger, typeform_server(now=NOON) as server:
        for name in ("Anna", "Bob", "Chloé"):
            set_person(ledger, PersonState(name), who="test", now=NOON)
        server.add_form(FORM, [filled_in(n, NOON - timedelta(hours=2, minutes=n)) for n in range(400)])
        editors = [editor(ledger_url, who) for who in ("diane", "jane")]
        for process in editors:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        quick = Patience(pause_s=0, connect_s=2, read_s=5, tries=3, backoff_s=0)
        sync(ledger, Client(TOKEN, server.url, quick), FORM, now=NOON, full=True)
        told = [process.communicate(timeout=120)[0] for process in editors]
        assert [process.returncode for process in editors] == [0, 0]
        conflicts = sum(json.loads(line) for line in told)
        assert conflicts > 0, "the two never met: nothing was tried"
        assert {one for person in people(ledger) for one in person.class_ids} == wanted()
        assert sum(person.version for person in people(ledger)) == 3 + 2 * EDITS
        assert audited(ledger) == {"diane": EDITS, "jane": EDITS}
        with ledger.reading() as session:
            assert len(session.scalars(select(Response.token)).all()) == 400


def wanted() -> set[str]:
    """The classes that both added."""
    return {f"{who}-{number}" for who in ("diane", "jane") for number in range(EDITS)}


def audited(ledger: Ledger) -> dict[str, int]:
    """Changes of people that the audit has, by who made them."""
    with ledger.reading() as session:
        who = session.scalars(select(Audit.who).where(Audit.what == "person_changed")).all()
    return {name: who.count(name) for name in sorted(set(who))}
