"""Académies: which have validated the app, whom to ask in the others, and where a validation would matter most."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.charts import academies as charts
from workbench.errors import WorkbenchError
from workbench.ledger import ChangedMeanwhile
from workbench.ledger.academies import (
    AcademieState,
    Contact,
    academies,
    remove_contact,
    set_contact,
    set_status,
)
from workbench.ledger.states import AcademieStatus, ContactFunction
from workbench.pages import Page, Written, opened
from workbench.pages.sheet import Figure

VALIDATED = (AcademieStatus.VALIDATED, AcademieStatus.IN_REGISTER)
"""What counts as validated: the register comes after the validation."""

STEPS_SHOWN = 50


def show(page: Page) -> None:
    """Figures, where it would matter most, every académie, contacts, history, and the forms that change them."""
    page.header()
    page.sheet.note(page.words("academies.scope"))
    if page.ledger is None:
        page.empty("empty.academies_ledger")
        return
    states = academies(page.ledger)
    rows = counted(page, states)
    figures(page, rows)
    if not page.missing("classes"):
        priorities(page, rows)
    everyone(page, rows)
    if may(page.asking.role, "people"):
        contacts(page, states)
    history(page, states)
    if page.sheet.interactive and may(page.asking.role, "people"):
        forms(page, states)


def counted(page: Page, states: list[AcademieState]) -> pl.DataFrame:
    """Each académie with its state and what it counts: academie, status, note, classes, awake, paying, members."""
    known = pl.DataFrame(
        {
            "academie": [state.academie for state in states],
            "status": [state.status.value for state in states],
            "note": [state.note for state in states],
        }
    )
    asking = replace(page.asking, countries=(), roles=())
    found = page.question("academies", asking)
    return (
        known.join(found, on="academie", how="left")
        .with_columns(pl.col("classes", "awake", "paying", "members").fill_null(0))
        .sort("members", "classes", "academie", descending=[True, True, False])
    )


# -------------------------------------------------------------------------------------------------- what is shown


def figures(page: Page, rows: pl.DataFrame) -> None:
    """How many are validated, and how many of the classes and members are in these."""
    with page.sheet.grid(3, 150):
        for name in ("validated", "classes", "members"):
            _card(page, name, rows.with_columns(pl.lit(1).alias("validated")))


def _card(page: Page, name: str, rows: pl.DataFrame) -> None:
    words, validated = page.words, rows.filter(pl.col("status").is_in(VALIDATED))
    part, whole = int(validated[name].sum()), int(rows[name].sum())
    note = words("academies.of", whole=whole, share=words.percent(part / whole)) if whole else ""
    figure = Figure(words(f"academies.card.{name}.name"), words.number(part), note=note)
    page.sheet.figure(
        figure, f"definition.academies.{name}", lambda: page.sheet.text(words(f"academies.card.{name}.definition"))
    )


def priorities(page: Page, rows: pl.DataFrame) -> None:
    """The académies without a validation that have members, the biggest first."""
    page.section("academies_waiting")
    waiting = rows.filter(~pl.col("status").is_in(VALIDATED), pl.col("classes") > 0)
    if waiting.is_empty():
        page.empty("empty.academies_waiting")
        return
    page.chart(charts.waiting(waiting, page.caption("academies_waiting", "users", "classes"), page.words))


def everyone(page: Page, rows: pl.DataFrame) -> None:
    """Every académie, the biggest first."""
    words, number = page.words, page.words.number
    page.section("academies_all")
    named = rows.rename({name: f"academie_{name}" for name in ("status", "note", "awake", "paying")})
    columns: dict[str, Written] = {"academie": str, "academie_status": lambda status: _status(page, status)}
    columns |= {"classes": number, "academie_awake": number, "academie_paying": number, "members": number}
    if may(page.asking.role, "people"):
        columns["academie_note"] = str
    page.table(named, columns, words("section.academies_all.title"))
    elsewhere = page.question("academies", replace(page.asking, countries=(), roles=()))
    lost = elsewhere.filter(pl.col("academie").is_null())
    if lost.height:
        page.sheet.note(words("academies.nowhere", n=int(lost["classes"][0])))


def contacts(page: Page, states: list[AcademieState]) -> None:
    """Whom to ask, by function."""
    page.section("academies_contacts")
    known = [asdict(contact) for state in states for contact in state.contacts]
    if not known:
        page.empty("empty.academies_contacts")
        return
    names = {"function": "contact_function", "name": "contact_name", "email": "contact_email"}
    names |= {"phone": "contact_phone", "note": "academie_note"}
    columns: dict[str, Written] = {"academie": str, "contact_function": lambda function: _function(page, function)}
    columns |= {"contact_name": str, "contact_email": str, "contact_phone": str, "academie_note": str}
    page.table(pl.DataFrame(known).rename(names), columns, page.words("section.academies_contacts.title"), "contacts")


def history(page: Page, states: list[AcademieState]) -> None:
    """Who changed what, the newest first; who, only for those who may see people."""
    page.section("academies_history")
    steps = sorted(
        ((step, state.academie) for state in states for step in state.history),
        key=lambda pair: pair[0].at,
        reverse=True,
    )
    if not steps:
        page.empty("empty.academies_history")
        return
    shown = pl.DataFrame(
        {
            "changed_at": [step.at for step, _ in steps[:STEPS_SHOWN]],
            "academie": [academie for _, academie in steps[:STEPS_SHOWN]],
            "academie_change": [_said(page, step.what, step.details) for step, _ in steps[:STEPS_SHOWN]],
            "changed_by": [step.who for step, _ in steps[:STEPS_SHOWN]],
        }
    )
    columns: dict[str, Written] = {"changed_at": page.words.moment, "academie": str, "academie_change": str}
    if may(page.asking.role, "people"):
        columns["changed_by"] = str
    page.table(shown, columns, page.words("section.academies_history.title"), "academies-history")


def _said(page: Page, what: str, details: Mapping[str, str]) -> str:
    if what == "status_set":
        return page.words(
            "academies.step.status_set", before=_status(page, details["from"]), after=_status(page, details["to"])
        )
    return page.words(f"academies.step.{what}", function=_function(page, details["function"]))


def _status(page: Page, status: str) -> str:
    return page.words(f"academies.status.{status}")


def _function(page: Page, function: str) -> str:
    return page.words(f"academies.function.{function.lower()}")


# ------------------------------------------------------------------------------------------------ what is changed


def forms(page: Page, states: list[AcademieState]) -> None:
    """The forms for one académie. What is sent is checked against the version that was shown, not the newest."""
    words = page.words
    page.section("academies_change")
    by_name = {state.academie: state for state in states}
    chosen = by_name[st.selectbox(words("column.academie"), list(by_name), key="academies.chosen")]
    _outcome(page, chosen)
    status_form(page, chosen)
    contact_form(page, chosen)


def _outcome(page: Page, state: AcademieState) -> None:
    """What became of the last form: kept, refused, or overtaken by somebody else's change, with the state as it is."""
    said = st.session_state.pop("academies.said", "")
    if said == "changed":
        last = state.history[0] if state.history else None
        st.warning(
            page.words(
                "academies.changed",
                academie=state.academie,
                status=_status(page, state.status),
                who=last.who if last else "–",
                at=last.at if last else "–",
            ),
            icon=":material/sync_problem:",
        )
    elif said == "kept":
        st.success(page.words("academies.kept"), icon=":material/check:")
    elif said:
        st.error(said, icon=":material/error:")


