"""What ambassadors are given: Plus as the subscriptions show it, goodies while there are some, the annual event."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from test_people import add, at_once, person
from tiny import NOW, etl, settings, usage_day, write_csv

from workbench.ledger import ChangedMeanwhile, Ledger, open_ledger
from workbench.ledger.benefits import (
    STATES,
    AlreadySent,
    BenefitInvalid,
    BenefitKept,
    Stock,
    StockInvalid,
    benefits,
    goodies,
    send_goody,
    set_benefit,
    set_stock,
)
from workbench.ledger.merging import merge
from workbench.ledger.people import PersonState, PersonUnknown, set_person
from workbench.ledger.states import BenefitKind, BenefitState, PersonStatus
from workbench.ledger.tables import Audit, Benefit
from workbench.privacy import pseudonym_key
from workbench.surveys.benefits import Span, check_plus, plus_of
from workbench.warehouse import Warehouse, open_warehouse

TODAY = date(2020, 12, 15)
SINCE = date(2020, 9, 1)
DAY = timedelta(days=1)
LEA = PersonState("Léa", since=SINCE, class_ids=("k1",))
TERMS = "price_eur confort_famille confort_price_eur cancelled_on"
COLUMNS = f"subscription_id class_id plan payer_type starts_on ends_on {TERMS}"
SIGNED = [
    ("s1", "k1", "plus", "ecole", "2020-01-10", "2021-01-10", "99", "oui", "30", ""),
    ("s2", "k1", "plus", "ecole", "2021-01-10", "2021-06-01", "99", "oui", "30", ""),
    ("s3", "k1", "plus", "ecole", "2021-06-02", "2022-06-02", "99", "oui", "30", ""),
    ("s4", "k2", "plus", "ecole", "2020-01-10", "2021-01-10", "99", "non", "", ""),
    ("s5", "k3", "standard", "ecole", "2020-01-10", "2021-01-10", "59", "oui", "30", ""),
    ("s6", "k4", "plus", "ecole", "2020-01-10", "2021-01-10", "99", "oui", "30", "2020-12-15"),
    ("s7", "k5", "plus", "ecole", "2020-01-10", "2021-01-10", "99", "oui", "30", "2020-12-16"),
    ("s8", "k6", "plus", "ecole", "2020-12-16", "2021-12-16", "99", "oui", "30", ""),
    ("s9", "k7", "plus", "ecole", "2019-12-16", "2020-12-16", "99", "oui", "30", ""),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A HOME whose build has the subscriptions above."""
    write_csv(tmp_path / "source" / "subscriptions" / "a.csv", COLUMNS.split(), SIGNED)
    usage_day(tmp_path / "source", date(2020, 12, 1), ["u1"])
    etl(tmp_path / "home", tmp_path / "source")
    return tmp_path / "home"


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    """That build, opened."""
    return open_warehouse(home)


@pytest.fixture
def own(home: Path, ledger_url: str) -> Iterator[Ledger]:
    """A ledger with the key of that HOME."""
    with closing(open_ledger(ledger_url, pseudonym_key(settings(home)))) as opened:
        yield opened


def shown(ledger: Ledger) -> dict[int, tuple[str, date, date | None]]:
    """What everybody is given, since when and until when, by person."""
    return {each.person: (str(each.state), each.since, each.until) for each in benefits(ledger)}


# ----------------------------------------------------------------------------------------------------------- Plus


def test_plus_is_given_where_a_class_has_it_with_confort_famille(own: Ledger, warehouse: Warehouse) -> None:
    """On that very day, until the last day that is paid for; owed to every other ambassador, to nobody else."""
    classes = ["k1", "k2", "k3", "k4", "k5", "k6", "k7", "unknown"]
    people = add(own, *(PersonState(name, since=SINCE, class_ids=(name,)) for name in classes))
    two = add(own, PersonState("two", since=SINCE, class_ids=("k2", "k7")))
    add(own, PersonState("candidate", status=PersonStatus.CANDIDATE), PersonState("left", status=PersonStatus.LEFT))
    checked = check_plus(own, warehouse, TODAY, who="check", now=NOW)
    owed = ("owed", SINCE, None)
    expected = {
        "k1": ("given", date(2020, 1, 10), date(2021, 5, 31)),
        "k2": owed,
        "k3": owed,
        "k4": owed,
        "k5": ("given", date(2020, 1, 10), TODAY),
        "k6": owed,
        "k7": ("given", date(2019, 12, 16), TODAY),
        "unknown": owed,
    }
    found = shown(own)
    assert {one.name: found.pop(one.id) for one in people} == expected
    assert found == {two[0].id: ("given", date(2019, 12, 16), TODAY)}
    assert (checked.owed, checked.given, checked.ended, checked.changed) == (5, 4, 0, 9)


