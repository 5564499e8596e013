"""The page of the courrier: written, checked, approved with a second look, sent once; names are for few."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from tiny import NOW, etl, settings, usage_day

import workbench
from workbench.ledger import Ledger, ledger_of
from workbench.ledger.courriers import CourrierKept, courrier, courriers, set_courrier
from workbench.ledger.deliveries import Turn, claim, deliveries, mark, settle_unknown
from workbench.ledger.mail_events import suppress
from workbench.ledger.people import PersonState, set_consent, set_person
from workbench.ledger.programme import CampaignKept, set_campaign
from workbench.ledger.states import (
    BatchOutcome,
    CampaignKind,
    CourrierState,
    DeliveryState,
    Purpose,
    SuppressionKind,
    WebhookKind,
)
from workbench.ledger.tables import Webhook
from workbench.surveys import running
from workbench.surveys.courrier import new_source
from workbench.text import Words

FR = Words("fr")
TODAY = date(2020, 12, 15)
PARIS = ZoneInfo("Europe/Paris")
PAGES = Path(workbench.__file__).parent / "pages"
NAMES = ("Anne Petit", "Bruno Morel", "Chloé Roux", "Denis Gras")
GOOD = "---\nsubject: Bonjour\naudience: active\n---\nBonjour {{ first_name }}, voici des nouvelles.\n"
BAD = GOOD + "\nLa classe : ![](https://example.org/classe.png)\n"

SCRIPT = """
import runpy
from datetime import date
from pathlib import Path
import streamlit as st
from held_open import held_open
from tiny import settings
from workbench.access import Role
from workbench.ledger import ledger_of
from workbench.metrics import Asking
from workbench.pages.sheet.screen import Screen
from workbench.surveys.running import post_of
from workbench.text import Words
home = Path({home!r})
words = Words({language!r})
if "ledger" not in st.session_state:
    st.session_state["ledger"] = ledger_of(settings(home)) if {reached} else None
