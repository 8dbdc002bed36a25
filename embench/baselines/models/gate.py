"""A gate: weights of several predictions of the same target, which depend on the entry."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from embench.errors import BaselineError

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

# Standardised inputs are cut off here: a flag that few training entries have must not outweigh all others.
_CLIP = 4.0
# Residuals below this count quadratically, so that the loss has a gradient everywhere.
_ROUNDING = 0.02
_STEPS = 500


class Gate:
    """The mean of candidate predictions, with weights that are a softmax of linear functions of some inputs.

    Fitted by minimising mean(sqrt(r² + 0.02²)) + ridge · Σ slopes², where r is the residual of the weighted mean: an L1
    loss that is smooth at zero. A candidate that an entry lacks (NaN) has weight zero there, and the others share the
    whole in proportion.
    Source of the form: R. A. Jacobs, M. I. Jordan, S. J. Nowlan and G. E. Hinton, Neural Comput. 3, 79 (1991), with
    experts that are fitted beforehand.

    Parameters
    ----------
    ridge : how strongly slopes are drawn towards zero; the intercepts are free.
    """

    def __init__(self, *, ridge: float) -> None:
        self.ridge = ridge

    def fit(self, inputs: Floats, candidates: Floats, target: Floats) -> Self:
        """Fit to inputs (n, n_inputs), candidates (n, n_candidates; NaN where missing) and targets (n,).

        Nothing is random. Raises :class:`~embench.errors.BaselineError` for an entry without any candidate.
        """
        from scipy.optimize import minimize

        self._mean = inputs.mean(axis=0)
        deviation = inputs.std(axis=0)
        self._scale = np.where(deviation > 1e-9, 1.0 / np.where(deviation > 1e-9, deviation, 1.0), 0.0)
        scaled, (known, values) = self._scaled(inputs), _split(candidates)
        shape = scaled.shape[1], values.shape[1]

        def loss(flat: Floats) -> tuple[float, Floats]:
            coefficients = flat.reshape(shape)
            weights = _softmax(scaled @ coefficients, known)
            mean = (weights * values).sum(axis=1)
            rounded = np.hypot(mean - target, _ROUNDING)
            slope = (mean - target) / rounded / len(target)
            gradient = scaled.T @ (slope[:, None] * weights * (values - mean[:, None]))
            drawn = np.vstack([np.zeros(shape[1]), coefficients[1:]])
            value = float(rounded.mean() + self.ridge * (drawn**2).sum())
            return value, (gradient + 2 * self.ridge * drawn).ravel()

        found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
        self._coefficients = np.asarray(found.x, np.float64).reshape(shape)
        return self

    def weights(self, inputs: Floats, candidates: Floats) -> Floats:
        """Return the weight of each candidate, (n, n_candidates); the rows sum to one."""
        known, _ = _split(candidates)
        return _softmax(self._scaled(inputs) @ self._coefficients, known)

    def predict(self, inputs: Floats, candidates: Floats) -> Floats:
        """Return the weighted means of the candidates, (n,)."""
        _, values = _split(candidates)
        return np.asarray((self.weights(inputs, candidates) * values).sum(axis=1), np.float64)

    def _scaled(self, inputs: Floats) -> Floats:
        """Return the standardised inputs behind a column of ones, (n, 1 + n_inputs)."""
        scaled = np.clip((inputs - self._mean) * self._scale, -_CLIP, _CLIP)
        return np.column_stack([np.ones(len(inputs)), scaled])


def _split(candidates: Floats) -> tuple[Marks, Floats]:
    """Return which candidates are there, and their values with zero for what is missing; both (n, n_candidates)."""
    known = ~np.isnan(candidates)
    if not known.any(axis=1).all():
        row = int(np.flatnonzero(~known.any(axis=1))[0])
        raise BaselineError(
            f"entry {row} of {len(candidates)} has no candidate for the gate to weigh: leave it out, or add a "
            "candidate that every entry has"
        )
    return known, np.where(known, candidates, 0.0)


def _softmax(scores: Floats, known: Marks) -> Floats:
    """Return the softmax of each row over the candidates that are known, and zero for the others."""
    masked = np.where(known, scores, -np.inf)
    powers = np.exp(masked - masked.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
