"""Energy of an ion among neighbours that give way to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PairEnergy = Callable[[Floats], Floats]

_STEP = 1e-4
_ITERATIONS = 40
# No neighbour moves further in one iteration, Å.
_TRUST = 0.15
# Neighbours do not come nearer to the ion than this, where pair energies have lost their meaning, Å.
_NEAREST = 0.3


def along_line(energy: PairEnergy, distances: Floats, *, stiffness: float) -> Floats:
    """Return the pair energies (n, M), eV, when each neighbour may move along the line to the ion.

    The least value of energy(r + u) + stiffness u^2 / 2 over u, for each pair on its own.

    Parameters
    ----------
    energy : maps distances (..., M), Å, to pair energies, eV.
    distances : (n, M), Å.
    stiffness : eV/Å^2.
    """
    moves = np.concatenate([np.arange(-0.30, 0.0, 0.03), np.arange(0.0, 1.501, 0.03)])
    best = energy(distances)
    for move in moves:
        best = np.minimum(best, energy(np.maximum(distances + move, _NEAREST)) + stiffness * move**2 / 2)
    return best


def about_equilibrium(energy: PairEnergy, vectors: Floats, *, stiffness: float) -> Floats:
    """Return the pair energies (n, M), eV, when neighbours are in equilibrium at the first point.

    A neighbour displaced by u costs stiffness |u|^2 / 2 + c.u, where c balances its force on the ion at the first
    point: there u = 0 is the minimum, elsewhere the neighbour relaxes to where the ion has gone, or left from.

    Parameters
    ----------
    energy : maps distances (..., M), Å, to pair energies, eV.
    vectors : (n, M, 3) from the ion at each point to the neighbours, Å.
    stiffness : eV/Å^2.
    """
    counter = -_gradient(energy, vectors[:1])[0]
    moved = np.zeros_like(vectors)
    best = _total(energy, vectors, moved, counter, stiffness)
    for _ in range(_ITERATIONS):
        moved = moved + _newton_step(energy, vectors, moved, counter, stiffness)
        best = np.minimum(best, _total(energy, vectors, moved, counter, stiffness))
    return best


def _total(energy: PairEnergy, vectors: Floats, moved: Floats, counter: Floats, stiffness: float) -> Floats:
    distances = np.maximum(np.linalg.norm(vectors + moved, axis=-1), _NEAREST)
    total: Floats = energy(distances) + stiffness * (moved**2).sum(-1) / 2 + (counter * moved).sum(-1)
    return total


def _gradient(energy: PairEnergy, vectors: Floats) -> Floats:
    distances = np.maximum(np.linalg.norm(vectors, axis=-1), _NEAREST)
    slope = (energy(distances + _STEP) - energy(distances - _STEP)) / (2 * _STEP)
    gradient: Floats = (slope / distances)[..., None] * vectors
    return gradient


def _newton_step(energy: PairEnergy, vectors: Floats, moved: Floats, counter: Floats, stiffness: float) -> Floats:
    """Return a damped Newton step; directions of negative curvature are left to the stiffness alone."""
    apart = vectors + moved
    distances = np.maximum(np.linalg.norm(apart, axis=-1), _NEAREST)
    unit = apart / distances[..., None]
    low, here, high = (energy(distances + step) for step in (-_STEP, 0.0, _STEP))
    slope, curvature = (high - low) / (2 * _STEP), (high - 2 * here + low) / _STEP**2
    force = slope[..., None] * unit + stiffness * moved + counter
    along = (force * unit).sum(-1, keepdims=True) * unit
    across = force - along
    stiff_along = stiffness + np.maximum(curvature, 0.0)
    stiff_across = stiffness + np.maximum(slope / distances, 0.0)
    step = -along / stiff_along[..., None] - across / stiff_across[..., None]
    size = np.linalg.norm(step, axis=-1, keepdims=True)
    limited: Floats = step * np.minimum(1.0, _TRUST / np.maximum(size, 1e-12))
    return limited
