"""Hops from two structures: the dataset's own, written as anybody might have written them, and what must be refused."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from pymatgen.core import Lattice, Molecule, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from scipy.spatial.transform import Rotation

import embench
from embench.errors import InvalidValueError, StructureError
from embench.migration import hop_between
from tests.migration import crystals

A = crystals.ROCK_SALT


def _as_written(entry, seed):
    """Start and end of an entry, each with its atoms permuted, both rotated and shifted; wrapped for even seeds."""
    rng = np.random.default_rng(seed)
    end = entry.frac_coords.copy()
    end[0] = entry.path_end
    lattice = Lattice(entry.lattice @ Rotation.random(random_state=seed).as_matrix())
    symbols = np.array([str(specie) for specie in entry.structure().species])
    origin = rng.random(3)
    for coords in (entry.frac_coords, end):
        order = rng.permutation(len(symbols))
        yield Structure(lattice, symbols[order], coords[order] + origin, to_unit_cell=seed % 2 == 0)


def _distances(lattice, point, others):
    return np.sort(Lattice(lattice).get_all_distances(point, others).ravel())


def _check_round_trip(seed, entry):
    hop = hop_between(*_as_written(entry, seed))
    # Wrapped coordinates do not tell the image; nine entries are released with one that is not the nearest.
    wanted = entry.hop_distance_minimum_image if seed % 2 == 0 else entry.hop_distance
    # The columns are rounded to 1e-6 Å, and images that are equally near to within that may be either.
    assert hop.hop_distance == pytest.approx(wanted, abs=2e-6), entry.entry_id
    assert hop.mobile_ion == entry.mobile_ion
    assert hop.concentration_limit == entry.concentration_limit
    for mine, released in ((hop.frac_coords[0], entry.frac_coords[0]), (hop.path_end, entry.path_end)):
        np.testing.assert_allclose(
            _distances(hop.lattice, mine, hop.frac_coords[1:]),
            _distances(entry.lattice, released, entry.frac_coords[1:]),
            atol=1e-6,
            err_msg=entry.entry_id,
        )
    assert hop.framework_displacement < 1e-6


def _sound(step):
    entries = list(enumerate(embench.load()))[::step]
    return [(seed, entry) for seed, entry in entries if "structure_corrupt" not in entry.flags]


def test_entries_survive_being_written_as_two_structures():
    checked = _sound(10)
    for seed, entry in checked:
        # Both wrapped and unwrapped ones, whichever entries the step takes.
        _check_round_trip(seed // 10, entry)
    assert len(checked) == 62


@pytest.mark.slow
def test_all_entries_survive_being_written_as_two_structures():
    checked = _sound(1)
    for seed, entry in checked:
        _check_round_trip(seed, entry)
    assert len(checked) == 616


@pytest.mark.slow
def test_released_final_structures_with_permuted_atoms():
    """Where the framework relaxes by more than 0.1 Å, the curation has said so by a way of its own (a flag)."""
    entries = [entry for entry in embench.load() if entry.has_final_structure]
    for seed, entry in enumerate(entries):
        final = entry.final_structure()
        order = np.random.default_rng(seed).permutation(len(final))
        hop = hop_between(entry.structure(), Structure.from_sites([final[int(site)] for site in order]))
        assert hop.mobile_ion == entry.mobile_ion
        # A drift of the framework is no part of the hop, so that it may differ a little from the released one.
        assert hop.hop_distance == pytest.approx(entry.hop_distance, abs=0.05), entry.entry_id
        assert (hop.framework_displacement > 0.1) == ("final_framework_differs" in entry.flags), entry.entry_id
    assert len(entries) == 60


def test_overlapping_atoms_of_the_corrupt_entries_are_named():
    corrupt = embench.load()["Na4MnAlP3O12_1"]
    with pytest.raises(StructureError, match=r"start structure: site \d+ \(P\) and site \d+ \(P\) overlap, 0.014 Å"):
        hop_between(corrupt.structure(), corrupt.structure())


def vacancy_cell(filled, *, symbols=("Na", "Na", "Na", "Cl", "Cl", "Cl", "Cl")):
    """Rock salt with one of four cation sites empty; `filled` are the three that are not, in this order."""
    cations = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    anions = cations + np.array([0.5, 0, 0])
    return Structure(Lattice.cubic(A), symbols, np.vstack([cations[list(filled)], anions]))


START = vacancy_cell((0, 2, 3))


def test_the_ion_is_found_and_comes_first():
    hop = hop_between(START, vacancy_cell((0, 1, 3)))
    # Site 1 hops from (1/2, 0, 1/2) to (0, 1/2, 1/2): a / sqrt(2).
    assert hop.hop_distance == pytest.approx(A / np.sqrt(2))
    np.testing.assert_allclose(hop.frac_coords[0], [0.5, 0, 0.5])
    np.testing.assert_allclose(hop.path_end, [0, 0.5, 0.5])
    assert hop.atomic_numbers.tolist() == [11, 11, 11, 17, 17, 17, 17]
    assert hop.entry_id == "Na3Cl4_Na"
    assert (hop.n_sites, hop.n_mobile_ions, hop.concentration_limit) == (7, 3, "vacancy")
    assert hop.charges == {"Na": 1.0, "Cl": -1.0}
    assert hop.cell_charge == pytest.approx(-1.0)
    assert "the formal charges of the cell add up to -1 e, not to zero" in hop.notes


def test_a_chain_of_moves_that_ends_alike_is_one_hop():
    """Listed as two ions that follow each other; the end is that of one ion's hop to the nearest image of the site."""
    hop = hop_between(START, vacancy_cell((2, 1, 3)))
    assert hop.hop_distance == pytest.approx(A / np.sqrt(2))
    np.testing.assert_allclose(hop.frac_coords[0], [0, 0, 0])


