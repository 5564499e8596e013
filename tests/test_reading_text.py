"""Text files: encodings, delimiters, quotes, physical lines, and what refuses a whole file."""

import codecs
import gzip
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from reading import USAGE, key, land, usage, write

from workbench.errors import NotReadable
from workbench.etl.normalise import Refused
from workbench.etl.readers.text import CHUNK_BYTES, survey

GOOD = "e1,2020-03-01T10:00:00Z,u1,sign_in"


def refusal(path: Path, feed: str = "usage", reject_limit: float = 0.05) -> Refused:
    with pytest.raises(Refused) as caught:
        land(path, feed, reject_limit)
    return caught.value


# ------------------------------------------------------------------------------------------------ encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_text_is_read_in_each_encoding_with_each_line_end(encoding: str, newline: str, tmp_path: Path) -> None:
    """UTF-8 with or without its mark, UTF-16 with one, and Windows-1252 give the same rows."""
    lines = ["class_id,created_at,country,region", "c1,2020-03-01T10:00:00Z,FR,Île-de-France"]
    landed = land(write(tmp_path / "a.csv", *lines, encoding=encoding, newline=newline), "classes")
    assert [(row["region"], row["line"]) for row in landed.rows] == [("Île-de-France", 2)]


def test_half_a_letter_is_none_however_far_the_other_half_is(tmp_path: Path) -> None:
    """A piece of plain ASCII between the two bytes of a letter does not join them."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * (CHUNK_BYTES - 1) + b"\xc3" + b"x" * CHUNK_BYTES + b"\xa9")
    assert not survey(path).valid


@pytest.mark.parametrize(("mark", "encoding"), [(codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le")])
def test_utf_16_is_read_in_both_byte_orders(mark: bytes, encoding: str, tmp_path: Path) -> None:
    """The mark says which byte comes first."""
    path = tmp_path / "a.csv"
    path.write_bytes(mark + f"{USAGE}\n{GOOD}\ne2,2020-03-01T10:00:00Z,𝒖,𝔢\n".encode(encoding))
    assert [row["user_key"] for row in land(path).rows] == [key("user", "u1"), key("user", "𝒖")]


def test_in_a_utf_8_file_only_the_rows_with_stray_bytes_are_rejected(tmp_path: Path) -> None:
    """A file that holds valid multi-byte UTF-8 is UTF-8: a byte that is none costs its row, not the file."""
    path = tmp_path / "a.csv"
    stray, sound = b"e2,2020-03-01T10:00Z,\xe9,a\n", b"e3,2020-03-01T10:00Z,u3,a\n"
    path.write_bytes(f"{USAGE}\ne1,2020-03-01T10:00Z,é1,a\n".encode() + stray + sound)
    landed = land(path)
    assert landed.faults == [(3, "", "bad_encoding")]
    assert [row["user_key"] for row in landed.rows] == [key("user", "é1"), key("user", "u3")]


def test_a_stray_byte_in_an_ignored_column_rejects_its_row_too(tmp_path: Path) -> None:
    """The row is not what was exported, wherever the byte stands."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"{USAGE},école\n{GOOD},é\n{GOOD},".encode() + b"\xff\n")
    assert land(path).faults == [(3, "", "bad_encoding")]


