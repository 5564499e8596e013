"""The project's messy exports, read file by file, against what stands in their truth."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from reading import land

from workbench.etl.feeds import FEEDS, form_of
from workbench.etl.normalise import Refused

COPY = "overlap copy.csv"


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "exports" / "messy.truth.json").read_text())
    return found


@pytest.fixture(scope="module")
def counted(shared: Path) -> tuple[Counter[str], Counter[str], list[str]]:
    """Rows and rejects by feed, and the refused files; the copy of a file counts once."""
    rows, rejects, refused = Counter[str](), Counter[str](), []
    for feed in FEEDS:
        for path in sorted((shared / "exports" / "messy" / feed).rglob("*")):
            if form_of(path.name) is None or path.name == COPY:
                continue
            try:
                landed = land(path, feed, reject_limit=0.05)
            except Refused:
                refused.append(path.name)
                continue
            rows[feed] += len(landed.rows)
            rejects[feed] += len(landed.rejects)
    return rows, rejects, refused


@pytest.mark.shared
def test_the_messy_exports_give_their_rows_and_rejects(
    counted: tuple[Counter[str], Counter[str], list[str]], truth: dict[str, Any]
) -> None:
    """Eight dresses of the same contract: what lands with its duplicates, and what is rejected, feed by feed."""
    rows, rejects, _ = counted
    usage, translations = truth["usage"], truth["translations"]
    assert rows["usage"] == usage["landed"] + usage["duplicates"]
    assert rows["translations"] == translations["rows"] + translations["duplicates"]
    assert rows["subscriptions"] == truth["subscriptions"]["rows"]
    stated = {feed: truth[feed]["rejected"] for feed in ("usage", "translations", "classes", "subscriptions")}
    assert {feed: rejects[feed] for feed in stated} == stated


@pytest.mark.shared
def test_the_messy_exports_have_their_files_refused(
    counted: tuple[Counter[str], Counter[str], list[str]], truth: dict[str, Any]
) -> None:
    """Cut, empty, without its key, and rotten."""
    assert sorted(counted[2]) == truth["refused_files"]
