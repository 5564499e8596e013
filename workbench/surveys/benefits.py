"""Plus with Confort famille, owed to each ambassador: whether the subscriptions of their classes show it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from workbench.ledger import Ledger
from workbench.ledger.benefits import BenefitKept, benefits, set_benefits
from workbench.ledger.people import PersonState, people
from workbench.ledger.states import BenefitKind, BenefitState, PersonStatus
from workbench.warehouse import Warehouse

_DAY = timedelta(days=1)

_PLUS = """
    select class_key, starts_on, least(ends_on, coalesce(cancelled_on, ends_on)) as is_over_on
    from subscriptions
    where plan = 'plus' and confort_famille and is_over_on > starts_on
"""


@dataclass(frozen=True)
class Span:
    """Days from one to another, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class PlusChecked:
    """How many people are owed Plus, have it, or had it; how many of these changed."""

    owed: int
    given: int
    ended: int
    changed: int


def check_plus(ledger: Ledger, warehouse: Warehouse, today: date, *, who: str, now: datetime) -> PlusChecked:
    """Compare what is owed with the build's subscriptions as of today, and keep it; again, it changes nothing.

    Raises ChangedMeanwhile where somebody edits one of these benefits at this moment: then nothing was changed.
    """
    spans = _spans(ledger, warehouse, everybody := people(ledger))
    kept = {each.person: each for each in benefits(ledger) if each.kind is BenefitKind.PLUS}
    found = [
        (plus, kept.get(person.id))
        for person in sorted(everybody, key=lambda person: person.id)
        if (plus := plus_of(person, kept.get(person.id), spans.get(person.id, ()), today))
    ]
    changed = [plus for plus, before in found if plus != before]
    set_benefits(ledger, changed, who=who, now=now)
    states = Counter(plus.state for plus, _ in found)
    owed, given, ended = (states[state] for state in (BenefitState.OWED, BenefitState.GIVEN, BenefitState.ENDED))
    return PlusChecked(owed, given, ended, len(changed))


def plus_of(person: PersonState, before: BenefitKept | None, spans: Sequence[Span], today: date) -> BenefitKept | None:
    """Plus as it stands for a person: given while a class of theirs has it, owed to who is an ambassador, or ended.

    `spans`: days on which their classes have it. None for who was never owed any.
    """
    if span := _going_on(spans, today):
        return _become(person, before, BenefitState.GIVEN, span.first, span.last)
    if person.status is PersonStatus.ACTIVE:
        owed_since = today if before else person.since or today
        return _become(person, before, BenefitState.OWED, owed_since, None)
    return _become(person, before, BenefitState.ENDED, today, None) if before else None


def _become(
    person: PersonState, before: BenefitKept | None, state: BenefitState, since: date, until: date | None
) -> BenefitKept:
    """The benefit in a state; in the one it is in already since when it is, unless the subscription says otherwise."""
    if before is None:
        return BenefitKept(person.id, BenefitKind.PLUS, state, since, until=until)
    if before.state is state and state is not BenefitState.GIVEN:
        return before
    return replace(before, state=state, since=since, until=until)


def _going_on(spans: Iterable[Span], today: date) -> Span | None:
    """The days around today without a gap; a renewal that follows at once is no end."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.first, span.last)):
        if joined and span.first <= joined[-1].last + _DAY:
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return next((span for span in joined if span.first <= today <= span.last), None)


def _spans(ledger: Ledger, warehouse: Warehouse, everybody: Iterable[PersonState]) -> Mapping[int, list[Span]]:
    """The days on which the classes of each person have, had or will have Plus with Confort famille."""
    of_class: dict[int, list[Span]] = defaultdict(list)
    for class_key, first, end in warehouse.sql(_PLUS).rows():
        of_class[class_key].append(Span(first, end - _DAY))
    links = [(person.id, class_id) for person in everybody for class_id in person.class_ids]
    found: dict[int, list[Span]] = defaultdict(list)
    for (person, _), key in zip(links, ledger.keys("class", [class_id for _, class_id in links]), strict=True):
        found[person] += of_class.get(key, [])
    return found
