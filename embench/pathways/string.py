"""The simplified string method: a path of evenly spaced points that slides down the energy across itself.

Own code because the NEB and string methods of ASE move all atoms of every image through a calculator: here one ion
moves in a tabulated landscape, and the whole path takes a step in one call.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embench.pathways.landscape import Landscape

Floats = NDArray[np.float64]

# Points of the relaxed path, ends included.
N_POINTS = 41
_ITERATIONS = 150
# No point moves further in one iteration, and below the second no point counts as moving, Å.
_LONGEST_STEP, _CONVERGED = 0.05, 1e-3
# Least curvature that a step reckons with, eV/Å^2.
_LEAST_CURVATURE = 8.0
# Tension of the string, eV/Å: it stays straight where the energy hardly asks for anything else.
_TENSION = 0.2


def evenly_spaced(path: Floats, n: int) -> Floats:
    """Return `n` points spaced evenly by arc length on the polyline `path` (k, d), the ends kept exactly."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    places = np.linspace(0.0, arc[-1], n)
    found = np.stack([np.interp(places, arc, column) for column in path.T], axis=1)
    found[0], found[-1] = path[0], path[-1]
    return found


def relax_string(landscape: Landscape, path: Floats) -> Floats:
    """Return the path (N_POINTS, 3), Å, relaxed on the landscape from the polyline `path` (k, 3) with fixed ends.

    Each iteration moves every point down the part of the gradient that is perpendicular to the path, and spaces the
    points evenly again. Source: W. E, W. Ren and E. Vanden-Eijnden, J. Chem. Phys. 126, 164103 (2007); a line tension
    is added, without which the path would sag where the energy is flat.
    """
    path = evenly_spaced(path, N_POINTS)
    for _ in range(_ITERATIONS):
        tangent = path[2:] - path[:-2]
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
        _, gradient, curvature = landscape.gradient(path[1:-1])
        spacing = max(float(np.linalg.norm(np.diff(path, axis=0), axis=1).mean()), 1e-6)
        bend = (path[2:] - 2 * path[1:-1] + path[:-2]) / spacing**2
        force = _TENSION * bend - gradient
        force -= (force * tangent).sum(axis=1, keepdims=True) * tangent
        stiffness = _LEAST_CURVATURE + curvature + 4 * _TENSION / spacing**2
        step = force / stiffness[:, None]
        size = np.linalg.norm(step, axis=1, keepdims=True)
        path[1:-1] += step * np.minimum(1.0, _LONGEST_STEP / np.maximum(size, 1e-12))
        path = evenly_spaced(path, N_POINTS)
        if size.max() < _CONVERGED:
            break
    return path
