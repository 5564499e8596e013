"""Sending what was approved: once to each, in batches, with every step in the ledger before it is made.

One sender at a time has a courrier. What a dead sender left open is unknown from then on, and only an event or a
person settles it (`workbench.ledger.deliveries`).
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.courriers import CourrierKept, close_if_done, courrier
from workbench.ledger.deliveries import Claim, Claimed, Turn, claim, deliveries, mark, recover
from workbench.ledger.recipients import quiet_since
from workbench.ledger.states import BatchOutcome, CourrierState, DeliveryState
from workbench.surveys.mail import Compiled, Reader, substitutions
from workbench.surveys.parcels import MOST, Answer, Carrier, Message, Outcome, Parcel
from workbench.surveys.readers import Addresses, readers

UNKNOWN_IN_A_ROW = 2
"""So many requests in a row without an answer end a run: the rest is better off waiting."""

REFUSED_IN_A_ROW = 3
"""So many single messages refused in a row, and none accepted, are no bad addresses: something else is wrong."""

PAUSES = 30
"""So many times in a row a run waits because the other side is busy."""


class NotApproved(WorkbenchError):
    """Only what was approved goes out, and not before its time."""


class AlreadySending(WorkbenchError):
    """Another sender has this courrier."""


class SendingHalted(WorkbenchError):
    """The run ended before all was sent; what is not sent is as it was."""


@dataclass(frozen=True)
class Terms:
    """What a run goes by: the zone of days, today's quarter (`2020-2021-Q2`), language, links, and the cool-down."""

    zone: ZoneInfo
    quarter: str
    language: str
    addresses: Addresses
    cooldown_days: int


@dataclass(frozen=True)
class Sent:
    """How far a run got: messages accepted, refused, unknown, withheld; and how many still wait."""

    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    withheld: int = 0
    waiting: int = 0


def send(
    ledger: Ledger,
    carrier: Carrier,
    name: str,
    terms: Terms,
    *,
    who: str,
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
    told: Callable[[Sent], None] = lambda _: None,
    released: bool = False,
) -> Sent:
    """Send what of a courrier waits, or go on after a stop or a crash; `told` hears of each batch.

    `released`: also what was not accepted and a person released. Raises CourrierUnknown, NotApproved, AlreadySending,
    SendingHalted, CourrierAltered, and what the carrier refuses.
    """
    kept = _ready(courrier(ledger, name), clock())
    with _held(ledger, kept):
        recover(ledger, kept.id, carrier.is_repeatable, who=who, now=clock())
        run = _Run(ledger, carrier, courrier(ledger, name), terms, who, clock, wait, told, released)
        carrier.refuse(run.addresses())
        return run.all()


def _ready(kept: CourrierKept, now: datetime) -> CourrierKept:
    if kept.state is CourrierState.STOPPED:
        raise NotApproved(f"{kept.name} is stopped", f"`workbench courrier resume {kept.name}` lets it go on")
    if kept.state is CourrierState.DRAFT:
        raise NotApproved(f"{kept.name} is a draft", f"`workbench courrier approve {kept.name}` first")
    if kept.send_at and kept.send_at > now:
        raise NotApproved(f"{kept.name} is to go out at {kept.send_at:%Y-%m-%d %H:%M} UTC", "wait, or approve it anew")
    return kept


@contextmanager
def _held(ledger: Ledger, kept: CourrierKept) -> Iterator[None]:
    with ledger.alone(f"courrier-{kept.id}") as is_mine:
        if not is_mine:
            raise AlreadySending(
                f"{kept.name} is being sent already", "look at its progress: workbench courrier status"
            )
        yield


