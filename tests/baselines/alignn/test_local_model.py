"""The baselines on the small network, as the runner uses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import embench
from embench.baselines.alignn.local import model as module
from embench.baselines.alignn.local.model import PreTrained, Scratch, WithProfiles
from embench.baselines.registry import baseline_spec
from embench.common.shipped import weights_file

pytestmark = pytest.mark.xdist_group("alignn")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from embench.baselines.alignn.local.network import NetworkConfig
    from embench.baselines.alignn.training.module import TrainingSettings

    monkeypatch.setattr(Scratch, "members", 2)
    monkeypatch.setattr(
        Scratch, "training", property(lambda self: TrainingSettings(epochs=25, batch_size=8, devices=1, precision="32"))
    )
    inputs = property(lambda self: NetworkConfig(hidden=16, embedding=8, head=8, inputs=20 if self.profiles else 0))
    monkeypatch.setattr(Scratch, "network", inputs)


def sides():
    data = embench.load()
    small = sorted(data, key=lambda entry: entry.n_sites)[:40]
    ids = [entry.entry_id for entry in small]
    return data.select(ids[:30]), data.select(ids[30:]).without_targets()


@pytest.mark.slow
def test_equal_seeds_give_equal_predictions(quick: None) -> None:
    train, test = sides()
    one, two, other = (Scratch(seed=seed).fit(train).predict(test).mean for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert abs(one - other).max() > 1e-4


@pytest.mark.slow
def test_it_learns_the_training_side(quick: None) -> None:
    train, _ = sides()
    target = train.column("migration_barrier")
    error = np.abs(Scratch(seed=0).fit(train).predict(train).mean - target).mean()
    assert error < 0.7 * np.abs(target - np.median(target)).mean()


@pytest.mark.slow
def test_pre_trained_weights_and_profiles_change_the_predictions(
    quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    train, test = sides()
    scratch = Scratch(seed=0).fit(train).predict(test).mean
    monkeypatch.setattr(PreTrained, "pretrained", False)
    assert abs(WithProfiles(seed=0).fit(train).predict(test).mean - scratch).max() > 1e-4
    assert np.array_equal(PreTrained(seed=0).fit(train).predict(test).mean, scratch)


def test_the_shipped_weights_fit_the_network() -> None:
    from embench.baselines.alignn.local.network import LocalAlignn
    from embench.baselines.alignn.local.pretrain import load_backbone

    baseline = baseline_spec("alignn-mpt").create(seed=0)
    load_backbone(LocalAlignn(baseline.network), weights_file(module.PRETRAINED))
