"""The loop of training on one device: its schedule, its steps, and that it goes on where it was stopped."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from embench.baselines.alignn.device import training as module
from embench.baselines.alignn.device.arrays import Source, pack
from embench.baselines.alignn.device.layers import Kernels
from embench.baselines.alignn.device.network import Alignn
from embench.baselines.alignn.device.resident import Resident
from embench.baselines.alignn.device.state import read_state, write_state
from embench.baselines.alignn.device.training import Recipe, Samples, Training, one_cycle, parts, seeded
from embench.baselines.alignn.graphs.bands import Crystal
from embench.baselines.alignn.graphs.cache import build
from embench.baselines.alignn.training.module import masked_l1
from embench.errors import InvalidValueError
from tests.baselines.alignn.device_checks import TINY, elements

pytestmark = pytest.mark.xdist_group("alignn-training")

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=4, batch_size=3, learning_rate=5e-3, precision="32")
FAR = 1e12


def never() -> float:
    return time.monotonic() + FAR


@pytest.fixture(scope="module")
def samples() -> Samples:
    rng = np.random.default_rng(1)
    sources = []
    for _ in range(10):
        lattice = np.round(np.diag(rng.uniform(3.0, 4.0, 3)), 5)
        crystal = Crystal(lattice, np.array([[0, 0, 0], [0.45, 0.5, 0.55]]), rng.integers(1, 30, 2))
        sources.append(Source(build(crystal), lattice, crystal.frac_coords))
    targets = rng.normal(size=(10, 2))
    targets[::3, 0] = np.nan
    return Samples((Resident(pack(sources), CPU),), targets, np.arange(8), np.arange(8, 10))


def begun(samples: Samples, recipe: Recipe = RECIPE, **options) -> Training:
    with seeded(recipe.seed):
        network = Alignn(replace(TINY, outputs=2), Kernels.of("eager"), elements())
    return Training(network, samples, recipe, CPU, **options)


def same(one: Training, other: Training) -> bool:
    states = one.network.state_dict(), other.network.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_schedule_is_one_cycle_of_torch():
    total = 4001
    optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=total)
    for step in range(total):
        rate, beta = one_cycle(step / (total - 1))
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=2e-2, abs=1e-6)
        assert beta == pytest.approx(optimizer.param_groups[0]["betas"][0], abs=1e-3)
        optimizer.step()
        if step + 1 < total:
            schedule.step()


def test_a_run_goes_once_through_the_schedule(samples, monkeypatch):
    seen = []
    monkeypatch.setattr(module, "one_cycle", lambda progress: seen.append(progress) or one_cycle(progress))
    made = begun(samples)
    assert made.run(never())
    # Four epochs of three steps.
    assert seen == pytest.approx(np.linspace(0, 1, 12))
    assert [each["epoch"] for each in made.log] == [1, 2, 3, 4]
    assert made.log[-1]["train"] < made.log[0]["train"]


def test_time_decides_how_many_epochs_there_are(samples, monkeypatch):
    """With a clock on which an epoch takes 10 seconds, 47 seconds are four epochs, and the schedule ends with them."""
    made = begun(samples, replace(RECIPE, epochs=100))
    clock = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    real = made.step

    def step(rows):
        clock[0] += 10.0 / made.steps
        return real(rows)

    monkeypatch.setattr(made, "step", step)
    assert made.run(47.0, by_time=True)
    assert made.epoch == 4
    assert made.progress == pytest.approx(1.0)
    assert clock[0] == pytest.approx(40.0)


def test_an_epoch_that_is_not_done_in_time_is_not_begun(samples, monkeypatch):
    # Sixteen steps an epoch, of a second each: the clock is looked at after eight.
    longer = replace(samples, train=np.concatenate([samples.train, samples.train]))
    recipe = replace(RECIPE, batch_size=1, epochs=20)
    other = begun(longer, recipe)
    other._epoch(never())
    made = begun(longer, recipe)
    clock = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    real = made.step

    def step(rows):
        clock[0] += 1.0
        return real(rows)

    monkeypatch.setattr(made, "step", step)
    assert not made.run(20.0)
    assert clock[0] == 24.0
    assert made.epoch == other.epoch == 1
    assert same(made, other)
    assert made.progress == other.progress


@pytest.mark.parametrize("through_files", [False, True])
def test_it_goes_on_where_it_was_stopped(samples, through_files, tmp_path):
    whole, first = begun(samples), begun(samples)
    whole.run(never())
    first._epoch(never())
    first._epoch(never())
    kept = first.kept()
    if through_files:
        written = write_state(tmp_path, *kept)
        assert written
        kept = read_state(tmp_path)
    second = begun(samples)
    second.restore(*kept)
    assert second.run(never())
    losses = [[each["train"] for each in made.log] for made in (whole, second)]
    if through_files:  # moments with 16 bits
        assert losses[0] == pytest.approx(losses[1], rel=0.02)
        assert losses[0][:2] == losses[1][:2]
    else:
        assert losses[0] == losses[1]
        assert same(whole, second)
        assert all(torch.equal(whole.best[name], second.best[name]) for name in whole.best)


def test_the_best_epoch_is_taken(samples):
    made = begun(samples, replace(RECIPE, epochs=12, learning_rate=0.1))
    made.run(never())
    seen = [each["validation"] for each in made.log]
    assert seen[-1] > min(seen)
    made.use_best()
    assert made.loss(samples.validation) == pytest.approx(min(seen), rel=1e-6)
    last = begun(samples, replace(RECIPE, epochs=2), choose=False)
    last.run(never())
    assert last.best is None


def test_the_loss_is_that_of_the_other_loop(samples):
    made = begun(samples)
    rows = np.arange(10)
    output = torch.tensor(made.predict(rows))
    expected = masked_l1(output, torch.tensor(samples.targets), torch.ones(1))
    assert made.loss(rows) == pytest.approx(float(expected), rel=1e-5)


def test_parts_of_a_batch_make_the_same_step(samples):
    """Batch normalisation apart, which sees the parts: it is set to what it has seen before."""
    made = [begun(samples, replace(RECIPE, most_angles=most)) for most in (10**9, 1)]
    gradients = []
    for each in made:
        for part in each.network.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.eval()
        each._gradients(np.arange(6), 5)
        gradients.append([value.grad.clone() for value in each.network.parameters() if value.grad is not None])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert [part.tolist() for part in parts(np.array([4, 0, 2]), np.array([5, 0, 4, 0, 3]), 8)] == [[4, 0], [2]]
    assert [part.tolist() for part in parts(np.array([0, 2]), np.array([50, 0, 4]), 8)] == [[0], [2]]


def test_without_memory_the_parts_get_smaller(samples, monkeypatch):
    made = begun(samples, replace(RECIPE, most_angles=10**6))
    sizes = samples.n_angles
    limit = int(sizes.max())
    real = made._errors

    def errors(rows):
        if sizes[rows].sum() > limit:
            raise torch.OutOfMemoryError("too much")
        return real(rows)

    monkeypatch.setattr(made, "_errors", errors)
    assert np.isfinite(float(made.step(np.arange(6))))
    assert made.most_angles < 10**6
    monkeypatch.setattr(made, "_errors", lambda rows: errors(np.arange(8)))
    with pytest.raises(torch.OutOfMemoryError):
        made.step(np.arange(6))


def test_what_is_drawn_more_often(samples):
    weights = np.where(np.arange(8) == 3, 1.0, 0.0)
    made = begun(replace(samples, sampling=weights))
    assert made._order().tolist() == [3] * 8
    assert sorted(begun(samples)._order().tolist()) == list(range(8))


@pytest.mark.parametrize("wrong", [{"precision": "64"}, {"epochs": 0}, {"steps": 0}])
def test_odd_recipes_are_refused(wrong):
    with pytest.raises(InvalidValueError):
        Recipe(**wrong)
