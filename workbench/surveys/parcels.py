"""What is handed over to be delivered, and what is answered: the same for files and for SendGrid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from workbench.surveys.mail import Compiled

MOST = 1000
"""Messages of one parcel: the most that SendGrid takes at once."""

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What a mail program posts, as name and value, to the address in `List-Unsubscribe` when somebody clicks there."""


@dataclass(frozen=True)
class Message:
    """One message: to whom, what others know it by, what is personal in it, and where one unsubscribes."""

    address: str
    opaque: str
    values: Mapping[str, str]
    leave_url: str | None

    @property
    def headers(self) -> dict[str, str]:
        """Headers of its own."""
        if self.leave_url is None:
            return {}
        return {"List-Unsubscribe": f"<{self.leave_url}>", "List-Unsubscribe-Post": "=".join(ONE_CLICK)}


@dataclass(frozen=True)
class Parcel:
    """Messages with the same content; `images` are PNG by the `cid:` that the HTML shows them by.

    `sender` is written as `Name <address>`. `is_tracked`: all of these people agreed that opens and clicks are told.
    """

    courrier: str
    content: Compiled
    sender: str
    messages: Sequence[Message]
    is_tracked: bool = False
    images: Mapping[str, bytes] = field(default_factory=dict)


class Outcome(StrEnum):
    """What became of a parcel; unless it is accepted or unknown, nothing of it was."""

    ACCEPTED = "accepted"
    BAD_ADDRESS = "bad_address"
    BUSY = "busy"
    UNKNOWN = "unknown"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Answer:
    """What was answered: in which words, without any address; and for how long to wait before asking again."""

    outcome: Outcome
    said: str = ""
    wait_s: float = 0


class Carrier(Protocol):
    """Something that delivers. `is_repeatable`: delivering the same message twice does no harm."""

    name: str
    is_repeatable: bool

    def refuse(self, addresses: Sequence[str]) -> None:
        """Raise where these may not be delivered to at all."""

    def carry(self, parcel: Parcel) -> Answer:
        """Deliver a parcel."""
