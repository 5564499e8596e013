"""Diane's list of ambassadors: what it would change is said before it is done, and nobody is guessed."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from command_line import workbench
from ledgers import KEY
from sqlalchemy import func, select
from test_cli import assert_one_line
from tiny import NOW

from workbench.errors import NotReadable
from workbench.ledger import ChangedMeanwhile, Ledger, open_ledger
from workbench.ledger.merging import merge
from workbench.ledger.people import AddressTaken, PersonState, people, set_person
from workbench.ledger.tables import Audit
from workbench.surveys.ambassadors import LinesRefused, Preview, import_people, preview
from workbench.surveys.listed import LineError, NotAList

FRENCH = ["Nom", "Courriel", "Identifiant", "Classes", "École", "Commune", "Académie", "Depuis"]
LEA = ["Léa Exemple", "lea@ecole.example", "u1", "k1|k2", "École Jules-Ferry", "Lyon", "Lyon", "2019-09-02"]
TOM = ["Tom Exemple", "tom@ecole.example", "", "", "", "Besançon", "besancon", "1/9/2020"]

LEA_KEPT = PersonState(
    "Léa Exemple", "lea@ecole.example", "École Jules-Ferry", "Lyon", "Lyon", date(2019, 9, 2),
    user_ids=("u1",), class_ids=("k1", "k2"),
)  # fmt: skip
TOM_KEPT = PersonState("Tom Exemple", "tom@ecole.example", None, "Besançon", "Besançon", date(2020, 9, 1))


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Ledger]:
    """A ledger on SQLite, where the kind of database is not the question."""
    with closing(open_ledger(sqlite_url, KEY)) as opened:
        yield opened


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., Path]:
    """Writes a list: a heading and rows."""

    def write(*rows: list[str], delimiter: str = ";", encoding: str = "utf-8") -> Path:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter).writerows(rows)
        path = tmp_path / "liste.csv"
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return write


def take(ledger: Ledger, path: Path, *, skip_errors: bool = False) -> Preview:
    """One import, and what it had foreseen."""
    seen = preview(ledger, path)
    import_people(ledger, seen, skip_errors=skip_errors, who="import", now=NOW)
    return seen


def counts(seen: Preview) -> tuple[int, int, int, int]:
    """New, changed, same, errors."""
    return len(seen.new), len(seen.changed), len(seen.same), len(seen.errors)


def kept(ledger: Ledger) -> list[PersonState]:
    """The people, without numbers and counts of changes."""
    return [replace(one, id=0, version=0) for one in people(ledger)]


def changes(ledger: Ledger) -> int:
    """How often anything was changed."""
    with ledger.reading() as session:
        return session.scalar(select(func.count()).select_from(Audit)) or 0


# ------------------------------------------------------------------------------------------------------- good lists


def test_a_list_comes_in_whole_and_once(ledger: Ledger, listed: Callable[..., Path]) -> None:
    """Every field of every line; the same list again changes nothing, not even a version or a line of the audit."""
    path = listed(FRENCH, LEA, TOM)
    assert counts(take(ledger, path)) == (2, 0, 0, 0)
    assert kept(ledger) == [LEA_KEPT, TOM_KEPT]
    before, count = people(ledger), changes(ledger)
    assert counts(take(ledger, path)) == (0, 0, 2, 0)
    assert (people(ledger), changes(ledger)) == (before, count)


def test_looking_writes_nothing(ledger: Ledger, listed: Callable[..., Path]) -> None:
    """The preview says what would be, by line."""
    seen = preview(ledger, listed(FRENCH, LEA, TOM))
    assert [(one.line, one.person) for one in seen.new] == [(2, LEA_KEPT), (3, TOM_KEPT)]
    assert (people(ledger), changes(ledger)) == ([], 0)


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_list_is_read_as_spreadsheets_write_it(
    lite: Ledger, listed: Callable[..., Path], delimiter: str, encoding: str
) -> None:
    """In French or English Excel, or LibreOffice."""
    take(lite, listed(FRENCH, LEA, TOM, delimiter=delimiter, encoding=encoding))
    assert kept(lite) == [LEA_KEPT, TOM_KEPT]


@pytest.mark.parametrize(
    "heading",
    [
        ["name", "e-mail", "user id", "class ids", "school", "commune", "academie", "since"],
        ["NOM", " E-Mail ", "User_ID", "CLASS IDS", "ECOLE", "Commune", "ACADÉMIE", "Depuis"],
        ["nom", "adresse", "identifiant", "classes", "ecole", "commune", "Académie", "since"],
    ],
)
def test_headings_are_known_in_french_and_english(
    lite: Ledger, listed: Callable[..., Path], heading: list[str]
) -> None:
    """Accents, capitals and spaces do not matter, nor does the order or a column nobody asked for."""
    order = [5, 0, 7, 2, 1, 6, 3, 4]
    rows = [
        [cells[place] for place in order] + [more] for cells, more in [(heading, "Téléphone"), (LEA, "04"), (TOM, "")]
    ]
    take(lite, listed(*rows))
    assert kept(lite) == [LEA_KEPT, TOM_KEPT]


def test_quoted_headings_blank_lines_and_old_line_ends_are_fine(lite: Ledger, tmp_path: Path) -> None:
    """A list that went through another program is the same list."""
    path = tmp_path / "liste.csv"
    path.write_bytes('\r\r"nom","courriel"\r,\r"Exemple, Léa","lea@ecole.example"\r'.encode())
    assert [(one.line, one.person.name) for one in take(lite, path).new] == [(5, "Exemple, Léa")]


def test_only_what_differs_is_changed_and_named(ledger: Ledger, listed: Callable[..., Path]) -> None:
    """A person is known by the user id, so that a new address is a change and not another person."""
    take(ledger, listed(FRENCH, LEA, TOM))
    moved = [LEA[0], "lea@autre.example", *LEA[2:5], "Bron", *LEA[6:]]
    seen = take(ledger, listed(FRENCH, moved, TOM))
    assert [(one.line, one.changed) for one in seen.changed] == [(2, ("email", "commune"))]
    assert counts(seen) == (0, 1, 1, 0)
    assert kept(ledger)[0] == replace(LEA_KEPT, email="lea@autre.example", commune="Bron")


def test_a_person_without_a_user_id_is_known_by_the_address(lite: Ledger, listed: Callable[..., Path]) -> None:
    """In any capitals; and then learns the user id."""
    take(lite, listed(FRENCH, TOM))
    seen = take(lite, listed(FRENCH, [TOM[0], " TOM@ecole.example", "u2", *TOM[3:]]))
    assert [one.changed for one in seen.changed] == [("user_ids",)]
    assert kept(lite) == [replace(TOM_KEPT, user_ids=("u2",))]


def test_an_empty_cell_takes_nothing_away(lite: Ledger, listed: Callable[..., Path]) -> None:
    """A short list is no order to forget; identifiers of a list are added to those that are known."""
    take(lite, listed(FRENCH, LEA))
    assert counts(take(lite, listed(["nom", "courriel"], LEA[:2]))) == (0, 0, 1, 0)
    take(lite, listed(FRENCH[:4], [*LEA[:2], "", "k3, k1"]))
    assert kept(lite) == [replace(LEA_KEPT, class_ids=("k1", "k2", "k3"))]


def test_the_old_address_of_a_merged_person_is_theirs(lite: Ledger, listed: Callable[..., Path]) -> None:
    """Neither a second person nor a change back to the old address."""
    take(lite, listed(FRENCH, LEA, TOM))
    lea, tom = people(lite)
    merge(lite, lea, tom, who="diane", now=NOW)
    seen = preview(lite, listed(["nom", "courriel"], [LEA[0], TOM[1]]))
    assert [one.person.id for one in seen.same] == [lea.id]


def test_html_in_a_name_is_text(lite: Ledger, listed: Callable[..., Path]) -> None:
    """It is kept as it was written; a line break in it is a space."""
    take(lite, listed(FRENCH[:2], ["<script>alert(1)</script>\n**Léa**", LEA[1]]))
    assert [one.name for one in people(lite)] == ["<script>alert(1)</script> **Léa**"]


# ----------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        (0, " ", "no name — write the name"),
        (0, "x" * 1_000_000, "the name has 1,000,000 characters — shorten it to 200"),
        (1, "lea@ecole.example\nBcc: all@ecole.example", "is no address — write one address as name@example.org"),
        (1, "x" * 1_000_000, "is no address — write one address as name@example.org"),
        (1, "léa à l’école", "'léa à l’école' is no address — write one address as name@example.org"),
        (2, "u" * 1_000_000, "the identifier has 1,000,000 characters — shorten it to 200"),
        (3, " ".join(f"k{number}" for number in range(200_000)), "200,000 identifiers in one cell — "),
        (6, "Atlantis", "there is no académie 'Atlantis' — write it as the page of the académies does"),
        (7, "2020-02-30", "'2020-02-30' is no day — write it as 2020-09-01 or 01/09/2020"),
        (7, "02-09-2019", "'02-09-2019' is no day — write it as 2020-09-01 or 01/09/2020"),
    ],
)
def test_a_bad_cell_is_an_error_of_its_line(
    lite: Ledger, listed: Callable[..., Path], column: int, cell: str, said: str
) -> None:
    """One short line with its number says what is wrong and what to do; the other lines are not touched by it."""
    bad = [*LEA[:column], cell, *LEA[column + 1 :]]
    seen = preview(lite, listed(FRENCH, TOM, bad))
    (error,) = seen.errors
    assert (counts(seen), error.line) == ((1, 0, 0, 1), 3)
    assert said in error.message
    assert len(error.message) < 150
    assert "\n" not in error.message


def test_errors_stand_at_the_line_where_they_begin(lite: Ledger, listed: Callable[..., Path]) -> None:
    """Also below a cell of several lines, and where a line has too many or too few cells."""
    seen = preview(
        lite, listed(FRENCH[:2], ["Léa\nExemple", LEA[1]], ["Tom"], ["Zoé", "zoe@x.example", "?"], ["", "a@b.c"])
    )
    assert [error.line for error in seen.errors] == [4, 5, 6]
    assert seen.errors[0].message.startswith("1 cells, the heading has 2 — quote a cell")
    assert seen.errors[1].message.startswith("3 cells")


def test_a_line_that_nobody_can_be_known_by_is_an_error(lite: Ledger, listed: Callable[..., Path]) -> None:
    """With a user id alone they can."""
    seen = preview(lite, listed(FRENCH[:3], ["Léa", "", ""], ["Tom", "", "u2"]))
    assert seen.errors == (LineError(2, "neither address nor user id — write one, to know the person by"),)
    assert [one.person for one in seen.new] == [PersonState("Tom", user_ids=("u2",))]


@pytest.mark.parametrize(
    "twins",
    [
        [["Léa", "lea@ecole.example", ""], ["L. Exemple", " LEA@ecole.example ", ""]],
        [["Léa", "lea@ecole.example", "u1"], ["Léa", "lea@autre.example", "u1"]],
        [["Léa", "lea@ecole.example", ""], ["Léa", "lea@ecole.example", "u9"]],
    ],
)
def test_two_lines_for_one_person_are_errors(lite: Ledger, listed: Callable[..., Path], twins: list[list[str]]) -> None:
    """Which of them is right is not guessed: neither is written, each names the other."""
    seen = take(lite, listed(FRENCH[:3], twins[0], ["Tom", TOM[1], "u2"], twins[1]), skip_errors=True)
    assert seen.errors == (
        LineError(2, "the same person as in line 4 — keep one of the lines"),
        LineError(4, "the same person as in line 2 — keep one of the lines"),
    )
    assert [one.name for one in people(lite)] == ["Tom"]


def test_two_lines_for_one_known_person_are_errors(lite: Ledger, listed: Callable[..., Path]) -> None:
    """One shows the address, the other the user id: only the ledger knows that it is one person."""
    take(lite, listed(FRENCH, LEA))
    seen = preview(lite, listed(FRENCH[:3], ["Léa", LEA[1], ""], ["Léa", "lea@autre.example", "u1"]))
    assert [error.line for error in seen.errors] == [2, 3]


def test_one_line_for_two_known_persons_is_an_error(lite: Ledger, listed: Callable[..., Path]) -> None:
    """The address of one and the user id of the other: it says which two."""
    take(lite, listed(FRENCH, LEA, TOM))
    lea, tom = people(lite)
    (error,) = preview(lite, listed(FRENCH[:3], [TOM[0], TOM[1], "u1"])).errors
    assert f"persons {lea.id} and {tom.id} — correct the line, or merge them" in error.message


def test_lines_with_errors_are_left_out_only_where_that_is_asked_for(
    ledger: Ledger, listed: Callable[..., Path]
) -> None:
    """Otherwise nothing is written, and the first bad line is named."""
    path = listed(FRENCH, LEA, ["", *TOM[1:]])
    with pytest.raises(LinesRefused, match="nothing written: 1 of 2 lines have errors, the first is line 3"):
        take(ledger, path)
    assert people(ledger) == []
    take(ledger, path, skip_errors=True)
    assert kept(ledger) == [LEA_KEPT]


def test_a_list_that_the_ledger_no_longer_fits_is_not_written(ledger: Ledger, listed: Callable[..., Path]) -> None:
    """Somebody was changed, or given an address, between the look and the import: all of it or nothing."""
    take(ledger, listed(FRENCH, LEA))
    seen = preview(ledger, listed(FRENCH, [*LEA[:5], "Bron", *LEA[6:]], TOM))
    (lea,) = people(ledger)
    set_person(ledger, replace(lea, name="Léa Martin"), who="diane", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        import_people(ledger, seen, who="import", now=NOW)
    seen = preview(ledger, listed(FRENCH, TOM, ["Zoé", "zoe@ecole.example", *[""] * 6]))
    set_person(ledger, PersonState("Z.", "zoe@ecole.example"), who="diane", now=NOW)
    with pytest.raises(AddressTaken):
        import_people(ledger, seen, who="import", now=NOW)
    assert [one.name for one in people(ledger)] == ["Léa Martin", "Z."]


def test_a_spreadsheet_is_read_as_the_same_list_in_csv(lite: Ledger, listed: Callable[..., Path]) -> None:
    """Diane keeps her list in a spreadsheet, where days are days and identifiers may have become numbers."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(FRENCH)
    sheet.append([*LEA[:2], 1234, *LEA[3:7], date(2019, 9, 2)])
    sheet.append([])
    sheet.append(TOM)
    path = listed(FRENCH).with_name("liste.xlsx")
    book.save(path)
    seen = preview(lite, path)
    assert [one.line for one in seen.new] == [2, 4]
    assert [one.person for one in seen.new] == [replace(LEA_KEPT, user_ids=("1234",)), TOM_KEPT]


