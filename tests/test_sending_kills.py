"""Ten thousand recipients, a server with faults, and a sender that is killed again and again."""

import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from ledgers import KEY as LEDGER_KEY
from ledgers import SERVER, on_server, start_server
from sendgrid_server import KEY, SendGridServer, moody, sendgrid_server
from sending_desk import NOW, Clock, add_people, approved, sent
from sqlalchemy import select

from workbench.ledger import Ledger, open_ledger
from workbench.ledger.courriers import courrier
from workbench.ledger.deliveries import deliveries, release, settle_unknown
from workbench.ledger.states import DeliveryState, WebhookKind
from workbench.ledger.surveys import receive_body
from workbench.ledger.tables import Delivery
from workbench.surveys.events import process
from workbench.surveys.sendgrid import SendGrid

RECIPIENTS = 10_000
RUNS = 60
"""More starts than a sender can need: one that does not get through in so many does not get through."""

BAD = ("p123@ecole26.test", "p4567@ecole8.test", "p9999@ecole8.test")
SCRIPT = Path(__file__).parent / "sender_process.py"


@pytest.fixture(scope="session")
def ten_thousand(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger's file with a courrier that is approved for ten thousand people."""
    file = tmp_path_factory.mktemp("ten_thousand") / "ledger.sqlite"
    shutil.copyfile(sqlite_template, file)
    _fill(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def ten_thousand_on_postgresql(postgresql_template: str) -> Iterator[str]:
    """The same in a database."""
    name = f"test_many_{uuid4().hex}"
    on_server(f"create database {name} template {postgresql_template}")
    _fill(f"{SERVER}/{name}")
    yield name
    on_server(f"drop database {name} with (force)")


def _fill(url: str) -> None:
    ledger = open_ledger(url, LEDGER_KEY)
    add_people(ledger, RECIPIENTS)
    approved(ledger)
    ledger.close()


@pytest.fixture
def many_url(request: pytest.FixtureRequest, seed: int, tmp_path: Path) -> Iterator[str]:
    """A ledger of its own for a seed: each fifth one on PostgreSQL."""
    if seed % 5 == 4:
        start_server()
        name = f"test_{uuid4().hex}"
        on_server(f"create database {name} template {request.getfixturevalue('ten_thousand_on_postgresql')}")
        yield f"{SERVER}/{name}"
        on_server(f"drop database {name} with (force)")
    else:
        shutil.copyfile(request.getfixturevalue("ten_thousand"), tmp_path / "ledger.sqlite")
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"


def sent_with_kills(url: str, server: SendGridServer, chance: random.Random) -> int:
    """Start a sender until nothing waits, killing it at random moments; how many were killed."""
    killed = 0
    for _ in range(RUNS):
        sender = subprocess.Popen([sys.executable, SCRIPT, url, server.url, "2020-12"], stderr=subprocess.DEVNULL)
        if chance.random() < 0.7:
            delay_s = chance.choice([0.0, chance.uniform(0, 0.4)])
            server.on_request = _killing(sender, server.asked + chance.randrange(1, 6), delay_s)
        killed += sender.wait() < 0
        server.on_request = lambda _: None
        ledger = open_ledger(url, LEDGER_KEY)
        waiting = courrier(ledger, "2020-12").counts.get(DeliveryState.QUEUED, 0)
        ledger.close()
        if sender.returncode == 0 and not waiting:
            return killed
    raise AssertionError("the sender does not get through")


def _killing(sender: subprocess.Popen[bytes], at: int, delay_s: float) -> Callable[[int], None]:
    """What kills a sender when its request of that number comes in: before it is answered, or a little later.

    Never by the clock alone: on a busy machine a sender would die before it began, again and again.
    """

    def kill(number: int) -> None:
        if number >= at:
            threading.Timer(delay_s, sender.kill).start() if delay_s else sender.kill()

    return kill


def told_of_some(ledger: Ledger, server: SendGridServer, chance: random.Random) -> int:
    """One event each for most of what was accepted without our knowing it; for how many messages nothing came."""
    unknown = [one for one in _opaque(ledger) if one[1] is DeliveryState.UNKNOWN]
    by_batch: dict[int, list[str]] = {}
    for opaque, _, batch in unknown:
        by_batch.setdefault(batch or 0, []).append(opaque)
    for mine in by_batch.values():
        if mine[0] in server.accepted:
            body = server.events(chance.choice(["processed", "delivered", "deferred"]), [chance.choice(mine)])
            receive_body(ledger, WebhookKind.SENDGRID, body, now=NOW)
            receive_body(ledger, WebhookKind.SENDGRID, body, now=NOW)
    process(ledger, NOW)
    return sum(state is DeliveryState.UNKNOWN for _, state, _ in _opaque(ledger))


def _opaque(ledger: Ledger) -> list[tuple[str, DeliveryState, int | None]]:
    with ledger.reading() as session:
        rows = session.execute(select(Delivery.opaque, Delivery.state, Delivery.batch_id))
        return [(opaque, state, batch) for opaque, state, batch in rows]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 55))])
def test_whatever_breaks_everybody_gets_it_once(many_url: str, seed: int) -> None:
    """Nobody accepted twice, nobody forgotten, every unknown settled by an event or by the 72-hour rule.

    10,000 recipients, three bad addresses, a quarter of the requests with a fault, the sender killed at random.
    """
    chance = random.Random(seed)
    with sendgrid_server() as server:
        server.keep_bodies, server.bad, server.moods = False, set(BAD), moody(seed, 0.25)
        sent_with_kills(many_url, server, chance)
        assert max(server.accepted.values()) == 1
        ledger = open_ledger(many_url, LEDGER_KEY)
        told_of_some(ledger, server, chance)
        late = NOW + timedelta(hours=73)
        receive_body(ledger, WebhookKind.SENDGRID, b"[ ]", now=NOW + timedelta(hours=72))
        settle_unknown(ledger, who="test", now=late)
        assert not any(state is DeliveryState.UNKNOWN for _, state, _ in _opaque(ledger))
        for opaque, state, _ in _opaque(ledger):
            assert (state is DeliveryState.ACCEPTED) == (opaque in server.accepted)
        release(ledger, courrier(ledger, "2020-12").id, who="diane", now=late)
        server.moods = lambda _: ""
        carrier = SendGrid(KEY, server.url, is_sandbox=False, is_sample=False)
        sent(ledger, carrier, clock=Clock(late), released=True)
        assert set(server.accepted.values()) == {1}
        assert len(server.accepted) == RECIPIENTS - len(BAD)
        found = deliveries(ledger, courrier(ledger, "2020-12").id)
        assert sorted(one.address for one in found if one.state is DeliveryState.REFUSED) == sorted(BAD)
        ledger.close()
