"""The page of the follow-ups: what is due stands there, each click is kept and can be taken back, names are for few."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from shown_cells import read_cells
from streamlit.testing.v1 import AppTest
from tiny import NOW, etl, settings, write_csv

import workbench
from workbench.ledger import Ledger, ledger_of
from workbench.ledger.benefits import BenefitKept, Stock, benefits, goodies, set_benefit
from workbench.ledger.facts import programme_facts
from workbench.ledger.people import PersonState, people, set_person
from workbench.ledger.programme import CampaignKept, FollowUpKept, set_campaign, set_follow_up
from workbench.ledger.states import BenefitKind, BenefitState, CampaignKind, FollowUpState, PersonStatus
from workbench.sample.plan import draw_plan
from workbench.sample.programme import fill_programme
from workbench.surveys.programme import Queued, queue
from workbench.text import Words

FR = Words("fr")
TODAY = date(2020, 12, 15)
PARIS = ZoneInfo("Europe/Paris")
CHECKOUT = Path(workbench.__file__).parent
HOSTILE = "<b>Zoé</b> *Étoile* [lien](https://mal.example) :smile:"

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
from workbench.text import Words
home = Path({home!r})
words = Words({language!r})
if "ledger" not in st.session_state:
    st.session_state["ledger"] = ledger_of(settings(home)) if {reached} else None
st.session_state["visit"] = dict(
    warehouse=held_open(home), words=words, school_year="2020-2021", today=date(2020, 12, 15),
    asking=Asking(Role({role!r}), 5, date(2020, 9, 1), date(2020, 12, 14)),
    sheet=Screen(words), comparison="weekday", who="diane", ledger=st.session_state["ledger"],
)
runpy.run_path({page!r}, run_name="__main__")
"""


def build(folder: Path) -> Path:
    """A HOME with a build of one subscription, and the sample's programme beside its ledger."""
    usage = "event_id,occurred_at,user_id,event,role,country,class_id".split(",")
    write_csv(folder / "source/usage/a.csv", usage, [("e1", "2020-12-14T10:00:00Z", "u1", "sign_in", "", "FR", "k1")])
    terms = "subscription_id,class_id,plan,payer_type,starts_on,ends_on,price_eur,confort_famille,confort_price_eur"
    paid = ("s1", "k-plus", "plus", "ecole", "2020-09-10", "2021-09-10", "99", "oui", "30")
    write_csv(folder / "source/subscriptions/a.csv", terms.split(","), [paid])
    home = folder / "home"
    etl(home, folder / "source")
    ledger = ledger_of(settings(home))
    fill_programme(ledger, draw_plan(0.001, 1))
    ledger.close()
    shutil.move(home / "ledger.sqlite", home / "filled.sqlite")
    return home


def with_ledger(home: Path, filled: bool = True) -> Iterator[Ledger]:
    """The HOME's ledger as the sample has it, or one that holds nothing."""
    st.cache_data.clear()
    for file in home.glob("ledger.sqlite*"):
        file.unlink()
    if filled:
        shutil.copyfile(home / "filled.sqlite", home / "ledger.sqlite")
    ledger = ledger_of(settings(home))
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HOME of this file."""
    return build(tmp_path_factory.mktemp("followups"))


@pytest.fixture
def kept(home: Path) -> Iterator[Ledger]:
    """Its ledger with the sample's programme."""
    yield from with_ledger(home)


@pytest.fixture
def bare(home: Path) -> Iterator[Ledger]:
    """Its ledger, with nobody in it."""
    yield from with_ledger(home, filled=False)


def visit(
    home: Path,
    page: str = "followups",
    role: str = "community",
    reached: bool = True,
    language: str = "fr",
    **query: str,
) -> AppTest:
    """One visit by somebody of a role."""
    file = str(CHECKOUT / "pages" / f"{page}.py")
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
        *app.title, *app.subheader, *app.markdown, *app.caption, *app.text, *app.code,
        *app.warning, *app.error, *app.success,
    ]  # fmt: skip
    return "\n".join(str(element.value) for element in shown)


