"""Many resamples of one sample at once, and the arithmetic that metrics do on them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from embench.metrics.sample import MOMENTS, FloatArray, Order, Sample, absolute_error_order

OrderOf: TypeAlias = Callable[[Sample], Order]
AnyArray: TypeAlias = npt.NDArray[Any]
AnyFloats: TypeAlias = npt.NDArray[np.floating[Any]]
Precision: TypeAlias = type[np.float32] | type[np.float64]


class Resamples:
    """B resamples of one sample: each cluster taken `multiplicities` (B, c) times.

    The repeated sample itself is never formed, but every result is the one it would give. Means are sums over
    clusters, which are fewer than entries; what depends on order needs the running sums of :attr:`taken`.
    """

    def __init__(
        self,
        sample: Sample,
        multiplicities: FloatArray | None,
        *,
        sums: Mapping[str, FloatArray] | None = None,
        precision: Precision = np.float64,
    ) -> None:
        """`sums` gives the sums of :data:`MOMENTS` (B each) where only they are known.

        `precision` is that of the counts of entries. Single precision halves the time: medians and ROC curves stay
        exact, and rank correlations keep five digits, which is plenty for a replicate but not for a score.
        """
        self.sample = sample
        self._multiplicities = multiplicities
        self._sums = sums
        self._precision = precision
        self._midranks: dict[OrderOf, AnyFloats] = {}

    @classmethod
    def once(cls, sample: Sample) -> Resamples:
        """Return the sample itself as the only resample."""
        return cls(sample, np.ones((1, sample.n_clusters)))

    @property
    def multiplicities(self) -> FloatArray:
        """How often each cluster is taken (B, c)."""
        if self._multiplicities is None:
            raise ValueError("this metric needs the clusters, and only sums over them are at hand")
        return self._multiplicities

    @cached_property
    def taken(self) -> AnyFloats:
        """How often each entry is taken, entries first (n, B): whole rows are then added and reordered."""
        by_cluster: AnyFloats = np.ascontiguousarray(self.multiplicities.T, dtype=self._precision)
        return by_cluster[self.sample.codes]

    @cached_property
    def total(self) -> FloatArray:
        """Number of entries of each resample (B)."""
        return self.sum("count")

    @cached_property
    def _moment_sums(self) -> Mapping[str, FloatArray]:
        return self._sums_over(_cluster_moments)

    def sum(self, moment: str) -> FloatArray:
        """Return the sum (B) of one of :data:`MOMENTS`."""
        return (self._moment_sums if self._sums is None else self._sums)[moment]

    def average(self, moment: str) -> FloatArray:
        """Return the mean (B) of one of :data:`MOMENTS`; nan for an empty resample."""
        return ratio(self.sum(moment), self.total)

    def mean(self, values: Callable[..., AnyArray], *arguments: Hashable) -> FloatArray:
        """Return the mean over the entries of ``values(sample, *arguments)``, (n) or (n, k): (B) or (B, k)."""
        sums = self.multiplicities @ self.sample.derived(_cluster_values, values, *arguments)
        return ratio(sums, self.total if sums.ndim == 1 else self.total[:, None])

    def without_metal_site(self) -> Resamples:
        """Return the same resamples, for headline metrics, without the entries that run through a metal site."""
        return Resamples(self.sample, None, sums=self._sums_over(_cluster_moments_without_metal_site))

    def _sums_over(self, table: Callable[[Sample], FloatArray]) -> Mapping[str, FloatArray]:
        return dict(zip(MOMENTS, (self.multiplicities @ self.sample.derived(table)).T, strict=True))

    @cached_property
    def median_absolute_error(self) -> FloatArray:
        """Return the median (B) of the absolute errors."""
        running = self.sample.derived(absolute_error_order).running(self.taken)[:-1]
        # The element at a position (from 0) is the first whose running count exceeds it.
        low, high = (
            np.add.reduce((running <= position).view(np.int8), axis=0, dtype=np.int16)
            for position in np.floor([(self.total - 1) / 2, self.total / 2]).astype(self._precision)
        )
        values = np.sort(self.sample.absolute_error)
        middle = values[np.minimum((low, high), len(values) - 1)].mean(axis=0)
        return np.where(self.total > 0, middle, np.nan)

    def spearman(self, first: OrderOf, second: OrderOf) -> FloatArray:
        """Return the rank correlation (B) of two orders of the entries, ties at their midranks."""
        x, y = self.midranks(first), self.midranks(second)
        covariance, spread_x, spread_y = (
            # Whole numbers, which double precision sums without rounding: the order in which they come is no matter.
            np.add.reduce(self.taken * left * right, axis=0, dtype=np.float64)
            for left, right in ((x, y), (x, x), (y, y))
        )
        return ratio(covariance, np.sqrt(spread_x * spread_y))

    def midranks(self, order: OrderOf) -> AnyFloats:
        """Return twice the midrank of each entry in each repeated sample, less twice the mean rank (n, B)."""
        if order not in self._midranks:
            total: AnyFloats = self.total.astype(self._precision)
            self._midranks[order] = self.sample.derived(order).midranks(self.taken, total)
        return self._midranks[order]


def _cluster_moments(sample: Sample) -> FloatArray:
    return sample.cluster_sums(sample.moments)


def _cluster_moments_without_metal_site(sample: Sample) -> FloatArray:
    kept = np.ones(len(sample)) if sample.through_metal_site is None else ~sample.through_metal_site
    return sample.cluster_sums(sample.moments * kept[:, None])


def _cluster_values(sample: Sample, values: Callable[..., AnyArray], *arguments: Hashable) -> FloatArray:
    return sample.cluster_sums(values(sample, *arguments))


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the quotient, nan wherever the denominator is zero (or below: rounding of a sum of squares)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)
