"""Whose a response may be, where no rule can tell: people of the same name, or with nearly the same address."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from math import prod
from typing import NamedTuple

MOST_SUGGESTED = 5

FEW = 2
"""Letters of an address that may be typed wrong: with more it is another."""


@dataclass(frozen=True)
class Suggestion:
    """Somebody whose response this may be. `why` is the key of the reason, with `values` for its places; the score,
    of 0 to 1, says only which one is the likelier.
    """

    person: int
    name: str
    why: str
    values: Mapping[str, str]
    score: float


class _Reason(NamedTuple):
    """Why a response may be a person's; `weight` is the part of the doubt that it takes away."""

    weight: float
    why: str
    values: Mapping[str, str]


_LINKED = _Reason(1.0, "matching.why.link", {})
_SAME_NAME, _SAME_WORD = _Reason(0.8, "matching.why.name", {}), _Reason(0.5, "matching.why.name", {})
_MISTYPED = {1: 0.9, 2: 0.75}
"""The weight of an address by the letters that were typed wrong."""


class Known:
    """The people, to be found by what is nearly theirs."""

    def __init__(self, names: Mapping[int, str], known: Mapping[str, int]) -> None:
        self._names, self._known = names, known
        self._named: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, name in names.items():
            self._named[_words(name)].append(number)
        self._locals: dict[str, list[str]] = defaultdict(list)
        for email in known:
            self._locals[email.partition("@")[0]].append(email)
        self._letters = {local: _letters(local) for local in self._locals}
        self._pieces: dict[tuple[int, int, str], list[str]] = defaultdict(list)
        for local in self._locals:
            for place, (start, end) in enumerate(_cuts(len(local))):
                self._pieces[len(local), place, local[start:end]].append(local)

    def suggested(
        self, linked: int | None, given: Collection[str], name: str, typed: str, not_of: Collection[int]
    ) -> list[Suggestion]:
        """Whose a response may be, the likeliest first; not those whom somebody said it is `not_of`.

        `linked`: whom its token names; `given`: its valid addresses; `typed`: the address as it was written.
        """
        reasons: dict[int, list[_Reason]] = defaultdict(list)
        for person, reason in self._reasons(linked, given, name, typed.lower()):
            if person in self._names and person not in not_of:
                reasons[person].append(reason)
        doubts = [(prod(1 - one.weight for one in of), self._names[person], person) for person, of in reasons.items()]
        return [self._suggestion(*doubt, reasons[doubt[2]]) for doubt in nsmallest(MOST_SUGGESTED, doubts)]

    def _suggestion(self, doubt: float, name: str, person: int, reasons: list[_Reason]) -> Suggestion:
        best = max(reasons, key=lambda reason: reason.weight)
        return Suggestion(person, name, best.why, best.values, round(1 - doubt, 3))

    def _reasons(
        self, linked: int | None, given: Collection[str], name: str, typed: str
    ) -> Iterator[tuple[int, _Reason]]:
        if linked is not None:
            yield linked, _LINKED
        for email in given:
            if email in self._known:
                yield self._known[email], _Reason(0.95, "matching.why.address", {"address": email})
        words = _words(name)
        for person in self._named.get(words, ()) if words else ():
            yield person, _SAME_NAME if len(words) > 1 else _SAME_WORD
        yield from self._nearly(typed)

    def _nearly(self, typed: str) -> Iterator[tuple[int, _Reason]]:
        """Who has an address with a letter or two apart, or with the same name before another @domain."""
        local, _, domain = typed.partition("@")
        for near in self._near(local):
            wrong_before = apart(local, near)
            for email in self._locals[near] if wrong_before <= FEW else ():
                wrong = wrong_before + apart(domain, email.partition("@")[2])
                if weight := _MISTYPED.get(wrong):
                    yield self._known[email], _Reason(weight, "matching.why.typing", {"address": email})
                elif wrong and not wrong_before:
                    yield self._known[email], _Reason(0.6, "matching.why.domain", {"address": email})

    def _near(self, local: str) -> set[str]:
        """All that differ in two letters at most, and some others.

        Of the three pieces of each one is whole here, and no more than two letters are new, nor two gone.
        """
        found: set[str] = set()
        for length in range(max(1, len(local) - FEW), len(local) + FEW + 1) if local else ():
            for place, (start, end) in enumerate(_cuts(length)):
                for shift in range(-min(FEW, start), FEW + 1):
                    found.update(self._pieces.get((length, place, local[start + shift : end + shift]), ()))
        letters = _letters(local)
        return {one for one in found if (self._letters[one] ^ letters).bit_count() <= 2 * FEW}


def folded(text: str) -> list[str]:
    """Words without accents and capitals."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return re.findall(r"[^\W_]+", plain.casefold())


def _words(name: str) -> tuple[str, ...]:
    """A name as it can be compared: without accents, capitals and order."""
    return tuple(sorted(folded(name)))


def _letters(text: str) -> int:
    """Which letters there are, a bit each."""
    bits = 0
    for letter in set(text):
        bits |= 1 << ord(letter) % 64
    return bits


def _cuts(length: int) -> list[tuple[int, int]]:
    """Where a text is cut into three pieces."""
    first, second = length // 3, 2 * length // 3
    return [(0, first), (first, second), (second, length)]


def apart(one: str, other: str, most: int = FEW) -> int:
    """How many letters are to change, to add or to leave out to make one of the other; exact up to `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    if not most:
        return int(one != other)
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[same:], other[same:]
    if not one or not other:
        return len(one) + len(other)
    ways = ((one[1:], other[1:]), (one[1:], other), (one, other[1:]))
    return 1 + min(apart(*way, most - 1) for way in ways)
