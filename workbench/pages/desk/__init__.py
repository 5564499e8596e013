"""The look-up box of customer service: a class or a commune → plan, limits, end date, and whom to call."""

import re
from datetime import UTC, datetime

import polars as pl
import streamlit as st

from workbench.access import may
from workbench.ledger.classes import NamedClass, UnknownClass, class_named
from workbench.metrics import listed
from workbench.metrics.communes import commune_named, communes_matching
from workbench.pages import Page, Written

ENTITLEMENTS = ("members", "admins", "storage_mb")
"""What a plan limits, by the columns of a class that say how much of it is used."""

PLACE: dict[str, Written] = {"department": str, "commune": str}
"""The columns of `placed`."""


def payer(page: Page) -> Written:
    """How a payer_type is written."""
    return lambda payer_type: page.words(f"payer.{payer_type}")


def short_day(page: Page) -> Written:
    """How a day is written in a list: in few letters."""
    return lambda day: page.words.day(day, "short")


def placed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a `commune_code`, with the name of the commune."""
    names = [commune_named(code) for code in rows["commune_code"]]
    return rows.with_columns(pl.Series("commune", names, dtype=pl.String))


def look_up(page: Page) -> None:
    """A class or a commune → plan, limits, end date; and whom to call, for those who may."""
    if not page.sheet.interactive or not page.has("classes"):
        return
    words, role = page.words, page.asking.role
    page.section("subscriptions_lookup")
    if not may(role, "rows"):
        page.sheet.note(words("subscriptions.rows_needed"))
        return
    people = may(role, "people")
    label = words("subscriptions.ask_people" if people else "subscriptions.ask_rows")
    asked = st.text_input(label, key="subscriptions.lookup", placeholder=words("subscriptions.ask_example")).strip()
    if not asked:
        return
    cards = _cards(page, asked, _keys(page, asked) if people else [])
    if cards.is_empty():
        page.sheet.note(words("subscriptions.not_found", asked=asked.replace("`", " ")[:60]))
        return
    _answer(page, cards)
    if people:
        _whom_to_call(page, cards)


def _keys(page: Page, class_id: str) -> list[int]:
    return page.ledger.keys("class", [class_id]) if page.ledger else []


def _cards(page: Page, asked: str, keys: list[int]) -> pl.DataFrame:
    """The class of an id or a key; else the classes of a commune. Whatever the filters say."""
    asking = page.unfiltered
    by_key = [*keys, *_key_itself(asked)]
    found = listed(page.warehouse, "class_cards", asking, {"class_keys": by_key, "commune": None}).pl()
    if found.height:
        return found
    commune = _commune(page, asked)
    return listed(page.warehouse, "class_cards", asking, {"class_keys": [], "commune": commune}).pl()


def _key_itself(asked: str) -> list[int]:
    """What was typed, where it can be a key: a whole number of 64 bits."""
    number = int(asked) if re.fullmatch(r"-?[0-9]{1,19}", asked) else None
    return [number] if number is not None and -(2**63) <= number < 2**63 else []


def _commune(page: Page, asked: str) -> str | None:
    """The commune meant; where several have the name, the one chosen."""
    named = {commune.code: f"{commune.name} ({commune.code})" for commune in communes_matching(asked)}
    if len(named) < 2:
        return next(iter(named), None)
    return st.selectbox(
        page.words("subscriptions.which_commune"),
        list(named),
        format_func=named.__getitem__,
        key="subscriptions.commune",
    )


def _answer(page: Page, cards: pl.DataFrame) -> None:
    words = page.words
    page.sheet.text(words("subscriptions.found", n=cards.height))
    used = [
        pl.Series(name, [_used(page, *row) for row in cards[name, f"{name}_allowed"].iter_rows()], pl.String)
        for name in ENTITLEMENTS
    ]
    state = pl.when(pl.col("archived_on").is_null()).then(pl.lit("alive")).otherwise(pl.lit("archived")).alias("state")
    columns: dict[str, Written] = {"class_key": str, "plan": words.plan, "ended_on": short_day(page)}
    columns |= {**dict.fromkeys(ENTITLEMENTS, str), "state": lambda name: words(f"subscriptions.{name}")}
    columns |= {"payer_type": payer(page), "confort_famille": _yes(page), "commune": str, "created_on": short_day(page)}
    shown = placed(cards.with_columns(*used, state))
    page.table(shown, columns, words("section.subscriptions_lookup.title"), "lookup")
    if (cards["plan"] == "free").any():
        page.sheet.note(words("subscriptions.free_limits"))


def _used(page: Page, used: float | None, allowed: int | None) -> str:
    if used is None:
        return "–"
    number = page.words.number
    return f"{number(used)} / {number(allowed)} ({page.words.percent(used / allowed, 0)})" if allowed else number(used)


def _yes(page: Page) -> Written:
    return lambda taken: page.words("subscriptions.yes" if taken else "subscriptions.no")


def _whom_to_call(page: Page, cards: pl.DataFrame) -> None:
    """One class at a time, and each look-up is written down."""
    words = page.words
    if page.ledger is None:
        page.sheet.note(words("subscriptions.no_ledger"))
        return
    keys = cards["class_key"].to_list()
    chosen = keys[0] if len(keys) == 1 else st.selectbox(
        words("subscriptions.which_class"), keys, format_func=str, key="subscriptions.class"
    )  # fmt: skip
    if not st.button(words("subscriptions.call"), key="subscriptions.call", icon=":material/call:"):
        page.sheet.note(words("subscriptions.audited"))
        return
    try:
        named = class_named(page.ledger, chosen, who=page.who, now=datetime.now(UTC))
    except UnknownClass:
        page.sheet.note(words("subscriptions.unknown_class"))
        return
    payer_type = cards.filter(pl.col("class_key") == chosen)["payer_type"][0]
    with page.sheet.frame():
        page.sheet.text(
            words("subscriptions.called", class_id=named.class_id, payer=_payer_named(page, named, payer_type))
        )


def _payer_named(page: Page, named: NamedClass, payer_type: str | None) -> str:
    """Who pays: a commune by its name, a school by its code, a class through its cooperative."""
    if payer_type is None:
        return page.words("subscriptions.payer_none")
    code = named.payer_code or "–"
    return page.words(f"subscriptions.payer_{payer_type}", code=code, commune=commune_named(named.payer_code) or "–")
