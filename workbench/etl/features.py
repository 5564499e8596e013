"""Use of features over 28 days, exact, while the days go by: entered, renewed, moved with the user, expired.

A user's features count where the user was last active with anything, so that segments add up to totals.
What a user discovers in the 28 days from the first active one is counted beside, under the segment of that day.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl.codes import Ints, Vocabulary, codes, group_starts, ints, stated_ints
from workbench.etl.people import WINDOW, Seen, Segments, Small, Users, joined_segments
from workbench.etl.rows import Columns, Counts

NOT_USED = np.iinfo(np.int16).min


@dataclass(frozen=True)
class Uses:
    """A day's uses: the places of its users, how many features each used, and these features, user by user.

    A cell is a feature of a user as one number: feature * number of users + place.
    """

    place: Ints
    count: Ints
    feature: Ints
    cell: Ints


class FeatureWindows:
    """Who used which feature in the last 28 days, by segment of the user's last active day; and who discovered which.

    First uses are complete for users who joined on `joined_since` or later, if every day from then on is recalled or
    used.
    """

    def __init__(
        self, users: Users, segments: Segments, columns: Columns, first_uses: Columns, warm: int, joined_since: int
    ) -> None:
        self.names = Vocabulary()
        self._users, self._segments, self._columns, self._start = users, segments, columns, warm
        self._first_uses, self._joined_since = first_uses, joined_since
        self._last = np.empty(0, np.int16)
        self._window = np.zeros((0, 0), np.int64)
        self._today: tuple[Counts, Counts] = (self._window, self._window)
        self._used: dict[int, Ints] = {}

    def recall(self, day: int, place: Ints, table: pa.Table) -> None:
        """Note the uses of a day before the first written one; `place`: the day's users, in the table's order."""
        self._note(day, self._uses(place, table))

    def begin(self, since: int) -> None:
        """Count the uses that were recalled and are still in the window on the eve of `since`, once for all days."""
        self._fit()
        self._used = {day: cells for day, cells in self._used.items() if day >= since - WINDOW}
        for day in self._used:
            self._window += self._not_renewed(day)

    def expire(self, day: int) -> None:
        """Take out the uses that are 28 days old and were not renewed. Comes before the day's users are seen."""
        self._today = (np.zeros_like(self._window), np.zeros_like(self._window))
        if day - WINDOW in self._used:
            self._window -= self._not_renewed(day - WINDOW)
            del self._used[day - WINDOW]

    def _not_renewed(self, day: int) -> Counts:
        """The uses of a day that are each their user's last of the feature, where the users count now."""
        cells = self._used[day]
        cells = cells[self._last[cells] == day - self._start]
        feature, place = self._parts(cells)
        return self._tally(self._users.segment[place], feature)

    def use(self, day: int, seen: Seen, table: pa.Table) -> None:
        """Move those whose segment changed, then count the day's uses."""
        uses = self._uses(seen.place, table)
        self._fit()
        self._move(day, seen)
        segment = np.repeat(seen.after, uses.count)
        entering = self._unused(day, uses.cell)
        self._window += self._tally(segment[entering], uses.feature[entering])
        self._note(day, uses)
        events = stated_ints(table["events"])
        self._today = (self._tally(segment, uses.feature), self._tally(segment, uses.feature, events))

    def _uses(self, place: Ints, table: pa.Table) -> Uses:
        """A day's uses; there is room for their cells afterwards."""
        feature = codes(table["feature"], self.names.code)
        more = len(self.names.names) * len(self._users.keys) - len(self._last)
        if more:
            self._last = np.concatenate([self._last, np.full(more, NOT_USED, np.int16)])
        count = np.diff(group_starts(ints(table["user_key"])), append=len(table))
        return Uses(place, count, feature, feature * len(self._users.keys) + np.repeat(place, count))

    def _parts(self, cells: Ints) -> tuple[Ints, Ints]:
        """Feature and place of each cell."""
        feature = cells // len(self._users.keys)
        return feature, cells - feature * len(self._users.keys)

    def _unused(self, day: int, cells: Ints) -> npt.NDArray[np.bool_]:
        """Which of the cells were not used in the 27 days before the day."""
        unused: npt.NDArray[np.bool_] = self._last[cells] <= day - WINDOW - self._start
        return unused

    def _note(self, day: int, uses: Uses) -> None:
        joined = self._users.first_day[uses.place]
        fresh = (joined > day - WINDOW) & (joined >= self._joined_since)
        if fresh.any():
            self._discover(day, uses.cell[np.repeat(fresh, uses.count)])
        self._last[uses.cell] = day - self._start
        self._used[day] = uses.cell

    def _discover(self, day: int, cells: Ints) -> None:
        """Count first uses: in the 28 days from joining, what was not used in the last 28 was never used."""
        feature, place = self._parts(cells[self._unused(day, cells)])
        age = day - self._users.first_day[place].astype(np.int64)
        segment = joined_segments(self._users, self._segments, place)
        shape = (WINDOW, len(self._segments), len(self.names.names))
        counts = np.bincount(np.ravel_multi_index((age, segment, feature), shape))
        age, *cell = np.unravel_index(np.flatnonzero(counts), shape)
        monday = day - age - (day - age + 3) % 7
        self._first_uses.add(monday, *cell, age // 7, counts[counts > 0])

    def _move(self, day: int, seen: Seen) -> None:
        """A user's features in the window count where the user was last active."""
        moved = np.flatnonzero(seen.before != seen.after)
        last = self._last.reshape(-1, len(self._users.keys))[:, seen.place[moved]]
        feature, who = np.nonzero(last > day - WINDOW - self._start)
        self._window -= self._tally(seen.before[moved[who]], feature)
        self._window += self._tally(seen.after[moved[who]], feature)

    def write(self, day: int, loaded: bool) -> None:
        """The day's rows: wherever the feature was used within 28 days."""
        segment, feature = np.nonzero(self._window)
        self._columns.add(
            np.full(len(segment), day, np.int32),
            segment,
            feature,
            self._today[0][segment, feature],
            self._window[segment, feature],
            self._today[1][segment, feature],
            np.full(len(segment), loaded),
        )

    def _tally(self, segment: Small, feature: Ints, weight: npt.NDArray[Any] | None = None) -> Counts:
        shape = self._window.shape
        cell = segment.astype(np.int64) * shape[1] + feature
        return np.bincount(cell, weight, shape[0] * shape[1]).astype(np.int64).reshape(shape)

    def _fit(self) -> None:
        """Make room in the counts for segments and features that were met since."""
        shape = (len(self._segments), len(self.names.names))
        if shape != self._window.shape:
            grown = np.zeros(shape, np.int64)
            grown[: self._window.shape[0], : self._window.shape[1]] = self._window
            self._window = grown
