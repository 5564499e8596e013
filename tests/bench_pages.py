"""`make bench`, the pages: ours beside a page of plain Streamlit with as many cards, charts, tables and rows.

    python tests/bench_pages.py [--scale 1] [--runs 5] [--home HOME]

Both are served on this machine and visited in turn, in one run, since machines are shared and swing; figures are
medians. With --home an existing HOME is measured, else a sample of that scale. Pages are those of a whole school year,
and plain ones have its shape: the last one of the sample has only four months.

- script: from the request to the last message of the server, over a connection of our own, everything asked before.
- reload, cached filter, new filter: in Chromium, from the start of the navigation, or from the press on another
  school year, to the last change of the screen. New is a year that nobody has asked this page for since the start.
- first visit: of a server just started, ours once it says that it is ready; Chromium has nothing in its cache.
- sessions: so many connections at once, each through every page twice with a filter of its own; the peak of the
  server's resident memory. They are Streamlit's connections without its screen, which is the browser's memory.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, cycle
from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
from browsing import Server, chromium, drawn, run, serving, serving_bare, visitor
from playwright.sync_api import Browser, Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from workbench.app import GROWTH

LIMIT, FIRST_LIMIT, MEMORY_LIMIT_MB, SESSIONS = 1.5, 0.7, 1000, 25
YEAR, YEARS = "2019-2020", ("2018-2019", "2017-2018", "2020-2021")
FILTERS = ("", "country=FR", "country=BE", "role=parent", "role=teacher", "period=28", "year=2019-2020", "year=all")


@dataclass
class Shape:
    """What a page shows: its cards, the rows of each chart, rows and columns of each table."""

    cards: int = 0
    charts: list[int] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def add(self, element: Element) -> None:
        """Count one element of a page."""
        kind = element.WhichOneof("type")
        if kind == "metric":
            self.cards += 1
        elif kind == "vega_lite_chart":
            chart = element.vega_lite_chart
            held = [rows_of(named.data.data)[0] for named in chart.datasets]
            self.charts.append(sum(held))
        elif kind == "table":
            self.tables.append("x".join(map(str, rows_of(element.table.arrow_data.data))))

    @property
    def query(self) -> str:
        """The address of a plain page of this shape."""
        charts = ",".join(map(str, self.charts))
        return urlencode({"cards": self.cards, "charts": charts, "tables": ",".join(self.tables)}, safe=",")

    def __str__(self) -> str:
        """As the table lists it."""
        cells = [int(rows) * int(columns) for rows, columns in (size.split("x") for size in self.tables)]
        return f"{self.cards} cards, {len(self.charts)} charts of {sum(self.charts)} rows, {sum(cells)} cells"


def rows_of(arrow: bytes) -> tuple[int, int]:
    """Rows and columns of a table as Streamlit sends it."""
    with pa.ipc.open_stream(arrow) as reader:
        return reader.read_all().shape


class Session:
    """A visitor without a browser: one connection that asks for pages and reads what comes."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def visit(self, page: str, query: str = "") -> tuple[float, Shape]:
        """Milliseconds from asking for a page to the end of its script, and what it showed."""
        asked, shape, started = BackMsg(), Shape(), time.perf_counter()
        asked.rerun_script.page_name, asked.rerun_script.query_string = page, query
        self._connection.send(asked.SerializeToString())
        for raw in self._connection:
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                return (time.perf_counter() - started) * 1000, shape
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                shape.add(message.delta.new_element)
        raise RuntimeError("the server closed the connection")


@contextmanager
def session(url: str) -> Iterator[Session]:
    """A new visitor of a server."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None, open_timeout=60) as connection:
        yield Session(connection)


# ------------------------------------------------------------------ what is measured


@dataclass(frozen=True)
class Row:
    """A measure of ours beside the same of the plain page, in milliseconds, and the ratio it may reach."""

    page: str
    measure: str
    ours: float
    bare: float
    limit: float = LIMIT

    def __str__(self) -> str:
        """As the table lists it."""
        ratio = self.ours / self.bare
        verdict = "ok" if ratio <= self.limit else "OVER"
        return (
            f"{self.page:14} {self.measure:14} {self.ours:8.0f} {self.bare:8.0f} {ratio:6.2f} ≤ {self.limit}  {verdict}"
        )


@dataclass(frozen=True)
class Screen:
    """A tab on one of the two servers: the label of its filter of years, and the words that end its pages."""

    tab: Page
    label: str
    last: str

    def load(self, url: str) -> float:
        """From the start of the navigation to the last change of the screen."""
        self.tab.goto(url)
        return self._still()

    def choose(self, year: str) -> float:
        """From the press on a school year to the last change of the screen."""
        self.tab.get_by_test_id("stSidebar").get_by_role("combobox", name=self.label).click()
        self.tab.get_by_role("option", name=year, exact=True).click()
        return self._still() - float(self.tab.evaluate("window.pressed"))

    def _still(self) -> float:
        return float(drawn(self.tab, self.last).evaluate("window.changed"))


@contextmanager
def tab_of(browser: Browser, label: str, last: str) -> Iterator[Screen]:
    """A fresh visitor's tab."""
    with visitor(browser) as came:
        yield Screen(came.new_page(), label, last)


