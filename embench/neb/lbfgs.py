"""L-BFGS for forces that have no energy, with a cap on the step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Curvature that the first step reckons with, eV/Å^2: that of ASE's optimisers.
CURVATURE = 70.0
MEMORY = 40


class Lbfgs:
    """Proposes steps from positions and forces, both of shape (..., N, 3).

    Source: J. Nocedal and S. Wright, Numerical Optimization, algorithm 7.4. There is no line search, because the
    forces of a band have no energy; instead no atom moves further than `step_cap` (Å) at once.
    """

    def __init__(self, step_cap: float, *, curvature: float = CURVATURE, memory: int = MEMORY) -> None:
        self._cap, self._curvature, self._memory = step_cap, curvature, memory
        self._moves: list[Floats] = []
        self._changes: list[Floats] = []
        self._last: tuple[Floats, Floats] | None = None

    def step(self, positions: Floats, forces: Floats) -> Floats:
        """Return the displacement to make from `positions`, where the forces are `forces`."""
        if self._last is not None:
            self._remember(positions - self._last[0], self._last[1] - forces)
        self._last = positions.copy(), forces.copy()
        step = self._direction(forces)
        longest = float(np.linalg.norm(step, axis=-1).max(initial=0.0))
        return step * (self._cap / longest) if longest > self._cap else step

    def _remember(self, move: Floats, change: Floats) -> None:
        # A pair of negative curvature would turn the step uphill.
        if float(np.vdot(move, change)) > 1e-10:
            self._moves = [*self._moves, move][-self._memory :]
            self._changes = [*self._changes, change][-self._memory :]

    def _direction(self, forces: Floats) -> Floats:
        step, weights = forces.copy(), []
        for move, change in zip(reversed(self._moves), reversed(self._changes), strict=True):
            weights.append(float(np.vdot(move, step) / np.vdot(move, change)))
            step -= weights[-1] * change
        step /= self._curvature
        for move, change, weight in zip(self._moves, self._changes, reversed(weights), strict=True):
            step += (weight - float(np.vdot(change, step) / np.vdot(move, change))) * move
        return step
