"""Which sites of a structure are anions, and the formal charges and radii of all ions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from embench.errors import FeatureError

Floats = NDArray[np.float64]

# Two non-metals are bonded when nearer than this multiple of the sum of their covalent radii.
BOND_FACTOR = 1.25
# Shannon lists no radii of these anions: L. Pauling, The Nature of the Chemical Bond, 3rd ed. (1960); Å.
PAULING_RADII = {"P": 2.12, "As": 2.22, "H": 2.08, "C": 2.60, "Si": 2.71}
# Charges that the average over the transition metals may take.
LEAST_CHARGE, LARGEST_CHARGE = 0.5, 7.0

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIV")
_SIX = _ROMAN.index("VI")
# Transition metals with one common charge among the many that are listed.
_FIXED_CHARGES = {"Zn": 2.0, "Cd": 2.0, "Ag": 1.0, "Sc": 3.0, "Y": 3.0, "La": 3.0, "Zr": 4.0, "Hf": 4.0, "Ta": 5.0}


@dataclass(frozen=True)
class Ions:
    """Formal charges (e), radii (Å) and anions of a structure, by element.

    `metal_charge` is the mean charge of the elements whose charge follows from the balance, NaN without such.
    """

    charges: Mapping[str, float]
    radii: Mapping[str, float]
    anions: frozenset[str]
    metal_charge: float


def assign_ions(lattice: Floats, symbols: tuple[str, ...], frac_coords: Floats) -> Ions:
    """Return the formal charges and radii of the elements of a structure; site 0 migrates.

    Anions are the non-metals that no more electronegative non-metal is bonded to; they have the charge that fills
    their shell. Other non-metals and main-group metals have their highest oxidation state, and the transition metals
    share what is left, all with the same charge.

    Raises :class:`~embench.errors.FeatureError` for a structure without anions.
    """
    counts = Counter(symbols)
    anions = _anions(lattice, symbols, frac_coords)
    if not anions:
        raise FeatureError(f"no element of {'-'.join(sorted(counts))} is an anion, so that no ionic model applies")
    charges = {symbol: anion_charge(symbol) for symbol in anions}
    open_elements = []
    for symbol in sorted(set(counts) - anions):
        charge = _fixed_charge(symbol)
        if charge is None:
            open_elements.append(symbol)
        else:
            charges[symbol] = charge
    metal_charge = float("nan")
    if open_elements:
        rest = -sum(counts[symbol] * charge for symbol, charge in charges.items())
        metal_charge = rest / sum(counts[symbol] for symbol in open_elements)
        charges |= dict.fromkeys(open_elements, float(np.clip(metal_charge, LEAST_CHARGE, LARGEST_CHARGE)))
    radii = {symbol: ion_radius(symbol, charge) for symbol, charge in charges.items()}
    return Ions(charges, radii, frozenset(anions), metal_charge)


def _anions(lattice: Floats, symbols: tuple[str, ...], frac_coords: Floats) -> set[str]:
    from pymatgen.core import Element, Lattice

    elements = {symbol: Element(symbol) for symbol in set(symbols)}
    nonmetals = [symbol for symbol in sorted(elements) if is_nonmetal(symbol) and symbol != symbols[0]]
    labels = np.array(symbols)
    cell = Lattice(lattice)
    central = set()
    for a, b in product(nonmetals, repeat=2):
        if elements[a].X < elements[b].X and a not in central:
            apart = cell.get_all_distances(frac_coords[labels == a], frac_coords[labels == b])
            if apart.min() < BOND_FACTOR * (covalent_radius(a) + covalent_radius(b)):
                central.add(a)
    return set(nonmetals) - central


@lru_cache(maxsize=128)
def is_nonmetal(symbol: str) -> bool:
    """Return whether an element can be an anion: H, and groups 14 to 17 without metals."""
    from pymatgen.core import Element

    element = Element(symbol)
    return symbol == "H" or (14 <= element.group <= 17 and not element.is_metal)


@lru_cache(maxsize=128)
def anion_charge(symbol: str) -> float:
    """Return the charge that fills the shell of a non-metal, e."""
    from pymatgen.core import Element

    return -1.0 if symbol == "H" else float(Element(symbol).group - 18)


@lru_cache(maxsize=128)
def _fixed_charge(symbol: str) -> float | None:
    """Return the charge of a cation that has only one, None where the balance decides."""
    from pymatgen.core import Element

    if symbol in _FIXED_CHARGES:
        return _FIXED_CHARGES[symbol]
    element = Element(symbol)
    if element.is_lanthanoid:
        return 3.0
    if element.is_transition_metal or element.is_actinoid:
        return None
    return float(max(element.common_oxidation_states or element.oxidation_states or (1,)))


@lru_cache(maxsize=512)
def ion_radius(symbol: str, charge: float) -> float:
    """Return the ionic radius (Å) for six-fold coordination and the listed charge nearest to `charge`.

    Where six-fold coordination is not listed, the nearest one is taken; where the element is not listed, the
    crystal radius of Pauling for anions, else the atomic radius. Source: R. D. Shannon, Acta Crystallogr. A 32, 751
    (1976), as tabulated in pymatgen.
    """
    from pymatgen.core import Element

    if charge < 0 and symbol in PAULING_RADII:
        return PAULING_RADII[symbol]
    element = Element(symbol)
    listed = element.data.get("Shannon radii", {})
    same_sign = [key for key in listed if int(key) * charge > 0]
    if not same_sign:
        return float(element.atomic_radius or 1.0)
    states = listed[min(same_sign, key=lambda key: (abs(int(key) - charge), int(key)))]
    usual = {key: value for key, value in states.items() if key in _ROMAN}
    spins = (usual or states)[min(usual or states, key=lambda key: abs(_ROMAN.index(key) - _SIX) if usual else 0)]
    # The high-spin radius: most of the metals of battery materials are high-spin.
    return float(max(spin["ionic_radius"] for spin in spins.values()))


@lru_cache(maxsize=128)
def covalent_radius(symbol: str) -> float:
    """Return the covalent radius, Å. Source: B. Cordero et al., Dalton Trans. 2832 (2008), as tabulated in ASE."""
    from ase.data import atomic_numbers, covalent_radii

    return float(covalent_radii[atomic_numbers[symbol]])
