"""Sending a courrier to 10,000 people, beside the `sendgrid` package alone making the same bodies, in one run.

    python tests/bench_mail.py [--recipients 10000] [--runs 5]

The server is an imitation on 127.0.0.1 in a process of its own that takes everything and reads nothing: what is
measured is our own time, with rendering and ledger. The floor is 3 seconds and one request a thousand.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sendgrid.helpers.mail import Content, CustomArg, From, Mail, Personalization, Substitution, To
from sending_desk import SENDER, TERMS, add_people, approved

from workbench.ledger import open_ledger
from workbench.surveys.sendgrid import SendGrid
from workbench.surveys.sending import send

LIMIT_S = 3.0


class Taking(BaseHTTPRequestHandler):
    """Accepts whatever comes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One request."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        sys.stdout.write("asked\n")
        sys.stdout.flush()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def serve() -> None:
    """The server, which says its port first and then a line a request."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


@contextmanager
def server() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its address and its process."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}", process
        finally:
            process.kill()


def ours(recipients: int, url: str) -> tuple[float, int, int]:
    """Seconds of a sending, messages accepted, and by how many MB the process grew in its second half."""
    peaks: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(f"sqlite:///{Path(folder) / 'ledger.sqlite'}", b"a key for the bench")
        with closing(ledger):
            add_people(ledger, recipients)
            approved(ledger)
            carrier = SendGrid("SG.bench", url, is_sandbox=False, is_sample=False)
            start = time.perf_counter()
            done = send(
                ledger, carrier, "2020-12", TERMS, who="bench", clock=lambda: datetime.now(UTC), wait=time.sleep,
                told=lambda _: peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss),
            )  # fmt: skip
            return time.perf_counter() - start, done.accepted, (peaks[-1] - peaks[len(peaks) // 2]) // 1024


def package_alone(recipients: int) -> float:
    """Seconds that the package takes to make bodies for as many people, with two substitutions each."""
    start = time.perf_counter()
    for first in range(0, recipients, 1000):
        mail = Mail(From(SENDER.partition("<")[2].rstrip(">")), subject="Le courrier")
        mail.add_content(Content("text/plain", "Bonjour -a-"))
        for number in range(first, min(first + 1000, recipients)):
            personal = Personalization()
            personal.add_to(To(f"p{number}@ecole.test"))
            personal.add_substitution(Substitution("-a-", f"Prénom{number}"))
            personal.add_substitution(Substitution("-b-", f"https://w.klassroom.test/{number}"))
            personal.add_custom_arg(CustomArg("delivery", str(number)))
            mail.add_personalization(personal)
        mail.get()
    return time.perf_counter() - start


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--serve", action="store_true")
    given = parser.parse_args()
    if given.serve:
        serve()
    with server() as (url, process):
        ours(1000, url)
        pairs = [(ours(given.recipients, url), package_alone(given.recipients)) for _ in range(given.runs)]
        process.kill()
        assert process.stdout is not None
        asked = (process.stdout.read().count("asked") - 1) / given.runs
    seconds = statistics.median(run[0] for run, _ in pairs)
    alone = statistics.median(one for _, one in pairs)
    growth = statistics.median(run[2] for run, _ in pairs)
    accepted = {run[1] for run, _ in pairs}
    verdict = "holds" if seconds <= LIMIT_S else "DOES NOT HOLD"
    print(f"{given.recipients:,} recipients in {asked:g} requests, accepted {accepted}: median of {given.runs}")
    print(f"  our own time {seconds:.2f} s (limit {LIMIT_S:g} s: {verdict}), {seconds / alone:.1f} × the package alone")
    print(f"  the package alone {alone:.2f} s; memory grew by {growth} MB over the second half")


if __name__ == "__main__":
    main()
