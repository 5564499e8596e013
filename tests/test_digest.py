"""The weekly digest: the figures of the catalogue, held against what may be compared, once to each of the team."""

import base64
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from command_line import workbench
from pages_home import CLASSES, TRANSLATIONS, Truth, write_exports
from PIL import Image
from raw_sample import Raw
from sending_desk import NOW, SENDER, add_people, sent, states
from test_cli import assert_one_line
from tiny import USERS, bytes_below, days, etl, usage_day, write_csv

from workbench.access import Role
from workbench.ledger import Ledger
from workbench.ledger.courriers import (
    Chosen,
    CourrierInvalid,
    CourrierKept,
    add_recipients,
    approve,
    courrier,
    set_courrier,
    stop,
)
from workbench.ledger.people import AddressInvalid
from workbench.ledger.states import CourrierState, DeliveryState, MailKind
from workbench.metrics import Asking
from workbench.metrics.alerts import alerts
from workbench.surveys.digest import Digest, NobodyOnTheTeam, approve_digest, digest, team
from workbench.surveys.outbox import Outbox
from workbench.surveys.sending import NotApproved
from workbench.surveys.week import NoWholeWeek
from workbench.text import Words, catalogue
from workbench.warehouse import Warehouse, open_warehouse

TODAY = date(2020, 12, 15)
WEEK = date(2020, 12, 7), date(2020, 12, 13)
BEFORE = date(2020, 11, 30), date(2020, 12, 6)
LAST_YEAR = date(2019, 12, 9), date(2019, 12, 15)
NAME = "digest-2020-w50"
URL = "https://w.klassroom.test"
FR, EN = Words("fr"), Words("en")
TEAM = ["diane@klassroom.test", "jane@klassroom.test"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of the small world, and some sign-ups of the week and of the one before."""
    folder = write_exports(tmp_path_factory.mktemp("source"))
    joined = [date(2020, 12, 1), date(2020, 12, 7), date(2020, 12, 7), date(2020, 12, 9), date(2020, 12, 14)]
    rows = [(f"late{n}", "parent", "FR", f"{day}T08:00:00Z", "") for n, day in enumerate(joined)]
    write_csv(folder / "users" / "late.csv", [*USERS, "deleted_at"], rows)
    return folder


@pytest.fixture(scope="module")
def home(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its HOME, published."""
    home = tmp_path_factory.mktemp("home")
    etl(home, source)
    return home


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Warehouse]:
    """Its build."""
    opened = open_warehouse(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def written(warehouse: Warehouse) -> Digest:
    """Its digest of the week before 15 December 2020, in French."""
    return digest(warehouse, TODAY, FR, 5, URL)


def flat(said: str) -> str:
    """Words without the breaks of lines, and every space alike."""
    return " ".join(said.split())


def in_html(written: Digest) -> str:
    """What one reads of the HTML; elements end a word."""
    body = written.content.html.partition("<body")[2]
    return flat(unescape(re.sub(r"<[^>]*>", " ", body)))


def value(written: Digest, name: str, words: Words = FR) -> str:
    """What the text says of a figure."""
    begins = words("digest.figure", name=words(f"metric.{name}.name"), value="")
    lines = [line.removeprefix(begins) for line in written.content.text.splitlines() if line.startswith(begins)]
    assert len(lines) == 1, name
    return lines[0]


def beneath(written: Digest, name: str) -> str:
    """The paragraph of the text with a figure, without its first line."""
    begins = FR("digest.figure", name=FR(f"metric.{name}.name"), value="")
    found = next(part for part in written.content.text.split("\n\n") if part.startswith(begins))
    return flat(found.partition("\n")[2])


def changed(how: str, now: float, then: float) -> str:
    """A change in the words of the pages."""
    return flat(FR(f"card.change.{how}", change=FR.change(now / then - 1)))


def usage_of(home: Path, there: list[date], today: date = TODAY) -> Digest:
    """The digest of a HOME where the same three users came on some days, and nothing else is known."""
    for day in there:
        usage_day(home / "exports", day, ["u1", "u2", "u3"])
    etl(home / "home", home / "exports")
    return digest(open_warehouse(home / "home"), today, FR, 5, URL)


# ----------------------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize("name", ["sign_ups", "classes_created", "translated_posts"])
def test_what_came_in_the_week_is_the_sum_of_the_catalogue(warehouse: Warehouse, written: Digest, name: str) -> None:
    """Sign-ups, classes and translated posts of Monday to Sunday."""
    rows = warehouse.metric(name, since=WEEK[0], until=WEEK[1]).pl()
    assert value(written, name) == FR.number(rows[name].sum())


def test_active_users_are_the_catalogues_on_sunday(warehouse: Warehouse, written: Digest) -> None:
    """Seven days that end with the week: nobody is counted twice."""
    rows = warehouse.metric("wau", since=WEEK[1], until=WEEK[1]).pl()
    assert value(written, "wau") == FR.number(rows["wau"].item())


def test_money_and_paying_classes_are_the_catalogues_on_sunday(warehouse: Warehouse, written: Digest) -> None:
    """They are states: how they stand when the week is over."""
    assert value(written, "arr_eur") == FR.euros(warehouse.metric("arr_eur", until=WEEK[1]).pl()["arr_eur"].item())
    paying = warehouse.metric("paying_classes", until=WEEK[1]).pl()["paying_classes"].item()
    assert value(written, "paying_classes") == FR.number(paying)


def test_the_figures_are_those_of_the_exports_counted_row_by_row(source: Path, written: Digest) -> None:
    """Without the workbench's readers and queries."""
    truth = Truth(source)
    posts = truth.translated_by(WEEK[1]) - truth.translated_by(WEEK[0] - timedelta(days=1))
    joined = [row for row in truth.users if str(WEEK[0]) <= row["created_at"][:10] <= str(WEEK[1])]
    assert value(written, "wau") == FR.number(len(truth.active(7, WEEK[1])))
    assert value(written, "sign_ups") == FR.number(len(joined))
    assert value(written, "classes_created") == FR.number(len(truth.created(*WEEK)))
    assert value(written, "translated_posts") == FR.number(len(posts))
    assert value(written, "arr_eur") == FR.euros(99 + 59)


@pytest.mark.parametrize("later", [0, -7])
def test_active_users_are_compared_with_the_week_before_and_the_same_school_week(
    source: Path, warehouse: Warehouse, later: int
) -> None:
    """9 to 15 December 2019 was the school week of 7 to 13 December 2020; so it is a week earlier."""
    found = digest(warehouse, TODAY + timedelta(days=later), FR, 5, URL)
    ends = [week[1] + timedelta(days=later) for week in (WEEK, BEFORE, LAST_YEAR)]
    now, before, last_year = (len(Truth(source).active(7, end)) for end in ends)
    assert beneath(found, "wau") == f"{changed('previous', now, before)} · {changed('week', now, last_year)}"
    first, last = ends[2] - timedelta(days=6), ends[2]
    lead = FR("digest.lead", since=found.week, until=ends[0], first=first, last=last)
    assert flat(lead) in flat(found.content.text)


def test_the_same_school_week_may_be_371_days_earlier(tmp_path: Path) -> None:
    """In 2017 school began on Monday 4 September, a week later than in 2016: the sixth week met another sixth week."""
    for monday, users in [(date(2016, 10, 3), 2), (date(2016, 10, 10), 4), (date(2017, 10, 9), 3)]:
        for day in days(monday, 7):
            usage_day(tmp_path / "exports", day, [f"u{n}" for n in range(users)])
    etl(tmp_path / "home", tmp_path / "exports")
    found = digest(open_warehouse(tmp_path / "home"), date(2017, 10, 16), FR, 5, URL)
    assert beneath(found, "wau").endswith(changed("week", 3, 2))


def test_what_a_figure_has_no_past_for_is_not_compared(warehouse: Warehouse, written: Digest) -> None:
    """No translations are known of 2019; and of the first week of all, nothing at all."""
    assert flat(FR("digest.incomparable.week")) in beneath(written, "translated_posts")
    first = digest(warehouse, date(2020, 9, 14), FR, 5, URL)
    assert first.week == date(2020, 9, 7)
    assert beneath(first, "wau") == FR("digest.incomparable.both")


def test_what_the_week_brought_and_took_of_the_arr_is_said(warehouse: Warehouse, written: Digest) -> None:
    """In September two classes began to pay and one stopped; in December nothing moved."""
    assert "classes nouvelles" not in written.content.text
    moved = digest(warehouse, date(2020, 9, 15), FR, 5, URL)
    assert flat(FR("digest.moves", new=FR.euros(99), churned=FR.euros(29))) in beneath(moved, "arr_eur")


def test_html_and_text_say_the_same(written: Digest) -> None:
    """Every paragraph of the text is in the HTML; charts are read there as what they show."""
    text, _, small = written.content.text.partition("-- \n")
    shown = in_html(written) + flat(unescape(written.content.html))
    for name in ("wau", "sign_ups", "classes_created", "translated_posts", "arr_eur", "paying_classes"):
        assert flat(f"{FR(f'metric.{name}.name')} {value(written, name)} {beneath(written, name)}") in in_html(written)
    for paragraph in [part for part in text.split("\n\n") if "\n" not in part.strip() or part.startswith("Du lundi")]:
        assert flat(paragraph.strip("— \n")) in shown
    assert URL in small
    assert f'href="{URL}"' in written.content.html
    assert all(part in flat(small) for part in (flat(FR("digest.why")), "000001-"))


def test_english_is_complete(warehouse: Warehouse) -> None:
    """Figures, dates and charts as well: no phrase of the French digest is left."""
    english = digest(warehouse, TODAY, EN, 5, URL)
    said = in_html(english) + flat(english.content.text) + english.content.subject
    french = {flat(piece) for key, phrase in catalogue("fr").items() for piece in _pieces(key, phrase)}
    assert len(french) > 20
    assert [piece for piece in french if piece in said] == []
    assert english.content.subject == "The week of 7 December 2020"
    assert "7 Dec 2020" in said
    assert "€158" in said
    assert value(english, "wau", EN)


def _pieces(key: str, phrase: str) -> list[str]:
    """The parts of a phrase of the digest between what is filled in, unless too short to tell languages apart."""
    return [piece for piece in re.split(r"\{\w+\}", phrase) if key.startswith("digest.") and len(piece) > 8]


# ------------------------------------------------------------------------------------------------------ which week


@pytest.mark.parametrize(
    ("today", "monday"),
    [
        (date(2020, 12, 13), date(2020, 11, 30)),
        (date(2020, 12, 14), date(2020, 12, 7)),
        (date(2020, 12, 21), date(2020, 12, 7)),
    ],
)
def test_only_a_week_that_is_over_and_loaded_to_its_end_is_told(
    warehouse: Warehouse, today: date, monday: date
) -> None:
    """On Sunday the week is not over; the data ends on a Monday, so that its week never is."""
    assert digest(warehouse, today, FR, 5, URL).week == monday


def test_an_old_week_is_not_passed_off_as_the_last(warehouse: Warehouse, written: Digest) -> None:
    """Where the data stopped arriving, the digest says until when it goes."""
    late = FR("digest.late", until=date(2020, 12, 14))
    assert flat(late) not in flat(written.content.text)
    assert flat(late) in flat(digest(warehouse, date(2020, 12, 22), FR, 5, URL).content.text)


def test_days_that_were_not_loaded_are_named_and_their_week_is_compared_with_nothing(tmp_path: Path) -> None:
    """A user fewer because of a file that is missing is no fall."""
    missing = [date(2020, 12, 9), date(2020, 12, 10)]
    there = [day for day in days(date(2020, 11, 23), 22) if day not in missing]
    usage_day(tmp_path / "exports", date(2020, 12, 4), ["u4"], name="more.csv", event="post_viewed")
    found = usage_of(tmp_path, there)
    said = FR("digest.unloaded", n=2, days="9 déc. 2020, 10 déc. 2020")
    assert flat(said) in flat(found.content.text)
    assert flat(said) in in_html(found)
    assert value(found, "wau") == "3"
    assert beneath(found, "wau") == FR("digest.incomparable.both")


def test_a_week_is_not_compared_with_one_that_has_days_that_were_not_loaded(tmp_path: Path) -> None:
    """The same the other way round: the week is whole, the one before is not."""
    there = [day for day in days(date(2020, 11, 23), 22) if day != date(2020, 12, 2)]
    found = usage_of(tmp_path, there)
    assert "chargé" not in found.content.text
    assert beneath(found, "wau") == FR("digest.incomparable.both")


def test_a_week_of_which_nothing_was_loaded_has_no_number(tmp_path: Path) -> None:
    """Not even zero: the data goes on after it."""
    found = usage_of(tmp_path, [*days(date(2020, 11, 23), 14), date(2020, 12, 14)])
    assert value(found, "wau") == "–"
    assert flat(FR("digest.unloaded", n=7, days="")[:20]) in flat(found.content.text)


def test_without_a_whole_week_there_is_no_digest(tmp_path: Path) -> None:
    """Said in one line, with the remedy."""
    with pytest.raises(NoWholeWeek, match="etl run"):
        usage_of(tmp_path, days(date(2020, 12, 8), 5))


def test_what_has_no_export_is_said_to_have_none(tmp_path: Path) -> None:
    """And there is no empty chart of it."""
    found = usage_of(tmp_path, days(date(2020, 11, 23), 22))
    for name, feed in [("sign_ups", "users"), ("translated_posts", "translations"), ("arr_eur", "subscriptions")]:
        assert (value(found, name), beneath(found, name)) == ("–", flat(FR("overview.no_feed", feed=feed)))
    assert set(found.images) == {"wau"}
    assert flat(FR("digest.chart.wau.beside")) not in flat(found.content.text)


def test_an_export_that_stopped_before_the_week_is_no_fall_to_nothing(tmp_path: Path) -> None:
    """No class since November: an export that did not come, or none made; nobody can say which."""
    rows = [("k1", "2020-11-16T08:00:00Z", "FR", "75", "20", ""), ("k2", "2020-11-27T08:00:00Z", "FR", "75", "20", "")]
    write_csv(tmp_path / "exports" / "classes" / "classes.csv", CLASSES, rows)
    found = usage_of(tmp_path, days(date(2020, 11, 16), 29))
    assert value(found, "classes_created") == "–"
    assert flat(FR("digest.ends_on", feed="classes", day=date(2020, 11, 27))) in beneath(found, "classes_created")


def test_an_export_that_began_within_a_week_makes_no_past(tmp_path: Path) -> None:
    """Half a week of translations is not held against a whole one."""
    there = [date(2020, 12, 3), date(2020, 12, 8), date(2020, 12, 9)]
    rows = [(f"t{n}", f"{day}T11:00:00Z", f"p{n}", "fr", "ar", "FR", "50", "ok") for n, day in enumerate(there)]
    write_csv(tmp_path / "exports" / "translations" / "translations.csv", TRANSLATIONS, rows)
    found = usage_of(tmp_path, days(date(2020, 11, 16), 29))
    assert value(found, "translated_posts") == "2"
    assert beneath(found, "translated_posts").startswith(FR("digest.incomparable.both"))


# ---------------------------------------------------------------------------------------------- the sample, its alerts


def test_active_users_of_the_sample_are_those_of_its_rows(raw: Raw) -> None:
    """The generator's exports, doubled rows and odd dates included."""
    found = digest(open_warehouse(raw.home), TODAY, FR, 5, URL)
    users = raw.usage.filter(pl.col("day").is_between(*WEEK))["user_id"].n_unique()
    assert value(found, "wau") == FR.number(users)
    posts = raw.translated_posts().filter(pl.col("day").is_between(*WEEK)).height
    assert value(found, "translated_posts") == FR.number(posts)


def test_alerts_of_the_week_are_those_of_the_command(raw: Raw) -> None:
    """When schools closed, users came; in December there was no alert, and that is said too."""
    warehouse = open_warehouse(raw.home)
    found = digest(warehouse, date(2020, 3, 17), FR, 5, URL)
    standing = alerts(warehouse, Asking(Role.VIEWER, 5), date(2020, 3, 15))
    assert [alert.metric for alert in standing][:1] == ["dau"]
    for alert in standing:
        told = vars(alert) | {"metric": FR(f"metric.{alert.metric}.name"), "expected": round(alert.expected)}
        assert flat(FR(f"alert.{alert.direction}", **told)) in flat(found.content.text)
        assert flat(FR(f"alert.{alert.direction}", **told)) in in_html(found)
    calm = digest(warehouse, TODAY, FR, 5, URL)
    assert flat(FR("digest.calm")) in flat(calm.content.text)


def test_an_alert_that_is_over_before_the_week_ends_is_of_the_week(raw: Raw) -> None:
    """In the week of 16 March so many came until Saturday; on Sunday nothing was unusual any more."""
    warehouse = open_warehouse(raw.home)
    assert alerts(warehouse, Asking(Role.VIEWER, 5), date(2020, 3, 22)) == []
    (ended,) = alerts(warehouse, Asking(Role.VIEWER, 5), date(2020, 3, 21))
    told = vars(ended) | {"metric": FR(f"metric.{ended.metric}.name"), "expected": round(ended.expected)}
    found = digest(warehouse, date(2020, 3, 24), FR, 5, URL)
    assert flat(FR(f"alert.{ended.direction}", **told)) in flat(found.content.text)


# ---------------------------------------------------------------------------------------------------------- sending


def approved(ledger: Ledger, written: Digest, goes_to: list[str]) -> None:
    """A digest made ready for addresses."""
    assert approve_digest(ledger, written, goes_to, SENDER, who="cron", now=NOW) == NAME


def arrived(folder: Path) -> list[EmailMessage]:
    """The messages in an outbox."""
    files = sorted((folder / NAME).glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_each_address_gets_a_week_once_however_often_it_is_run(ledger: Ledger, written: Digest, tmp_path: Path) -> None:
    """A second run finds nothing to do."""
    outbox = Outbox(tmp_path)
    for accepted in (2, 0, 0):
        approved(ledger, written, TEAM)
        assert sent(ledger, outbox, NAME).accepted == accepted
    assert sorted(str(mail["To"]) for mail in arrived(tmp_path)) == TEAM
    assert (courrier(ledger, NAME).kind, courrier(ledger, NAME).state) == (MailKind.DIGEST, CourrierState.SENT)


def test_an_address_that_is_added_later_gets_what_the_others_got(
    ledger: Ledger, warehouse: Warehouse, written: Digest, tmp_path: Path
) -> None:
    """And nobody gets it twice; what was approved is not made anew."""
    approved(ledger, written, TEAM)
    sent(ledger, Outbox(tmp_path), NAME)
    english = digest(warehouse, TODAY, EN, 5, URL)
    approved(ledger, english, [*TEAM, "melissa@klassroom.test"])
    assert sent(ledger, Outbox(tmp_path), NAME).accepted == 1
    mails = arrived(tmp_path)
    assert sorted(str(mail["To"]) for mail in mails) == [*TEAM, "melissa@klassroom.test"]
    assert {str(mail["Subject"]) for mail in mails} == {written.content.subject}
    assert set(states(ledger, NAME).values()) == {DeliveryState.ACCEPTED}


def test_what_a_broken_run_left_as_a_draft_is_taken_up(ledger: Ledger, written: Digest) -> None:
    """Between writing and approving a machine may stop."""
    set_courrier(ledger, CourrierKept(NAME, "", MailKind.DIGEST), who="cron", now=NOW)
    approved(ledger, written, TEAM)
    assert set(states(ledger, NAME)) == set(TEAM)


def test_a_stopped_digest_stays_stopped(ledger: Ledger, written: Digest, tmp_path: Path) -> None:
    """A new address on the list is no reason to go on."""
    approved(ledger, written, TEAM)
    stop(ledger, NAME, who="diane", now=NOW)
    approved(ledger, written, [*TEAM, "melissa@klassroom.test"])
    with pytest.raises(NotApproved, match="stopped"):
        sent(ledger, Outbox(tmp_path), NAME)
    assert arrived(tmp_path) == []


def test_a_courrier_of_that_name_is_left_alone(ledger: Ledger, written: Digest) -> None:
    """Somebody wrote a letter and called it so."""
    set_courrier(ledger, CourrierKept(NAME, "a letter"), who="diane", now=NOW)
    with pytest.raises(CourrierInvalid, match=NAME):
        approve_digest(ledger, written, TEAM, SENDER, who="cron", now=NOW)
    assert courrier(ledger, NAME).state is CourrierState.DRAFT


def test_a_digest_has_nothing_personal_and_no_way_out(ledger: Ledger, written: Digest, tmp_path: Path) -> None:
    """It is the team's own list: who looks after the workbench takes an address away."""
    approved(ledger, written, TEAM)
    sent(ledger, Outbox(tmp_path), NAME)
    assert (written.content.parts, written.content.forms) == ((), ())
    for mail in arrived(tmp_path):
        assert mail["List-Unsubscribe"] is None
        assert "/letters/leave/" not in mail.as_string()


def test_the_images_that_the_html_names_are_in_the_message(ledger: Ledger, written: Digest, tmp_path: Path) -> None:
    """Three charts, each with words for who does not see it, twice as wide as shown, and light enough for a phone."""
    approved(ledger, written, TEAM[:1])
    sent(ledger, Outbox(tmp_path), NAME)
    (mail,) = arrived(tmp_path)
    html = next(part for part in mail.walk() if part.get_content_type() == "text/html").get_content()
    images = {
        str(part["Content-ID"]).strip("<>"): part for part in mail.walk() if part.get_content_maintype() == "image"
    }
    named = re.findall(r'<img src="cid:([\w-]+)" alt="([^"]{40,})" width="552"', html)
    assert [cid for cid, _ in named] == list(images) == ["wau", "sign_ups", "translated_posts"]
    assert html.count("<img") == 3
    for part in images.values():
        png = part.get_payload(decode=True)
        assert isinstance(png, bytes)
        assert Image.open(BytesIO(png)).width == 2 * 552
        assert len(png) < 60_000


def test_a_person_who_has_a_reminder_does_not_get_it_at_another_address(ledger: Ledger) -> None:
    """People are known by their number, whatever their address is now; the team's addresses by themselves."""
    one, other = add_people(ledger, 2)
    set_courrier(ledger, CourrierKept("reminder", "", MailKind.REMINDER), who="diane", now=NOW)
    chosen = [Chosen("old@ecole.test", one)]
    approve(ledger, courrier(ledger, "reminder"), {}, chosen, None, who="diane", now=NOW)
    more = [Chosen("new@ecole.test", one), Chosen("other@ecole.test", other)]
    assert add_recipients(ledger, courrier(ledger, "reminder"), more, who="diane", now=NOW) == 1
    assert set(states(ledger, "reminder")) == {"old@ecole.test", "other@ecole.test"}


@pytest.mark.parametrize("listed", ["", " , ,"])
def test_a_digest_for_nobody_says_what_to_set(listed: str) -> None:
    """The remedy names the setting."""
    with pytest.raises(NobodyOnTheTeam, match="WORKBENCH_DIGEST_TO"):
        team(listed)


def test_addresses_are_kept_as_people_s_are() -> None:
    """Trimmed, in small letters, each once; what is none is refused."""
    assert team(" Diane@Klassroom.test, jane@klassroom.test,diane@klassroom.test ") == TEAM
    with pytest.raises(AddressInvalid):
        team("diane@klassroom.test, jane")


# ----------------------------------------------------------------------------------------------------- command line


def test_a_dry_run_is_one_file_and_nothing_else(home: Path, tmp_path: Path) -> None:
    """Images are in it; nothing is sent, nothing noted, nobody needs to be on the list."""
    copy = shutil.copytree(home, tmp_path / "home")
    (copy / "ledger.sqlite").unlink()  # made for the names of classes; none is needed to look
    before = bytes_below(copy)
    file = tmp_path / "digest.html"
    done = workbench(copy, "digest", "send", "--dry-run", str(file), WORKBENCH_TODAY=str(TODAY))
    assert done.returncode == 0, done.stderr
    html = file.read_text(encoding="utf-8")
    assert "cid:" not in html
    drawn = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    assert [Image.open(BytesIO(base64.b64decode(png))).width for png in drawn] == [1104] * 3
    assert not re.search(r'(src|href)="(?!data:|http://127\.0\.0\.1:8501")', html)
    assert bytes_below(copy) == before


def test_the_command_sends_once(source: Path, tmp_path: Path) -> None:
    """The whole way, with the settings; a second run accepts nothing new."""
    etl(tmp_path, source)
    env = {"WORKBENCH_TODAY": str(TODAY), "WORKBENCH_DIGEST_TO": ", ".join(TEAM)}
    first, second = (workbench(tmp_path, "digest", "send", "--json", **env) for _ in range(2))
    assert '"accepted": 2' in first.stdout, first.stderr
    assert '"accepted": 0' in second.stdout, second.stderr
    assert sorted(str(mail["To"]) for mail in arrived(tmp_path / "outbox")) == TEAM


def test_the_command_without_addresses_fails_in_one_line(home: Path) -> None:
    """Before anything is made or noted."""
    assert_one_line(workbench(home, "digest", "send", WORKBENCH_TODAY=str(TODAY)), 1, "WORKBENCH_DIGEST_TO")
