"""Drawing with seeds: one generator per purpose, and draws on whole arrays."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def generator(seed: int, purpose: str, part: int = 0) -> np.random.Generator:
    """The generator of one purpose: a child of `seed`, so that a draw more for one purpose moves no other."""
    child = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()), part))
    return np.random.default_rng(child)


def pick(rng: np.random.Generator, weights: Array, count: int) -> Array:
    """`count` indices into `weights`, each drawn with its weight."""
    cumulative = np.cumsum(weights, dtype=float)
    drawn: Array = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    return drawn


def spread(total: int, weights: Array, least: int = 0) -> Array:
    """Whole numbers that sum to `total`, in proportion to `weights` (largest remainders).

    With `least` 1, each of the heaviest gets one before the rest is shared, as far as `total` goes.
    """
    heaviest = np.argsort(-weights, kind="stable")
    counts = np.zeros(len(weights), dtype=np.int64)
    counts[heaviest[:total]] = least
    shares = (total - counts.sum()) * weights / weights.sum()
    counts += shares.astype(np.int64)
    left = total - counts.sum()
    counts[np.argsort(-(shares % 1), kind="stable")[:left]] += 1
    return counts


def shuffled_by_group(rng: np.random.Generator, groups: Array) -> tuple[Array, Array]:
    """Row numbers ordered by group and at random within it, and each one's place (0, 1, …) in its group."""
    order = np.lexsort((rng.random(len(groups)), groups))
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(groups) else np.zeros(0, dtype=np.int64)
    place = np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    return order, place
