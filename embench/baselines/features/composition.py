"""Statistics of the elements of the framework, and properties of the migrating ion."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Hop
from embench.crystal.ions import ion_radius

Floats = NDArray[np.float64]

PROPERTIES = ("number", "electronegativity", "row", "group", "radius", "mendeleev", "d_electrons")
STATISTICS = ("mean", "spread", "least", "most")
# Elements whose share of the framework is a feature of its own.
SHARES = ("O", "S", "Se", "F", "Cl", "Br", "I", "N", "P", "Si", "B", "C", "V", "Ti", "Mn", "Fe", "Co", "Ni", "Cr")
MOBILE_IONS = ("Li", "Na", "K", "Mg", "Ca", "Zn", "Al")


def composition_features(hop: Hop) -> dict[str, float]:
    """Return statistics over framework, anions and cations, shares of elements, and the migrating ion."""
    framework = Counter(symbol for symbol in hop.symbols if symbol != hop.mobile)
    anions = Counter({symbol: count for symbol, count in framework.items() if symbol in hop.ions.anions})
    cations = framework - anions
    found: dict[str, float] = {}
    for name, part in {"framework": framework, "anion": anions, "cation": cations}.items():
        found |= {f"{name}_{feature}": value for feature, value in _statistics(part).items()}
    total = sum(framework.values())
    found |= {f"share_{symbol}": framework[symbol] / total for symbol in SHARES}
    found["share_anions"] = sum(anions.values()) / total
    found |= _charges(hop, cations)
    return found | _mobile(hop)


def _statistics(part: Counter[str]) -> dict[str, float]:
    if not part:
        return {f"{stat}_{name}": 0.0 for stat in STATISTICS for name in PROPERTIES}
    weights = np.array(list(part.values()), dtype=np.float64)
    weights /= weights.sum()
    values = np.array([element_properties(symbol) for symbol in part])
    mean = weights @ values
    spread = np.sqrt(weights @ (values - mean) ** 2)
    rows = (mean, spread, values.min(axis=0), values.max(axis=0))
    return {
        f"{stat}_{name}": float(value)
        for stat, row in zip(STATISTICS, rows, strict=True)
        for name, value in zip(PROPERTIES, row, strict=True)
    }


@lru_cache(maxsize=128)
def element_properties(symbol: str) -> tuple[float, ...]:
    """Return the PROPERTIES of an element: radius is the atomic one, Å; d_electrons those of the neutral atom."""
    from pymatgen.core import Element

    element = Element(symbol)
    electronegativity = float(element.X)
    d_electrons = float(element.group - 2) if element.is_transition_metal and element.group <= 12 else 0.0
    return (
        float(element.Z),
        electronegativity if electronegativity == electronegativity else 0.0,
        float(element.row),
        float(element.group),
        float(element.atomic_radius or 1.5),
        float(element.mendeleev_no or 0.0),
        d_electrons,
    )


def _charges(hop: Hop, cations: Counter[str]) -> dict[str, float]:
    charges, radii = hop.ions.charges, hop.ions.radii
    known = {symbol: count for symbol, count in cations.items() if symbol in charges}
    weights = np.array(list(known.values()), dtype=np.float64)
    values = np.array([charges[symbol] for symbol in known])
    metal = hop.ions.metal_charge
    sizes = np.array([radii[symbol] for symbol in known])
    return {
        "cation_charge": float(weights @ values / weights.sum()) if len(known) else 0.0,
        "cation_charge_most": float(values.max()) if len(known) else 0.0,
        "cation_radius": float(weights @ sizes / weights.sum()) if len(known) else 0.0,
        "metal_charge": 0.0 if metal != metal else float(np.clip(metal, -1.0, 8.0)),
        "has_metal": float(metal == metal),
        "anion_charge": float(np.mean([charges[symbol] for symbol in hop.symbols if symbol in hop.ions.anions])),
        "anion_radius": float(np.mean([radii[symbol] for symbol in hop.symbols if symbol in hop.ions.anions])),
    }


def _mobile(hop: Hop) -> dict[str, float]:
    from pymatgen.core import Element

    element = Element(hop.mobile)
    charge = hop.ions.charges[hop.mobile]
    radius = ion_radius(hop.mobile, charge)
    found = {
        "ion_charge": charge,
        "ion_radius": radius,
        "ion_potential": charge / radius,
        "ion_electronegativity": float(element.X),
        "ion_row": float(element.row),
    }
    return found | {f"ion_{symbol}": float(hop.mobile == symbol) for symbol in MOBILE_IONS}
