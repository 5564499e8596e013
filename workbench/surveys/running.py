"""Sending from the app's own process: in a thread beside the pages, which look at the ledger for how far it got.

Whoever looks, here or in another process, reads the same counts; only what a run of this process failed of is kept
here.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from weakref import WeakKeyDictionary

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.settings import Settings
from workbench.surveys.courrier import carrier_of, clock_of, terms_of
from workbench.surveys.parcels import Carrier
from workbench.surveys.sending import AlreadySending, SendingHalted, Sent, Terms, send


@dataclass(frozen=True)
class Post:
    """What goes out from here goes by this: terms, who writes, how it is delivered (`via`) and by what, and the clock.

    `carrier` raises KeyMissing.
    """

    terms: Terms
    sender: str
    via: str
    carrier: Callable[[], Carrier]
    clock: Callable[[], datetime]


def post_of(settings: Settings, today: date, is_sample: bool) -> Post:
    """The post of this HOME on a day."""
    terms = terms_of(settings, today)
    clock = clock_of(today, lambda: datetime.now(UTC), terms.zone)
    return Post(terms, settings.mail_from, settings.delivery, partial(carrier_of, settings, is_sample), clock)


class _Run:
    """One run of a sender, and what ended it early."""

    def __init__(self, work: Callable[["_Run"], Sent]) -> None:
        self.fault: WorkbenchError | None = None
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self._to_the_end, args=(work,), name="courrier")

    def told(self, sent: Sent) -> None:
        """A batch is dealt with; it was the last one if the app ends."""
        if self.closing.is_set():
            raise SendingHalted(f"the workbench was stopped; {sent.waiting} messages wait", "go on when it runs again")

    def wait(self, seconds: float) -> None:
        """A pause that the end of the app cuts short."""
        self.closing.wait(seconds)

    def _to_the_end(self, work: Callable[["_Run"], Sent]) -> None:
        try:
            work(self)
        except WorkbenchError as error:
            self.fault = error


_runs: WeakKeyDictionary[Ledger, dict[int, _Run]] = WeakKeyDictionary()
_starting = threading.Lock()


def start(ledger: Ledger, post: Post, number: int, name: str, *, who: str, released: bool = False) -> None:
    """Begin to send a courrier, or go on with it, in the background. Raises KeyMissing, AlreadySending."""
    carrier = post.carrier()

    def work(run: _Run) -> Sent:
        return send(
            ledger, carrier, name, post.terms,
            who=who, clock=post.clock, wait=run.wait, told=run.told, released=released,
        )  # fmt: skip

    with _starting:
        if _is_ours(ledger, number):
            raise AlreadySending(f"{name} is being sent already", "look at its progress")
        run = _runs.setdefault(ledger, {})[number] = _Run(work)
        run.thread.start()


def is_going(ledger: Ledger, number: int) -> bool:
    """Whether a sender has this courrier, in this process or in another.

    To ask about others takes their place for a moment: a sender that begins just then says that another one has it.
    """
    if _is_ours(ledger, number):
        return True
    with ledger.alone(f"courrier-{number}") as is_free:
        return not is_free


def fault_of(ledger: Ledger, number: int) -> WorkbenchError | None:
    """What ended the last run of this process early, if anything did."""
    run = _runs.get(ledger, {}).get(number)
    return run.fault if run else None


def finish(ledger: Ledger, number: int) -> None:
    """Wait for the run of this process, if there is one."""
    if run := _runs.get(ledger, {}).get(number):
        run.thread.join()


def close() -> None:
    """The app ends: each run ends with the batch it is at, and the rest waits for somebody to go on."""
    with _starting:
        for run in [run for runs in _runs.values() for run in runs.values()]:
            run.closing.set()


def _is_ours(ledger: Ledger, number: int) -> bool:
    run = _runs.get(ledger, {}).get(number)
    return run is not None and run.thread.is_alive()