st.session_state["visit"] = dict(
    warehouse=held_open(home), words=words, school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role({role!r}), 5, date(2020, 9, 1), date(2020, 12, 14)),
    sheet=Screen(words), comparison="weekday", who="diane", ledger=st.session_state["ledger"],
    post=post_of(settings(home), date(2020, 12, 15), True),
)
runpy.run_path({page!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME with a build of one day."""
    folder = tmp_path_factory.mktemp("courrier")
    usage_day(folder / "source", date(2020, 12, 14), ["u1"])
    etl(folder / "home", folder / "source")
    return folder / "home"


@pytest.fixture
def kept(home: Path) -> Iterator[Ledger]:
    """Its ledger with four active people."""
    st.cache_data.clear()
    for file in home.glob("ledger.sqlite*"):
        file.unlink()
    ledger = ledger_of(settings(home))
    for name in NAMES:
        set_person(ledger, PersonState(name, f"{name.split()[0].lower()}@ecole.example"), who="a", now=NOW)
    yield ledger
    ledger.close()


def visit(
    home: Path, role: str = "community", reached: bool = True, language: str = "fr", page: str = "courrier",
    **query: str,
) -> AppTest:  # fmt: skip
    """One visit by somebody of a role."""
    file = str(PAGES / f"{page}.py")
    script = SCRIPT.format(home=str(home), role=role, reached=reached, language=language, page=file)
    app = AppTest.from_string(script, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return ran(app.run())


def ran(app: AppTest) -> AppTest:
    """A visit in which nothing went wrong."""
    assert [error.value for error in app.exception] == []
    return app


def texts(app: AppTest) -> str:
    """Everything that the page says in words."""
    shown = [
        *app.title, *app.subheader, *app.markdown, *app.caption, *app.text, *app.warning, *app.error, *app.success,
        *app.info,
    ]  # fmt: skip
    return re.sub(r"\\(.)", r"\1", "\n".join(str(element.value) for element in shown))


def everything(app: AppTest) -> str:
    """Words, tables and labels."""
    cells = [cell for table in app.table for row in read_cells(table) for cell in row]
    options = [str(option) for box in app.selectbox for option in box.options]
    areas = [str(area.value) for area in app.text_area]
    return "\n".join([texts(app), *cells, *options, *areas])


def drafted(ledger: Ledger, source: str = GOOD, name: str = "2020-12", who: str = "diane") -> CourrierKept:
    """A draft in the ledger."""
    set_courrier(ledger, CourrierKept(name, source), who=who, now=NOW)
    return courrier(ledger, name)


def key(one: CourrierKept, name: str) -> str:
    """The key of a widget of a courrier's."""
    return f"courrier.{one.id}.{name}"


def submit(app: AppTest, form: str) -> str:
    """The key of the button that sends a form."""
    (found,) = [button.key for button in app.button if button.key and f"{form}-" in button.key]
    return str(found)


def approval(app: AppTest, one: CourrierKept, read: bool) -> AppTest:
    """The form of the approval, sent."""
    form = key(one, "approve")
    if read:
        app.checkbox(key=f"{form}.read").check()
    app.button(key=submit(app, form)).click()
    return ran(app.run())


def approved(ledger: Ledger, home: Path, name: str = "2020-12") -> CourrierKept:
    """A courrier that the page approved."""
    one = drafted(ledger, name=name)
    approval(visit(home, courrier=name), one, read=True)
    return courrier(ledger, name)


def finished(ledger: Ledger, app: AppTest, name: str = "2020-12") -> CourrierKept:
    """The courrier after the run that a visit began."""
    running.finish(app.session_state["ledger"], courrier(ledger, name).id)
    return courrier(ledger, name)


# ----------------------------------------------------------------------------------------------------------- writing


def test_without_any_courrier_the_page_offers_to_write_the_first(home: Path, kept: Ledger) -> None:
    """A draft from the model, with the quarter's questionnaire in it, named after the month and open at once."""
    campaign = CampaignKept(CampaignKind.QUESTIONNAIRE, "win2020q", "2020-2021-Q2", TODAY)
    set_campaign(kept, campaign, who="a", now=NOW)
    app = visit(home)
    assert FR("empty.courriers.title") in texts(app)
    ran(app.button(key=submit(app, "courrier.new.0.form")).click().run())
    one = courrier(kept, "2020-12")
    assert one.source == new_source(date(2020, 12, 18), FR, "win2020q")
    assert (one.state, one.author) == (CourrierState.DRAFT, "diane")
    assert app.query_params["courrier"] == "2020-12"
    assert app.text_area[0].value == one.source


def test_a_second_courrier_of_a_month_is_given_a_name_that_is_free(home: Path, kept: Ledger) -> None:
    """And a name that is taken all the same is refused in words."""
    drafted(kept)
    app = visit(home)
    assert app.text_input(key="courrier.new.1.name").value == "2020-12-2"
    app.text_input(key="courrier.new.1.name").input("2020-12")
    ran(app.button(key=submit(app, "courrier.new.1.form")).click().run())
    assert FR("letters.fault.name.said") in texts(app)
    assert len(courriers(kept)) == 1


def test_what_is_written_is_kept_when_it_is_saved_and_not_before(home: Path, kept: Ledger) -> None:
    """Until then the page says that it is not saved."""
    one, changed = drafted(kept), GOOD.replace("des nouvelles", "trois nouvelles")
    app = visit(home)
    assert FR("letters.write.saved") in texts(app)
    ran(app.text_area[0].input(changed).run())
    assert FR("letters.write.unsaved") in texts(app)
    assert courrier(kept, "2020-12").source == GOOD
    ran(app.button(key=key(one, "save")).click().run())
    assert courrier(kept, "2020-12").source == changed
    assert FR("letters.write.kept") in app.success[0].value
    ran(app.text_area[0].input(GOOD).run())
    ran(app.button(key=key(one, "save")).click().run())
    assert courrier(kept, "2020-12").source == GOOD


def test_two_who_write_at_once_lose_nothing_unless_they_say_so(home: Path, kept: Ledger) -> None:
    """The second to save is told, keeps her text before her, and decides which of both stays."""
    one, mine, theirs = drafted(kept), f"{GOOD}\nDe moi.\n", f"{GOOD}\nDe Patrick.\n"
    app = visit(home)
    ran(app.text_area[0].input(mine).run())
    set_courrier(kept, replace(one, source=theirs), who="patrick", now=NOW)
    ran(app.button(key=key(one, "save")).click().run())
    assert FR("done.changed") in [error.value for error in app.error]
    assert courrier(kept, "2020-12").source == theirs
    assert app.text_area[0].value == mine
    ran(app.button(key=key(one, "mine")).click().run())
    assert courrier(kept, "2020-12").source == mine
    again = courrier(kept, "2020-12")
    set_courrier(kept, replace(again, source=theirs), who="patrick", now=NOW)
    ran(app.text_area[0].input(f"{mine}Encore.\n").run())
    ran(app.button(key=key(one, "theirs")).click().run())
    assert app.text_area[0].value == theirs


def test_a_newer_version_shows_by_itself_where_nothing_is_lost(home: Path, kept: Ledger) -> None:
    """Nobody goes on writing at what is past."""
    one, theirs = drafted(kept), f"{GOOD}\nDe Patrick.\n"
    app = visit(home)
    set_courrier(kept, replace(one, source=theirs), who="patrick", now=NOW)
    assert ran(app.run()).text_area[0].value == theirs


def test_the_letter_is_seen_as_one_person_gets_it(home: Path, kept: Ledger) -> None:
    """With her name in it, on the page and as text; else as nobody in particular."""
    one = drafted(kept)
    app = visit(home)
    assert not [text for text in app.text if "Bonjour Anne" in str(text.value)]
    box = app.selectbox(key=key(one, "as_whom"))
    ran(box.select_index(box.options.index("Anne Petit")).run())
    assert [text for text in app.text if "Bonjour Anne" in str(text.value)]
    (frame,) = app.get("iframe")
    assert "Bonjour Anne" in frame.proto.srcdoc


def test_an_unsaved_text_outlives_a_look_at_another_courrier(home: Path, kept: Ledger) -> None:
    """What one typed is not thrown away by looking up what was written last month."""
    drafted(kept, name="2020-11")
    drafted(kept)
    app = visit(home)
    ran(app.text_area[0].input(f"{GOOD}\nEn cours.\n").run())
    box = app.selectbox(key="courrier.courrier")
    ran(box.select("2020-11").run())
    assert app.text_area[0].value == GOOD
    ran(app.selectbox(key="courrier.courrier").select("2020-12").run())
    assert app.text_area[0].value == f"{GOOD}\nEn cours.\n"


# --------------------------------------------------------------------------------------------------- before it goes


def test_a_failing_check_names_the_line_and_stands_against_the_approval(home: Path, kept: Ledger) -> None:
    """And once it is put right and saved, the approval is there."""
    one = drafted(kept, BAD)
    app = visit(home)
    said = FR("mail.finding.missing_alt", found="`https://example.org/classe.png`")
    assert f"**{FR('letters.check.line', number='7')}** {said}" in texts(app)
    assert FR("letters.approve.faults", n=1) in texts(app)
    assert not [box for box in app.checkbox if box.key == key(one, "approve.read")]
    ran(app.text_area[0].input(BAD.replace("![]", "![Une classe]")).run())
    assert FR("letters.approve.unsaved") in texts(app)
    ran(app.button(key=key(one, "save")).click().run())
    assert FR("letters.check.none") in texts(app)
    approval(app, one, read=True)
    assert courrier(kept, "2020-12").state is CourrierState.APPROVED


def test_its_author_approves_only_what_she_says_she_read_again(home: Path, kept: Ledger) -> None:
    """Somebody else may approve it without."""
    one = drafted(kept)
    app = approval(visit(home), one, read=False)
    assert courrier(kept, "2020-12").state is CourrierState.DRAFT
    assert FR("letters.fault.unconfirmed.said") in texts(app)
    approval(app, one, read=True)
    assert courrier(kept, "2020-12").state is CourrierState.APPROVED
    other = drafted(kept, name="2020-13", who="patrick")
    approval(visit(home, courrier="2020-13"), other, read=False)
    assert courrier(kept, "2020-13").state is CourrierState.APPROVED


def test_who_is_held_back_is_shown_with_why(home: Path, kept: Ledger) -> None:
    """Counted apart, and not among those it is approved for."""
    suppress(kept, {("bruno@ecole.example", SuppressionKind.BOUNCE)}, "sendgrid", who="a", now=NOW)
    set_consent(kept, 3, Purpose.COURRIER, False, "téléphone", who="a", now=NOW)
    one = drafted(kept)
    app = visit(home)
    assert f"{FR('letters.audience.count', n=2)} {FR('letters.audience.held_back', n=2)}" in texts(app)
    rows = [read_cells(table) for table in app.table]
    held_back = [
        ["Bruno Morel", "bruno@ecole.example", FR("courrier.hindrance.suppressed")],
        ["Chloé Roux", "chloé@ecole.example", FR("courrier.hindrance.refused")],
    ]
    assert held_back in rows
    approval(app, one, read=True)
    assert {row.name for row in deliveries(kept, one.id)} == {"Anne Petit", "Denis Gras"}
    assert FR("letters.approve.done", n=2) in texts(app)


def test_what_was_approved_says_for_how_many_and_with_which_fingerprint(home: Path, kept: Ledger) -> None:
    """And how it is delivered; it is a draft again with one click while nothing has gone."""
    one = approved(kept, home)
    app = visit(home)
    assert FR("letters.going.recipients", n=4) in texts(app)
    assert FR("letters.approve.hash", hash=(one.frozen_hash or "")[:12]) in texts(app)
    assert FR("letters.via.outbox") in texts(app)
    ran(app.button(key=key(one, "back")).click().run())
    assert courrier(kept, "2020-12").state is CourrierState.DRAFT
    assert app.text_area[0].value == GOOD


def test_what_is_set_for_a_moment_is_not_sent_before(home: Path, kept: Ledger) -> None:
    """By the clock of the team."""
    one = drafted(kept)
    app = visit(home)
    app.date_input(key=key(one, "approve.day")).set_value(date(2020, 12, 18))
    approval(app, one, read=True)
    at = datetime(2020, 12, 18, 8, tzinfo=PARIS)
    assert courrier(kept, "2020-12").send_at == at
    assert FR("letters.going.early", at=at) in texts(app)
    assert not [button for button in app.button if button.key == key(one, "send")]


def test_a_test_goes_to_oneself_as_one_of_them_gets_it(home: Path, kept: Ledger) -> None:
    """What is no address is said so; nobody of the audience gets anything."""
    one = drafted(kept)
    app, form = visit(home), key(one, "test")
    app.text_input(key=f"{form}.to").input("diane")
    ran(app.button(key=submit(app, form)).click().run())
    assert FR("letters.fault.address.said") in texts(app)
    app.text_input(key=f"{form}.to").input("diane@klassroom.example")
    app.selectbox(key=f"{form}.as").select_index(1)
    ran(app.button(key=submit(app, form)).click().run())
    assert "L’essai est parti vers diane@klassroom.example" in texts(app)
    (file,) = (home / "outbox" / "2020-12").glob("*.eml")
    assert "To: diane@klassroom.example" in file.read_text(encoding="utf-8")
    assert "Bonjour Bruno" in next((home / "outbox" / "2020-12").glob("*.html")).read_text(encoding="utf-8")
    assert not deliveries(kept, one.id)
    file.unlink()


# ------------------------------------------------------------------------------------------------------------ sending


def test_it_is_sent_from_the_page_and_the_results_are_the_ledgers(home: Path, kept: Ledger) -> None:
    """One message each; figures and table say what the ledger says."""
    one = approved(kept, home)
    suppress(kept, {("bruno@ecole.example", SuppressionKind.BOUNCE)}, "sendgrid", who="a", now=NOW)
    app = visit(home)
    ran(app.button(key=key(one, "send")).click().run())
    assert finished(kept, app).state is CourrierState.SENT
    ran(app.run())
    told = deliveries(kept, one.id)
    states = Counter(row.state for row in told)
    assert states == {DeliveryState.ACCEPTED: 3, DeliveryState.WITHHELD: 1}
    assert [metric.value for metric in app.metric] == ["3", "0", "0", "1", "0"]
    table = next(table for table in app.table if read_cells(table)[0][0] == "Anne Petit")
    assert [row[:3] for row in read_cells(table)] == [
        [row.name, FR(f"courrier.delivery.{row.state}"), FR("courrier.hindrance.suppressed") if row.reason else "–"]
        for row in told
    ]


def test_what_a_dead_sender_left_is_offered_to_go_on_with(home: Path, kept: Ledger) -> None:
    """Each gets it once; where a file is the message, what was claimed is written again."""
    one = approved(kept, home)
    claim(kept, one.id, Turn(2, "outbox", NOW, PARIS), who="dead", now=NOW)
    app = visit(home)
    assert FR("letters.going.broken", n=4) in texts(app)
    assert not [button for button in app.button if button.key == key(one, "back")]
    ran(app.button(key=key(one, "resume")).click().run())
    assert finished(kept, app).counts == {DeliveryState.ACCEPTED: 4}


def test_while_a_sender_is_at_work_the_page_watches_and_can_stop_it(home: Path, kept: Ledger) -> None:
    """Elsewhere too: nothing can be begun beside it. Stopped, it goes on with a click."""
    one = approved(kept, home)
    with kept.alone(f"courrier-{one.id}"):
        batch = claim(kept, one.id, Turn(1, "outbox", NOW, PARIS), who="elsewhere", now=NOW)
        assert batch
        mark(kept, batch.batch, BatchOutcome.ACCEPTED, who="elsewhere", now=NOW)
        app = visit(home)
        assert not [button for button in app.button if button.key in (key(one, "send"), key(one, "resume"))]
        (bar,) = app.get("progress")
        assert bar.proto.value == 25
        assert FR("letters.going.progress", dealt=1, total=4) in bar.proto.text
        ran(app.button(key=key(one, "stop")).click().run())
        assert courrier(kept, "2020-12").state is CourrierState.STOPPED
    ran(app.run())
    assert FR("letters.going.is_stopped", n=3) in texts(app)
    ran(app.button(key=key(one, "resume")).click().run())
    assert finished(kept, app).counts == {DeliveryState.ACCEPTED: 4}


def test_why_a_run_ended_early_is_said_with_the_remedy(home: Path, kept: Ledger) -> None:
    """A folder that cannot be written, say; once it can, one goes on."""
    one = approved(kept, home)
    (home / "outbox").mkdir(exist_ok=True)
    blocking = home / "outbox" / "2020-12"
    for file in blocking.glob("*"):
        file.unlink()
    if blocking.exists():
        blocking.rmdir()
    blocking.write_text("in the way")
    app = visit(home)
    ran(app.button(key=key(one, "send")).click().run())
    finished(kept, app)
    ran(app.run())
    assert "free some space, then resume" in texts(app)
    blocking.unlink()
    ran(app.button(key=key(one, "resume")).click().run())
    assert finished(kept, app).counts == {DeliveryState.ACCEPTED: 4}
    ran(app.run())
    assert not app.error


def unknown(ledger: Ledger, home: Path) -> CourrierKept:
    """A courrier of which nobody knows for three days whether it went, while another message was heard of."""
    one = approved(ledger, home)
    batch = claim(ledger, one.id, Turn(9, "sendgrid", NOW, PARIS), who="a", now=NOW)
    assert batch
    mark(ledger, batch.batch, BatchOutcome.UNKNOWN, "no answer within 30 s", who="a", now=NOW)
    return courrier(ledger, "2020-12")


def test_what_nobody_knows_is_explained_and_is_not_sent_again(home: Path, kept: Ledger) -> None:
    """Neither by itself nor by a button, before the 72 hours are over."""
    unknown(kept, home)
    app = visit(home)
    assert FR("letters.unknown.said", n=4) in texts(app)
    assert app.metric[4].value == "4"
    assert not [button for button in app.button if button.key and button.key.endswith((".resume", ".send"))]


def test_what_was_not_accepted_is_sent_again_only_by_a_decision(home: Path, kept: Ledger) -> None:
    """With the evidence before one's eyes, and a tick."""
    one = unknown(kept, home)
    later = NOW + timedelta(hours=80)
    with kept.writing("a", later) as work:
        work.add(Webhook(kind=WebhookKind.SENDGRID, sha256="of another message", raw=b"[]", received_at=later))
    assert settle_unknown(kept, who="a", now=later) == 4
    app = visit(home)
    assert FR("letters.again.batch", n=4, at=NOW.astimezone(PARIS)) in texts(app)
    form = key(one, "again")
    ran(app.button(key=submit(app, form)).click().run())
    assert courrier(kept, "2020-12").counts == {DeliveryState.NOT_ACCEPTED: 4}
    app.checkbox(key=f"{form}.sure").check()
    ran(app.button(key=submit(app, form)).click().run())
    assert finished(kept, app).counts == {DeliveryState.ACCEPTED: 4}


# -------------------------------------------------------------------------------------------------------- who sees what


@pytest.mark.parametrize("role", ["viewer", "analyst", "community", "admin"])
def test_texts_and_names_are_for_those_who_look_after_the_programme(home: Path, kept: Ledger, role: str) -> None:
    """Others see how many courriers there are, and why they see no more."""
    drafted(kept, name="2020-11")
    approved(kept, home)
    seen = everything(visit(home, role=role)) + everything(visit(home, role=role, courrier="2020-11"))
    may = role in ("community", "admin")
    assert ("Anne Petit" in seen) is may
    assert ("voici des nouvelles" in seen) is may
    assert (FR("letters.people_needed") in seen) is not may
    assert bool(visit(home, role=role).button) is may


def test_without_a_ledger_the_page_says_what_to_do(home: Path, kept: Ledger) -> None:  # noqa: ARG001
    """As the other pages of the programme do."""
    assert FR("empty.programme_ledger.title") in texts(visit(home, reached=False))


def test_english_shows_no_french(home: Path, kept: Ledger) -> None:
    """Every word of the page is in the visitor's language."""
    drafted(kept, BAD)
    said = texts(visit(home, language="en"))
    assert "Nothing to put right" not in said
    assert "1 point to put right" in said
    assert "corriger" not in said


# --------------------------------------------------------------------------------------------------------- reminders


def asked(ledger: Ledger) -> None:
    """Three of the four were asked ten days ago and have not answered; one of them wants no reminders."""
    campaign = CampaignKept(
        CampaignKind.QUESTIONNAIRE, "win2020q", "2020-2021-Q2", date(2020, 12, 5), frozenset({1, 2, 3})
    )
    set_campaign(ledger, campaign, who="a", now=NOW)
    set_consent(ledger, 2, Purpose.REMINDERS, False, "téléphone", who="a", now=NOW)


def popovers(app: AppTest) -> list[str]:
    """What is a click away."""
    return [str(box.proto.popover.label) for box in app.get("popover")]


def test_the_reminders_that_are_due_go_out_with_one_decision(home: Path, kept: Ledger) -> None:
    """The names before, a tick, each once; whoever said no is not among them, and a second click finds nobody."""
    asked(kept)
    app = visit(home, page="followups")
    assert FR("letters.reminders.open", n=2) in popovers(app)
    app.session_state["reminders.open"] = True
    ran(app.run())
    assert "Anne Petit" in texts(app)
    ran(app.button(key=submit(app, "reminders.form")).click().run())
    assert not courriers(kept)
    app.checkbox(key="reminders.sure").check()
    ran(app.button(key=submit(app, "reminders.form")).click().run())
    assert FR("letters.reminders.done", n=2) in texts(app)
    (one,) = courriers(kept)
    finished(kept, app, one.name)
    assert [(row.name, row.state) for row in deliveries(kept, one.id)] == [
        ("Anne Petit", DeliveryState.ACCEPTED), ("Chloé Roux", DeliveryState.ACCEPTED),
    ]  # fmt: skip
    ran(app.run())
    assert FR("letters.reminders.open", n=2) not in popovers(app)