def test_checking_again_changes_nothing_and_a_later_day_what_is_over(own: Ledger, warehouse: Warehouse) -> None:
    """Given becomes owed again on the first day without; for who left meanwhile it is ended."""
    lea, tom = add(own, replace(LEA, class_ids=("k7",)), PersonState("Tom", since=SINCE, class_ids=("k7",)))
    check_plus(own, warehouse, TODAY, who="check", now=NOW)
    lines = audit_lines(own)
    assert check_plus(own, warehouse, TODAY, who="check", now=NOW).changed == 0
    assert audit_lines(own) == lines
    set_person(own, replace(tom, status=PersonStatus.LEFT), who="diane", now=NOW)
    check_plus(own, warehouse, TODAY, who="check", now=NOW)
    assert {state for state, _, _ in shown(own).values()} == {"given"}
    check_plus(own, warehouse, TODAY + DAY, who="check", now=NOW)
    assert shown(own) == {lea.id: ("owed", TODAY + DAY, None), tom.id: ("ended", TODAY + DAY, None)}
    assert check_plus(own, warehouse, TODAY + 9 * DAY, who="check", now=NOW).changed == 0


def audit_lines(ledger: Ledger) -> int:
    """How many changes there were."""
    with ledger.reading() as session:
        return session.scalar(select(func.count()).select_from(Audit)) or 0


def test_a_note_on_plus_stays_when_it_is_checked(own: Ledger, warehouse: Warehouse) -> None:
    """The check writes what it knows, and nothing else; who edits what was checked since is told."""
    (lea,) = add(own, LEA)
    check_plus(own, warehouse, date(2019, 12, 1), who="check", now=NOW)
    (plus,) = benefits(own)
    set_benefit(own, replace(plus, note="code envoyé"), who="diane", now=NOW)
    check_plus(own, warehouse, TODAY, who="check", now=NOW)
    (after,) = benefits(own)
    assert (after.person, after.state, after.note, after.id, after.version) == (
        lea.id,
        "given",
        "code envoyé",
        plus.id,
        3,
    )
    with pytest.raises(ChangedMeanwhile):
        set_benefit(own, plus, who="diane", now=NOW)


def test_two_checks_at_once_give_everybody_plus_once(own: Ledger, warehouse: Warehouse) -> None:
    """The second is told; nothing of it is kept."""
    add(own, *(PersonState(f"A{n}", since=SINCE) for n in range(5)))
    done = at_once(*(lambda: check_plus(own, warehouse, TODAY, who="check", now=NOW) for _ in range(3)))
    assert sum(not isinstance(one, ChangedMeanwhile) and one.changed == 5 for one in done) == 1
    assert len(benefits(own)) == 5


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 30)), max_size=6),
    st.sampled_from(PersonStatus),
    st.booleans(),
)
def test_plus_is_given_on_exactly_the_days_some_class_has_it(
    pairs: list[tuple[int, int]], status: PersonStatus, had_it: bool
) -> None:
    """And its last day is followed by one without."""
    spans = [Span(TODAY + first * DAY, TODAY + (first + length) * DAY) for first, length in pairs]
    days = {span.first + n * DAY for span in spans for n in range((span.last - span.first).days + 1)}
    before = BenefitKept(1, BenefitKind.PLUS, BenefitState.GIVEN, SINCE) if had_it else None
    found = plus_of(PersonState("Léa", status=status, since=SINCE, id=1), before, spans, TODAY)
    assert (found is not None and found.state == "given") is (TODAY in days)
    if found and found.state == "given":
        assert found.until is not None
        assert {found.since, found.until} <= days
        assert not {found.since - DAY, found.until + DAY} & days
    elif status == "active":
        assert found is not None
        assert found.state == "owed"
    else:
        assert (found and str(found.state)) == ("ended" if had_it else None)


# -------------------------------------------------------------------------------------------------------- goodies


def test_a_goody_goes_out_of_the_stock_and_never_below_none(ledger: Ledger) -> None:
    """Where none is left it is noted as out of stock, and goes out once there are some again."""
    lea, tom = add(ledger, LEA, PersonState("Tom"))
    set_stock(ledger, Stock("mug", 1), who="diane", now=NOW)
    assert send_goody(ledger, lea.id, "mug", SINCE, who="diane", now=NOW) == "given"
    assert send_goody(ledger, tom.id, "mug", SINCE, who="diane", now=NOW) == "out_of_stock"
    assert goodies(ledger) == [Stock("mug", 0, 2)]
    with pytest.raises(AlreadySent):
        send_goody(ledger, lea.id, "mug", TODAY, who="diane", now=NOW)
    set_stock(ledger, Stock("mug", 7, 2), who="diane", now=NOW)
    assert send_goody(ledger, tom.id, "mug", TODAY, who="diane", now=NOW) == "given"
    assert shown(ledger) == {lea.id: ("given", SINCE, None), tom.id: ("given", TODAY, None)}
    assert goodies(ledger) == [Stock("mug", 6, 4)]


