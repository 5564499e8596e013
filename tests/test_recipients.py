"""Whom a courrier and a reminder are for, what stands against it, and that nobody is reminded twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sendgrid_server import KEY, SendGridServer, sendgrid_server
from sending_desk import PARIS, SENDER, SOURCE, Clock, counted, sent, states
from test_people import add
from test_programme import LEA, Q1, TOM, ambassadors, answer, campaign, noon
from tiny import NOW

from workbench.ledger import Ledger
from workbench.ledger.benefits import BenefitKept, set_benefit
from workbench.ledger.bugs import bugs, report_bug, set_bug_state
from workbench.ledger.courriers import CourrierKept, courrier, courriers, set_courrier
from workbench.ledger.deliveries import deliveries
from workbench.ledger.facts import programme_facts
from workbench.ledger.mail_events import suppress
from workbench.ledger.people import PersonState, people, set_consent, set_person
from workbench.ledger.programme import accept_charter, add_interaction
from workbench.ledger.recipients import Audience, Recipient, When, hindered, recipients
from workbench.ledger.states import (
    AudienceName,
    BenefitKind,
    BenefitState,
    BugState,
    FollowUpState,
    Hindrance,
    InteractionKind,
    MailKind,
    PersonStatus,
    Purpose,
    SuppressionKind,
)
from workbench.surveys.courrier import approve_courrier, preview
from workbench.surveys.programme import queue
from workbench.surveys.readers import Addresses
from workbench.surveys.reminders import approve_reminders
from workbench.surveys.sendgrid import SendGrid
from workbench.surveys.sending import Sent, Terms

OUT = date(2020, 10, 5)
DUE = OUT + timedelta(days=7)
DAY = timedelta(days=1)
TERMS = Terms(PARIS, Q1, "fr", Addresses("https://w.klassroom.test"), 5)


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    """An imitation of SendGrid."""
    with sendgrid_server() as running:
        yield running


@pytest.fixture
def carrier(server: SendGridServer) -> SendGrid:
    """The way to it."""
    return SendGrid(KEY, server.url, is_sandbox=False, is_sample=False)


def in_test(person: PersonState) -> PersonState:
    """The same with an address that SendGrid may be given."""
    return replace(person, email=(person.email or "").replace(".example", ".test"))


def moment(day: date) -> datetime:
    """A morning."""
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC)


def when(day: date) -> When:
    """A day's morning, with five days of quiet before it."""
    return When(day, Q1, PARIS, moment(day) - timedelta(days=5))


def of(ledger: Ledger, name: AudienceName, day: date = DUE, *academies: str) -> list[str]:
    """The names in an audience that nothing stands against."""
    found = recipients(ledger, Audience(name, academies), when(day))
    return [one.name for one in found if one.hindrance is None]


def remind(ledger: Ledger, carrier: SendGrid, day: date) -> list[Sent]:
    """Send what reminders are due on a day."""
    clock = Clock(moment(day))
    names = approve_reminders(ledger, TERMS, SENDER, today=day, who="diane", now=moment(day))
    return [sent(ledger, carrier, name, clock) for name in names]


# ---------------------------------------------------------------------------------------------------------- audiences


def test_each_audience_is_who_it_says(ledger: Ledger) -> None:
    """Active; not yet answered this quarter; charter unsigned; a benefit that ends; in some académies only."""
    candidate = PersonState("Zoé Neuve", "zoe@ecole.test", academie="Créteil", status=PersonStatus.CANDIDATE)
    found = add(ledger, replace(in_test(LEA), academie="Versailles"), in_test(TOM), candidate)
    lea, tom, zoe = (one.id for one in found)
    campaign(ledger, OUT, Q1, lea, tom)
    answer(ledger, tom, noon(OUT + DAY))
    by_id = {one.id: one for one in people(ledger)}
    accept_charter(ledger, lea, "2020", OUT, by_id[lea].version, who="diane", now=NOW)
    ending = BenefitKept(tom, BenefitKind.PLUS, BenefitState.GIVEN, OUT, until=DUE + 30 * DAY)
    set_benefit(ledger, ending, who="diane", now=NOW)
    later = BenefitKept(lea, BenefitKind.PLUS, BenefitState.GIVEN, OUT, until=DUE + 31 * DAY)
    set_benefit(ledger, later, who="diane", now=NOW)
    assert of(ledger, AudienceName.ACTIVE) == [LEA.name, TOM.name]
    assert of(ledger, AudienceName.UNANSWERED) == [LEA.name]
    assert of(ledger, AudienceName.CHARTER_UNSIGNED) == [TOM.name, "Zoé Neuve"]
    assert of(ledger, AudienceName.BENEFITS_ENDING) == [TOM.name]
    assert of(ledger, AudienceName.ACTIVE, DUE, "Versailles", "Créteil") == [LEA.name]
    assert zoe