def test_a_byte_that_windows_does_not_know_rejects_its_row(tmp_path: Path) -> None:
    """0x81 is no letter of Windows-1252; the other rows of the file are."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"{USAGE}\n".encode() + b"e1,2020-03-01T10:00Z,\xe9,a\n" + b"e2,2020-03-01T10:00Z,\x81,a\n")
    landed = land(path)
    assert landed.faults == [(3, "", "bad_encoding")]
    assert [row["user_key"] for row in landed.rows] == [key("user", "é")]


def test_half_a_character_at_the_end_of_utf_16_rejects_its_row(tmp_path: Path) -> None:
    """A file cut in the middle of a character loses that row only."""
    path = tmp_path / "a.csv"
    path.write_bytes(codecs.BOM_UTF16_LE + f"{USAGE}\n{GOOD}\n{GOOD}".encode("utf-16-le")[:-1])
    landed = land(path)
    assert (len(landed.rows), landed.faults) == (1, [(3, "", "bad_encoding")])


def test_a_long_windows_file_is_decoded_past_the_first_piece(tmp_path: Path) -> None:
    """The encoding is that of the whole file: a letter after five megabytes of ASCII decides it."""
    rows = [f"{row},{'x' * 1000}" for row in usage(5000)]
    path = write(tmp_path / "a.csv", USAGE + ",note", *rows, "z1,2020-03-01T10:00Z,é,a,", encoding="cp1252")
    landed = land(path)
    assert landed.rejects == []
    assert landed.rows[-1]["user_key"] == key("user", "é")


@pytest.mark.parametrize("letter", ["é", "€", "𝒖"])
def test_a_letter_that_straddles_two_pieces_of_the_file_is_still_a_letter(letter: str, tmp_path: Path) -> None:
    """Files are looked at in pieces: a letter of several bytes may lie on the cut, and so may \\r\\n."""
    path = tmp_path / "a.txt"
    for shift in range(5):
        path.write_bytes(b"x" * (CHUNK_BYTES - shift) + letter.encode() + b"\n")
        assert (survey(path).valid, survey(path).multibyte) == (True, True)
        path.write_bytes(b"x" * (CHUNK_BYTES - shift) + b"\r\n")
        assert not survey(path).lone_returns


# ------------------------------------------------------------------------------------ delimiters and headers


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_from_the_header(delimiter: str, tmp_path: Path) -> None:
    """Comma, semicolon or tab, whatever the file is called."""
    path = write(tmp_path / "a.csv", USAGE.replace(",", delimiter), GOOD.replace(",", delimiter))
    assert [row["event"] for row in land(path).rows] == ["sign_in"]


def test_columns_may_stand_in_any_order_and_dress(tmp_path: Path) -> None:
    """Order is free; names are trimmed, any case, with or without a mark or quotes."""
    path = write(tmp_path / "a.csv", '\ufeff Event ;"USER_ID";occurred_at; event_id', "sign_in;u1;2020-03-01T10:00Z;e1")
    [row] = land(path).rows
    assert (row["event"], row["user_key"]) == ("sign_in", key("user", "u1"))


def test_an_unknown_column_is_reported_and_ignored(tmp_path: Path) -> None:
    """Its name is cut at 60 characters; its values go nowhere."""
    landed = land(write(tmp_path / "a.csv", f"{USAGE},app_version,{'x' * 100},", f"{GOOD},4.2,secret,"))
    assert landed.unknown == ("app_version", "x" * 60)
    assert "secret" not in str(landed.rows)


def test_an_optional_column_that_is_missing_is_empty(tmp_path: Path) -> None:
    """Only columns marked with a star must be there."""
    [row] = land(write(tmp_path / "a.csv", USAGE, GOOD)).rows
    assert [row[name] for name in ("role", "country", "class_key", "platform", "language")] == [None] * 5


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["occurred_at,user_id,event", "2020-03-01T10:00Z,u1,a"], "missing_column:event_id"),
        (["event_id,occurred_at,event", "e1,2020-03-01T10:00Z,a"], "missing_column:user_id"),
        ([GOOD, GOOD], "no_header"),
        ([USAGE + ",user_id", GOOD + ",u2"], "repeated_column:user_id"),
        (['"event_id,occurred_at', GOOD], "no_header"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(lines: list[str], reason: str, tmp_path: Path) -> None:
    """A missing required column refuses the whole file, as does a header that is none or is ambiguous."""
    assert refusal(write(tmp_path / "a.csv", *lines)).reason == reason


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz", "a.csv.zst"])
def test_an_empty_file_is_refused(content: bytes, name: str, tmp_path: Path) -> None:
    """Nothing, or nothing but white space, is no export; an archive of nothing neither."""
    path = tmp_path / name
    packed = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}.get(path.suffix)
    path.write_bytes(packed(content) if packed else content)
    assert refusal(path).reason == "empty"


def test_a_header_alone_lands_with_no_rows(tmp_path: Path) -> None:
    """A quiet month is no error: the file lands, with its drift."""
    for newline in ("", "\n"):
        landed = land(write(tmp_path / "a.csv", USAGE + ",extra", newline=newline))
        assert (landed.rows, landed.rejects, landed.unknown) == ([], [], ("extra",))


# ------------------------------------------------------------------------------ quotes, lines, ragged records


def test_quoted_newlines_stay_inside_their_record_and_lines_stay_physical(tmp_path: Path) -> None:
    """The line of a record is the physical one where it starts, whatever was quoted before."""
    header = "class_id,slug,created_at,country"
    rows = ['c1,"a\nb ""c""\r\nd",2020-03-01T10:00Z,FR', "c2,x,2020-03-01T10:00Z,BE", 'c3,"\n",hier,BE', "c4,y,hier,BE"]
    landed = land(write(tmp_path / "a.csv", header, *rows), "classes")
    assert [row["line"] for row in landed.rows] == [2, 5]
    assert landed.faults == [(6, "created_at", "unreadable_instant"), (8, "created_at", "unreadable_instant")]


def test_quoted_delimiters_are_letters(tmp_path: Path) -> None:
    """A comma inside quotes separates nothing."""
    [row] = land(write(tmp_path / "a.csv", USAGE, 'e1,2020-03-01T10:00Z,"u,1",a')).rows
    assert row["user_key"] == key("user", "u,1")


def test_a_quote_inside_an_unquoted_field_is_a_letter(tmp_path: Path) -> None:
    """Only a quote at the start of a field opens one."""
    path = write(tmp_path / "a.csv", USAGE, 'e1,2020-03-01T10:00Z,5" u,a', GOOD)
    assert [row["user_key"] for row in land(path).rows] == [key("user", '5" u'), key("user", "u1")]


def test_empty_lines_are_no_rows_and_count_as_lines(tmp_path: Path) -> None:
    """They are neither rows nor rejects, before the header, between rows or at the end."""
    landed = land(write(tmp_path / "a.csv", "", USAGE, "", GOOD, "   ", "\x0b", "e2,hier,u1,a", ""))
    assert (len(landed.rows), landed.data_rows, landed.faults) == (1, 2, [(7, "occurred_at", "unreadable_instant")])


def test_empty_lines_move_the_line_of_what_follows(tmp_path: Path) -> None:
    """Where lines decide which row is the newest, they must be the physical ones, rejects or not."""
    lines = ["user_id,role,country,created_at", "", "u1,parent,FR,2020-03-01T10:00Z"]
    landed = land(write(tmp_path / "a.csv", *lines), "users")
    assert [row["line"] for row in landed.rows] == [3]


@pytest.mark.parametrize("bad", ["e2,2020-03-01T10:00:00Z,u2", "e2,2020-03-01T10:00:00Z,u2,a,b", "e2", '""'])
def test_a_ragged_record_is_rejected_with_its_line(bad: str, tmp_path: Path) -> None:
    """Too few or too many fields reject the record; the rest of the file lands."""
    landed = land(write(tmp_path / "a.csv", USAGE, GOOD, bad, GOOD))
    assert (len(landed.rows), landed.faults) == (2, [(3, "", "ragged")])


def test_a_ragged_record_with_quoted_newlines_is_one_reject(tmp_path: Path) -> None:
    """Its quotes are right: it is one record of several lines, at fault as a whole."""
    landed = land(write(tmp_path / "a.csv", USAGE, 'e1,2020-03-01T10:00Z,"u\n1\n2",a,b', GOOD))
    assert (len(landed.rows), landed.faults, landed.data_rows) == (1, [(2, "", "ragged")], 2)


@pytest.mark.parametrize("bad", ['e2,2020-03-01T10:00:00Z,"u"2,a', '"e2" ,2020-03-01T10:00:00Z,u2,a'])
def test_text_after_a_closing_quote_rejects_its_line(bad: str, tmp_path: Path) -> None:
    """Nobody knows what was meant; the rest of the file lands."""
    landed = land(write(tmp_path / "a.csv", USAGE, GOOD, bad, GOOD))
    assert (len(landed.rows), landed.faults) == (2, [(3, "", "bad_quoting")])


@pytest.mark.parametrize("after", [GOOD, '"e3","2020-03-01T10:00:00Z","u3","a"'])
def test_a_forgotten_quote_costs_its_line_and_no_other(after: str, tmp_path: Path) -> None:
    """An unclosed quote must not swallow the rows behind it, quoted or not."""
    lines = [GOOD, 'e2,2020-03-01T10:00:00Z,"u2,a', *[after] * 3, "e3,hier,u,a"]
    landed = land(write(tmp_path / "a.csv", USAGE, *lines))
    assert landed.faults == [(3, "", "bad_quoting"), (7, "occurred_at", "unreadable_instant")]
    assert len(landed.rows) == 4


def test_a_quote_that_closes_a_thousand_lines_later_counts_as_forgotten(tmp_path: Path) -> None:
    """The work for one record is bounded, and so is what a stray quote can swallow."""
    quoted = lambda lines: 'e0,2020-03-01T10:00Z,u0,"' + "\n" * lines + 'a"'  # noqa: E731
    within = land(write(tmp_path / "within.csv", USAGE, quoted(1_000), GOOD))
    beyond = land(write(tmp_path / "beyond.csv", USAGE, quoted(1_001), GOOD))
    assert (len(within.rows), within.faults) == (2, [])
    assert [fault for fault in beyond.faults if fault[0] == 2] == [(2, "", "bad_quoting")]
    assert len(beyond.rows) == 1


def test_a_line_of_ten_megabytes_is_a_line_like_any_other(tmp_path: Path) -> None:
    """In a column nobody reads, quoted or not, in an event's name, or ragged: the rows around it land."""
    long = "x" * 10_000_000
    at = "2020-03-01T10:00Z"
    rows = [f"e1,{at},u1,a,{long}", f'e2,{at},u2,a,"{long}"', f"e3,{at},u3,{long},", long, f"e4,{at},u4,a,"]
    landed = land(write(tmp_path / "a.csv", USAGE + ",note", *rows))
    assert landed.faults == [(5, "", "ragged")]
    assert [row["user_key"] for row in landed.rows] == [key("user", f"u{n}") for n in (1, 2, 3, 4)]
    assert landed.rows[2]["event"] == "x" * 60


