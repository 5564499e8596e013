"""Sending from the app's process: one run of a courrier at a time, which ends where the app ends, and says why."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from sending_desk import NOW, SENDER, TERMS, add_people, approved

from workbench.ledger import Ledger
from workbench.ledger.courriers import courrier
from workbench.ledger.states import DeliveryState
from workbench.surveys import running
from workbench.surveys.parcels import Answer, Carrier, Outcome, Parcel
from workbench.surveys.running import Post, fault_of, finish, is_going, start
from workbench.surveys.sending import AlreadySending, SendingHalted


@dataclass
class OneByOne:
    """Takes single messages only, so that a run has many batches; `first` happens in the first that it takes."""

    first: Callable[[], object]
    name: str = "one by one"
    is_repeatable: bool = False
    taken: list[str] = field(default_factory=list)

    def refuse(self, addresses: Sequence[str]) -> None:
        """None is."""

    def carry(self, parcel: Parcel) -> Answer:
        """Halves what is more than one."""
        if len(parcel.messages) > 1:
            return Answer(Outcome.BAD_ADDRESS, "one at a time")
        if not self.taken:
            self.first()
        self.taken.append(parcel.messages[0].address)
        return Answer(Outcome.ACCEPTED)


def post(carrier: Carrier) -> Post:
    """What a run goes by."""
    return Post(TERMS, SENDER, carrier.name, lambda: carrier, lambda: NOW)


def begun(ledger: Ledger, carrier: OneByOne) -> int:
    """A courrier for four people, its sending begun; gives its number."""
    add_people(ledger, 4)
    approved(ledger)
    number = courrier(ledger, "2020-12").id
    start(ledger, post(carrier), number, "2020-12", who="diane")
    return number


def test_a_run_sends_to_everybody_and_is_then_over(ledger: Ledger) -> None:
    """Nothing is left, and nothing went wrong."""
    number = begun(ledger, OneByOne(lambda: None))
    finish(ledger, number)
    assert not is_going(ledger, number)
    assert fault_of(ledger, number) is None
    assert courrier(ledger, "2020-12").counts == {DeliveryState.ACCEPTED: 4}


def test_a_second_run_of_the_same_courrier_is_refused(ledger: Ledger) -> None:
    """Two visitors click at once: one sends, the other is told."""
    at_work, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        at_work.set()
        go_on.wait()

    carrier = OneByOne(hold)
    number = begun(ledger, carrier)
    at_work.wait()
    try:
        assert is_going(ledger, number)
        with pytest.raises(AlreadySending):
            start(ledger, post(carrier), number, "2020-12", who="patrick")
    finally:
        go_on.set()
    finish(ledger, number)
    assert sorted(carrier.taken) == sorted(set(carrier.taken))
    assert len(carrier.taken) == 4


def test_when_the_app_ends_a_run_ends_with_its_batch(ledger: Ledger) -> None:
    """Nothing is left unknown: what is not sent waits, and the next run sends it."""
    number = begun(ledger, OneByOne(running.close))
    finish(ledger, number)
    assert isinstance(fault_of(ledger, number), SendingHalted)
    assert courrier(ledger, "2020-12").counts == {DeliveryState.ACCEPTED: 1, DeliveryState.QUEUED: 3}
    start(ledger, post(OneByOne(lambda: None)), number, "2020-12", who="diane")
    finish(ledger, number)
    assert fault_of(ledger, number) is None
    assert courrier(ledger, "2020-12").counts == {DeliveryState.ACCEPTED: 4}