def test_an_answer_of_before_the_questionnaire_went_out_is_none(ledger: Ledger) -> None:
    """The same form may go out again in another quarter: what counts is an answer since."""
    (lea,) = ambassadors(ledger, in_test(LEA))
    answer(ledger, lea, noon(OUT - DAY))
    campaign(ledger, OUT, Q1, lea)
    assert of(ledger, AudienceName.UNANSWERED) == [LEA.name]
    answer(ledger, lea, noon(OUT))
    assert of(ledger, AudienceName.UNANSWERED) == []


def refuse(ledger: Ledger, number: int) -> None:
    """They want no courrier."""
    set_consent(ledger, number, Purpose.COURRIER, False, "one click", who="reader", now=NOW)


def bounce(ledger: Ledger, number: int) -> None:
    """Their address does not work."""
    email = next(one.email for one in people(ledger) if one.id == number) or ""
    suppress(ledger, [(email, SuppressionKind.BOUNCE)], "event", who="test", now=NOW)


def lose_address(ledger: Ledger, number: int) -> None:
    """Nobody knows their address."""
    person = next(one for one in people(ledger) if one.id == number)
    set_person(ledger, replace(person, email=None), who="diane", now=NOW)


@pytest.mark.parametrize(
    ("happens", "why"),
    [(refuse, Hindrance.REFUSED), (bounce, Hindrance.SUPPRESSED), (lose_address, Hindrance.NO_ADDRESS)],
)
def test_what_stands_against_a_courrier_is_said_with_the_name(
    ledger: Ledger, happens: Callable[[Ledger, int], None], why: Hindrance
) -> None:
    """Whoever is held back is shown with the reason, not left out in silence."""
    lea, tom = ambassadors(ledger, in_test(LEA), in_test(TOM))
    happens(ledger, lea)
    found = {one.person: one.hindrance for one in recipients(ledger, Audience(), when(DUE))}
    assert found == {lea: why, tom: None}


def test_the_last_word_about_a_purpose_counts_and_a_corrected_address_is_free(ledger: Ledger) -> None:
    """Who came back gets it again; a bounce holds the address, not the person."""
    (lea,) = ambassadors(ledger, in_test(LEA))
    refuse(ledger, lea)
    set_consent(ledger, lea, Purpose.COURRIER, True, "preferences", who="reader", now=NOW + DAY)
    bounce(ledger, lea)
    assert recipients(ledger, Audience(), when(DUE))[0].hindrance is Hindrance.SUPPRESSED
    person = people(ledger)[0]
    set_person(ledger, replace(person, email="new@ecole.test"), who="diane", now=NOW)
    assert recipients(ledger, Audience(), when(DUE)) == [Recipient(lea, LEA.name, "new@ecole.test", None)]


def test_the_cool_down_holds_reminders_and_never_the_courrier(ledger: Ledger) -> None:
    """Five days after any mail; consent to reminders and to questionnaires is asked for too."""
    lea, tom = ambassadors(ledger, in_test(LEA), in_test(TOM))
    add_interaction(ledger, lea, InteractionKind.MAIL, moment(DUE) - 2 * DAY, "", who="diane", now=NOW)
    set_consent(ledger, tom, Purpose.QUESTIONNAIRES, False, "preferences", who="reader", now=NOW)
    assert hindered(ledger, MailKind.REMINDER, [lea, tom], when(DUE)) == {
        lea: Hindrance.COOLDOWN,
        tom: Hindrance.REFUSED,
    }
    assert hindered(ledger, MailKind.COURRIER, [lea, tom], when(DUE)) == {lea: None, tom: None}
    assert hindered(ledger, MailKind.REMINDER, [lea], when(DUE + 4 * DAY)) == {lea: None}


# ---------------------------------------------------------------------------------------------------------- reminders


def test_a_reminder_goes_out_once_with_the_persons_own_link_and_is_done(
    ledger: Ledger, carrier: SendGrid, server: SendGridServer
) -> None:
    """However often it is run; the next rule is another reminder, after the cool-down."""
    lea, tom = ambassadors(ledger, in_test(LEA), in_test(TOM))
    campaign(ledger, OUT, Q1, lea, tom)
    answer(ledger, tom, noon(OUT + DAY))
    assert remind(ledger, carrier, DUE) == [Sent(accepted=1)]
    assert remind(ledger, carrier, DUE) == []
    assert queue(ledger, DUE, 5, PARIS) == []
    [one] = server.bodies[0]["personalizations"]
    assert one["to"] == [{"email": "lea@ecole.test"}]
    assert any("form.typeform.com/to/" in value and "#a=" in value for value in one["substitutions"].values())
    kept = [(each.person, each.rule, each.state) for each in programme_facts(ledger).follow_ups]
    assert kept == [(lea, "first_reminder", FollowUpState.DONE)]
    assert remind(ledger, carrier, DUE + 7 * DAY) == [Sent(accepted=1)]
    assert {one.name for one in courriers(ledger)} == {
        "first_reminder-questionnaire-1",
        "second_reminder-questionnaire-1",
    }
    assert set(server.accepted.values()) == {1}


