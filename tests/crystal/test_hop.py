from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import embench
from embench.crystal import hop_of
from embench.crystal.hop import end_of_hop, structure_digest
from embench.crystal.periodic import faded
from embench.errors import FeatureError
from tests.crystal.made import Made, rocksalt
from tests.crystal.own_image import small_cell


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


def test_masks_charges_and_contacts_of_the_neighbours() -> None:
    """LiAlPO4F: every neighbour is an anion (O, F), a Li, or a cation of the framework (Al, P); Shannon's radii."""
    hop = hop_of(embench.load()["LiAlPO4F_1"])
    kinds = np.array([hop.is_anion, hop.is_mobile, hop.is_cation])
    assert (kinds.sum(axis=0) == 1).all()
    assert [set(hop.elements[kind].tolist()) for kind in kinds] == [{"O", "F"}, {"Li"}, {"Al", "P"}]
    expected = {"O": (-2, 1.40), "F": (-1, 1.33), "Li": (1, 0.76), "Al": (3, 0.535), "P": (5, 0.38)}
    for element, charge, contact in zip(hop.elements.tolist(), hop.charges, hop.contact_distances, strict=True):
        assert charge == expected[element][0]
        assert contact == pytest.approx(expected[element][1] + 0.76)


def test_the_cutoff_is_a_distance_from_the_line(salt: Made) -> None:
    hop = hop_of(salt)
    # Beyond both ends and beside the middle atoms are kept up to 8 Å, and none further away.
    along = np.linspace(0, 1, 2001)[:, None]
    line = hop.points[0] + along * (hop.points[-1] - hop.points[0])
    apart = np.linalg.norm(line[:, None] - hop.neighbours, axis=-1).min(axis=0)
    assert 7.8 < apart.max() <= 8.0 + 1e-6
    assert len(hop_of(salt, cutoff=8.0).elements) == len(hop.elements)
    assert len(hop_of(salt, cutoff=4.0).elements) == (apart <= 4.0).sum()
    assert hop.points.shape == (17, 3)
    assert hop.volume == pytest.approx(4.212**3)


def test_neighbours_stand_in_a_fixed_order() -> None:
    """Site by site, each site by z, y and x: the sums over them do not depend on how the search goes."""
    two = Made(np.eye(3) * 4.0, np.array([3, 8], dtype=np.int16), np.array([[0.0] * 3, [0.5] * 3]), np.full(3, 0.1))
    places = hop_of(two).neighbours.round(6).tolist()
    assert len(places) == 32
    assert places == sorted(places, key=lambda place: place[::-1])


@pytest.mark.parametrize(("longer", "kept"), [(0.008, True), (0.012, False)])
def test_a_hop_is_kept_unless_an_image_of_it_is_shorter(longer: float, kept: bool) -> None:
    """From 0 to 5 + x / 2 Å along a cell of 10 Å: the other way round is x shorter."""
    made = Made(
        lattice=np.eye(3) * 10.0,
        atomic_numbers=np.array([3, 8], dtype=np.int16),
        frac_coords=np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]),
        path_end=np.array([0.5 + longer / 20, 0.0, 0.0]),
    )
    end = hop_of(made).points[-1]
    assert end[0] == pytest.approx(5.0 + longer / 2 if kept else -5.0 + longer / 2)


def test_the_smallest_structure_that_is_one(salt: Made) -> None:
    two = Made(np.eye(3) * 4.0, np.array([3, 8], dtype=np.int16), np.array([[0.0] * 3, [0.5] * 3]), np.full(3, 0.1))
    assert hop_of(two).symbols == ("Li", "O")
    one = replace(two, atomic_numbers=np.array([3], dtype=np.int16), frac_coords=np.zeros((1, 3)))
    with pytest.raises(FeatureError, match="made: the structure has 1 sites; two finite ones are needed"):
        hop_of(one)
    # 1.2 Å^3 is a volume, 0.9 Å^3 is not.
    assert hop_of(replace(two, lattice=np.diag([1.2, 1.0, 1.0]))).volume == pytest.approx(1.2)
    with pytest.raises(FeatureError, match=r"volume of the cell is 0\.9 "):
        hop_of(replace(two, lattice=np.diag([0.9, 1.0, 1.0])))