def in_turn(*measures: Callable[[], float], runs: int) -> list[float]:
    """The medians of measures that are taken one after the other, so many times."""
    taken = [[measure() for measure in measures] for _ in range(runs)]
    return [statistics.median(times) for times in zip(*taken, strict=True)]


@dataclass(frozen=True)
class Side:
    """One of the two servers with the visitors it has: a bare connection and a tab."""

    server: Server
    session: Session
    screen: Screen

    def measures(self, page: str, query: str, url: str) -> dict[str, Callable[[], float]]:
        """What is measured of a page, each once it has been seen."""
        self.session.visit(page, query)
        self.screen.load(url)
        years, again = cycle(YEARS), cycle(YEARS)
        return {
            "script": lambda: self.session.visit(page, query)[0],
            "reload": lambda: self.screen.load(url),
            "new filter": lambda: self.screen.choose(next(years)),
            "cached filter": lambda: self.screen.choose(next(again)),
        }


@contextmanager
def side(server: AbstractContextManager[Server], browser: Browser, label: str, last: str) -> Iterator[Side]:
    """A server and its visitors."""
    with server as ready, session(ready.url) as connected, tab_of(browser, label, last) as screen:
        yield Side(ready, connected, screen)


def bench_pages(home: Path, folder: Path, runs: int) -> Iterator[Row]:
    """Every page beside a plain one of its shape."""
    with (
        chromium() as browser,
        side(serving(home), browser, "Année scolaire", "build 0") as our,
        side(serving_bare(folder), browser, "Year", "the end") as bare,
    ):
        for page in GROWTH:
            query, path = urlencode({"year": YEAR}), "" if page == GROWTH[0] else page
            shape = our.session.visit(page, query)[1]
            print(f"{page}: {shape}", flush=True)
            ours = our.measures(page, query, f"{our.server.url}/{path}?{query}")
            plain = bare.measures("", shape.query, f"{bare.server.url}/?{shape.query}")
            for name, measure in ours.items():
                times = in_turn(measure, plain[name], runs=len(YEARS) if name == "new filter" else runs)
                yield Row(page, name, *times)


def bench_first_visit(home: Path, folder: Path, runs: int) -> Row:
    """The home page of a server just started."""
    with serving(home) as server, session(server.url) as visitor_there:
        query = visitor_there.visit(GROWTH[0])[1].query
    with chromium() as browser:

        def first(start: Callable[[], AbstractContextManager[Server]], address: str, last: str) -> float:
            with start() as server, tab_of(browser, "", last) as screen:
                return screen.load(f"{server.url}/{address}")

        ours = partial(first, partial(serving, home), "", "build 0")
        bare = partial(first, partial(serving_bare, folder), f"?{query}", "the end")
        return Row(GROWTH[0], "first visit", *in_turn(ours, bare, runs=runs), FIRST_LIMIT)


def bench_sessions(home: Path) -> str:
    """So many at once: the peak of the server's memory."""

    def stroll(visit: Callable[..., tuple[float, Shape]], query: str) -> list[float]:
        return [visit(page, query)[0] for _ in range(2) for page in GROWTH]

    with serving(home) as server, ExitStack() as connections:
        alone = peak_mb(server)
        there = [connections.enter_context(session(server.url)) for _ in range(SESSIONS)]
        with ThreadPoolExecutor(SESSIONS) as crowd:
            waits = list(chain.from_iterable(crowd.map(stroll, (one.visit for one in there), cycle(FILTERS))))
        peak = peak_mb(server)
    verdict = "ok" if peak < MEMORY_LIMIT_MB else "OVER"
    return (
        f"{SESSIONS} sessions, {len(waits)} pages at once: peak {peak:.0f} MB (ready: {alone:.0f} MB) "
        f"≤ {MEMORY_LIMIT_MB}  {verdict}; a page took {statistics.median(waits):.0f} ms in the median"
    )


def peak_mb(server: Server) -> float:
    """The peak of a server's resident memory so far."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main() -> None:
    """Make the sample, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="workbench-bench-pages-") as name:
        folder, home = Path(name), asked.home
        if home is None:
            home, source = folder / "home", folder / "sample"
            print(f"sample at --scale {asked.scale:g} …", flush=True)
            run(home, "sample", "--scale", str(asked.scale), "--out", str(source))
            run(home, "etl", "run", "--source", str(source))
        rows = list(bench_pages(home, folder, asked.runs))
        rows.append(bench_first_visit(home, folder, asked.runs))
        print(f"{'page':14} {'ms':14} {'ours':>8} {'bare':>8} {'ratio':>6}   limit", *rows, sep="\n", flush=True)
        print(bench_sessions(home))


if __name__ == "__main__":
    main()
