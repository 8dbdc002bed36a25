"""Hops of crystals whose networks are known.

Lengths and numbers follow from the crystallography, and were compared with pymatgen-analysis-diffusion 2026.9.23.
"""

from __future__ import annotations

import numpy as np
import pytest
from ase.io.jsonio import decode, encode
from pymatgen.core import Element, Lattice, Species, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from scipy.spatial.transform import Rotation

import embench
from embench.crystal import hop_of
from embench.crystal.periodic import shortest_translation
from embench.errors import InvalidValueError, StructureError
from embench.migration import find_hops
from tests.migration import crystals


def lengths(hops):
    return [round(hop.hop_distance, 2) for hop in hops]


def test_olivine_is_one_dimensional_along_b():
    """[010] of half b, [001] of c and [101]: the three hops of D. Morgan et al., Electrochem. Solid-State Lett. 7, A30 (2004)."""  # noqa: E501
    hops = find_hops(crystals.olivine())
    assert lengths(hops) == [3.00, 4.69, 5.67]
    np.testing.assert_allclose(np.abs(hops[0].vector), [0, 6.010 / 2, 0], atol=1e-6)
    np.testing.assert_allclose(np.abs(hops[1].vector), [0, 0, 4.692], atol=1e-6)
    np.testing.assert_allclose(np.abs(hops[2].vector), [10.332 / 2, 0, 4.692 / 2], atol=1e-6)
    assert [hop.multiplicity for hop in hops] == [4, 4, 8]
    assert hops.connecting_lengths == pytest.approx({1: 3.005, 2: 4.692, 3: 5.674}, abs=1e-3)
    assert find_hops(crystals.olivine(), longest=4.0).dimension == 1


def test_layered_oxide_is_two_dimensional():
    hops = find_hops(crystals.layered())
    # Within a layer a; between layers sqrt(a^2 / 3 + c^2 / 9).
    assert hops.connecting_lengths == pytest.approx({1: 2.8161, 2: 2.8161, 3: 4.9586}, abs=1e-3)
    assert find_hops(crystals.layered(), longest=3.0).dimension == 2
    assert hops[0].vector[2] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("cation", "length"), [("Li", 3.91), ("Na", 4.54)])
def test_antiperovskite_is_three_dimensional(cation, length):
    """The ions of an octahedron round O: a / sqrt(2) apart, twelve such edges in the cell."""
    (hop,) = hops = find_hops(crystals.antiperovskite(cation, length), cation)
    assert hop.hop_distance == pytest.approx(length / np.sqrt(2))
    assert hop.multiplicity == 12
    assert hop.ends_equivalent
    assert hops.dimension == 3


def test_spinel_through_the_octahedral_site():
    """8a to 8a is sqrt(3) a / 4, and 16c lies in its middle; four neighbours of 8 sites, each counted once."""
    (direct,) = hops = find_hops(crystals.spinel())
    assert (direct.hop_distance, direct.multiplicity) == (pytest.approx(8.245 * np.sqrt(3) / 4), 16)
    assert hops.dimension == 3
    (half,) = hops = find_hops(crystals.spinel(), interstitials=True)
    assert (half.hop_distance, half.multiplicity) == (pytest.approx(8.245 * np.sqrt(3) / 8, abs=0.01), 32)
    assert hops.network.kinds.count("interstitial") == 16
    assert hops.dimension == 3
    # The ion starts from 8a, and both 8a around 16c are left to it.
    assert hops.network.kinds[half.start_site] == "occupied"
    assert half.n_mobile_ions == 7
    assert not half.ends_equivalent


def test_rutile_as_an_empty_host_is_one_dimensional_along_c():
    """Li moves along the channels: M. V. Koudriachova et al., Phys. Rev. Lett. 86, 1275 (2001)."""
    hops = find_hops(crystals.rutile(), "Li", interstitials=True)
    assert min(hops.connecting_lengths) == 1
    assert hops.connecting_lengths[1] < 0.9 * hops.connecting_lengths[2]
    assert np.abs(hops[0].vector[:2]).max() < 0.01
    assert [hop.concentration_limit for hop in hops] == ["dilute"] * len(hops)
    assert hops[0].n_mobile_ions == 1


def test_nasicon_through_the_second_site():
    """M1 (6b) to M1 is too far for a hop; with M2 (18e, at the level of P) the way is in steps of about 3.4 Å."""
    direct = find_hops(crystals.nasicon(), "Na")
    assert min(direct.connecting_lengths.values()) > 6.0
    hops = find_hops(crystals.nasicon(), "Na", interstitials=True)
    assert hops.network.kinds.count("interstitial") >= 18
    assert hops.connecting_lengths[3] < 4.0


