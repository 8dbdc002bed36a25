"""The session on a lent machine: the script itself on a CPU, without what is not there, and gone on with."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from embench.baselines.alignn.checkpoint import load
from embench.baselines.alignn.corpus import Corpus
from embench.baselines.alignn.device import prepare, session
from embench.baselines.alignn.device.arrays import read, write
from embench.baselines.alignn.device.results import read_session
from embench.baselines.alignn.device.session import options_of, run
from embench.baselines.alignn.device.state import load_backbone
from embench.baselines.alignn.graphs.bands import Crystal
from embench.baselines.alignn.graphs.cache import GraphSettings
from embench.errors import CheckpointError
from embench.splits import Fold, Protocol
from tests.baselines.alignn.device_checks import small_entries

pytestmark = pytest.mark.xdist_group("alignn-training")

REPOSITORY = Path(__file__).parents[3]
# What the lent machine does not have, and what is too slow to have there.
ABSENT = (
    "alignn", "jarvis", "pymatgen", "ase", "vesin", "dscribe", "pandas", "pyarrow", "scipy", "sklearn", "typer", "rich",
    "yaml", "platformdirs", "plotly", "spglib", "matminer", "lightning", "joblib",
)  # fmt: skip
# Torch asks whether some of these could be imported; only importing them fails.
REFUSE = f"""
import sys
from importlib.machinery import ModuleSpec

class Absent:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name.partition(".")[0] in {ABSENT!r} else None

    def create_module(self, spec):
        raise ModuleNotFoundError(f"No module named {{spec.name!r}}", name=spec.name)

    def exec_module(self, module): ...

