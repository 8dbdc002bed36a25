"""The baselines that fit nothing: the training median, and the copy of the most similar hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embench.baselines.base import CheckedBaseline, Prediction

if TYPE_CHECKING:
    from embench.dataset import Dataset


class Median(CheckedBaseline):
    """The median of the training barriers for every entry.

    The standard deviation is the root mean square deviation of the training barriers from it, which is what the
    evaluator assumes for predictions that it has to fill in.
    """

    def __init__(self, *, seed: int) -> None:  # noqa: ARG002
        self.median = self.spread = float("nan")

    def _fit(self, train: Dataset) -> None:
        """Take median and spread of the training barriers."""
        barriers = train.column("migration_barrier")
        self.median = float(np.median(barriers))
        self.spread = float(np.sqrt(np.mean((barriers - self.median) ** 2)))

    def _predict(self, entries: Dataset) -> Prediction:
        """Return the median and the spread for every entry."""
        return Prediction(np.full(len(entries), self.median), np.full(len(entries), self.spread))


class NearestNeighbour(CheckedBaseline):
    """The barrier of the most similar training entry.

    A hop in the same structure prototype is preferred to any other; among those the nearest in migrating ion, hop
    length, coordination and bottleneck is copied (:func:`embench.audit.leakage.nearest_neighbours` has the rule).
    """

    def __init__(self, *, seed: int) -> None:  # noqa: ARG002
        self.train: Dataset | None = None

    def _fit(self, train: Dataset) -> None:
        """Keep the training entries."""
        self.train = train

    def _predict(self, entries: Dataset) -> Prediction:
        """Return the copied barriers."""
        from embench.audit.leakage import SIMILAR_HOP, neighbours_between

        assert self.train is not None  # the base class has seen to it
        found = neighbours_between(self.train, entries, relations=SIMILAR_HOP)
        return Prediction(np.array([neighbour.copied for neighbour in found]))
