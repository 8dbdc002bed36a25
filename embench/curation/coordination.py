"""How anions coordinate the migrating ion of an entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embench.crystal.ions import anion_elements, anion_radius, common_charges, ion_radius
from embench.crystal.periodic import Floats, distance_matrix, surroundings
from embench.curation.entry import RawEntry
from embench.errors import FeatureError, UpstreamError

# An anion coordinates the ion up to this multiple of the sum of their Shannon radii. Over the ends of the hops in
# the release, the density of anions against this ratio is lowest at 1.3, between the first shell and the second.
COORDINATION_FACTOR = 1.3


@dataclass(frozen=True, eq=False)
class Surround:
    """The anions around one point of the path.

    Attributes
    ----------
    number : anions within COORDINATION_FACTOR times the sum of the Shannon radii.
    effective : effective coordination number of Hoppe.
    nearest : distance to the nearest anion, Å.
    """

    number: int
    effective: float
    nearest: float


def anions_of(entry: RawEntry) -> frozenset[str]:
    """Return the elements of an entry that are anions (:func:`embench.crystal.ions.anion_elements`).

    Raises :class:`~embench.errors.UpstreamError` for a structure without anions.
    """
    try:
        return anion_elements(entry.lattice, entry.elements, entry.frac_coords)
    except FeatureError as error:
        raise UpstreamError(f"{entry.entry_id}: {error}") from None


def formal_charge(entry: RawEntry) -> int:
    """Return the formal charge of the migrating ion, e: the one common charge of its element.

    Raises :class:`~embench.errors.UpstreamError` for an element with several.
    """
    charges = common_charges(entry.mobile_ion)
    if len(charges) != 1:
        raise UpstreamError(
            f"{entry.entry_id}: {entry.mobile_ion} has the common charges {', '.join(f'{c:g}' for c in charges)}; "
            "the charge of the migrating ion must be decided by hand"
        )
    return int(charges[0])


def surround(entry: RawEntry, point: Floats, anions: frozenset[str]) -> Surround:
    """Return how the `anions` (elements) coordinate the migrating ion at `point` (3,), fractional."""
    elements = np.array(entry.elements)
    is_anion = np.isin(elements, sorted(anions))
    radii = np.array([anion_radius(symbol) for symbol in elements[is_anion]])
    sites = entry.frac_coords[is_anion]
    nearest = float(distance_matrix(entry.lattice, point[None], sites).min())
    ion = ion_radius(entry.mobile_ion, formal_charge(entry))
    # Beyond twice the nearest distance no anion adds to the effective coordination number.
    reach = max(COORDINATION_FACTOR * (ion + radii.max()), 2 * nearest)
    around = surroundings(entry.lattice, point, sites, radius=float(reach))
    within = around.distances <= COORDINATION_FACTOR * (ion + radii[around.sites])
    return Surround(number=int(within.sum()), effective=effective_coordination(around.distances), nearest=nearest)


def effective_coordination(distances: Floats) -> float:
    """Return the effective coordination number for the `distances` (M,) to the anions.

    Each anion counts exp(1 - (d / d_mean)^6), with d_mean the mean distance under the same weights, found by
    iteration. Source: R. Hoppe, Z. Kristallogr. 150, 23 (1979), equations 3 to 5.
    """
    mean = float(distances.min())
    for _ in range(200):
        weights = np.exp(1 - (distances / mean) ** 6)
        previous, mean = mean, float(distances @ weights / weights.sum())
        if abs(mean - previous) < 1e-12:
            break
    return float(np.exp(1 - (distances / mean) ** 6).sum())
