"""A real Chromium before the real server: what every test of the screen starts from.

The fixtures `browser`, `context`, `screen`, `tabs` and `sample_home` are known to every test file through `conftest`;
the rest is imported. `serving`, `served` and `sample_served` start the server and wait for it; `drawn` waits for a page
to be complete.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from built_once import once
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

WORKBENCH = str(Path(sys.executable).with_name("workbench"))
BARE = Path(__file__).with_name("bare_page.py")
INSTALLED = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The same engine, without and with what makes a browser of it: a new visitor costs three fifths in the first."""
CHROMIUM = os.environ.get("CHROMIUM") or INSTALLED or "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SECONDS_60 = 60_000
MS_100 = 100
"""Asked at each frame, as it would be else, whether it is complete, a page has a tenth more to do."""

WIDE, PHONE = (1440, 1000), (390, 844)

# The moments of the last press and of the last change of the screen, in milliseconds since the navigation began. What
# is only said to screen readers (role log, which empties itself some time later) is no change of the screen.
WATCH = """
addEventListener('pointerdown', () => { window.pressed = performance.now() }, true)
new MutationObserver(changes => {
  const seen = ({ target }) => !(target.closest ? target : target.parentElement)?.closest('[role=log]')
  if (changes.some(seen)) window.changed = performance.now()
})
  .observe(document, { subtree: true, childList: true, characterData: true })
"""
# Complete: connected, the script ended, nothing left over from the run before, every chart drawn, and all still: a
# chart is drawn anew some moments after its script has ended.
COMPLETE = """last => {
  const app = document.querySelector('[data-testid=stApp]')
  return app?.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED'
    && document.querySelector('[data-testid=stMain]')?.innerText.includes(last)
    && !document.querySelector('[data-stale=true]') && !document.querySelector('[data-testid=stSkeleton]')
    && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every(c => c.querySelector('svg, canvas'))
    && performance.now() - window.changed > 300
}"""


AS_IT_IS = """() => ({
  ...document.querySelector('[data-testid=stApp]')?.dataset,
  stale: [...document.querySelectorAll('[data-stale=true], [data-testid=stSkeleton]')].map(e => e.className),
  empty: document.querySelectorAll('[data-testid=stVegaLiteChart]:not(:has(svg, canvas))').length,
  still_ms: performance.now() - window.changed,
  said: document.body.innerText.slice(-300),
})"""


@dataclass(frozen=True)
class Site:
    """A HOME, its exports, and the server that shows it."""

    home: Path
    source: Path
    port: int

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def at(self, page: str, query: str = "") -> str:
        """The address of a page."""
        return f"{self.url}/{'' if page == 'overview' else page}{query}"

    def etl(self) -> None:
        """One run of the ETL."""
        run(self.home, "etl", "run", "--source", str(self.source))


