"""Two systems on the same entries: is one better than the other, or was it luck?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from embench.metrics.sample import FloatArray
from embench.statistics.intervals import CONFIDENCE

FLIPS = 10_000
# Up to 2^13 = 8192 sign patterns are enumerated: fewer than the random ones, and exact.
LARGEST_EXACT = 13
POWER = 0.80
# Totals that are in memory at once: 8 MB of them.
_BLOCK_ELEMENTS = 1 << 20


@dataclass(frozen=True)
class SignFlipTest:
    """A two-sided p-value, and whether it is from all sign patterns (``exact``) or from random ones."""

    p_value: float
    method: Literal["exact", "monte_carlo"]
    patterns: int


def sign_flip_test(cluster_differences: FloatArray, *, seed: int, flips: int = FLIPS) -> SignFlipTest:
    """Test whether paired differences (c), summed over clusters, are symmetric about zero.

    If two systems are equally good, each cluster is as likely to favour one as the other by the same amount, so
    the sign of each sum may be flipped (Fisher's randomisation test; Winkler et al., NeuroImage 92, 381, 2014,
    for flips of whole exchangeability blocks). The p-value is the share of patterns whose total is at least as far
    from zero as the observed one, which is one of the patterns.
    """
    return sign_flip_tests(cluster_differences[:, None], seed=seed, flips=flips)[0]


def sign_flip_tests(cluster_differences: FloatArray, *, seed: int, flips: int = FLIPS) -> list[SignFlipTest]:
    """Return :func:`sign_flip_test` of each column (c, tests), with the same sign patterns for all."""
    counts = np.count_nonzero(cluster_differences, axis=0)
    tests = [SignFlipTest(1.0, "exact", 1)] * len(counts)
    # The patterns depend on the number of clusters that differ, and on nothing else of the differences.
    for clusters in np.unique(counts[counts > 0]).tolist():
        columns = np.flatnonzero(counts == clusters)
        chosen = cluster_differences[:, columns].T
        differences = chosen[chosen != 0.0].reshape(len(columns), clusters).T
        for column, test in zip(columns.tolist(), _flip(differences, seed=seed, flips=flips), strict=True):
            tests[column] = test
    return tests


def _flip(differences: FloatArray, *, seed: int, flips: int) -> list[SignFlipTest]:
    """Return the tests of columns (c, tests) without zeros."""
    clusters = len(differences)
    exact = clusters <= LARGEST_EXACT
    if exact:
        bits = (np.arange(1 << clusters)[:, None] >> np.arange(clusters)) & 1
    else:
        bits = np.random.default_rng(seed).integers(2, size=(flips, clusters), dtype=np.int8)
    # Equal totals of other signs differ by rounding.
    least = np.abs(differences.sum(axis=0)) - 1e-12 * np.abs(differences).sum(axis=0)
    reached = np.zeros(differences.shape[1], dtype=np.intp)
    block = max(1, _BLOCK_ELEMENTS // max(differences.shape))
    for start in range(0, len(bits), block):
        totals = np.abs((2.0 * bits[start : start + block] - 1.0) @ differences)
        reached += np.count_nonzero(totals >= least, axis=0)
    found = reached.tolist()
    if exact:
        return [SignFlipTest(count / len(bits), "exact", len(bits)) for count in found]
    return [SignFlipTest((count + 1) / (flips + 1), "monte_carlo", flips) for count in found]


def detectable_difference(standard_error: float) -> float:
    """Return the difference that a two-sided 5 % test finds with 80 % power, given its standard error.

    (z_0.975 + z_0.8) times the standard error, under a normal approximation.
    """
    normal = NormalDist()
    return (normal.inv_cdf((1.0 + CONFIDENCE) / 2.0) + normal.inv_cdf(POWER)) * standard_error


def standard_error(replicates: FloatArray) -> float:
    """Return the standard deviation of bootstrap replicates (B); nan for fewer than two defined ones."""
    defined = replicates[np.isfinite(replicates)]
    return float(defined.std(ddof=1)) if len(defined) > 1 else math.nan


def holm(p_values: list[float]) -> list[float]:
    """Return p-values adjusted for testing them all (Holm, Scand. J. Stat. 6, 65, 1979), in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, running = [0.0] * len(p_values), 0.0
    for step, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - step) * p_values[index]))
        adjusted[index] = running
    return adjusted
