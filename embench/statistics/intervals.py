"""Confidence intervals from bootstrap replicates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from embench.metrics.sample import FloatArray
from embench.schema.terms import Method
from embench.statistics.rounding import rounding_of

CONFIDENCE = 0.95
# Below this many clusters the spread of the resamples says little about the spread of new data: no interval.
MINIMUM_CLUSTERS = 5
# The acceleration is a third moment over clusters; from fewer than this it is mostly noise.
MINIMUM_CLUSTERS_BCA = 10
# A corrected limit must have this many replicates beyond it, or it rests on a handful of them.
_MINIMUM_BEYOND = 10
_LARGEST_ACCELERATION = 0.25


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; all nan where undefined.

    `method` tells how the interval was made. `undefined` is the share of resamples in which the value does not
    exist (no good conductor drawn, say); they are left out of the interval.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    method: Method = "none"
    undefined: float = 0.0

    @property
    def leaves_out_zero(self) -> bool:
        """Whether zero lies outside of the interval, by more than rounding; so it does where there is no interval."""
        rounding = rounding_of(self.value)
        return not self.low - rounding <= 0.0 <= self.high + rounding


def estimate(value: float, replicates: FloatArray, jackknife: FloatArray | None = None, *, clusters: int) -> Estimate:
    """Return `value` with the interval that its `replicates` (B) give.

    BCa where `jackknife` (the value without each cluster in turn) is given and the correction is stable,
    otherwise the percentile interval; none from fewer than :data:`MINIMUM_CLUSTERS` clusters, or where the value
    is undefined in more than half of the resamples.
    """
    defined = np.sort(replicates[np.isfinite(replicates)])
    undefined = 1.0 - len(defined) / len(replicates)
    if not math.isfinite(value) or clusters < MINIMUM_CLUSTERS or undefined > 0.5:
        return Estimate(value, undefined=undefined)
    tail = (1.0 - CONFIDENCE) / 2.0
    levels, method = (tail, 1.0 - tail), "percentile"
    if jackknife is not None and clusters >= MINIMUM_CLUSTERS_BCA:
        corrected = bca_levels(value, defined, jackknife)
        if corrected is not None:
            levels, method = corrected, "bca"
    low, high = _quantiles(defined, levels)
    return Estimate(value, low, high, "bca" if method == "bca" else "percentile", undefined)


def bca_levels(value: float, replicates: FloatArray, jackknife: FloatArray) -> tuple[float, float] | None:
    """Return the bias-corrected and accelerated levels of the two limits, or None where they are not stable.

    Efron, J. Am. Stat. Assoc. 82, 171 (1987), equations 4.1 and 6.6. `replicates` (B) are sorted and finite.
    """
    n = len(replicates)
    rounding = rounding_of(value)
    below = np.searchsorted(replicates, value - rounding, side="left")
    not_above = np.searchsorted(replicates, value + rounding, side="right")
    share = (below + not_above) / (2.0 * n)
    influence = jackknife.mean() - jackknife
    spread = float((influence**2).sum())
    if not 0.0 < share < 1.0 or not math.isfinite(spread) or spread <= 1e-24 * max(1.0, value**2):
        return None
    acceleration = float((influence**3).sum()) / (6.0 * spread**1.5)
    if abs(acceleration) > _LARGEST_ACCELERATION:
        return None
    normal = NormalDist()
    bias = normal.inv_cdf(share)
    levels = []
    for tail in ((1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0):
        shifted = bias + normal.inv_cdf(tail)
        scale = 1.0 - acceleration * shifted
        if scale <= 0.0:
            return None
        levels.append(normal.cdf(bias + shifted / scale))
    low, high = levels
    if min(low, 1.0 - high) * n < _MINIMUM_BEYOND - rounding_of(_MINIMUM_BEYOND) or not low < high:
        return None
    return low, high


def _quantiles(ordered: FloatArray, levels: tuple[float, float]) -> tuple[float, float]:
    """Return the quantiles of `ordered`, linearly interpolated as numpy does, without sorting again."""
    low, high = np.interp(np.array(levels) * (len(ordered) - 1), np.arange(len(ordered)), ordered)
    return float(low), float(high)
