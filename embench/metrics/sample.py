"""What a metric is computed on: scored entries, in clusters that are resampled as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
IntArray: TypeAlias = npt.NDArray[np.intp]
T = TypeVar("T")
Real = TypeVar("Real", np.float32, np.float64)

# Sums over entries from which every headline metric follows; see `Sample.moments`.
MOMENTS = (
    "count",
    "error",
    "absolute_error",
    "squared_error",
    "target",
    "squared_target",
    "true_positive",
    "false_positive",
    "false_negative",
    "true_negative",
)


# Errors (eV) that agree to this many decimals are equal: predictions and targets are decimal numbers.
_EQUAL_DECIMALS = 12


@dataclass(frozen=True, eq=False)
class Order:
    """The ascending order of n values, arranged for running sums over many resamples.

    The sorted entries stand in about √n blocks; `places` (width, blocks) holds the entry at each position of each
    block, so that a running sum goes through all blocks at once. Places beyond the last value repeat it. `upper`
    and `lower` (n) say where in :meth:`running` the sum up to and including the value of each entry is found, and
    the sum below that value.
    """

    places: IntArray
    upper: IntArray
    lower: IntArray

    @classmethod
    def of(cls, values: FloatArray) -> Order:
        """Return the order of `values` (n)."""
        n = len(values)
        index = np.argsort(values, kind="stable")
        width = math.isqrt(n - 1) + 1
        blocks = -(-n // width)
        position = np.arange(blocks) * width + np.arange(width)[:, None]
        ordered = values[index]
        row = np.append((np.arange(n) % width) * blocks + np.arange(n) // width, width * blocks)
        # Searching the values themselves gives ties the bounds of their run; row -1 holds zeros.
        upper = row[np.searchsorted(ordered, values, side="right") - 1]
        lower = row[np.searchsorted(ordered, values, side="left") - 1]
        return cls(index[np.minimum(position, n - 1)], upper, lower)

    def running(self, counts: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """Return the running sums of `counts` (n, B) in ascending order of the values, and a last row of zeros.

        The rows are arranged as `places` are; those beyond the last value exceed the total.
        """
        width, blocks = self.places.shape
        sums = np.empty((width * blocks + 1, counts.shape[1]), dtype=counts.dtype)
        sums[:-1] = counts[self.places.ravel()]
        sums[-1] = 0.0
        body = sums[:-1].reshape(width, blocks, -1)
        for position in range(1, width):
            body[position] += body[position - 1]
        before = np.zeros_like(body[-1])
        np.cumsum(body[-1, :-1], axis=0, out=before[1:])
        body += before
        return sums

    def midranks(self, counts: npt.NDArray[Real], total: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """Return twice the midrank of each value among entries taken `counts` (n, B) times, less twice its mean.

        `total` (B) are the sums of `counts`. Equal values share the mean of their ranks. Shape (n, B).
        """
        running = self.running(counts)
        ranks = running[self.upper]
        ranks += running[self.lower]
        ranks -= total
        return ranks


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """n scored entries, eV throughout.

    `cluster` (n) holds the cluster of each entry, 0 to c - 1: entries of one cluster share their errors and are
    only resampled together. Without it each entry is its own cluster. `structure` (n) holds one integer a crystal
    structure: pathways of equal integers compete with each other. `through_metal_site` (n) marks entries whose
    straight line runs through a metal site. A positive, a good conductor, has a barrier below `threshold`.
    """

    target: FloatArray
    prediction: FloatArray
    uncertainty: FloatArray | None = None
    threshold: float = 0.65
    cluster: IntArray | None = None
    structure: IntArray | None = None
    through_metal_site: BoolArray | None = None
    _derived: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.target)

    def only(self, members: BoolArray) -> Sample:
        """Return the sample of the entries in `members` (n); their clusters are numbered again, in the same order."""
        place = {code: number for number, code in enumerate(self.clusters_of(members))}

        def cut(values: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
            return None if values is None else values[members]

        return Sample(
            target=self.target[members],
            prediction=self.prediction[members],
            uncertainty=cut(self.uncertainty),
            threshold=self.threshold,
            cluster=np.array([place[code] for code in self.codes[members].tolist()], dtype=np.intp),
            structure=cut(self.structure),
            through_metal_site=cut(self.through_metal_site),
        )

    def clusters_of(self, members: BoolArray) -> list[int]:
        """Return the clusters that have entries in `members` (n), ascending."""
        return sorted(set(self.codes[members].tolist()))  # np.unique would import the masked arrays

    def derived(self, function: Callable[..., T], *arguments: Hashable) -> T:
        """Return ``function(self, *arguments)``, computed once: what is known before any resample is seen."""
        key = (function, *arguments)
        if key not in self._derived:
            self._derived[key] = function(self, *arguments)
        return cast(T, self._derived[key])

    @cached_property
    def codes(self) -> IntArray:
        """The cluster of each entry (n)."""
        return np.arange(len(self)) if self.cluster is None else self.cluster

    @property
    def n_clusters(self) -> int:
        """Number of clusters, c."""
        return int(self.codes.max(initial=-1)) + 1

    def cluster_sums(self, values: npt.NDArray[np.generic]) -> FloatArray:
        """Return the sum of `values` (n) or (n, k) over each cluster: (c) or (c, k)."""
        sums = np.zeros((self.n_clusters, *values.shape[1:]))
        np.add.at(sums, self.codes, values.astype(np.float64))
        return sums

    @cached_property
    def error(self) -> FloatArray:
        """Prediction minus target (n)."""
        return self.prediction - self.target

    @cached_property
    def absolute_error(self) -> FloatArray:
        """Absolute error (n)."""
        return np.abs(self.error)

    @cached_property
    def positive(self) -> BoolArray:
        """Whether the entry is a good conductor (n)."""
        return self.target < self.threshold

    @cached_property
    def predicted_positive(self) -> BoolArray:
        """Whether the entry is predicted to be a good conductor (n)."""
        return self.prediction < self.threshold

    @property
    def sigma(self) -> FloatArray:
        """The uncertainties (n); raises ValueError where the sample has none."""
        if self.uncertainty is None:
            raise ValueError("the predictions carry no uncertainty")
        return self.uncertainty

    @cached_property
    def moments(self) -> FloatArray:
        """One column for each of :data:`MOMENTS` (n, 10); targets are centred, which keeps R² exact."""
        target = self.target - self.target.mean()
        hit, claim = self.positive, self.predicted_positive
        columns = (
            np.ones(len(self)),
            self.error,
            self.absolute_error,
            self.error**2,
            target,
            target**2,
            hit & claim,
            ~hit & claim,
            hit & ~claim,
            ~hit & ~claim,
        )
        return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def target_order(sample: Sample) -> Order:
    """Return the order of the targets."""
    return Order.of(sample.target)


def prediction_order(sample: Sample) -> Order:
    """Return the order of the predictions."""
    return Order.of(sample.prediction)


def absolute_error_order(sample: Sample) -> Order:
    """Return the order of the absolute errors."""
    # 0.6 - 0.5 and 0.5 - 0.4 are the same error; as binary numbers they differ in the last bit.
    return Order.of(sample.absolute_error.round(_EQUAL_DECIMALS))


def uncertainty_order(sample: Sample) -> Order:
    """Return the order of the uncertainties."""
    return Order.of(sample.sigma)
