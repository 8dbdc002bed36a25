"""Many systems on the same entries, two by two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from embench.metrics.sample import FloatArray, IntArray
from embench.statistics.intervals import Estimate, estimate
from embench.statistics.paired import SignFlipTest, sign_flip_tests
from embench.statistics.ranking import SIGNIFICANCE
from embench.statistics.resampling import bootstrap_blocks
from embench.statistics.rounding import subtract

# Pairs whose differences are in memory at once.
_PAIRS_AT_ONCE = 1024


@dataclass(frozen=True)
class Pair:
    """Systems `a` and `b` (their positions): MAE of `a` minus MAE of `b` (eV), and the test of their equality.

    `resolved` tells whether the test rejects equality at 5 % and the interval leaves out zero.
    """

    a: int
    b: int
    difference: Estimate
    test: SignFlipTest
    resolved: bool


def compare_all(
    absolute_errors: FloatArray,
    clusters: IntArray,
    *,
    resamples: int,
    seed: int,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> list[Pair]:
    """Compare systems by their absolute errors (systems, n; eV) and the cluster of each entry (n).

    `pairs` are the positions of those to compare; by default every two.
    """
    n_clusters = int(clusters.max()) + 1
    sizes = np.bincount(clusters, minlength=n_clusters).astype(np.float64)
    sums = np.zeros((n_clusters, len(absolute_errors)))
    np.add.at(sums, clusters, absolute_errors.T)
    replicated = np.empty((len(absolute_errors), resamples))
    for rows, drawn in bootstrap_blocks(n_clusters, resamples=resamples, seed=seed, entries=absolute_errors.shape[1]):
        replicated[:, rows] = ((drawn @ sums) / (drawn @ sizes)[:, None]).T
    values = absolute_errors.mean(axis=1)
    jackknife = ((sums.sum(axis=0) - sums) / (sizes.sum() - sizes)[:, None]).T
    positions = list(combinations(range(len(values)), 2)) if pairs is None else list(pairs)
    found: list[Pair] = []
    for start in range(0, len(positions), _PAIRS_AT_ONCE):
        some = positions[start : start + _PAIRS_AT_ONCE]
        tests = sign_flip_tests(subtract(sums[:, [a for a, _ in some]], sums[:, [b for _, b in some]]), seed=seed)
        found += [
            _pair(a, b, values, replicated, jackknife, test=test, clusters=n_clusters)
            for (a, b), test in zip(some, tests, strict=True)
        ]
    return found


def _pair(
    a: int,
    b: int,
    values: FloatArray,
    replicated: FloatArray,
    jackknife: FloatArray,
    *,
    test: SignFlipTest,
    clusters: int,
) -> Pair:
    difference = estimate(
        float(values[a] - values[b]), replicated[a] - replicated[b], jackknife[a] - jackknife[b], clusters=clusters
    )
    resolved = test.p_value < SIGNIFICANCE and difference.leaves_out_zero
    return Pair(a, b, difference, test, resolved)
