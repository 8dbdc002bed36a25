"""The model that also knows the NEB barriers of universal potentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from embench.audit.barriers import read_potentials
from embench.baselines.models.kernels import Blocks, KernelEnsemble
from embench.baselines.models.stack import SETS, PathwayStack, Regressor, blocks_of, members_of
from embench.baselines.scale import to_log
from embench.dataset import load
from embench.errors import BaselineError

if TYPE_CHECKING:
    from embench.crystal import Pathway
    from embench.dataset import Dataset

Floats = NDArray[np.float64]
Barriers = Mapping[str, Mapping[str, float]]

# The potentials whose barriers are inputs.
POTENTIALS = ("orb-v3", "mace-relax")

_WEIGHTINGS: tuple[tuple[float, ...], ...] = (
    (0.12, 0.3, 0.3, 0.4, 0.8, 0.02),
    (0.20, 0.5, 0.4, 0.4, 1.6, 0.05),
)
_SETTINGS: tuple[Mapping[str, Any], ...] = (
    {"kind": "process", "scale": 0.03, "noise": 0.05},
    {"kind": "process", "scale": 0.06, "noise": 0.05},
    {"kind": "svr", "scale": 0.05, "cost": 4.0},
)
_POTENTIAL_WEIGHT = {"potentials": 2.0, "missing": 0.3}
_TREES, _LEAF = 200, 2


class PathwayHybrid(PathwayStack):
    """The pathway stack with NEB barriers of potentials as further inputs, averaged with extremely randomised trees.

    Parameters
    ----------
    seed : of the trees and the inner folds.
    barriers : for each of POTENTIALS the barriers (eV) by entry id; by default those that ship with embench.
        An entry without one is predicted from the other potential and the structure.
    """

    sets = SETS

    def __init__(self, *, seed: int, barriers: Barriers | None = None) -> None:
        super().__init__(seed=seed)
        self._barriers = barriers

    def use_barriers(self, barriers: Barriers) -> None:
        """Take these barriers (eV), by potential and entry id, for what is predicted from now on."""
        self._barriers = {name: barriers.get(name, {}) for name in POTENTIALS}

    def _table(self, entries: Dataset) -> tuple[Floats, list[str]]:
        table, names = super()._table(entries)
        if self._barriers is None:
            self._barriers = shipped_barriers()
        known = self._barriers
        columns = [[known[name].get(entry_id, np.nan) for entry_id in _ids(entries)] for name in POTENTIALS]
        logs = to_log(np.clip(np.array(columns, dtype=np.float64).T, 0.0, None))
        return np.column_stack([table, logs]), names + [f"potentials:{name}" for name in POTENTIALS]

    def _regressor(self, names: Sequence[str]) -> Regressor:
        return HybridRegressor(names, seed=self.seed)


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    from embench.baselines.features import feature_table

    feature_table(entries, SETS)


class HybridRegressor:
    """Kernel regressors and trees on features of which the last, one for each potential, may be NaN.

    A missing barrier is replaced by that of the other potential, or where there is none by the training median, and
    marked by a feature of its own.
    """

    def __init__(self, names: Sequence[str], *, seed: int) -> None:
        self._n_potentials = len(POTENTIALS)
        self._names = list(names[: -self._n_potentials])
        self._seed = seed

    def fit(self, table: Floats, target: Floats) -> Self:
        """Fit to features (n, n_features) and targets (n,)."""
        from sklearn.ensemble import ExtraTreesRegressor

        values = table[:, -self._n_potentials :]
        self._medians = np.array([_median(column) for column in values.T])
        full = self._complete(table)
        self._kernels = KernelEnsemble(self._blocks(full.shape[1]), self._members()).fit(full, target)
        self._chosen = self._tree_features(full.shape[1])
        # A third of the features at each split; see the log of what was tried.
        self._trees: Any = ExtraTreesRegressor(
            _TREES, min_samples_leaf=_LEAF, max_features=0.3, random_state=self._seed
        )
        self._trees.fit(full[:, self._chosen], target)
        return self

    def predict_members(self, table: Floats) -> Floats:
        """Return the predictions of the kernel regressors and, half as often, of the trees, (n_members, n)."""
        full = self._complete(table)
        kernels = self._kernels.predict_members(full)
        trees = self._trees.predict(full[:, self._chosen])
        return np.concatenate([kernels, np.repeat(trees[None], len(kernels) // 2, axis=0)])

    def nearest(self, table: Floats) -> Floats:
        """Return how far each row is from the nearest training row, (n,)."""
        return self._kernels.nearest(self._complete(table))

    def distances(self, table: Floats) -> Floats:
        """Return how far each row is from each training row, (n, n_training)."""
        return self._kernels.distances(self._complete(table))

    def _complete(self, table: Floats) -> Floats:
        """Return the table with missing barriers filled in, their disagreement, and marks of what was missing."""
        features, values = table[:, : -self._n_potentials], table[:, -self._n_potentials :].copy()
        missing = np.isnan(values)
        counts = (~missing).sum(axis=1)
        others = np.where(missing, 0.0, values).sum(axis=1) / np.maximum(counts, 1)
        fill = np.where(counts[:, None] > 0, others[:, None], self._medians)
        values = np.where(missing, fill, values)
        low, high = values.min(axis=1), values.max(axis=1)
        return np.column_stack([features, values, low, high, values.mean(axis=1), high - low, missing])

    def _blocks(self, width: int) -> Blocks:
        first = len(self._names)
        last = width - self._n_potentials
        extra = {"potentials": np.arange(first, last), "missing": np.arange(last, width)}
        return {**blocks_of(self._names), **extra}

    def _members(self) -> list[Any]:
        from dataclasses import replace

        return [
            replace(member, weights={**member.weights, **_POTENTIAL_WEIGHT})
            for member in members_of(_WEIGHTINGS, _SETTINGS)
        ]

    def _tree_features(self, width: int) -> NDArray[np.intp]:
        """Return the features that the trees see: few, so that those of the potentials are not drowned."""
        kept = [position for position, name in enumerate(self._names) if _for_trees(name)]
        return np.array([*kept, *range(len(self._names), width)], dtype=np.intp)


def _for_trees(name: str) -> bool:
    kind, _, feature = name.partition(":")
    if kind == "composition":
        return feature.startswith("ion_")
    if kind == "geometry":
        plain = ("length", "volume_per_anion", "packing", "mobile_per_anion", "alone")
        return feature in plain or feature.startswith(("window_", "anion_nearest", "anion_reduced"))
    return kind == "barriers" and feature.startswith(("site_bending_log", "site_bending_hard_log", "site_yielding_log"))


def _median(column: Floats) -> float:
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


def _ids(entries: Iterable[Pathway]) -> list[str]:
    return [entry.entry_id for entry in entries]


def shipped_barriers() -> dict[str, dict[str, float]]:
    """Return the barriers (eV) of POTENTIALS that ship with embench, by entry id.

    Raises :class:`~embench.errors.BaselineError` where they lack one of the potentials, and as
    :func:`~embench.audit.barriers.read_potentials` does.
    """
    found = {potential.slug: dict(potential.barriers) for potential in read_potentials(load().entry_ids)}
    for name in POTENTIALS:
        if name not in found:
            raise BaselineError(
                f"the barriers that ship with embench lack {name}: give PathwayHybrid the keyword barriers, or make "
                "them again with embench data potentials"
            )
    return {name: found[name] for name in POTENTIALS}
