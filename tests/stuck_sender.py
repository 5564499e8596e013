"""A sender that writes the first messages of a courrier into the outbox, says so, and then gets no further.

    python tests/stuck_sender.py NAME MESSAGES

It holds the courrier and what it claimed until somebody kills it.
"""

import sys
import time
from dataclasses import replace

from workbench.cli.mail import desk
from workbench.surveys.outbox import Outbox
from workbench.surveys.parcels import Answer, Parcel
from workbench.surveys.sending import send


class Stuck(Outbox):
    """The outbox, with a sender that stops in the middle of a parcel."""

    messages = 0

    def carry(self, parcel: Parcel) -> Answer:
        """Write the first messages, and wait for the end."""
        super().carry(replace(parcel, messages=parcel.messages[: self.messages]))
        print("stuck", flush=True)
        sys.stdin.read()
        raise SystemExit


def main(name: str, messages: int) -> None:
    """Send a courrier of this HOME until one is stuck."""
    at = desk()
    stuck = Stuck(at.settings.home / "outbox")
    stuck.messages = messages
    send(at.ledger, stuck, name, at.terms, who="test", clock=at.clock, wait=time.sleep)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
