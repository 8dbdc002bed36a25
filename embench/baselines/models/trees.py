"""Extremely randomised trees on simple features of the hop, which run on anions as on cations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.scale import OFFSET, to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

_INNER_FOLDS = 5
_CENTRAL_95 = 1.959964


class SimpleTrees(CheckedBaseline):
    """300 trees that learn log(E + 0.3); nothing is chosen.

    The standard deviation of a prediction E is q (E + 0.3), with one q such that 95 % of the residuals of inner folds
    grouped by host framework lie within 1.96 standard deviations.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self._model: Any = None
        self._spread = float("nan")

    def _new(self) -> Any:
        from sklearn.ensemble import ExtraTreesRegressor

        return ExtraTreesRegressor(300, min_samples_leaf=2, max_features=0.33, random_state=self.seed)

    def _fit(self, train: Dataset) -> None:
        """Fit the trees, and the spread on inner folds."""
        table, barriers = _table(train), train.column("migration_barrier").astype(np.float64)
        target = to_log(barriers)
        guess = np.empty_like(barriers)
        for held_out in grouped_folds([str(group) for group in train.column("group_host")], _INNER_FOLDS, self.seed):
            inside = np.setdiff1d(np.arange(len(target)), held_out)
            guess[held_out] = _barriers(self._new().fit(table[inside], target[inside]), table[held_out])
        self._spread = float(np.quantile(np.abs(guess - barriers) / (guess + OFFSET), 0.95)) / _CENTRAL_95
        self._model = self._new().fit(table, target)

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        mean = _barriers(self._model, _table(entries))
        return Prediction(mean, self._spread * (mean + OFFSET))


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    _table(entries)


def _table(entries: Dataset) -> np.ndarray[Any, np.dtype[np.float64]]:
    from embench.baselines.features.simple import simple_table

    return simple_table(entries)[0]


def _barriers(model: Any, table: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return barriers (n,), eV; not below zero, and not capped: those of anions reach 13 eV."""
    found: np.ndarray[Any, np.dtype[np.float64]] = np.maximum(np.exp(model.predict(table)) - OFFSET, 0.0)
    return found
