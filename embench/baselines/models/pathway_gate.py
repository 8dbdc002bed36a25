"""The model that decides hop by hop whom to believe: the stack, the hybrid, or one of the potentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.models import hybrid, stack
from embench.baselines.models.bands import POTENTIALS, Bands, OfBands, barriers_of, checked, of_bands, shipped_bands
from embench.baselines.models.conformal import ErrorModel, grouped_folds
from embench.baselines.models.gate import Gate
from embench.baselines.scale import OFFSET, from_log, to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

MODELS = ("stack", "hybrid-kernels", "hybrid-trees")
"""The candidates that are trained: pathway-stack, and both parts of pathway-hybrid."""

_RIDGE = 0.01
_INNER_FOLDS, _INNER_SEEDS = 5, 3


class PathwayGate(CheckedBaseline):
    """Weighted mean, in log(E + 0.3), of the stack, the parts of the hybrid and the barriers of the potentials.

    The weights depend on the hop: on how far the candidates are apart, on how much the members of the models disagree,
    and on the ends and failures of the bands. They are learned from predictions of inner folds that are grouped by host
    framework, once for each of three assignments to the folds, and the three means are averaged.

    Parameters
    ----------
    seed : of the trees and the inner folds.
    bands : for each of POTENTIALS what is known of its bands by entry id; by default those that ship with embench.
        A potential without a barrier for an entry has no weight there.
    """

    def __init__(self, *, seed: int, bands: Bands | None = None) -> None:
        self.seed = seed
        self._bands = bands

    def _fit(self, train: Dataset) -> None:
        """Fit to the training side.

        Raises as :func:`~embench.baselines.features.feature_table` and :func:`shipped_bands` do, and
        :class:`~embench.errors.BaselineError` for given bands that lack one of POTENTIALS.
        """
        self._bands = shipped_bands() if self._bands is None else checked(self._bands)
        self._level = _FirstLevel(seed=self.seed, barriers=barriers_of(self._bands))
        tables, bands = self._level.tables(train), of_bands(self._bands, train)
        barriers = train.column("migration_barrier").astype(np.float64)
        target, groups = to_log(barriers), [str(group) for group in train.column("group_host")]
        self._gates: list[Gate] = []
        guesses, signs = [], []
        for number in range(_INNER_SEEDS):
            folds = grouped_folds(groups, _INNER_FOLDS, _INNER_SEEDS * self.seed + number)
            seen = Views.of(self._level.out_of_fold(tables, target, folds), bands)
            self._gates.append(Gate(ridge=_RIDGE).fit(seen.inputs, seen.candidates, target))
            weights = _weights_out_of_fold(seen, target, folds)
            guesses.append((weights * np.nan_to_num(seen.candidates)).sum(axis=1))
            signs.append(seen.signs(weights))
        guess = from_log(np.mean(guesses, axis=0))
        self._errors = ErrorModel(seed=self.seed)
        self._errors.fit(np.mean(signs, axis=0), (barriers - guess) / (guess + OFFSET), groups)
        self._level.fit(tables, target)
        self.choices = {"mean_weights": self._mean_weights(seen)}

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        assert self._bands is not None  # set by fit
        seen = Views.of(self._level.predict(self._level.tables(entries)), of_bands(self._bands, entries))
        weights = [gate.weights(seen.inputs, seen.candidates) for gate in self._gates]
        values = np.nan_to_num(seen.candidates)
        mean = from_log(np.mean([(each * values).sum(axis=1) for each in weights], axis=0))
        deviation = self._errors.deviation(np.mean([seen.signs(each) for each in weights], axis=0))
        return Prediction(mean=mean, std=deviation * (mean + OFFSET))

    def _mean_weights(self, seen: Views) -> dict[str, float]:
        """Return the mean weight of each candidate over the training side, for the record."""
        weights = np.mean([gate.weights(seen.inputs, seen.candidates) for gate in self._gates], axis=(0, 1))
        return {name: round(float(weight), 3) for name, weight in zip((*MODELS, *POTENTIALS), weights, strict=True)}


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    stack.prepare(entries)


@dataclass(frozen=True, eq=False)
class Views:
    """What the candidates say of n entries, and what the gate may know of them.

    Attributes
    ----------
    candidates : (n, n_candidates) log(E + 0.3), those of MODELS and of POTENTIALS; NaN where a potential has none.
    inputs : (n, n_inputs).
    nearest : (n,) distance to the nearest training entry.
    """

    candidates: Floats
    inputs: Floats
    nearest: Floats

    @classmethod
    def of(cls, models: Models, bands: OfBands) -> Self:
        """Join what models and bands say of the same entries."""
        candidates = np.column_stack([models.candidates, bands.candidates])
        gaps = [np.abs(candidates[:, a] - candidates[:, b]) for a, b in combinations(range(candidates.shape[1]), 2)]
        # The size of the barrier, how far apart the candidates are, how much the members of the models disagree.
        known = np.nan_to_num(np.column_stack([models.candidates[:, 0], *gaps]))
        missing = np.isnan(bands.candidates)
        return cls(candidates, np.column_stack([known, models.spread, missing, bands.inputs]), models.nearest)

    def part(self, rows: NDArray[np.intp]) -> Views:
        """Return the views of some entries."""
        return Views(self.candidates[rows], self.inputs[rows], self.nearest[rows])

    def signs(self, weights: Floats) -> Floats:
        """Return what tells how hard an entry is (n, 4): size, two measures of disagreement, and distance."""
        values = np.nan_to_num(self.candidates)
        mean = (weights * values).sum(axis=1)
        variance = (weights * (values - mean[:, None]) ** 2).sum(axis=1)
        extent = np.nanmax(self.candidates, axis=1) - np.nanmin(self.candidates, axis=1)
        return np.column_stack([mean, np.log(np.sqrt(variance) + 1e-3), np.log(extent + 1e-3), self.nearest])


@dataclass(frozen=True, eq=False)
class Models:
    """What the models say of n entries.

    Attributes
    ----------
    candidates : (n, 3) log(E + 0.3), those of MODELS.
    spread : (n, 2) standard deviation of the members of the stack, and of the kernel regressors of the hybrid.
    nearest : (n,) distance to the nearest training entry.
    """

    candidates: Floats
    spread: Floats
    nearest: Floats


class _FirstLevel:
    """The models among the candidates, fitted together."""

    def __init__(self, *, seed: int, barriers: hybrid.Barriers) -> None:
        self._parts: tuple[_Part, _HybridPart] = (_Part(seed=seed), _HybridPart(seed=seed, barriers=barriers))

    def tables(self, entries: Dataset) -> tuple[Floats, ...]:
        """Return the features that each of the models sees, (n, n_features)."""
        return tuple(part.table_of(entries) for part in self._parts)

    def fit(self, tables: Sequence[Floats], target: Floats) -> Self:
        """Fit to features (n, n_features) and targets (n,)."""
        self._fitted = [part.new().fit(table, target) for part, table in zip(self._parts, tables, strict=True)]
        return self

    def predict(self, tables: Sequence[Floats]) -> Models:
        """Return what the models say of these features."""
        members, others = (model.predict_members(table) for model, table in zip(self._fitted, tables, strict=True))
        # The members of the hybrid are its kernel regressors and, half as often, its trees.
        kernels, trees = np.split(others, [2 * len(others) // 3])
        return Models(
            candidates=np.array([members.mean(axis=0), kernels.mean(axis=0), trees.mean(axis=0)]).T,
            spread=np.array([members.std(axis=0), kernels.std(axis=0)]).T,
            nearest=self._fitted[0].nearest(tables[0]),
        )

    def out_of_fold(self, tables: Sequence[Floats], target: Floats, folds: Iterable[NDArray[np.intp]]) -> Models:
        """Return what models that were fitted without its fold say of each entry."""
        n = len(target)
        found = Models(np.empty((n, len(MODELS))), np.empty((n, 2)), np.empty(n))
        for test in folds:
            train = np.setdiff1d(np.arange(n), test)
            said = self.fit([table[train] for table in tables], target[train]).predict(
                [table[test] for table in tables]
            )
            found.candidates[test], found.spread[test], found.nearest[test] = said.candidates, said.spread, said.nearest
        return found


class _Part(stack.PathwayStack):
    """The stack as a source of features and regressors."""

    def table_of(self, entries: Dataset) -> Floats:
        """Return the features (n, n_features)."""
        table, self._names = self._table(entries)
        return table

    def new(self) -> stack.Regressor:
        """Return a new regressor for the features of :meth:`table_of`."""
        return self._regressor(self._names)


class _HybridPart(hybrid.PathwayHybrid, _Part):
    """The hybrid as a source of features and regressors."""


def _weights_out_of_fold(seen: Views, target: Floats, folds: Sequence[NDArray[np.intp]]) -> Floats:
    """Return the weights (n, n_candidates) that a gate fitted on the other folds gives to each entry."""
    weights = np.empty_like(seen.candidates)
    for test in folds:
        train = np.setdiff1d(np.arange(len(target)), test)
        inside, outside = seen.part(train), seen.part(test)
        gate = Gate(ridge=_RIDGE).fit(inside.inputs, inside.candidates, target[train])
        weights[test] = gate.weights(outside.inputs, outside.candidates)
    return weights
