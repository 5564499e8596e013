"""The users while the days go by: when each was active, where each counts, what the next pass must know of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl.codes import (
    COUNTRIES,
    ROLE_NAMES,
    UNKNOWN_COUNTRY,
    UNKNOWN_ROLE,
    Ints,
    arrow,
    codes,
    country_code,
    distinct,
    ints,
    places_of,
    role_code,
    stated_ints,
    texts,
)

WINDOW = 28
HISTORY = 2 * WINDOW
"""Days before the first re-opened one that decide what the windows hold on it."""

NEVER = int(np.iinfo(np.int32).max)
TODAY = np.uint64(1)
ROLES_MOST = 8
"""More than there are codes of roles: a pair of codes is one number, country * ROLES_MOST + role."""

Small = npt.NDArray[np.int32]

STATE = pa.schema(
    {
        "user_key": pa.int64(),
        "first_day": pa.int32(),
        "country": pa.int16(),
        "role": pa.int16(),
        "unstated_since": pa.int32(),
    }
)
"""Per user: first active day, what that day states (codes, 0 = nothing), first day on which something is unstated."""

Origin: TypeAlias = pa.Table
"""Per key of the users feed, ascending: user_key, origin_country, origin_role; they hold where no event states them."""


@dataclass(frozen=True)
class Span:
    """Which days are computed: `since` … `until` are written, those from `warm` on are only gone through."""

    warm: int
    since: int
    until: int


@dataclass
class Users:
    """What is known of each user, in arrays of one order (`keys`, ascending)."""

    keys: Ints
    bits: npt.NDArray[np.uint64]
    segment: Small
    first_day: Small
    first_country: npt.NDArray[np.int16]
    first_role: npt.NDArray[np.int16]
    unstated_since: Small
    origin_country: npt.NDArray[np.int16]
    origin_role: npt.NDArray[np.int16]


class Segments:
    """Pairs of country and role, numbered as they are met."""

    def __init__(self) -> None:
        self._number = np.full(len(COUNTRIES) * ROLES_MOST, -1, np.int32)
        self._pairs: list[int] = []

    def of(self, country: npt.NDArray[np.int16], role: npt.NDArray[np.int16]) -> Small:
        """The number of each pair."""
        pair = country.astype(np.int64) * ROLES_MOST + role
        for new in distinct(pair[self._number[pair] < 0]):
            self._number[new] = len(self._pairs)
            self._pairs.append(int(new))
        numbers: Small = self._number[pair]
        return numbers

    def __len__(self) -> int:
        return len(self._pairs)

    def names(self, numbers: Ints) -> tuple[pa.Array, pa.Array]:
        """Country and role of each segment number, as text."""
        pair = np.array([*self._pairs, 0], np.int64)[numbers]
        return texts(pair // ROLES_MOST, COUNTRIES), texts(pair % ROLES_MOST, ROLE_NAMES)


FactOf = Callable[[str, int], pa.Table | None]
"""Gives the facts of a relation on a day; None where the day was not loaded."""


def users_of(span: Span, facts: FactOf, state: pa.Table, origin: Origin) -> Users:
    """Every user met before the span's first written day or within the span, as known before that day."""
    before = {name: stated_ints(state[name]) for name in STATE.names}
    known = before["first_day"] < span.since
    old = {name: column[known] for name, column in before.items()}
    keys = _all_keys(span, facts, old["user_key"])
    place = places_of(old["user_key"], keys)
    origin_country, origin_role = _origins(origin, keys)
    users = Users(
        keys=keys,
        bits=np.zeros(len(keys), np.uint64),
        segment=np.zeros(len(keys), np.int32),
        first_day=_placed(keys, place, old["first_day"], NEVER),
        first_country=_placed(keys, place, old["country"], 0),
        first_role=_placed(keys, place, old["role"], 0),
        unstated_since=_placed(keys, place, old["unstated_since"], NEVER),
        origin_country=origin_country,
        origin_role=origin_role,
    )
    users.unstated_since[users.unstated_since >= span.since] = NEVER
    return users


def _all_keys(span: Span, facts: FactOf, known: Ints) -> Ints:
    """All user keys, ascending: those known before `since`, and those met from then on.

    Joined month by month, so that no array of all user-days is ever held.
    """
    keys, fresh = known, [known]
    for day in range(max(span.warm, span.since), span.until + 1):
        table = facts("lake_user_day", day)
        if table is not None:
            fresh.append(ints(table["user_key"]))
        if day % 30 == 0 or day == span.until:
            keys, fresh = distinct(np.concatenate([keys, *fresh])), []
    return keys