def test_a_stock_that_changed_since_it_was_counted_is_counted_again(ledger: Ledger) -> None:
    """Else a goody that was sent meanwhile would be there again; and a stock has a name and is not below none."""
    (lea,) = add(ledger, LEA)
    set_stock(ledger, Stock("mug", 5), who="diane", now=NOW)
    send_goody(ledger, lea.id, "mug", SINCE, who="diane", now=NOW)
    for counted in (Stock("mug", 5, 1), Stock("mug", 5)):
        with pytest.raises(ChangedMeanwhile):
            set_stock(ledger, counted, who="jane", now=NOW)
    for wrong in (Stock(" ", 1), Stock("sac", -1)):
        with pytest.raises(StockInvalid):
            set_stock(ledger, wrong, who="diane", now=NOW)
    with pytest.raises(StockInvalid, match="sac"):
        send_goody(ledger, lea.id, "sac", SINCE, who="diane", now=NOW)
    with pytest.raises(PersonUnknown):
        send_goody(ledger, 999, "mug", SINCE, who="diane", now=NOW)
    assert goodies(ledger) == [Stock("mug", 4, 2)]


def test_fifty_sent_by_eight_threads_leave_what_is_left(ledger: Ledger) -> None:
    """Forty of a stock of forty, ten out of stock, none sent that was not there."""
    numbers = [one.id for one in add(ledger, *(PersonState(f"A{n}") for n in range(50)))]
    set_stock(ledger, Stock("mug", 40), who="diane", now=NOW)

    def send(mine: list[int]) -> Callable[[], list[BenefitState]]:
        return lambda: [send_goody(ledger, number, "mug", SINCE, who="diane", now=NOW) for number in mine]

    done = at_once(*(send(numbers[start::8]) for start in range(8)))
    states = [str(state) for one in done for state in one]
    assert (states.count("given"), states.count("out_of_stock")) == (40, 10)
    assert [stock.left for stock in goodies(ledger)] == [0]
    assert len(benefits(ledger)) == 50


# -------------------------------------------------------------------------------------------------- event, by hand


def test_an_invitation_is_answered_and_kept_as_one(ledger: Ledger) -> None:
    """Invited, accepted, attended: one row for a person and an event, changed by who saw it as it is."""
    (lea,) = add(ledger, LEA)
    invited = BenefitKept(lea.id, BenefitKind.EVENT, BenefitState.INVITED, SINCE, "Rencontre\n2021", note="par lettre")
    number = set_benefit(ledger, invited, who="diane", now=NOW)
    assert benefits(ledger) == [replace(invited, item="Rencontre 2021", id=number, version=1)]
    with pytest.raises(ChangedMeanwhile, match="added meanwhile"):
        set_benefit(ledger, invited, who="jane", now=NOW)
    for version, state in enumerate((BenefitState.ACCEPTED, BenefitState.ATTENDED), 1):
        set_benefit(ledger, replace(invited, state=state, id=number, version=version), who="diane", now=NOW)
    assert [(each.state, each.version) for each in benefits(ledger)] == [("attended", 3)]
    with ledger.reading() as session:
        assert "lettre" not in str(session.scalars(select(Audit.details)).all())


@pytest.mark.parametrize("kind", BenefitKind)
def test_each_kind_of_benefit_has_its_own_states(ledger: Ledger, kind: BenefitKind) -> None:
    """Plus is never attended, an event never out of stock."""
    (lea,) = add(ledger, LEA)
    item = "" if kind is BenefitKind.PLUS else "x"
    for state in set(BenefitState) - set(STATES[kind]):
        with pytest.raises(BenefitInvalid, match="never"):
            set_benefit(ledger, BenefitKept(lea.id, kind, state, SINCE, item), who="diane", now=NOW)
    wrong = BenefitKept(lea.id, kind, STATES[kind][0], SINCE, item)
    for one in (replace(wrong, until=SINCE - DAY), replace(wrong, item="" if item else "x")):
        with pytest.raises(BenefitInvalid):
            set_benefit(ledger, one, who="diane", now=NOW)
    assert benefits(ledger) == []


def test_what_people_merged_away_had_goes_to_who_stayed(ledger: Ledger) -> None:
    """Nobody is listed who is somebody else by now."""
    lea, tom = add(ledger, LEA, PersonState("Tom"))
    set_benefit(ledger, BenefitKept(tom.id, BenefitKind.PLUS, BenefitState.OWED, SINCE), who="diane", now=NOW)
    merge(ledger, person(ledger, lea.id), tom, who="diane", now=NOW)
    assert [each.person for each in benefits(ledger)] == [lea.id]
    with ledger.reading() as session:
        assert session.scalar(select(func.count()).select_from(Benefit)) == 1
