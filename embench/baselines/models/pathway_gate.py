"""The model that decides hop by hop whom to believe: the structure, the hybrid, or one of the potentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.models import hybrid, stack
from embench.baselines.models.bands import POTENTIALS, Bands, barriers_of, of_bands, shipped_bands
from embench.baselines.models.distilled import PathwayDistilled
from embench.baselines.models.gated import Gated, OfModels, Views, complete
from embench.baselines.scale import to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

MODELS = ("distilled", "hybrid-kernels", "hybrid-trees")
"""The candidates that are trained: pathway-distilled, and both parts of pathway-hybrid."""


class PathwayGate(CheckedBaseline):
    """Weighted mean, in log(E + 0.3), of what was trained and the barriers of the potentials.

    What was trained is pathway-distilled and both parts of pathway-hybrid.

    The weights depend on the hop: on how far the candidates are apart, on how much the members of the models disagree,
    and on the ends and failures of the bands. They are learned from predictions of inner folds that are grouped by host
    framework, once for each of three assignments to the folds, and the three means are averaged.

    Parameters
    ----------
    seed : of the trees and the inner folds.
    bands : for each of POTENTIALS what is known of its bands by entry id; by default those that ship with embench.
        A potential without a barrier for an entry has no weight there.
    teacher : NEB barriers (eV), by entry id, of the potential that pathway-distilled learns from; by default CHGNet's.
    """

    def __init__(self, *, seed: int, bands: Bands | None = None, teacher: Mapping[str, float] | None = None) -> None:
        self.seed = seed
        self._bands, self._teacher = bands, teacher

    def _fit(self, train: Dataset) -> None:
        """Fit to the training side.

        Raises as :class:`~embench.baselines.models.distilled.PathwayDistilled` and :func:`shipped_bands` do, and
        :class:`~embench.errors.BaselineError` for given bands that lack one of POTENTIALS.
        """
        self._bands = shipped_bands() if self._bands is None else _complete(self._bands)
        self._level = _FirstLevel(seed=self.seed, barriers=barriers_of(self._bands), teacher=self._teacher)
        tables, bands = self._level.training_tables(train), of_bands(self._bands, train)
        barriers = train.column("migration_barrier").astype(np.float64)
        target, groups = to_log(barriers), [str(group) for group in train.column("group_host")]

        def out_of_fold(folds: Sequence[NDArray[np.intp]]) -> Views:
            return Views.of(self._level.out_of_fold(tables, target, groups, folds), bands)

        self._gated = Gated(seed=self.seed).fit(out_of_fold, barriers, groups)
        self._level.fit(tables, target, groups)
        self.choices = {"mean_weights": self._gated.mean_weights((*MODELS, *POTENTIALS))}

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        assert self._bands is not None  # set by fit
        models = self._level.predict(self._level.tables(entries))
        return self._gated.predict(Views.of(models, of_bands(self._bands, entries)))


def _complete(bands: Bands) -> Bands:
    return complete(bands, POTENTIALS, model="PathwayGate", keyword="bands")


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    stack.prepare(entries)


class _FirstLevel:
    """The models among the candidates, fitted together."""

    def __init__(self, *, seed: int, barriers: hybrid.Barriers, teacher: Mapping[str, float] | None) -> None:
        self._parts: tuple[_Part, ...] = (
            _DistilledPart(seed=seed, barriers=teacher),
            _HybridPart(seed=seed, barriers=barriers),
        )

    def training_tables(self, train: Dataset) -> tuple[Floats, ...]:
        """Return what each of the models learns from, (n, n_features), and keep the names of the features."""
        return tuple(part.training_table_of(train) for part in self._parts)

    def tables(self, entries: Dataset) -> tuple[Floats, ...]:
        """Return the features that each of the models sees, (n, n_features)."""
        return tuple(part.table_of(entries) for part in self._parts)

    def fit(self, tables: Sequence[Floats], target: Floats, groups: Sequence[str]) -> Self:
        """Fit to features (n, n_features) and targets (n,) of entries that belong to `groups` (n,)."""
        self._fitted = [part.learned(table, target, groups) for part, table in zip(self._parts, tables, strict=True)]
        return self

    def predict(self, tables: Sequence[Floats]) -> OfModels:
        """Return what the models say of these features."""
        members, others = (model.predict_members(table) for model, table in zip(self._fitted, tables, strict=True))
        # The members of the hybrid are its kernel regressors and, half as often, its trees.
        kernels, trees = np.split(others, [2 * len(others) // 3])
        return OfModels(
            candidates=np.array([members.mean(axis=0), kernels.mean(axis=0), trees.mean(axis=0)]).T,
            spread=np.array([members.std(axis=0), kernels.std(axis=0)]).T,
            nearest=self._fitted[0].nearest(tables[0]),
        )

    def out_of_fold(
        self,
        tables: Sequence[Floats],
        target: Floats,
        groups: Sequence[str],
        folds: Iterable[NDArray[np.intp]],
    ) -> OfModels:
        """Return what models that were fitted without its fold say of each entry."""
        n = len(target)
        found = OfModels(np.empty((n, len(MODELS))), np.empty((n, 2)), np.empty(n))
        for test in folds:
            train = np.setdiff1d(np.arange(n), test)
            self.fit([table[train] for table in tables], target[train], [groups[i] for i in train])
            said = self.predict([table[test] for table in tables])
            found.candidates[test], found.spread[test], found.nearest[test] = said.candidates, said.spread, said.nearest
        return found


class _Part(stack.PathwayStack):
    """A baseline as a source of features and of what is fitted to them."""

    def training_table_of(self, train: Dataset) -> Floats:
        """Return what is learned from, (n, n_features)."""
        table, self._names = self._training_table(train)
        return table

    def table_of(self, entries: Dataset) -> Floats:
        """Return the features (n, n_features)."""
        return self._table(entries)[0]

    def learned(self, table: Floats, target: Floats, groups: Sequence[str]) -> stack.Fitted:
        """Return what is fitted to rows of :meth:`training_table_of`."""
        return self._trained(table, self._names, target, groups)


class _DistilledPart(PathwayDistilled, _Part):
    """Pathway-distilled as a part."""


class _HybridPart(hybrid.PathwayHybrid, _Part):
    """Pathway-hybrid as a part."""
