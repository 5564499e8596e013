"""Who somebody is, by hand or out of Diane's list."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from workbench.errors import WorkbenchError
from workbench.ledger import Ledger
from workbench.ledger.academies import academies
from workbench.ledger.people import LONGEST, PersonState, set_person
from workbench.ledger.states import PersonStatus
from workbench.pages import Page
from workbench.pages.answers import Done, as_typed, attempt
from workbench.pages.people import reviewed, undoing
from workbench.surveys.ambassadors import LineRead, Preview, import_people, preview_of

_TEXTS = ("name", "email", "school", "commune")


# ----------------------------------------------------------------------------------------------------------- by hand


def person_form(page: Page, ledger: Ledger, person: PersonState) -> None:
    """The fields of a person, to correct them, or of somebody new (`id` 0)."""
    words, key = page.words, f"ambassadors.person.{person.id}.{person.version}.{_added()}"
    with st.form(f"{key}.form", border=False):
        for name in _TEXTS:
            value = getattr(person, name) or ""
            st.text_input(words(f"ambassadors.field.{name}"), value, max_chars=LONGEST, key=f"{key}.{name}")
        known = ["", *(state.academie for state in academies(ledger))]
        st.selectbox(
            words("column.academie"),
            known,
            known.index(person.academie or ""),
            format_func=lambda name: name or "–",
            key=f"{key}.academie",
        )
        st.date_input(words("column.person_since"), person.since, format="DD/MM/YYYY", key=f"{key}.since")
        st.selectbox(
            words("column.person_status"),
            list(map(str, PersonStatus)),
            list(PersonStatus).index(person.status),
            format_func=lambda name: words(f"ambassadors.status.{name}"),
            key=f"{key}.status",
        )
        for name in ("user_ids", "class_ids"):
            st.text_input(words(f"ambassadors.{name}"), ", ".join(getattr(person, name)), key=f"{key}.{name}")
        st.form_submit_button(words("ambassadors.save"), on_click=_save, args=(page, ledger, person, key))


def _added() -> int:
    """How many people were added in this visit: the empty form is a new one after each."""
    return int(st.session_state.get("ambassadors.added", 0))


def _save(page: Page, ledger: Ledger, before: PersonState, key: str) -> None:
    held = st.session_state
    typed: dict[str, Any] = {name: held[f"{key}.{name}"] or None for name in (*_TEXTS, "academie", "since")}
    typed |= {name: _split(held[f"{key}.{name}"]) for name in ("user_ids", "class_ids")}
    after = replace(before, **{**typed, "name": typed["name"] or ""}, status=PersonStatus(held[f"{key}.status"]))

    def act() -> Done:
        now = datetime.now(UTC)
        number = set_person(ledger, after, who=page.who, now=now)
        reviewed(page, ledger)
        if before.id:
            undo = partial(_as_before, page, ledger, replace(before, version=before.version + 1))
            return Done(page.words("ambassadors.done.changed"), undoing(page, undo))
        held["ambassadors.added"] = _added() + 1
        st.query_params["person"] = str(number)
        return Done(page.words("ambassadors.done.added"))

    attempt(page, act)


def _split(typed: str) -> tuple[str, ...]:
    return tuple(part for part in typed.replace(",", " ").replace(";", " ").split() if part)


def _as_before(page: Page, ledger: Ledger, before: PersonState, now: datetime) -> None:
    set_person(ledger, before, who=page.who, now=now)
    reviewed(page, ledger)


# ------------------------------------------------------------------------------------------------------------ a list


def import_form(page: Page, ledger: Ledger) -> None:
    """A file, what it would change, and the button that changes it."""
    words = page.words
    st.text(words("ambassadors.import_lead"))
    key = f"ambassadors.file.{st.session_state.get('ambassadors.imported', 0)}"
    file = st.file_uploader(words("ambassadors.file"), ["csv", "xlsx"], key=key)
    if file is None:
        return
    try:
        seen = preview_of(ledger, file.name, file.getvalue())
    except WorkbenchError as error:
        st.error(as_typed(f"{error.message}. {error.remedy}"), icon=":material/error:")
        return
    _preview(page, seen)
    if seen.new or seen.changed:
        st.button(
            words("ambassadors.import"),
            icon=":material/upload:",
            on_click=_import,
            args=(page, ledger, seen),
            key=f"{key}.import",
        )


def _preview(page: Page, seen: Preview) -> None:
    words, wrong = page.words, len({error.line for error in seen.errors})
    said = [
        words("ambassadors.preview.new", n=len(seen.new)),
        words("ambassadors.preview.changed", n=len(seen.changed)),
    ]
    said += [words("ambassadors.preview.same", n=len(seen.same)), words("ambassadors.preview.errors", n=wrong)]
    st.markdown("\n".join(f"- {line}" for line in said))
    _lines(page, "preview_new", [_new(read) for read in seen.new])
    _lines(page, "preview_changed", [_news(page, read) for read in seen.changed])
    _lines(page, "preview_errors", [(error.line, "", error.message) for error in seen.errors])


def _lines(page: Page, name: str, lines: list[tuple[int, str, str]]) -> None:
    if lines:
        title = page.words(f"ambassadors.{name}")
        page.sheet.text(f"**{title}**")
        rows = pl.DataFrame(lines, ["list_line", "ambassador", "list_says"], orient="row")
        page.table(rows, {"list_line": str, "ambassador": str, "list_says": str}, title, name)


def _new(read: LineRead) -> tuple[int, str, str]:
    person = read.person
    return read.line, person.name, " · ".join(filter(None, [person.email, person.school, person.academie]))


def _news(page: Page, read: LineRead) -> tuple[int, str, str]:
    """What would be written of somebody known, field by field."""
    said = (
        f"{page.words(f'ambassadors.field.{name}')} → {_written(page, getattr(read.person, name))}"
        for name in read.changed
    )
    return read.line, read.person.name, " ; ".join(said)


def _written(page: Page, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return page.words.day(value) if hasattr(value, "year") else str(value)


def _import(page: Page, ledger: Ledger, seen: Preview) -> None:
    words, wrong = page.words, len({error.line for error in seen.errors})
    said = [words("ambassadors.done.new", n=len(seen.new)), words("ambassadors.done.known", n=len(seen.changed))]
    if wrong:
        said.append(words("ambassadors.done.left_out", n=wrong))

    def act() -> Done:
        now = datetime.now(UTC)
        import_people(ledger, seen, skip_errors=True, who=page.who, now=now)
        reviewed(page, ledger)
        st.session_state["ambassadors.imported"] = st.session_state.get("ambassadors.imported", 0) + 1
        return Done(" ".join(said))

    attempt(page, act)
