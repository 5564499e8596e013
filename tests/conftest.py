"""What every test may ask for, and the one rule about skipping: on CI only tests marked `shared` may."""

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from browsing import browser, context, sample_home, screen, tabs  # noqa: F401 (fixtures for every file)
from ledgers import (  # noqa: F401 (fixtures for every file)
    ledger,
    ledger_url,
    own_ledger_url,
    postgresql_database,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
)
from pages_home import small_world  # noqa: F401 (a fixture for every file)
from raw_sample import raw  # noqa: F401 (a fixture for every file)
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner
from subscriptions_truth import signed  # noqa: F401 (a fixture for every file)

CHECKOUT = Path(__file__).resolve().parent.parent
# No test looks at a clock: how long an example takes on a busy machine says nothing about the code.
hypothesis.settings.register_profile("workbench", deadline=None)
hypothesis.settings.load_profile("workbench")

MOMENT_S = 0.1
"""Long enough to see that a script has ended."""
ON_CI = os.environ.get("CI") == "true"

LONGEST = (
    "browser_pages browser digest notebooks report pages diane courrier_day equivalence_by_hand publish documents "
    "sending recipes faults page_ambassadors page_subscriptions equivalence page_questionnaires alerts sample"
).split()
"""The files that take longest, about the longest first: begun last, one would run on while other workers are idle.

Diane's and the courrier's wait for the sample that `browser_pages` builds, so others begin before them.
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the files that take longest; the others follow in their order, and within a file nothing moves."""
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    if gone := [name for name in places if not (CHECKOUT / "tests" / f"{name}.py").is_file()]:
        raise pytest.UsageError(f"LONGEST in tests/conftest.py names files that are not there: {', '.join(gone)}")
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session", autouse=True)
def _components_are_looked_for_once() -> Iterator[None]:
    """Each AppTest asks every installed package anew whether it has components; a run installs none in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_script_is_waited_for_asleep() -> Iterator[None]:
    """AppTest looks every millisecond whether its script has ended, and takes the interpreter from it each time."""
    looked = local_script_runner.require_widgets_deltas

    def waited(runner: local_script_runner.LocalScriptRunner, timeout: float) -> None:
        assert runner._script_thread
        runner._script_thread.join(timeout)
        looked(runner, MOMENT_S)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", waited)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of exports and tables that stands beside the checkout; the test skips without it."""
    folder = Path(os.environ.get("SHARED", CHECKOUT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: name one with SHARED=…")
    return folder


def skipped(config: pytest.Config) -> Sequence[pytest.TestReport | pytest.CollectReport]:
    """The reports of what was skipped; empty in the workers of a parallel run, which report to the first process."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    return terminal.stats.get("skipped", []) if terminal else []


def may_skip(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Whether the test is marked `shared`; a whole module never may, since it has no marks to read."""
    return "shared" in getattr(report, "keywords", {})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turns the run red when a test skipped that may not."""
    if ON_CI and not all(may_skip(report) for report in skipped(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Lists each skipped test on CI, and says which of them turned the run red."""
    reports = skipped(config) if ON_CI else []
    if reports:
        terminalreporter.section("skipped")
    for report in reports:
        verdict = "shared" if may_skip(report) else "FORBIDDEN: only tests marked shared may skip"
        terminalreporter.line(f"{report.nodeid}  ({verdict})", red=not may_skip(report))
