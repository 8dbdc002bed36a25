"""Standard deviations from out-of-fold residuals, scaled so that 95 % of them lie within 1.96."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CENTRAL_95 = 1.959964
_LEVEL = 0.95
# Trees of the error model; large leaves, since the residuals are few and heavy-tailed.
_TREES, _LEAF = 200, 25
# The expected error is at least this part of its median.
_LEAST = 0.35


class ErrorModel:
    """Expected error of a prediction from a few signs of difficulty, calibrated on out-of-fold residuals.

    An extremely randomised forest learns log(error) from the signs. The residuals divided by its out-of-fold estimate
    are the conformity scores; their 95 % quantile, with the finite-sample correction of split conformal prediction,
    is 1.96 standard deviations. Source: H. Papadopoulos, V. Vovk and A. Gammerman, J. Artif. Intell. Res. 40, 815
    (2011), normalised nonconformity measures.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def fit(self, signs: Floats, errors: Floats, groups: Sequence[str]) -> Self:
        """Fit to out-of-fold `signs` (n, k) and relative `errors` (n,), with `groups` (n,) kept together."""
        from sklearn.model_selection import GroupKFold

        target = np.log(np.abs(errors) + 0.02)
        estimate = np.empty(len(errors))
        n_folds = min(5, len(set(groups)))
        for train, test in GroupKFold(n_folds).split(signs, target, groups):
            estimate[test] = self._forest().fit(signs[train], target[train]).predict(signs[test])
        self._floor = float(np.median(np.exp(estimate))) * _LEAST
        scores = np.abs(errors) / np.maximum(np.exp(estimate), self._floor)
        rank = min(int(np.ceil(_LEVEL * (len(scores) + 1))), len(scores))
        self._quantile = float(np.sort(scores)[rank - 1])
        self._model = self._forest().fit(signs, target)
        return self

    def deviation(self, signs: Floats) -> Floats:
        """Return the standard deviation (n,) of the relative error for `signs` (n, k)."""
        expected = np.maximum(np.exp(self._model.predict(signs)), self._floor)
        return np.asarray(expected * self._quantile / _CENTRAL_95, np.float64)

    def _forest(self) -> Any:
        from sklearn.ensemble import ExtraTreesRegressor

        return ExtraTreesRegressor(_TREES, min_samples_leaf=_LEAF, random_state=self.seed)


def grouped_folds(groups: Sequence[str], n_folds: int, seed: int) -> list[NDArray[np.intp]]:
    """Return the positions of each of `n_folds` folds of about equal size that keep groups whole, in random order."""
    names, inverse, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    n_folds = min(n_folds, len(names))
    load, fold_of = np.zeros(n_folds), np.zeros(len(names), dtype=np.intp)
    for group in np.random.default_rng(seed).permutation(len(names)):
        fold_of[group] = int(np.argmin(load))
        load[fold_of[group]] += counts[group]
    return [np.flatnonzero(fold_of[inverse] == fold) for fold in range(n_folds)]