def test_a_first_name_in_a_column_of_its_own_stands_before_the_name(lite: Ledger, listed: Callable[..., Path]) -> None:
    """Many lists have two columns; letters greet by the whole name."""
    seen = preview(lite, listed(["Prénom", "Nom", "Courriel"], ["Léa", "Exemple", LEA[1]], ["", "Tom Exemple", TOM[1]]))
    assert [one.person.name for one in seen.new] == ["Léa Exemple", "Tom Exemple"]


def test_an_academie_misspelt_is_refused_with_the_one_that_is_meant(lite: Ledger, listed: Callable[..., Path]) -> None:
    """There are thirty: what comes close is named, nothing is guessed."""
    (error,) = preview(lite, listed(FRENCH, [*LEA[:6], "Versaille", LEA[7]])).errors
    assert error.message.endswith("is it Versailles?")


# --------------------------------------------------------------------------------------------------------- no lists


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no list of ambassadors"),
        (b"#,Quel est votre nom ?,Submit Date (UTC)\nab12,L\xc3\xa9a,2020-11-20 10:05:00\n", "no list of ambassadors"),
        (b"nom;classes\nL\xc3\xa9a;k1\n", "no column for the name or none for the address"),
        (b"nom\tcourriel\nL\xc3\xa9a\tlea@ecole.example\n", "separated by ; or ,"),
        (b"nom;courriel\n;\n", "no line below the heading"),
        (b"nom;courriel;e-mail\nL\xc3\xa9a;a@b.example;\n", "courriel and e-mail are columns for the same"),
        (b'nom;courriel\nTom;t@b.example\n"L\xc3\xa9a;a@b.example\n', "broken CSV from line 3 on"),
        (b"PK\x03\x04 and so on", "a spreadsheet that cannot be read"),
        (b"\x81\x8d\xff", "is no text"),
    ],
)
def test_a_file_of_another_form_is_refused_whole(lite: Ledger, tmp_path: Path, body: bytes, said: str) -> None:
    """In one line that says what is expected."""
    path = tmp_path / "liste.csv"
    path.write_bytes(body)
    with pytest.raises(NotAList, match=r"^[^\n]+ — [^\n]+$") as refused:
        preview(lite, path)
    assert said in str(refused.value)
    assert "liste.csv" in str(refused.value)