def everything(app: AppTest) -> str:
    """Words, tables and labels."""
    cells = [cell for table in app.table for row in read_cells(table) for cell in row]
    labels = [str(element.label) for element in [*app.button, *app.selectbox, *app.metric]]
    options = [str(option) for box in app.selectbox for option in box.options]
    return "\n".join([texts(app), *cells, *labels, *options])


def key_of(each: Queued) -> str:
    """What the keys of the widgets of something to do begin with."""
    return f"followups.{each.person}.{each.rule.name}.{each.about}.{each.version}"


def due(ledger: Ledger) -> list[Queued]:
    """What there is to do today."""
    return queue(ledger, TODAY, 5, PARIS)


def became(ledger: Ledger, each: Queued) -> FollowUpKept:
    """What is kept of something to do."""
    key = (each.person, each.rule.name, each.about)
    return next(kept for kept in programme_facts(ledger).follow_ups if (kept.person, kept.rule, kept.about) == key)


def one_silent(ledger: Ledger, name: str = HOSTILE, out_on: date = date(2020, 11, 20)) -> Queued:
    """Somebody who has not answered a questionnaire, and so the one thing to do."""
    person = set_person(ledger, PersonState(name, "zoe@ecole.example", since=date(2020, 9, 1)), who="a", now=NOW)
    campaign = CampaignKept(CampaignKind.QUESTIONNAIRE, "f1", "2020-2021-Q1", out_on, frozenset({person}))
    set_campaign(ledger, campaign, who="a", now=NOW)
    (each,) = due(ledger)
    return each


def test_the_figures_count_what_the_rules_find(home: Path, kept: Ledger) -> None:
    """What waits is not to do now; the calls are of what is to do now."""
    found = due(kept)
    now = [each for each in found if each.wait is None]
    assert 0 < len(now) < len(found)
    set_follow_up(
        kept, FollowUpKept(now[0].person, now[0].rule.name, now[0].about, now[0].since, FollowUpState.DONE),
        who="a", now=NOW,
    )  # fmt: skip
    metrics = [metric.value for metric in visit(home).metric]
    assert metrics == [str(len(now) - 1), "0", str(len(found) - len(now)), "1"]


def test_the_longest_due_come_first_and_the_rest_is_in_the_table(home: Path, kept: Ledger) -> None:
    """Twenty cards however many there are; the table has everybody."""
    found, app = due(kept), visit(home)
    done = [button.key for button in app.button if button.key and button.key.endswith(".done")]
    assert done == [f"{key_of(each)}.done" for each in found[:20]]
    assert [row[0] for row in read_cells(app.table[0])] == [each.name for each in found]
    assert FR("followups.rest", n=len(found) - 20) in texts(app)


def test_a_card_says_who_why_since_when_and_what_to_write(home: Path, bare: Ledger) -> None:
    """With the days that went by, and a link to the whole story."""
    each, app = one_silent(bare, "Zoé Martin"), visit(home)
    assert f"[Zoé Martin](/ambassadors?person={each.person})" in texts(app)
    assert "zoe@ecole.example" in [text.value for text in app.text]
    assert each.told(FR)["why"] in texts(app)
    assert FR("followups.since", day=date(2020, 12, 11), n=4) in texts(app)
    assert [code.value for code in app.code] == [each.told(FR)["suggestion"]]


def test_a_rule_in_the_address_shows_its_own_only(home: Path, kept: Ledger) -> None:
    """And one that there is not shows all."""
    risky = [each.name for each in due(kept) if each.rule.name == "at_risk"]
    assert [row[0] for row in read_cells(visit(home, rule="at_risk").table[0])] == risky
    assert len(read_cells(visit(home, rule="nonsense").table[0])) == len(due(kept))