def test_one_long_hop_rather_than_two_short_ones():
    """The ion goes round a corner of 120°: squared distances alone would have two ions move by 3 Å."""
    first, corner, last = np.zeros(3), np.array([3.0, 0, 0]), np.array([4.5, 3 * np.sqrt(0.75), 0])
    anions = [[0, 0, 6], [3, 0, 6], [6, 6, 6]]
    start, end = (
        Structure(Lattice.cubic(12), ["Li", "Li", "O", "O", "O"], [*pair, *anions], coords_are_cartesian=True)
        for pair in ((first, corner), (corner, last))
    )
    hop = hop_between(start, end)
    assert hop.hop_distance == pytest.approx(3 * np.sqrt(3))
    np.testing.assert_allclose(hop.frac_coords[0], first)


def test_the_relaxation_of_the_framework_is_kept_and_drift_is_not():
    end = vacancy_cell((0, 1, 3))
    # Two anions move apart, so that their mean stays; then all is shifted.
    end.translate_sites([3], [0.3 / A, 0, 0], to_unit_cell=False)
    end.translate_sites([4], [-0.3 / A, 0, 0], to_unit_cell=False)
    end.translate_sites(list(range(7)), [0.05, -0.02, 0.01], to_unit_cell=True)
    hop = hop_between(START, end)
    assert hop.hop_distance == pytest.approx(A / np.sqrt(2), abs=1e-9)
    assert hop.framework_displacement == pytest.approx(0.3, abs=1e-9)
    shift = A * np.sqrt(0.05**2 + 0.02**2 + 0.01**2)
    assert f"the end structure is shifted by {shift:.3f} Å as a whole: taken out" in hop.notes
    moved = (hop.final_frac_coords - hop.frac_coords) @ hop.lattice
    np.testing.assert_allclose(moved[3:5], [[0.3, 0, 0], [-0.3, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(moved[[1, 2, 5, 6]], 0, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_a_large_shift_of_a_permuted_structure_is_found(seed):
    """The cell of an entry with no translations of its own, so that the shift is unique."""
    entry = embench.load()["Li7P3O11"]
    rng = np.random.default_rng(seed)
    end = entry.frac_coords.copy()
    end[0] = entry.path_end
    order = rng.permutation(len(end))
    symbols = np.array([str(specie) for specie in entry.structure().species])
    moved = Structure(Lattice(entry.lattice), symbols[order], end[order] + rng.random(3), to_unit_cell=True)
    hop = hop_between(entry.structure(), moved)
    assert hop.hop_distance == pytest.approx(entry.hop_distance_minimum_image, abs=2e-6)


def test_cells_that_are_turned_against_each_other_or_strained():
    end = vacancy_cell((0, 1, 3))
    turned = Lattice(end.lattice.matrix @ Rotation.from_euler("z", 30, degrees=True).as_matrix() * 1.02)
    hop = hop_between(START, Structure(turned, end.species, end.frac_coords))
    np.testing.assert_allclose(hop.final_lattice, np.eye(3) * A * 1.02, atol=1e-9)
    assert hop.hop_distance == pytest.approx(A / np.sqrt(2))


def own_image(end, *, extra=()):
    sites = [("Li", (0.0, 0.0, 0.0)), ("O", (0.5, 0.5, 0.5)), *extra]
    start = Structure(Lattice.cubic(4.0), [name for name, _ in sites], [site for _, site in sites])
    coords = np.array([site for _, site in sites])
    coords[0] = end
    return start, Structure(start.lattice, start.species, coords)


def test_a_hop_to_the_ions_own_image_is_as_long_as_the_cell():
    hop = hop_between(*own_image((1.0, 0.0, 0.0)))
    assert hop.hop_distance == pytest.approx(4.0)
    np.testing.assert_allclose(hop.path_end, [1, 0, 0])
    assert "the ion hops to its own periodic image" in hop.notes


def test_nothing_moves():
    with pytest.raises(StructureError, match=r"no ion moves: .* give its end unwrapped"):
        hop_between(*own_image((0.0, 0.0, 0.0)))


def test_several_ions_could_have_hopped_to_their_images():
    start, end = own_image((1.0, 0.0, 0.0), extra=[("Li", (0.5, 0.5, 0.0))])
    wrapped = Structure(end.lattice, end.species, end.frac_coords + np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]))
    with pytest.raises(StructureError, match=r"site 0 \(Li\) by 4.00 Å, site 1 \(O\) by 4.00 Å.*ion="):
        hop_between(start, wrapped)
    assert hop_between(start, wrapped, "Li").hop_distance == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("start", "end", "image", "length"),
    [
        # Wrapped, so that the image says nothing: the nearest, 0.4 of 10 Å.
        (0.9, 0.3, "auto", 4.0),
        (0.9, 0.3, "given", 6.0),
        (0.9, 1.3, "auto", 4.0),
        # Unwrapped and a little further than the nearest image: as given.
        (-0.05, 0.54, "auto", 5.9),
        (-0.05, 0.54, "shortest", 4.1),
        # Unwrapped, and far further: each file was wrapped in its own way.
        (-0.05, 0.75, "auto", 2.0),
        (-0.05, 0.75, "given", 8.0),
    ],
)
def test_the_image_of_the_end(start, end, image, length):
    def structure(x):
        return Structure(Lattice.cubic(10.0), ["Li", "O", "O"], [[x, 0, 0], [0.3, 0.5, 0.5], [0.7, 0.2, 0.5]])

    hop = hop_between(structure(start), structure(end), image=image)
    assert hop.hop_distance == pytest.approx(length)


def test_ase_atoms_give_the_same_hop():
    pair = START, vacancy_cell((0, 1, 3))
    atoms = [AseAtomsAdaptor.get_atoms(structure) for structure in pair]
    np.testing.assert_allclose(hop_between(*atoms).path_end, hop_between(*pair).path_end)


def test_decorated_isotopic_and_left_handed_structures():
    start, end = (
        Structure(Lattice.cubic(8.0), ["Li+", "O2-", "D"], [[x, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.625]])
        for x in (0.0, 0.375)
    )
    hop = hop_between(start, end)
    assert hop.atomic_numbers.tolist() == [3, 8, 1]
    assert "D counts as hydrogen" in hop.notes
    mirrored = [Structure(Lattice(np.diag([-8.0, 8.0, 8.0])), s.species, s.frac_coords) for s in (start, end)]
    hop = hop_between(*mirrored)
    assert hop.hop_distance == pytest.approx(3.0)
    assert np.linalg.det(hop.lattice) > 0
    # The atoms stay where they are: the ion moves along -x.
    np.testing.assert_allclose(hop.vector, [-3.0, 0, 0], atol=1e-9)


def test_a_short_hop_between_split_sites_counts():
    start, end = (
        Structure(Lattice.cubic(8.0), ["Li", "O", "O"], [[x, 0, 0], [0.5, 0.5, 0.5], [0, 0.5, 0.5]])
        for x in (0.0, 0.09)
    )
    assert hop_between(start, end).hop_distance == pytest.approx(0.72)


@pytest.mark.slow
def test_five_thousand_atoms():
    start = crystals.rock_salt() * (9, 9, 8)
    end = start.copy()
    gone = int(np.argmin(np.linalg.norm(start.cart_coords - [0, A / 2, A / 2], axis=1)))
    assert start[gone].specie.symbol == "Na"
    end.remove_sites([0])
    start.remove_sites([gone])
    hop = hop_between(start, end)
    assert hop.n_sites == 5183
    assert hop.hop_distance == pytest.approx(A / np.sqrt(2), abs=1e-6)


BAD = {
    "other cells": (START, Structure(Lattice.cubic(2 * A), START.species, START.frac_coords), "other cells .*11.280"),
    "other composition": (
        START,
        crystals.rock_salt(),
        r"hold other atoms \(Na 3 and 4\)",
    ),
    "other element": (
        START,
        vacancy_cell((0, 1, 3), symbols=("Na", "K", "Na", "Cl", "Cl", "Cl", "Cl")),
        r"hold other atoms \(K 0 and 1, Na 3 and 2\)",
    ),
    "two ions move": (
        vacancy_cell((0, 2, 3)),
        Structure(
            Lattice.cubic(A),
            START.species,
            np.vstack([[0.25, 0.25, 0.25], [0, 0.5, 0.5], START.frac_coords[2:]]),
        ),
        r"more than one ion moves: site 1 \(Na\) by 3.99 Å, site 0 \(Na\) by 2.44 Å",
    ),
    "one atom": (*[Structure(Lattice.cubic(4), ["Li"], [[x, 0, 0]]) for x in (0, 0.4)], "hold one atom"),
    "a molecule": (
        Molecule(["Li", "O"], [[0, 0, 0], [2, 0, 0]]),
        START,
        "start structure is a molecule without a cell",
    ),
    "atoms without a cell": (START, Atoms("LiO", [[0, 0, 0], [2, 0, 0]]), "end structure is a molecule without a cell"),
    "a slab": (Atoms("LiO", [[0, 0, 0], [2, 0, 0]], cell=[4, 4, 9], pbc=[1, 1, 0]), START, "not periodic in three"),
    "a file name": ("start.vasp", START, r"of the type str; give .*Structure.from_file"),
    "no atoms": (Atoms(cell=[4, 4, 4], pbc=True), START, "holds no atoms"),
    "a flat cell": (
        Structure(Lattice([[4, 0, 0], [0, 4, 0], [4, 4, 0.01]]), ["Li"], [[0, 0, 0]]),
        START,
        "volume of 0.16",
    ),
    "NaN": (
        START,
        Structure(Lattice.cubic(A), START.species, np.vstack([START.frac_coords[:6], [0, np.nan, 0]])),
        r"end structure: site 6 \(Cl\) has coordinates that are not finite",
    ),
    "NaN in ASE": (
        Atoms("LiO", [[0, 0, 0], [np.nan, 0, 0]], cell=[4, 4, 4], pbc=True),
        START,
        r"start structure: site 1 \(O\) has coordinates that are not finite",
    ),
    "an endless cell": (Atoms("LiO", [[0, 0, 0], [2, 0, 0]], cell=[4, 4, np.inf], pbc=True), START, "not finite"),
    "overlap": (
        Structure(Lattice.cubic(A), ["Na", "Cl"], [[0, 0, 0], [0.999, 0, 0.01]]),
        START,
        r"site 0 \(Na\) and site 1 \(Cl\) overlap, 0.057 Å apart",
    ),
    "disorder": (
        Structure(Lattice.cubic(A), [{"Na": 0.5, "K": 0.5}, "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        START,
        r"site 0 \(Na0.5 K0.5|site 0 \(K0.5 Na0.5",
    ),
    "a dummy": (
        Structure(Lattice.cubic(A), ["X", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        START,
        "site 0 holds X.*, which is no element",
    ),
    "a dummy in ASE": (Atoms("XCl", [[0, 0, 0], [2, 2, 2]], cell=[4, 4, 4], pbc=True), START, "site 0 holds X"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_hop_is_refused_in_words(name):
    start, end, words = BAD[name]
    with pytest.raises(StructureError, match=words):
        hop_between(start, end)


def test_a_disordered_file_that_ase_has_read_as_ordered():
    """ASE's reader of CIF files keeps one species of a shared site, and the shares aside."""
    atoms = Atoms("NaCl", [[0, 0, 0], [2, 2, 2]], cell=[4, 4, 4], pbc=True)
    atoms.info["occupancy"] = {"0": {"Na": 0.6, "K": 0.4}, "1": {"Cl": 1.0}}
    with pytest.raises(StructureError, match=r"disordered: site kind 0 \(Na 0.6, K 0.4\)"):
        hop_between(atoms, START)


def test_another_ion_than_the_one_that_is_asked_for():
    end = vacancy_cell((0, 1, 3))
    with pytest.raises(StructureError, match=r"moves is no Cl: site 1 \(Na\) by 3.99 Å"):
        hop_between(START, end, "Cl")
    with pytest.raises(StructureError, match="there is no Li in the structures; they hold Cl, Na"):
        hop_between(START, end, "Li")


@pytest.mark.parametrize("options", [{"image": "nearest"}, {"functional": "PBE"}])
def test_settings_that_there_are_not(options):
    with pytest.raises(InvalidValueError):
        hop_between(START, vacancy_cell((0, 1, 3)), **options)