sys.meta_path.insert(0, Absent())
"""


@pytest.fixture(scope="module")
def carried(tmp_path_factory):
    """Arrays of twelve hops and twelve crystals."""
    folder = tmp_path_factory.mktemp("carried")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        entries = small_entries(12)
        ids = entries.entry_ids
        published = Protocol("published", (Fold("test", ids[:9], ids[9:]),), "1")
        folds = (Fold("0", ids[:8], ids[8:]), Fold("1", ids[4:], ids[:4]))
        protocols = [published, Protocol("host-10fold", folds, "2")]
        prepare.carry_hops(folder / "hops.zip", entries, protocols, GraphSettings())
    rng = np.random.default_rng(0)
    crystals = tuple(
        Crystal(np.diag([3.0, 3.2, 3.4]), np.array([[0, 0, 0], [0.5, 0.5, x]]), np.array([11, 17]))
        for x in np.linspace(0.4, 0.6, 12)
    )
    corpus = Corpus(("a", "b"), tuple(map(str, range(12))), crystals, rng.normal(size=(12, 2)), np.arange(12) < 2)
    file = folder / "corpus.parquet"
    file.write_bytes(b"a corpus")
    prepare.carry_corpus(folder / "corpus.zip", corpus, file, GraphSettings())
    file.unlink()
    return folder


def arguments(carried: Path, out: Path, *more: str) -> list[str]:
    quick = ["--tiny", "--epochs", "1", "--measure", "0", "--kinds", "plain,eager", "--no-lightning", "--device", "cpu"]
    return ["--data", str(carried), "--out", str(out), *quick, *more]


@pytest.mark.slow
def test_the_script_with_two_steps_where_nothing_else_is_installed(carried, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(REFUSE)
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path),
        "PYTHON": sys.executable,
        "OMP_NUM_THREADS": "1",
        "OUT": str(tmp_path / "out"),
        "DATA": str(carried),
    }
    script = REPOSITORY / "benchmarks" / "gpu" / "run.sh"
    given = ["--tiny", "--steps", "2", "--epochs", "1", "--measure", "0", "--kinds", "plain,eager", "--device", "cpu"]
    given += ["--jobs", "8"]
    done = subprocess.run([script, *given], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Without Lightning it is told so, and nothing else is missing.
    assert "lightning: ModuleNotFoundError" in done.stdout
    # Four models from two starts on the published fold.
    assert done.stdout.endswith("8 networks are done\n")
    files = list((tmp_path / "out").iterdir())
    assert {path.name for path in files} == {
        "session.json", "predictions.csv", "weights.safetensors", "model-3.safetensors",
    }  # fmt: skip
    assert len(files) <= 8
    assert all(path.stat().st_size <= 16 * 2**20 for path in files)
    content, rows = read_session(tmp_path / "out")
    assert len(rows) == 8 * 3
    assert content["pretraining"]["log"][0]["train"] > 0
    assert content["sessions"][0]["kernels"] in ("plain", "eager")
    assert all(each["log"][0]["validation"] > 0 for each in content["jobs"])


def test_weights_of_the_pretraining_fit_the_other_networks(carried, tmp_path):
    """With the sizes in the file, `embench alignn finetune --weights` reads it."""
    run(options_of(arguments(carried, tmp_path, "--stage", "pretrain")))
    found = load(tmp_path / "weights.safetensors")
    assert (found.config.hidden, found.config.outputs) == (session.TINY.hidden, 2)
    assert found.model().backbone is not None
    with safe_open(tmp_path / "weights.safetensors", framework="pt") as stored:
        kinds = {str(stored.get_tensor(name).dtype) for name in stored.keys()}  # noqa: SIM118
    assert kinds >= {"torch.bfloat16", "torch.float32"}


@pytest.mark.slow
def test_it_goes_on_with_what_was_brought_back(carried, tmp_path, monkeypatch):
    """Stopped in its second network, gone on with from what was left; the same predictions as without a stop."""
    # One way to compute: which of two is the faster one is chosen anew in each session, and they differ in last bits.
    three = ("--stage", "finetune", "--epochs", "3", "--steps", "2", "--kinds", "plain")
    whole = run(options_of(arguments(carried, tmp_path / "whole", *three, "--jobs", "3")))
    assert [job["model"] for job in whole.content["jobs"]] == [3, 4, 1]
    epochs = []
    real = session.Training._epoch

    def epoch(training, until):
        epochs.append(training)
        return False if len(epochs) == 5 else real(training, until)

    monkeypatch.setattr(session.Training, "_epoch", epoch)
    first = run(options_of(arguments(carried, tmp_path / "first", *three)))
    assert len(first.content["jobs"]) == 1
    assert first.content["unfinished"]["model"] == 4
    left = {path.name for path in (tmp_path / "first").iterdir()}
    assert left == {"session.json", "predictions.csv", "state-1.safetensors"}
    brought = ("--jobs", "2", "--brought", str(tmp_path / "first"))
    second = run(options_of(arguments(carried, tmp_path / "second", *three, *brought)))
    assert "unfinished" not in second.content
    assert len(second.content["sessions"]) == 2
    assert {path.name for path in (tmp_path / "second").iterdir()} == {"session.json", "predictions.csv"}
    found, expected = (predictions(tmp_path / name) for name in ("second", "whole"))
    assert found.keys() == expected.keys()
    # The moments of the network that was stopped had 16 bits on the way.
    interrupted = [key for key in expected if key[:2] == ("4", "scratch") and key[2] == "published"]
    assert all(found[key] == expected[key] for key in expected if key not in interrupted)
    assert [found[key] for key in interrupted] == pytest.approx([expected[key] for key in interrupted], abs=0.05)
    assert [job["epochs"] for job in second.content["jobs"]] == [3, 3, 3]


def predictions(folder: Path) -> dict[tuple[str, ...], float]:
    with open(folder / "predictions.csv", encoding="utf-8", newline="") as file:
        names = ("model", "start", "protocol", "fold", "entry_id")
        return {tuple(row[name] for name in names): float(row["prediction"]) for row in csv.DictReader(file)}


def test_a_pretraining_that_was_not_done_goes_on(carried, tmp_path, monkeypatch):
    real = session.Training._epoch
    calls = []

    def epoch(training, until):
        calls.append(training.epoch)
        return False if len(calls) == 2 else real(training, until)

    monkeypatch.setattr(session.Training, "_epoch", epoch)
    more = ("--stage", "pretrain", "--epochs", "3")
    first = run(options_of(arguments(carried, tmp_path / "first", *more)))
    assert first.content["unfinished"] == {"task": "pretraining"}
    assert not (tmp_path / "first" / "weights.safetensors").exists()
    run(options_of(arguments(carried, tmp_path / "second", *more, "--brought", str(tmp_path / "first"))))
    assert calls == [0, 1, 1, 2]
    assert (tmp_path / "second" / "weights.safetensors").is_file()


def test_barriers_of_the_scored_side_change_nothing(carried, tmp_path):
    sets, arrays, about = read(carried / "hops.zip")
    hidden = arrays["published.test"][0]
    arrays["barriers"] = np.where(hidden, 9.0, arrays["barriers"])
    other = tmp_path / "other"
    other.mkdir()
    about = {name: value for name, value in about.items() if name not in ("format", "sets")}
    write(other / "hops.zip", sets, arrays, about)
    found = []
    for folder in (carried, other):
        out = tmp_path / f"out-{folder.name}"
        one = ("--stage", "finetune", "--steps", "1", "--jobs", "1", "--kinds", "plain")
        run(options_of(arguments(folder, out, *one)))
        found.append(predictions(out))
    assert found[0] == found[1]
    assert len(found[0]) == 3


def test_what_was_brought_must_fit(carried, tmp_path):
    more = ("--stage", "finetune", "--steps", "1", "--jobs", "1")
    run(options_of(arguments(carried, tmp_path / "first", *more)))
    content = json.loads((tmp_path / "first" / "session.json").read_text())
    content["data"]["dataset"] = "another"
    (tmp_path / "first" / "session.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="is of other arrays"):
        run(options_of(arguments(carried, tmp_path / "second", *more, "--brought", str(tmp_path / "first"))))
    assert session.main(arguments(tmp_path / "nowhere", tmp_path / "third")) == 1


@pytest.mark.parametrize(("name", "lost"), [("hops.zip", "barriers"), ("corpus.zip", "sampling")])
def test_arrays_of_another_version_are_refused(name, lost, carried, tmp_path, capsys):
    sets, arrays, about = read(carried / name)
    del arrays[lost]
    for other in ("hops.zip", "corpus.zip"):
        (tmp_path / other).write_bytes((carried / other).read_bytes())
    write(tmp_path / name, sets, arrays, {key: about[key] for key in about if key not in ("format", "sets")})
    assert session.main(arguments(tmp_path, tmp_path / "out", "--stage", "pretrain")) == 1
    assert f"it lacks {lost}; make it with embench alignn carry" in capsys.readouterr().err


def test_weights_of_other_sizes_are_refused(carried, tmp_path):
    run(options_of(arguments(carried, tmp_path, "--stage", "pretrain")))
    from dataclasses import replace

    from embench.baselines.alignn.device.layers import Kernels
    from embench.baselines.alignn.device.network import pathway_model
    from tests.baselines.alignn.device_checks import elements

    network = pathway_model(3, replace(session.TINY, hidden=24), Kernels.of("eager"), elements())
    with pytest.raises(CheckpointError, match="network with other sizes"):
        load_backbone(network, tmp_path / "weights.safetensors")
