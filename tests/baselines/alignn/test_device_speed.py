"""The comparison of ways to compute: the fastest sound one is taken, and what fails is told and left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from embench.baselines.alignn.device import speed
from embench.baselines.alignn.device.layers import Kernels
from embench.baselines.alignn.device.prepare import hop_sets
from embench.baselines.alignn.device.speed import Speed, compare, fastest
from embench.baselines.alignn.device.tasks import Hops
from embench.baselines.alignn.device.training import Recipe
from embench.baselines.alignn.graphs.cache import GraphSettings
from tests.baselines.alignn.device_checks import TINY, elements, small_entries

pytestmark = pytest.mark.xdist_group("alignn-training")

RECIPE = Recipe(batch_size=2, precision="32")


def way(name: str, rate: float | None, **fields: object) -> Speed:
    return Speed(way=name, atoms_per_second=rate, angles_per_second=rate, **fields)


def test_the_fastest_sound_way_is_taken():
    assert fastest([way("plain", 1.0), way("eager", 3.0), way("compiled", 2.0)]) == "eager"
    assert fastest([way("plain", 1.0), way("eager", 3.0, difference=0.1)]) == "plain"
    assert fastest([way("plain", 1.0), way("compiled", None, error="no compiler")]) == "plain"
    # Lightning is compared with, and is no way to compute a layer.
    assert fastest([way("plain", 1.0), way("lightning", 9.0)]) == "plain"
    assert fastest([way("plain", None, error="x")]) == "eager"


@pytest.fixture(scope="module")
def hops(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        entries = small_entries(4)
        sets = hop_sets(entries, GraphSettings())
    arrays = {
        "elements": elements().numpy(),
        "barriers": np.ones(4),
        "published.train": np.array([[True, True, True, False]]),
    }
    return Hops({"band": sets["band"]}, arrays, {}, torch.device("cpu"))


def test_all_ways_are_measured(hops, monkeypatch):
    """With a clock on which every step takes two seconds: atoms and angles of three bands in two steps."""
    clock = [0.0]
    monkeypatch.setattr(speed.time, "process_time", lambda: clock[0])
    real = speed.Training.step

    def step(training, rows):
        clock[0] += 2.0
        return real(training, rows)

    monkeypatch.setattr(speed.Training, "step", step)
    found = compare(hops, sizes=TINY, recipe=RECIPE, kinds=("plain", "eager"), seconds=3.0, lightning=False)
    assert [each.way for each in found] == ["plain", "eager"]
    band = hops.resident("band")
    for each in found:
        assert each.error == ""
        assert each.difference < 1e-4
        assert each.atoms_per_second == pytest.approx(band.n_nodes[:3].sum() / 4.0)
        assert each.angles_per_second == pytest.approx(band.n_angles[:3].sum() / 4.0)


def test_a_compiler_that_fails_ends_nothing(hops, monkeypatch):
    def broken(kind, **_):
        kernels = real(kind if kind != "compiled" else "eager")

        def fail(*_):
            raise RuntimeError("no compiler\nand more of it")

        return replace(kernels, kind=kind, gate_forward=fail) if kind == "compiled" else kernels

    real = Kernels.of
    monkeypatch.setattr(speed.Kernels, "of", broken)
    found = compare(hops, sizes=TINY, recipe=RECIPE, kinds=("compiled", "eager"), seconds=0.0, lightning=False)
    assert found[0].error == "RuntimeError: no compiler"
    assert fastest(found) == "eager"


@pytest.mark.slow
def test_the_loop_of_lightning_is_measured(hops):
    (found,) = compare(hops, sizes=TINY, recipe=RECIPE, kinds=(), seconds=0.0, lightning=True)
    assert (found.way, found.error) == ("lightning", "")
    assert found.atoms_per_second > 0
    assert not torch.are_deterministic_algorithms_enabled()
