"""The band against saddles that are known exactly, and its tangents and forces against the published formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from ase.mep import NEB as AseNeb

from embench.neb import NEB1, run
from embench.neb.band import Band, band_forces, largest, relax, tangents
from embench.neb.calculators import as_potential
from embench.neb.lbfgs import Lbfgs
from embench.neb.runner import calculate
from tests.neb.made import LEFT, SPAN, MadeHop, Wave


def _line(energies):
    positions = np.zeros((len(energies), 1, 3))
    positions[:, 0, 0] = [0.0, 1.0, 3.0, 4.0, 6.0][: len(energies)]
    return positions, np.array(energies, float)


def test_tangent_points_to_the_higher_neighbour():
    positions, energies = _line([0.0, 1.0, 2.0])
    positions[2, 0] = [1.0, 2.0, 0.0]
    assert tangents(positions, energies)[0, 0] == pytest.approx([0.0, 1.0, 0.0])  # uphill: towards the next image
    assert tangents(positions, energies[::-1])[0, 0] == pytest.approx([1.0, 0.0, 0.0])  # downhill: from the one before


def test_tangent_at_a_maximum_is_weighted_by_energy():
    """Henkelman and Jónsson, equation 10: the larger difference weighs the side of the higher neighbour."""
    positions, energies = _line([0.0, 2.0, 1.0])
    positions[2, 0] = [1.0, 1.0, 0.0]
    # forward (0, 1, 0) weighs max(|1|, |2|) = 2, backward (1, 0, 0) weighs 1.
    assert tangents(positions, energies)[0, 0] == pytest.approx(np.array([1.0, 2.0, 0.0]) / np.sqrt(5))


def _emt_bands(rng):
    """An aluminium cluster whose images are perturbed at random."""
    base = Atoms("Al4", [[5, 5, 5], [7.7, 5, 5], [5, 7.7, 5], [5, 5, 7.7]], cell=[14] * 3, pbc=True)
    for _ in range(5):
        yield [Atoms(base.numbers, base.positions + i * 0.2 + rng.normal(0, 0.12, (4, 3)), cell=base.cell, pbc=True)
               for i in range(5)]  # fmt: skip


@pytest.mark.parametrize("climb", [False, True])
def test_forces_are_those_of_ase(climb):
    """ASE's improved tangent, with the same springs; it has the climbing image as well."""
    potential = as_potential(EMT())
    for images in _emt_bands(np.random.default_rng(5)):
        energies, forces = potential.evaluate(
            images[0].numbers, images[0].cell.array, np.stack([image.positions for image in images])
        )
        band = Band(np.stack([image.positions for image in images]), energies, forces)
        for image in images:
            image.calc = EMT()
        theirs = AseNeb(images, k=2.0, method="improvedtangent", climb=climb)
        expected = theirs.get_forces().reshape(3, 4, 3)
        assert band_forces(band, 2.0, band.highest if climb else None) == pytest.approx(expected, abs=1e-8)


def test_lbfgs_finds_the_minimum_of_a_quadratic():
    curvatures = np.array([[1.0, 10.0, 40.0], [3.0, 20.0, 80.0]])
    position, optimiser = np.full((2, 3), 0.7), Lbfgs(0.2)
    for _ in range(60):
        step = optimiser.step(position, -curvatures * position)
        assert np.linalg.norm(step, axis=1).max() <= 0.2 + 1e-12
        position = position + step
    assert abs(position).max() < 1e-4


@pytest.mark.parametrize("bend", [0.0, 0.8])
@pytest.mark.parametrize("barrier", [0.1, 0.7, 2.0])
def test_saddle_in_the_middle(barrier, bend):
    result = run(MadeHop(), Wave(barrier, bend=bend))
    assert result.status == "converged"
    assert result.barrier_max_minus_min == pytest.approx(barrier, abs=0.002)
    assert result.flags == ()


def test_saddles_between_the_images_are_climbed():
    """Two humps at a quarter and three quarters, where no image of an even band of four gaps stays by symmetry."""
    result = run(MadeHop(), Wave(0.5, humps=3, bend=0.3))
    # The humps of sin²(3 π u) are at 1/6, 1/2 and 5/6; all are 0.5 eV high.
    assert result.barrier_max_minus_min == pytest.approx(0.5, abs=0.005)
    assert result.climbed_images or result.fallback