def test_a_zero_byte_is_a_letter(tmp_path: Path) -> None:
    """It neither ends a text nor a file."""
    landed = land(write(tmp_path / "a.csv", USAGE, "e1,2020-03-01T10:00Z,u\x001,a", GOOD))
    assert [row["user_key"] for row in landed.rows] == [key("user", "u\x001"), key("user", "u1")]


def test_mixed_line_ends_are_fine(tmp_path: Path) -> None:
    """\\r\\n, \\n and \\r may stand in one file; each ends a physical line."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"{USAGE}\r\n{GOOD}\n{GOOD}\r{GOOD}\r\ne9,hier,u1,a".encode())
    landed = land(path)
    assert (len(landed.rows), landed.faults) == (3, [(5, "occurred_at", "unreadable_instant")])


@pytest.mark.parametrize(
    "identifier", ["'; drop table usage; --", "=cmd|' /C calc'!A0", "${jndi:x}", "a\\", "%s%n", "NULL", "{}"]
)
def test_an_identifier_that_looks_like_code_is_an_identifier(identifier: str, tmp_path: Path) -> None:
    """Nothing of an export is ever run, joined into SQL or taken for an empty value."""
    landed = land(write(tmp_path / "a.csv", USAGE, f'"{identifier}",2020-03-01T10:00Z,"{identifier}",a'))
    assert [row["user_key"] for row in landed.rows] == [key("user", identifier)]


@pytest.mark.parametrize("name", ['l\'été "2020".csv', "août 2020; fin.csv", "%41'--.csv", "usage*[1]?.csv"])
def test_a_file_may_have_any_name(name: str, tmp_path: Path) -> None:
    """Quotes, spaces, accents and wildcards in names mean nothing."""
    assert len(land(write(tmp_path / name, USAGE, GOOD)).rows) == 1


# ------------------------------------------------------------------------------------------- limits and rejects


@pytest.mark.parametrize(("bad", "good", "refused"), [(10, 0, False), (11, 0, True), (11, 209, False), (11, 208, True)])
def test_a_file_is_refused_for_more_than_ten_rejects_that_are_more_than_the_limit(
    bad: int, good: int, refused: bool, tmp_path: Path
) -> None:
    """Ten are always borne; eleven of 220 are exactly 5 % and land; eleven of 219 are more."""
    path = write(tmp_path / "a.csv", USAGE, *usage(good), *["e,hier,u,a"] * bad)
    if refused:
        assert (refusal(path).reason, refusal(path).detail) == ("too_many_rejects", f"{bad}/{bad + good}")
    else:
        assert len(land(path, reject_limit=0.05).rejects) == bad


def test_a_refused_file_tells_its_first_hundred_rejects(tmp_path: Path) -> None:
    """They stay for whoever has to mend the export."""
    rejects = refusal(write(tmp_path / "a.csv", USAGE, *["e,hier,u,a"] * 150)).rejects
    assert [reject.line for reject in rejects] == list(range(2, 102))


SECRET = "Zqjxw"
SECRETS = st.text(st.sampled_from("ZqjxwV079é-/ .@'\n,"), max_size=30).map(lambda text: SECRET + text)


@given(st.lists(st.tuples(SECRETS, SECRETS, SECRETS, SECRETS), min_size=1, max_size=5), st.booleans())
def test_no_reject_ever_holds_a_piece_of_the_value(rows: list[tuple[str, ...]], as_json: bool) -> None:
    """Rejects go to a published table: a reason from a fixed list and a shape of twelve signs, nothing else."""
    names = ["event_id", "occurred_at", "user_id", "event"]
    with TemporaryDirectory() as folder:
        if as_json:
            lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
            landed = land(write(Path(folder) / "a.jsonl", *lines))
        else:
            lines = [",".join('"' + value + '"' for value in row) for row in rows]
            landed = land(write(Path(folder) / "a.csv", ",".join(names), *lines))
    assert [reject.reason for reject in landed.rejects] == ["unreadable_instant"] * len(rows)
    for reject in landed.rejects:
        assert reject.column == "occurred_at"
        assert re.fullmatch(r"[9aA?,/ .@'-]{5,12}", reject.shape)


def test_the_shape_of_a_value_shows_signs_and_nothing_of_its_content(tmp_path: Path) -> None:
    """Digits are 9, letters a or A, other signs ?, at most twelve."""
    rows = ["e1,30/02/2019,u1,a", "e2,Été 2019 | ici même,u1,a", "e3, <b>,u1,a"]
    landed = land(write(tmp_path / "a.csv", USAGE, *rows))
    assert [reject.shape for reject in landed.rejects] == ["99/99/9999", "Aaa 9999 ? a", "?a?"]


# ------------------------------------------------------------------------------------------------- archives


ARCHIVES = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
CONTENT = "\n".join([USAGE, *usage(2000)]).encode()


@pytest.mark.parametrize("suffix", ARCHIVES)
def test_an_archive_is_read_as_what_it_holds(suffix: str, tmp_path: Path) -> None:
    """.gz and .zst, in one piece or in several put behind each other."""
    pack = ARCHIVES[suffix]
    path = tmp_path / f"a.csv{suffix}"
    for pieces in ([CONTENT], [CONTENT[:5000], CONTENT[5000:5001], CONTENT[5001:]]):
        path.write_bytes(b"".join(map(pack, pieces)))
        assert len(land(path).rows) == 2000


@pytest.mark.parametrize("suffix", ARCHIVES)
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(suffix: str, kept: float, tmp_path: Path) -> None:
    """Wherever it was cut: rows that are missing must not look like rows that never were."""
    path = tmp_path / f"a.csv{suffix}"
    packed = ARCHIVES[suffix](CONTENT)
    path.write_bytes(packed[: int(len(packed) * kept)])
    assert refusal(path).reason == "truncated"


def test_an_archive_of_several_frames_cut_in_the_last_is_refused(tmp_path: Path) -> None:
    """The first frame is whole; the file is not."""
    for suffix, pack in ARCHIVES.items():
        path = tmp_path / f"a.csv{suffix}"
        path.write_bytes(pack(CONTENT) + pack(CONTENT)[:-3])
        assert refusal(path).reason == "truncated"


@pytest.mark.parametrize("suffix", ARCHIVES)
def test_what_is_no_archive_is_refused(suffix: str, tmp_path: Path) -> None:
    """A text named .gz, and an archive with damaged bytes inside."""
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(CONTENT)
    assert refusal(path).reason == "unreadable"
    packed = bytearray(ARCHIVES[suffix](CONTENT))
    packed[len(packed) // 2] ^= 0xFF
    packed[-2] ^= 0xFF
    path.write_bytes(packed)
    assert refusal(path).reason in ("unreadable", "truncated")


# --------------------------------------------------------------------------------------------------- JSON


def lines_of(*objects: object) -> list[str]:
    return [json.dumps(found) for found in objects]


EVENT = {"event_id": "e1", "occurred_at": "2020-03-01T10:00:00Z", "user_id": "u1", "event": "sign_in"}


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_json_lines_are_read_object_by_object(name: str, tmp_path: Path) -> None:
    """One object a line; empty lines are none; names in any case and order."""
    other = {"EVENT": "a", " user_id ": "u2", "occurred_at": 1583057472, "event_id": "e2", "extra": [1]}
    landed = land(write(tmp_path / name, *lines_of(EVENT), "", *lines_of(other)))
    assert [row["user_key"] for row in landed.rows] == [key("user", "u1"), key("user", "u2")]
    assert landed.unknown == ("extra",)


@pytest.mark.parametrize("bad", ["{", "[1]", "12", '"text"', "null", "{'event_id': 'e1'}", '{"a": NaN}', "[" * 100_000])
def test_a_line_that_is_no_json_object_is_rejected(bad: str, tmp_path: Path) -> None:
    """Its line is physical; the rest of the file lands."""
    landed = land(write(tmp_path / "a.jsonl", *lines_of(EVENT), "", bad, *lines_of(EVENT)))
    assert (len(landed.rows), landed.faults) == (2, [(3, "", "bad_json")])


def test_json_values_are_read_as_the_text_they_stand_for(tmp_path: Path) -> None:
    """Numbers keep every digit, booleans are true and false, null is empty."""
    big = 2**63 + 1
    fields = [{"user_id": big}, {"user_id": 12.50}, {"event_id": 7, "role": None}, {"occurred_at": 1583057472000}]
    rows = land(write(tmp_path / "a.jsonl", *lines_of(*[EVENT | changed for changed in fields]))).rows
    assert [row["user_key"] for row in rows] == [key("user", text) for text in (str(big), "12.5", "u1", "u1")]
    subscription = {
        "subscription_id": 1, "class_id": 2, "plan": "plus", "payer_type": "ecole", "starts_on": "2019-09-01",
        "ends_on": "2020-09-01", "price_eur": 29.5, "confort_famille": True,
    }  # fmt: skip
    [row] = land(write(tmp_path / "s.jsonl", *lines_of(subscription)), "subscriptions").rows
    assert (str(row["price_eur"]), row["confort_famille"]) == ("29.50", True)


def test_a_missing_required_value_rejects_its_json_row(tmp_path: Path) -> None:
    """Absent, null and empty are the same: not stated."""
    without = {name: value for name, value in EVENT.items() if name != "user_id"}
    rows = [EVENT, without, without | {"user_id": None}, without | {"user_id": " "}]
    landed = land(write(tmp_path / "a.jsonl", *lines_of(*rows)))
    assert landed.faults == [(line, "user_id", "empty_required") for line in (2, 3, 4)]


def test_a_json_file_in_which_no_object_has_a_required_column_is_refused(tmp_path: Path) -> None:
    """As a CSV without that column in its header is."""
    without = {name: value for name, value in EVENT.items() if name != "user_id"}
    assert refusal(write(tmp_path / "a.jsonl", *lines_of(without, without))).reason == "missing_column:user_id"


def test_a_nested_json_value_rejects_its_row_unless_nobody_reads_it(tmp_path: Path) -> None:
    """A list is no value of any kind."""
    rows = [EVENT | {"user_id": ["u1"]}, EVENT | {"role": {"a": 1}}, EVENT | {"extra": {"a": 1}}]
    landed = land(write(tmp_path / "a.jsonl", *lines_of(*rows)))
    assert landed.faults == [(1, "user_id", "nested_value"), (2, "role", "nested_value")]
    assert len(landed.rows) == 1


def test_half_a_character_in_json_rejects_its_row(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and escapes that are half a character."""
    path = tmp_path / "a.jsonl"
    half = json.dumps(EVENT | {"user_id": "\ud800"})
    broken = json.dumps(EVENT).encode().replace(b"u1", b"\xff")
    whole = json.dumps(EVENT | {"user_id": "é"}, ensure_ascii=False)
    path.write_bytes(f"{whole}\n{half}\n".encode() + broken)
    assert land(path).faults == [(2, "user_id", "bad_encoding"), (3, "", "bad_encoding")]


def test_names_of_unknown_json_columns_can_always_be_written(tmp_path: Path) -> None:
    """Half characters are replaced, long names cut, and a file that uses values as names names 200 of them."""
    rows = lines_of(EVENT | {"\ud800" + "x" * 90: 1}, *[EVENT | {f"n{n}": 1} for n in range(300)])
    unknown = land(write(tmp_path / "a.jsonl", *rows)).unknown
    assert (len(unknown), unknown[0]) == (200, "?" + "x" * 59)


# -------------------------------------------------------------------------------------------- the machine fails


def test_a_file_that_cannot_be_opened_is_told_with_a_remedy(tmp_path: Path) -> None:
    """A folder in a file's place, a link to nowhere, a file that went away: one line, what and what to do."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    for name in ("folder.csv", "link.csv", "gone.parquet", "gone.csv.gz", "gone.jsonl"):
        with pytest.raises(NotReadable, match=re.escape(name)) as caught:
            land(tmp_path / name)
        assert "right to read" in caught.value.remedy