def status_form(page: Page, state: AcademieState) -> None:
    """State and note."""
    words, key = page.words, f"academies.{state.academie}.{state.version}"
    with st.form(f"{key}.form", border=True):
        st.selectbox(
            words("column.academie_status"),
            [status.value for status in AcademieStatus],
            index=list(AcademieStatus).index(state.status),
            format_func=lambda status: _status(page, status),
            key=f"{key}.status",
        )
        st.text_input(words("column.academie_note"), state.note, max_chars=500, key=f"{key}.note")
        st.form_submit_button(words("academies.save"), on_click=_save_status, args=(page, state, key))


def _save_status(page: Page, state: AcademieState, key: str) -> None:
    assert page.ledger is not None
    held = st.session_state
    with _Outcome():
        set_status(
            page.ledger, state.academie, AcademieStatus(held[f"{key}.status"]), held[f"{key}.note"], state.version,
            who=page.who, now=datetime.now(UTC),
        )  # fmt: skip


def contact_form(page: Page, state: AcademieState) -> None:
    """A contact: a new one, or one that is known; taking one out needs a second yes."""
    words = page.words
    known = {contact.id: contact for contact in state.contacts}
    number = st.selectbox(
        words("academies.contact"),
        [0, *known],
        format_func=lambda number: (
            f"{known[number].name} ({known[number].function})" if number else words("academies.new")
        ),
        key=f"academies.{state.academie}.contact.{len(state.history)}",
    )
    contact = known.get(number, Contact(state.academie, ContactFunction.DPD, ""))
    key = f"academies.{state.academie}.{contact.id}.{contact.version}.{len(state.history)}"
    with st.form(f"{key}.form", border=True):
        st.selectbox(
            words("column.contact_function"),
            [function.value for function in ContactFunction],
            index=list(ContactFunction).index(contact.function),
            format_func=lambda function: _function(page, function),
            key=f"{key}.function",
        )
        for name in ("name", "email", "phone"):
            st.text_input(words(f"column.contact_{name}"), getattr(contact, name), max_chars=200, key=f"{key}.{name}")
        st.text_input(words("column.academie_note"), contact.note, max_chars=500, key=f"{key}.note")
        st.form_submit_button(words("academies.save"), on_click=_save_contact, args=(page, contact, key))
    if contact.id:
        sure = st.checkbox(words("academies.sure", name=contact.name), key=f"{key}.sure")
        st.button(
            words("academies.remove"), disabled=not sure, on_click=_remove, args=(page, contact), key=f"{key}.remove"
        )


def _save_contact(page: Page, contact: Contact, key: str) -> None:
    assert page.ledger is not None
    held = st.session_state
    typed = {name: held[f"{key}.{name}"] for name in ("name", "email", "phone", "note")}
    with _Outcome():
        changed = replace(contact, function=ContactFunction(held[f"{key}.function"]), **typed)
        set_contact(page.ledger, changed, who=page.who, now=datetime.now(UTC))


def _remove(page: Page, contact: Contact) -> None:
    assert page.ledger is not None
    with _Outcome():
        remove_contact(page.ledger, contact.id, contact.version, who=page.who, now=datetime.now(UTC))


class _Outcome:
    """Leaves for the next run of the page what became of a form."""

    def __enter__(self) -> None:
        st.session_state["academies.said"] = "kept"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ChangedMeanwhile):
            st.session_state["academies.said"] = "changed"
        elif isinstance(error, WorkbenchError):
            st.session_state["academies.said"] = f"{error.message}\n\n{error.remedy}"
        return isinstance(error, WorkbenchError)


if __name__ == "__main__":
    show(opened("academies"))
