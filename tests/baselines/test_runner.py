from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import embench
from embench.baselines.runner import forget_run, run_baseline
from embench.common.executor import open_executor
from embench.errors import BaselineError, HiddenTargetError
from tests.baselines.doubles import LOG, PAUSE, Spy, logged

REPOSITORY = Path(__file__).parents[2]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def command(*arguments: object) -> list[str]:
    double = ("--factory", "tests.baselines.doubles:Slow")
    return [sys.executable, "-m", "embench", "baseline", "run", "slow", *double, *map(str, arguments)]


@pytest.fixture
def environment(monkeypatch, tmp_path):
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    monkeypatch.setenv(PAUSE, "0")
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


def test_fit_sees_the_training_side_and_predict_the_scored_side(tmp_path, double, environment):
    Spy.seen.clear()
    run = run_baseline(double("Spy"), embench.protocol("host-10fold"), work=tmp_path)
    with open(REPOSITORY / "splits" / "host-10fold.csv", encoding="utf-8", newline="") as file:
        fold_of = {row["entry_id"]: row["fold"] for row in csv.DictReader(file)}
    del fold_of["M-MnPO4_Na_1"]  # what 1.1.0 no longer scores
    assert len(Spy.seen) == 10
    for train_ids, test_ids in Spy.seen:
        (fold,) = {fold_of[entry_id] for entry_id in test_ids}
        assert set(test_ids) == {entry_id for entry_id, other in fold_of.items() if other == fold}
        assert set(train_ids) == fold_of.keys() - set(test_ids)
    assert {row["entry_id"] for row in rows(run.predictions)} == fold_of.keys()
    run.write(tmp_path)
    assert embench.evaluate(tmp_path / "host-10fold.csv", "host-10fold", resamples=100).coverage.share == 1.0


@pytest.mark.parametrize(
    ("name", "workers"), [("ReadsColumn", 1), ("ReadsEntries", 1), ("ReadsFlags", 1), ("ReadsColumn", 2)]
)
def test_a_cheating_baseline_fails(tmp_path, double, small, name, workers, environment):
    with open_executor(workers=workers) as executor, pytest.raises(HiddenTargetError):
        run_baseline(double(name), small, work=tmp_path, executor=executor)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Short", r"double, small, fold 0: mean has shape \(5,\), expected \(6,\)"),
        ("NotFinite", "mean of entry 0 of 6 is nan"),
        ("Certain", "std of entry 0 of 6 is 0.0"),
        ("SometimesCertain", "some folds have standard deviations"),
        ("Missing", "has no 'Missing'"),
    ],
)
def test_a_broken_baseline_is_named(tmp_path, double, small, name, message, environment):
    with pytest.raises(BaselineError, match=message):
        run_baseline(double(name), small, work=tmp_path)


def test_finished_folds_are_not_computed_again(tmp_path, double, small, environment):
    log = tmp_path / "log"
    first = run_baseline(double("Slow"), small, work=tmp_path / "work")
    again = run_baseline(double("Slow"), small, work=tmp_path / "work")
    assert logged(log, "fitted") == 4
    assert again.predictions == first.predictions
    assert again.record == first.record
    forget_run(first.key, tmp_path / "work")
    run_baseline(double("Slow"), small, work=tmp_path / "work")
    assert logged(log, "fitted") == 8
    run_baseline(double("Slow"), small, work=tmp_path / "work", fresh=True)
    assert logged(log, "fitted") == 12


def test_a_failed_run_keeps_the_folds_before(tmp_path, double, small, environment, monkeypatch):
    log = tmp_path / "log"
    with pytest.raises(RuntimeError, match="stop"):
        run_baseline(double("Slow"), small, work=tmp_path / "work", progress=stop_after(2))
    assert logged(log, "fitted") == 2
    run_baseline(double("Slow"), small, work=tmp_path / "work")
    assert logged(log, "fitted") == 4


def stop_after(folds: int):
    def progress(stage: str, done: int, total: int) -> None:
        assert total == 4
        if done == folds:
            raise RuntimeError("stop")

    return progress


def test_another_seed_is_another_run(tmp_path, double, small, environment):
    first, second = (run_baseline(double("Slow"), small, work=tmp_path, seed=seed) for seed in (0, 1))
    assert first.predictions != second.predictions


def test_features_are_computed_for_every_entry_once_before_the_folds(tmp_path, double, small, environment):
    spec = double("Slow", prepare="tests.baselines.doubles:slow_features")
    run = run_baseline(spec, small, work=tmp_path)
    assert (tmp_path / "log").read_text().split()[:3] == ["features", "features", "started"]  # 24 entries in two parts
    assert run.record["seconds"]["prepare"] >= 0
    run_baseline(spec, small, work=tmp_path)
    assert logged(tmp_path / "log", "features") == 2


