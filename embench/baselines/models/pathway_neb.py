"""The model that anyone can run for a new crystal: the stack, corrected by NEB with a potential that is free to all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import Prediction
from embench.baselines.models import hybrid, stack
from embench.baselines.models.distilled import EXPECTED_WEIGHT, DistilledRegressor
from embench.baselines.models.gated import Gated, OfBands, OfModels, Views, complete
from embench.baselines.models.kernels import KernelEnsemble
from embench.baselines.models.neb_tables import (
    HEIGHTS,
    LEAST_BARRIERS,
    NAMES,
    POTENTIALS,
    SIGNS,
    Tables,
    of_entries,
    shipped_tables,
)
from embench.baselines.scale import to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

# Weights in the squared distance: of what the structure lets expect of a band, of its barriers, and of all else of it.
_BAND_WEIGHTS = {"expected": EXPECTED_WEIGHT, "heights": 2.0, "rest": 1.0}
_CANDIDATES = ("structure", *(f"{name} {kind}" for name in POTENTIALS for kind in ("with structure", "on a line")))


class PathwayNeb(stack.PathwayStack):
    """Weighted mean, in log(E + 0.3), of what the structure and NEB bands of potentials say, for each hop anew.

    Of the structure there is one candidate, :class:`~embench.baselines.models.distilled.DistilledRegressor`, which
    needs bands for the training side only. Of each potential there are two: its barrier on a straight line fitted to
    the labels, and kernel regressors that see the band beside the structure. The weights are those of
    :class:`~embench.baselines.models.pathway_gate.PathwayGate`; where an entry has no band of a potential, its
    candidates have none. Where no potential takes part, the prediction is that of the stack.

    Parameters
    ----------
    seed : of the trees of the error model and the inner folds.
    tables : for each of POTENTIALS what is known of its bands by entry id; by default those that ship with embench.
    """

    def __init__(self, *, seed: int, tables: Tables | None = None) -> None:
        super().__init__(seed=seed)
        self._tables = tables

    def use_tables(self, tables: Tables) -> None:
        """Take these bands, by potential and entry id, for what is predicted from now on."""
        self._tables = {name: tables.get(name, {}) for name in POTENTIALS}

    def _fit(self, train: Dataset) -> None:
        """Fit to the training side.

        Raises as :func:`~embench.baselines.features.feature_table` and :func:`shipped_tables` do, and
        :class:`~embench.errors.BaselineError` for given tables that lack one of POTENTIALS.
        """
        self._tables = shipped_tables() if self._tables is None else _complete(self._tables)
        table, names = self._table(train)
        barriers = train.column("migration_barrier").astype(np.float64)
        target, groups = to_log(barriers), [str(group) for group in train.column("group_host")]
        self._level = FirstLevel(names, self._used(table))
        self._gated = Gated(seed=self.seed).fit(
            lambda folds: self._level.out_of_fold(table, target, groups, folds), barriers, groups
        )
        self._level.fit(table, target, groups)
        self.choices: dict[str, dict[str, Any]] = {
            "barriers": {name: int(np.isfinite(_heights(table, place)).sum()) for place, name in enumerate(POTENTIALS)},
            "mean_weights": self._gated.mean_weights(_CANDIDATES),
        }

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        return self.predict_table(self._table(entries)[0])

    def predict_table(self, table: Floats) -> Prediction:
        """Return barriers and standard deviations, eV, for features (n, n_features)."""
        return self._gated.predict(self._level.predict(table))

    def distances(self, table: Floats) -> Floats:
        """Return how far each row of features is from each entry of the training side, by the structure alone."""
        return self._level.distances(table)

    def _table(self, entries: Dataset) -> tuple[Floats, list[str]]:
        table, names = super()._table(entries)
        if self._tables is None:
            self._tables = shipped_tables()
        columns = [f"{potential}:{name}" for potential in POTENTIALS for name in NAMES]
        return np.column_stack([table, of_entries(self._tables, entries)]), names + columns

    def _used(self, table: Floats) -> list[int]:
        """Return the places, in POTENTIALS, of the potentials with enough barriers."""
        known = [int(np.isfinite(_heights(table, place)).sum()) for place in range(len(POTENTIALS))]
        return [place for place, n in enumerate(known) if n >= LEAST_BARRIERS]


def _complete(tables: Tables) -> Tables:
    return complete(tables, POTENTIALS, model="PathwayNeb", keyword="tables")


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    stack.prepare(entries)


@dataclass(eq=False)
class FirstLevel:
    """The candidates, fitted together: one of the structure, and two for each potential in `used`.

    Attributes
    ----------
    names : of the features; the last ones are those of the bands.
    used : places in POTENTIALS of the potentials that take part.
    """

    names: Sequence[str]
    used: Sequence[int]

    def fit(self, table: Floats, target: Floats, groups: Sequence[str]) -> Self:
        """Fit to features (n, n_features) and targets (n,) of entries that belong to `groups` (n,)."""
        plain, names = table[:, : self._n_plain], self.names[: self._n_plain]
        self._model: stack.Fitted
        self._parts: list[OfPotential] = []
        if not self.used:
            self._model = stack.PathwayStack(seed=0)._regressor(names).fit(plain, target)
            return self
        heights = np.column_stack([_heights(table, place) for place in self.used])
        self._model = distilled = DistilledRegressor(names).fit(plain, heights, target, groups)
        self._parts = [OfPotential(names, place).fit(table, distilled.outside, target) for place in self.used]
        return self

    def predict(self, table: Floats) -> Views:
        """Return what the candidates say of these features, and what the gate may know of them."""
        plain = table[:, : self._n_plain]
        members = self._model.predict_members(plain)
        candidates = np.full((len(table), 2 * len(POTENTIALS)), np.nan)
        spread = np.zeros((len(table), 1 + len(POTENTIALS)))
        spread[:, 0] = members.std(axis=0)
        for place, part in zip(self.used, self._parts, strict=True):
            assert isinstance(self._model, DistilledRegressor)  # fit has seen to it
            found, candidates[:, 2 * place + 1] = part.predict(table, self._model.expected(plain))
            candidates[:, 2 * place], spread[:, 1 + place] = found.mean(axis=0), np.nan_to_num(found.std(axis=0))
        models = OfModels(members.mean(axis=0)[:, None], spread, self._model.nearest(plain))
        signs = [_block(table, place)[:, len(HEIGHTS) : len(HEIGHTS) + len(SIGNS)] for place in self.used]
        return Views.of(
            models, OfBands(candidates, np.nan_to_num(np.column_stack([np.empty((len(table), 0)), *signs])))
        )

    def out_of_fold(self, table: Floats, target: Floats, groups: Sequence[str], folds: Iterable[Positions]) -> Views:
        """Return what candidates that were fitted without its fold say of each entry."""
        parts, order = [], []
        for test in folds:
            train = np.setdiff1d(np.arange(len(target)), test)
            fitted = self.fit(table[train], target[train], [groups[i] for i in train])
            parts.append(fitted.predict(table[test]))
            order.append(test)
        back = np.argsort(np.concatenate(order))
        joined = [np.concatenate([getattr(part, name) for part in parts])[back] for name in _VIEWS]
        return Views(*joined)

    def distances(self, table: Floats) -> Floats:
        """Return how far each row is from each training row, (n, n_training), by the structure alone."""
        return self._model.distances(table[:, : self._n_plain])

    @property
    def _n_plain(self) -> int:
        """How many features are of the structure."""
        return len(self.names) - len(POTENTIALS) * len(NAMES)


_VIEWS = ("candidates", "inputs", "nearest")


@dataclass(eq=False)
class OfPotential:
    """The candidates of one potential, fitted to the entries that have a band of it.

    Attributes
    ----------
    names : of the features of the structure, which come first.
    place : of the potential in POTENTIALS.
    """

    names: Sequence[str]
    place: int

    def fit(self, table: Floats, expected: Floats, target: Floats) -> Self:
        """Fit to features (n, n_features), what the structure lets expect (n, n_potentials) and targets (n,)."""
        from scipy.stats import theilslopes

        known = np.isfinite(_heights(table, self.place))
        heights = _heights(table, self.place)[known]
        # A line through medians: potentials are too soft, by about the same share, and labels have outliers.
        self._slope, self._intercept = map(float, theilslopes(target[known], heights)[:2])
        self._keep = np.array([i for i, name in enumerate(self.names) if not name.startswith("soap:")], np.intp)
        self._fill = _means(_block(table[known], self.place))
        kept = [self.names[i] for i in self._keep]
        ends = np.cumsum([len(kept), len(HEIGHTS), len(NAMES) - len(HEIGHTS), expected.shape[1]])
        places = [np.arange(start, end) for start, end in pairwise(ends)]
        blocks = {**stack.blocks_of(kept), **dict(zip(("heights", "rest", "expected"), places, strict=True))}
        members = [
            replace(member, weights={**member.weights, **_BAND_WEIGHTS})
            for member in stack.members_of(hybrid._WEIGHTINGS, hybrid._SETTINGS)
        ]
        self._kernels = KernelEnsemble(blocks, members).fit(self._inputs(table[known], expected[known]), target[known])
        return self

    def predict(self, table: Floats, expected: Floats) -> tuple[Floats, Floats]:
        """Return what the members say (n_members, n), and the barriers on the line (n,); NaN where there is no band."""
        known = np.isfinite(_heights(table, self.place))
        members = np.full((len(self._kernels.members), len(table)), np.nan)
        if known.any():
            members[:, known] = self._kernels.predict_members(self._inputs(table[known], expected[known]))
        return members, self._intercept + self._slope * _heights(table, self.place)

    def _inputs(self, table: Floats, expected: Floats) -> Floats:
        band = _block(table, self.place)
        return np.column_stack([table[:, self._keep], np.where(np.isnan(band), self._fill, band), expected])


def _block(table: Floats, place: int) -> Floats:
    """Return the features (n, len(NAMES)) of the bands of one of POTENTIALS."""
    start = table.shape[1] - (len(POTENTIALS) - place) * len(NAMES)
    return table[:, start : start + len(NAMES)]


def _heights(table: Floats, place: int) -> Floats:
    """Return log(E + 0.3) of the barriers of one of POTENTIALS, (n,); NaN where there is none."""
    return _block(table, place)[:, 0]


def _means(table: Floats) -> Floats:
    """Return the mean of each column, (n_features,), over what is known of it; zero for a column without a value."""
    known = ~np.isnan(table)
    return np.asarray(np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.float64)
