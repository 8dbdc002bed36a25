from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from embench.baselines.features.profiles import PROFILES, profile, profile_features, valence_sums
from embench.baselines.features.response import _limited, along_line, relax
from embench.crystal import hop_of
from embench.crystal.bond_valence import born_mayer
from tests.crystal.made import rocksalt


# Cubic lattice parameters of the CRC Handbook, Å.
@pytest.mark.parametrize(
    ("cation", "anion", "length", "charge"),
    [(12, 8, 4.212, 2), (20, 8, 4.811, 2), (11, 17, 5.640, 1), (3, 9, 4.027, 1)],
)
def test_valence_sum_of_a_rock_salt_is_the_formal_charge(cation: int, anion: int, length: float, charge: int) -> None:
    sums = valence_sums(hop_of(rocksalt(cation=cation, anion=anion, length=length)))
    assert sums[0] == pytest.approx(charge, rel=0.15)
    assert sums[-1] == pytest.approx(sums[0], rel=1e-6)
    assert sums[8] > 1.2 * sums[0]


# Across a line along x.
ASIDE = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def signed_root(x: float) -> float:
    """A root beyond about 0.01 eV, nearly linear below."""
    return math.copysign(math.sqrt(math.fabs(x) + 0.01) - 0.1, x)


def spring(constant: float, rest: float):
    return lambda r: (constant / 2 * (r - rest) ** 2, constant * (r - rest), np.full_like(r, constant))


def test_two_springs_in_series() -> None:
    """A spring of 6 on a neighbour held by one of 3 is one of 6 * 3 / 9 = 2 eV/Å^2."""
    found = along_line(spring(6.0, 2.0), np.array([[1.7], [2.0]]), stiffness=3.0)
    assert found[0, 0] == pytest.approx(2.0 / 2 * 0.3**2, rel=0.02)
    assert found[1, 0] == pytest.approx(0.0, abs=1e-12)


def test_neighbour_in_equilibrium_at_the_start_follows_the_ion() -> None:
    """The ion moves 0.4 Å towards a neighbour 3 Å away that a spring of 6 (rest 2 Å) pulls and one of 3 holds."""
    points = np.array([[0.0, 0, 0], [0.4, 0, 0]])
    found = relax(spring(6.0, 2.0), points, np.array([[3.0, 0, 0]]), stiffness=3.0).energy
    # With the start as zero: 3 (1 - 0.4 + u)^2 + 1.5 u^2 - 6 u is least at u = (6 - 3.6) / 9.
    u = (6 - 6 * 0.6) / 9
    assert found[0] == pytest.approx(3.0)
    assert found[1] == pytest.approx(3 * (0.6 + u) ** 2 + 1.5 * u**2 - 6 * u, abs=1e-6)


def test_path_bends_away_from_an_atom_beside_the_line() -> None:
    points = np.linspace([-2.0, 0, 0], [2.0, 0, 0], 9)
    beside = np.array([[0.0, 0.8, 0.0]])
    repulsion = lambda r: born_mayer(r, np.array(2.2))  # noqa: E731
    straight = relax(repulsion, points, beside, stiffness=1e6)
    bent = relax(repulsion, points, beside, stiffness=1e6, aside=ASIDE)
    assert straight.energy[4] == pytest.approx(born_mayer(np.array(0.8), np.array(2.2))[0], rel=1e-4)
    assert bent.energy[4] < straight.energy[4] / 3
    assert bent.displacement[4] == pytest.approx(1.0, abs=0.1)
    assert bent.displacement[[0, -1]] == pytest.approx([0.0, 0.0])
    assert (bent.energy <= straight.energy + 1e-9).all()


def test_ion_and_neighbours_relax_together_to_the_minimum_that_scipy_finds() -> None:
    """A ring of four neighbours about the middle of the line; the ion only moves across it, and its ends not at all."""
    points = np.linspace([-1.0, 0, 0], [1.0, 0, 0], 5)
    around = np.array([[0.1, 1.5, 0.2], [-0.2, -1.7, 0.4], [0.0, 0.3, -1.9], [0.05, -0.2, 1.7]])
    contact = np.array([2.0, 1.9, 2.0, 1.8])
    found = relax(lambda r: born_mayer(r, contact), points, around, stiffness=12.0, aside=ASIDE)

    def energies(apart: np.ndarray) -> np.ndarray:
        return 0.2 * np.exp((contact - np.linalg.norm(apart, axis=1)) / 0.33)

    at_start = around - points[0]
    counter = energies(at_start)[:, None] / 0.33 * at_start / np.linalg.norm(at_start, axis=1)[:, None]

    def total(free: np.ndarray, place: np.ndarray) -> float:
        across, moved = np.array([0.0, *free[:2]]), free[2:].reshape(4, 3)
        pairs = energies(around + moved - place - across)
        return float((pairs + 6.0 * (moved**2).sum(axis=1) + (counter * moved).sum(axis=1)).sum())

    # Behind the middle the ion would slip out between two neighbours: see the next test.
    for i in (1, 2):
        best = minimize(total, np.zeros(14), args=(points[i],), tol=1e-9)
        assert found.energy[i] == pytest.approx(best.fun, abs=1e-4)
        assert found.displacement[i] == pytest.approx(np.linalg.norm(best.x[:2]), abs=0.01)
        assert 0.02 < found.displacement[i] < 0.9
    # At the start nothing moves: the counterforces see to that.
    assert found.energy[0] == pytest.approx(energies(at_start).sum())
    assert found.displacement[[0, -1]] == pytest.approx([0.0, 0.0])


