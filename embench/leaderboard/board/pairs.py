"""Every pair of systems on the same entries: the difference of their MAE, its interval, and whether it is resolved.

All pairs share one set of bootstrap draws and one set of sign patterns, so that a board of 30 systems takes no
longer than a few evaluations. The figures are those of :func:`embench.comparison.compare`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embench.metrics.sample import FloatArray, IntArray
from embench.statistics.intervals import Estimate, estimate
from embench.statistics.paired import SignFlipTest, sign_flip_tests
from embench.statistics.ranking import SIGNIFICANCE
from embench.statistics.resampling import bootstrap_blocks


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


def compare_all(absolute_errors: FloatArray, clusters: IntArray, *, resamples: int, seed: int) -> list[Pair]:
    """Compare every two of the systems, from absolute errors (systems, n; eV) and the cluster of each entry (n)."""
    n_clusters = int(clusters.max()) + 1
    sizes = np.bincount(clusters, minlength=n_clusters).astype(np.float64)
    sums = np.zeros((n_clusters, len(absolute_errors)))
    np.add.at(sums, clusters, absolute_errors.T)
    replicated = np.empty((len(absolute_errors), resamples))
    for rows, drawn in bootstrap_blocks(n_clusters, resamples=resamples, seed=seed, entries=absolute_errors.shape[1]):
        replicated[:, rows] = ((drawn @ sums) / (drawn @ sizes)[:, None]).T
    values = absolute_errors.mean(axis=1)
    jackknife = ((sums.sum(axis=0) - sums) / (sizes.sum() - sizes)[:, None]).T
    positions = [(a, b) for a in range(len(values)) for b in range(a + 1, len(values))]
    tests = sign_flip_tests(sums[:, [a for a, _ in positions]] - sums[:, [b for _, b in positions]], seed=seed)
    return [
        _pair(a, b, values, replicated, jackknife, test=test, clusters=n_clusters)
        for (a, b), test in zip(positions, tests, strict=True)
    ]


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
    resolved = test.p_value < SIGNIFICANCE and not difference.low <= 0.0 <= difference.high
    return Pair(a, b, difference, test, resolved)
