"""What free text speaks of: French words by their dictionary form, and the values of January 2020."""

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple, TypeVar

from simplemma import is_known, lemmatize

Respondent = TypeVar("Respondent", bound=Hashable)

SMALLEST = 5
"""How many people must speak of something before it is shown: fewer could be told apart."""

SHORTEST = 3
"""Letters of the shortest word that is a theme."""

_NO_WORDS = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Theme:
    """Something that people speak of, and how many of them do. `label` is a word in its dictionary form, or a value."""

    label: str
    respondents: int
    is_value: bool


class _Known(NamedTuple):
    """The reference file: the value behind a word, exactly as written and folded, and words that are no theme."""

    exactly: Mapping[str, str]
    folded: Mapping[str, str]
    ignored: frozenset[str]


class _Meant(NamedTuple):
    """What a word stands for: words with the same `key` are one theme."""

    key: str
    label: str
    is_value: bool


def folded(text: str) -> str:
    """A text as texts are compared: without accents and capitals."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def themes(texts: Mapping[Respondent, Iterable[str]], smallest: int = SMALLEST) -> list[Theme]:
    """What at least so many respondents speak of, by how many they are; of equals, by label.

    A respondent counts once for a theme, however often they mention it. A theme says what is spoken of, not whether
    it is praised: « pas pratique » speaks of « pratique ».
    """
    said = {person: set(_words(given)) for person, given in texts.items()}
    found = _counted(said, _meanings(said)).values()
    return sorted((theme for theme in found if theme.respondents >= smallest), key=_by_number)


def themes_of(texts: Mapping[Respondent, Iterable[str]], smallest: int = SMALLEST) -> dict[Respondent, list[str]]:
    """Of the same themes, the labels of those that each respondent speaks of, in order."""
    said = {person: set(_words(given)) for person, given in texts.items()}
    meant = _meanings(said)
    shown = {key: each.label for key, each in _counted(said, meant).items() if each.respondents >= smallest}
    spoken = {person: {meant[word].key for word in words if word in meant} for person, words in said.items()}
    return {person: sorted(shown[key] for key in keys if key in shown) for person, keys in spoken.items()}


def values_cloud(texts: Mapping[Respondent, Iterable[str]], smallest: int = SMALLEST) -> list[Theme]:
    """The themes, those that are values of January 2020 before all others."""
    return sorted(themes(texts, smallest), key=lambda theme: (not theme.is_value, *_by_number(theme)))


def _by_number(theme: Theme) -> tuple[int, str]:
    return -theme.respondents, theme.label


def _words(texts: Iterable[str]) -> Iterator[str]:
    """The words of texts in small letters; addresses are none, digits, signs and emoji neither."""
    for text in texts:
        yield from _WORD.findall(_NO_WORDS.sub(" ", unicodedata.normalize("NFC", text).lower()))


def _meanings(said: Mapping[Respondent, set[str]]) -> dict[str, _Meant]:
    """What each word that is said stands for, those left out that are no theme."""
    spelled = Counter(word for words in said.values() for word in words)
    return {word: each for word, known in _spelled_right(spelled).items() if (each := _meaning(known))}


def _counted(said: Mapping[Respondent, set[str]], meant: Mapping[str, _Meant]) -> dict[str, Theme]:
    """The themes by their key, with how many respondents speak of them."""
    spelled = Counter(word for words in said.values() for word in words)
    people: Counter[str] = Counter()
    labels: dict[str, Counter[_Meant]] = defaultdict(Counter)
    for words in said.values():
        people.update({meant[word].key for word in words if word in meant})
    for word, each in meant.items():
        labels[each.key][each] += spelled[word]
    best = {key: max(each, key=lambda one: (each[one], one.label)) for key, each in labels.items()}
    return {key: Theme(best[key].label, number, best[key].is_value) for key, number in people.items()}


def _spelled_right(spelled: Mapping[str, int]) -> dict[str, str]:
    """Each word as the dictionary spells it, where others wrote it so: « echanges » as « échanges », or « échange »."""
    right: dict[str, str] = {}
    for word in sorted(spelled, key=lambda word: (spelled[word], word)):
        if _is_known(word):
            right[folded(word)] = word
    return {word: word if _is_known(word) else _righted(folded(word), right) or word for word in spelled}


def _righted(bare: str, right: Mapping[str, str]) -> str | None:
    return right.get(bare) or right.get(bare.removesuffix("s"))


@lru_cache(maxsize=100_000)
def _is_known(word: str) -> bool:
    return is_known(word, lang="fr")


@lru_cache(maxsize=100_000)
def _meaning(word: str) -> _Meant | None:
    """What a word stands for; None for one that is no theme."""
    known, lemma = _reference(), lemmatize(word, lang="fr")
    forms = (folded(word), folded(lemma))
    exact = known.exactly.get(word) or known.exactly.get(lemma)
    # The dictionary does not know « echanges »: only its plural is taken off.
    loosely = (known.folded.get(form) for form in (*forms, forms[0].removesuffix("s")))
    if value := exact or next(filter(None, loosely), None):
        return _Meant(folded(value), value, True)
    if min(map(len, forms)) < SHORTEST or not known.ignored.isdisjoint(forms):
        return None
    return _Meant(forms[1], lemma, False)


@cache
def _reference() -> _Known:
    file = resources.files("workbench").joinpath("reference", "themes-fr.toml")
    read = tomllib.loads(file.read_text(encoding="utf-8"))
    exactly = {word: value for value, words in read["values"].items() for word in words}
    loosely = {folded(word): value for word, value in exactly.items()}
    return _Known(exactly, loosely, frozenset(" ".join(read["ignored"].values()).split()))
