"""Which atoms are anions, how large the ions are, and how anions coordinate the migrating ion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from embench.crystal.periodic import Floats, distance_matrix, surroundings
from embench.curation.entry import RawEntry
from embench.errors import UpstreamError

# An anion coordinates the ion up to this multiple of the sum of their Shannon radii. Over the ends of the hops in
# the release, the density of anions against this ratio is lowest at 1.3, between the first shell and the second.
COORDINATION_FACTOR = 1.3
# Two non-metals are bonded when nearer than this multiple of the sum of their covalent radii.
BOND_FACTOR = 1.25
# Shannon lists no radius of the phosphide ion: L. Pauling, The Nature of the Chemical Bond, 3rd ed. (1960); Å.
PAULING_RADII = {"P": 2.12}

_ROMAN = ("IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


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


def anion_elements(entry: RawEntry) -> tuple[str, ...]:
    """Return the elements that are anions, sorted: the non-metals that no more electronegative non-metal is bonded to.

    So S is one in a thiophosphate and in an oxysulfide, but neither in a sulfate nor P in a phosphate; N is one in a
    cyanide and C is not. Raises :class:`~embench.errors.UpstreamError` for a structure without anions.
    """
    from pymatgen.core import Element

    rest = {symbol for symbol in entry.elements[1:] if symbol != entry.mobile_ion}
    nonmetals = sorted(symbol for symbol in rest if not Element(symbol).is_metal)
    central = {a for a, b in product(nonmetals, repeat=2) if Element(a).X < Element(b).X and _are_bonded(entry, a, b)}
    anions = tuple(symbol for symbol in nonmetals if symbol not in central)
    if not anions:
        raise UpstreamError(f"{entry.entry_id}: no element of the structure is an anion")
    return anions


def _are_bonded(entry: RawEntry, a: str, b: str) -> bool:
    from pymatgen.analysis.molecule_structure_comparator import CovalentRadius

    elements = np.array(entry.elements)
    apart = distance_matrix(entry.lattice, entry.frac_coords[elements == a], entry.frac_coords[elements == b])
    return bool(apart.min() < BOND_FACTOR * (CovalentRadius.radius[a] + CovalentRadius.radius[b]))


def formal_charge(entry: RawEntry) -> int:
    """Return the formal charge of the migrating ion, e: the one common oxidation state of its element.

    Raises :class:`~embench.errors.UpstreamError` for an element with several.
    """
    from pymatgen.core import Element

    states = Element(entry.mobile_ion).common_oxidation_states
    if len(states) != 1:
        raise UpstreamError(
            f"{entry.entry_id}: {entry.mobile_ion} has the common oxidation states {states}; "
            "the charge of the migrating ion must be decided by hand"
        )
    return int(states[0])


@lru_cache(maxsize=128)
def ion_radius(symbol: str, charge: int, *, smallest: bool = False) -> float:
    """Return the Shannon radius of an ion, Å, for six-fold coordination or the one nearest to it that is listed.

    With `smallest`, that for the lowest coordination number listed from four up. Source: R. D. Shannon,
    Acta Crystallogr. A 32, 751 (1976), as tabulated in pymatgen.
    """
    from pymatgen.core import Element

    listed = Element(symbol).data["Shannon radii"][str(charge)]
    numbers = [number for number in _ROMAN if number in listed]
    sixfold = _ROMAN.index("VI")
    chosen = numbers[0] if smallest else min(numbers, key=lambda number: abs(_ROMAN.index(number) - sixfold))
    spins = listed[chosen]
    return float(spins[min(spins)]["ionic_radius"])


@lru_cache(maxsize=32)
def anion_radius(symbol: str) -> float:
    """Return the radius of the anion of a non-metal with the charge that fills its shell, Å."""
    from pymatgen.core import Element

    if symbol in PAULING_RADII:
        return PAULING_RADII[symbol]
    return ion_radius(symbol, Element(symbol).group - 18)


def surround(entry: RawEntry, point: Floats, anions: tuple[str, ...]) -> Surround:
    """Return how the `anions` (elements) coordinate the migrating ion at `point` (3,), fractional."""
    elements = np.array(entry.elements)
    is_anion = np.isin(elements, anions)
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
