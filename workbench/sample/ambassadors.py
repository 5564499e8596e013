"""Who is in the sample's ambassador programme: people with their classes, and how faithfully each answers."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl

from workbench.ledger.people import PersonState
from workbench.ledger.states import PersonStatus
from workbench.sample import rhythm
from workbench.sample.chance import Array, generator
from workbench.sample.feeds import names
from workbench.sample.plan import Plan

LISTED, CANDIDATES = 100, 10
"""People on Diane's list, and those who came by the entry form since."""

_PAUSED, _LEFT, _SILENT = 4, 8, 12


@dataclass(frozen=True)
class Drawn:
    """A person of the programme. `faith`: how likely they answer a questionnaire; `ends`: what became of a member."""

    person: PersonState
    faith: float
    ends: PersonStatus


@lru_cache(maxsize=1)
def said() -> dict[str, Any]:
    """What people are called and write."""
    return tomllib.loads((files("workbench.sample") / "programme.toml").read_text(encoding="utf-8"))


def draw_people(plan: Plan) -> list[Drawn]:
    """Those on Diane's list, then the candidates; the same for the same plan."""
    rng = generator(plan.seed, "programme")
    user, joined = _members(plan)
    people = [_person(plan, rng, number, user, joined) for number in range(LISTED + CANDIDATES)]
    order = rng.permutation(LISTED).tolist()
    ends = dict.fromkeys(order[:_PAUSED], PersonStatus.PAUSED) | dict.fromkeys(
        order[_PAUSED : _PAUSED + _LEFT], PersonStatus.LEFT
    )
    silent = set(order[_PAUSED + _LEFT :][:_SILENT])
    return [
        Drawn(person, 0.0 if number in silent else float(rng.beta(6, 2.5)), ends.get(number, person.status))
        for number, person in enumerate(people)
    ]


def _members(plan: Plan) -> tuple[Array, Array]:
    """The users of the ambassadors' class, and when each joined it (seconds since 1970)."""
    members = plan.memberships
    inside = (members.klass == plan.classes.team) & ~members.lead
    return members.user[inside], members.joined[inside]


def _person(plan: Plan, rng: np.random.Generator, number: int, user: Array, joined: Array) -> PersonState:
    name = _name(number)
    linked = number < len(user)
    classes = _classes(plan, int(user[number])) if linked else np.empty(0, dtype=np.int64)
    place = _place(plan, classes)
    school = str(said()["schools"][int(rng.integers(len(said()["schools"])))])
    is_candidate = number >= LISTED
    since = _since(rng, is_candidate, int(joined[number]) if linked else None)
    called = names(plan)
    return PersonState(
        name=name,
        email=f"{_plain(name, '.')}@ecole-{_plain(school, '-')}.example",
        school=f"École {school}",
        commune=place.get("nom"),
        academie=place.get("academie"),
        since=since,
        status=PersonStatus.CANDIDATE if is_candidate else PersonStatus.ACTIVE,
        user_ids=(called.users[int(user[number])].as_py(),) if linked else (),
        class_ids=tuple(called.classes[int(klass)].as_py() for klass in classes),
    )


def _name(number: int) -> str:
    """A first name and a name; no two people have the same."""
    first, last = said()["first_names"].split(), said()["last_names"].split()
    return f"{first[number * 7 % len(first)]} {last[number * 11 % len(last)]}"


def _classes(plan: Plan, user: int) -> Array:
    """The classes of a teacher in the last school year."""
    members = plan.memberships
    own = (members.user == user) & members.lead & (members.year == len(rhythm.SCHOOL_YEARS) - 1)
    return np.unique(members.klass[own])


def _place(plan: Plan, classes: Array) -> dict[str, str]:
    """Commune and académie of a class; nothing for who has none."""
    rows = [int(plan.classes.places.commune[klass]) for klass in classes if plan.classes.places.commune[klass] >= 0]
    return _communes().row(rows[0], named=True) if rows else {}


@lru_cache(maxsize=1)
def _communes() -> pl.DataFrame:
    def read(name: str) -> pl.DataFrame:
        return pl.read_csv((files("workbench") / "reference" / name).read_bytes(), infer_schema=False)

    places = read("communes.csv").join(read("academies.csv"), on="departement", how="left", maintain_order="left")
    return places.select("nom", "academie")


def _since(rng: np.random.Generator, is_candidate: bool, joined: int | None) -> date:
    if is_candidate:
        return date(2020, 11, 10) + timedelta(days=int(rng.integers(0, 33)))
    if joined is not None:
        return date(1970, 1, 1) + timedelta(days=joined // 86_400)
    return date(2019, 9, 2) + timedelta(days=int(rng.integers(0, 300)))


def _plain(text: str, between: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", between, letters).strip(between)
