"""Which sites of a structure are anions, and the formal charges and radii of all ions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from embench.crystal.periodic import Floats, distance_matrix
from embench.errors import FeatureError

# Atoms are bonded when nearer than this multiple of the sum of their covalent radii.
BOND_FACTOR = 1.25
# Shannon lists no radii of these anions: L. Pauling, The Nature of the Chemical Bond, 3rd ed. (1960); Å.
PAULING_RADII = {"P": 2.12, "As": 2.22, "H": 2.08, "C": 2.60, "Si": 2.71}
# Charges that the average over the transition metals may take.
LEAST_CHARGE, LARGEST_CHARGE = 0.5, 7.0

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIV")
_FOUR, _SIX = _ROMAN.index("IV"), _ROMAN.index("VI")
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

    Anions (:func:`anion_elements`) have the charge that fills their shell. Other non-metals and main-group metals
    have their highest oxidation state, and the transition metals share what is left, all with the same charge.

    Raises :class:`~embench.errors.FeatureError` for a structure without anions.
    """
    counts = Counter(symbols)
    anions = anion_elements(lattice, symbols, frac_coords)
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
    return Ions(charges, radii, anions, metal_charge)


def anion_elements(lattice: Floats, symbols: Sequence[str], frac_coords: Floats) -> frozenset[str]:
    """Return the elements that are anions: the non-metals that no more electronegative non-metal is bonded to.

    So S is one in a thiophosphate and in an oxysulfide, but neither in a sulfate nor P in a phosphate; N is one in a
    cyanide and C is not. The element of site 0, which migrates, is none.

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    symbols : N elements.
    frac_coords : (N, 3) fractional coordinates.

    Raises
    ------
    FeatureError
        For a structure without anions.
    """
    from pymatgen.core import Element

    nonmetals = [symbol for symbol in sorted(set(symbols)) if is_nonmetal(symbol) and symbol != symbols[0]]
    labels = np.array(symbols)
    central = set()
    for a, b in product(nonmetals, repeat=2):
        if Element(a).X < Element(b).X and a not in central:
            apart = distance_matrix(lattice, frac_coords[labels == a], frac_coords[labels == b])
            if apart.min() < bond_length(a, b):
                central.add(a)
    anions = frozenset(nonmetals) - central
    if not anions:
        raise FeatureError(
            f"no element of {'-'.join(sorted(set(symbols)))} is an anion, so that no ionic model applies"
        )
    return anions


def bond_length(a: str, b: str) -> float:
    """Return the distance (Å) below which two atoms are bonded, at least one of them a non-metal."""
    return BOND_FACTOR * (covalent_radius(a) + covalent_radius(b))


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
    if not element.is_lanthanoid and (element.is_transition_metal or element.is_actinoid):
        return None
    return max(common_charges(symbol))


@lru_cache(maxsize=128)
def common_charges(symbol: str) -> tuple[float, ...]:
    """Return the charges, e, that an element commonly has as a cation."""
    from pymatgen.core import Element

    if symbol in _FIXED_CHARGES:
        return (_FIXED_CHARGES[symbol],)
    element = Element(symbol)
    if element.is_lanthanoid:
        return (3.0,)
    return tuple(map(float, element.common_oxidation_states or element.oxidation_states or (1,)))


@lru_cache(maxsize=512)
def ion_radius(symbol: str, charge: float, *, smallest: bool = False) -> float:
    """Return the ionic radius (Å) for six-fold coordination and the listed charge nearest to `charge`.

    Where six-fold coordination is not listed, the nearest one is taken; with `smallest`, the lowest coordination
    number that is listed from four up. Where the element is not listed, the crystal radius of Pauling for anions,
    else the atomic radius. Source: R. D. Shannon, Acta Crystallogr. A 32, 751 (1976), as tabulated in pymatgen.
    """
    from pymatgen.core import Element

    if charge < 0 and symbol in PAULING_RADII:
        return PAULING_RADII[symbol]
    element = Element(symbol)
    listed = element.data.get("Shannon radii", {})
    # pymatgen lists one radius of Eu without a charge.
    same_sign = [key for key in listed if key and int(key) * charge > 0]
    if not same_sign:
        return float(element.atomic_radius or 1.0)
    states = listed[min(same_sign, key=lambda key: (abs(int(key) - charge), int(key)))]
    usual = {key: value for key, value in states.items() if key in _ROMAN}
    spins = (usual or states)[min(usual or states, key=lambda key: _unlike(key, smallest) if usual else 0)]
    # The high-spin radius: most of the metals of battery materials are high-spin.
    return float(max(spin["ionic_radius"] for spin in spins.values()))


def _unlike(coordination: str, smallest: bool) -> int:
    """Return how far a coordination number is from the one whose radius is wanted."""
    at = _ROMAN.index(coordination)
    if smallest:
        return at if at >= _FOUR else len(_ROMAN)
    return abs(at - _SIX)


@lru_cache(maxsize=32)
def anion_radius(symbol: str) -> float:
    """Return the radius of the anion of a non-metal with the charge that fills its shell, Å."""
    return ion_radius(symbol, anion_charge(symbol))


@lru_cache(maxsize=128)
def covalent_radius(symbol: str) -> float:
    """Return the covalent radius, Å. Source: B. Cordero et al., Dalton Trans. 2832 (2008), as tabulated in ASE."""
    from ase.data import atomic_numbers, covalent_radii

    return float(covalent_radii[atomic_numbers[symbol]])
