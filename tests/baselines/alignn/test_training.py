"""One training run: its loss, its order, its interruptions, and several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import embench
from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.curves import read_curves
from embench.baselines.alignn.finetune import Scale, finetune, read_trained, split, write_trained
from embench.baselines.alignn.model.backbone import AlignnConfig
from embench.baselines.alignn.pretrain import balance
from embench.baselines.alignn.training.data import EpochSampler
from embench.baselines.alignn.training.module import TrainingSettings, masked_l1
from embench.baselines.alignn.training.run import LAST, fit, predict
from embench.errors import CheckpointError, InvalidValueError
from tests.baselines.alignn.training_checks import Small, Vectors, problem, small, weights

pytestmark = pytest.mark.xdist_group("alignn-training")

REPOSITORY = Path(__file__).parents[3]
# As in the script that trains in a process of its own.
SCRIPT = TrainingSettings(epochs=4, precision="32", devices=1, seed=5)
QUICK = TrainingSettings(epochs=3, batch_size=4, learning_rate=1e-2, precision="32", devices=1, clip=0.0)


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        np.testing.assert_array_equal(value, b[name], err_msg=name)


def start(what: str, folder: Path, out: Path) -> subprocess.Popen[bytes]:
    env = dict(os.environ, PYTHONPATH=str(REPOSITORY), OMP_NUM_THREADS="1")
    command = [sys.executable, "-m", "tests.baselines.alignn.training_checks", what, str(folder), str(out)]
    return subprocess.Popen(command, env=env, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    text, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, text.decode()[-3000:]


def test_masked_loss_by_hand():
    nan = float("nan")
    output = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    target = torch.tensor([[0.0, nan], [nan, 1.0], [7.0, nan]])
    # |1 - 0| and |5 - 7| weigh 1 each, |4 - 1| weighs 3: (1 + 2 + 9) / 5.
    loss = masked_l1(output, target, torch.tensor([1.0, 3.0]))
    assert loss.item() == pytest.approx(12 / 5)
    loss.backward()
    np.testing.assert_allclose(output.grad, [[0.2, 0.0], [0.0, 0.6], [-0.2, 0.0]], rtol=1e-6)
    assert masked_l1(output, torch.full((3, 2), nan), torch.ones(2)).item() == 0.0


def test_order_depends_on_seed_and_epoch_only():
    def order(seed: int, epoch: int, **options) -> list[int]:
        sampler = EpochSampler(problem(12, **options), seed=seed, shuffle=True)
        sampler.set_epoch(epoch)
        torch.rand(3)
        np.random.default_rng().random(2)
        return list(sampler)

    assert order(1, 2) == order(1, 2)
    assert sorted(order(1, 2)) == list(range(12))
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4
    assert list(EpochSampler(problem(12), seed=0, shuffle=False)) == list(range(12))
    # Sample 0 is drawn nine times as often as all others together.
    drawn = order(1, 2, sampling=np.array([99.0, *[1.0] * 11]))
    assert len(drawn) == 12
    assert drawn.count(0) >= 8
    assert drawn == order(1, 2, sampling=np.array([99.0, *[1.0] * 11]))


@pytest.mark.parametrize("n", [12, 13])
def test_processes_share_an_epoch(n, monkeypatch):
    monkeypatch.setattr("embench.baselines.alignn.training.data._processes", lambda: (0, 1))
    whole = EpochSampler(problem(n), seed=3, shuffle=True)
    everything = list(whole)
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr("embench.baselines.alignn.training.data._processes", lambda rank=rank: (rank, 2))
        sampler = EpochSampler(problem(n), seed=3, shuffle=True)
        parts.append(list(sampler))
        assert len(sampler) == len(parts[-1]) == (n + 1) // 2
    assert set(parts[0]) | set(parts[1]) == set(everything)
    mixed = [index for pair in zip(*parts, strict=True) for index in pair]
    assert mixed[:n] == everything


def saved_and_logged(folder):
    if not (folder / LAST).is_file():
        return False
    try:
        return 0 in read_curves(folder)[folder.name]["train"]
    except (InvalidValueError, KeyError, ValueError):
        return False  # no line yet, or half of one


@pytest.mark.slow
def test_resumes_after_being_killed(tmp_path):
    settings = replace(SCRIPT, batch_size=6)
    whole = fit(small(), problem(), settings, validation=problem(8), folder=tmp_path / "whole")
    folder = tmp_path / "killed"
    killed = start("slow", folder, tmp_path / "never.npz")
    deadline = time.monotonic() + 240
    # An epoch's line comes into the log just after its checkpoint: what is killed between the two loses that line.
    while not (saved_and_logged(folder) or killed.poll() is not None or time.monotonic() > deadline):
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "never-0.npz").exists()
    state = torch.load(folder / LAST, weights_only=False)
    # Four steps an epoch, four epochs.
    assert 0 < state["global_step"] < 16
    resumed = fit(small(), problem(), settings, validation=problem(8), folder=folder)
    assert_same(weights(resumed), weights(whole))
    # The log goes on, too.
    undisturbed, after = (read_curves(path)[path.name] for path in (tmp_path / "whole", folder))
    assert list(undisturbed["train"]) == list(undisturbed["validation"]) == [0, 1, 2, 3]
    for kind, curve in undisturbed.items():
        assert after[kind] == pytest.approx(curve), kind


@pytest.mark.slow
def test_two_processes_agree(tmp_path):
    finish(start("two", tmp_path / "two", tmp_path / "two.npz"))
    first, second = (dict(np.load(tmp_path / f"two-{rank}.npz")) for rank in (0, 1))
    assert_same(first, second)
    # Twice six samples a step: the mean over both processes is the mean over all, as in one process with twelve.
    alone = weights(fit(small(dropout=0.0), problem(), replace(SCRIPT, batch_size=12)))
    for name, value in alone.items():
        np.testing.assert_allclose(first[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


def test_accumulated_batches_are_a_bigger_batch():
    data = problem(16)
    parts = weights(fit(small(dropout=0.0), data, replace(QUICK, batch_size=4, accumulate=2)))
    whole = weights(fit(small(dropout=0.0), data, replace(QUICK, batch_size=8)))
    for name, value in parts.items():
        np.testing.assert_allclose(value, whole[name], rtol=1e-4, atol=1e-6, err_msg=name)
    assert np.abs(parts["layers.0.weight"] - weights(small())["layers.0.weight"]).max() > 1e-3


@pytest.mark.parametrize(("accumulate", "steps"), [(1, 18), (3, 6)])
def test_the_schedule_ends_with_the_training(accumulate, steps, tmp_path):
    # Six batches an epoch, three epochs.
    fit(small(), problem(22), replace(QUICK, accumulate=accumulate), folder=tmp_path)
    state = torch.load(tmp_path / LAST, weights_only=False)
    assert state["global_step"] == steps
    assert state["lr_schedulers"][0]["total_steps"] == steps


def test_biases_do_not_decay():
    from embench.baselines.alignn.training.module import Regression

    module = Regression(small(), QUICK, weights=None)
    module.trainer = type("Trainer", (), {"estimated_stepping_batches": 10})()  # type: ignore[assignment]
    groups = module.configure_optimizers()["optimizer"].param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(2, QUICK.weight_decay), (2, 0.0)]


def test_the_best_weights_are_taken(tmp_path):
    """A validation target that only the first steps come near: later epochs are worse."""
    train, settings = problem(24), replace(QUICK, epochs=6, patience=6)
    far = problem(8)
    for folder in (None, tmp_path / "run"):
        network = small(dropout=0.0)
        before = predict(small(dropout=0.0), far.samples, Vectors.of)
        watched = replace(far, targets=before)
        best = fit(network, train, settings, validation=watched, folder=folder)
        error = np.abs(predict(best, far.samples, Vectors.of) - before).mean()
        last = fit(small(dropout=0.0), train, replace(settings, patience=0))
        assert error < np.abs(predict(last, far.samples, Vectors.of) - before).mean()
    losses = read_curves(tmp_path)["run"]["validation"]
    assert error == pytest.approx(min(losses.values()), rel=1e-5)
    assert min(losses, key=losses.__getitem__) < 5
    with pytest.raises(ValueError, match="needs validation samples"):
        fit(small(), train, settings)


def test_training_stops_early(tmp_path):
    far = problem(8)
    watched = replace(far, targets=predict(small(dropout=0.0), far.samples, Vectors.of))
    settings = replace(QUICK, epochs=50, patience=2)
    fit(small(dropout=0.0), problem(), settings, validation=watched, folder=tmp_path)
    losses = read_curves(tmp_path)[tmp_path.name]["validation"]
    assert len(losses) < 50
    assert min(losses, key=losses.__getitem__) == max(losses) - 2


ENTRIES = embench.load()
TINY = AlignnConfig(alignn_layers=1, gcn_layers=1, distance_bins=8, angle_bins=4, embedding=4, hidden=8)
CPU = replace(configuration("cpu"), network=TINY)


@pytest.fixture(scope="module")
def few():
    small_ones = sorted((entry.n_sites, entry.entry_id) for entry in ENTRIES)[:10]
    return ENTRIES.select([entry_id for _, entry_id in small_ones])


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("EMBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "training-cache"))


@pytest.mark.parametrize("model", [1, 2, 3, 4])
def test_bf16_on_the_cpu(model, few):
    settings = CPU.settings(model, seed=0, epochs=1, batch_size=5, precision="bf16", devices=1)
    found = finetune(few, model=model, config=CPU, settings=settings).predict(few)
    assert np.isfinite(found).all()
    assert np.ptp(found) > 0


def test_weights_are_written_and_read(few, tmp_path, monkeypatch):
    # The file names its configuration; here that is a smaller one.
    monkeypatch.setattr("embench.baselines.alignn.configs.CONFIGS", (CPU,))
    settings = CPU.settings(3, seed=0, epochs=2, batch_size=5, devices=1)
    trained = finetune(few, model=3, config=CPU, settings=settings)
    again = finetune(few, model=3, config=CPU, settings=settings)
    np.testing.assert_array_equal(trained.predict(few), again.predict(few))
    fitted = {name: x for name, x in trained.network.state_dict().items() if name.endswith(("weight", "bias"))}
    assert trained.choices == {
        "parameters": sum(x.numel() for x in fitted.values()),
        "weights": "none: trained from scratch",
    }
    write_trained(trained, tmp_path / "weights.safetensors")
    np.testing.assert_array_equal(read_trained(tmp_path / "weights.safetensors").predict(few), trained.predict(few))
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_trained(tmp_path / "other.safetensors")


def test_pretrained_backbones_are_taken(few, tmp_path):
    from embench.baselines.alignn.checkpoint import save
    from embench.baselines.alignn.finetune import load_backbone
    from embench.baselines.alignn.model.backbone import Alignn
    from embench.baselines.alignn.model.pathways import pathway_model

    torch.manual_seed(0)
    theirs = Alignn(replace(TINY, outputs=7, head_width=8))
    save(tmp_path / "mpt.safetensors", theirs.config, theirs.state_dict())
    for model in (1, 2, 3, 4):
        ours = pathway_model(model, TINY, marks=True)
        load_backbone(ours, tmp_path / "mpt.safetensors")
        for name, value in theirs.backbone.state_dict().items():
            assert torch.equal(ours.backbone.state_dict()[name], value), name
    other = pathway_model(3, replace(TINY, hidden=4))
    with pytest.raises(CheckpointError, match="hidden = 8, this configuration 4"):
        load_backbone(other, tmp_path / "mpt.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("model", [1, 2, 3, 4])
def test_the_published_recipe_runs_a_few_steps(model, few):
    # The published sizes for one of them: they cost most of the time.
    paper = configuration("paper")
    config = paper if model == 3 else replace(paper, network=TINY)
    settings = config.settings(model, seed=0, epochs=1, devices=1)
    two = few.select(few.entry_ids[:2])
    assert np.isfinite(finetune(two, model=model, config=config, settings=settings).predict(two)).all()


def test_validation_entries(few):
    for kind, share in (("last", 0.1), ("host", 0.1)):
        config = replace(CPU, validation=kind, validation_share=share)
        train = ENTRIES.filter(published_split="train")
        inner, held_out = split(train, config, seed=1)
        assert len(set(inner) | set(held_out)) == len(inner) + len(held_out) == 559
        assert len(held_out) == pytest.approx(56, abs=6)
        if kind == "last":
            assert held_out.tolist() == list(range(503, 559))
        else:
            hosts = [str(host) for host in train.column("group_host")]
            assert not {hosts[i] for i in inner} & {hosts[i] for i in held_out}
    with pytest.raises(InvalidValueError, match="too few"):
        split(few.select(few.entry_ids[:1]), replace(CPU, validation="host"), seed=0)


def test_scales_by_hand():
    barriers = np.array([0.2, 0.7, 1.7])
    scale = Scale.of(barriers, logarithmic=True)
    # log(0.5), log(1), log(2): mean 0, deviation log(2) * sqrt(2/3).
    np.testing.assert_allclose(scale.learned(barriers), np.array([-1.0, 0.0, 1.0]) * np.sqrt(1.5), atol=1e-12)
    np.testing.assert_allclose(scale.barriers(scale.learned(barriers)), barriers)
    assert scale.barriers(np.array([-1e3, 1e3])).tolist() == [0.0, 10.0]
    plain = Scale.of(np.array([1.0, 3.0]), logarithmic=False)
    np.testing.assert_allclose(plain.learned(np.array([1.0, 3.0])), [-1.0, 1.0])


def test_rare_properties_are_drawn_as_often():
    nan = float("nan")
    targets = np.array([[1.0, nan], [1.0, nan], [1.0, nan], [nan, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(balance(targets), [0.25, 0.25, 0.25, 0.5, 0.75])


def test_the_network_under_test_is_random_in_training():
    """Without dropout the test of resuming would not see whether random numbers go on where they were."""
    network = Small().train()
    x = Vectors(torch.ones(64, 3))
    assert not torch.equal(network(x), network(x))
