"""The sample's courriers: one that was sent in November, and what became of it; one that is being written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierKept, courrier, set_courrier
from workbench.ledger.mail_events import Event, hear
from workbench.ledger.states import SuppressionKind
from workbench.surveys.courrier import approve_courrier
from workbench.surveys.parcels import Answer, Outcome, Parcel
from workbench.surveys.readers import Addresses
from workbench.surveys.sending import Terms, send

WRITTEN_ON = datetime(2020, 11, 17, 8, tzinfo=UTC)
SENT, DRAFT = "2020-11", "2021-01"
_SENDER = "Klassroom <courrier@klassroom.example>"
_TERMS = Terms(ZoneInfo("Europe/Paris"), "2020-2021-Q1", "fr", Addresses("http://127.0.0.1:8501"), 5)
_BOUNCED, _DEFERRED, _UNHEARD = 3, 5, 8
"""Places of messages that did not arrive like the others."""


@dataclass
class _Imagined:
    """Delivers nothing: what it is handed counts as sent."""

    name = "sandbox"
    is_repeatable = True
    opaque: tuple[str, ...] = ()

    def refuse(self, addresses: Sequence[str]) -> None:
        """Every address will do."""

    def carry(self, parcel: Parcel) -> Answer:
        """Remember what it was."""
        self.opaque += tuple(message.opaque for message in parcel.messages)
        return Answer(Outcome.ACCEPTED)


def fill_courriers(ledger: Ledger, who: str) -> None:
    """Put both into a ledger that has the sample's people."""
    for name in (SENT, DRAFT):
        source = resources.files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
        set_courrier(ledger, CourrierKept(name, source), who=who, now=WRITTEN_ON)
    kept, on = courrier(ledger, SENT), WRITTEN_ON
    approve_courrier(ledger, kept, _TERMS, _SENDER, None, confirmed=True, today=on.date(), who=who, now=on)
    carrier = _Imagined()
    send(ledger, carrier, SENT, _TERMS, who=who, clock=lambda: on, wait=lambda _: None)
    hear(ledger, [_event(one, place) for place, one in enumerate(carrier.opaque) if place != _UNHEARD], who=who, now=on)


def _event(opaque: str, place: int) -> Event:
    at, name = WRITTEN_ON + timedelta(seconds=20 + place), f"sample-{place}"
    if place == _BOUNCED:
        return Event(name, opaque, "bounce", at, "550 no such mailbox", suppresses=SuppressionKind.BOUNCE)
    return Event(name, opaque, "deferred" if place == _DEFERRED else "delivered", at)
