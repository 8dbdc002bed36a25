"""Pair energies of the migrating ion with its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embench.crystal.bond_valence import (
    Derivatives,
    bond_valence,
    born_mayer,
    coulomb_parameters,
    morse,
    pair,
    screened_coulomb,
)
from embench.crystal.hop import Hop

Floats = NDArray[np.float64]

# Distances below this are raised to it: pair potentials mean nothing there, Å.
SHORTEST = 0.3


class SiteEnergy:
    """Bond-valence site energy of the migrating ion: Morse with anions, screened repulsion from cations.

    Called with distances (..., M) to the M neighbours that were given, Å, it returns the pair energies (eV) and
    their first and second derivatives.
    """

    def __init__(self, hop: Hop, chosen: NDArray[np.intp]) -> None:
        charge = hop.ions.charges[hop.mobile]
        self.is_anion = hop.is_anion[chosen]
        elements = hop.elements[chosen].tolist()
        charges, anions = hop.ions.charges, hop.ions.anions
        pairs = {e: pair(hop.mobile, charge, e, charges[e]) for e in set(elements) & anions}
        others = {e: coulomb_parameters(hop.mobile, charge, e, charges[e]) for e in set(elements) - anions}
        self.r0, self.r_min, self.alpha, self.d0 = (
            np.array([getattr(pairs[e], name) for e in elements if e in pairs])
            for name in ("r0", "r_min", "alpha", "d0")
        )
        self.coulomb = np.array([others[e] for e in elements if e in others]).reshape(-1, 2)

    def __call__(self, distances: Floats) -> Derivatives:
        """Return the pair energies and their derivatives."""
        distances = np.maximum(distances, SHORTEST)
        found = tuple(np.empty_like(distances) for _ in range(3))
        anions = self.is_anion
        with_anions = morse(distances[..., anions], self.r_min, self.alpha, self.d0)
        with_cations = screened_coulomb(distances[..., ~anions], self.coulomb[:, 0], self.coulomb[:, 1])
        for whole, attraction, repulsion in zip(found, with_anions, with_cations, strict=True):
            whole[..., anions] = attraction
            whole[..., ~anions] = repulsion
        return found[0], found[1], found[2]

    def valences(self, distances: Floats) -> Floats:
        """Return the valences of the bonds to the anions among the neighbours, (..., n_anions)."""
        return bond_valence(np.maximum(distances[..., self.is_anion], SHORTEST), self.r0, self.alpha)


class Repulsion:
    """Born-Mayer repulsion between the migrating ion and its neighbours; called like :class:`SiteEnergy`."""

    def __init__(self, hop: Hop, chosen: NDArray[np.intp]) -> None:
        self.contact = hop.contact_distances[chosen]

    def __call__(self, distances: Floats) -> Derivatives:
        """Return the pair energies and their derivatives."""
        return born_mayer(np.maximum(distances, SHORTEST), self.contact)
