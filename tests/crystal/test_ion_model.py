"""Charges, radii and anions of single elements and of small structures, by hand and from Shannon's table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from embench.crystal.ions import anion_charge, assign_ions, covalent_radius, ion_radius, is_nonmetal
from embench.errors import FeatureError


# R. D. Shannon, Acta Crystallogr. A 32, 751 (1976), ionic radii in Å.
@pytest.mark.parametrize(
    ("symbol", "charge", "radius"),
    [
        # Six-fold, high spin: the low-spin radii are 0.61, 0.55, 0.67, 0.58, 0.65, 0.545, 0.73 and 0.56 Å.
        ("Fe", 2.0, 0.78),
        ("Fe", 3.0, 0.645),
        ("Mn", 2.0, 0.83),
        ("Mn", 3.0, 0.645),
        ("Co", 2.0, 0.745),
        ("Co", 3.0, 0.61),
        ("Cr", 2.0, 0.80),
        ("Ni", 3.0, 0.60),
        # The nearest charge that is listed, of two equally near the lower: Fe2+ and Fe3+, Fe4+, Ti4+.
        ("Fe", 2.5, 0.78),
        ("Fe", 2.51, 0.645),
        ("Fe", 3.6, 0.585),
        ("Ti", 6.0, 0.605),
        ("Mn", 0.5, 0.83),
        # Six-fold where there is four- and eight-fold too.
        ("Li", 1.0, 0.76),
        ("Na", 1.0, 1.02),
        ("Ca", 2.0, 1.00),
        ("Zn", 2.0, 0.74),
        ("P", 5.0, 0.38),
        ("O", -2.0, 1.40),
        ("S", -2.0, 1.84),
        ("S", 6.0, 0.29),
        ("F", -1.0, 1.33),
        ("I", -1.0, 2.20),
        # Without six-fold coordination the nearest: N3- IV, Fe6+ IV, Sm2+ VII (1.22, before VIII 1.27), Nd2+ VIII.
        ("N", -3.0, 1.46),
        ("Fe", 6.0, 0.25),
        ("Sm", 2.0, 1.22),
        ("Nd", 2.0, 1.29),
        # pymatgen lists a third radius of Eu, without a charge.
        ("Eu", 3.0, 0.947),
        ("Eu", 2.0, 1.17),
        # H+ is listed one- and two-fold: the two-fold is nearer to six.
        ("H", 1.0, -0.18),
        # Cl5+ in a pyramid only.
        ("Cl", 5.0, 0.12),
    ],
)
def test_ionic_radii_are_those_of_shannon(symbol: str, charge: float, radius: float) -> None:
    assert ion_radius(symbol, charge) == radius


def test_anions_without_a_listed_radius_have_that_of_pauling() -> None:
    # The Nature of the Chemical Bond, 3rd ed.: P3- 2.12 Å, H- 2.08 Å. P5+ is Shannon's.
    assert ion_radius("P", -3.0) == 2.12
    assert ion_radius("H", -1.0) == 2.08
    # Neither lists Sb3-: the atomic radius of Slater, 1.45 Å.
    assert ion_radius("Sb", -3.0) == 1.45


def test_which_elements_are_nonmetals() -> None:
    assert [
        s
        for s in ("H", "C", "Si", "Ge", "N", "P", "As", "O", "S", "Se", "Te", "F", "Cl", "Br", "I")
        if not is_nonmetal(s)
    ] == []
    assert [s for s in ("Li", "B", "Al", "Sn", "Bi", "Fe", "He", "Ar", "Ga") if is_nonmetal(s)] == []


def test_charges_that_fill_the_shell() -> None:
    assert {s: anion_charge(s) for s in ("H", "F", "O", "N", "C", "Br", "Se")} == {
        "H": -1.0, "F": -1.0, "O": -2.0, "N": -3.0, "C": -4.0, "Br": -1.0, "Se": -2.0,
    }  # fmt: skip


def test_covalent_radii_are_those_of_cordero() -> None:
    assert (covalent_radius("Li"), covalent_radius("O"), covalent_radius("Fe")) == (1.28, 0.66, 1.32)


def far_apart(*symbols: str) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Atoms on a line, 4 Å apart: nothing is bonded."""
    length = 4.0 * len(symbols)
    coords = np.array([[i / len(symbols), 0.0, 0.0] for i in range(len(symbols))])
    return np.diag([length, 20.0, 20.0]), symbols, coords


