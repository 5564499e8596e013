"""The page of the charter: who keeps what, how it adds up, what is missing, and the review that one asks for there."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from people_pages import (
    FR,
    build_home,
    drawn,
    everything,
    fresh,
    plain,
    press,
    somebody,
    table_of,
    texts,
    visit,
    visit_without_ledger,
)
from tiny import NOW

from workbench.charts.programme import SIGNS
from workbench.ledger import Ledger
from workbench.ledger.people import people, set_people, set_person
from workbench.ledger.programme import add_evidence
from workbench.ledger.standings import StandingKept, standings
from workbench.ledger.states import CommitmentName, EvidenceKind, PersonStatus
from workbench.pages.charter import PEOPLE_SHOWN
from workbench.surveys.charter import charters

NOW_QUARTER, BEFORE = "2020-2021-Q2", "2020-2021-Q1"
TOTALS, MISSING = 8, 3
"""Columns of the table of totals and of that of what is missing."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with the sample's programme."""
    return build_home(tmp_path_factory.mktemp("charter"))


@pytest.fixture
def kept(built: Path) -> Iterator[Ledger]:
    """Its ledger, in which nothing has been changed."""
    with fresh(built) as ledger:
        yield ledger


def of_quarter(ledger: Ledger, quarter: str) -> list[StandingKept]:
    """What a review kept of a quarter."""
    return [each for each in standings(ledger) if each.quarter == quarter]


@pytest.mark.parametrize("quarter", [NOW_QUARTER, BEFORE])
def test_the_map_shows_each_commitment_of_each_ambassador(built: Path, kept: Ledger, quarter: str) -> None:
    """By colour, by a sign of its own and in words; ambassadors first, others where something was expected."""
    names = {person.id: person.name for person in people(kept)}
    active = {person.id for person in people(kept) if person.status == "active"}
    found = of_quarter(kept, quarter)
    expected: dict[int, dict[str, str]] = defaultdict(dict)
    for each in found:
        expected[each.person][str(each.commitment)] = str(each.status)
    concerned = {
        names[number]: statuses
        for number, statuses in expected.items()
        if number in active or set(statuses.values()) != {"not_due"}
    }
    shown: dict[str, dict[str, str]] = defaultdict(dict)
    for row in drawn(visit(built, "charter", quarter=quarter), 0):
        shown[row["person"]][row["commitment"]] = row["status"]
        assert row["sign"] == SIGNS[row["status"]]
        assert row["name"].endswith(FR(f"charter.status.{row['status']}"))
    assert shown == concerned
    ranks = [name in {names[number] for number in active} for name in shown]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(SIGNS.values())) == len(SIGNS)


@pytest.mark.parametrize("role", ["viewer", "community"])
@pytest.mark.parametrize("quarter", [NOW_QUARTER, BEFORE])
def test_totals_are_those_of_the_review(built: Path, kept: Ledger, quarter: str, role: str) -> None:
    """Each status of each commitment, and the share kept of what counts; also for those who see no names."""
    rows = table_of(visit(built, "charter", role, quarter=quarter), TOTALS)
    order = ("met", "declared", "missed", "due", "waived", "not_due")
    for row, name in zip(rows, CommitmentName, strict=True):
        count = Counter(str(each.status) for each in of_quarter(kept, quarter) if each.commitment == name)
        owed = sum(count[status] for status in order[:4])
        share = FR.percent((count["met"] + count["declared"]) / owed) if owed else "–"
        assert row == [row[0], *(FR.number(count[status]) for status in order), share]
        assert row[0].startswith(f"{name} · ")


def test_quarters_are_drawn_one_after_the_other(built: Path, kept: Ledger) -> None:
    """All that was expected of anybody, by status."""
    count = Counter((each.quarter, str(each.status)) for each in standings(kept) if each.status != "not_due")
    shown = {(row["quarter"], row["status"]): row["commitments"] for row in drawn(visit(built, "charter"), 1)}
    assert shown == {(FR("quarter.name", number=q[-1], year=q[:9]), s): n for (q, s), n in count.items()}


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_those_who_may_not_see_people_see_totals_only(built: Path, kept: Ledger, role: str) -> None:
    """No name in a table, a chart or a link, and no button."""
    app = visit(built, "charter", role)
    assert [person.name for person in people(kept) if person.name in everything(app)] == []
    assert FR("programme.people_needed") in texts(app)
    assert not app.button
    assert not app.get("page_link")


def test_what_is_missing_is_named_with_the_way_to_the_person(built: Path, kept: Ledger) -> None:
    """Missed and due apart; the link keeps the language of the address."""
    number = {person.name: person.id for person in people(kept)}
    owed: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in of_quarter(kept, BEFORE):
        if each.status in ("missed", "due"):
            owed[each.person][str(each.status)].add(str(each.commitment))
    app = visit(built, "charter", quarter=BEFORE, lang="fr")
    shown = {
        number[row[0]]: [
            set() if cell == "–" else {part.split(" · ")[0] for part in cell.split(", ")} for cell in row[1:]
        ]
        for row in table_of(app, MISSING)
    }
    assert shown == {person: [parts["missed"], parts["due"]] for person, parts in owed.items()}
    links = {plain(link.proto.label): link.proto.query_string for link in app.get("page_link")}
    assert links
    assert all(f"person={number[name]}" in query and "lang=fr" in query for name, query in links.items())
    assert not any("quarter" in query for query in links.values())