def test_tilted_hop_has_two_barriers():
    """The step adds tilt/2 in the middle and moves the saddle a little; ends stay stationary. Solved with scipy."""
    from scipy.optimize import minimize_scalar

    def energy(u):
        return 0.6 * np.sin(np.pi * u) ** 2 + 0.3 * (1 - np.cos(np.pi * u)) / 2

    top = -minimize_scalar(lambda u: -energy(u), bounds=(0.2, 0.8), method="bounded", options={"xatol": 1e-9}).fun
    result = run(MadeHop(), Wave(0.6, tilt=0.3))
    assert result.barrier_max_minus_start == pytest.approx(top, abs=0.002)
    assert result.barrier_backward == pytest.approx(top - 0.3, abs=0.002)
    assert result.barrier_max_minus_min == result.barrier_max_minus_start


def test_climbing_alone_costs_less_than_the_whole_band():
    alone, whole = Wave(0.7, bend=0.8), Wave(0.7, bend=0.8)
    run(MadeHop(), alone)
    climbing_off = replace(NEB1, name="full", climb_calls=0, band_steps=0, full_fmax=0.05, full_steps=100)
    assert run(MadeHop(), whole, climbing_off).barrier_max_minus_min == pytest.approx(0.7, abs=0.002)
    assert alone.calls < whole.calls


def _climbed_band(energies_at, settings=NEB1):
    """Relax a band of one atom on a line, whose energy is a function of x; return the outcome."""
    x = np.linspace(LEFT, LEFT + SPAN, 5)
    positions = np.full((5, 1, 3), 6.0)
    positions[:, 0, 0] = x

    def evaluate(places):
        h = 1e-5
        at = [energies_at(places[:, 0, 0] + shift) for shift in (0.0, h, -h)]
        forces = np.zeros_like(places)
        forces[:, 0, 0] = -(at[1] - at[2]) / (2 * h)
        return at[0], forces

    energies, forces = evaluate(positions)
    return relax(Band(positions, energies, forces), lambda stage: evaluate, settings)


def test_image_that_leaves_its_place_starts_the_whole_band():
    """The hump lies 0.45 of a gap away from its image, more than the 0.3 Å that are allowed here."""
    settings = replace(NEB1, band_steps=0, climb_rise=9.0, climb_leave=0.2)
    outcome = _climbed_band(lambda x: 0.5 * np.exp(-(((x - LEFT - 2.45) / 0.7) ** 2)), settings)
    assert outcome.fallback is not None
    assert "left its place" in outcome.fallback
    assert outcome.band.energies.max() == pytest.approx(0.5, abs=0.01)


def test_image_that_rises_starts_the_whole_band():
    settings = replace(NEB1, band_steps=0, climb_rise=0.01)
    outcome = _climbed_band(lambda x: 0.5 * np.exp(-(((x - LEFT - 2.4) / 0.7) ** 2)), settings)
    assert outcome.fallback == "rose by more than 0.01 eV"
    assert outcome.band.energies.max() == pytest.approx(0.5, abs=0.01)


def test_band_without_a_hump_is_relaxed_whole():
    outcome = _climbed_band(lambda x: 0.3 * (1 - np.cos(np.pi * (x - LEFT) / SPAN)))
    assert outcome.fallback == "no hump"
    assert outcome.climbed == ()


def test_calls_beyond_the_limit_start_the_whole_band():
    outcome = _climbed_band(
        lambda x: 0.5 * np.exp(-(((x - LEFT - 2.3) / 0.7) ** 2)), replace(NEB1, band_steps=0, climb_calls=1)
    )
    assert outcome.fallback == "more than 1 calls"


def test_humps_within_the_window_are_taken():
    positions = np.zeros((7, 1, 3))
    positions[:, 0, 0] = range(7)
    band = Band(positions, np.array([0.0, 0.48, 0.1, 0.5, 0.1, 0.44, 0.0]), np.zeros((7, 1, 3)))
    assert band.humps(0.05) == [3, 1]
    assert band.humps(0.07) == [3, 1, 5]


def test_largest_is_per_atom():
    assert largest(np.array([[[3.0, 4.0, 0.0], [1.0, 0.0, 0.0]]])) == 5.0


def test_steps_of_the_band_are_recorded():
    found = calculate(MadeHop(), Wave(0.7, bend=0.8, tilt=0.2))
    assert found.band is not None
    assert found.result.calls["band"] == 3 * (1 + found.result.steps_band)
    assert found.result.calls["climb"] == found.result.steps_climb
