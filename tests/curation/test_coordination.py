"""Coordination of the migrating ion, against pymatgen's own algorithm and hand counting."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.analysis.local_env import EconNN

from embench.curation.coordination import anions_of, effective_coordination, formal_charge, surround
from embench.errors import UpstreamError
from tests.curation.crystals import antiperovskite, layered, make_entry, rock_salt


def molecule(*sites, mobile="Li"):
    """Atoms at Cartesian positions in a large box, the migrating ion far from them."""
    cell = np.eye(3) * 20
    placed = [(element, np.array(position) / 20) for element, position in sites]
    return make_entry(cell, [(mobile, (0.5, 0.5, 0.5)), *placed], (0.6, 0.5, 0.5))


def test_a_structure_without_anions_is_refused():
    with pytest.raises(UpstreamError, match="made_by_hand: no element of Li-Ru is an anion"):
        anions_of(molecule(("Ru", (0, 0, 0))))


def test_charges_are_the_common_ones_and_an_ambiguous_one_is_refused():
    charges = {ion: formal_charge(molecule(("O", (0, 0, 0)), mobile=ion)) for ion in ("Li", "Zn", "Mg", "Al")}
    assert charges == {"Li": 1, "Zn": 2, "Mg": 2, "Al": 3}
    with pytest.raises(UpstreamError, match="Fe"):
        formal_charge(molecule(("O", (0, 0, 0)), mobile="Fe"))


def test_ideal_structures_have_their_textbook_coordination():
    for entry in (rock_salt(), layered()):
        around = surround(entry, entry.frac_coords[0], anions_of(entry))
        assert (around.number, around.effective) == (6, pytest.approx(6, abs=1e-6))


def test_anions_of_two_kinds_are_counted_with_their_own_radii():
    entry = antiperovskite()
    around = surround(entry, entry.frac_coords[0], frozenset({"Cl", "O"}))
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