def _placed(keys: Ints, place: Ints, values: npt.NDArray[Any], default: int) -> npt.NDArray[Any]:
    whole = np.full(len(keys), default, values.dtype)
    whole[place] = values
    return whole


def _origins(origin: Origin, keys: Ints) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Country and role of each user where no event states them: the users feed's, else unknown."""
    country = np.full(len(keys), UNKNOWN_COUNTRY, np.int16)
    role = np.full(len(keys), UNKNOWN_ROLE, np.int16)
    if len(origin) and len(keys):
        theirs = ints(origin["user_key"])
        place = np.minimum(places_of(keys, theirs), len(theirs) - 1)
        found = theirs[place] == keys
        country[found] = codes(origin["origin_country"], country_code)[place[found]]
        role[found] = codes(origin["origin_role"], role_code)[place[found]]
    return country, role


@dataclass(frozen=True)
class Met:
    """The users of a day: their places, and the country and role that it states, as one number."""

    place: Ints
    stated: Ints


class Eve:
    """Where everybody stands on the eve of the first written day, from the days before it.

    Everybody active then is known from the state, so that a bit and what the day states is all there is to note: at a
    third of the cost of `see`, and 56 such days are gone through for one that is written.
    """

    def __init__(self, users: Users, since: int) -> None:
        self._users, self._since = users, since
        self._stated = np.zeros(len(users.keys), np.int32)

    def look_up(self, table: pa.Table) -> Met:
        """The users of a day; in any thread, as nothing is noted."""
        stated = codes(table["country"], country_code) * ROLES_MOST + codes(table["role"], role_code)
        return Met(np.searchsorted(self._users.keys, ints(table["user_key"])), stated)

    def recall(self, day: int, met: Met) -> None:
        """Note who was active on a day, later days after earlier ones."""
        self._users.bits[met.place] |= TODAY << np.uint64(self._since - 1 - day)
        self._stated[met.place] = met.stated

    def settle(self, segments: Segments) -> None:
        """Give all of them the segment of their last active day."""
        met = np.flatnonzero(self._users.bits)
        country, role = (part.astype(np.int16) for part in np.divmod(self._stated[met], ROLES_MOST))
        self._users.segment[met] = _segments_where(self._users, segments, met, country, role)


@dataclass(frozen=True)
class Seen:
    """The users of a day: their places, and their segments before it (never seen: 0) and on it."""

    place: Ints
    before: Small
    after: Small


def see(users: Users, day: int, table: pa.Table, segments: Segments) -> Seen:
    """Note who was active on a day, with what country and role."""
    place = np.searchsorted(users.keys, ints(table["user_key"]))
    country = codes(table["country"], country_code).astype(np.int16)
    role = codes(table["role"], role_code).astype(np.int16)
    _see_first(users, day, place, country, role)
    after = _segments_where(users, segments, place, country, role)
    before = users.segment[place]
    users.segment[place] = after
    users.bits[place] |= TODAY
    return Seen(place, before, after)


def _see_first(
    users: Users, day: int, place: Ints, country: npt.NDArray[np.int16], role: npt.NDArray[np.int16]
) -> None:
    new = users.first_day[place] == NEVER
    users.first_day[place[new]] = day
    users.first_country[place[new]] = country[new]
    users.first_role[place[new]] = role[new]
    unstated = ((country == 0) | (role == 0)) & (users.unstated_since[place] == NEVER)
    users.unstated_since[place[unstated]] = day


def state_of(users: Users) -> pa.Table:
    """What the next pass must know of everybody met so far, as STATE."""
    columns: list[npt.NDArray[Any]] = [
        users.keys,
        users.first_day,
        users.first_country,
        users.first_role,
        users.unstated_since,
    ]
    met = users.first_day != NEVER
    return pa.Table.from_arrays([arrow(column[met]) for column in columns], schema=STATE)


def joined_segments(users: Users, segments: Segments, place: Ints) -> Small:
    """The segment of the first active day of each of these users."""
    return _segments_where(users, segments, place, users.first_country[place], users.first_role[place])


def _segments_where(
    users: Users, segments: Segments, place: Ints, country: npt.NDArray[np.int16], role: npt.NDArray[np.int16]
) -> Small:
    """The segments of users by what a day states; by their origin where it states nothing."""
    return segments.of(
        np.where(country == 0, users.origin_country[place], country),
        np.where(role == 0, users.origin_role[place], role),
    )
