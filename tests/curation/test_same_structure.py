"""Entries with one structure and equivalent hops: by construction, against spglib, and against the audit."""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st

from embench.curation.same_structure import group_duplicates, group_structures, same_hop
from tests.curation.crystals import layered, make_entry


def sheet(end, *, beside="O", a=8.0, b=8.0, repeat=2, without=(), entry_id="hop"):
    """Li in a plane, on `repeat` x 2 sites, those along the axes 4 Å apart.

    Over the middle of each link there is an anion: O along the first axis, `beside` along the second. The Li at the
    origin hops to `end`, given in steps along the axes; sites in `without`, in the same steps, are vacant as well.
    """
    sites = [(i, j) for i in range(repeat) for j in range(2)]
    vacant = {(end[0] % repeat, end[1] % 2), *without}
    made = [("Li", (i / repeat, j / 2, 0)) for i, j in sites if (i, j) not in vacant]
    made += [("O", ((i + 0.5) / repeat, j / 2, 0.5)) for i, j in sites]
    made += [(beside, (i / repeat, (j + 0.5) / 2, 0.5)) for i, j in sites]
    return make_entry(np.diag([a, b, 6.0]), made, (end[0] / repeat, end[1] / 2, 0), entry_id=entry_id)


def shuffled(entry, *, shift=(0.0, 0.0, 0.0), seed=1):
    """The same hop with another origin, another order of the sites, and sites in other cells."""
    random = np.random.default_rng(seed)
    order = np.concatenate([[0], 1 + random.permutation(len(entry.elements) - 1)])
    cells = random.integers(-1, 2, (len(order), 3))
    coords = entry.frac_coords[order] + np.array(shift) + cells
    return replace(
        entry,
        elements=tuple(entry.elements[i] for i in order),
        frac_coords=coords,
        images=entry.images + np.array(shift) + cells[0],
    )


def reverse(entry):
    coords = entry.frac_coords.copy()
    coords[0] = entry.path_end
    return replace(entry, frac_coords=coords, images=entry.images[::-1])


@pytest.mark.parametrize(
    "other",
    [
        sheet((-1, 0)),
        sheet((0, 1)),
        sheet((0, -1)),
        reverse(sheet((1, 0))),
        shuffled(sheet((1, 0)), shift=(0.1, 0.2, 0.3)),
        shuffled(reverse(sheet((0, -1))), shift=(0.5, 0.5, 0.0), seed=2),
    ],
)
def test_hops_along_the_links_of_a_square_lattice_are_equivalent(other):
    assert same_hop(sheet((1, 0)), other)
    assert same_hop(other, sheet((1, 0)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(sheet((1, 0)), sheet((1, 1)), id="along the diagonal"),
        pytest.param(sheet((1, 0), beside="S"), sheet((0, 1), beside="S"), id="under S instead of O"),
        pytest.param(sheet((1, 0), b=8.3), sheet((0, 1), b=8.3), id="a longer link"),
        pytest.param(
            sheet((1, 0), repeat=3, a=12.0, without={(2, 0)}),
            sheet((1, 0), repeat=3, a=12.0, without={(2, 1)}),
            id="another vacancy in line with the hop or beside it",
        ),
    ],
)
def test_similar_hops_are_not_equivalent(one, other):
    assert same_hop(one, one)
    assert not same_hop(one, other)


@pytest.mark.parametrize(("displacement", "equivalent"), [(0.01, True), (0.13, False)])
def test_how_far_ends_may_differ(displacement, equivalent):
    """0.13 Å is what separates the ends of e-VOPO4_Li_1 and e-VOPO4_Li_3, two pathways with different barriers."""
    entry = sheet((1, 0))
    images = entry.images + np.outer(np.linspace(0, displacement / 6.0, 5), (0, 0, 1))
    assert same_hop(entry, replace(entry, images=images)) == equivalent


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_symmetry_operation_that_spglib_finds_gives_an_equivalent_hop(data):
    entry = layered()
    full = np.vstack([entry.frac_coords, entry.path_end])
    numbers = [{"Li": 3, "Co": 27, "O": 8}[symbol] for symbol in (*entry.elements, "Li")]
    operations = spglib.get_symmetry((entry.lattice.tolist(), full.tolist(), numbers), symprec=1e-4)
    number = data.draw(st.integers(0, len(operations["rotations"]) - 1))
    rotation, shift = operations["rotations"][number], operations["translations"][number]
    image = replace(entry, frac_coords=entry.frac_coords @ rotation.T + shift, images=entry.images @ rotation.T + shift)
    assert same_hop(entry, shuffled(image, seed=number))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(sheet((1, 1), beside="S", entry_id="other"), True, id="another hop"),
        pytest.param(shuffled(sheet((1, 0), beside="S", entry_id="other"), shift=(0.3, 0, 0)), True, id="origin"),
        pytest.param(sheet((1, 0), beside="S", a=8.0005, entry_id="other"), True, id="rounding"),
        pytest.param(sheet((1, 0), beside="S", a=8.004, entry_id="other"), False, id="relaxed cell"),
        pytest.param(sheet((1, 0), beside="Se", entry_id="other"), False, id="another element"),
        pytest.param(sheet((1, 0), beside="S", without={(1, 1)}, entry_id="other"), False, id="one more vacancy"),
    ],
)
def test_same_structure(other, same):
    groups = group_structures([sheet((1, 0), beside="S"), other])
    assert groups == ([["hop", "other"]] if same else [["hop"], ["other"]])


