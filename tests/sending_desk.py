"""A desk for the tests of sending: people, an approved courrier, and a sender that goes through it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierKept, courrier, set_courrier
from workbench.ledger.deliveries import deliveries
from workbench.ledger.states import DeliveryState, MailKind, PersonStatus
from workbench.ledger.tables import Person
from workbench.surveys.courrier import approve_courrier
from workbench.surveys.parcels import Carrier
from workbench.surveys.readers import Addresses
from workbench.surveys.sending import Sent, Terms, send

TODAY = date(2020, 12, 15)
NOW = datetime(2020, 12, 15, 9, tzinfo=UTC)
SENDER = "Klassroom <courrier@klassroom.test>"
PARIS = ZoneInfo("Europe/Paris")
TERMS = Terms(PARIS, "2020-2021-Q2", "fr", Addresses("https://w.klassroom.test"), 5)

SOURCE = """---
subject: Le courrier de décembre
audience: active
---
Bonjour {{ first_name }},

:::news
### La retouche photo est là
Un **bouton** suffit.
:::
:::questionnaire form=n5h3f6CS
Cinq minutes.
:::
"""


def add_people(ledger: Ledger, count: int) -> list[int]:
    """So many active people, and their numbers; put in at once, ten thousand one by one would take a while."""
    rows = [
        {
            "name": f"Prénom{n} Nom{n}", "email": f"p{n}@ecole{n % 97}.test", "status": PersonStatus.ACTIVE,
            "created_at": NOW, "version": 1,
        }
        for n in range(count)
    ]  # fmt: skip
    with ledger.writing("test", NOW) as work:
        work.execute(insert(Person), rows)
        return list(work.scalars(select(Person.id).order_by(Person.id)))


def approved(ledger: Ledger, name: str = "2020-12", source: str = SOURCE, send_at: datetime | None = None) -> None:
    """A courrier that somebody wrote and approved."""
    set_courrier(ledger, CourrierKept(name, source, MailKind.COURRIER), who="diane", now=NOW)
    approve_courrier(
        ledger, courrier(ledger, name), TERMS, SENDER, send_at, confirmed=True, today=TODAY, who="diane", now=NOW
    )


@dataclass
class Clock:
    """A clock that a test sets; pauses that are asked for pass on it."""

    now: datetime = NOW
    waited_s: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def wait(self, seconds: float) -> None:
        """A pause."""
        self.waited_s.append(seconds)
        self.now += timedelta(seconds=seconds)


def sent(
    ledger: Ledger,
    carrier: Carrier,
    name: str = "2020-12",
    clock: Clock | None = None,
    told: Callable[[Sent], None] = lambda _: None,
    released: bool = False,
) -> Sent:
    """What became of a run of the sender."""
    clock = clock or Clock()
    return send(
        ledger, carrier, name, TERMS, who="diane", clock=clock, wait=clock.wait, told=told, released=released
    )  # fmt: skip


def states(ledger: Ledger, name: str = "2020-12") -> dict[str, DeliveryState]:
    """How far the message to each address got."""
    return {one.address: one.state for one in deliveries(ledger, courrier(ledger, name).id)}


def counted(values: Iterable[DeliveryState]) -> dict[str, int]:
    """How many messages got how far."""
    found = list(values)
    return {str(state): found.count(state) for state in sorted(set(found))}
