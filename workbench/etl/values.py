"""What a value of each kind means: one trimmed, non-empty text in, its value out.

From design.md, "Reading rules". These functions are the single truth; what `normalise` does faster for whole columns
must give the same. A text nobody can read raises Unreadable with a short stable code; None means "not stated".
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

import pycountry

OVERSEAS = frozenset("GP MQ GF RE YT PM BL MF WF PF NC TF".split())
"""Codes that count as France in every figure and are kept as `territory` (design.md, "Days, weeks, years")."""

SECOND_US = 1_000_000
MILLISECONDS_FROM = 10**11
"""From this number up an epoch is in milliseconds."""
FARTHEST_EPOCH = 10**15
"""Epochs beyond are cut to it: far in the future either way, and nothing overflows."""


class Unreadable(ValueError):
    """A text that is no value of its kind; `reason` is a stable code and never holds the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def without_accents(text: str) -> str:
    """The text in lower case and without accents: how enumerations are compared (École, ecole)."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


# ---------------------------------------------------------------------------------------------------- instants

_ISO_INSTANT = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)[Tt ](\d\d)(?:(:?)(\d\d)(?:\6(\d\d)(?:[.,](\d+))?)?)?"
    r"(?: ?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?))?",
    re.ASCII,
)
_FRENCH_INSTANT = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d)(?::(\d\d))?", re.ASCII)
_EPOCH = re.compile(r"(-?)(\d{1,40})(?:\.(\d+))?", re.ASCII)


def instant_us(text: str) -> int:
    """Microseconds since 1970-01-01 UTC. A fraction is cut to microseconds, never rounded."""
    if match := _ISO_INSTANT.fullmatch(text):
        year, _, month, day, hour, _, minute, second, fraction, sign, off_h, off_m = match.groups()
        wall = _wall_us(year, month, day, hour, minute, second) + _fraction_us(fraction)
        return wall - _offset_us(sign, off_h, off_m)
    if match := _FRENCH_INSTANT.fullmatch(text):
        day, month, year, hour, minute, second = match.groups()
        return _wall_us(year, month, day, hour, minute, second)
    if match := _EPOCH.fullmatch(text):
        return _epoch_us(*match.groups())
    raise Unreadable("unreadable_instant")


def _wall_us(year: str, month: str, day: str, hour: str, minute: str | None, second: str | None) -> int:
    h, m, s = int(hour), int(minute or 0), int(second or 0)
    if h > 23 or m > 59 or s > 59:
        raise Unreadable("unreadable_instant")
    days = _day(year, month, day, "unreadable_instant").toordinal() - date(1970, 1, 1).toordinal()
    return (((days * 24 + h) * 60 + m) * 60 + s) * SECOND_US


def _offset_us(sign: str | None, hours: str | None, minutes: str | None) -> int:
    h, m = int(hours or 0), int(minutes or 0)
    if h > 23 or m > 59:
        raise Unreadable("unreadable_instant")
    return (h * 60 + m) * 60 * SECOND_US * (-1 if sign == "-" else 1)


def _fraction_us(digits: str | None) -> int:
    return int((digits or "")[:6].ljust(6, "0"))


def _epoch_us(sign: str, digits: str, fraction: str | None) -> int:
    whole = min(int(digits), FARTHEST_EPOCH)
    unit_us = 1_000 if whole >= MILLISECONDS_FROM else SECOND_US
    us = whole * unit_us + _fraction_us(fraction) * unit_us // SECOND_US
    return -us if sign else us


# ----------------------------------------------------------------------------------- dates, numbers, enumerations

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_FRENCH_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_MONEY = re.compile(r"(\d{1,10})(?:[.,](\d{1,2})0*)?", re.ASCII)
_COUNT = re.compile(r"(\d{1,15})(?:\.0*)?", re.ASCII)
_AMOUNT = re.compile(r"\d{1,15}(?:[.,]\d{1,20})?", re.ASCII)


def _day(year: str, month: str, day: str, reason: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable(reason) from error


def day(text: str) -> date:
    """`YYYY-MM-DD` or `DD/MM/YYYY`, any year."""
    if match := _ISO_DATE.fullmatch(text):
        return _day(match[1], match[2], match[3], "unreadable_date")
    if match := _FRENCH_DATE.fullmatch(text):
        return _day(match[3], match[2], match[1], "unreadable_date")
    raise Unreadable("unreadable_date")


def money_eur(text: str) -> Decimal:
    """`29`, `29.00` or `29,00`: euros, never negative, whole cents."""
    if match := _MONEY.fullmatch(text):
        return Decimal(f"{match[1]}.{(match[2] or '').ljust(2, '0')}")
    raise Unreadable("unreadable_money")


def count(text: str) -> int:
    """A whole number, zero or more."""
    if match := _COUNT.fullmatch(text):
        return int(match[1])
    raise Unreadable("unreadable_count")


def amount(text: str) -> float:
    """A number, zero or more, with a decimal point or comma."""
    if _AMOUNT.fullmatch(text):
        return float(text.replace(",", "."))
    raise Unreadable("unreadable_amount")


_TRUTH = {"true": True, "1": True, "oui": True, "false": False, "0": False, "non": False}


def truth(text: str) -> bool:
    """true/false, 1/0, oui/non, any case."""
    try:
        return _TRUTH[text.lower()]
    except KeyError as error:
        raise Unreadable("unreadable_bool") from error


def _one_of(reason: str, *values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        folded = without_accents(text)
        if folded not in values:
            raise Unreadable(reason)
        return folded

    return parse


plan = _one_of("unknown_plan", "initiale", "standard", "plus")
payer_type = _one_of("unknown_payer_type", "commune", "ecole", "classe")
status = _one_of("unknown_status", "ok", "failed")


def role(text: str) -> str:
    """teacher, parent, student or staff; whatever else is stated is `other`."""
    folded = without_accents(text)
    return folded if folded in ("teacher", "parent", "student", "staff") else "other"


# ------------------------------------------------------------------------------------------------------- places


@cache
def _alpha_2() -> Mapping[str, str]:
    return {code: c.alpha_2 for c in pycountry.countries for code in (c.alpha_2, c.alpha_3)}


def country(text: str) -> str:
    """ISO 3166 alpha-2 from alpha-2 or alpha-3; overseas France is FR; an unknown code is ZZ."""
    code = _alpha_2().get(text.upper(), "ZZ")
    return "FR" if code in OVERSEAS else code


def territory(text: str) -> str | None:
    """The alpha-2 code of a territory of overseas France, else None."""
    code = _alpha_2().get(text.upper())
    return code if code in OVERSEAS else None


_DEPARTMENT = re.compile(r"\d\d|2[AB]|97\d", re.ASCII)
_COMMUNE = re.compile(r"\d[\dAB]\d{3}", re.ASCII)


def department(text: str) -> str | None:
    """`01`…`95`, `2A`, `2B`, `97x`; a lost zero is put back (`1` is `01`); None for what is no department."""
    code = text.upper().rjust(2, "0")
    return code if _DEPARTMENT.fullmatch(code) else None


def commune_code(text: str) -> str | None:
    """The five characters of an INSEE commune code, else None."""
    return text.upper() if _COMMUNE.fullmatch(text.upper()) else None


# -------------------------------------------------------------------------------------------------------- words

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})?")
_PLATFORM = re.compile(r"[a-z0-9 _-]{1,20}")
_LABEL = re.compile(r"[^\W_][\w '’-]{0,39}")
EVENT_LENGTH = 60


def language(text: str) -> str | None:
    """A language tag in lower case (`fr`, `pt-br`); None for what is none, so that no typed text comes through."""
    return text.lower() if _LANGUAGE.fullmatch(text.lower()) else None


def required_language(text: str) -> str:
    """A language tag in lower case; anything else is unreadable."""
    if (tag := language(text)) is None:
        raise Unreadable("unreadable_language")
    return tag


def platform(text: str) -> str:
    """A short word in lower case; anything else is `other`."""
    return text.lower() if _PLATFORM.fullmatch(text.lower()) else "other"


def event(text: str) -> str:
    """The event's name in lower case, any vocabulary, at most 60 characters."""
    return text.lower()[:EVENT_LENGTH]


def charter_class(slug: str) -> bool | None:
    """True for the slug of a class that a version of the ambassadors' charter names; nothing is kept of any other."""
    return slug in _charter_slugs() or None


@cache
def _charter_slugs() -> frozenset[str]:
    reference = files("workbench") / "reference"
    charters = (file for file in reference.iterdir() if file.name.startswith("charter-"))
    return frozenset(tomllib.loads(file.read_text(encoding="utf-8"))["class_slug"] for file in charters)


def label(text: str) -> str | None:
    """A name of a region or a level: letters, digits, spaces, hyphens, apostrophes, at most 40 in all, else None."""
    return text if _LABEL.fullmatch(text) and "_" not in text else None
