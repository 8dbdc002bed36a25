from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import embench
from embench.crystal import hop_of
from embench.errors import FeatureError
from tests.crystal.made import Made, rocksalt


@pytest.fixture(scope="module")
def salt() -> Made:
    return rocksalt(cation=12, anion=8, length=4.212)


def test_distances_of_rock_salt_are_those_of_the_textbook(salt: Made) -> None:
    hop = hop_of(salt)
    assert hop.length == pytest.approx(4.212 / np.sqrt(2))
    start = np.sort(hop.distances[0, hop.is_anion])
    assert start[:6] == pytest.approx(np.full(6, 2.106))
    assert start[6:14] == pytest.approx(np.full(8, 2.106 * np.sqrt(3)))
    # Half way between two cations the ion lies between two anions, an eighth of the diagonal away each.
    middle = np.sort(hop.distances[8, hop.is_anion])
    assert middle[:2] == pytest.approx(np.full(2, 4.212 / np.sqrt(8)))


def test_charges_balance_and_metals_share_the_rest() -> None:
    spinel = embench.load()["AlFe2O4_1"]
    ions = hop_of(spinel).ions
    # Al7 Fe16 O32: 64 - 21 = 43 charges on 16 irons.
    assert ions.metal_charge == pytest.approx(43 / 16)
    assert ions.charges["Al"] == 3
    assert ions.charges["O"] == -2
    assert ions.anions == {"O"}


def test_phosphorus_of_a_phosphate_is_no_anion() -> None:
    entry = embench.load()["LiAlPO4F_1"]
    ions = hop_of(entry).ions
    assert ions.anions == {"O", "F"}
    assert ions.charges["P"] == 5


def test_bottlenecks_agree_with_those_of_the_curation() -> None:
    """The dataset has the exact shortest distance between line and anion; here 17 points are sampled."""
    data = embench.load().filter(exclude_flags=["structure_corrupt", "path_not_minimum_image"])
    for entry in list(data)[::25]:
        hop = hop_of(entry)
        sampled = hop.distances[:, hop.is_anion].min()
        exact = entry.straight_line_bottleneck_anion
        assert exact - 1e-6 <= sampled <= np.hypot(exact, hop.length / 32) + 1e-6, entry.entry_id
        assert hop.distances[0, hop.is_anion].min() == pytest.approx(entry.nearest_anion_initial, abs=1e-5)


def test_a_structure_without_anions_is_refused(salt: Made) -> None:
    with pytest.raises(FeatureError, match=r"made.*anion"):
        hop_of(replace(salt, atomic_numbers=np.array([12] * 7, dtype=np.int16)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lattice": np.zeros((3, 3))}, "volume"),
        ({"frac_coords": np.zeros((6, 3))}, "7 sites"),
        ({"path_end": np.array([np.nan, 0, 0])}, "finite"),
        ({"atomic_numbers": np.array([200] * 7)}, "element"),
    ],
)
def test_what_is_no_structure_is_refused(salt: Made, change: dict, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        hop_of(replace(salt, **change))
