"""The benchmark of what an epoch costs, on a few hops."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.model.backbone import AlignnConfig

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
pytestmark = pytest.mark.xdist_group("alignn-training")


def test_an_epoch_is_measured_and_scaled(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    training = importlib.import_module("training")
    sizes = AlignnConfig(alignn_layers=1, gcn_layers=1, distance_bins=8, angle_bins=8, embedding=8, hidden=8)
    config = replace(configuration("cpu"), network=sizes)
    clock = [0.0]

    def fit(network, data, settings):
        """A training that costs 5 seconds before its first epoch, and 2 seconds an epoch."""
        clock[0] += 5.0 + 2.0 * settings.epochs
        return real(network, data, replace(settings, epochs=1))

    real = training.fit
    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.setattr(training.time, "process_time", lambda: clock[0])
    found = training.measure(3, config, 24, epochs=6)
    assert (found.entries, found.sample) == (503, 24)
    assert 24 / 503 / 4 < found.share < 24 / 503 * 4
    assert found.epoch == found.seconds / found.share
    # What comes before the first epoch is not counted.
    assert found.seconds == pytest.approx(2.0)
    paper = [replace(found, config="paper", model=model, seconds=25.0, share=0.01) for model in (1, 2, 3, 4)]
    text = training.section([found, *paper], load=1.0)
    assert text.startswith("## What an epoch costs\n")
    assert f"| MODEL-3, `cpu` | {found.parameters:,} |" in text
    assert "| MODEL-3, `paper` |" in text
    assert "| 24 entries, 1.0% | 2,500 |" in text
    # 500 epochs of 2,500 seconds.
    assert "MODEL-3 about 14 days" in text
