from __future__ import annotations

import math

import numpy as np
import pytest

from embench.crystal import hop_of
from embench.crystal.potentials import SHORTEST, Repulsion, SiteEnergy
from tests.crystal.made import rocksalt


def test_energies_of_each_kind_of_neighbour_by_hand() -> None:
    hop = hop_of(rocksalt(cation=11, anion=17, length=5.64))
    first = np.array([np.flatnonzero(hop.is_anion)[0], np.flatnonzero(hop.is_mobile)[0]])
    site, repulsion = SiteEnergy(hop, first), Repulsion(hop, first)
    # Na-Cl: the minimum of -d0 / 2 at r_min; Na-Na: screened by the covalent radii of 1.66 Å, n = 3.
    energies = site(np.array([site.r_min[0], 3.0]))[0]
    assert energies[0] == pytest.approx(-site.d0[0] / 2)
    assert energies[1] == pytest.approx(14.399645 / 3 / 3.0 * math.erfc(3.0 / (0.74 * 2 * 1.66)))
    # Shannon radii of six-fold Na+ and Cl-: 1.02 and 1.81 Å.
    assert repulsion(np.array([2.83, 2.04]))[0] == pytest.approx([0.2, 0.2])


def test_valences_are_those_of_the_anions_only() -> None:
    hop = hop_of(rocksalt(cation=11, anion=17, length=5.64))
    site = SiteEnergy(hop, np.arange(len(hop.elements)))
    assert site.valences(hop.distances).shape == (len(hop.points), hop.is_anion.sum())
    one = SiteEnergy(hop, np.flatnonzero(hop.is_anion)[:1])
    assert one.valences(one.r0[None]) == pytest.approx(1.0)


@pytest.mark.parametrize("potential", [SiteEnergy, Repulsion])
def test_overlapping_atoms_have_finite_energies(potential) -> None:
    hop = hop_of(rocksalt(cation=11, anion=17, length=5.64))
    everything = potential(hop, np.arange(len(hop.elements)))
    zero, shortest = (everything(np.full(len(hop.elements), distance)) for distance in (0.0, SHORTEST))
    assert np.isfinite(zero[0]).all()
    np.testing.assert_array_equal(zero[0], shortest[0])
    # Distances count from 0.3 Å on.
    below, above = (everything(np.full(len(hop.elements), distance))[0] for distance in (0.29, 0.31))
    np.testing.assert_array_equal(below, everything(np.full(len(hop.elements), 0.30))[0])
    assert (above < below).all()


@pytest.mark.parametrize("potential", [SiteEnergy, Repulsion])
def test_slopes_and_curvatures_of_every_neighbour_are_those_of_its_energy(potential) -> None:
    hop = hop_of(rocksalt(cation=11, anion=17, length=5.64))
    everything, r, step = potential(hop, np.arange(len(hop.elements))), np.linspace(2.0, 4.0, len(hop.elements)), 1e-4
    low, here, high = (everything(r + shift) for shift in (-step, 0.0, step))
    np.testing.assert_allclose(here[1], (high[0] - low[0]) / (2 * step), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(here[2], (high[1] - low[1]) / (2 * step), rtol=1e-5, atol=1e-7)
