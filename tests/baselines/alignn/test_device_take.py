"""What a session brought back becomes records, predictions, submissions, weights and a card."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import embench
from embench.baselines.alignn.device import take as module
from embench.baselines.alignn.device.take import SHIPPED_MODEL, SHIPPED_WEIGHTS, take
from embench.baselines.registry import baseline_spec
from embench.cli.app import app
from embench.errors import CheckpointError, StaleFileError
from embench.evaluation import evaluate

pytestmark = pytest.mark.xdist_group("alignn-training")

HARDWARE = {"cpu": "A processor", "cores": 16, "system": "Linux", "accelerator": "NVIDIA H200"}
LOG = [
    {"epoch": 1.0, "train": 0.9, "learning_rate": 1e-3, "validation": 0.5, "seconds": 1.5},
    {"epoch": 2.0, "train": 0.7, "learning_rate": 1e-6, "validation": 0.6, "seconds": 1.25},
]


def session(**options: object) -> dict:
    versions = {"embench": "0.1.0", "python": "3.12.1", "numpy": "2.1.0", "torch": "2.11.0+cu130"}
    defaults = {"tiny": False, "steps": None}
    return {"date": "2026-12-01", "hardware": HARDWARE, "versions": versions, "options": defaults | options}


def job(model: int, start: str, protocol: str, fold: str) -> dict:
    return {
        "model": model, "start": start, "protocol": protocol, "fold": fold, "epochs": 2, "parameters": 4_076_033,
        "recipe": {"seed": 0, "batch_size": 16, "learning_rate": 1e-3, "precision": "bf16"}, "scale": [0.6, 0.5],
        "train": 503, "validation": 56, "seconds": 3.0, "session": 0, "log": LOG,
    }  # fmt: skip


def brought(folder: Path, jobs: list[dict], *, without: int = 0, **options: object) -> dict:
    """Write what a session with these jobs leaves: every prediction is the number of its row, in meV."""
    protocols = {name: embench.protocol(name) for name in ("published", "host-10fold")}
    content = {
        "format": "embench-device-session-1",
        "sessions": [session(**options)],
        "data": {
            "dataset": embench.load().digest,
            "protocols": {name: {"sha256": each.sha256} for name, each in protocols.items()},
            "canonise": True,
        },
        "weights_sha256": "ab" * 32,
        "pretraining": {"epochs": 12, "train": 25_000, "log": [{"seconds": 30.0}] * 12},
        "jobs": jobs,
    }
    lines = ["model,start,protocol,fold,entry_id,prediction"]
    for each in jobs:
        fold = next(fold for fold in protocols[each["protocol"]] if fold.name == each["fold"])
        head = f"{each['model']},{each['start']},{each['protocol']},{each['fold']}"
        ids = fold.test_ids[: len(fold.test_ids) - without]
        lines += [f"{head},{entry_id},{row / 1000:.6f}" for row, entry_id in enumerate(ids)]
    folder.mkdir()
    (folder / "session.json").write_text(json.dumps(content))
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    (folder / "weights.safetensors").write_bytes(b"weights")
    (folder / "model-3.safetensors").write_bytes(b"model")
    return content


def hosts(model: int, start: str) -> list[dict]:
    return [job(model, start, "host-10fold", fold.name) for fold in embench.protocol("host-10fold")]


def test_a_run_on_the_board(tmp_path):
    jobs = [job(3, "pretrained", "published", "test"), job(3, "scratch", "published", "test"), *hosts(3, "scratch")]
    jobs.append(job(3, "pretrained", "host-10fold", "0"))  # not complete, and left for another session
    brought(tmp_path / "back", jobs)
    where = {name: tmp_path / name for name in ("results", "submissions", "weights")}
    options = [text for name, path in where.items() for text in (f"--{name}", str(path))]
    done = CliRunner().invoke(app, ["alignn", "take", str(tmp_path / "back"), *options])
    assert done.exit_code == 0, done.output or done.exception
    assert "MODEL-3 (ours, full size, 2 epochs, H200), published" in done.output
    assert "MODEL-3 (ours, full size, from scratch, 2 epochs, H200), published, host-10fold" in done.output
    folder = where["submissions"] / "alignn-full-3"
    assert {path.name for path in folder.iterdir()} == {"published.csv", "submission.yaml"}
    described = yaml.safe_load((folder / "submission.yaml").read_text())
    assert described["name"] == "MODEL-3 (ours, full size, 2 epochs, H200)"
    assert described["hardware"] == "NVIDIA H200"
    assert described["parameters"] == 4_076_033
    assert described["cost_device_hours"] == pytest.approx(3 / 3600, abs=1e-4)
    assert described["upstream"]["device_hours"] == pytest.approx(0.1)
    assert described["versions"]["torch"] == "2.11.0+cu130"
    scratch = yaml.safe_load((where["submissions"] / "alignn-full-3-scratch" / "submission.yaml").read_text())
    assert scratch["upstream"] is None
    assert set(scratch["predictions"]) == {"published", "host-10fold"}
    # The predictions are those that came back, entry by entry.
    ids = embench.protocol("published").scored_ids
    with open(folder / "published.csv", encoding="utf-8", newline="") as file:
        found = {row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(file)}
    fold = embench.protocol("published").folds[0]
    assert found == {entry_id: row / 1000 for row, entry_id in enumerate(fold.test_ids)}
    assert set(found) == set(ids)
    barriers = embench.load().select(list(found)).column("migration_barrier")
    mae = abs(barriers - list(found.values())).mean()
    assert evaluate(folder / "published.csv", "published").metrics["mae"].value == pytest.approx(mae)
    record = json.loads((where["results"] / "alignn-full-3" / "published.record.json").read_text())
    assert record["date"] == "2026-12-01"
    choices = record["choices"]["test"]
    assert (choices["best_epoch"], choices["pretraining_epochs"], choices["weights_sha256"]) == (1.0, 12, "ab" * 32)
    assert record["checksums"]["predictions"] == hashlib.sha256((folder / "published.csv").read_bytes()).hexdigest()
    card = (where["results"] / "alignn-full-3" / "README.md").read_text()
    assert all(f"**{part}.**" in card for part in ("Idea", "Inputs", "Uncertainty", "Cost", "Limits"))
    assert "from weights of 12 epochs on 25,000 crystals" in card
    assert (where["weights"] / SHIPPED_WEIGHTS).read_bytes() == b"weights"
    assert (where["weights"] / SHIPPED_MODEL).read_bytes() == b"model"
    logs = json.loads((where["results"] / "alignn-full-3" / "session.json").read_text())
    assert logs["jobs"][0]["log"] == LOG


def test_what_was_taken_counts_as_finished(tmp_path, monkeypatch):
    from embench.baselines import registry

    assert baseline_spec("alignn-full-3").finished == ()
    brought(tmp_path / "back", [job(3, "pretrained", "published", "test")])
    take(tmp_path / "back", tmp_path / "records", tmp_path, weights=None)
    monkeypatch.setattr(registry, "resource_folder", lambda _: tmp_path)
    assert baseline_spec("alignn-full-3").finished == ("published",)
    assert baseline_spec("alignn-full-4").finished == ()
    assert not (tmp_path / SHIPPED_WEIGHTS).exists()


def test_a_trial_stays_off_the_board(tmp_path):
    brought(tmp_path / "back", [job(4, "scratch", "published", "test")], steps=2)
    with pytest.raises(CheckpointError, match="only tried out"):
        take(tmp_path / "back", tmp_path, tmp_path, weights=None)
    (found,) = take(tmp_path / "back", tmp_path, tmp_path, weights=None, trial=True)
    assert found.title == "MODEL-4 (ours, tried out, from scratch, 2 epochs, H200)"


def test_what_is_not_complete_or_of_other_data_is_refused(tmp_path):
    brought(tmp_path / "one", [job(3, "pretrained", "host-10fold", "0")])
    with pytest.raises(CheckpointError, match="no protocol of which all folds are done"):
        take(tmp_path / "one", tmp_path, tmp_path, weights=None)
    brought(tmp_path / "two", [job(3, "pretrained", "published", "test")], without=1)
    with pytest.raises(CheckpointError, match="does not predict all entries of published"):
        take(tmp_path / "two", tmp_path, tmp_path, weights=None)
    content = brought(tmp_path / "three", [job(3, "pretrained", "published", "test")])
    content["data"]["dataset"] = "another"
    (tmp_path / "three" / "session.json").write_text(json.dumps(content))
    with pytest.raises(StaleFileError, match="another dataset"):
        take(tmp_path / "three", tmp_path, tmp_path, weights=None)
    with pytest.raises(CheckpointError, match="does not hold what benchmarks"):
        take(tmp_path / "four", tmp_path, tmp_path, weights=None)
    assert not list(tmp_path.rglob("*.record.json"))
    assert module.SHIPPED_WEIGHTS.endswith(".safetensors")
