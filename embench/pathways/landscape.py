"""The energy of the migrating ion in the rigid framework, tabulated by element so that many points are cheap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Hop
from embench.crystal.periodic import TIE, Floats, Integers, approach
from embench.crystal.potentials import Repulsion, SiteEnergy

# Atoms further from the straight line than this are left out, Å: the energies have long decayed there.
CUTOFF = 7.0
# Distances are tabulated in steps of this, Å; between them the tables are interpolated, so that nothing jumps.
_STEP = 0.005
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
    _weights: Floats
    _kinds: Integers
    _tables: Floats  # (3, n_kinds, n_steps): energy, slope, curvature

    def energy(self, points: Floats) -> Floats:
        """Return the energies (n,), eV, at Cartesian points (n, 3)."""
        from scipy.spatial.distance import cdist

        found: Floats = self._interpolated(self._tables[0], *self._bins(cdist(points, self.neighbours))) @ self._weights
        return found

    def gradient(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Return energies (n,), gradients (n, 3), eV/Å, and upper bounds of the curvature (n,), eV/Å^2."""
        apart = points[:, None] - self.neighbours
        distances = np.sqrt(np.einsum("nmi,nmi->nm", apart, apart))
        bins, share = self._bins(distances)
        energy, slope, curvature = (self._interpolated(table, bins, share) * self._weights for table in self._tables)
        gradient = np.einsum("nm,nmi->ni", slope / np.maximum(distances, _STEP), apart)
        return energy.sum(axis=1), gradient, np.maximum(curvature, 0.0).sum(axis=1)

    def clearance(self, path: Floats) -> tuple[float, str]:
        """Return how near a polyline (n, 3) comes to a neighbour, Å, and the element of that neighbour."""
        if not len(self.neighbours):
            return float("inf"), ""
        nearest = approach(path, self.neighbours).distances
        # Of elements that are equally near, the first in the alphabet: the order of the atoms must not matter.
        element = min(self.elements[nearest <= nearest.min() + TIE].tolist())
        return float(nearest.min()), element

    def _bins(self, distances: Floats) -> tuple[Integers, Floats]:
        """Return the places in the flattened tables, and how far each distance is on its way to the next one."""
        n_steps = self._tables.shape[2]
        place = np.clip(distances * (1 / _STEP) - 0.5, 0.0, n_steps - 1.001)
        bins = place.astype(np.intp)
        share = place - bins
        bins += self._kinds * n_steps
        return bins, share

    @staticmethod
    def _interpolated(table: Floats, bins: Integers, share: Floats) -> Floats:
        values = table.ravel()
        low = values[bins]
        found: Floats = low + share * (values[bins + 1] - low)
        return found


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
    return Landscape(hop.neighbours, hop.elements, hop.weights, kinds.reshape(-1), np.ascontiguousarray(tables))