def test_a_file_that_cannot_be_read_is_said(lite: Ledger, tmp_path: Path) -> None:
    """Named, with the reason."""
    with pytest.raises(NotReadable, match=r"nobody\.csv: No such file"):
        preview(lite, tmp_path / "nobody.csv")


# ----------------------------------------------------------------------------------------------------- command line


def test_the_command_line_shows_writes_and_says_what_was_left_out(tmp_path: Path, listed: Callable[..., Path]) -> None:
    """0 where all is written, 3 where lines are left out; a dry run writes nothing."""
    home, path = tmp_path / "home", str(listed(FRENCH, LEA, TOM))
    dry = workbench(home, "ambassadors", "import", path, "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)) == (
        0,
        {"new": 2, "changed": 0, "same": 0, "errors": [], "written": False},
    )
    done = workbench(home, "ambassadors", "import", path)
    assert (done.returncode, [line.split() for line in done.stdout.splitlines()]) == (
        0,
        [["new", "changed", "same", "errors"], ["2", "0", "0", "0"]],
    )
    path = str(listed(FRENCH, LEA, [*TOM[:5], "Bron", *TOM[6:]], ["Zoé", "[red]zoe", *[""] * 6]))
    part = workbench(home, "ambassadors", "import", path)
    assert part.returncode == 3
    assert part.stdout.splitlines()[2:] == ["line 4: '[red]zoe' is no address — write one address as name@example.org"]
    again = workbench(home, "ambassadors", "import", path, "--json")
    said = json.loads(again.stdout)
    assert (again.returncode, said["same"], said["written"], said["errors"][0]["line"]) == (3, 2, False, 4)
    with closing(open_ledger(f"sqlite:///{home / 'ledger.sqlite'}", KEY)) as ledger, ledger.reading() as session:
        assert [one.commune for one in people(ledger)] == ["Lyon", "Bron"]
        assert set(session.scalars(select(Audit.who))) == {"import"}


def test_the_command_line_says_in_one_line_why_nothing_is_written(tmp_path: Path, listed: Callable[..., Path]) -> None:
    """Exit code 1: no list, or no line of it without an error."""
    home = tmp_path / "home"
    refused = workbench(home, "ambassadors", "import", str(listed(FRENCH, ["", *LEA[1:]])), "--json")
    assert_one_line(refused, 1, "nothing written", "line 2", "import the list again")
    assert json.loads(refused.stdout)["written"] is False
    wrong = workbench(home, "ambassadors", "import", str(listed(["a", "b"], ["c", "d"])))
    assert_one_line(wrong, 1, "no list of ambassadors", "nom and courriel")
    assert wrong.stdout == ""