def test_done_is_one_click_and_undo_another(home: Path, kept: Ledger) -> None:
    """It is kept with who did it, the page says so, and what is undone is to do as before."""
    first, app = due(kept)[0], visit(home)
    ran(app.button(key=f"{key_of(first)}.done").click().run())
    assert became(kept, first).state is FollowUpState.DONE
    assert first not in due(kept)
    assert FR("followups.became.done", name=first.name, what=FR(first.rule.label)) in app.success[0].value
    ran(app.button(key="followups.undo").click().run())
    assert became(kept, first).state is FollowUpState.OPEN
    assert (due(kept)[0].person, due(kept)[0].about) == (first.person, first.about)
    assert not [button for button in app.button if button.key == "followups.undo"]


def test_what_happened_is_said_where_it_was_done(home: Path, kept: Ledger) -> None:
    """Far down a list one would not see it above; the last of all says it too."""
    third, app = due(kept)[2], visit(home)
    ran(app.button(key=f"{key_of(third)}.done").click().run())
    keys = [button.key for button in app.button]
    left = due(kept)
    assert keys.index(f"{key_of(left[1])}.done") < keys.index("followups.undo") < keys.index(f"{key_of(left[2])}.done")


def test_the_last_of_all_can_be_undone_too(home: Path, bare: Ledger) -> None:
    """Where nothing is left to do, what was done last is still said."""
    each, app = one_silent(bare), visit(home)
    ran(app.button(key=f"{key_of(each)}.done").click().run())
    assert FR("empty.followups.title") in texts(app)
    ran(app.button(key="followups.undo").click().run())
    assert [each.person for each in due(bare)] == [each.person]


def test_what_is_put_off_comes_back_on_its_day(home: Path, kept: Ledger) -> None:
    """By three days, a week, or until a day of one's own."""
    first, second = due(kept)[:2]
    app = visit(home)
    app.session_state[f"{key_of(first)}.later"] = True
    app.session_state[f"{key_of(second)}.later"] = True
    ran(app.run())
    ran(app.button(key=f"{key_of(first)}.7").click().run())
    assert (became(kept, first).state, became(kept, first).snoozed_until) == ("snoozed", date(2020, 12, 22))
    app.date_input(key=f"{key_of(second)}.until").set_value(date(2021, 1, 4))
    app.button(key=submit(app, f"{key_of(second)}.day")).click()
    ran(app.run())
    assert became(kept, second).snoozed_until == date(2021, 1, 4)
    assert first.person not in [each.person for each in due(kept) if each.about == first.about]


def submit(app: AppTest, form: str) -> str:
    """The key of the button that sends a form."""
    (key,) = [button.key for button in app.button if button.key and f"{form}-" in button.key]
    return str(key)


def test_what_is_dismissed_keeps_its_reason_and_can_be_taken_up_again(home: Path, kept: Ledger) -> None:
    """Days later too: it stands in the list of what was dealt with."""
    first, app = due(kept)[0], visit(home)
    app.session_state[f"{key_of(first)}.never"] = True
    ran(app.run())
    app.text_input(key=f"{key_of(first)}.reason").input("en congé maternité")
    ran(app.button(key=submit(app, f"{key_of(first)}.dismissal")).click().run())
    state = became(kept, first)
    assert (state.state, state.reason) == ("dismissed", "en congé maternité")
    app = visit(home)
    assert "en congé maternité" in read_cells(app.table[1])[0]
    box = app.selectbox(key="followups.reopening")
    box.select(box.options[0])
    ran(app.button(key=submit(app, "followups.reopen")).click().run())
    assert became(kept, first).state is FollowUpState.OPEN


