"""Kernel regressors on weighted blocks of features, and the average of many of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features.soap import whitened_components

Floats = NDArray[np.float64]
Blocks = Mapping[str, NDArray[np.intp]]

# Standardised features are cut off here, in standard deviations: no single value decides a distance.
CLIP = 4.0
_EPSILON = 0.05
# Degrees of freedom of the t distribution that the Gaussian process gives its noise.
_TAIL = 4.0
_REWEIGHTINGS = 2


@dataclass(frozen=True, kw_only=True)
class Member:
    """One regressor: a support vector machine (RBF kernel) or a Gaussian process (Matern 3/2).

    `weights` are those of the blocks in the squared distance, which is the mean over the features of each block;
    `scale` multiplies it. `cost` is C of the support vector machine, `noise` the variance of the noise of the process
    relative to that of the signal.
    """

    kind: str
    weights: Mapping[str, float]
    scale: float
    cost: float = 4.0
    noise: float = 0.05


class Scaler:
    """Standardises features with the mean and deviation of the training side; constant ones become zero."""

    def fit(self, table: Floats) -> Self:
        """Learn means and deviations from `table` (n, n_features)."""
        self._mean = table.mean(axis=0)
        deviation = table.std(axis=0)
        self._scale = np.where(deviation > 1e-9, 1.0 / np.where(deviation > 1e-9, deviation, 1.0), 0.0)
        return self

    def transform(self, table: Floats) -> Floats:
        """Return the standardised features, cut off at CLIP deviations."""
        scaled: Floats = np.clip((table - self._mean) * self._scale, -CLIP, CLIP)
        return scaled


@dataclass(eq=False)
class KernelEnsemble:
    """The average of all `members`; none is selected.

    Attributes
    ----------
    blocks : positions of the features of each block.
    members : regressors.
    reduced : blocks with more features than there are entries; the whitened components of SOAP stand for them.
    """

    blocks: Blocks
    members: Sequence[Member]
    reduced: Sequence[str] = ()
    _fitted: list[Any] = field(default_factory=list, repr=False)

    def fit(self, table: Floats, target: Floats) -> Self:
        """Fit all members to `table` (n, n_features) and `target` (n,)."""
        self._scaler = Scaler().fit(table)
        used = {name for member in self.members for name, weight in member.weights.items() if weight > 0}
        self._used = sorted(used)
        self._reducers = {
            name: whitened_components(len(self.blocks[name])).fit(table[:, self.blocks[name]])
            for name in self.reduced
            if name in used
        }
        self._table = self._inputs(table)
        self._distances: dict[str, Floats] = self._block_distances(self._table, self._table)
        self._fitted = [self._fit_member(member, target) for member in self.members]
        return self

    def predict_members(self, table: Floats) -> Floats:
        """Return the predictions of every member, (n_members, n)."""
        distances = self._block_distances(self._inputs(table), self._table)
        return np.array(
            [
                fitted.predict(_kernel(member, distances))
                for member, fitted in zip(self.members, self._fitted, strict=True)
            ]
        )

    def nearest(self, table: Floats) -> Floats:
        """Return the distance of each row to the nearest training row, (n,)."""
        return np.asarray(self.distances(table).min(axis=1), np.float64)

    def distances(self, table: Floats) -> Floats:
        """Return the distance of each row to each training row, all blocks weighing the same, (n, n_training)."""
        distances = self._block_distances(self._inputs(table), self._table)
        return np.asarray(np.sqrt(np.mean(list(distances.values()), axis=0)), np.float64)

    def _inputs(self, table: Floats) -> dict[str, Floats]:
        """Return the features of each block that has a weight, (n, n_features), standardised or reduced."""
        scaled = self._scaler.transform(table)
        found = {name: scaled[:, self.blocks[name]] for name in self._used if name not in self._reducers}
        for name, reducer in self._reducers.items():
            found[name] = np.clip(reducer.transform(table[:, self.blocks[name]]), -CLIP, CLIP)
        return found

    def _block_distances(self, a: Mapping[str, Floats], b: Mapping[str, Floats]) -> dict[str, Floats]:
        return {name: _mean_squares(a[name], b[name]) for name in self._used}

    def _fit_member(self, member: Member, target: Floats) -> Any:
        from sklearn.svm import SVR

        kernel = _kernel(member, self._distances)
        if member.kind == "svr":
            return SVR(kernel="precomputed", C=member.cost, epsilon=_EPSILON, cache_size=50).fit(kernel, target)
        return RobustProcess(noise=member.noise).fit(kernel, target)


def _mean_squares(a: Floats, b: Floats) -> Floats:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.maximum(squares, 0.0) / a.shape[1], np.float64)


def _kernel(member: Member, distances: Mapping[str, Floats]) -> Floats:
    total = sum(weight * distances[name] for name, weight in sorted(member.weights.items()) if weight > 0)
    squared = member.scale * np.asarray(total, np.float64)
    if member.kind == "svr":
        return np.asarray(np.exp(-squared), np.float64)
    root = np.sqrt(3 * squared)
    return np.asarray((1 + root) * np.exp(-root), np.float64)


def _inverse(matrix: Floats) -> Floats:
    """Return the inverse of a symmetric positive definite matrix, from its Cholesky factor."""
    from scipy.linalg.lapack import dpotrf, dpotri

    factor, failed = dpotrf(matrix, lower=1)
    if failed:
        return np.asarray(np.linalg.inv(matrix), np.float64)
    lower = dpotri(factor, lower=1)[0]
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T, np.float64)


class RobustProcess:
    """A Gaussian process with a given kernel; targets far from what the others predict count less.

    The noise of each target is scaled by (nu + r^2) / (nu + 1), with r its leave-one-out residual in units of their
    median deviation: the iteration for noise with a t distribution of nu degrees of freedom.
    """

    def __init__(self, *, noise: float) -> None:
        self.noise = noise

    def fit(self, kernel: Floats, target: Floats) -> Self:
        """Fit to a kernel matrix (n, n) and targets (n,)."""
        self._centre = float(np.median(target))
        residual = target - self._centre
        scale = np.ones(len(target))
        for _ in range(_REWEIGHTINGS):
            inverse = _inverse(kernel + np.diag(self.noise * scale))
            left_out = (inverse @ residual) / np.diag(inverse)
            deviation = 1.4826 * float(np.median(np.abs(left_out)))
            scale = (_TAIL + (left_out / max(deviation, 1e-9)) ** 2) / (_TAIL + 1)
        self._weights = np.linalg.solve(kernel + np.diag(self.noise * scale), residual)
        return self

    def predict(self, kernel: Floats) -> Floats:
        """Return predictions (m,) for a kernel matrix (m, n) between new and training rows."""
        return np.asarray(self._centre + kernel @ self._weights, np.float64)