def test_the_path_leaves_the_line_by_no_more_than_an_angstrom() -> None:
    """Nothing holds the ion between three neighbours of which two leave a wide gap."""
    points = np.linspace([-1.5, 0, 0], [1.5, 0, 0], 5)
    around = np.array([[0.1, 1.5, 0.2], [-0.2, -1.7, 0.4], [0.0, 0.3, -1.9]])
    found = relax(lambda r: born_mayer(r, np.full(3, 2.2)), points, around, stiffness=6.0, aside=ASIDE)
    assert found.displacement[1:-1] == pytest.approx([1.0] * 3, abs=1e-9)


def test_no_move_is_longer_than_what_is_trusted() -> None:
    vectors = np.array([[3.0, 4.0, 0.0], [0.03, 0.0, 0.04], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(_limited(vectors, 0.1), [[0.06, 0.08, 0.0], [0.03, 0.0, 0.04], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("name", [name for name, spec in PROFILES.items() if spec.mode != "bending"])
def test_profile_of_a_symmetric_hop(name: str) -> None:
    hop = hop_of(rocksalt(cation=12, anion=8, length=4.212))
    energy = profile(hop, PROFILES[name]).energy
    rigid = profile(hop, PROFILES["site" if name.startswith("site") else "repulsion"]).energy
    assert energy[8] > energy[0]
    assert (energy <= rigid + 1e-6).all()
    if PROFILES[name].mode != "relaxing":
        np.testing.assert_allclose(energy, energy[::-1], atol=1e-6)


def test_features_of_a_profile_by_hand() -> None:
    energy = np.array([0.0, 1.0, 2.0, 1.0, 0.5])
    found = profile_features(energy)
    assert found["root_forward"] == pytest.approx(signed_root(2.0))
    assert found["root_reverse"] == pytest.approx(signed_root(1.5))
    assert found["log_mean"] == pytest.approx(math.log(1 + 1.75 / 0.1))
    assert found["log_change"] == pytest.approx(math.log(1 + 0.5 / 0.1))
    # Above 1 eV between the second and the fourth of five points.
    assert found["width"] == pytest.approx(2 / 4)
    assert found["off_centre"] == pytest.approx(0.0, abs=1e-12)


def test_a_profile_that_falls_and_peaks_late_by_hand() -> None:
    """Five points, the middle one is the third: 0.6 → 0.7, 0.4 (middle), 1.6, 0.2."""
    found = profile_features(np.array([0.6, 0.7, 0.4, 1.6, 0.2]))
    by_hand = {
        "forward": 1.0,
        "reverse": 1.4,
        "mean": 1.2,
        "low": 1.0,
        "high": 1.4,
        "range": 1.4,
        "middle": 0.0,  # 0.4 less the mean of the ends
        "depth": 1.2,
        "start_depth": 0.4,
        "first_half": 0.1,  # the highest of the first three points is 0.7
        "rise": -0.2,
    }
    for name, value in by_hand.items():
        sign = math.copysign(1.0, value)
        assert found[f"log_{name}"] == pytest.approx(sign * math.log(1 + abs(value) / 0.1), abs=1e-9), name
        assert found[f"root_{name}"] == pytest.approx(signed_root(value), abs=1e-7), name
    # From 0.6 down to 0.2.
    assert found["log_change"] == pytest.approx(math.log(5))
    assert found["signed_change"] == pytest.approx(-math.log(5))
    # Heights over the lowest point 0.4, 0.5, 0.2, 1.4, 0 of 1.4, on average 2.5 / 7; peak at 3/4. On the way up the
    # line is above 0.7 for 0.7 of 1.2, on the way down for 0.7 of 1.4, and these are two of four pieces.
    assert found["width"] == pytest.approx((7 / 12 + 1 / 2) / 4)
    assert found["filling"] == pytest.approx(2.5 / 7)
    assert found["off_centre"] == pytest.approx(1 / 4)


def test_the_width_is_that_at_half_height() -> None:
    assert profile_features(np.array([0.0, 0.6, 1.0, 0.6, 0.0]))["width"] == pytest.approx((1 / 6 + 1 + 1 + 1 / 6) / 4)
    assert profile_features(np.array([0.0, 0.45, 1.0, 0.5, 0.0]))["width"] == pytest.approx((10 / 11 + 1) / 4)


def test_the_first_half_ends_at_the_middle_point() -> None:
    # The middle point itself belongs to the first half, the one after it does not.
    assert profile_features(np.array([0.0, 1.0, 4.0, 9.0, 0.0]))["root_first_half"] == signed_root(4.0)
    assert profile_features(np.array([0.0, 1.0, 0.5, 9.0, 0.0]))["root_first_half"] == signed_root(1.0)


def test_features_of_a_level_and_of_a_huge_profile_are_finite() -> None:
    level, huge = profile_features(np.full(5, 0.3)), profile_features(np.array([0.0, 1.0, 900.0, 1.0, 0.0]))
    assert not any(value for name, value in level.items() if name != "off_centre")
    # All five points are as high: the mean of 1/2, 1/4, 0, 1/4 and 1/2.
    assert level["off_centre"] == pytest.approx(0.3)
    # Roots are cut off at 100 eV, logarithms are not.
    assert huge["root_forward"] == signed_root(100.0)
    assert huge["log_forward"] == pytest.approx(math.log(9001))
