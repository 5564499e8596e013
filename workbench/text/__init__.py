"""The words of the interface, French and English, and numbers and dates as each language writes them.

Words live in `fr/*.toml` and `en/*.toml` beside this file, a file a subject, which hold the same keys. French is
written there with ordinary spaces and set here: narrow no-break space before ; ! ? % and inside numbers, no-break
space before : and inside « ». Numbers, dates, countries and languages come from Babel (CLDR).
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

LANGUAGES = ("fr", "en")

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_WIDTHS = ("wide", "abbreviated")

_NARROW, _NO_BREAK = "\u202f", "\u00a0"
_FRENCH_SPACING = (
    (re.compile(r" ([;!?%])"), _NARROW + r"\1"),
    (re.compile(r" ([:»€])"), _NO_BREAK + r"\1"),
    (re.compile(r"« "), "«" + _NO_BREAK),
    (re.compile(r"(?<=\d) (?=\d{3}\b)"), _NARROW),
)


class Words:
    """One language: words by key, numbers and dates in its ways.

    `words("overview.on", day=date(2020, 12, 15))` fills the places of a phrase; numbers and dates given to it are
    written in the language. A key that has the forms `one` and `other` is chosen by the value called `n`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(_LOCALES[language])
        self._phrases = catalogue(language)

    @classmethod
    def of(cls, asked: str | None, otherwise: str) -> "Words":
        """The language asked for, if there is such a one; else the other."""
        return cls(asked if asked in LANGUAGES else otherwise)

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of a key, its places filled. Raises KeyError for a key the catalogue does not hold."""
        forms = self._phrases
        phrase = forms.get(key) or forms[f"{key}.{self._form(values['n'])}"]
        return phrase.format(**{name: self._written(value) for name, value in values.items()})

    def number(self, value: float, decimals: int = 0) -> str:
        """`1 234 567` or `1,234,567`, with exactly so many decimals."""
        return _decimal(self.language, value + 0, decimals)

    def compact(self, value: float) -> str:
        """A number in little room: `1,2 M` or `1.2M`."""
        return format_compact_decimal(value, locale=self._locale, fraction_digits=1)

    def percent(self, share: float, decimals: int = 1) -> str:
        """A share as percentage: 0.125 is `12,5 %` or `12.5%`."""
        return _percent(self.language, share + 0, decimals)

    def change(self, share: float) -> str:
        """A relative change with its sign: `+3,2 %`, `−1,0 %`."""
        return ("+" if share > 0 else "") + self.percent(share).replace("-", "−")

    def euros(self, value: float) -> str:
        """An amount in whole euros: `12 €` or `€12`."""
        return format_currency(value, "EUR", locale=self._locale, currency_digits=False, format=self._money_pattern())

    def day(self, day: date, width: Literal["short", "medium", "long"] = "medium") -> str:
        """`15/12/2020`, `15 déc. 2020` or `1er décembre 2020`."""
        return _day(self.language, day, width)

    def moment(self, moment: datetime) -> str:
        """A day and the minute: `15 déc. 2020, 08:15`."""
        return format_datetime(moment, format="medium", locale=self._locale).rsplit(":", 1)[0]

    def country(self, code: str) -> str:
        """The name of an ISO 3166 alpha-2 code; ZZ and `autres` have names too."""
        return self._named(f"country.{code}", self._locale.territories.get(code, code))

    def role(self, role: str) -> str:
        """The name of a user's role in the app, plural."""
        return self._named(f"role.{role}", role)

    def plan(self, plan: str) -> str:
        """The name of an offer; `free` is the free version."""
        return self._named(f"plan.{plan}", plan)

    def tongue(self, code: str) -> str:
        """The name of a language code, with a capital, for lists: `Arabe`."""
        name = str(self._locale.languages.get(re.split("[-_]", code)[0].lower(), code))
        return name[:1].upper() + name[1:]

    def vega_locale(self) -> dict[str, dict[str, Any]]:
        """Number and time formats for Vega: the `locale` part of a chart's config (d3-format, d3-time-format)."""
        symbols = self._locale.number_symbols["latn"]
        euro = ["", "\u00a0€"] if self.language == "fr" else ["€", ""]
        number = {
            "decimal": symbols["decimal"],
            "thousands": symbols["group"],
            "grouping": [3],
            "currency": euro,
            "percent": "\u202f%" if self.language == "fr" else "%",
        }
        return {"number": number, "time": self._vega_time()}

    def _vega_time(self) -> dict[str, Any]:
        # Babel counts days from Monday, d3 from Sunday.
        days = {width: [self._locale.days["format"][width][(n - 1) % 7] for n in range(7)] for width in _WIDTHS}
        months = {width: [self._locale.months["format"][width][n] for n in range(1, 13)] for width in _WIDTHS}
        return {
            "dateTime": "%A %e %B %Y %X",
            "date": "%d/%m/%Y",
            "time": "%H:%M:%S",
            "periods": ["AM", "PM"],
            "days": days["wide"],
            "shortDays": days["abbreviated"],
            "months": months["wide"],
            "shortMonths": months["abbreviated"],
        }

    def _written(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float | date):
            return value
        if isinstance(value, datetime):
            return self.moment(value)
        return self.day(value) if isinstance(value, date) else self.number(value)

    def _form(self, n: object) -> str:
        form = self._locale.plural_form(n if isinstance(n, int) else 0)
        return form if form == "one" else "other"

    def _named(self, key: str, otherwise: str) -> str:
        return self._phrases.get(key, otherwise)

    def _money_pattern(self) -> str:
        return "#,##0\u00a0¤" if self.language == "fr" else "¤#,##0"


# A chart writes a thousand figures, the next visitor's the same ones, and Babel reads its pattern anew for each: a
# quarter of the time of the page of users. So many of each kind are kept. -0.0 is the same key as 0.0, hence `+ 0`, of
# which both are 0.0: else one negative zero would write « -0 » for whoever asks for a zero after it.
_written_once = lru_cache(maxsize=1 << 14, typed=True)


@_written_once
def _decimal(language: str, value: float, decimals: int) -> str:
    return format_decimal(value, format=_pattern(decimals), locale=_LOCALES[language])


@_written_once
def _percent(language: str, share: float, decimals: int) -> str:
    sign = "\u202f%" if language == "fr" else "%"
    return format_percent(share, format=_pattern(decimals) + sign, locale=_LOCALES[language])


@_written_once
def _day(language: str, day: date, width: str) -> str:
    written = format_date(day, format="dd/MM/y" if width == "short" else width, locale=_LOCALES[language])
    return re.sub(r"^1 ", "1er ", written) if language == "fr" else written


def _pattern(decimals: int) -> str:
    return "#,##0" + "." * bool(decimals) + "0" * decimals


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every phrase of a language by its dotted key, set in the language's typography."""
    subjects = sorted(resources.files(__package__).joinpath(language).iterdir(), key=lambda file: file.name)
    phrases: dict[str, str] = {}
    for subject in subjects:
        phrases |= _flat(tomllib.loads(subject.read_text(encoding="utf-8")))
    return {key: typeset(phrase) for key, phrase in phrases.items()} if language == "fr" else phrases


def typeset(french: str) -> str:
    """A French phrase written with ordinary spaces, its no-break spaces put in."""
    for pattern, replacement in _FRENCH_SPACING:
        french = pattern.sub(replacement, french)
    return french


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    phrases: dict[str, str] = {}
    for name, value in table.items():
        phrases.update(_flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value})
    return phrases
