"""Host frameworks: who plays which part, how they are written, and what their primitive cell is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from embench.curation.framework import (
    element_roles,
    framework,
    host_formula,
    reduced_cell,
    reduced_formula,
)
from tests.curation.crystals import make_entry, rock_salt

# Structure parameters from the Crystallography Open Database entries of the minerals.
STISHOVITE = Structure.from_spacegroup(
    "P4_2/mnm", Lattice.tetragonal(4.180, 2.667), ["Si", "O"], [[0, 0, 0], [0.306, 0.306, 0]]
)
QUARTZ = Structure.from_spacegroup(
    "P3_221", Lattice.hexagonal(4.913, 5.405), ["Si", "O"], [[0.4697, 0, 0], [0.4135, 0.2669, 0.1191]]
)


def entry_with(structure, mobile="Li", at=(0.5, 0.5, 0.5)):
    """An entry whose framework is `structure`."""
    framework_sites = [(site.specie.symbol, site.frac_coords) for site in structure]
    return make_entry(structure.lattice.matrix, [(mobile, at), *framework_sites], (0.5, 0.5, 0.9))


@pytest.mark.parametrize(("structure", "role"), [(QUARTZ, "T"), (STISHOVITE, "M")])
def test_silicon_is_the_centre_of_a_polyanion_in_tetrahedra_only(structure, role):
    # Supercells: in a cell as small as that of stishovite one site is bonded to several images of another.
    assert element_roles(entry_with(structure * (2, 2, 2))) == {"Si": role, "O": "X"}


@pytest.mark.parametrize(
    ("entry_id", "roles", "formula", "anonymous"),
    [
        ("O-LiFePO4", {"Fe": "M", "P": "T", "O": "X"}, "FePO4", "MTX4"),
        ("LiMgSO4F_1", {"Mg": "M", "S": "T", "O": "X", "F": "X"}, "MgSO4F", "MTX5"),
        ("CaFeSO", {"Fe": "M", "S": "X", "O": "X"}, "FeSO", "MX2"),
        ("Li4P2S7", {"P": "T", "S": "X"}, "P2S7", "T2X7"),
        ("MgP2Ru2", {"Ru": "M", "P": "X"}, "RuP", "MX"),
        ("K-FeC5N5", {"Fe": "M", "C": "T", "N": "X"}, "FeC3N3", "MT3X3"),
        ("LiSi2P3O12", {"Si": "M", "P": "T", "O": "X"}, "Si2P3O12", "M2T3X12"),
        ("LiScSiO4", {"Sc": "M", "Si": "T", "O": "X"}, "ScSiO4", "MTX4"),
        ("Na3SI", {"S": "X", "I": "X"}, "SI", "X"),
    ],
)
def test_roles_and_formulas_of_known_compounds(raw_entries, entry_id, roles, formula, anonymous):
    entry = next(entry for entry in raw_entries if entry.entry_id == entry_id)
    found = framework(entry)
    assert element_roles(entry) == roles
    assert (found.formula, found.anonymous_formula) == (formula, anonymous)


def test_every_host_is_composed_as_in_the_audit(raw_entries, audit_groups):
    """Roles apart: the same elements in the same ratio, and the same parts for all of them."""
    for entry in raw_entries:
        roles = element_roles(entry)
        symbols = [symbol for symbol in entry.elements if symbol in roles]
        row = audit_groups[entry.entry_id]
        assert reduced_formula(symbols, order=sorted(set(symbols))) == row["host"]
        ours = sorted((roles[symbol], symbols.count(symbol)) for symbol in roles)
        divisor = np.gcd.reduce([count for _, count in ours])
        assert sorted((role, count // divisor) for role, count in ours) == parts(row["rform"])


def parts(rform):
    """Roles and numbers in a formula of the audit: M12T13X112 is M1 twice, T1 three times, X1 twelve times."""
    found, rest = [], rform
    while rest:
        end = next((i for i, letter in enumerate(rest) if i and letter.isalpha()), len(rest))
        found.append((rest[0], int(rest[2:end] or 1)))
        rest = rest[end:]
    return sorted(found)


def test_formulas_are_reduced_and_ordered_by_role_and_electronegativity():
    # Ni is more electronegative than Si, but a metal comes first.
    roles = {"Ni": "M", "Si": "T", "O": "X"}
    assert host_formula(["Ni", "Si", *"OOOO"] * 3, roles) == "NiSiO4"
    assert reduced_formula(["M", "M", "X", "X", "X", "X"], order="MTX") == "MX2"


@pytest.mark.parametrize("displacement", [0.0, 0.1])
def test_a_supercell_is_reduced_although_it_is_relaxed(displacement):
    """MgO with sites up to `displacement` (Å) off in the 64-site cell has a primitive cell of two sites."""
    lattice = Lattice.cubic(4.21)
    supercell = Structure.from_spacegroup("Fm-3m", lattice, ["Mg", "O"], [[0, 0, 0], [0.5] * 3]) * (2, 2, 2)
    shifts = np.random.default_rng(1).uniform(-1, 1, (64, 3)) / np.sqrt(3) * displacement
    sites = supercell.frac_coords + shifts @ np.linalg.inv(supercell.lattice.matrix)
    cell = reduced_cell(supercell.lattice.matrix, ["M"] * 32 + ["X"] * 32, sites)
    assert len(cell) == 2
    assert cell.volume == pytest.approx(4.21**3 / 4)


def test_overlapping_sites_do_not_stop_the_reduction():
    entry = rock_salt()
    elements = (*entry.elements, "Cl", "Ti")
    doubled = replace(entry, elements=elements, frac_coords=np.vstack([entry.frac_coords, [[0.501, 0, 0], [0.25] * 3]]))
    assert framework(doubled).anonymous_formula == "MX5"
