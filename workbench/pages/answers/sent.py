"""Envois: which form went out when and to how many; and how answers come in, by themselves or as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import streamlit as st

from workbench.ledger import Ledger
from workbench.ledger.people import people
from workbench.ledger.programme import CampaignKept, campaigns, set_campaign
from workbench.ledger.states import CampaignKind, PersonStatus
from workbench.ledger.surveys import forms
from workbench.pages import Page, Written
from workbench.pages.answers import Done, attempt, outcome, quarter, zone
from workbench.surveys.charter import quarter_days, quarter_of
from workbench.surveys.saved import import_file


def show_sent(page: Page, ledger: Ledger) -> None:
    """What was sent out, the forms to add to it and to correct a day, and the import of answers."""
    page.section("campaigns")
    titles = {form.form_id: form.title for form in forms(ledger)}
    known = campaigns(ledger)[::-1]
    if known:
        table(page, known, titles)
    else:
        page.empty("empty.campaigns")
    with page.sheet.grid(2, 280):
        add(page, ledger, titles)
        if known:
            correct(page, ledger, known, titles)
    arrivals(page, ledger, titles)


def table(page: Page, known: Sequence[CampaignKept], titles: Mapping[str, str]) -> None:
    """What was sent out, the latest first."""
    words = page.words
    rows = {
        "form": [titles.get(each.form, each.form) for each in known],
        "campaign_kind": [words(f"campaigns.kind.{each.kind}") for each in known],
        "quarter": [quarter(page, each.quarter) for each in known],
        "out_on": [each.out_on for each in known],
        "asked": [len(each.asked) for each in known],
    }
    columns: dict[str, Written] = dict.fromkeys(("form", "campaign_kind", "quarter"), str)
    columns |= {"out_on": words.day, "asked": words.number}
    page.table(pl.DataFrame(rows), columns, words("section.campaigns.title"), "campaigns")


def _held(key: str) -> object:
    return st.session_state[f"campaigns.{key}"]


def add(page: Page, ledger: Ledger, titles: Mapping[str, str]) -> None:
    """The form for what was sent out on a day; asked are all who are ambassadors today."""
    words = page.words
    active = frozenset(person.id for person in people(ledger) if person.status is PersonStatus.ACTIVE)

    def keep() -> None:
        form, out_on = str(_held("form") or ""), _held("out_on")
        if isinstance(out_on, date):
            kind, when = CampaignKind(str(_held("kind"))), str(_held("quarter"))
            attempt(page, partial(_keep, page, ledger, CampaignKept(kind, form, when, out_on, active)))

    with st.form("campaigns.add"):
        st.markdown(f"**{words('campaigns.add')}**")
        st.selectbox(
            words("column.form"), list(titles), None, format_func=lambda form: titles.get(form, form),
            accept_new_options=True, placeholder=words("campaigns.form"), key="campaigns.form",
        )  # fmt: skip
        st.selectbox(
            words("column.campaign_kind"), list(CampaignKind), key="campaigns.kind",
            format_func=lambda kind: words(f"campaigns.kind.{kind}"),
        )  # fmt: skip
        st.selectbox(
            words("column.quarter"), _quarters(page.today), 1, format_func=partial(quarter, page),
            key="campaigns.quarter",
        )  # fmt: skip
        st.date_input(words("column.out_on"), page.today, format="DD/MM/YYYY", key="campaigns.out_on")
        st.caption(words("campaigns.to", n=len(active)))
        st.form_submit_button(words("campaigns.save"), on_click=keep)


def _quarters(today: date) -> list[str]:
    """The quarter before, this one and the next."""
    first, last = quarter_days(quarter_of(today))
    around = (date.fromordinal(first.toordinal() - 1), today, date.fromordinal(last.toordinal() + 1))
    return [quarter_of(day) for day in around]


def _keep(page: Page, ledger: Ledger, campaign: CampaignKept) -> Done:
    set_campaign(ledger, campaign, who=page.who, now=datetime.now(UTC))
    return Done(page.words("campaigns.kept", n=len(campaign.asked), day=campaign.out_on))


def correct(page: Page, ledger: Ledger, known: Sequence[CampaignKept], titles: Mapping[str, str]) -> None:
    """The form to correct the day on which something was sent out."""
    words = page.words
    by_name = {
        f"{titles.get(each.form, each.form)} · {quarter(page, each.quarter)} · {words.day(each.out_on)}": each
        for each in known
    }

    def keep() -> None:
        chosen, day = _held("correct"), _held("day")
        if chosen and isinstance(day, date):
            attempt(page, partial(_correct, page, ledger, by_name[str(chosen)], day))

    with st.form("campaigns.correction"):
        st.markdown(f"**{words('campaigns.correct')}**")
        st.selectbox(
            words("column.form"), list(by_name), None, placeholder=words("done.choose"), key="campaigns.correct"
        )
        st.date_input(words("column.out_on"), page.today, format="DD/MM/YYYY", key="campaigns.day")
        st.form_submit_button(words("campaigns.save"), on_click=keep)


def _correct(page: Page, ledger: Ledger, campaign: CampaignKept, day: date) -> Done:
    set_campaign(ledger, replace(campaign, out_on=day), who=page.who, now=datetime.now(UTC))
    now_so = replace(campaign, out_on=day, version=campaign.version + 1)
    said = page.words("campaigns.corrected", day=day)
    return Done(said, partial(_correct, page, ledger, now_so, campaign.out_on))


# -------------------------------------------------------------------------------------------------------- arrivals


def arrivals(page: Page, ledger: Ledger, titles: Mapping[str, str]) -> None:
    """How answers come in: by themselves, with a command, or as a file that was saved from Typeform."""
    words = page.words
    page.section("arrivals")
    outcome(page, "arrivals")

    def take() -> None:
        if file := st.session_state["arrivals.file"]:
            body, form = file.getvalue(), st.session_state["arrivals.form"]
            attempt(page, partial(_take, page, ledger, Path(file.name).name, body, form), "arrivals")

    with st.form("arrivals.import", clear_on_submit=True):
        st.file_uploader(words("arrivals.file"), ["csv", "json"], key="arrivals.file")
        st.selectbox(
            words("arrivals.form"), list(titles), None, format_func=titles.__getitem__,
            placeholder=words("done.choose"), key="arrivals.form",
        )  # fmt: skip
        st.form_submit_button(words("arrivals.import"), icon=":material/upload_file:", on_click=take)


def _take(page: Page, ledger: Ledger, name: str, body: bytes, form: str | None) -> Done:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(body)
        found = import_file(ledger, path, form=form, zone=zone(page), who=page.who, now=datetime.now(UTC))
    return Done(page.words("arrivals.taken", responses=found.responses, new=found.new, unmatched=found.unmatched))
