"""The relaxed path and the features belong to the crystal: not to its orientation, its origin, or how it is written."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.baselines.features import FEATURE_SETS
from embench.crystal import hop_of
from embench.errors import FeatureError
from embench.pathways import relaxed_band, relaxed_path
from tests.crystal.made import Made
from tests.crystal.own_image import small_cell
from tests.pathways.variants import VARIANTS, Variant, made_of, mirrored

# The first three have changed by up to 5 Å with the orientation; round a metal site; ends that tie; a triclinic cell;
# a spinel and a layered oxide, whose lattices are as symmetric as can be.
ENTRIES = ("a-CaV2O5", "Mn2F7_Ca_3", "CaV4O9", "LiRuO2_1", "O-FePO4_K", "NaMnOF2", "MgSc2Se4", "O3-NaCoO2")
SETS = ("geometry", "radial", "barriers", "soap")


def from_start(made: Made) -> np.ndarray:
    return np.asarray((relaxed_path(made).points - made.frac_coords[0]) @ made.lattice)


def features(made: Made) -> dict[str, float]:
    hop = hop_of(made)
    return {f"{name}:{key}": value for name in SETS for key, value in FEATURE_SETS[name].compute(hop, made).items()}


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_the_path_is_the_same_however_the_crystal_is_written(entry_id: str) -> None:
    made, rng = made_of(embench.load()[entry_id]), np.random.default_rng(7)
    expected = from_start(made)
    for variant in VARIANTS:
        other, turn = variant(made, rng)
        # Where the crystal has a mirror of its own, its mirror image may have the path on the other side.
        tolerance = 1e-3 if variant is mirrored else 1e-6
        np.testing.assert_allclose(from_start(other) @ turn.T, expected, atol=tolerance, err_msg=variant.__name__)


@pytest.mark.slow
@pytest.mark.parametrize("entry_id", ENTRIES)
@pytest.mark.parametrize("variant", VARIANTS[-3:], ids=lambda variant: variant.__name__)
def test_the_features_are_the_same_however_the_crystal_is_written(entry_id: str, variant: Variant) -> None:
    made = made_of(embench.load()[entry_id])
    expected, found = features(made), features(variant(made, np.random.default_rng(8))[0])
    unlike = {name: (found[name], value) for name, value in expected.items() if abs(found[name] - value) > 1e-6}
    assert not unlike


@pytest.mark.slow
@pytest.mark.parametrize("entry_id", ENTRIES)
@pytest.mark.parametrize("noise", [1e-9, 1e-6])
def test_features_do_not_jump(entry_id: str, noise: float) -> None:
    """Coordinates that are rounded otherwise change no feature by more than some thousands of times the rounding.

    A logarithm or a root changes by up to ten times the energy, and energies where atoms overlap by tens of eV per Å.
    """
    made, rng = made_of(embench.load()[entry_id]), np.random.default_rng(9)
    step = rng.normal(scale=noise, size=made.frac_coords.shape) @ np.linalg.inv(made.lattice)
    moved = Made(made.lattice, made.atomic_numbers, made.frac_coords + step, made.path_end, functional=made.functional)
    expected, found = features(made), features(moved)
    largest = max(abs(found[name] - value) / (1 + abs(value)) for name, value in expected.items())
    assert largest < 3e4 * noise


def test_an_atom_that_crosses_the_cutoff_changes_nothing_abruptly() -> None:
    """A lone ion of the migrating element 8 Å from the line: as far as it can be felt, on either side."""
    lattice = np.eye(3) * 40.0
    found = []
    for beyond in (-1e-4, 1e-4):
        places = np.array([[0.0, 0, 0], [4.0, 2.0, 0], [0.0, 8.0 + beyond, 0], [2.0, -8.0 - beyond, 0]]) / 40.0
        made = Made(lattice, np.array([19, 53, 19, 53], np.int16), places, np.array([0.1, 0.0, 0.0]))
        found.append(features(made))
    near, far = found
    assert near.keys() == far.keys()
    assert max(abs(near[name] - far[name]) for name in near) < 1e-4


def test_a_hop_to_the_own_image_has_a_path_a_band_and_features() -> None:
    """4 Å along an edge of the cell, between four O that are 2 √2 Å from the line, in a straight channel."""
    path, made = relaxed_path(small_cell()), small_cell()
    assert path.straight_length == pytest.approx(4.0)
    assert path.length == pytest.approx(4.0, abs=1e-3)
    assert path.straight_clearance == pytest.approx(np.sqrt(8.0))
    np.testing.assert_array_equal(path.points[[0, -1]], [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    band = relaxed_band(made, 5)
    np.testing.assert_allclose(band[:, 0], np.linspace([0, 0, 0], [1, 0, 0], 5), atol=1e-3)
    assert features(made)["geometry:length"] == pytest.approx(4.0)
    # The cell written with a longer second vector: the same hop.
    other = small_cell(end=(1.0, 0.0, 0.0))
    other.lattice = np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]]) @ other.lattice
    other.frac_coords = other.frac_coords @ np.linalg.inv([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]])
    assert relaxed_path(other).length == pytest.approx(path.length, abs=1e-6)


def test_a_hop_that_ends_where_it_starts_has_neither() -> None:
    for compute in (relaxed_path, hop_of):
        with pytest.raises(FeatureError, match="the hop ends where it starts"):
            compute(small_cell(end=(0.0, 0.0, 0.0)))
