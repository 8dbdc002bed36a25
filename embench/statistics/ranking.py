"""Several systems on the same entries: what rank each may have, and which are tied with the best.

Rank intervals are percentiles of the rank in resamples of the host frameworks, drawn once for all systems. This
assumes that hosts are drawn independently from the population that the ranks are meant for, and that the systems
were fixed before the draw. For systems of exactly equal quality no bootstrap of ranks reaches its nominal coverage
(Xie, Singh & Zhang, J. Am. Stat. Assoc. 104, 775, 2009): which systems are tied is for the paired tests to say.
Those compare each system with the one observed best, by sign flips with Holm's correction; the best is chosen from
the same data, so a system just outside the set deserves a second look on other data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embench.metrics.sample import FloatArray, IntArray
from embench.statistics.intervals import CONFIDENCE
from embench.statistics.paired import holm, sign_flip_test
from embench.statistics.resampling import bootstrap_blocks
from embench.statistics.rounding import RELATIVE, midranks, subtract

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Rank:
    """The rank of one system by MAE, 1 the best, ties sharing the mean of their ranks, and its 95 % interval.

    `p_best` is the p-value of the paired test against the best system, `p_adjusted` with Holm's correction; both
    are 1 for the best itself. `best_set` tells whether the system is the best or tied with it.
    """

    rank: float
    low: float
    high: float
    p_best: float
    p_adjusted: float
    best_set: bool


def rank_systems(absolute_errors: FloatArray, clusters: IntArray, *, resamples: int, seed: int) -> list[Rank]:
    """Return the rank of each system from its absolute errors (systems, n) and the cluster of each entry (n)."""
    n_clusters = int(clusters.max()) + 1
    sums = np.zeros((n_clusters, len(absolute_errors)))
    np.add.at(sums, clusters, absolute_errors.T)
    observed = midranks(sums.sum(axis=0, keepdims=True))[0]
    replicated = np.empty((resamples, len(absolute_errors)))
    # Every resample has the same entries for all systems, so sums of errors rank as their means do.
    for rows, drawn in bootstrap_blocks(n_clusters, resamples=resamples, seed=seed, entries=len(absolute_errors)):
        replicated[rows] = midranks(drawn @ sums)
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(replicated, (tail, 1.0 - tail), axis=0, method="inverted_cdf")
    p_best, p_adjusted = _tests_against_best(sums, seed=seed)
    return [
        Rank(
            rank=float(observed[i]),
            low=float(low[i]),
            high=float(high[i]),
            p_best=p_best[i],
            p_adjusted=p_adjusted[i],
            best_set=p_adjusted[i] > SIGNIFICANCE,
        )
        for i in range(len(observed))
    ]


def _tests_against_best(sums: FloatArray, *, seed: int) -> tuple[Sequence[float], Sequence[float]]:
    """Return p-values against the best system and their Holm adjustments, 1 for the best itself."""
    totals = sums.sum(axis=0)
    # The first of those that share the lowest error.
    best = int(np.argmax(totals <= totals.min() * (1.0 + RELATIVE)))
    others = [system for system in range(sums.shape[1]) if system != best]
    found = [sign_flip_test(subtract(sums[:, system], sums[:, best]), seed=seed).p_value for system in others]
    p_best, p_adjusted = [1.0] * sums.shape[1], [1.0] * sums.shape[1]
    for system, p_value, adjusted in zip(others, found, holm(found), strict=True):
        p_best[system], p_adjusted[system] = p_value, adjusted
    return p_best, p_adjusted
