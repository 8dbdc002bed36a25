"""The ion model, against the tables of Shannon and the chemistry of well-known compounds."""

from __future__ import annotations

import numpy as np
import pytest

from embench.crystal.ions import anion_elements, anion_radius, common_charges, ion_radius
from embench.errors import FeatureError


@pytest.mark.parametrize(
    ("sites", "anions"),
    [
        ([("S", (0, 0, 0)), ("O", (1.47, 0, 0))], ("O",)),  # sulfate
        ([("S", (0, 0, 0)), ("P", (2.05, 0, 0))], ("S",)),  # thiophosphate
        ([("S", (0, 0, 0)), ("O", (3.2, 0, 0))], ("O", "S")),  # oxysulfide
        ([("C", (0, 0, 0)), ("N", (1.17, 0, 0))], ("N",)),  # cyanide
        ([("P", (0, 0, 0)), ("O", (1.54, 0, 0)), ("F", (4.0, 0, 0))], ("F", "O")),  # fluorophosphate
        ([("Ru", (0, 0, 0)), ("P", (2.3, 0, 0))], ("P",)),  # phosphide
        ([("S", (0, 0, 0)), ("O", (18.53, 0, 0))], ("O",)),  # sulfate, bonded across the cell boundary
    ],
)
def test_an_anion_is_bonded_to_nothing_more_electronegative(sites, anions):
    # Atoms at Cartesian positions in a large box, the migrating ion far from them.
    symbols = ["Li", *(element for element, _ in sites)]
    coords = np.array([(10.0, 10.0, 10.0), *(position for _, position in sites)]) / 20
    assert anion_elements(np.eye(3) * 20, symbols, coords) == set(anions)


def test_a_structure_without_anions_is_refused():
    with pytest.raises(FeatureError, match="no element of Li-Ru is an anion"):
        anion_elements(np.eye(3) * 20, ["Li", "Ru"], np.array([[0.5, 0.5, 0.5], [0, 0, 0]]))


def test_the_migrating_element_is_no_anion():
    coords = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])
    assert anion_elements(np.eye(3) * 8, ["O", "O", "F"], coords) == {"F"}


def test_common_charges():
    charges = {symbol: common_charges(symbol) for symbol in ("Li", "Zn", "Mg", "Al", "La", "Fe")}
    assert charges == {"Li": (1,), "Zn": (2,), "Mg": (2,), "Al": (3,), "La": (3,), "Fe": (2, 3)}


def test_radii_are_those_of_shannon():
    # Acta Crystallogr. A 32, 751 (1976), table 1; N(3-) is listed for four neighbours only.
    printed = {"O": 1.40, "F": 1.33, "S": 1.84, "Se": 1.98, "Te": 2.21, "Cl": 1.81, "Br": 1.96, "I": 2.20, "N": 1.46}
    assert {symbol: anion_radius(symbol) for symbol in printed} == printed
    assert anion_radius("P") == 2.12  # Pauling
    assert [ion_radius(*ion) for ion in (("Li", 1), ("Na", 1), ("Ca", 2), ("Al", 3))] == [0.76, 1.02, 1.00, 0.535]
    lowest = [ion_radius(*ion, smallest=True) for ion in (("Li", 1), ("Mg", 2), ("K", 1), ("Rb", 1), ("Ca", 2))]
    assert lowest == [0.59, 0.57, 1.37, 1.52, 1.00]