def test_symmetry_distinct_hops_of_other_structures():
    """The choice of the cell changes nothing."""
    assert lengths(find_hops(crystals.rock_salt(), "Na")) == [3.99]
    primitive = crystals.olivine().get_primitive_structure()
    assert lengths(find_hops(primitive)) == [3.00, 4.69, 5.67]
    assert lengths(find_hops(crystals.olivine() * (1, 2, 2))) == [3.00, 4.69, 5.67]


def test_a_hop_past_another_site_is_two():
    """Second neighbours in a layer (sqrt(3) a) have a first neighbour between them, though they are nearer than the next layer."""  # noqa: E501
    assert lengths(find_hops(crystals.layered(), longest=5.0)) == [2.82, 4.96]
    assert lengths(find_hops(crystals.olivine(), longest=5.9)) == [3.00, 4.69, 5.67]


@pytest.mark.parametrize("least", [4.0, 8.0, 10.5])
def test_images_are_far_enough_apart(least):
    for structure, ion in ((crystals.olivine(), "Li"), (crystals.rock_salt(), "Na"), (crystals.layered(), "Li")):
        for hop in find_hops(structure, ion, least_distance=least):
            assert shortest_translation(hop.lattice) >= least - 1e-6


def test_cells_of_the_vacancy_limit():
    structure = crystals.olivine()
    for hop in find_hops(structure):
        # The framework is complete, one ion is missing, and the ion can move to where it was.
        cells = np.linalg.det(hop.lattice) / structure.volume
        assert hop.n_sites == round(cells * len(structure)) - 1
        assert hop.concentration_limit == "vacancy"
        start, end = hop.structure(), hop.final_structure()
        assert start.composition == end.composition
        for state in (start, end):
            assert state.distance_matrix[~np.eye(len(state), dtype=bool)].min() > 1.5
        full = start.copy()
        full.append("Li", hop.path_end)
        matched = full.get_primitive_structure(tolerance=0.01)
        assert len(matched) == len(structure)
        assert hop.cell_charge == pytest.approx(-1.0)


def test_cells_of_the_dilute_limit():
    for hop in find_hops(crystals.olivine(), limit="dilute"):
        assert hop.concentration_limit == "dilute"
        assert hop.n_mobile_ions == 1
        assert round(np.linalg.det(hop.lattice) / 291.35) * 24 + 1 == hop.n_sites


def test_hops_are_pathways_that_features_take():
    for hop in find_hops(crystals.olivine()):
        assert hop_of(hop).length == pytest.approx(hop.hop_distance)


def test_a_hop_of_a_network_is_that_between_its_end_structures():
    for hop in find_hops(crystals.olivine()):
        again = embench.hop_between(hop.structure(), hop.final_structure())
        assert again.hop_distance == pytest.approx(hop.hop_distance, abs=1e-6)


def test_charges_are_guessed_or_taken_and_an_imbalance_is_said():
    guessed = find_hops(crystals.olivine())
    assert guessed[0].charges == {"Li": 1.0, "Fe": 2.0, "P": 5.0, "O": -2.0}
    assert any(note.startswith("formal charges guessed: Fe +2, Li +1") for note in guessed.notes)
    decorated = crystals.olivine()
    decorated.add_oxidation_state_by_element({"Li": 1, "Fe": 3, "P": 5, "O": -2})
    taken = find_hops(decorated)
    assert taken[0].charges_given
    assert "the formal charges of the cell add up to +4 e, not to zero" in taken.notes
    assert lengths(taken) == lengths(guessed)
    decorated.add_oxidation_state_by_element({"Li": 0, "Fe": 0, "P": 0, "O": 0})
    assert not find_hops(decorated)[0].charges_given


def test_orientation_handedness_and_origin_change_nothing():
    structure = crystals.olivine()
    turned = Lattice(structure.lattice.matrix @ Rotation.random(random_state=3).as_matrix())
    left = structure.lattice.matrix.copy()
    left[[0, 1]] = left[[1, 0]]
    for other in (
        Structure(turned, structure.species, structure.frac_coords + np.array([0.3, 0.7, 0.15])),
        Structure(Lattice(left), structure.species, structure.frac_coords[:, [1, 0, 2]]),
        AseAtomsAdaptor.get_atoms(structure),
        decode(encode(AseAtomsAdaptor.get_atoms(structure))),
    ):
        hops = find_hops(other)
        assert lengths(hops) == [3.00, 4.69, 5.67]
        assert [hop.multiplicity for hop in hops] == [4, 4, 8]
        assert np.linalg.det(hops[0].lattice) > 0
    mirrored = Structure(Lattice(left), structure.species, structure.frac_coords[:, [1, 0, 2]])
    assert any("left-handed" in note for note in find_hops(mirrored).notes)


