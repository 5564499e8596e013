"""What ambassadors are given: Plus, goodies out of a stock, the annual event. One row for a person, kind and item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile, Ledger, Writing
from workbench.ledger.programme import hold_person
from workbench.ledger.states import BenefitKind, BenefitState
from workbench.ledger.tables import Benefit, Goody, Person
from workbench.ledger.typed import one_line

STATES: dict[BenefitKind, tuple[BenefitState, ...]] = {
    BenefitKind.PLUS: (BenefitState.OWED, BenefitState.GIVEN, BenefitState.ENDED),
    BenefitKind.GOODIES: (BenefitState.OWED, BenefitState.GIVEN, BenefitState.OUT_OF_STOCK, BenefitState.ENDED),
    BenefitKind.EVENT: (
        BenefitState.INVITED,
        BenefitState.ACCEPTED,
        BenefitState.DECLINED,
        BenefitState.ATTENDED,
    ),
}
"""How far each kind of benefit can get."""


class BenefitInvalid(WorkbenchError):
    """A benefit in a state that its kind has not, without the item it needs, or that ends before it begins."""


class AlreadySent(WorkbenchError):
    """This person was sent this goody before."""


class StockInvalid(WorkbenchError):
    """A goody without a name, fewer than none of it, or one that there is not."""


@dataclass(frozen=True)
class BenefitKept:
    """What a person is given; `id` and `version` are 0 for what is not in the ledger yet.

    `item` names the goody or the event, and is empty for Plus. `until` is the last day, None where no end is known.
    """

    person: int
    kind: BenefitKind
    state: BenefitState
    since: date
    item: str = ""
    until: date | None = None
    note: str = ""
    id: int = 0
    version: int = 0


@dataclass(frozen=True)
class Stock:
    """A goody and how many are left; `version` 0 for one that is not in the ledger yet."""

    item: str
    left: int
    version: int = 0


# ------------------------------------------------------------------------------------------------------- benefits


def benefits(ledger: Ledger) -> list[BenefitKept]:
    """Everything that is owed, was given or offered, by person; without people merged away."""
    standing = select(Benefit).join(Person, (Person.id == Benefit.person_id) & Person.merged_into_id.is_(None))
    with ledger.reading() as session:
        rows = session.scalars(standing.order_by(Benefit.person_id, Benefit.kind, Benefit.item, Benefit.id))
        return [_kept(row) for row in rows]


def set_benefit(ledger: Ledger, benefit: BenefitKept, *, who: str, now: datetime) -> int:
    """Note what a person is owed, given, or answered to an invitation; gives the id.

    Raises BenefitInvalid, PersonUnknown, and ChangedMeanwhile unless it is still at its version, or still not there.
    """
    return set_benefits(ledger, [benefit], who=who, now=now)[0]


def set_benefits(ledger: Ledger, given: Sequence[BenefitKept], *, who: str, now: datetime) -> list[int]:
    """The same for many, in one transaction: all or, where it raises, none. Give them in the order of their person."""
    for benefit in given:
        _check(benefit)
    with ledger.writing(who, now) as work:
        return [_set(work, benefit) for benefit in given]


def _check(benefit: BenefitKept) -> None:
    if benefit.state not in STATES[benefit.kind]:
        allowed = ", ".join(STATES[benefit.kind])
        raise BenefitInvalid(f"{benefit.kind} is never {benefit.state}", f"take one of {allowed}")
    if bool(one_line(benefit.item)) is (benefit.kind is BenefitKind.PLUS):
        raise BenefitInvalid("goodies and events have a name, Plus has none", "say which goody or which event")
    if benefit.until and benefit.until < benefit.since:
        raise BenefitInvalid(f"it ends on {benefit.until}, before it begins", "correct the two days")


def _set(work: Writing, benefit: BenefitKept) -> int:
    hold_person(work, benefit.person)
    item = one_line(benefit.item)
    if benefit.id:
        row = work.taken(Benefit, benefit.id, benefit.version)
    elif _of(work, benefit.person, benefit.kind, item):
        said = f"{item or benefit.kind} of person {benefit.person} was added meanwhile"
        raise ChangedMeanwhile(said, "look at it as it is now, then decide again")
    else:
        row = Benefit(person_id=benefit.person, kind=benefit.kind, item=item)
    return _write(work, row, benefit)


def _write(work: Writing, row: Benefit, benefit: BenefitKept) -> int:
    row.state, row.since, row.until, row.note = benefit.state, benefit.since, benefit.until, one_line(benefit.note)
    work.add(row)
    work.flush()
    details = {"benefit": row.id, "kind": row.kind, "item": row.item, "state": row.state}
    work.audit("benefit_set", "person", row.person_id, details, {"note": row.note})
    return row.id


def _of(work: Writing, person: int, kind: BenefitKind, item: str) -> Benefit | None:
    mine = select(Benefit).where(Benefit.person_id == person, Benefit.kind == kind, Benefit.item == item)
    return work.scalar(mine.order_by(Benefit.id).with_for_update())


def _kept(row: Benefit) -> BenefitKept:
    return BenefitKept(
        row.person_id, row.kind, row.state, row.since, row.item, row.until, row.note, row.id, row.version
    )


# -------------------------------------------------------------------------------------------------------- goodies


def goodies(ledger: Ledger) -> list[Stock]:
    """Every goody there is or was, by name."""
    with ledger.reading() as session:
        rows = session.scalars(select(Goody).order_by(Goody.item))
        return [Stock(row.item, row.stock, row.version) for row in rows]


def set_stock(ledger: Ledger, stock: Stock, *, who: str, now: datetime) -> None:
    """Note how many of a goody are left; `version` 0 adds the goody.

    Raises StockInvalid, and ChangedMeanwhile where some were sent or counted since, or it was added already.
    """
    item = one_line(stock.item)
    if not item or stock.left < 0:
        raise StockInvalid(f"{stock.left} of {item!r}: a stock has a name and is 0 or more", "count it again")
    with ledger.writing(who, now) as work:
        if stock.version:
            row = work.taken(Goody, _number_of(work, item), stock.version)
            row.stock = stock.left
        else:
            _add_goody(work, item, stock.left)
        work.audit("stock_set", "goody", item, {"left": stock.left})


def _number_of(work: Writing, item: str) -> int:
    return work.scalar(select(Goody.id).where(Goody.item == item)) or 0


def _add_goody(work: Writing, item: str, left: int) -> None:
    adding = work.insert(Goody).values(item=item, stock=left, version=1)
    if not work.scalar(adding.on_conflict_do_nothing(index_elements=["item"]).returning(Goody.id)):
        raise ChangedMeanwhile(f"{item} was added meanwhile", "look at it as it is now, then decide again")


def send_goody(ledger: Ledger, person: int, item: str, on: date, *, who: str, now: datetime) -> BenefitState:
    """Send one of a goody to a person on a day: given, or out of stock where none is left. To be tried again then.

    Raises StockInvalid for a goody that there is not, AlreadySent, PersonUnknown.
    """
    with ledger.writing(who, now) as work:
        hold_person(work, person)
        goody = work.scalar(select(Goody).where(Goody.item == item).with_for_update())
        if goody is None:
            raise StockInvalid(f"there is no goody {item!r}", "note its stock first")
        row = _of(work, person, BenefitKind.GOODIES, item)
        if row is not None and row.state is BenefitState.GIVEN:
            raise AlreadySent(f"person {person} was sent {item} on {row.since}", "send something else")
        return _send(work, goody, row or Benefit(person_id=person, kind=BenefitKind.GOODIES, item=item, note=""), on)


def _send(work: Writing, goody: Goody, row: Benefit, on: date) -> BenefitState:
    state = BenefitState.GIVEN if goody.stock else BenefitState.OUT_OF_STOCK
    if goody.stock:
        goody.stock -= 1
        goody.version += 1
    if row.id:
        row.version += 1
    _write(work, row, BenefitKept(row.person_id, row.kind, state, on, note=row.note))
    return state
