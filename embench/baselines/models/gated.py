"""A model whose candidates are weighed anew for each hop: gates learned on inner folds, and the error of their mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import Prediction
from embench.baselines.models.conformal import ErrorModel, grouped_folds
from embench.baselines.models.gate import Gate
from embench.baselines.scale import OFFSET, from_log, to_log
from embench.errors import BaselineError

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Table = TypeVar("Table")

_RIDGE = 0.01
_INNER_FOLDS, _INNER_SEEDS = 5, 3


@dataclass(frozen=True, eq=False)
class OfBands:
    """What is known of the bands of n entries.

    Attributes
    ----------
    candidates : (n, n_bands) log(E + 0.3) of barriers that bands give; NaN where there is none.
    inputs : (n, k) signs of good and bad bands.
    """

    candidates: Floats
    inputs: Floats


@dataclass(frozen=True, eq=False)
class OfModels:
    """What trained models say of n entries.

    Attributes
    ----------
    candidates : (n, n_models) log(E + 0.3).
    spread : (n, k) standard deviations of the members of those models that have some.
    nearest : (n,) distance to the nearest training entry.
    """

    candidates: Floats
    spread: Floats
    nearest: Floats


@dataclass(frozen=True, eq=False)
class Views:
    """What the candidates say of n entries, and what the gate may know of them.

    Attributes
    ----------
    candidates : (n, n_candidates) log(E + 0.3), those of models and those of bands; NaN where there is none.
    inputs : (n, n_inputs).
    nearest : (n,) distance to the nearest training entry.
    """

    candidates: Floats
    inputs: Floats
    nearest: Floats

    @classmethod
    def of(cls, models: OfModels, bands: OfBands) -> Self:
        """Join what models and bands say of the same entries."""
        candidates = np.column_stack([models.candidates, bands.candidates])
        gaps = [np.abs(candidates[:, a] - candidates[:, b]) for a, b in combinations(range(candidates.shape[1]), 2)]
        # The size of the barrier, how far apart the candidates are, how much the members of the models disagree.
        known = np.nan_to_num(np.column_stack([models.candidates[:, 0], *gaps]))
        missing = np.isnan(bands.candidates)
        return cls(candidates, np.column_stack([known, models.spread, missing, bands.inputs]), models.nearest)

    def part(self, rows: Positions) -> Views:
        """Return the views of some entries."""
        return Views(self.candidates[rows], self.inputs[rows], self.nearest[rows])

    def mean(self, weights: Floats) -> Floats:
        """Return the weighted means (n,) of the candidates."""
        return np.asarray((weights * np.nan_to_num(self.candidates)).sum(axis=1), np.float64)

    def signs(self, weights: Floats) -> Floats:
        """Return what tells how hard an entry is (n, 4): size, two measures of disagreement, and distance."""
        mean = self.mean(weights)
        variance = (weights * (np.nan_to_num(self.candidates) - mean[:, None]) ** 2).sum(axis=1)
        extent = np.nanmax(self.candidates, axis=1) - np.nanmin(self.candidates, axis=1)
        return np.column_stack([mean, np.log(np.sqrt(variance) + 1e-3), np.log(extent + 1e-3), self.nearest])


class Gated:
    """The weighted mean of candidates, in log(E + 0.3), with weights that depend on the entry.

    The weights are learned from what the candidates say of entries that they were not fitted to, on inner folds that
    are grouped by host framework, once for each of three assignments to the folds. The three means are averaged.

    Parameters
    ----------
    seed : of the assignments, and of the trees of the error model.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def fit(self, out_of_fold: Callable[[Sequence[Positions]], Views], barriers: Floats, groups: Sequence[str]) -> Self:
        """Fit to barriers (n,), eV, of entries that belong to `groups` (n,).

        `out_of_fold` takes folds, the positions of their entries, and returns what candidates that were fitted without
        its fold say of each entry.
        """
        target = to_log(barriers)
        self._gates: list[Gate] = []
        means, signs = [], []
        for number in range(_INNER_SEEDS):
            folds = grouped_folds(groups, _INNER_FOLDS, _INNER_SEEDS * self.seed + number)
            seen = out_of_fold(folds)
            self._gates.append(_gate(seen, target))
            weights = _weights_out_of_fold(seen, target, folds)
            means.append(seen.mean(weights))
            signs.append(seen.signs(weights))
        every = [gate.weights(seen.inputs, seen.candidates) for gate in self._gates]
        self._mean_weights: Floats = np.mean(every, axis=(0, 1))
        guess = from_log(np.mean(means, axis=0))
        self._errors = ErrorModel(seed=self.seed)
        self._errors.fit(np.mean(signs, axis=0), (barriers - guess) / (guess + OFFSET), groups)
        return self

    def predict(self, seen: Views) -> Prediction:
        """Return barriers and standard deviations, eV."""
        weights = [gate.weights(seen.inputs, seen.candidates) for gate in self._gates]
        mean = from_log(np.mean([seen.mean(each) for each in weights], axis=0))
        deviation = self._errors.deviation(np.mean([seen.signs(each) for each in weights], axis=0))
        return Prediction(mean=mean, std=deviation * (mean + OFFSET))

    def mean_weights(self, names: Sequence[str]) -> dict[str, float]:
        """Return the mean weight of each candidate over what the gates were fitted to, for the record."""
        return {name: round(float(weight), 3) for name, weight in zip(names, self._mean_weights, strict=True)}


def complete(given: Mapping[str, Table], names: Sequence[str], *, model: str, keyword: str) -> Mapping[str, Table]:
    """Return what a user gave of each potential; raises :class:`BaselineError` where one of `names` is missing."""
    for name in names:
        if name not in given:
            raise BaselineError(
                f"{keyword} lacks {name}: give {model} a table for each of {', '.join(names)}, an empty one where "
                "nothing was computed"
            )
    return given


def _gate(seen: Views, target: Floats) -> Gate:
    return Gate(ridge=_RIDGE).fit(seen.inputs, seen.candidates, target)


def _weights_out_of_fold(seen: Views, target: Floats, folds: Sequence[Positions]) -> Floats:
    """Return the weights (n, n_candidates) that a gate fitted on the other folds gives to each entry."""
    weights = np.empty_like(seen.candidates)
    for test in folds:
        train = np.setdiff1d(np.arange(len(target)), test)
        outside = seen.part(test)
        weights[test] = _gate(seen.part(train), target[train]).weights(outside.inputs, outside.candidates)
    return weights
