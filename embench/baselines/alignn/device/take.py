"""What a session on a lent machine brought back, taken into the repository: records, predictions, weights, a card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embench.baselines.alignn.device.model import SHIPPED_WEIGHTS
from embench.baselines.alignn.device.results import MODEL, SESSION, WEIGHTS, read_session
from embench.baselines.alignn.device.tasks import PRETRAINED
from embench.baselines.record import make_record
from embench.baselines.registry import BaselineSpec, baseline_spec
from embench.baselines.runner import DECIMALS, Run, run_key
from embench.baselines.store import FoldResult
from embench.common.files import atomic_path, write_text
from embench.errors import CheckpointError, StaleFileError
from embench.evaluation.predictions import canonical_csv
from embench.schema import DEFAULT, EARLIER
from embench.splits import Protocol, protocol

SHIPPED_MODEL = "alignn-full-3.safetensors"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A baseline of which protocols were taken, and what its runs are called."""

    spec: BaselineSpec
    protocols: tuple[str, ...]
    title: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A protocol of which every fold was trained by one model from one start."""

    spec: BaselineSpec
    protocol: Protocol
    jobs: list[dict[str, Any]]
    predictions: dict[str, list[tuple[str, float]]]


def take(folder: Path, records: Path, submissions: Path, *, weights: Path | None, trial: bool = False) -> list[Taken]:
    """Write the records and predictions of all protocols that a session has finished, and its weights.

    Parameters
    ----------
    folder
        What ``benchmarks/gpu/run.sh`` has left.
    records, submissions
        Folders that hold a folder of each baseline: for its records and card, and for its predictions.
    weights
        Folder for the weights; None for nowhere.
    trial
        Take a run of a small network or of a few steps too, which says so in its title.

    Raises
    ------
    CheckpointError
        `folder` holds no session, one of a trial, or not one protocol of which all folds are done.
    StaleFileError
        The session was of another dataset, or of other folds.
    """
    content, rows = read_session(folder)
    _check(content, folder, trial=trial)
    finished = list(_finished(content, rows, folder))
    if not finished:
        names = ", ".join(f"MODEL-{job['model']} {job['protocol']} {job['fold']}" for job in content["jobs"])
        raise CheckpointError(
            f"{folder} holds no protocol of which all folds are done ({names or 'nothing is done'}); go on with "
            "the run: put the folder beside the arrays, as brought"
        )
    titles: dict[str, Taken] = {}
    for each in finished:
        run = _run(each, content, trial=trial)
        name = each.spec.name
        run.write(records / name, predictions=submissions / name)
        before = titles[name].protocols if name in titles else ()
        titles[name] = Taken(spec=each.spec, protocols=(*before, each.protocol.name), title=run.record["title"])
    for taken in titles.values():
        write_text(records / taken.spec.name / "README.md", _card(taken, content))
    _curves(content, records / finished[0].spec.name / SESSION)
    if weights is not None:
        for source, target in ((WEIGHTS, SHIPPED_WEIGHTS), (MODEL, SHIPPED_MODEL)):
            if (folder / source).is_file():
                with atomic_path(weights / target) as temporary:
                    shutil.copyfile(folder / source, temporary)
    return list(titles.values())


def _check(content: dict[str, Any], folder: Path, *, trial: bool) -> None:
    tried = [each for each in content["sessions"] if each["options"]["tiny"] or each["options"]["steps"]]
    if tried and not trial:
        raise CheckpointError(f"{folder} was only tried out (--tiny or --steps): nothing of it belongs on the board")
    for name, about in content.get("data", {}).get("protocols", {}).items():
        known = _folds(name, content)
        found = (content["data"]["dataset"], about["sha256"])
        if found != (known.dataset_digest, known.sha256):
            raise StaleFileError(
                f"{folder} is of another dataset or of other folds of {name} than those of now: make the arrays again "
                "with embench alignn carry, and run again"
            )


def _folds(name: str, content: dict[str, Any]) -> Protocol:
    """Return the folds in the version of the dataset that the session is of, or in that of now where it is of none."""
    versions = (protocol(name, one.version) for one in (DEFAULT, *EARLIER))
    dataset = content.get("data", {}).get("dataset")
    return next((found for found in versions if found.dataset_digest == dataset), protocol(name))


def _finished(content: dict[str, Any], rows: Sequence[dict[str, str]], folder: Path) -> Iterator[Finished]:
    """Yield the protocols of which all folds are done, by model and start."""
    jobs: dict[tuple[int, str, str], dict[str, dict[str, Any]]] = {}
    for job in content["jobs"]:
        jobs.setdefault((job["model"], job["start"], job["protocol"]), {})[job["fold"]] = job
    for (model, start, name), done in jobs.items():
        folds = _folds(name, content)
        if set(done) != {fold.name for fold in folds}:
            continue
        found: dict[str, list[tuple[str, float]]] = {fold.name: [] for fold in folds}
        for row in rows:
            if (row["model"], row["start"], row["protocol"]) == (str(model), start, name):
                found[row["fold"]].append((row["entry_id"], float(row["prediction"])))
        for fold in folds:
            if sorted(entry_id for entry_id, _ in found[fold.name]) != sorted(fold.test_ids):
                raise CheckpointError(
                    f"{folder}: MODEL-{model} {start} does not predict all entries of {name}, {fold.name}"
                )
        spec = baseline_spec(f"alignn-full-{model}" + ("" if start == PRETRAINED else "-scratch"))
        yield Finished(spec=spec, protocol=folds, jobs=[done[fold.name] for fold in folds], predictions=found)


def _run(found: Finished, content: dict[str, Any], *, trial: bool) -> Run:
    results = [_fold(job, found.predictions[job["fold"]], content) for job in found.jobs]
    session = content["sessions"][found.jobs[-1]["session"]]
    key = run_key(found.spec, found.protocol, seed=found.jobs[0]["recipe"]["seed"])
    versions = {name: value for name, value in session["versions"].items() if name != "embench"}
    key = replace(key, libraries=tuple(f"{name}=={value}" for name, value in versions.items()))
    ids = [entry_id for result in results for entry_id in result.entry_ids]
    values = [f"{value:.{DECIMALS}f}" for result in results for value in result.mean]
    text = canonical_csv(ids, values)  # type: ignore[arg-type]
    device = session["hardware"].get("accelerator", session["hardware"]["cpu"]).removeprefix("NVIDIA ")
    record = make_record(
        key=key,
        folds=results,
        executor={"kind": "benchmarks/gpu/run.sh"},
        prepare_seconds=0.0,
        predictions=text,
        dataset_version=found.protocol.dataset_version,
    )
    model, epochs = found.jobs[0]["model"], max(job["epochs"] for job in found.jobs)
    size = "tried out" if trial else "full size"
    start = "" if found.jobs[0]["start"] == PRETRAINED else ", from scratch"
    record |= {
        "title": f"MODEL-{model} (ours, {size}{start}, {epochs} epochs, {device})",
        "date": session["date"],
        "recipe": found.jobs[0]["recipe"],
    }
    if found.jobs[0]["start"] == PRETRAINED and "pretraining" in content:
        record["upstream_hours"] = round(sum(each["seconds"] for each in content["pretraining"]["log"]) / 3600, 4)
    return Run(key=key, predictions=text, record=record)


def _fold(job: dict[str, Any], predictions: list[tuple[str, float]], content: dict[str, Any]) -> FoldResult:
    session = content["sessions"][job["session"]]
    choices = {name: job[name] for name in ("parameters", "epochs", "train", "validation", "scale")}
    choices["best_epoch"] = min(job["log"], key=lambda each: each["validation"])["epoch"]
    choices["weights"] = "none: trained from scratch"
    if job["start"] == PRETRAINED:
        choices["weights"] = SHIPPED_WEIGHTS
        choices["weights_sha256"] = content["weights_sha256"]
        choices["pretraining_epochs"] = content.get("pretraining", {}).get("epochs")
    return FoldResult(
        fold=job["fold"],
        entry_ids=tuple(entry_id for entry_id, _ in predictions),
        mean=tuple(value for _, value in predictions),
        std=None,
        # Of one core the same: where there is no accelerator the session had the machine to itself.
        seconds={"fit": job["seconds"], "cpu": job["seconds"]},
        peak_memory_mib=0.0,
        hardware=session["hardware"],
        choices=choices,
    )


def _curves(content: dict[str, Any], path: Path) -> None:
    """Write the description of all sessions, curves included, on few lines."""
    write_text(path, json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def _card(taken: Taken, content: dict[str, Any]) -> str:
    """Return the card of a baseline, from what was measured."""
    pretrained = not taken.spec.name.endswith("-scratch")
    jobs = [
        job
        for job in content["jobs"]
        if taken.spec.name.startswith(f"alignn-full-{job['model']}") and (job["start"] == PRETRAINED) == pretrained
    ]
    recipe = jobs[0]["recipe"]
    device = content["sessions"][jobs[0]["session"]]["hardware"]
    start = "from random weights"
    if pretrained:
        before = content.get("pretraining", {})
        start = "from pre-trained weights"
        if before:
            start = f"from weights of {before['epochs']} epochs on {before['train']:,} crystals"
    return _CARD.format(
        name=taken.spec.name,
        model=jobs[0]["model"],
        start=start,
        parameters=f"{jobs[0]['parameters']:,}",
        epochs=jobs[0]["epochs"],
        batch=recipe["batch_size"],
        rate=f"{recipe['learning_rate']:g}",
        precision="16 bits (bf16)" if recipe["precision"] == "bf16" else "32 bits",
        seconds=f"{sum(job['seconds'] for job in jobs) / len(jobs):.0f}",
        device=device.get("accelerator", device["cpu"]),
    )


_CARD = """# {name}

**Idea.** MODEL-{model} of Devi, Butler and Sai Gautam (npj Comput. Mater. 2026) at its published size,
{start}.

**Inputs.** The graphs that the model reads of a hop: all atoms, the shell of the 12th neighbour, canonical edges (the
published scripts count most edges twice), all angles. No marks of images, no other features.

**Model.** Four ALIGNN layers and four gated layers of 256 features, {parameters} parameters.

**Training.** L1 loss on the standardised barrier, AdamW, OneCycle to {rate}, {epochs} epochs in batches of {batch},
{precision}. The last tenth of the training entries chooses the epoch. The published recipe has 500 epochs.

**Uncertainty.** None.

**Cost.** {seconds} seconds a fold on one {device}; see the records beside this card. `benchmarks/gpu/run.sh` made it.

**Limits.** Straight lines only, one seed, few epochs. On a GPU sums are not made in the same order twice: another run
differs.
"""
