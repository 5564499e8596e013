"""Reminders of the follow-up queue: each goes the courrier's way, with the person's own link to the questionnaire.

A rule about a questionnaire is one courrier, to which people are added as their turn comes: nobody is in it twice.
"""

from collections.abc import Sequence
from datetime import date, datetime

from workbench.ledger import Ledger
from workbench.ledger.courriers import (
    Chosen,
    CourrierKept,
    CourrierUnknown,
    add_recipients,
    approve,
    courrier,
    set_courrier,
)
from workbench.ledger.programme import campaigns
from workbench.ledger.recipients import When, hindered, quiet_since
from workbench.ledger.states import CourrierState, MailKind
from workbench.surveys.followups import Action, Rule
from workbench.surveys.mail import compile_letter, read_letter
from workbench.surveys.programme import Queued, queue
from workbench.surveys.sending import Terms
from workbench.text import Words


def approve_reminders(ledger: Ledger, terms: Terms, sender: str, *, today: date, who: str, now: datetime) -> list[str]:
    """Make the reminders ready that are due and do not wait: one courrier a rule and questionnaire; gives their names.

    Whoever was sent one already is not sent it again, however often this is run.
    """
    by_name: dict[str, list[Queued]] = {}
    for one in reminders_due(ledger, terms, today=today, now=now):
        by_name.setdefault(reminder_name(one.rule, one.about), []).append(one)
    for name, mine in by_name.items():
        _approve_reminder(ledger, name, mine, terms, sender, who, now)
    return list(by_name)


def reminders_due(ledger: Ledger, terms: Terms, *, today: date, now: datetime) -> list[Queued]:
    """The reminders that are due, do not wait, and have nothing against them."""
    due = [one for one in queue(ledger, today, terms.cooldown_days, terms.zone) if _goes_now(one)]
    when = When(today, terms.quarter, terms.zone, quiet_since(now, terms.cooldown_days))
    against = hindered(ledger, MailKind.REMINDER, {one.person for one in due}, when)
    return [one for one in due if against.get(one.person) is None and one.email]


def _goes_now(one: Queued) -> bool:
    return one.rule.action is Action.REMINDER and one.wait is None


def reminder_name(rule: Rule, about: str) -> str:
    """The name of the courrier that a reminder goes out in."""
    return f"{rule.name}-{about.replace(':', '-')}".lower()


def _approve_reminder(
    ledger: Ledger, name: str, due: Sequence[Queued], terms: Terms, sender: str, who: str, now: datetime
) -> None:
    chosen = [Chosen(one.email or "", one.person, one.rule.name, one.about) for one in due]
    kept = _known(ledger, name)
    if kept is not None and kept.state is not CourrierState.DRAFT:
        add_recipients(ledger, kept, chosen, who=who, now=now)
        return
    words = Words(terms.language)
    source = reminder_source(ledger, due[0], words)
    if kept is None:
        set_courrier(ledger, CourrierKept(name, source, MailKind.REMINDER), who=who, now=now)
        kept = courrier(ledger, name)
    content = {"letter": compile_letter(read_letter(source), words, sender).as_json(), "sender": sender}
    approve(ledger, kept, content, chosen, None, who=who, now=now)


def _known(ledger: Ledger, name: str) -> CourrierKept | None:
    try:
        return courrier(ledger, name)
    except CourrierUnknown:
        return None


def reminder_source(ledger: Ledger, one: Queued, words: Words) -> str:
    """What a reminder says, as a letter: its text, and the questionnaire it is about."""
    form = next(each.form for each in campaigns(ledger) if f"questionnaire:{each.id}" == one.about)
    heading = words(f"courrier.reminder.{one.rule.name}.subject")
    text = words(f"courrier.reminder.{one.rule.name}.text")
    return f"---\nsubject: {heading}\n---\n{text}\n\n:::questionnaire form={form}\n:::\n"
