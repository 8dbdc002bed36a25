"""The energy of the migrating ion in the rigid framework, tabulated by element so that many points are cheap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Hop
from embench.crystal.periodic import Floats, Integers, approach
from embench.crystal.potentials import Repulsion, SiteEnergy

# Atoms further from the straight line than this are left out, Å: the energies have long decayed there.
CUTOFF = 7.0
# Distances are tabulated in steps of this, Å.
_STEP = 0.002
# The wall that keeps all atoms apart whatever their charges: where it begins (Å) and its stiffness (eV/Å^2).
_WALL, _WALL_STIFFNESS = 1.6, 30.0


@dataclass(frozen=True, eq=False)
class Landscape:
    """Site energy of the migrating ion among fixed neighbours.

    The sum over neighbours of the bond-valence site energy (softBV Morse with anions, screened Coulomb with cations),
    Born-Mayer repulsion from all that are no anions, and a harmonic wall below 1.6 Å.

    Attributes
    ----------
    neighbours : (M, 3) Cartesian coordinates, Å.
    elements : (M,) their elements.
    """

    neighbours: Floats
    elements: NDArray[np.str_]
    _kinds: Integers
    _tables: Floats  # (3, n_kinds, n_steps): energy, slope, curvature

    def energy(self, points: Floats) -> Floats:
        """Return the energies (n,), eV, at Cartesian points (n, 3)."""
        from scipy.spatial.distance import cdist

        bins = self._bins(cdist(points, self.neighbours))
        found: Floats = self._tables[0].ravel()[bins].sum(axis=1)
        return found

    def gradient(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Return energies (n,), gradients (n, 3), eV/Å, and upper bounds of the curvature (n,), eV/Å^2."""
        apart = points[:, None] - self.neighbours
        distances = np.sqrt(np.einsum("nmi,nmi->nm", apart, apart))
        bins = self._bins(distances)
        energy, slope, curvature = (table.ravel()[bins] for table in self._tables)
        gradient = np.einsum("nm,nmi->ni", slope / np.maximum(distances, _STEP), apart)
        return energy.sum(axis=1), gradient, np.maximum(curvature, 0.0).sum(axis=1)

    def clearance(self, path: Floats) -> tuple[float, str]:
        """Return how near a polyline (n, 3) comes to a neighbour, Å, and the element of that neighbour."""
        if not len(self.neighbours):
            return float("inf"), ""
        nearest = approach(path, self.neighbours).distances
        at = int(nearest.argmin())
        return float(nearest[at]), str(self.elements[at])

    def _bins(self, distances: Floats) -> Integers:
        n_steps = self._tables.shape[2]
        bins: Integers = np.minimum((distances * (1 / _STEP)).astype(np.intp), n_steps - 1)
        bins += self._kinds * n_steps
        return bins


def landscape_of(hop: Hop) -> Landscape:
    """Return the landscape of a hop.

    Raises :class:`~embench.errors.FeatureError` where an element has no softBV parameters.
    """
    names, first, kinds = np.unique(hop.elements, return_index=True, return_inverse=True)
    distances = (np.arange(round((hop.length + 2 * CUTOFF) / _STEP)) + 0.5) * _STEP
    grid = np.repeat(distances[:, None], len(names), axis=1)
    site, repulsion = SiteEnergy(hop, first)(grid), Repulsion(hop, first)(grid)
    no_anion = ~hop.is_anion[first]
    depth = np.maximum(_WALL - grid, 0.0)
    wall = (_WALL_STIFFNESS / 2 * depth**2, -_WALL_STIFFNESS * depth, _WALL_STIFFNESS * (depth > 0))
    tables = np.stack([(a + no_anion * b + c).T for a, b, c in zip(site, repulsion, wall, strict=True)])
    return Landscape(hop.neighbours, hop.elements, kinds.reshape(-1), np.ascontiguousarray(tables))