def test_the_second_of_two_who_click_is_told(home: Path, kept: Ledger) -> None:
    """What somebody else dealt with meanwhile is not written over."""
    first, app = due(kept)[0], visit(home)
    theirs = FollowUpKept(first.person, first.rule.name, first.about, first.since, FollowUpState.DISMISSED)
    set_follow_up(kept, theirs, who="patrick", now=NOW)
    ran(app.button(key=f"{key_of(first)}.done").click().run())
    assert became(kept, first).state is FollowUpState.DISMISSED
    assert [error.value for error in app.error] == [FR("done.changed")]


def test_a_name_shows_as_it_was_typed(home: Path, bare: Ledger) -> None:
    """Neither as HTML nor as Markdown, in a card, in what is said after a click, and in the table."""
    each, app = one_silent(bare), visit(home)
    link = next(element.value for element in app.markdown if f"person={each.person}" in element.value)
    for sign in ("\\<b\\>", "\\*Étoile\\*", "\\[lien\\]\\(", "\\:smile\\:"):
        assert sign in link
    assert read_cells(app.table[0])[0][0] == HOSTILE
    ran(app.button(key=f"{key_of(each)}.done").click().run())
    assert "\\<b\\>" in app.success[0].value


@pytest.mark.parametrize("role", ["viewer", "analyst", "community", "admin"])
def test_names_and_buttons_are_for_those_who_may_see_people(home: Path, kept: Ledger, role: str) -> None:
    """Others see how much there is to do by rule, and why they see no more."""
    app, first = visit(home, role=role), due(kept)[0]
    may = role in ("community", "admin")
    assert (first.name in everything(app)) is may
    assert ((first.email or "") in everything(app)) is may
    assert (FR("programme.people_needed") in texts(app)) is not may
    assert bool(app.button) is may
    if not may:
        counted = dict(read_cells(app.table[0]))
        assert counted[FR("followup.rule.at_risk")] == str(sum(each.rule.name == "at_risk" for each in due(kept)))


def test_with_nothing_to_do_the_page_says_so(home: Path, bare: Ledger) -> None:
    """An empty queue is good news, not an empty table."""
    assert not due(bare)
    assert FR("empty.followups.title") in texts(visit(home))


def test_without_a_ledger_the_page_says_what_to_do(home: Path, kept: Ledger) -> None:  # noqa: ARG001
    """The people are somewhere else."""
    app = visit(home, reached=False)
    assert FR("empty.programme_ledger.title") in texts(app)
    assert not app.table


def test_english_shows_no_french(home: Path, kept: Ledger) -> None:  # noqa: ARG001
    """Rules, reasons and buttons are in the visitor's language."""
    said = texts(visit(home, language="en"))
    assert "Second reminder" in said
    assert "relance" not in said.lower()


# -------------------------------------------------------------------------------------------------------- benefits


def test_plus_is_compared_with_the_subscriptions_on_a_click(home: Path, bare: Ledger) -> None:
    """Who has it in no class of theirs is owed it; who has it is not on the list."""
    for name, classes in (("Anne", ("k-plus",)), ("Bea", ("k-other",))):
        set_person(bare, PersonState(name, since=date(2020, 9, 1), class_ids=classes), who="a", now=NOW)
    app = visit(home)
    assert FR("benefits.plus.unchecked") in texts(app)
    ran(app.button(key="benefits.check").click().run())
    assert {each.state for each in benefits(bare)} == {BenefitState.GIVEN, BenefitState.OWED}
    assert app.success[0].value == FR("benefits.plus.checked", owed=1, given=1, ended=0, changed=2)
    assert [row[:2] for row in read_cells(app.table[0])] == [["Bea", FR("benefits.state.owed")]]


def test_a_goody_is_sent_to_a_person_once_they_are_sure(home: Path, kept: Ledger) -> None:
    """The stock goes down by one; without the tick nothing is sent."""
    person, app = people(kept)[0], visit(home)
    for sure in (False, True):
        app.selectbox(key="benefits.send.person").set_value(person.id)
        app.selectbox(key="benefits.send.item").set_value("Badge ambassadeur")
        if sure:
            app.checkbox(key="benefits.send.sure").check()
        ran(app.button(key=submit(app, "benefits.send")).click().run())
        assert [each.person for each in benefits(kept)] == [person.id] * sure
    assert next(each.left for each in goodies(kept) if each.item == "Badge ambassadeur") == 119


