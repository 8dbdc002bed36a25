"""Anions, radii and coordination, against the tables of Shannon, pymatgen's own algorithms and hand counting."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.analysis.local_env import EconNN

from embench.curation.coordination import (
    anion_elements,
    anion_radius,
    effective_coordination,
    formal_charge,
    ion_radius,
    surround,
)
from embench.errors import UpstreamError
from tests.curation.crystals import antiperovskite, layered, make_entry, rock_salt


def molecule(*sites, mobile="Li"):
    """Atoms at Cartesian positions in a large box, the migrating ion far from them."""
    cell = np.eye(3) * 20
    placed = [(element, np.array(position) / 20) for element, position in sites]
    return make_entry(cell, [(mobile, (0.5, 0.5, 0.5)), *placed], (0.6, 0.5, 0.5))


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
    assert anion_elements(molecule(*sites)) == anions


def test_a_structure_without_anions_is_refused():
    with pytest.raises(UpstreamError, match="made_by_hand: no element of the structure is an anion"):
        anion_elements(molecule(("Ru", (0, 0, 0))))


def test_charges_are_the_common_ones_and_an_ambiguous_one_is_refused():
    charges = {ion: formal_charge(molecule(("O", (0, 0, 0)), mobile=ion)) for ion in ("Li", "Zn", "Mg", "Al")}
    assert charges == {"Li": 1, "Zn": 2, "Mg": 2, "Al": 3}
    with pytest.raises(UpstreamError, match="Fe"):
        formal_charge(molecule(("O", (0, 0, 0)), mobile="Fe"))


def test_radii_are_those_of_shannon():
    # Acta Crystallogr. A 32, 751 (1976), table 1; N(3-) is listed for four neighbours only.
    printed = {"O": 1.40, "F": 1.33, "S": 1.84, "Se": 1.98, "Te": 2.21, "Cl": 1.81, "Br": 1.96, "I": 2.20, "N": 1.46}
    assert {symbol: anion_radius(symbol) for symbol in printed} == printed
    assert anion_radius("P") == 2.12  # Pauling
    assert [ion_radius(*ion) for ion in (("Li", 1), ("Na", 1), ("Ca", 2), ("Al", 3))] == [0.76, 1.02, 1.00, 0.535]
    lowest = [ion_radius(*ion, smallest=True) for ion in (("Li", 1), ("Mg", 2), ("K", 1), ("Rb", 1), ("Ca", 2))]
    assert lowest == [0.59, 0.57, 1.37, 1.52, 1.00]


def test_ideal_structures_have_their_textbook_coordination():
    for entry in (rock_salt(), layered()):
        around = surround(entry, entry.frac_coords[0], anion_elements(entry))
        assert (around.number, around.effective) == (6, pytest.approx(6, abs=1e-6))


def test_anions_of_two_kinds_are_counted_with_their_own_radii():
    entry = antiperovskite()
    around = surround(entry, entry.frac_coords[0], ("Cl", "O"))
    # Two O at half the lattice parameter, four Cl at half the face diagonal.
    assert (around.number, around.nearest) == (6, pytest.approx(1.95))


@pytest.mark.parametrize("shells", [[(6, 2.1)], [(2, 1.9), (4, 2.2)], [(4, 2.0), (1, 2.6), (8, 3.4)]])
def test_the_effective_coordination_is_that_of_pymatgen(shells):
    distances = np.array([distance for count, distance in shells for _ in range(count)])
    # Neighbours on a spiral, so that pymatgen sees the same distances.
    angles = np.linspace(0, 2.9, len(distances))
    directions = np.column_stack(
        [np.sin(angles) * np.cos(7 * angles), np.sin(angles) * np.sin(7 * angles), np.cos(angles)]
    )
    entry = molecule(*[("O", 10 + d * v) for d, v in zip(distances, directions, strict=True)])
    neighbours = EconNN(tol=0, cutoff=6).get_nn_info(entry.structure, 0)
    expected = sum(neighbour["weight"] for neighbour in neighbours)
    assert effective_coordination(distances) == pytest.approx(expected, abs=2e-3)