def test_the_quarter_stands_in_the_address(built: Path, kept: Ledger) -> None:
    """So that it can be shared; one that there is not is this one."""
    app = visit(built, "charter", quarter="1789-1790-Q3")
    assert app.selectbox(key="charter.quarter").value == NOW_QUARTER
    app.selectbox(key="charter.quarter").select(BEFORE).run()
    assert app.query_params["quarter"] == BEFORE
    assert len(people(kept)) > 100


def test_a_review_is_asked_for_and_says_what_changed(built: Path, kept: Ledger) -> None:
    """How many people stand otherwise; asked for again, nobody."""
    person = next(
        each.person for each in of_quarter(kept, NOW_QUARTER) if (each.commitment, each.status) == ("4a", "due")
    )
    add_evidence(kept, person, NOW_QUARTER, CommitmentName.SHARE, EvidenceKind.NOTE, NOW.date(), who="d", now=NOW)
    app = visit(built, "charter")
    for changed in (1, 0):
        press(app, FR("charter.review"))
        said = plain(FR("charter.reviewed", n=len(people(kept)), changed=changed))
        assert said in texts(app)
    found = {each.person: each.status for each in of_quarter(kept, NOW_QUARTER) if each.commitment == "4a"}
    assert found[person] == "met"


def test_before_any_review_the_page_says_what_to_do(built: Path, kept: Ledger) -> None:
    """The charter's text is there all the same, with the class and the group that it names."""
    with kept.writing("test", NOW) as work:
        work.connection().exec_driver_sql("delete from commitments")
    app = visit(built, "charter")
    assert plain(FR("empty.charter_review.title")) in texts(app)
    (held,) = charters()
    for commitment in held.commitments:
        promise = FR(commitment.promise, class_slug=held.class_slug, group_name=held.group_name)
        assert plain(promise) in texts(app)
    assert held.group_name in texts(app)
    press(app, FR("charter.review"))
    assert len(of_quarter(kept, NOW_QUARTER)) == len(people(kept)) * len(CommitmentName)


def test_of_many_people_the_first_are_drawn_and_the_page_says_so(built: Path, kept: Ledger) -> None:
    """A map of a thousand rows is none; totals and the table of what is missing have everybody."""
    new = [
        replace(somebody(kept), id=0, name=f"Zora {n:03}", email=None, user_ids=(), class_ids=()) for n in range(100)
    ]
    set_people(kept, new, who="diane", now=NOW)
    active = sum(person.status is PersonStatus.ACTIVE for person in people(kept))
    app = visit(built, "charter")
    assert len({row["person"] for row in drawn(app, 0)}) == PEOPLE_SHOWN
    assert plain(FR("charter.cut", shown=PEOPLE_SHOWN, n=active)) in texts(app)


def test_namesakes_have_a_row_each(built: Path, kept: Ledger) -> None:
    """A chart would lay the one over the other."""
    one, other = somebody(kept), somebody(kept, 1)
    set_person(kept, replace(other, name=one.name), who="diane", now=NOW)
    rows = Counter(row["person"] for row in drawn(visit(built, "charter"), 0))
    assert rows[one.name] == rows[f"{one.name} (2)"] == len(CommitmentName)


def test_names_are_shown_as_they_were_typed(built: Path, kept: Ledger) -> None:
    """A link's label is Markdown: what a name has of it stays text."""
    owing = next(each.person for each in of_quarter(kept, NOW_QUARTER) if each.status == "due")
    person = next(one for one in people(kept) if one.id == owing)
    set_person(kept, replace(person, name="A **<b>x</b>** [y](z)"), who="diane", now=NOW)
    (label,) = [
        link.proto.label for link in visit(built, "charter").get("page_link") if "](z" in plain(link.proto.label)
    ]
    assert plain(label) == "A **<b>x</b>** [y](z)"
    assert "**" not in label
    assert "<b>" not in label.replace("\\<", "")


def test_without_a_ledger_the_page_says_what_to_do(built: Path) -> None:
    """Not an empty map."""
    app = visit_without_ledger(built, "charter")
    assert plain(FR("empty.programme_ledger.title")) in texts(app)
    assert not app.table


def test_english_shows_no_french(built: Path, kept: Ledger) -> None:
    """Commitments, statuses, totals and the text of the charter."""
    shown = everything(visit(built, "charter", language="en"))
    assert standings(kept)
    assert "Met" in shown
    for french in ("Tenu", "Attendu", "Manqué", "Trimestre", "Rejoindre", "Revoir"):
        assert french not in shown