@pytest.mark.parametrize(("b", "same"), [(8.0, True), (8.3, False)])
def test_a_mirrored_framework_is_the_same_only_where_the_cell_has_the_mirror(b, same):
    def corner(along_a, along_b, entry_id):
        sites = [("Li", (0, 0, 0)), ("Ti", (0, 0, 0.5)), (along_a, (0.25, 0, 0.5)), (along_b, (0, 0.25, 0.5))]
        return make_entry(np.diag([8.0, b, 6.0]), sites, (0.5, 0, 0), entry_id=entry_id)

    groups = group_structures([corner("O", "S", "hop"), corner("S", "O", "other")])
    assert groups == ([["hop", "other"]] if same else [["hop"], ["other"]])


def test_duplicates_are_found_within_a_structure_only():
    hops = {"a": (1, 0), "b": (0, 1), "c": (1, 1), "d": (-1, -1)}
    entries = [sheet(end, entry_id=name) for name, end in hops.items()]
    structures = group_structures(entries)
    assert structures == [["a", "b", "c", "d"]]
    assert group_duplicates(entries, structures) == [["a", "b"], ["c", "d"]]
    assert group_duplicates(entries, [[name] for name in hops]) == [["a"], ["b"], ["c"], ["d"]]


@pytest.fixture(scope="module")
def structures(raw_entries):
    return group_structures(raw_entries)


@pytest.fixture(scope="module")
def duplicates(raw_entries, structures):
    return [group for group in group_duplicates(raw_entries, structures) if len(group) > 1]


def test_number_of_duplicates(raw_entries, duplicates):
    split = {entry.entry_id: entry.published_split for entry in raw_entries}
    pairs = [pair for group in duplicates for pair in itertools.combinations(group, 2)]
    assert (len(pairs), sum(map(len, duplicates))) == (21, 26)
    assert sum(split[a] != split[b] for a, b in pairs) == 3


@pytest.mark.parametrize(
    ("pair", "difference"),
    [
        (("LiAlPO4F_2", "LiAlPO4F_3"), 0.484),
        (("LiAlPO4F_1", "LiAlPO4F_4"), 0.307),
        (("Li2MnSiO4_2", "Li2MnSiO4_3"), 0.26),
        (("b-NaVP2O7_1", "b-NaVP2O7_2"), 0.08),
    ],
)
def test_duplicates_with_different_labels(raw_entries, duplicates, pair, difference):
    barrier = {entry.entry_id: entry.migration_barrier for entry in raw_entries}
    assert list(pair) in duplicates
    assert abs(barrier[pair[0]] - barrier[pair[1]]) == pytest.approx(difference, abs=5e-4)


def test_structures_are_those_of_the_audit_but_for_one_damaged_entry(shared, structures):
    """In the framework of M-MnPO4_Na_1, 14 sites of each element are not where M-MnPO4_Na_2 has them."""
    with open(shared / "audit" / "annotations.csv", encoding="utf-8", newline="") as file:
        audit = {row["sys_name"]: row["struct_strict"] for row in csv.DictReader(file)}
    ours = {entry_id: number for number, group in enumerate(structures) for entry_id in group}
    pairs = itertools.combinations(sorted(audit), 2)
    differing = [(a, b) for a, b in pairs if (ours[a] == ours[b]) != (audit[a] == audit[b])]
    assert differing == [("M-MnPO4_Na_1", "M-MnPO4_Na_2")]


def test_pathway_pairs_with_different_barriers(raw_entries, structures):
    """FACTS.md counts 196, of which this pair of M-MnPO4_Na is one."""
    barrier = {entry.entry_id: entry.migration_barrier for entry in raw_entries}
    pairs = [pair for group in structures for pair in itertools.combinations(group, 2)]
    assert sum(abs(barrier[a] - barrier[b]) > 0.05 for a, b in pairs) == 196 - 1
    assert abs(barrier["M-MnPO4_Na_1"] - barrier["M-MnPO4_Na_2"]) > 0.05
