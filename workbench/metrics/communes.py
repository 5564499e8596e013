"""The communes of France by name and by code (`reference/communes.csv`)."""

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Commune:
    """A commune: INSEE code, name, département, postal code."""

    code: str
    name: str
    department: str
    postal_code: str


def communes_matching(asked: str) -> Sequence[Commune]:
    """The communes of a name, or of an INSEE or postal code, the biggest first.

    Case, accents, hyphens and « St » for « Saint » do not matter. Empty where there is none.
    """
    return _found().get(_folded(asked), ())


def commune_named(code: str | None) -> str | None:
    """The name behind an INSEE code; the code itself where no commune has it."""
    found = _by_code().get(code or "")
    return found.name if found else code


def _folded(text: str) -> str:
    """Without accents, in small letters, words apart by one space, « st » and « ste » written out."""
    letters = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "Oe"))
    words = re.findall(r"[a-z0-9]+", letters.encode("ascii", "ignore").decode().lower().replace("'", " "))
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


@cache
def _found() -> dict[str, tuple[Commune, ...]]:
    found: dict[str, tuple[Commune, ...]] = {}
    for commune in _by_code().values():
        names = (commune.code.lower(), commune.postal_code, _folded(commune.name))
        for name in dict.fromkeys(filter(None, names)):
            found[name] = (*found.get(name, ()), commune)
    return found


@cache
def _by_code() -> dict[str, Commune]:
    text = resources.files("workbench").joinpath("reference", "communes.csv").read_text(encoding="utf-8")
    rows = sorted(csv.DictReader(text.splitlines()), key=lambda row: (-int(row["population"] or 0), row["code_insee"]))
    return {
        row["code_insee"]: Commune(row["code_insee"], row["nom"], row["departement"], row["code_postal"])
        for row in rows
    }
