"""Descriptors of the pathway without energies, and the regressor that does best with them on the training side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import Prediction
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.models.stack import LARGEST, LEAST, OFFSET

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

SETS = ("composition", "geometry", "radial", "functional")
_INNER_FOLDS = 5
_CENTRAL_95 = 1.959964


class PathwayDescriptors:
    """Composition and geometry of the straight line; one of several scikit-learn models, chosen in `fit`.

    The choice is the lowest error on inner folds grouped by host framework, whose residuals also scale the standard
    deviation: q (E + 0.3), with one q such that 95 % of them lie within 1.96 standard deviations.

    Attributes
    ----------
    chosen : name of the chosen model, a key of :func:`candidates`.
    inner_errors : inner out-of-fold MAE of every candidate, eV.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.chosen = ""
        self.inner_errors: dict[str, float] = {}

    def fit(self, train: Dataset) -> Self:
        """Choose a model on the training side and fit it there."""
        table = _table(train)
        barriers = train.column("migration_barrier").astype(np.float64)
        folds = grouped_folds([str(group) for group in train.column("group_host")], _INNER_FOLDS, self.seed)
        makers = candidates(self.seed)
        guesses = {name: _out_of_fold(make, table, barriers, folds) for name, make in makers.items()}
        self.inner_errors = {name: float(np.abs(guess - barriers).mean()) for name, guess in guesses.items()}
        self.chosen = min(self.inner_errors, key=lambda name: self.inner_errors[name])
        guess = guesses[self.chosen]
        self._spread = float(np.quantile(np.abs(guess - barriers) / (guess + OFFSET), 0.95)) / _CENTRAL_95
        self._model = makers[self.chosen]().fit(table, np.log(barriers + OFFSET))
        return self

    @property
    def choices(self) -> dict[str, Any]:
        """What :meth:`fit` has chosen, and the inner error (eV) of every candidate."""
        return {"model": self.chosen, "inner_mae": {name: round(mae, 4) for name, mae in self.inner_errors.items()}}

    def predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        mean = _barriers(self._model, _table(entries))
        return Prediction(mean=mean, std=self._spread * (mean + OFFSET))


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    _table(entries)


def candidates(seed: int) -> dict[str, Callable[[], Any]]:
    """Return makers of the models that are compared, by name."""
    from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    def process() -> Any:
        kernel = ConstantKernel(0.5) * RBF(20.0) + WhiteKernel(0.05)
        return make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed))

    def machine(cost: float) -> Any:
        return make_pipeline(StandardScaler(), SVR(C=cost, epsilon=0.05, gamma=0.0007))

    return {
        "svr-C2": lambda: machine(2.0),
        "svr-C6": lambda: machine(6.0),
        "gaussian-process": process,
        "extra-trees": lambda: ExtraTreesRegressor(100, min_samples_leaf=2, max_features=30, random_state=seed),
        "gradient-boosting": lambda: HistGradientBoostingRegressor(
            max_iter=150, learning_rate=0.06, max_leaf_nodes=8, max_features=0.2, random_state=seed
        ),
    }


def _table(entries: Dataset) -> Floats:
    from embench.baselines.features import feature_table

    return feature_table(entries, SETS)[0]


def _out_of_fold(make: Callable[[], Any], table: Floats, barriers: Floats, folds: list[NDArray[np.intp]]) -> Floats:
    guess = np.empty_like(barriers)
    for test in folds:
        train = np.setdiff1d(np.arange(len(barriers)), test)
        guess[test] = _barriers(make().fit(table[train], np.log(barriers[train] + OFFSET)), table[test])
    return guess


def _barriers(model: Any, table: Floats) -> Floats:
    return np.asarray(np.clip(np.exp(model.predict(table)) - OFFSET, LEAST, LARGEST), np.float64)
