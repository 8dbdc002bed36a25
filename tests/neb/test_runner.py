"""One hop from its structures to a result: ends, first band, failures, and the literature's protocol."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import embench
from embench.errors import MissingDependencyError, NebError
from embench.neb import NEB1, PUBLISHED, STATIC, run
from embench.neb.ends import End, first_band, guess_of
from embench.neb.results import NebResult
from embench.neb.runner import calculate, shortest_distance
from tests.neb.made import CELL, LEFT, SPAN, Broken, MadeHop, Wave, harmonic


@pytest.mark.parametrize("settings", [NEB1, PUBLISHED], ids=lambda settings: settings.name)
def test_both_protocols_find_the_saddle(settings):
    result = run(MadeHop(), Wave(0.7), settings)
    assert result.barrier_max_minus_min == pytest.approx(0.7, abs=0.002)
    assert result.protocol == settings.name
    assert (result.path == "idpp") is (settings is PUBLISHED)


def test_static_moves_nothing():
    """The images of the straight line at u = 1/4, 1/2, 3/4 of b sin²(πu): b/2, b, b/2."""
    result = run(MadeHop(), Wave(0.8), STATIC)
    assert result.energies == pytest.approx((0.0, 0.4, 0.8, 0.4, 0.0), abs=1e-6)
    assert result.calls == {"ends": 2, "band": 3}
    assert (result.start_ion, result.end_ion) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("raise", "RuntimeError in the stage ends: no neighbours"),
        ("nan", "no finite number"),
        ("explode", "a force of"),
        ("memory", "out of memory"),
        ("shape", "are needed"),
    ],
)
@pytest.mark.parametrize("settings", [NEB1, PUBLISHED], ids=lambda settings: settings.name)
def test_a_potential_that_fails_is_a_failed_result(how, says, settings):
    result = run(MadeHop(), Broken(how), settings)
    assert result.status == "failed"
    assert result.flags == ("crash",)
    assert says in str(result.reason)
    assert not result.has_value


def test_failure_in_the_band_is_named():
    found = calculate(MadeHop(), Broken("nan", after=2), NEB1)
    assert "stage band" in str(found.result.reason)
    assert found.band is None


def test_a_library_that_is_missing_is_no_failure_of_the_hop(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingDependencyError, match="scipy"):
        run(MadeHop(), Wave())


def test_what_is_no_calculator_is_refused():
    with pytest.raises(NebError, match="is no calculator"):
        run(MadeHop(), object())


def test_displacements_and_lengths():
    """The framework atom starts 0.3 Å from its spring, and the ion 0.2 Å beyond its minimum at the start."""
    coords = np.array([[LEFT - 0.2, 6.0, 6.0], [9.0, 9.3, 9.0]]) / CELL
    result = run(MadeHop(frac_coords=coords), Wave(0.7))
    assert result.start_framework == pytest.approx(0.3, abs=0.01)
    assert result.start_ion == pytest.approx(0.2, abs=0.03)
    assert result.hop_guess == pytest.approx(SPAN + 0.2, abs=1e-6)
    assert result.hop_length == pytest.approx(SPAN, abs=0.03)
    assert result.barrier_max_minus_min == pytest.approx(0.7, abs=0.005)


def test_final_structure_is_where_the_end_starts():
    final = np.array([[LEFT + SPAN, 6.0, 6.0], [9.0, 9.0, 9.0 + 0.5 + CELL]]) / CELL
    hop = MadeHop()
    object.__setattr__(hop, "final_frac_coords", final)
    guess = guess_of(hop, "relaxed")
    # The site is not a cell away, and moved by 0.5 Å.
    assert guess.final[1] == pytest.approx([9.0, 9.0, 9.5])
    assert guess.final[0] == pytest.approx([LEFT + SPAN, 6.0, 6.0])


def test_end_is_the_minimum_image():
    """A path end one cell further is the same site: the hop is as long as its shortest image."""
    hop = MadeHop(path_end=np.array([LEFT + SPAN + CELL, 6.0, 6.0]) / CELL)
    assert guess_of(hop, "straight").hop_length == pytest.approx(SPAN)
    assert guess_of(hop, "relaxed").hop_length == pytest.approx(SPAN)


def test_displacements_of_the_ends_are_blended_in():
    guess = guess_of(MadeHop(), "straight")
    at_start, at_end = guess.framework.copy(), guess.final.copy()
    at_start[1, 1] += 0.4
    at_end[1, 2] += 0.8

    def end(positions):
        return End(positions, 0.0, np.zeros((2, 3)), 0.0, 0, True)

    band = first_band(guess, end(at_start), end(at_end), 5)
    assert band[1, 1] - guess.framework[1] == pytest.approx([0.0, 0.3, 0.2])
    assert band[2, 0] == pytest.approx([LEFT + SPAN / 2, 6.0, 6.0])


def test_shortest_distance_sees_periodic_images():
    positions = np.array([[[0.1, 5.0, 5.0], [CELL - 0.9, 5.0, 5.0]]])
    apart = np.array([[0.1, 5.0, 5.0], [6.0, 5.0, 5.0]])
    assert shortest_distance(positions, np.eye(3) * CELL, apart) == pytest.approx(1.0)


def test_bonds_of_the_structure_are_no_clash():
    """A carbonate: 1.28 Å between C and O is a bond, the ion at 1.25 Å from the same O is a clash."""
    given = np.array([[2.0, 5.0, 5.0], [5.0, 5.0, 5.0], [6.28, 5.0, 5.0]])
    near = given.copy()
    near[0] = [6.28, 6.25, 5.0]
    cell = np.eye(3) * CELL
    assert shortest_distance(given[None], cell, given) == 2.0
    assert shortest_distance(np.stack([given, near]), cell, given) == pytest.approx(1.25)


def test_an_ase_calculator_and_an_entry():
    """An entry of the dataset with a calculator of ASE; nothing is known of the barrier, but the band is complete."""
    result = run(embench.load()["MgHo2S4"], harmonic(), replace(NEB1, end_steps=3, band_steps=2, full_steps=1))
    assert result.n_sites == 55
    assert len(result.energies) == 5
    assert result.path == "relaxed"


def test_result_goes_through_json():
    import json

    result = run(MadeHop(), Wave(0.7))
    assert NebResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_public_names():
    assert embench.neb.run is run
