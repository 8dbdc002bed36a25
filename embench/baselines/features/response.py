"""Energy of an ion among neighbours that give way to it, along the straight line or along a path that bends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Maps distances (..., M), Å, to pair energies (eV) and their first and second derivatives, each (..., M).
PairEnergy = Callable[[Floats], tuple[Floats, Floats, Floats]]

_ITERATIONS = 50
# Neighbours, and the ion, move no further than this in one iteration, Å.
_TRUST, _ION_TRUST = 0.15, 0.06
# Part of the stiffness that the ion feels once its neighbours give way, and its least value, eV/Å^2.
_SHARE, _LEAST = 0.15, 5.0
# The path leaves the straight line by no more than this, Å: beyond, it would be another hop.
FARTHEST_BEND = 1.0
# Paths that bend start this far from the straight line, Å, in these directions (from the second axis): on the line
# itself a path may be on a ridge, and rounding would say on which side it leaves. No symmetry of a crystal maps one of
# the directions onto a mirror of it.
_ASIDE, _DIRECTIONS = 0.1, tuple(0.4 + np.pi / 2 * np.arange(4))
# Paths whose energies differ by less than this share how far they have bent, eV.
_SAME_ENERGY = 0.01
# A neighbour that the ion would push or pull out of its place at the start is held by a spring that is stronger than
# that by this factor.
_HOLD = 1.5
# Neighbours do not come nearer to the ion than this, where pair energies have lost their meaning, Å.
_NEAREST = 0.3


def along_line(energy: PairEnergy, distances: Floats, *, stiffness: Floats | float) -> Floats:
    """Return the pair energies (n, M), eV, when each neighbour may move along the line to the ion.

    The least value of energy(r + u) + stiffness u^2 / 2 over u, for each pair on its own.

    Parameters
    ----------
    energy : pair energies.
    distances : (n, M), Å.
    stiffness : eV/Å^2, of each neighbour (M,) or of all.
    """
    best = energy(distances)[0]
    for move in np.concatenate([np.arange(-0.30, 0.0, 0.03), np.arange(0.03, 1.501, 0.03)]):
        best = np.minimum(best, energy(np.maximum(distances + move, _NEAREST))[0] + stiffness * move**2 / 2)
    return best


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Energies (n,), eV, along a relaxed path, and how far its points are from the straight line, (n,), Å."""

    energy: Floats
    displacement: Floats


def relax(
    energy: PairEnergy, points: Floats, neighbours: Floats, *, stiffness: Floats | float, aside: Floats | None = None
) -> Relaxed:
    """Return the energy along the path when neighbours respond from equilibrium with the ion at the first point.

    A neighbour displaced by u costs stiffness |u|^2 / 2 + c.u, where c balances its force on the ion at the first
    point: there u = 0 is the minimum, elsewhere the neighbour relaxes to where the ion has gone, or left from. Where
    the stiffness alone would not make it the minimum, because ion and neighbour overlap, the neighbour is stiffer. With
    `aside` every point but the ends relaxes as well, in the plane across the straight line, from several places beside
    it; the lowest energy counts. Neighbours interact with the ion alone. Damped Newton steps; of all steps the lowest
    energy of each point is taken.

    Parameters
    ----------
    energy : pair energies.
    points : (n, 3) of the straight line, ends included, Å.
    neighbours : (M, 3), Å.
    stiffness : eV/Å^2, of each neighbour (M,) or of all.
    aside : (2, 3) orthonormal directions across the line; None for a path that keeps to the line.
    """
    counter = -_pull(energy, neighbours - points[0])
    stiffness = _holding(energy, neighbours - points[0], stiffness)
    if aside is None:
        return _descend(energy, points, points, neighbours, counter, stiffness=stiffness, bend=False)
    starts = [np.array([np.cos(angle), np.sin(angle)]) @ aside * _ASIDE for angle in _DIRECTIONS]
    inner = np.ones((len(points), 1))
    inner[[0, -1]] = 0.0
    found = [
        _descend(energy, points + inner * start, points, neighbours, counter, stiffness=stiffness, bend=True)
        for start in starts
    ]
    energies = np.array([path.energy for path in found])
    weights = np.exp((energies.min(axis=0) - energies) / _SAME_ENERGY)
    bent = np.array([path.displacement for path in found])
    return Relaxed(energies.min(axis=0), (weights * bent).sum(axis=0) / weights.sum(axis=0))