def test_who_becomes_due_later_is_added_and_nobody_else_gets_it_again(
    ledger: Ledger, carrier: SendGrid, server: SendGridServer
) -> None:
    """A rule about a questionnaire is one courrier: a person is in it once."""
    lea, tom = ambassadors(ledger, in_test(LEA), in_test(TOM))
    campaign(ledger, OUT, Q1, lea, tom)
    add_interaction(ledger, tom, InteractionKind.MAIL, moment(DUE) - DAY, "", who="diane", now=NOW)
    assert remind(ledger, carrier, DUE) == [Sent(accepted=1)]
    assert remind(ledger, carrier, DUE + 4 * DAY) == [Sent(accepted=1)]
    assert sorted(address for [address] in server.to.values()) == ["lea@ecole.test", "tom@ecole.test"]


def test_a_reminder_of_which_nobody_knows_is_not_due_again(
    ledger: Ledger, carrier: SendGrid, server: SendGridServer
) -> None:
    """It may have arrived: it is neither shown as to do nor sent again."""
    (lea,) = ambassadors(ledger, in_test(LEA))
    campaign(ledger, OUT, Q1, lea)
    server.moods = lambda _: "accept and hang up"
    assert remind(ledger, carrier, DUE) == [Sent(unknown=1)]
    assert queue(ledger, DUE, 5, PARIS) == []
    assert remind(ledger, carrier, DUE) == []
    assert server.asked == 1


def test_who_answered_meanwhile_is_not_reminded(ledger: Ledger, carrier: SendGrid, server: SendGridServer) -> None:
    """It is asked again when the turn of a message comes."""
    (lea,) = ambassadors(ledger, in_test(LEA))
    campaign(ledger, OUT, Q1, lea)
    [name] = approve_reminders(ledger, TERMS, SENDER, today=DUE, who="diane", now=moment(DUE))
    answer(ledger, lea, noon(DUE))
    assert sent(ledger, carrier, name, Clock(moment(DUE))) == Sent(withheld=1)
    assert [one.reason for one in deliveries(ledger, courrier(ledger, name).id)] == ["answered"]
    assert server.asked == 0


def test_a_reminder_near_a_courrier_rides_in_it(ledger: Ledger, carrier: SendGrid, server: SendGridServer) -> None:
    """Two mails in two days are one too many: the courrier carries the link, and the reminder is done with it."""
    lea, tom = ambassadors(ledger, in_test(LEA), in_test(TOM))
    campaign(ledger, OUT, Q1, lea, tom)
    answer(ledger, tom, noon(OUT + DAY))
    source = SOURCE.replace("audience: active", f"audience: active\ndate: {DUE + 3 * DAY}")
    source = source[: source.index(":::questionnaire")]
    set_courrier(ledger, CourrierKept("2020-10", source), who="diane", now=NOW)
    assert remind(ledger, carrier, DUE) == []
    [waiting] = queue(ledger, DUE, 5, PARIS)
    assert waiting.wait is not None
    assert (waiting.wait.rides, waiting.wait.until) == (True, DUE + 3 * DAY)
    on = DUE + 3 * DAY
    approve_courrier(
        ledger, courrier(ledger, "2020-10"), TERMS, SENDER, None, confirmed=True, today=on, who="diane", now=moment(on)
    )
    assert sent(ledger, carrier, "2020-10", Clock(moment(on))) == Sent(accepted=2)
    links = {
        one["to"][0]["email"]: any("form.typeform.com" in value for value in one["substitutions"].values())
        for one in server.bodies[0]["personalizations"]
    }
    assert links == {"lea@ecole.test": True, "tom@ecole.test": False}
    assert queue(ledger, on, 5, PARIS) == []
    assert [(each.person, each.state) for each in programme_facts(ledger).follow_ups] == [(lea, FollowUpState.DONE)]
    assert counted(states(ledger, "2020-10").values()) == {"accepted": 2}


def test_a_fixed_bug_is_told_in_the_next_courrier_of_who_reported_it_and_once(
    ledger: Ledger, carrier: SendGrid
) -> None:
    """Nobody else reads of it, and the courrier after that is silent about it."""
    lea, tom = ambassadors(ledger, in_test(LEA), in_test(TOM))
    number = report_bug(ledger, lea, "La photo tourne", who="diane", now=NOW)
    for state in (BugState.SENT, BugState.FIXED):
        version = next(one.version for one in bugs(ledger) if one.id == number)
        set_bug_state(ledger, number, state, version, who="jane", now=moment(DUE))
    source = SOURCE + ":::bugs\n:::\n"
    on = DUE + DAY

    def seen(person: int) -> str:
        return preview(ledger, source, person, TERMS, SENDER).text

    assert "La photo tourne" in seen(lea)
    assert "La photo tourne" not in seen(tom)
    set_courrier(ledger, CourrierKept("2020-10", source), who="diane", now=NOW)
    approve_courrier(
        ledger, courrier(ledger, "2020-10"), TERMS, SENDER, None, confirmed=True, today=on, who="diane", now=moment(on)
    )
    sent(ledger, carrier, "2020-10", Clock(moment(on)))
    assert "La photo tourne" not in seen(lea)