def test_the_predictions_file(tmp_path, double, small, environment):
    run = run_baseline(double("Slow"), small, work=tmp_path)
    path = run.write(tmp_path / "out")
    assert path.read_text() == run.predictions
    found = rows(run.predictions)
    assert [row["entry_id"] for row in found] == sorted(small.scored_ids)
    assert list(found[0]) == ["entry_id", "prediction", "uncertainty"]
    # By hand: the mean of the 18 training barriers, plus the first random numbers of the seed.
    data, rng = embench.load(), np.random.default_rng(0)
    mean = np.mean([data[entry_id].migration_barrier for entry_id in small.folds[2].train_ids])
    expected = dict(zip(small.folds[2].test_ids, mean + rng.random(6), strict=True))
    assert {r["entry_id"]: float(r["prediction"]) for r in found if r["entry_id"] in expected} == pytest.approx(
        expected, abs=6e-7
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_on_another_version_of_the_dataset_says_so(tmp_path, double, workers, environment):
    """Also where other processes load the entries: the folds carry their version along."""
    folds = embench.protocol("host-10fold", version="1.0.0").first(2)
    with open_executor(workers=workers) as executor:
        run = run_baseline(double("Spy"), folds, work=tmp_path, executor=executor)
    assert run.record["versions"]["dataset"] == run.record["versions"]["splits"] == "1.0.0"
    assert run.record["checksums"]["dataset"] == embench.load(version="1.0.0").digest
    assert run.record["checksums"]["protocol"] != embench.protocol("host-10fold").sha256
    assert run.record["n_predictions"] == len(folds.scored_ids)


def test_the_record(tmp_path, double, small, environment):
    run = run_baseline(double("Slow"), small, work=tmp_path / "work", seed=3)
    run.write(tmp_path)
    text = (tmp_path / "small.record.json").read_text()
    record = json.loads(text)
    assert record["seed"] == 3
    assert record["n_predictions"] == 24
    assert record["versions"]["numpy"] == np.__version__
    assert record["checksums"]["protocol"] == "5ma11"
    assert set(record["seconds"]["folds"]) == {"0", "1", "2", "3"}
    assert record["peak_memory_mib"] > 20
    assert set(record["seconds"]) == {"prepare", "load", "fit", "predict", "cpu", "folds"}
    assert record["seconds"]["cpu"] == pytest.approx(sum(fold["cpu"] for fold in record["seconds"]["folds"].values()))
    assert record["executor"] == {"kind": "serial", "workers": 1}
    assert record["choices"]["2"] == {"pause": 0.0}
    # Nothing of this machine's names and places.
    for secret in (str(REPOSITORY), str(Path.home()), os.uname().nodename, str(tmp_path), sys.prefix):
        assert secret not in text


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_random_moments_it_gives_the_same_bytes(tmp_path, environment, workers):
    log, out = tmp_path / "log", tmp_path / "out"
    arguments = ("-p", "host-10fold", "--seed", 7, "--workers", workers)
    undisturbed = command(*arguments, "--out", tmp_path / "reference", "--work", tmp_path / "reference-work")
    subprocess.run(undisturbed, env=environment, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    assert logged(log, "fitted") == 10
    log.unlink()

    rng, kills, kept = random.Random(workers), 0, []
    environment = {**environment, PAUSE: "0.1"}
    for _ in range(4 if workers == 1 else 2):
        before, more = logged(log, "started"), rng.choice([0, 1, 2, 3])
        with subprocess.Popen(
            command(*arguments, "--out", out, "--work", tmp_path / "work"), env=environment, cwd=REPOSITORY
        ) as process:
            while process.poll() is None and logged(log, "started") <= before + more:
                time.sleep(0.005)
            time.sleep(rng.uniform(0.0, 0.2))
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        kept.append(len(list((tmp_path / "work").rglob("[0-9].json"))))
    assert kills >= 2
    assert any(0 < finished < 10 for finished in kept)
    time.sleep(0.5)  # worker processes notice the end of their parent
    started = logged(log, "started")
    subprocess.run(
        command(*arguments, "--out", out, "--work", tmp_path / "work"), env=environment, cwd=REPOSITORY, check=True
    )
    assert logged(log, "started") - started == 10 - kept[-1]
    assert (out / "host-10fold.csv").read_bytes() == (tmp_path / "reference" / "host-10fold.csv").read_bytes()


def test_ctrl_c_ends_it_at_once_and_keeps_what_is_finished(tmp_path, environment):
    log = tmp_path / "log"
    arguments = command("-p", "host-10fold", "--out", tmp_path / "out", "--work", tmp_path / "work", "--workers", 2)
    slow = {**environment, PAUSE: "0.1"}
    with subprocess.Popen(arguments, env=slow, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        while logged(log, "fitted") < 4:
            time.sleep(0.01)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "folds of host-10fold are kept; the same command goes on from there" in message
    assert "Traceback" not in message
    kept = len(list((tmp_path / "work").rglob("[0-9].json")))
    assert 0 < kept < 10
    assert not (tmp_path / "out").exists()