# Covalent radii of P and O: 1.07 + 0.66 = 1.73 Å; 1.25 times that is 2.1625 Å.
@pytest.mark.parametrize(("apart", "anions"), [(2.15, {"O"}), (2.17, {"O", "P"})])
def test_phosphorus_is_an_anion_unless_oxygen_is_bonded_to_it(apart: float, anions: set[str]) -> None:
    lattice = np.diag([20.0, 20.0, 20.0])
    # Across the boundary of the cell.
    coords = np.array([[0.5, 0.5, 0.5], [0.999, 0.0, 0.0], [apart / 20 - 0.001, 0.0, 0.0]])
    ions = assign_ions(lattice, ("Li", "P", "O"), coords)
    assert ions.anions == anions
    assert ions.charges["P"] == (5.0 if anions == {"O"} else -3.0)
    assert ions.radii["P"] == (0.38 if anions == {"O"} else 2.12)


def test_the_less_electronegative_of_a_chain_is_no_anion() -> None:
    # S between C and O: C is 1.8 Å from S, and S 1.5 Å from O: both are bonded, and O alone is an anion.
    lattice = np.diag([20.0, 20.0, 20.0])
    coords = np.array([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [0.09, 0.0, 0.0], [0.165, 0.0, 0.0]])
    assert assign_ions(lattice, ("Li", "C", "S", "O"), coords).anions == {"O"}


@pytest.mark.parametrize(
    ("symbols", "charge"),
    [
        # What is left over: 4 - 1 = 3; (6 - 1) / 2; 8 - 1 - 3 (Al) = 4; 8 - 1 - 2 (Zn, always 2+) = 5.
        (("Li", "Fe", "O", "O"), 3.0),
        (("Li", "Fe", "Mn", "O", "O", "O"), 2.5),
        (("Li", "Fe", "Al", "O", "O", "O", "O"), 4.0),
        (("Li", "Fe", "Zn", "O", "O", "O", "O"), 5.0),
        # 8 - 1 - 3 (a lanthanoid).
        (("Li", "Fe", "La", "O", "O", "O", "O"), 4.0),
        (("Li", "Fe", "Gd", "O", "O", "O", "O"), 4.0),
    ],
)
def test_transition_metals_share_what_is_left(symbols: tuple[str, ...], charge: float) -> None:
    ions = assign_ions(*far_apart(*symbols))
    assert ions.charges["Fe"] == ions.metal_charge == charge
    # Fe3+; half way between 2 and 3, Fe2+; Fe4+; half way between 4 and 6, Fe4+.
    assert ions.radii["Fe"] == {3.0: 0.645, 2.5: 0.78, 4.0: 0.585, 5.0: 0.585}[charge]


@pytest.mark.parametrize(
    ("metal", "charge"),
    [("Zn", 2), ("Cd", 2), ("Ag", 1), ("Sc", 3), ("Y", 3), ("La", 3), ("Zr", 4), ("Hf", 4), ("Ta", 5), ("Gd", 3)],
)
def test_metals_with_one_common_charge(metal: str, charge: int) -> None:
    ions = assign_ions(*far_apart("Li", metal, "O", "O", "O", "O"))
    assert ions.charges[metal] == charge
    assert math.isnan(ions.metal_charge)


def test_the_smallest_radius_is_that_of_the_lowest_coordination_from_four_up() -> None:
    # Four-fold, high spin, where there is such; Sm2+ from seven-fold on; H+ has one and two neighbours only.
    assert ion_radius("Fe", 2.0, smallest=True) == 0.63
    assert ion_radius("Co", 2.0, smallest=True) == 0.58
    assert ion_radius("Sm", 2.0, smallest=True) == 1.22
    # Three-, four- and six-fold B3+: 0.01, 0.11 and 0.27 Å.
    assert ion_radius("B", 3.0, smallest=True) == 0.11
    assert ion_radius("H", 1.0, smallest=True) in (-0.38, -0.18)


def test_the_charge_of_a_metal_is_kept_within_bounds_and_its_balance_told() -> None:
    many = assign_ions(*far_apart("Li", "Fe", *["O"] * 5))
    assert (many.metal_charge, many.charges["Fe"]) == (9.0, 7.0)
    few = assign_ions(*far_apart("Li", "Li", "Fe", "O"))
    assert (few.metal_charge, few.charges["Fe"]) == (0.0, 0.5)


def test_uranium_takes_part_in_the_balance_and_tin_has_its_highest_charge() -> None:
    assert assign_ions(*far_apart("Li", "U", "O", "O", "F")).charges["U"] == 4.0
    ions = assign_ions(*far_apart("Li", "Sn", "O"))
    assert ions.charges == {"Li": 1.0, "Sn": 4.0, "O": -2.0}
    assert math.isnan(ions.metal_charge)


def test_the_migrating_ion_is_never_an_anion_of_the_framework() -> None:
    assert assign_ions(*far_apart("F", "Ca", "O")).anions == {"O"}
    with pytest.raises(FeatureError, match="no element of Ca-F is an anion"):
        assign_ions(*far_apart("F", "Ca", "F"))
