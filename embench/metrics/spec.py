"""The description of one metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from embench.metrics.resamples import Resamples
from embench.metrics.sample import FloatArray, Sample
from embench.schema.terms import Direction, Family

__all__ = ["FAMILIES", "Direction", "Family", "MetricSpec", "Support"]

FAMILIES: dict[Family, str] = {
    "regression": "The barrier itself",
    "classification": "Good conductors",
    "pathway": "Pathways of one structure",
    "uncertainty": "Predicted uncertainty",
}
"""The headings of the families, in the order in which they are shown."""


class Support(NamedTuple):
    """What a metric rests on: `n` things of a kind (``entries``, ``pairs``, ``structures``), from how many clusters."""

    n: int
    unit: str
    clusters: int


@dataclass(frozen=True, kw_only=True)
class MetricSpec:
    """One metric.

    `function` maps B resamples to B values, nan where the metric is undefined. `direction` says which values are
    better: lower, higher, nearer to zero, or nearer to `nominal`. `support` counts what the metric rests on, where
    that is not every entry. `headline` metrics need nothing but the sums of :data:`~embench.metrics.sample.MOMENTS`;
    they are computed for subsets too. For a metric that is not `smooth` in the weights of the entries, such as a
    median, the jackknife is inconsistent and the interval is a percentile one (Efron & Tibshirani, An Introduction
    to the Bootstrap, 1993, section 11.6).
    """

    name: str
    title: str
    symbol: str
    unit: str | None
    direction: Direction
    family: Family
    description: str
    function: Callable[[Resamples], FloatArray]
    support: Callable[[Sample], Support] | None = None
    headline: bool = False
    smooth: bool = True
    nominal: float | None = None

    def support_of(self, sample: Sample) -> Support:
        """Return what the metric rests on in `sample`."""
        if self.support is not None:
            return self.support(sample)
        return Support(len(sample), "entries", sample.n_clusters)
