"""What duplicates say of the uncertainty of the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from embench.dataset import Dataset

FloatArray = npt.NDArray[np.float64]

N_RESAMPLES = 10_000
SEED = 0


@dataclass(frozen=True)
class Pair:
    """Two duplicates and their labels (eV), the lower one first."""

    first_id: str
    second_id: str
    first: float
    second: float

    @property
    def difference(self) -> float:
        """The difference of the labels in eV, not negative."""
        return self.second - self.first


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Duplicates:
    """The groups of duplicates: same structure, symmetry-equivalent hop, two or more entries.

    A group of m entries has m(m - 1)/2 pairs but only m - 1 independent differences, so each of its pairs has the
    weight 2/m; the root mean square so weighted, divided by √2, is the pooled standard deviation within groups.
    Intervals come from resampling the groups (percentile bootstrap, 10,000 resamples, seeded).
    """

    groups: tuple[tuple[Pair, ...], ...]

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, the most different first."""
        every = [pair for group in self.groups for pair in group]
        return tuple(sorted(every, key=lambda pair: (-pair.difference, pair.first_id, pair.second_id)))

    @property
    def n_entries(self) -> int:
        """The number of entries that have a duplicate."""
        return len({entry_id for pair in self.pairs for entry_id in (pair.first_id, pair.second_id)})

    @property
    def median_difference(self) -> float:
        """The median difference (eV) over all pairs."""
        return float(np.median([pair.difference for pair in self.pairs]))

    def mean_difference(self) -> Estimate:
        """Return the weighted mean difference of two labels in eV."""
        return self._estimate(lambda difference: difference, lambda mean: mean)

    def standard_deviation(self) -> Estimate:
        """Return the standard deviation of one label in eV: the weighted RMS difference over √2."""
        return self._estimate(np.square, lambda mean: np.sqrt(mean / 2))

    def _estimate(
        self, of_difference: Callable[[FloatArray], FloatArray], of_mean: Callable[[FloatArray], FloatArray]
    ) -> Estimate:
        """Return ``of_mean`` of the weighted mean of ``of_difference``, resampling the groups for the interval."""
        sums, weights = [], []
        for group in self.groups:
            differences = np.array([pair.difference for pair in group])
            size = (1 + np.sqrt(1 + 8 * len(group))) / 2
            sums.append(of_difference(differences).sum() * 2 / size)
            weights.append(size - 1)
        total, weight = np.array(sums), np.array(weights)
        n = len(total)
        chosen = (np.random.default_rng(SEED).random((N_RESAMPLES, n)) * n).astype(np.intp)
        resampled = of_mean(total[chosen].sum(axis=1) / weight[chosen].sum(axis=1))
        low, high = np.quantile(resampled, [0.025, 0.975]).tolist()
        return Estimate(float(of_mean(total.sum() / weight.sum())), low, high)


def find_duplicates(data: Dataset) -> Duplicates:
    """Return the groups of entries that share ``group_duplicate``, in the order of `data`."""
    members: dict[str, list[tuple[float, str]]] = {}
    columns = data.column("group_duplicate"), data.column("migration_barrier").tolist(), data.entry_ids
    for group, label, entry_id in zip(*columns, strict=True):
        members.setdefault(group, []).append((label, entry_id))
    return Duplicates(tuple(_pairs(group) for group in members.values() if len(group) > 1))


def _pairs(group: list[tuple[float, str]]) -> tuple[Pair, ...]:
    return tuple(Pair(first_id, second_id, a, b) for (a, first_id), (b, second_id) in combinations(sorted(group), 2))