class _Run:
    """One run of a sender that holds its courrier."""

    def __init__(
        self,
        ledger: Ledger,
        carrier: Carrier,
        kept: CourrierKept,
        terms: Terms,
        who: str,
        clock: Callable[[], datetime],
        wait: Callable[[float], None],
        told: Callable[[Sent], None],
        released: bool,
    ) -> None:
        self._ledger, self._carrier, self._kept, self._terms, self._who = ledger, carrier, kept, terms, who
        self._clock, self._wait, self._told, self._released = clock, wait, told, released
        content = (kept.frozen or {})["content"]
        self._content, self._sender = Compiled.of_json(content["letter"]), str(content["sender"])
        self._images = {cid: base64.b64decode(png) for cid, png in content.get("images", {}).items()}
        self._sent = Sent(waiting=kept.waiting + released * kept.counts.get(DeliveryState.RELEASED, 0))
        self._sizes: list[int] = []
        self._in_a_row = dict.fromkeys(Outcome, 0)

    def addresses(self) -> list[str]:
        """Whom it is for."""
        return [one.address for one in deliveries(self._ledger, self._kept.id)]

    def all(self) -> Sent:
        """Batch after batch until none is left, or it was stopped."""
        while (claimed := self._claim()) is not None:
            self._count(withheld=claimed.withheld)
            if claimed.messages:
                self._take(claimed, self._carrier.carry(self._parcel(claimed)))
            self._told(self._sent)
        close_if_done(self._ledger, self._kept.id, who=self._who, now=self._clock())
        return self._sent

    def _claim(self) -> Claim | None:
        now = self._clock()
        most = self._sizes.pop() if self._sizes else MOST
        quiet = quiet_since(now, self._terms.cooldown_days)
        turn = Turn(most, self._carrier.name, quiet, self._terms.zone, self._released)
        return claim(self._ledger, self._kept.id, turn, who=self._who, now=now)

    def _parcel(self, claimed: Claim) -> Parcel:
        """What goes out, each with what is personal in it as it stands now."""
        persons = [one.person for one in claimed.messages if one.person is not None]
        about = {one.person: one.about for one in claimed.messages if one.person and one.about}
        read = readers(
            self._ledger, persons, self._content.forms, self._terms.quarter, self._terms.language,
            self._terms.addresses, self._kept.id, about,
        )  # fmt: skip
        messages = [self._message(one, read.get(one.person or 0)) for one in claimed.messages]
        return Parcel(self._kept.name, self._content, self._sender, messages, claimed.is_tracked, self._images)

    def _message(self, one: Claimed, reader: Reader | None) -> Message:
        if reader is None:
            return Message(one.address, one.opaque, {}, None)
        return Message(one.address, one.opaque, substitutions(self._content, reader), reader.leave_url)

    # ------------------------------------------------------------------------------------------------- what is answered

    def _take(self, claimed: Claim, answer: Answer) -> None:
        size = len(claimed.messages)
        before, self._in_a_row = self._in_a_row[answer.outcome], dict.fromkeys(Outcome, 0)
        self._in_a_row[answer.outcome] = before + 1
        match answer.outcome:
            case Outcome.ACCEPTED:
                self._mark(claimed, BatchOutcome.ACCEPTED, answer)
                self._count(accepted=size)
            case Outcome.UNKNOWN:
                self._mark(claimed, BatchOutcome.UNKNOWN, answer)
                self._count(unknown=size)
                self._halt_if(self._in_a_row[Outcome.UNKNOWN] >= UNKNOWN_IN_A_ROW, answer)
            case Outcome.BAD_ADDRESS:
                self._halve(claimed, answer)
            case Outcome.BUSY:
                self._mark(claimed, BatchOutcome.RETURNED, answer)
                self._sizes.append(size)
                self._halt_if(self._in_a_row[Outcome.BUSY] > PAUSES, answer)
                self._wait(answer.wait_s)
            case Outcome.STOPPED:
                self._mark(claimed, BatchOutcome.RETURNED, answer)
                self._halt_if(True, answer)

    def _halve(self, claimed: Claim, answer: Answer) -> None:
        """One bad address has all of a batch refused: it is looked for by halves, which are claimed anew."""
        size = len(claimed.messages)
        if size > 1:
            self._mark(claimed, BatchOutcome.RETURNED, answer)
            self._sizes += [size - size // 2, size // 2]
            return
        self._mark(claimed, BatchOutcome.REFUSED, answer)
        self._count(refused=1)
        self._halt_if(not self._sent.accepted and self._sent.refused >= REFUSED_IN_A_ROW, answer)

    def _mark(self, claimed: Claim, outcome: BatchOutcome, answer: Answer) -> None:
        mark(self._ledger, claimed.batch, outcome, answer.said, who=self._who, now=self._clock())

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self._sent, name) + number for name, number in more.items()}
        self._sent = replace(self._sent, **counted, waiting=self._sent.waiting - sum(more.values()))

    def _halt_if(self, is_hopeless: bool, answer: Answer) -> None:
        if is_hopeless:
            self._told(self._sent)
            said = f"sending {self._kept.name} halted: {answer.said}; {self._sent.waiting} messages wait"
            raise SendingHalted(said, f"put that right, then `workbench courrier resume {self._kept.name}`")
