"""The stack with one more input: the NEB barrier of a potential, as the structure lets expect it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features.soap import whitened_components
from embench.baselines.models import stack
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.models.kernels import CLIP, Blocks, KernelEnsemble, Member
from embench.baselines.models.neb_tables import LEAST_BARRIERS, shipped_table
from embench.baselines.scale import to_log
from embench.errors import BaselineError

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

TEACHER = "chgnet"
EXPECTED_WEIGHT = 2.0
"""Weight of the expected barriers in the squared distance between two hops, by cross-validation on training entries."""

_WEIGHTINGS = stack._WEIGHTINGS[:2]
_INNER_FOLDS, _SEED = 5, 7


class PathwayDistilled(stack.PathwayStack):
    """The stack, of fewer members, with the barrier of CHGNet that its structure lets expect as one more input.

    Kernel regressors learn the barriers of the potential from the structure, and others the label from the structure
    and what the first ones predict: knowledge distillation, with the potential as the teacher. A new hop needs neither
    the potential nor a band. Source of the idea: G. Hinton, O. Vinyals and J. Dean, arXiv:1503.02531 (2015).

    Parameters
    ----------
    seed : of the trees of the error model and the inner folds.
    barriers : NEB barriers of the potential (eV) by entry id; by default those of CHGNet that ship with embench.
    """

    def __init__(self, *, seed: int, barriers: Mapping[str, float] | None = None) -> None:
        super().__init__(seed=seed)
        self._barriers = barriers

    def _fit(self, train: Dataset) -> None:
        """Fit to the training side.

        Raises as :func:`~embench.baselines.features.feature_table` and
        :func:`~embench.baselines.models.neb_tables.shipped_table` do, and :class:`~embench.errors.BaselineError` where
        fewer than LEAST_BARRIERS of the entries have a barrier of the potential.
        """
        super()._fit(train)
        self.choices: dict[str, Any] = {"barriers": int(np.isfinite(self._heights(train)).sum())}

    def _training_table(self, train: Dataset) -> tuple[Floats, list[str]]:
        heights = self._heights(train)
        known = int(np.isfinite(heights).sum())
        if known < LEAST_BARRIERS:
            raise BaselineError(
                f"{known} of {len(train)} training entries have a barrier of the potential that teaches, which takes "
                f"{LEAST_BARRIERS} or more: give more barriers, or take PathwayStack"
            )
        table, names = self._table(train)
        return np.column_stack([table, heights]), names

    def _heights(self, train: Dataset) -> Floats:
        """Return log(E + 0.3) of the barriers of the potential, (n,); NaN where there is none."""
        if self._barriers is None:
            self._barriers = {entry_id: row.barrier for entry_id, row in shipped_table(TEACHER).items()}
        heights = np.array([self._barriers.get(entry_id, np.nan) for entry_id in train.entry_ids], np.float64)
        return to_log(np.maximum(heights, 0.0))

    def _trained(
        self, table: Floats, names: Sequence[str], target: Floats, groups: Sequence[str]
    ) -> DistilledRegressor:
        return DistilledRegressor(names).fit(table[:, : len(names)], table[:, len(names) :], target, groups)


@dataclass(eq=False)
class DistilledRegressor:
    """Kernel regressors of the label that see, beside the structure, the barriers of potentials that it lets expect.

    For the entries that they are fitted to, these are expected by regressors that have not seen their hosts, as will be
    the case for a new crystal.

    Attributes
    ----------
    names : of the features of the structure, which come first in every table.
    """

    names: Sequence[str]

    def fit(self, table: Floats, heights: Floats, target: Floats, groups: Sequence[str]) -> Self:
        """Fit to n entries.

        Parameters
        ----------
        table : (n, n_features) features of the structure.
        heights : (n, n_potentials) log(E + 0.3) of barriers of potentials; NaN where there is none.
        target : (n,) log(E + 0.3) of the labels.
        groups : (n,) hosts.
        """
        # Once for all regressors: it takes longer than they do, and no label or barrier has a part in it.
        self._reducer = whitened_components(len(self._soap)).fit(table[:, self._soap])
        reduced = self._reduced(table)
        outside = np.empty_like(heights)
        for test in grouped_folds(groups, _INNER_FOLDS, _SEED):
            train = np.setdiff1d(np.arange(len(target)), test)
            outside[test] = _expected(self._taught(reduced[train], heights[train]), reduced[test])
        self._teachers = self._taught(reduced, heights)
        blocks = self._blocks(reduced.shape[1], expected=heights.shape[1])
        self._kernels = KernelEnsemble(blocks, _members(expected=EXPECTED_WEIGHT))
        self._kernels.fit(np.column_stack([reduced, outside]), target)
        self.outside = outside
        return self

    def expected(self, table: Floats) -> Floats:
        """Return log(E + 0.3) of the barriers of each potential that the structure lets expect, (n, n_potentials)."""
        return _expected(self._teachers, self._reduced(table))

    def predict_members(self, table: Floats) -> Floats:
        """Return the predictions of all members, (n_members, n)."""
        return self._kernels.predict_members(self._inputs(table))

    def nearest(self, table: Floats) -> Floats:
        """Return how far each row is from the nearest training row, (n,)."""
        return self._kernels.nearest(self._inputs(table))

    def distances(self, table: Floats) -> Floats:
        """Return how far each row is from each training row, (n, n_training)."""
        return self._kernels.distances(self._inputs(table))

    def _inputs(self, table: Floats) -> Floats:
        reduced = self._reduced(table)
        return np.column_stack([reduced, _expected(self._teachers, reduced)])

    def _reduced(self, table: Floats) -> Floats:
        """Return the features of the structure, the whitened components of SOAP at their end, (n, n_reduced)."""
        components = np.clip(self._reducer.transform(table[:, self._soap]), -CLIP, CLIP)
        return np.column_stack([table[:, self._others], components])

    def _taught(self, table: Floats, heights: Floats) -> list[KernelEnsemble]:
        """Return what has learned the barriers of each potential from the reduced features of the structure."""
        return [self._teacher(table[known], column[known]) for column in heights.T for known in [np.isfinite(column)]]

    def _teacher(self, table: Floats, heights: Floats) -> KernelEnsemble:
        return KernelEnsemble(self._blocks(table.shape[1]), _members(settings=stack._SETTINGS[:1])).fit(table, heights)

    def _blocks(self, n_reduced: int, **more: int) -> Blocks:
        """Return the positions of the blocks among the reduced features, and behind them of blocks of given sizes."""
        others = [self.names[i] for i in self._others]
        ends = np.cumsum([n_reduced, *more.values()])
        behind = {name: np.arange(start, end) for name, (start, end) in zip(more, pairwise(ends), strict=True)}
        return {**stack.blocks_of(others), "soap": np.arange(len(others), n_reduced), **behind}

    @property
    def _soap(self) -> NDArray[np.intp]:
        return stack.blocks_of(self.names)["soap"]

    @property
    def _others(self) -> NDArray[np.intp]:
        return np.setdiff1d(np.arange(len(self.names)), self._soap)


def _expected(teachers: Sequence[KernelEnsemble], table: Floats) -> Floats:
    return np.column_stack([teacher.predict_members(table).mean(axis=0) for teacher in teachers])


def _members(*, settings: Sequence[Mapping[str, Any]] = stack._SETTINGS, **weights: float) -> list[Member]:
    """Return members of the stack by its first two weightings, with the weights of further blocks."""
    return [
        replace(member, weights={**member.weights, "soap": stack.SOAP_WEIGHT, **weights})
        for member in stack.members_of(_WEIGHTINGS, settings)
    ]
