"""Equivalent ends and symmetric paths: by construction, against spglib, and against energies."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import spglib
from hypothesis import given, settings
from hypothesis import strategies as st

from embench.curation.endpoints import compare_endpoints, lattice_rotations
from tests.curation.crystals import antiperovskite, layered, make_entry, rock_salt

IDEAL = [rock_salt, antiperovskite, layered]


@pytest.mark.parametrize("crystal", IDEAL)
def test_a_hop_between_sites_of_one_kind_is_symmetric(crystal):
    ends = compare_endpoints(crystal())
    assert (ends.equivalent, ends.symmetric_path) == (True, True)
    assert ends.deviation == pytest.approx(0, abs=1e-9)


def test_an_octahedral_and_a_tetrahedral_site_are_not_equivalent():
    entry = rock_salt()
    line = np.linspace(0, 1, 5)[:, None] * np.array([0.25, 0.25, 0.25])
    ends = compare_endpoints(replace(entry, images=line))
    assert (ends.equivalent, ends.symmetric_path) == (False, False)


def test_other_ions_of_the_element_count():
    # With one more vacancy, at (1/2, 0, 1/2), the initial state has the ion in contact with one vacancy less.
    entry = layered()
    kept = [i for i, (e, x) in enumerate(zip(entry.elements, entry.frac_coords, strict=True)) if not _is_first_li(e, x)]
    thinned = replace(entry, elements=tuple(entry.elements[i] for i in kept), frac_coords=entry.frac_coords[kept])
    assert len(thinned.elements) == len(entry.elements) - 1
    assert compare_endpoints(entry).equivalent
    assert not compare_endpoints(thinned).equivalent


def _is_first_li(element, site):
    """The Li in the layer above that lies nearer to the start of the hop than to its end."""
    return element == "Li" and np.allclose(site, (1 / 6, 1 / 3, 2 / 3))


def polar_chain(framework=((0.05, 0.3, 0.2), (0.17, 0.1, 0.4))):
    """Two cells of a framework without any symmetry but translation: the ion hops by one period."""
    sites = [("Na", (0, 0, 0))]
    for element, (x, y, z) in zip(("O", "Ti"), framework, strict=True):
        sites += [(element, (x, y, z)), (element, (x + 0.5, y, z))]
    return make_entry(np.diag([8.0, 5.0, 6.0]), sites, (0.5, 0, 0))


def test_ends_may_be_equivalent_while_the_path_has_a_direction():
    ends = compare_endpoints(polar_chain())
    assert (ends.equivalent, ends.symmetric_path) == (True, False)


def test_a_framework_with_a_mirror_makes_the_same_path_symmetric():
    ends = compare_endpoints(polar_chain(framework=((0.25, 0.3, 0.2), (0.0, 0.1, 0.4))))
    assert (ends.equivalent, ends.symmetric_path) == (True, True)


@pytest.mark.parametrize(("displaced", "equivalent"), [(0.05, True), (0.4, True), (0.7, False)])
def test_relaxation_is_measured_and_tolerated_to_half_an_angstrom(displaced, equivalent):
    entry = polar_chain()
    coords = entry.frac_coords.copy()
    # The period maps this site onto the one that stayed, and that one onto this: both miss by the displacement.
    coords[-1, 2] += displaced / entry.lattice[2, 2]
    ends = compare_endpoints(replace(entry, frac_coords=coords))
    assert ends.deviation == pytest.approx(displaced)
    assert ends.equivalent is equivalent


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(IDEAL))
def test_the_choice_of_origin_cell_and_order_does_not_matter(seed, crystal):
    rng = np.random.default_rng(seed)
    entry = crystal()
    shift = rng.uniform(-2, 2, 3)
    order = [0, *(1 + rng.permutation(len(entry.elements) - 1))]
    wrapped = (entry.frac_coords + shift)[order]
    wrapped[1:] %= 1
    other = replace(
        entry,
        elements=tuple(entry.elements[i] for i in order),
        frac_coords=wrapped,
        images=entry.images + shift,
    )
    ends = compare_endpoints(other)
    assert (ends.equivalent, ends.symmetric_path) == (True, True)
    assert ends.deviation == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("lattice", "order"),
    [
        (np.eye(3), 48),
        (np.diag([1.0, 1.0, 1.4]), 16),
        (np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [0, 0, 1.6]]), 24),
        (np.array([[3.0, 0, 0], [0.4, 4.0, 0], [0.5, 0.9, 5.0]]) / 4, 2),
    ],
)
def test_the_lattice_has_the_point_group_of_its_system(lattice, order):
    rotations = lattice_rotations(lattice * 8)
    assert len(rotations) == order
    # A rotation of row vectors leaves every scalar product as it is.
    for rotation in rotations:
        assert rotation @ (lattice @ lattice.T) @ rotation.T == pytest.approx(lattice @ lattice.T, abs=1e-9)


def framework_symmetry_maps_the_ends(entry, tolerance=0.05):
    """The same question put to spglib: an operation of the framework maps the mobile ions of one state to the other."""
    mobile = np.array(entry.elements) == entry.mobile_ion
    kinds = np.unique(np.array(entry.elements)[~mobile], return_inverse=True)[1]
    found = spglib.get_symmetry((entry.lattice, entry.frac_coords[~mobile], kinds), symprec=tolerance)
    if found is None:
        return False
    moved = entry.frac_coords[mobile].copy()
    moved[0] = entry.path_end
    for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
        apart = (entry.frac_coords[mobile] @ rotation.T + translation)[:, None] - moved
        apart -= np.rint(apart)
        if np.linalg.norm(apart @ entry.lattice, axis=2).min(axis=1).max() < 2 * tolerance:
            return True
    return False


def test_exact_symmetry_is_what_spglib_finds(raw_entries, annotations):
    for entry in raw_entries:
        deviation = annotations[entry.entry_id]["endpoints_deviation"]
        if len(entry.elements) > 150 or annotations[entry.entry_id]["endpoints_equivalent"] is None:
            continue
        found = framework_symmetry_maps_the_ends(entry)
        if deviation is not None and deviation < 0.01:
            assert found, entry.entry_id
        if deviation is None or deviation > 0.1:
            assert not found, entry.entry_id


@pytest.fixture(scope="module")
def orb_energies(shared):
    """The energies of the five images that Orb-v3 relaxes, eV."""
    with open(shared / "umlip_neb" / "umlip_all_barriers.csv", newline="") as file:
        return {row["sys_name"]: np.array([float(row[f"e{i}"]) for i in range(5)]) for row in csv.DictReader(file)}


def test_the_ends_called_equivalent_have_the_same_energy(annotations, orb_energies):
    apart = {True: [], False: []}
    for entry_id, energies in orb_energies.items():
        equivalent = annotations[entry_id]["endpoints_equivalent"]
        if equivalent is not None:
            apart[equivalent].append(abs(energies[4] - energies[0]))
    # The tolerance is where this changes; a potential may still relax equivalent ends into different minima.
    assert np.median(apart[True]) < 0.005
    assert np.mean(np.array(apart[True]) < 0.02) > 0.85
    assert np.mean(np.array(apart[False]) < 0.02) < 0.2


def test_symmetric_paths_have_symmetric_profiles(annotations, orb_energies):
    skew = {True: [], False: []}
    for entry_id, energies in orb_energies.items():
        if annotations[entry_id]["endpoints_equivalent"]:
            skew[annotations[entry_id]["path_symmetric"]].append(abs(energies[3] - energies[1]))
    assert np.median(skew[True]) < 0.01
    assert np.median(skew[False]) > 0.1