def test_a_left_handed_cell_has_a_volume_too(salt: Made) -> None:
    mirrored = hop_of(replace(salt, lattice=salt.lattice * np.array([-1.0, 1.0, 1.0])))
    assert mirrored.volume == pytest.approx(4.212**3)
    assert mirrored.length == pytest.approx(hop_of(salt).length)


def test_the_digest_of_a_structure_has_32_hexadecimal_digits_and_no_sign_of_zero(salt: Made) -> None:
    digest = structure_digest(salt)
    assert len(digest) == 32
    assert int(digest, 16) >= 0
    assert structure_digest(replace(salt, path_end=salt.path_end * np.array([-1.0, 1.0, 1.0]))) == digest
    assert structure_digest(replace(salt, path_end=salt.path_end + 1e-12)) != digest


def test_a_structure_without_anions_is_refused(salt: Made) -> None:
    with pytest.raises(FeatureError, match=r"made.*anion"):
        hop_of(replace(salt, atomic_numbers=np.array([12] * 7, dtype=np.int16)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lattice": np.zeros((3, 3))}, "volume"),
        ({"frac_coords": np.zeros((6, 3))}, "7 sites"),
        ({"path_end": np.array([np.nan, 0, 0])}, "finite"),
        ({"path_end": np.zeros(2)}, r"path_end \(2,\)"),
        ({"lattice": np.eye(2)}, r"lattice \(2, 2\)"),
        ({"frac_coords": np.full((7, 3), np.inf)}, "finite"),
        ({"atomic_numbers": np.array([200] * 7)}, "element"),
    ],
)
def test_what_is_no_structure_is_refused(salt: Made, change: dict, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        hop_of(replace(salt, **change))


@pytest.mark.parametrize(
    ("end", "vector"),
    [
        ((1.0, 0.0, 0.0), (4.0, 0.0, 0.0)),
        ((0.0, -1.0, 0.0), (0.0, -4.0, 0.0)),
        ((1.0, 1.0, 0.0), (4.0, 4.0, 0.0)),
        # The next image is the first on the way to the third one.
        ((3.0, 0.0, 0.0), (4.0, 0.0, 0.0)),
        ((0.0, -4.0, 2.0), (0.0, -8.0, 4.0)),
        # Rounded in a file.
        ((1.00001, 0.00002, 0.0), (4.00004, 0.00008, 0.0)),
        ((0.99, 0.0, 0.0), (3.96, 0.0, 0.0)),
    ],
)
def test_a_hop_to_the_own_image_is_a_lattice_vector(end: tuple[float, ...], vector: tuple[float, ...]) -> None:
    hop = hop_of(small_cell(end=end))  # type: ignore[arg-type]
    np.testing.assert_allclose(hop.points[-1] - hop.points[0], vector, atol=1e-9)
    np.testing.assert_allclose(end_of_hop(small_cell(end=end)), np.divide(vector, 4.0), atol=1e-12)  # type: ignore[arg-type]


def test_a_hop_that_ends_where_it_starts_is_refused() -> None:
    for end in ((0.0, 0.0, 0.0), (1e-5, 0.0, 0.0)):
        with pytest.raises(
            FeatureError, match=r"made: the hop ends where it starts, .* unwrapped \(1\.0 instead of 0\.0\)"
        ):
            hop_of(small_cell(end=end))


def test_neighbours_fade_towards_the_cutoff(salt: Made) -> None:
    hop = hop_of(salt)
    line = hop.points[-1] - hop.points[0]
    share = np.clip((hop.neighbours - hop.points[0]) @ line / (line @ line), 0, 1)[:, None]
    apart = np.linalg.norm(hop.neighbours - hop.points[0] - share * line, axis=1)
    assert (hop.weights[apart < 7.5] == 1).all()
    # The cubic with level ends: 3 x^2 - 2 x^3 half way up is a half, and 0.15625 at a quarter.
    np.testing.assert_allclose(
        faded(np.array([7.4, 7.5, 7.75, 7.875, 8.0, 9.0]), cutoff=8.0, width=0.5), [1, 1, 0.5, 0.15625, 0, 0]
    )
    expected = np.interp(
        apart, np.linspace(7.5, 8.0, 5001), 1 - np.linspace(0, 1, 5001) ** 2 * (3 - 2 * np.linspace(0, 1, 5001))
    )
    np.testing.assert_allclose(hop.weights, expected, atol=1e-6)
