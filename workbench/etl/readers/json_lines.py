"""Reads JSON Lines: one object a line, each with its physical line."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.etl import arrays
from workbench.etl.feeds import Feed
from workbench.etl.normalise import Batch, Raw, Reject
from workbench.etl.readers.header import clean, require, shown
from workbench.etl.readers.text import Text

ROWS = 50_000
CHARACTERS = 1 << 25
"""A batch ends after so many rows or characters, whatever comes first."""
NAMES = 200
"""So many unknown names are kept: a file may use values as names."""


class _NotJson(ValueError):
    """A line that is no JSON object."""


def _no_such_constant(name: str) -> None:
    raise _NotJson(name)


_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_such_constant)
"""Numbers stay the text they are: nothing is rounded."""


def read_json_lines(text: Text, feed: Feed, normalise: Callable[[Raw], Batch]) -> Iterator[Batch]:
    """The file's batches. Raises Refused when a required column is in none of its objects."""
    gathered = _Gathered(feed, checked=text.valid)
    characters = 0
    with text.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        for number, line in enumerate(stream, 1):
            if line.isspace():
                continue
            gathered.add(number, line)
            characters += len(line)
            if len(gathered.lines) >= ROWS or characters >= CHARACTERS:
                yield normalise(gathered.take())
                characters = 0
    if gathered.objects:
        require(tuple(gathered.seen), feed)
    yield normalise(gathered.take())


@dataclass
class _Gathered:
    """Objects on their way into a batch, and the names seen in the file."""

    feed: Feed
    checked: bool
    """Whether the whole file is known to be UTF-8."""
    lines: list[int] = field(default_factory=list)
    values: dict[str, list[str | None]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    objects: int = 0
    seen: dict[str, None] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = {name: [] for name in self.feed.names}

    def add(self, number: int, line: str) -> None:
        """Takes one line, as a row or as a reject."""
        if not self.checked and not _is_utf_8(line):
            self.rejects.append(Reject(number, "", "bad_encoding", ""))
            return
        try:
            found = _object(line)
        except (ValueError, RecursionError):
            self.rejects.append(Reject(number, "", "bad_json", ""))
            return
        self.objects += 1
        named = {clean(name): value for name, value in found.items()}
        self._note(named)
        fault = self._fault(named)
        if fault:
            self.rejects.append(Reject(number, *fault, ""))
            return
        self.lines.append(number)
        for name, values in self.values.items():
            values.append(_text(named.get(name)))

    def _note(self, named: dict[str, Any]) -> None:
        for name in named:
            if name in self.feed.names:
                self.seen[name] = None
            elif len(self.unknown) < NAMES:
                self.unknown[shown(name)] = None

    def _fault(self, named: dict[str, Any]) -> tuple[str, str] | None:
        """Column and reason of a value that is no plain text or number, if one is."""
        for name in self.values:
            value = named.get(name)
            if isinstance(value, dict | list):
                return name, "nested_value"
            if isinstance(value, str) and not value.isascii() and not _is_utf_8(value):
                return name, "bad_encoding"
        return None

    def take(self) -> Raw:
        """What was gathered since the last time."""
        columns = {name: arrays.strings(values) for name, values in self.values.items()}
        raw = Raw(columns, np.array(self.lines, np.int64), self.rejects, tuple(self.unknown))
        self.lines, self.rejects = [], []
        self.values = {name: [] for name in self.feed.names}
        return raw


def _object(line: str) -> dict[str, Any]:
    found = _decoder.decode(line.strip())
    if not isinstance(found, dict):
        raise _NotJson
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value  # type: ignore[no-any-return]  # text, a number as text, or null


def _is_utf_8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
