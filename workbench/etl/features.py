"""Use of features over 28 days, exact, while the days go by: entered, renewed, moved with the user, expired.

A user's features count where the user was last active with anything, so that segments add up to totals.
What a user discovers in the 28 days from the first active one is counted beside, under the segment of that day.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.etl.codes import Ints, Vocabulary, codes, group_starts, ints, stated_ints
from workbench.etl.people import WINDOW, Seen, Segments, Small, Users, joined_segments
from workbench.etl.rows import Columns, Counts

NOT_USED = np.iinfo(np.int16).min


class FeatureWindows:
    """Who used which feature in the last 28 days, by segment of the user's last active day; and who discovered which.

    First uses are complete for users who joined on `joined_since` or later, if every day from then on is used.
    """

    def __init__(
        self, users: Users, segments: Segments, columns: Columns, first_uses: Columns, warm: int, joined_since: int
    ) -> None:
        self.names = Vocabulary()
        self._users, self._segments, self._columns, self._start = users, segments, columns, warm
        self._first_uses, self._joined_since = first_uses, joined_since
        self._last = np.empty((len(users.keys), 0), np.int16)
        self._window = np.zeros((0, 0), np.int64)
        self._today: tuple[Counts, Counts] = (self._window, self._window)
        self._used: dict[int, tuple[Ints, Ints]] = {}

    def expire(self, day: int) -> None:
        """Take out the uses that are 28 days old and were not renewed. Comes before the day's users are seen."""
        self._today = (np.zeros_like(self._window), np.zeros_like(self._window))
        if day - WINDOW in self._used:
            place, feature = self._used.pop(day - WINDOW)
            stale = self._last[place, feature] == day - WINDOW - self._start
            self._window -= self._tally(self._users.segment[place[stale]], feature[stale])

    def use(self, day: int, seen: Seen, table: pa.Table) -> None:
        """Move those whose segment changed, then count the day's uses."""
        feature = codes(table["feature"], self.names.code)
        self._fit()
        self._move(day, seen)
        uses = np.diff(group_starts(ints(table["user_key"])), append=len(table))
        place, segment = np.repeat(seen.place, uses), np.repeat(seen.after, uses)
        entering = self._last[place, feature] <= day - WINDOW - self._start
        self._window += self._tally(segment[entering], feature[entering])
        self._discover(day, place[entering], feature[entering])
        self._last[place, feature] = day - self._start
        self._used[day] = (place, feature)
        self._today = (self._tally(segment, feature), self._tally(segment, feature, stated_ints(table["events"])))

    def _discover(self, day: int, place: Ints, feature: Ints) -> None:
        """Count first uses: in the 28 days from joining, what was not used in the last 28 was never used."""
        joined = self._users.first_day[place]
        fresh = (joined > day - WINDOW) & (joined >= self._joined_since)
        place, feature, joined = place[fresh], feature[fresh], joined[fresh].astype(np.int64)
        segment = joined_segments(self._users, self._segments, place)
        shape = (WINDOW, len(self._segments), len(self.names.names))
        counts = np.bincount(np.ravel_multi_index((day - joined, segment, feature), shape))
        age, *cell = np.unravel_index(np.flatnonzero(counts), shape)
        monday = day - age - (day - age + 3) % 7
        self._first_uses.add(monday, *cell, age // 7, counts[counts > 0])

    def _move(self, day: int, seen: Seen) -> None:
        """A user's features in the window count where the user was last active."""
        moved = np.flatnonzero(seen.before != seen.after)
        who, feature = np.nonzero(self._last[seen.place[moved]] > day - WINDOW - self._start)
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
        """Make room for segments and features met today."""
        shape = (len(self._segments), len(self.names.names))
        if shape != self._window.shape:
            grown = np.zeros(shape, np.int64)
            grown[: self._window.shape[0], : self._window.shape[1]] = self._window
            more = np.full((len(self._last), shape[1] - self._last.shape[1]), NOT_USED, np.int16)
            self._window, self._last = grown, np.concatenate([self._last, more], axis=1)
