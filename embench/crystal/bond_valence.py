"""Bond-valence site energies with the softBV parameters, and Born-Mayer repulsion.

All functions take distances of any shape and parameters that broadcast with them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embench.crystal.ions import covalent_radius, ion_radius
from embench.errors import FeatureError

Floats = NDArray[np.float64]

# e^2 / (4 pi epsilon_0), eV Å.
COULOMB = 14.399645
# Screening factor of softBV: H. Chen and S. Adams, IUCrJ 4, 614 (2017).
SCREENING = 0.74
# Born-Mayer repulsion: energy at contact of the ionic radii (eV) and decay length (Å), the same for all pairs.
BORN_MAYER_CONTACT = 0.2
BORN_MAYER_DECAY = 0.33


@dataclass(frozen=True)
class Pair:
    """softBV parameters of a cation and an anion: r0 and r_min (Å), alpha (1/Å), d0 (eV)."""

    r0: float
    r_min: float
    alpha: float
    d0: float


@lru_cache(maxsize=1)
def softbv_table() -> dict[tuple[str, int, str], Pair]:
    """Return the softBV parameters by cation, its charge, and anion; their sources are in ``data/README.md``."""
    path = Path(__file__).parent / "data" / "softbv.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["cation"], int(row["charge"]), row["anion"]): Pair(
                float(row["r0"]), float(row["r_min"]), float(row["alpha"]), float(row["d0"])
            )
            for row in csv.DictReader(file)
        }


@lru_cache(maxsize=1024)
def pair(cation: str, charge: float, anion: str, anion_charge: float) -> Pair:
    """Return the softBV parameters of a cation and an anion.

    The listed charge of the cation nearest to `charge` is taken. For an anion that is not listed with the cation,
    the listed one with the nearest charge, then radius, stands in, with `r0` and `r_min` shifted by the difference
    of the ionic radii.

    Raises :class:`~embench.errors.FeatureError` for a cation that is not listed at all.
    """
    table = softbv_table()
    states = {state for symbol, state, _ in table if symbol == cation}
    if not states:
        known = ", ".join(sorted({symbol for symbol, _, _ in table}))
        raise FeatureError(f"there are no softBV parameters for {cation}; there are some for {known}")
    with_anion = {state for symbol, state, other in table if symbol == cation and other == anion}
    state = min(with_anion or states, key=lambda state: (abs(state - charge), state))
    if with_anion:
        return table[cation, state, anion]
    radius = ion_radius(anion, anion_charge)
    candidates = sorted({other for symbol, listed, other in table if symbol == cation and listed == state})
    nearest = min(candidates, key=lambda other: _unlikeness(other, anion_charge, radius))
    listed = table[cation, state, nearest]
    shift = radius - ion_radius(nearest, _anion_charge(nearest))
    return Pair(listed.r0 + shift, listed.r_min + shift, listed.alpha, listed.d0)


def _anion_charge(symbol: str) -> float:
    return {"N": -3.0, "O": -2.0, "S": -2.0, "Se": -2.0, "Te": -2.0}.get(symbol, -1.0)


def _unlikeness(anion: str, charge: float, radius: float) -> tuple[float, float]:
    own = _anion_charge(anion)
    return abs(own - charge), abs(ion_radius(anion, own) - radius)


# Energy of a pair (eV) with its first and second derivative with respect to the distance.
Derivatives = tuple[Floats, Floats, Floats]
# No exponent is larger: beyond, atoms overlap and the energy only has to be large.
_LARGEST_EXPONENT = 30.0


def morse(distance: Floats, r_min: Floats, alpha: Floats, d0: Floats) -> Derivatives:
    """Return the Morse energy of a cation and an anion and its derivatives: -d0 / 2 (eV) at r_min.

    Half of d0 ((exp(alpha (r_min - r)) - 1)^2 - 1), the share of one of the two sites. Source: S. Adams and
    R. P. Rao, Phys. Status Solidi A 208, 1746 (2011).
    """
    x = np.exp(np.minimum(alpha * (r_min - distance), _LARGEST_EXPONENT))
    return d0 / 2 * (x * x - 2 * x), -d0 * alpha * (x * x - x), d0 * alpha**2 * (2 * x * x - x)


def bond_valence(distance: Floats, r0: Floats, alpha: Floats) -> Floats:
    """Return the valence of a bond, exp(alpha (r0 - r)), in valence units."""
    valence: Floats = np.exp(np.minimum(alpha * (r0 - distance), _LARGEST_EXPONENT))
    return valence


def screened_coulomb(distance: Floats, charges: Floats, radii: Floats) -> Derivatives:
    """Return the screened repulsion of two cations, eV, and its derivatives.

    Parameters
    ----------
    distance : Å.
    charges : product of the formal charges, each divided by the root of the principal quantum number, e^2.
    radii : sum of the covalent radii, Å.

    Source: H. Chen and S. Adams, IUCrJ 4, 614 (2017).
    """
    from scipy.special import erfc

    length = SCREENING * radii
    ratio = distance / length
    tail, bell = erfc(ratio) / distance, 2 / np.sqrt(np.pi) / length * np.exp(-(ratio**2))
    strength = COULOMB * charges
    return (
        strength * tail,
        -strength * (tail + bell) / distance,
        strength * (2 * (tail + bell) / distance**2 + 2 * bell / length**2),
    )


def born_mayer(distance: Floats, contact: Floats) -> Derivatives:
    """Return the repulsion of two ions and its derivatives: BORN_MAYER_CONTACT (eV) at the sum of their radii.

    `contact` is that sum, Å. Source of the form: M. Born and J. E. Mayer, Z. Phys. 75, 1 (1932).
    """
    energy = BORN_MAYER_CONTACT * np.exp(np.minimum((contact - distance) / BORN_MAYER_DECAY, _LARGEST_EXPONENT))
    return energy, -energy / BORN_MAYER_DECAY, energy / BORN_MAYER_DECAY**2


@lru_cache(maxsize=128)
def effective_charge(symbol: str, charge: float) -> float:
    """Return the charge over the root of the principal quantum number of the valence shell, e (softBV)."""
    from pymatgen.core import Element

    return float(charge / np.sqrt(float(Element(symbol).row)))


def coulomb_parameters(a: str, charge_a: float, b: str, charge_b: float) -> tuple[float, float]:
    """Return `charges` and `radii` of :func:`screened_coulomb` for two ions."""
    return (
        effective_charge(a, charge_a) * effective_charge(b, charge_b),
        covalent_radius(a) + covalent_radius(b),
    )
