"""Which frameworks count as one prototype, and how prototypes are named."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from embench.curation import prototypes
from embench.curation.framework import Framework, reduced_cell, reduced_formula
from embench.curation.prototypes import connected_components, group_frameworks, name_prototypes, read_prototypes
from embench.errors import LedgerError

ROLE = {"Mg": "M", "O": "X"}
FACE_CENTRED = Lattice.cubic(4.21)


def crystal(space_group, lattice, *, m=(0, 0, 0), x):
    return Structure.from_spacegroup(space_group, lattice, ["Mg", "O"], [m, x])


ROCK_SALT = crystal("Fm-3m", FACE_CENTRED, x=(0.5, 0.5, 0.5))
ZINC_BLENDE = crystal("F-43m", FACE_CENTRED, x=(0.25, 0.25, 0.25))
CAESIUM_CHLORIDE = crystal("Pm-3m", Lattice.cubic(2.6), x=(0.5, 0.5, 0.5))
# The frameworks of MgAl2O4 (without Mg, origin on its site) and of TiO2: the same composition.
SPINEL = crystal("Fd-3m", Lattice.cubic(8.08), m=(0.625, 0.625, 0.625), x=(0.3873, 0.3873, 0.3873))
RUTILE = crystal("P4_2/mnm", Lattice.tetragonal(4.594, 2.959), x=(0.305, 0.305, 0))


def as_framework(structure, entry_id):
    roles = [ROLE[site.specie.symbol] for site in structure]
    cell = reduced_cell(structure.lattice.matrix, roles, structure.frac_coords)
    return Framework(
        entry_id=entry_id,
        formula=structure.composition.reduced_formula,
        anonymous_formula=reduced_formula(roles, order="MTX"),
        cell=cell,
    )


def distorted(structure, *, supercell=(1, 1, 1), displacement=0.0, strain=(0.0, 0.0, 0.0), seed=1):
    """A supercell, strained along its axes, with every site displaced by up to `displacement` (Å)."""
    random = np.random.default_rng(seed)
    large = structure * supercell
    lattice = Lattice(large.lattice.matrix * (1 + np.array(strain))[:, None])
    shifts = random.uniform(-1, 1, (len(large), 3)) / np.sqrt(3) * displacement
    order = random.permutation(len(large))
    coords = (large.frac_coords + shifts @ lattice.inv_matrix + random.uniform(size=3))[order]
    return Structure(lattice, [large[int(i)].specie for i in order], coords)


def test_size_cell_choice_and_small_distortions_do_not_matter():
    same = [
        ROCK_SALT,
        ROCK_SALT.get_primitive_structure(),
        distorted(ROCK_SALT, supercell=(2, 2, 2), displacement=0.1),
        distorted(ROCK_SALT, supercell=(1, 1, 2), strain=(0.05, 0.0, -0.05)),
        distorted(ROCK_SALT, strain=(0.2, 0.2, 0.2)),
    ]
    other = [ZINC_BLENDE, distorted(ZINC_BLENDE, displacement=0.1), CAESIUM_CHLORIDE]
    made = [as_framework(structure, f"{number}") for number, structure in enumerate(same + other)]
    assert group_frameworks(made) == [["0", "1", "2", "3", "4"], ["5", "6"], ["7"]]


def test_the_prototypes_of_one_composition_are_told_apart_in_any_order():
    made = [
        as_framework(SPINEL, "b"),
        as_framework(distorted(SPINEL, displacement=0.1, strain=(0.04, 0.0, -0.04)), "a"),
        as_framework(RUTILE, "d"),
        as_framework(distorted(RUTILE, supercell=(2, 2, 1), displacement=0.1), "c"),
    ]
    for order in itertools.permutations(made):
        assert group_frameworks(order) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(("supercell", "groups"), [((1, 1, 2), [["a", "b"]]), ((2, 2, 2), [["a"], ["b"]])])
def test_a_cell_that_could_not_be_reduced_is_compared_with_small_multiples(supercell, groups):
    primitive = as_framework(ROCK_SALT, "a")
    cell = primitive.cell * supercell
    assert len(primitive.cell) == 2
    assert group_frameworks([primitive, replace(primitive, entry_id="b", cell=cell)]) == groups


def test_progress_is_told_once_a_formula():
    told = []
    group_frameworks([as_framework(ROCK_SALT, "a"), as_framework(SPINEL, "b")], progress=told.append)
    assert told == ["prototypes of MX (1 of 2)", "prototypes of MX2 (2 of 2)"]


def test_connected_components_follow_chains_and_ask_no_pair_twice():
    asked = []

    def linked(i, j):
        asked.append((i, j))
        return abs(i - j) == 2

    assert connected_components(7, linked) == [[0, 2, 4, 6], [1, 3, 5]]
    assert len(asked) == len({tuple(sorted(pair)) for pair in asked}) <= 21


GROUPS = [["a", "b"], ["c"], ["d"]]
FORMULAS = dict.fromkeys("abcd", "MX2")


def row(prototype, entry_id, framework="MX2"):
    return {"prototype": prototype, "entry_id": entry_id, "framework": framework, "reason": "looked at"}


def test_rows_name_groups_and_equal_names_join_them():
    names = name_prototypes(GROUPS, FORMULAS, [row("SPINEL", "b"), row("SPINEL", "d")])
    assert names == {"a": "SPINEL", "b": "SPINEL", "c": "MX2:c", "d": "SPINEL"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([row("SPINEL", "z")], "'z'.*no such entry"),
        ([row("SPINEL", "a", "MX3")], "expects the framework MX3, it has MX2"),
        ([row("SPINEL", "a"), row("RUTILE", "b")], "another row calls the same group of frameworks SPINEL"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table, message):
    with pytest.raises(LedgerError, match=message):
        name_prototypes(GROUPS, FORMULAS, table)


def test_the_same_group_may_be_named_twice_alike():
    assert name_prototypes([["a", "b"]], FORMULAS, [row("SPINEL", "a"), row("SPINEL", "b")])["a"] == "SPINEL"


def test_a_row_without_a_reason_is_refused(monkeypatch):
    monkeypatch.setattr(prototypes, "read_table", lambda *_: [row("SPINEL", "a"), row("RUTILE", "b") | {"reason": ""}])
    with pytest.raises(LedgerError, match="line 3: no reason"):
        read_prototypes()


def test_the_shipped_table_names_every_entry_once():
    rows = read_prototypes()
    assert len({row["entry_id"] for row in rows}) == len(rows)
    assert all(set(row["prototype"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") for row in rows)
