"""What a file's column names say: where the contract's columns are, and which are unknown."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.etl.feeds import Feed
from workbench.etl.normalise import Refused

NAME_LENGTH = 60


@dataclass(frozen=True)
class Header:
    """The columns of one file."""

    width: int
    places: dict[str, int]
    """Position of each column that is kept, under its contract name."""
    unknown: tuple[str, ...]
    """Names outside the contract, each cut at 60 characters."""

    @classmethod
    def of(cls, names: Sequence[str], feed: Feed) -> "Header":
        """The header of these column names.

        Raises Refused when none is the contract's, one of the contract's is there twice, or a required one is missing.
        """
        cleaned = [clean(name) for name in names]
        known = cls.known(names, feed)
        if not known:
            raise Refused("no_header")
        if len(known) > len(set(known)):
            raise Refused(f"repeated_column:{next(name for name in known if known.count(name) > 1)}")
        require(known, feed)
        unknown = dict.fromkeys(shown(name) for name in cleaned if name and name not in feed.names)
        kept = {column.name: cleaned.index(column.name) for column in feed.kept if column.name in known}
        return cls(len(cleaned), kept, tuple(unknown))

    @staticmethod
    def known(names: Sequence[str], feed: Feed) -> list[str]:
        """Those of the names that are the contract's."""
        return [name for name in map(clean, names) if name in feed.names]


def clean(name: str) -> str:
    """A column's name as the contract writes it."""
    return name.strip().removeprefix("\ufeff").strip().lower()


def shown(name: str) -> str:
    """An unknown name as it is reported: cut at 60 characters, and always text that can be written."""
    return name[:NAME_LENGTH].encode("utf-8", "replace").decode()


def require(known: Sequence[str], feed: Feed) -> None:
    """Raises Refused for the first required column that is not among the known ones."""
    for name in feed.required:
        if name not in known:
            raise Refused(f"missing_column:{name}")
