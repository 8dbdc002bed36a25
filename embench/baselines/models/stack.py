"""The model from the structure alone: many kernel regressors on composition, geometry and cheap energy profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.models.conformal import ErrorModel, grouped_folds
from embench.baselines.models.kernels import Blocks, KernelEnsemble, Member
from embench.baselines.scale import OFFSET, from_log, to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

SETS = ("composition", "geometry", "radial", "barriers", "functional")
# What the stack sees as well, and the hybrid does not: whitened components of SOAP, with this weight of their block.
WITH_SOAP, SOAP_WEIGHT = (*SETS, "soap"), 0.2
_INNER_FOLDS = 5

# Weights of the blocks: migrating ion, other elements, geometry, radial counts, all profiles together, functional.
_WEIGHTINGS: tuple[tuple[float, ...], ...] = (
    (0.5, 1.0, 0.7, 0.5, 2.0, 0.10),
    (0.5, 0.7, 0.7, 0.5, 3.0, 0.10),
    (0.3, 1.0, 1.0, 0.7, 2.0, 0.05),
    (0.5, 1.0, 0.5, 0.3, 1.5, 0.00),
)
_SETTINGS: tuple[Mapping[str, Any], ...] = (
    {"kind": "svr", "scale": 0.10, "cost": 4.0},
    {"kind": "svr", "scale": 0.06, "cost": 10.0},
    {"kind": "process", "scale": 0.06, "noise": 0.05},
)
PROFILE_WEIGHTS = {
    "site": 1.0,
    "site_yielding": 1.0,
    "site_relaxing": 1.0,
    "site_relaxing_hard": 0.5,
    "site_bending_soft": 2.0,
    "site_bending": 2.0,
    "site_bending_hard": 1.0,
    "repulsion": 0.5,
    "repulsion_yielding": 0.5,
    "repulsion_relaxing": 0.5,
    "valence": 0.5,
}


class Fitted(Protocol):
    """What was fitted to a training side, a whole one or that of an inner fold."""

    def predict_members(self, table: Floats) -> Floats:
        """Return the predictions of all members, (n_members, n)."""
        ...

    def nearest(self, table: Floats) -> Floats:
        """Return how far each row is from the nearest training row, (n,)."""
        ...

    def distances(self, table: Floats) -> Floats:
        """Return how far each row is from each training row, (n, n_training)."""
        ...


class Regressor(Fitted, Protocol):
    """What is fitted in each fold, the inner ones included."""

    def fit(self, table: Floats, target: Floats) -> Self:
        """Fit to features (n, n_features) and targets (n,)."""
        ...


class PathwayStack(CheckedBaseline):
    """Average of support vector machines and Gaussian processes in log(E + 0.3), with calibrated deviations.

    They see SOAP of the straight line through its first principal components on the training side.

    No member is selected and nothing is tuned in `fit`: it trains all of them, and five times more on inner folds
    grouped by host framework, whose out-of-fold residuals calibrate the standard deviations.
    """

    sets: tuple[str, ...] = WITH_SOAP

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def _fit(self, train: Dataset) -> None:
        """Fit to the training side; raises as :func:`~embench.baselines.features.feature_table` does."""
        table, names = self._training_table(train)
        barriers = train.column("migration_barrier").astype(np.float64)
        target, groups = to_log(barriers), [str(group) for group in train.column("group_host")]
        members, nearest = self._out_of_fold(table, names, target, groups)
        guess = _barriers(members)
        self._errors = ErrorModel(seed=self.seed)
        self._errors.fit(_signs(members, nearest), (barriers - guess) / (guess + OFFSET), groups)
        self._model = self._trained(table, names, target, groups)

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        return self.predict_table(self._table(entries)[0])

    def table(self, entries: Dataset) -> Floats:
        """Return the features (n, n_features) of `entries`, as :meth:`predict_table` takes them."""
        return self._table(entries)[0]

    def predict_table(self, table: Floats) -> Prediction:
        """Return barriers and standard deviations, eV, for features (n, n_features)."""
        members = self._model.predict_members(table)
        mean = _barriers(members)
        deviation = self._errors.deviation(_signs(members, self._model.nearest(table)))
        return Prediction(mean=mean, std=deviation * (mean + OFFSET))

    def distances(self, table: Floats) -> Floats:
        """Return how far each row of features is from each entry of the training side, (n, n_training)."""
        return self._model.distances(table)

    def _table(self, entries: Dataset) -> tuple[Floats, list[str]]:
        from embench.baselines.features import feature_table

        return feature_table(entries, self.sets)

    def _training_table(self, train: Dataset) -> tuple[Floats, list[str]]:
        """Return the features of the training side and their names, and behind them what only it needs."""
        return self._table(train)

    def _regressor(self, names: Sequence[str]) -> Regressor:
        members = [
            replace(member, weights={**member.weights, "soap": SOAP_WEIGHT}) for member in members_of(_WEIGHTINGS)
        ]
        return KernelEnsemble(blocks_of(names), members, reduced=["soap"])

    def _trained(
        self,
        table: Floats,
        names: Sequence[str],
        target: Floats,
        groups: Sequence[str],  # noqa: ARG002
    ) -> Fitted:
        """Return what is fitted to a training side, a whole one or that of an inner fold, of hosts `groups` (n,)."""
        return self._regressor(names).fit(table, target)

    def _out_of_fold(
        self, table: Floats, names: Sequence[str], target: Floats, groups: Sequence[str]
    ) -> tuple[Floats, Floats]:
        """Return predictions of the members (n_members, n) and distances (n,) of inner folds grouped by host."""
        members: Floats | None = None
        nearest = np.empty(len(target))
        for test in grouped_folds(groups, _INNER_FOLDS, self.seed):
            train = np.setdiff1d(np.arange(len(target)), test)
            model = self._trained(table[train], names, target[train], [groups[i] for i in train])
            found = model.predict_members(table[test])
            members = np.empty((len(found), len(target))) if members is None else members
            members[:, test], nearest[test] = found, model.nearest(table[test])
        assert members is not None  # grouped_folds gives at least one fold
        return members, nearest


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    from embench.baselines.features import feature_table

    feature_table(entries, WITH_SOAP)


def members_of(
    weightings: Sequence[Sequence[float]], settings: Sequence[Mapping[str, Any]] = _SETTINGS
) -> list[Member]:
    """Return the members: each weighting with each setting of a regressor."""
    return [Member(weights=block_weights(weighting), **setting) for weighting, setting in product(weightings, settings)]


def block_weights(weighting: Sequence[float]) -> dict[str, float]:
    """Return the weights of all blocks for one row of the weightings."""
    ion, elements, geometry, radial, profiles, functional = weighting
    total = sum(PROFILE_WEIGHTS.values())
    weights = {"ion": ion, "elements": elements, "geometry": geometry, "radial": radial, "functional": functional}
    return weights | {name: profiles * weight / total for name, weight in PROFILE_WEIGHTS.items()}


def blocks_of(names: Sequence[str]) -> Blocks:
    """Return the positions of the features of each block, by the names that ``feature_table`` gives them."""
    found: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        found.setdefault(_block_of(name), []).append(position)
    return {block: np.array(positions, dtype=np.intp) for block, positions in found.items()}


def _block_of(name: str) -> str:
    kind, _, feature = name.partition(":")
    if kind == "composition":
        return "ion" if feature.startswith("ion_") else "elements"
    if kind != "barriers":
        return kind
    return max((profile for profile in PROFILE_WEIGHTS if feature.startswith(f"{profile}_")), key=len)


def _barriers(members: Floats) -> Floats:
    """Return the barriers (n,), eV, of the mean over the members (n_members, n) in log(E + OFFSET)."""
    return from_log(members.mean(axis=0))


def _signs(members: Floats, nearest: Floats) -> Floats:
    """Return what tells how hard a prediction is, (n, 4): its size, the disagreement of the members, and distance."""
    mean = members.mean(axis=0)
    extent = members.max(axis=0) - members.min(axis=0)
    return np.column_stack([mean, np.log(members.std(axis=0) + 1e-3), np.log(extent + 1e-3), nearest])
