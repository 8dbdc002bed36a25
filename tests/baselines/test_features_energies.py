from __future__ import annotations

import math

import numpy as np
import pytest

from embench.baselines.features.profiles import PROFILES, profile, profile_features, valence_sums
from embench.baselines.features.response import along_line, relax
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
    found = relax(spring(6.0, 2.0), points, np.array([[3.0, 0, 0]]), stiffness=3.0, bend=False).energy
    # With the start as zero: 3 (1 - 0.4 + u)^2 + 1.5 u^2 - 6 u is least at u = (6 - 3.6) / 9.
    u = (6 - 6 * 0.6) / 9
    assert found[0] == pytest.approx(3.0)
    assert found[1] == pytest.approx(3 * (0.6 + u) ** 2 + 1.5 * u**2 - 6 * u, abs=1e-6)


def test_path_bends_away_from_an_atom_beside_the_line() -> None:
    points = np.linspace([-2.0, 0, 0], [2.0, 0, 0], 9)
    beside = np.array([[0.0, 0.8, 0.0]])
    repulsion = lambda r: born_mayer(r, np.array(2.2))  # noqa: E731
    straight = relax(repulsion, points, beside, stiffness=1e6, bend=False)
    bent = relax(repulsion, points, beside, stiffness=1e6, bend=True)
    assert straight.energy[4] == pytest.approx(born_mayer(np.array(0.8), np.array(2.2))[0], rel=1e-4)
    assert bent.energy[4] < straight.energy[4] / 3
    assert bent.displacement[4] == pytest.approx(1.0, abs=0.1)
    assert bent.displacement[[0, -1]] == pytest.approx([0.0, 0.0])
    assert (bent.energy <= straight.energy + 1e-9).all()


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
    assert found["root_forward"] == pytest.approx(math.sqrt(2.0))
    assert found["root_reverse"] == pytest.approx(math.sqrt(1.5))
    assert found["log_mean"] == pytest.approx(math.log(1 + 1.75 / 0.1))
    assert found["log_change"] == pytest.approx(math.log(1 + 0.5 / 0.1))
    assert found["width"] == pytest.approx(1 / 5)
    assert found["off_centre"] == 0.0