def test_noise_below_the_tolerance_keeps_the_symmetry():
    noisy = crystals.olivine().perturb(0.01)
    assert lengths(find_hops(noisy)) == pytest.approx([3.00, 4.69, 5.67], abs=0.03)


def _disordered():
    structure = crystals.rock_salt()
    for site in range(4):
        structure.replace(site, {"Na": 0.5})
    structure.replace(4, "Cl")
    return structure


def test_disorder_is_an_error_that_names_sites_and_the_way_out():
    with pytest.raises(StructureError, match=r"site 0 \(Na0.5\).*order=True"):
        find_hops(_disordered(), "Na")


def test_ordering_on_request():
    """Half of the cations of rock salt: of the six choices in the cell all pairs are neighbours, so all are alike."""
    structure = _disordered()
    structure.add_oxidation_state_by_element({"Na": 2, "Cl": -1})
    hops = find_hops(structure, "Na", order=True)
    assert hops.network.kinds.count("occupied") == 2
    assert hops.network.kinds.count("empty") == 2
    assert any("lowest Ewald energy among 6 in 1 x 1 x 1 cells" in note for note in hops.notes)
    # Ions and empty sites are a / sqrt(2) from each other.
    assert lengths(hops)[0] == pytest.approx(3.99, abs=0.01)


def test_ordering_in_a_larger_cell():
    structure = crystals.antiperovskite()
    structure.replace(4, {"Cl": 0.5, "Br": 0.5})
    assert structure[4].species.get("Br") == 0.5
    hops = find_hops(structure, order=True)
    assert any("among 2 in 2 x 1 x 1 cells" in note for note in hops.notes)


def test_orderings_that_are_too_many_or_no_whole_numbers():
    many = crystals.spinel()
    for site, kind in enumerate(many.species):
        if kind.symbol == "Mn":
            many.replace(site, {"Mn": 0.5, "Ni": 0.5})
    many.make_supercell([2, 1, 1])
    with pytest.raises(StructureError, match=r"has 6.01e\+08 orderings in a cell of 112 sites"):
        find_hops(many, order=True)
    odd = crystals.rock_salt()
    odd.replace(0, {"Na": 0.37})
    with pytest.raises(StructureError, match=r"no whole numbers of atoms in up to four cells \(1 sites with 0.37"):
        find_hops(odd, "Na", order=True)


@pytest.mark.parametrize(
    ("structure", "options", "words"),
    [
        (crystals.rutile(), {}, r"there is no Li in TiO2 \(O, Ti\).*interstitials=True"),
        (crystals.rutile(), {"ion": "Xx"}, "the ion 'Xx' is no element"),
        (Structure(Lattice.cubic(4), ["Li"], [[0, 0, 0]]), {}, "holds Li only"),
        (Structure(Lattice.cubic(9.5), ["Li", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]), {}, "no two sites of Li .* 9 Å"),
        (Structure(Lattice.cubic(4), ["Li", "Fe"], [[0, 0, 0], [0.5] * 3]), {"interstitials": True}, "landscape"),
    ],
)
def test_what_has_no_hops_is_said(structure, options, words):
    with pytest.raises(StructureError, match=words):
        find_hops(structure, **options)


@pytest.mark.parametrize(
    "options", [{"longest": -1.0}, {"longest": 1e4}, {"least_distance": 0.0}, {"limit": "full"}, {"functional": "PBE"}]
)
def test_settings_out_of_range(options):
    with pytest.raises(InvalidValueError):
        find_hops(crystals.rock_salt(), "Na", **options)


def test_ions_as_people_write_them():
    for ion in ("Na+", "Na1+", " Na ", Element("Na"), Species("Na", 1)):
        assert find_hops(crystals.rock_salt(), ion).ion == "Na"
    structure = crystals.rock_salt()
    structure.replace(0, Species("Na", 1))
    assert any("has oxidation states for Na only" in note for note in find_hops(structure, "Na").notes)


@pytest.mark.slow
def test_five_thousand_atoms():
    """A supercell is taken down to its primitive cell; a cell without translations is too large, and that is said."""
    large = crystals.rock_salt() * (9, 9, 8)
    assert len(large) == 5184
    hops = find_hops(large, "Na")
    assert lengths(hops) == [3.99]
    assert "the primitive cell of 2 atoms stands for the structure" in hops.notes
    rng = np.random.default_rng(0)
    amorphous = Structure(large.lattice, large.species, large.frac_coords + rng.normal(0, 0.004, (5184, 3)))
    with pytest.raises(StructureError, match="holds 5184 atoms, and"):
        find_hops(amorphous, "Na")
