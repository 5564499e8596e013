"""A sender in a process of its own, for tests that kill it: `python sender_process.py LEDGER_URL SENDGRID_URL NAME`.

Its clock stands at the desk's moment, and pauses that are asked for are not kept: tests count requests, not time.
"""

import sys

from ledgers import KEY as LEDGER_KEY
from sendgrid_server import KEY
from sending_desk import NOW, TERMS

from workbench.ledger import open_ledger
from workbench.surveys.sendgrid import SendGrid
from workbench.surveys.sending import AlreadySending, SendingHalted, send

if __name__ == "__main__":
    ledger_url, sendgrid_url, name = sys.argv[1:]
    carrier = SendGrid(KEY, sendgrid_url, is_sandbox=False, is_sample=False, timeout_s=0.3)
    try:
        send(
            open_ledger(ledger_url, LEDGER_KEY), carrier, name, TERMS,
            who="process", clock=lambda: NOW, wait=lambda _: None, told=lambda _: None,
        )  # fmt: skip
    except (SendingHalted, AlreadySending) as error:
        sys.exit(str(error))