def _descend(
    energy: PairEnergy,
    path: Floats,
    points: Floats,
    neighbours: Floats,
    counter: Floats,
    *,
    stiffness: Floats,
    bend: bool,
) -> Relaxed:
    """Relax neighbours and, with `bend`, the path (n, 3), which begins beside the straight line through `points`."""
    direction = (points[-1] - points[0]) / max(float(np.linalg.norm(points[-1] - points[0])), 1e-12)
    moved = np.zeros((len(points), *neighbours.shape))
    lowest, at_lowest = np.full(len(points), np.inf), np.zeros(len(points))
    for _ in range(_ITERATIONS):
        apart = neighbours + moved - path[:, None]
        distances = np.maximum(np.linalg.norm(apart, axis=-1), _NEAREST)
        unit = apart / distances[..., None]
        pairs, slope, curvature = energy(distances)
        total = (pairs + stiffness * (moved**2).sum(-1) / 2 + (counter * moved).sum(-1)).sum(axis=1)
        bent = np.linalg.norm(path - points, axis=1)
        at_lowest = np.where(total < lowest, bent, at_lowest)
        lowest = np.minimum(total, lowest)
        force = slope[..., None] * unit + stiffness[:, None] * moved + counter
        curvature = np.maximum(curvature, 0.0)
        moved = moved + _newton_step(force, unit, stiffness, curvature, np.maximum(slope / distances, 0.0))
        if bend:
            path = _bend(path, points, direction, (slope[..., None] * unit).sum(axis=1), curvature.sum(axis=1))
    return Relaxed(lowest, at_lowest)


def _pull(energy: PairEnergy, vectors: Floats) -> Floats:
    """Return the gradient (M, 3) of each pair energy with respect to the position of the neighbour."""
    distances = np.maximum(np.linalg.norm(vectors, axis=-1), _NEAREST)
    gradient: Floats = (energy(distances)[1] / distances)[..., None] * vectors
    return gradient


def _holding(energy: PairEnergy, vectors: Floats, stiffness: Floats | float) -> Floats:
    """Return the stiffness (M,), raised where a neighbour would not stay where it is with the ion at the start."""
    distances = np.maximum(np.linalg.norm(vectors, axis=-1), _NEAREST)
    _, slope, curvature = energy(distances)
    held: Floats = np.maximum(stiffness, -_HOLD * np.minimum(slope / distances, curvature))
    return held


def _newton_step(force: Floats, unit: Floats, stiffness: Floats, curvature: Floats, across: Floats) -> Floats:
    """Return a damped Newton step of the neighbours; negative curvature of the pair energy does not count."""
    parallel = (force * unit).sum(-1, keepdims=True) * unit
    step = -parallel / (stiffness + curvature)[..., None] - (force - parallel) / (stiffness + across)[..., None]
    return _limited(step, _TRUST)


def _bend(path: Floats, points: Floats, direction: Floats, force: Floats, curvature: Floats) -> Floats:
    """Move the ion down the energy in the plane across the line, `force` being that of the ion on its neighbours."""
    across = force - (force @ direction)[:, None] * direction
    step = _limited(across / (_LEAST + _SHARE * curvature)[:, None], _ION_TRUST)
    step[[0, -1]] = 0.0
    return points + _limited(path + step - points, FARTHEST_BEND)


def _limited(vectors: Floats, longest: float) -> Floats:
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    limited: Floats = vectors * np.minimum(1.0, longest / np.maximum(size, 1e-12))
    return limited
