from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from dscribe.descriptors import SOAP

import embench
from embench.baselines.features.soap import CUTOFF, DEGREE, N_RADIAL, power_spectra, soap_features
from embench.crystal import hop_of
from tests.crystal.made import Made, rocksalt

PER_PART = N_RADIAL * (N_RADIAL + 1) // 2 * (DEGREE + 1)


@pytest.fixture(scope="module")
def salt() -> Made:
    return rocksalt(cation=11, anion=17, length=5.64)


@pytest.fixture(scope="module")
def uneven(salt: Made) -> Made:
    """Shaken, so that nothing is symmetric, and with a cation of another element."""
    shaken = salt.frac_coords + np.random.default_rng(4).normal(scale=0.02, size=salt.frac_coords.shape)
    numbers = salt.atomic_numbers.copy()
    numbers[2] = 12
    return replace(salt, atomic_numbers=numbers, frac_coords=shaken)


def features(pathway: Made) -> np.ndarray:
    return np.array(list(soap_features(hop_of(pathway)).values()))


def test_middle_of_a_rock_salt_is_that_of_a_crystal_with_the_site_empty(salt: Made) -> None:
    """The whole crystal of ASE, periodic, with its own elements."""
    crystal = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    ions = [atom.index for atom in crystal if atom.symbol == "Na"]
    start, end = crystal.positions[ions[0]], crystal.positions[ions[1]]
    del crystal[[ions[0], ions[1]]]
    reference = SOAP(
        species=["Na", "Cl"],
        r_cut=CUTOFF,
        n_max=N_RADIAL,
        l_max=DEGREE,
        sigma=0.5,
        weighting={"function": "poly", "r0": CUTOFF, "c": 1.0, "m": 1.0},
        compression={"mode": "crossover", "species_weighting": None},
        periodic=True,
    ).create(crystal, centers=[start, (3 * start + end) / 4, (start + end) / 2])
    reference /= np.linalg.norm(reference, axis=1, keepdims=True)
    found = soap_features(hop_of(salt))
    for place, expected in zip(("ends", "quarters", "middle"), reference, strict=True):
        values = np.array([value for name, value in found.items() if name.startswith(place)])
        # sodium, chlorine, and no other cation
        np.testing.assert_allclose(values, [*expected, *np.zeros(PER_PART)], atol=1e-6)


def test_two_neighbours_at_an_angle_by_the_addition_theorem() -> None:
    """Two atoms at the same distance and the angle t: 2 + 2 P_l(cos t) times the power of one alone."""
    angle = np.radians(75.0)
    one = np.array([[0.0, 0.0, 2.3]])
    two = np.vstack([one, 2.3 * np.array([[np.sin(angle), 0.0, np.cos(angle)]])])
    alone = power_spectra(np.zeros((1, 3)), one, np.array(["anion"]))[0]
    both = power_spectra(np.zeros((1, 3)), two, np.array(["anion", "anion"]))[0]
    legendre = [np.polynomial.legendre.Legendre.basis(degree)(np.cos(angle)) for degree in range(DEGREE + 1)]
    anions = slice(PER_PART, 2 * PER_PART)
    ratios = np.sort((both[anions] / alone[anions]).round(6))
    expected = np.sort(np.repeat(2 + 2 * np.array(legendre), PER_PART // (DEGREE + 1)))
    np.testing.assert_allclose(ratios, expected, atol=1e-5)
    assert not both[:PER_PART].any()
    assert not both[2 * PER_PART :].any()


def test_a_part_beyond_the_cutoff_is_not_seen() -> None:
    near = np.array([[0.0, 0.0, 2.0]])
    far = np.vstack([near, [[0.0, CUTOFF + 0.01, 0.0]]])
    alone = power_spectra(np.zeros((1, 3)), near, np.array(["anion"]))
    both = power_spectra(np.zeros((1, 3)), far, np.array(["anion", "cation"]))
    np.testing.assert_allclose(alone, both, atol=1e-12)


def test_rotation_translation_and_order_of_sites_do_not_matter(uneven: Made) -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    order = [0, *np.random.default_rng(2).permutation(range(1, 7))]
    shift = np.array([0.3, 0.8, 0.6])
    moved = replace(
        uneven,
        lattice=uneven.lattice @ turn,
        atomic_numbers=uneven.atomic_numbers[order],
        frac_coords=uneven.frac_coords[order] + shift,
        path_end=uneven.path_end + shift,
    )
    np.testing.assert_allclose(features(uneven), features(moved), atol=1e-9)


def test_a_hop_and_its_reverse_have_the_same_features(uneven: Made) -> None:
    back = replace(uneven, frac_coords=uneven.frac_coords.copy(), path_end=uneven.frac_coords[0].copy())
    back.frac_coords[0] = uneven.path_end
    np.testing.assert_allclose(features(uneven), features(back), atol=1e-9)
    other = replace(uneven, path_end=uneven.path_end + 0.05)
    assert np.abs(features(uneven) - features(other)).max() > 1e-3


def test_spectra_have_length_one_and_elements_only_count_by_their_part(uneven: Made) -> None:
    found = features(uneven).reshape(3, -1)
    # Three parts, 6 × 7 / 2 pairs of radial functions, degrees 0 to 4.
    assert found.shape[1] == 3 * 21 * 5
    assert np.linalg.norm(found[2]) == pytest.approx(1.0)
    calcium = uneven.atomic_numbers.copy()
    calcium[2] = 20
    np.testing.assert_array_equal(features(replace(uneven, atomic_numbers=calcium)), found.ravel())
    sodium = uneven.atomic_numbers.copy()
    sodium[2] = 11
    assert np.abs(features(replace(uneven, atomic_numbers=sodium)) - found.ravel()).max() > 1e-3


def test_the_hop_through_a_metal_site_has_finite_features() -> None:
    assert np.isfinite(list(soap_features(hop_of(embench.load()["LiRuO2_1"])).values())).all()
