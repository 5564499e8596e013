"""The words of the interface: complete in both languages, French set as French, numbers and dates by language."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest

import workbench
from workbench.metrics import METRICS
from workbench.text import LANGUAGES, Words, catalogue, typeset

PACKAGE = Path(workbench.__file__).parent
CODE = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
NARROW, NO_BREAK = "\u202f", "\u00a0"

# Keys that the code makes from data: `metric.<name>.name` for each metric, and so on.
PAGES = [path.stem for path in sorted((PACKAGE / "pages").glob("*.py")) if path.stem != "__init__"]
FAMILIES = {
    "metric": {f"metric.{name}.{part}" for name in METRICS for part in ("name", "definition")},
    "page": {f"page.{name}.{part}" for name in PAGES for part in ("title", "lead")},
    "unit": {f"unit.{metric.unit}" for metric in METRICS.values()},
    "sums": {f"sums.{metric.sums.replace(' ', '_')}" for metric in METRICS.values()},
    "role": {f"role.{role}" for role in ("teacher", "parent", "student", "staff", "other", "autres")},
    "country": {"country.ZZ", "country.autres"},
    "period": {f"period.{period}" for period in ("year", "28", "84", "dates")},
}


def base(key: str) -> str:
    """A key without its plural form; `role.other` is none."""
    stem = re.sub(r"\.(one|other)$", "", key)
    return stem if f"{stem}.one" in catalogue("fr") else key


def templates() -> set[str]:
    """Keys that stand in the code, as patterns where a part of them is filled in: `chart.{key}.title`."""
    found = set(re.findall(r"""f?["']([a-z]+(?:\.(?:[a-z0-9_]+|\{[^{}]+\}))*)["']""", CODE))
    found |= {f"{key}.{part}" for key in found if key.startswith("empty.") for part in ("title", "remedy")}
    return {re.sub(r"\\\{.*?\\\}", "[a-z0-9_]+", re.escape(template)) for template in found}


ASKED_FOR = re.compile("|".join(templates()))
"""One pattern of them all: several hundred, each asked anew for each phrase, are more than `re` keeps compiled."""


def used(key: str) -> bool:
    """Whether the code can ask for a key; the name of a column must stand in the code by itself."""
    stem, _, name = key.partition(".")
    if stem == "column" and f'"{name}"' not in CODE and f'"{key}"' not in CODE:
        return False
    family = FAMILIES.get(stem)
    return key in family if family else ASKED_FOR.fullmatch(base(key)) is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_catalogues_hold_the_same_keys_and_places(language: str) -> None:
    """A phrase that is missing, or has a place the other has not, would show in one language only."""
    mine, reference = catalogue(language), catalogue("fr")
    assert set(mine) == set(reference)
    for key, phrase in mine.items():
        assert places(phrase) == places(reference[key]), key


def places(phrase: str) -> set[str]:
    """The names to be filled in a phrase."""
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_every_key_that_the_code_asks_for_is_there() -> None:
    """A missing word is a page that breaks."""
    asked = set(re.findall(r"""\bwords\(\s*["']([a-z_.0-9]+)["']""", CODE))
    empties = re.findall(r'page\.empty\("(empty\.\w+)"', CODE)
    charts = re.findall(r'page\.caption\("(\w+)"', CODE)
    asked |= {f"{name}.{part}" for name in empties for part in ("title", "remedy")}
    asked |= {f"chart.{name}.{part}" for name in charts for part in ("title", "alt")}
    asked |= set().union(*FAMILIES.values())
    known = {base(key) for key in catalogue("fr")} | set(catalogue("fr"))
    assert len(asked) > 100
    assert asked - known == set()


def test_no_phrase_is_left_that_nothing_asks_for() -> None:
    """Dead words are translated, proof-read and wrong for years."""
    assert [key for key in catalogue("fr") if not used(key)] == []


def spoken(phrase: str) -> str:
    """A phrase without what is no language: places, code, icons, addresses, emphasis."""
    return re.sub(r"\{[^}]*\}|`[^`]*`|:material/\w+:|https?://\S+|\*", "x", phrase)


ILL_SET = rf"[^{NARROW}][;!?%]|[^{NO_BREAK}]:|«[^{NO_BREAK}]|[^{NO_BREAK}]»|['\"]|\.\.\.|  (?=\S)|\d \d{{3}}\b"


def test_french_is_set_as_french() -> None:
    """Narrow no-break space before ; ! ? %, no-break space before : and inside « », curly apostrophes, one ellipsis."""
    assert {key: phrase for key, phrase in catalogue("fr").items() if re.search(ILL_SET, spoken(phrase))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_says_where_on_the_screen_something_is(language: str) -> None:
    """What is on the left of a desk is folded away, or below, on a phone."""
    placed = r"\b(à gauche|à droite|de (gauche|droite)|(the|panel) (left|right))\b"
    assert {key: phrase for key, phrase in catalogue(language).items() if re.search(placed, phrase)} == {}


def test_typesetting_puts_in_the_spaces_that_french_wants() -> None:
    """Writers type ordinary spaces."""
    assert typeset("Combien ? « 1 100 000 » : 12 € ; 5 %") == (
        f"Combien{NARROW}? «{NO_BREAK}1{NARROW}100{NARROW}000{NO_BREAK}»{NO_BREAK}: 12{NO_BREAK}€{NARROW}; 5{NARROW}%"
    )


def test_numbers_are_written_as_each_language_writes_them() -> None:
    """French: narrow no-break spaces and a decimal comma."""
    french, english = Words("fr"), Words("en")
    assert french.number(1234567) == f"1{NARROW}234{NARROW}567"
    assert english.number(1234567) == "1,234,567"
    assert french.number(0.5, decimals=2) == "0,50"
    assert french.percent(0.1234) == f"12,3{NARROW}%"
    assert english.percent(0.1234) == "12.3%"
    assert french.change(0.05) == f"+5,0{NARROW}%"
    assert french.change(-0.05) == f"−5,0{NARROW}%"
    assert french.change(0) == f"0,0{NARROW}%"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_zero_has_no_sign_whatever_was_written_before(language: str) -> None:
    """What is written once is kept, and a negative zero is the same key as a zero."""
    words = Words(language)
    for zero in (-0.0, 0.0, 0):
        assert words.number(zero, 3) == words.number(0.0004, 3).replace("4", "0")
        assert words.percent(zero, 3)[0] == "0"


def test_days_are_written_as_each_language_writes_them() -> None:
    """The first of a month is « 1er » in French."""
    french, english = Words("fr"), Words("en")
    assert french.day(date(2020, 9, 1), "long") == "1er septembre 2020"
    assert french.day(date(2020, 12, 11)) == "11 déc. 2020"
    assert french.day(date(2020, 12, 11), "short") == "11/12/2020"
    assert english.day(date(2020, 9, 1), "long") == "1 September 2020"
    assert french.moment(datetime(2020, 12, 15, 8, 5, 59, tzinfo=UTC)) == "15 déc. 2020, 08:05"


def test_countries_roles_and_languages_have_names() -> None:
    """Codes are for the data; what no list knows is shown as it is."""
    french, english = Words("fr"), Words("en")
    assert (french.country("DE"), english.country("DE")) == ("Allemagne", "Germany")
    assert french.country("ZZ") == "Pays inconnu"
    assert (french.role("teacher"), french.role("janitor")) == ("Enseignants", "janitor")
    assert (french.tongue("ar"), french.tongue("pt-BR"), french.tongue("tlh-x")) == ("Arabe", "Portugais", "Klingon")


def test_a_phrase_writes_what_it_is_given_in_its_language() -> None:
    """Numbers and dates need no formatting by whoever fills a phrase; one and other are chosen by n."""
    french = Words("fr")
    assert french("overview.refused", n=1) == "1 fichier refusé"
    assert french("overview.refused", n=1200) == f"1{NARROW}200 fichiers refusés"
    assert french("overview.on", day=date(2020, 9, 1)) == "Au 1er sept. 2020"


def test_an_unknown_key_is_an_error() -> None:
    """Rather than a page with a key on it."""
    with pytest.raises(KeyError):
        Words("fr")("no.such.key", n=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_vega_speaks_the_language(language: str) -> None:
    """Weeks of d3 begin on Sunday, months are twelve."""
    locale = Words(language).vega_locale()
    assert locale["time"]["days"][0] == {"fr": "dimanche", "en": "Sunday"}[language]
    assert locale["time"]["months"][7] == {"fr": "août", "en": "August"}[language]
    assert locale["number"]["thousands"] == {"fr": NARROW, "en": ","}[language]
    assert locale["number"]["decimal"] == {"fr": ",", "en": "."}[language]