def environment(home: Path, **given: str) -> dict[str, str]:
    """The environment of a command: this machine's, without its workbench."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    return own | {"WORKBENCH_HOME": str(home)} | given


def run(home: Path, *arguments: str) -> None:
    """One command of the workbench on a HOME, to its end."""
    subprocess.run([WORKBENCH, *arguments], env=environment(home), check=True, capture_output=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A server of pages that is ready, ours or a plain one."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """Our pages of a HOME that has a build."""
    port = free_port()
    with started([WORKBENCH, "serve", "--port", str(port)], home, port) as process:
        yield Server(port, process)


@contextmanager
def serving_bare(folder: Path) -> Iterator[Server]:
    """The plain Streamlit page of `bare_page`."""
    port = free_port()
    options = {"server.address": "127.0.0.1", "server.port": port, "server.headless": True}
    options |= {"browser.gatherUsageStats": False, "server.fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", str(BARE)]
    command += [f"--{name}={str(value).lower()}" for name, value in options.items()]
    with started(command, folder / "home", port) as process:
        yield Server(port, process)


@contextmanager
def started(command: Sequence[str], home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A server, from the line in which it says where it is to the end of the block."""
    with subprocess.Popen(
        command, cwd=home.parent, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            assert any(f":{port}" in line for line in server.stdout), "the server ended before it was ready"
            yield server
        finally:  # Streamlit says good-bye, and stays for ever if nobody reads it: the pipe is closed only then
            server.terminate()
            server.wait(timeout=60)


@contextmanager
def served(home: Path, source: Path) -> Iterator[Site]:
    """The pages of a HOME, built from its exports."""
    run(home, "etl", "run", "--source", str(source))
    with serving(home) as server:
        yield Site(home, source, server.port)


def build_sample(home: Path, scale: float = 0.001) -> None:
    """A small sample, which has something for each page, its ambassador programme too, landed and published."""
    run(home, "sample", "--scale", str(scale))
    run(home, "etl", "run", "--source", str(home / "exports"))
    run(home, "charter", "review")


@contextmanager
def sample_served(folder: Path, scale: float = 0.001) -> Iterator[Site]:
    """The pages of a small sample."""
    home = folder / "home"
    build_sample(home, scale)
    with serving(home) as server:
        yield Site(home, home / "exports", server.port)


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HOME of the small sample, which all workers of a run share: whoever comes first builds it, nobody writes."""
    return once(tmp_path_factory, "sample", lambda folder: build_sample(folder / "home")) / "home"


@contextmanager
def copy_served(sample: Path, folder: Path) -> Iterator[Site]:
    """The pages of a copy of a HOME that is built."""
    home = folder / "home"
    shutil.copytree(sample, home)
    with serving(home) as server:
        yield Site(home, home / "exports", server.port)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield launched
        finally:
            launched.close()


@contextmanager
def visitor(browser: Browser, size: tuple[int, int] = WIDE, scheme: str = "light") -> Iterator[BrowserContext]:
    """Somebody who reads French in New York, with a screen of that size in the light or in the dark."""
    width, height = size
    came = browser.new_context(
        locale="fr-FR",
        timezone_id="America/New_York",
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        accept_downloads=True,
    )
    came.add_init_script(WATCH)
    came.set_default_timeout(SECONDS_60)
    expect.set_options(timeout=SECONDS_60)
    try:
        yield came
    finally:
        came.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor with a wide screen, who keeps what they loaded once: the app's own files are most of a page."""
    with visitor(browser) as came:
        yield came


@pytest.fixture
def screen(context: BrowserContext) -> Page:
    """The visitor's one tab: a new tab is a new process, in which the first page takes twice the work of the next."""
    return context.pages[0] if context.pages else context.new_page()


Tabs = Callable[[tuple[int, int], str], Page]


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Iterator[Tabs]:
    """For each size and light the one tab of a visitor, in which page after page is opened."""
    with ExitStack() as visitors:

        @cache
        def tab(size: tuple[int, int], scheme: str) -> Page:
            return visitors.enter_context(visitor(browser, size, scheme)).new_page()

        yield tab


def opened(screen: Page, site: Site, page: str = "overview", query: str = "") -> Page:
    """A page, drawn to its footer."""
    screen.goto(site.at(page, query))
    return drawn(screen)


def drawn(screen: Page, last: str = "build 0") -> Page:
    """The page once it is complete, down to its last words; one that does not come to that says what it waits for."""
    try:
        screen.wait_for_function(COMPLETE, arg=last, timeout=SECONDS_60, polling=MS_100)
    except TookTooLong as late:
        raise AssertionError(f"{screen.url} is not complete: {screen.evaluate(AS_IT_IS)}") from late
    return screen


STANDS_STILL = """async e => {
  e.scrollIntoView({ block: 'center' })
  for (let at, frames = 0; frames < 20; frames++, await new Promise(requestAnimationFrame)) {
    const { top } = e.getBoundingClientRect()
    if (top !== at) [at, frames] = [top, 0]
  }
}"""


def pick(box: Locator, option: str, by_typing: bool = False) -> None:
    """An option of a select box, whose list closes when the page moves under it: of a fold that is opening, say."""
    box.evaluate(STANDS_STILL)
    if by_typing:
        box.fill(option)
    else:
        box.click()
    box.page.get_by_role("option", name=option, exact=True).click()


@dataclass(frozen=True)
class Heard:
    """What a tab asked for since it was last forgotten, and what went wrong in it."""

    asked: list[Request] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """What the page before asked for, and may yet break off, is not the fault of the next."""
        self.asked.clear()
        self.said.clear()

    def complain(self, request: Request, said: str) -> None:
        """Of a request that went wrong."""
        if request in self.asked:
            self.said.append(f"{request.url}: {said}")


def listened_to(screen: Page) -> Heard:
    """What a tab asks for from now on, and its errors: of console and scripts, requests that fail or are refused."""
    heard = Heard()
    screen.on("request", lambda request: heard.asked.append(request))
    screen.on("console", lambda message: heard.said.append(message.text) if message.type == "error" else None)
    screen.on("pageerror", lambda error: heard.said.append(str(error)))
    screen.on("requestfailed", lambda request: heard.complain(request, str(request.failure)))
    screen.on(
        "response", lambda reply: heard.complain(reply.request, str(reply.status)) if reply.status >= 400 else None
    )
    return heard