def test_a_goody_that_is_gone_is_noted_as_waiting(home: Path, kept: Ledger) -> None:
    """Nothing is sent out of an empty box, and the page says so."""
    person, app = people(kept)[0], visit(home)
    app.selectbox(key="benefits.send.person").set_value(person.id)
    app.selectbox(key="benefits.send.item").set_value("Affiche de la classe")
    app.checkbox(key="benefits.send.sure").check()
    ran(app.button(key=submit(app, "benefits.send")).click().run())
    assert [each.state for each in benefits(kept)] == [BenefitState.OUT_OF_STOCK]
    assert app.success[0].value == FR("benefits.goodies.lacking", name=person.name, item="Affiche de la classe")


def test_a_stock_is_counted_again_and_the_count_can_be_undone(home: Path, kept: Ledger) -> None:
    """What was there before comes back."""
    app, badge = visit(home), Stock("Badge ambassadeur", 120, 1)
    assert badge in goodies(kept)
    app.selectbox(key="benefits.stock.3.item").set_value("Badge ambassadeur")
    app.number_input(key="benefits.stock.3.left").set_value(7)
    ran(app.button(key=submit(app, "benefits.stock.3")).click().run())
    assert Stock("Badge ambassadeur", 7, 2) in goodies(kept)
    ran(app.button(key="followups.undo").click().run())
    assert Stock("Badge ambassadeur", 120, 3) in goodies(kept)


def test_the_annual_event_is_counted_by_answer_or_said_not_to_be(home: Path, kept: Ledger) -> None:
    """2020 had none."""
    assert FR("benefits.event.none", year="2020") in texts(visit(home))
    for place, state in enumerate((BenefitState.INVITED, BenefitState.INVITED, BenefitState.DECLINED)):
        person = people(kept)[place].id
        set_benefit(kept, BenefitKept(person, BenefitKind.EVENT, state, TODAY, item="Rencontre 2020"), who="a", now=NOW)
    app = visit(home)
    assert read_cells(app.table[-1]) == [["Invités", "2"], ["Ne viennent pas", "1"]]


def test_everybody_active_is_invited_at_once_and_an_answer_can_be_undone(home: Path, kept: Ledger) -> None:
    """Nobody is invited twice, nor before somebody is sure; who comes is one choice, and back again another."""
    app = visit(home)
    active = {one.id for one in people(kept) if one.status is PersonStatus.ACTIVE}
    ran(app.button(key=submit(app, "benefits.event.0")).click().run())
    assert events(kept) == {}
    app.checkbox(key="benefits.event.0.sure").check()
    ran(app.button(key=submit(app, "benefits.event.0")).click().run())
    assert events(kept) == dict.fromkeys(active, BenefitState.INVITED)
    assert FR("benefits.event.invited", n=len(active), name="KED 2020") in texts(app)
    (mine,) = [each for each in benefits(kept) if each.person == min(active) and each.kind is BenefitKind.EVENT]
    key = f"benefits.answer.{len(active)}"
    app.selectbox(key=f"{key}.whose").set_value(mine.id)
    app.selectbox(key=f"{key}.state").set_value("accepted")
    ran(app.button(key=submit(app, key)).click().run())
    assert events(kept)[mine.person] is BenefitState.ACCEPTED
    ran(app.button(key="followups.undo").click().run())
    assert events(kept) == dict.fromkeys(active, BenefitState.INVITED)


def events(ledger: Ledger) -> dict[int, BenefitState]:
    """Who was invited to the event, and what they said."""
    return {each.person: each.state for each in benefits(ledger) if each.kind is BenefitKind.EVENT}
