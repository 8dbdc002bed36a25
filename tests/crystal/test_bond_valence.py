from __future__ import annotations

import math

import numpy as np
import pytest

from embench.crystal.bond_valence import (
    bond_valence,
    born_mayer,
    coulomb_parameters,
    morse,
    pair,
    screened_coulomb,
    softbv_table,
)
from embench.errors import FeatureError


def test_table_holds_the_published_parameters() -> None:
    # S. Adams and R. P. Rao, Phys. Status Solidi A 208, 1746 (2011): Li-O has r0 = 1.17096 Å and b = 0.516 Å.
    lithium = softbv_table()["Li", 1, "O"]
    assert lithium.r0 == 1.17096
    assert 1 / lithium.alpha == pytest.approx(0.516, abs=1e-5)
    assert len(softbv_table()) == 557


def test_a_missing_anion_is_replaced_by_its_neighbour_shifted_by_the_radii() -> None:
    sulphide, selenide = pair("Mg", 2.0, "S", -2.0), pair("Mg", 2.0, "Se", -2.0)
    # Shannon radii of six-fold S2- and Se2-: 1.84 and 1.98 Å.
    assert selenide.r_min - sulphide.r_min == pytest.approx(0.14)
    assert selenide.r0 - sulphide.r0 == pytest.approx(0.14)
    assert (selenide.alpha, selenide.d0) == (sulphide.alpha, sulphide.d0)


@pytest.mark.parametrize(
    ("cation", "anion", "stand_in", "shift"),
    [
        # The nearest charge first, then the nearest radius. Shannon, six-fold: O2- 1.40, S2- 1.84, Se2- 1.98, Te2-
        # 2.21, Br- 1.96, I- 2.20 Å, N3- (four-fold) 1.46 Å; Pauling: P3- 2.12, As3- 2.22, C4- 2.60 Å.
        (("Mg", 2), ("Te", -2), "S", 2.21 - 1.84),
        (("Mg", 2), ("I", -1), "Br", 2.20 - 1.96),
        (("Mg", 2), ("P", -3), "N", 2.12 - 1.46),
        (("Li", 1), ("C", -4), "N", 2.60 - 1.46),
        (("Na", 1), ("N", -3), "O", 1.46 - 1.40),
        (("Cu", 1), ("As", -3), "Te", 2.22 - 2.21),
        (("V", 3), ("P", -3), "Se", 2.12 - 1.98),
    ],
)
def test_which_anion_stands_in(cation, anion, stand_in, shift) -> None:
    found, listed = pair(*cation, *anion), softbv_table()[(*cation, stand_in)]
    assert found.r0 == pytest.approx(listed.r0 + shift)
    assert found.r_min == pytest.approx(listed.r_min + shift)
    assert (found.alpha, found.d0) == (listed.alpha, listed.d0)


def test_of_two_equally_near_charges_the_lower_is_taken() -> None:
    assert pair("V", 3.5, "O", -2.0) == softbv_table()["V", 3, "O"]
    # Only Fe2+ is listed with S; with N none is, and O stands in for it.
    assert pair("Fe", 3.8, "S", -2.0) == softbv_table()["Fe", 2, "S"]
    assert pair("Fe", 2.5, "N", -3.0).alpha == softbv_table()["Fe", 2, "O"].alpha
    assert pair("Fe", 2.6, "N", -3.0).alpha == softbv_table()["Fe", 3, "O"].alpha


def test_overlapping_atoms_have_large_and_finite_energies() -> None:
    """Exponents are cut off at 30: exp(30) = 1.07e13, and the square of it in the Morse energy."""
    energy = morse(np.array([0.0]), np.array([40.0]), np.array([2.0]), np.array([1.0]))[0][0]
    assert energy == pytest.approx(math.exp(60) / 2)
    assert born_mayer(np.array([0.0]), np.array(20.0))[0][0] == pytest.approx(0.2 * math.exp(30))
    assert bond_valence(np.array([0.0]), np.array([40.0]), np.array([2.0]))[0] == pytest.approx(math.exp(30))
    # 9.5 / 0.33 = 28.8 is not cut off.
    assert born_mayer(np.array([0.5]), np.array(10.0))[0][0] == pytest.approx(0.2 * math.exp(9.5 / 0.33))


def test_nearest_charge_of_the_cation_is_taken() -> None:
    assert pair("Fe", 2.6, "O", -2.0) == softbv_table()["Fe", 3, "O"]
    assert pair("Fe", 2.4, "O", -2.0) == softbv_table()["Fe", 2, "O"]


def test_cation_without_parameters_is_refused() -> None:
    with pytest.raises(FeatureError, match="Ne"):
        pair("Ne", 1.0, "O", -2.0)


def test_morse_energy_has_its_minimum_at_r_min() -> None:
    r_min, alpha, d0 = np.array([2.0]), np.array([1.9]), np.array([1.2])
    energy, slope, curvature = morse(np.array([2.0]), r_min, alpha, d0)
    assert (energy[0], slope[0]) == (-0.6, 0.0)
    assert curvature[0] == pytest.approx(1.2 * 1.9**2)


def test_born_mayer_decays_by_e_over_a_third_of_an_angstrom() -> None:
    energy = born_mayer(np.array([2.1, 2.1 + 0.33]), np.array(2.1))[0]
    assert energy == pytest.approx([0.2, 0.2 / math.e])


def test_screened_coulomb_against_the_formula() -> None:
    # Li+ (n = 2, 1.28 Å) and Fe2+ (n = 4, 1.32 Å), 3 Å apart; covalent radii of Cordero et al.
    charges, radii = coulomb_parameters("Li", 1.0, "Fe", 2.0)
    found = screened_coulomb(np.array([3.0]), np.array([charges]), np.array([radii]))[0][0]
    assert radii == pytest.approx(1.28 + 1.32)
    assert found == pytest.approx(14.399645 * 2 / math.sqrt(8) / 3.0 * math.erfc(3.0 / (0.74 * 2.60)))


@pytest.mark.parametrize(
    "potential",
    [
        lambda r: morse(r, np.array(2.0), np.array(1.9), np.array(1.2)),
        lambda r: born_mayer(r, np.array(2.0)),
        lambda r: screened_coulomb(r, np.array(1.5), np.array(2.6)),
    ],
)
def test_derivatives_are_those_of_the_energy(potential) -> None:
    r, step = np.linspace(1.2, 4.0, 15), 1e-4
    low, here, high = (potential(r + shift) for shift in (-step, 0.0, step))
    np.testing.assert_allclose(here[1], (high[0] - low[0]) / (2 * step), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(here[2], (high[1] - low[1]) / (2 * step), rtol=1e-5, atol=1e-7)
