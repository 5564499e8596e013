"""Cost follows the news, the result does not: any sequence of runs ends in the tables of a full rebuild, the oracle's.

`equivalence.py SEED` tells one history at a time.
"""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from equivalence import Site, differences, expected, follow
from exports_cases import CASES, cases
from exports_maker import Made, make_exports, write

SEEDS = (35, 228)  # every case of CASES, in as few runs as two histories can have
MANY_SEEDS = (1, 5, 28, 83, 89, *range(100, 160))
SIZE = 400


@pytest.fixture
def made(seed: int, tmp_path: Path) -> Made:
    return make_exports(tmp_path / "final", seed, size=SIZE)


def test_the_histories_hold_every_trouble_of_real_exports(tmp_path: Path) -> None:
    """Equal tables prove nothing about a case that never came up."""
    met: Counter[str] = Counter()
    for seed in SEEDS:
        met += cases(make_exports(tmp_path / str(seed), seed, size=SIZE))
    assert CASES - set(met) == set()


def test_a_seed_always_gives_the_same_history(tmp_path: Path) -> None:
    """A failure names a seed, and the seed brings it back."""
    assert make_exports(tmp_path / "a", 1, size=SIZE) == make_exports(tmp_path / "b", 1, size=SIZE)


@pytest.mark.parametrize("seed", SEEDS)
def test_after_every_run_the_tables_are_the_oracles(made: Made, tmp_path: Path) -> None:
    """Late rows, replaced files and vanished ones change the days they touch, and exactly those."""
    check_every_run(made, tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_landing_leaves_no_trace(made: Made, tmp_path: Path) -> None:
    """All files at once, and the same files in a few runs in random order, end in equal tables."""
    check_orders(made, tmp_path, runs=3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY_SEEDS)
def test_after_every_run_of_many_histories_the_tables_are_the_oracles(made: Made, tmp_path: Path) -> None:
    """The long version of the test above."""
    check_every_run(made, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY_SEEDS)
def test_landing_one_file_at_a_time_leaves_no_trace(made: Made, tmp_path: Path) -> None:
    """As many runs as files."""
    check_orders(made, tmp_path, runs=len(made.landed()))


def check_every_run(made: Made, folder: Path) -> None:
    """Runs the ETL after every step, then once without news, then in full; each time the tables are the oracle's."""
    site = Site(folder / "site", made.timezone)
    for number, told in follow(made, site):
        assert not told, f"seed {made.seed}, step {number}: {told}"
    assert site.run() == "nothing new"
    assert site.run(full=True) == "published"
    assert not differences(site.tables(), expected(made.landed(), made.timezone)), f"seed {made.seed}, full rebuild"


def check_orders(made: Made, folder: Path, runs: int) -> None:
    """Lands the last bytes of every file in one run, and in `runs` runs in random order; then compares all tables."""
    at_once, bit_by_bit = Site(folder / "at once", made.timezone), Site(folder / "bit by bit", made.timezone)
    landed = made.landed()
    write(at_once.source, landed)
    at_once.run()
    paths = Random(made.seed).sample(sorted(landed), len(landed))
    for run in range(runs):
        write(bit_by_bit.source, {path: landed[path] for path in paths[run::runs]})
        bit_by_bit.run()
    assert bit_by_bit.tables() == at_once.tables()
    told = differences(at_once.tables(), expected(landed, made.timezone))
    assert not told, f"seed {made.seed}, all at once: {told}"
