"""One session on a device: measure, pre-train, fine-tune, and leave everything in one folder before the time is up.

``python -m embench.baselines.alignn.device.session --data DIR --out DIR`` needs torch, numpy and safetensors alone.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from embench.baselines.alignn.device.layers import Kernels, Kind
from embench.baselines.alignn.device.network import FULL, Sizes
from embench.baselines.alignn.device.results import MODEL, WEIGHTS, Results
from embench.baselines.alignn.device.speed import compare, fastest
from embench.baselines.alignn.device.state import read_state, write_network
from embench.baselines.alignn.device.tasks import (
    FINETUNING,
    PRETRAINED,
    PRETRAINING,
    FineTuning,
    Hops,
    finetuning,
    pretraining,
)
from embench.baselines.alignn.device.training import Recipe, Training
from embench.errors import CheckpointError, EmbenchError

HOPS, CORPUS = "hops.zip", "corpus.zip"
# For trying out: the same run with a network and a batch that a CPU can do.
TINY = Sizes(alignn_layers=1, gcn_layers=1, distance_bins=8, angle_bins=8, embedding=8, hidden=16)
_RESERVE = 12.0
"""Seconds that are kept for writing what is left."""
_LEAST = 20.0
"""With fewer seconds left no other job is begun."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a session is run; `minutes` bounds it, and `pretrain_minutes` its first stage."""

    data: Path
    out: Path
    brought: Path | None = None
    minutes: float = 8.5
    pretrain_minutes: float = 5.0
    stage: str = "all"
    epochs: int | None = None
    steps: int | None = None
    jobs: int | None = None
    batch_size: int | None = None
    precision: str | None = None
    tiny: bool = False
    measure: float = 4.0
    kinds: tuple[Kind, ...] = ("plain", "eager", "compiled")
    lightning: bool = True
    seed: int = 0
    device: str = "auto"


def run(options: Options) -> Results:
    """Run a session; raises what reading the arrays, the weights or the state raises."""
    until = time.monotonic() + 60 * options.minutes - _RESERVE
    name = ("cuda:0" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    device = torch.device(name)
    # Where 32 bits are asked for they are meant: with fewer (TF32) sound ways to compute would seem to differ.
    torch.set_float32_matmul_precision("highest")
    results = Results.open(options.out, options.brought)
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(options).items()}
    results.begin(device, plain)
    sizes = TINY if options.tiny else FULL
    hops = Hops.read(options.data / HOPS, device)
    data = {name: hops.about[name] for name in ("dataset", "protocols", "canonise")}
    if results.content.setdefault("data", data) != data:
        raise CheckpointError(
            f"{options.brought} is of other arrays (dataset, folds or edges) than {options.data / HOPS}: begin anew "
            "without it, or make the arrays that it was begun with"
        )
    kernels = Kernels.of(_measured(hops, sizes, options, results))
    weights = _bring(options, WEIGHTS)
    _bring(options, MODEL)
    if options.stage != "finetune" and weights is None:
        weights = _pretrain(options, sizes, kernels, device, results, min(until, _stage_end(options, until)))
    if weights is not None:
        results.content["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
        results.write()
    if options.stage != "pretrain":
        _finetune(options, sizes, kernels, hops, results, weights, until)
    return results


def _stage_end(options: Options, until: float) -> float:
    return until if options.stage == "pretrain" else time.monotonic() + 60 * options.pretrain_minutes


def _recipe(recipe: Recipe, options: Options, *, epochs: int | None) -> Recipe:
    return replace(
        recipe,
        seed=options.seed,
        steps=options.steps,
        epochs=epochs or recipe.epochs,
        batch_size=options.batch_size or (2 if options.tiny else recipe.batch_size),
        precision=options.precision or recipe.precision,
    )


def _measured(hops: Hops, sizes: Sizes, options: Options, results: Results) -> Kind:
    """Return the way that computes fastest here, by trying all."""
    recipe = _recipe(FINETUNING, options, epochs=None)
    found = compare(
        hops, sizes=sizes, recipe=recipe, kinds=options.kinds, seconds=options.measure, lightning=options.lightning
    )
    chosen = fastest(found)
    results.session["speed"] = [each.plain() for each in found]
    results.session["kernels"] = chosen
    results.write()
    for each in found:
        rate = each.error or f"{each.atoms_per_second:,.0f} atoms/s, {each.angles_per_second:,.0f} angles/s"
        _say(f"{each.way}: {rate}")
    return chosen


def _bring(options: Options, name: str) -> Path | None:
    """Return a file that was brought back from an earlier session, copied to where this one leaves its own."""
    source = None if options.brought is None else options.brought / name
    if source is None or not source.is_file():
        return None
    target = options.out / name
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)
    return target


def _resume(options: Options, results: Results, what: dict[str, object], training: Training) -> None:
    """Go on with `training` where an earlier session stopped, where that was the same one."""
    if results.content.get("unfinished") == what and options.brought is not None:
        found = read_state(options.brought)
        if found is not None:
            training.restore(*found)
            _say(f"goes on after epoch {training.epoch}")


def _pretrain(
    options: Options, sizes: Sizes, kernels: Kernels, device: torch.device, results: Results, until: float
) -> Path | None:
    """Pre-train as long as there is time; return the weights, or None where it is not done."""
    if not (options.data / CORPUS).is_file():
        _say(f"no {CORPUS}: no pre-training")
        return None
    recipe = _recipe(PRETRAINING, options, epochs=options.epochs)
    training = pretraining(options.data / CORPUS, sizes=sizes, recipe=recipe, kernels=kernels, device=device)
    what: dict[str, object] = {"task": "pretraining"}
    _resume(options, results, what, training)
    training.epochs = recipe.epochs
    done = training.run(until, by_time=True, tell=lambda line: _say(f"pre-training, {line}"))
    results.content["pretraining"] = {
        "epochs": training.epoch,
        "progress": training.progress,
        "recipe": asdict(recipe),
        "train": len(training.samples.train),
        "validation": len(training.samples.validation),
        "kernels": kernels.kind,
        "session": len(results.content["sessions"]) - 1,
        "log": training.log,
    }
    if not done:
        results.pause(what, *training.kept())
        _say("pre-training is not done: bring the state back and go on")
        return None
    path = options.out / WEIGHTS
    network = training.network
    about = {"epochs": str(training.epoch), "crystals": str(len(training.samples.train))}
    write_network(path, network.state_dict(), network.sizes.plain(), about)  # type: ignore[operator,union-attr]
    results.content.pop("unfinished", None)
    results.write()
    return path


def _finetune(
    options: Options,
    sizes: Sizes,
    kernels: Kernels,
    hops: Hops,
    results: Results,
    weights: Path | None,
    until: float,
) -> None:
    """Train one job after the other until the time is up."""
    recipe = _recipe(FINETUNING, options, epochs=options.epochs)
    entry_ids, done = hops.about["entry_ids"], results.done()
    waiting = [job for job in hops.jobs(pretrained=weights is not None) if job not in done]
    for job in waiting[: options.jobs]:
        if time.monotonic() > until - (0 if options.steps else _LEAST):
            break
        began = time.monotonic()
        start = weights if job.start == PRETRAINED else None
        found = finetuning(hops, job, sizes=sizes, recipe=recipe, kernels=kernels, weights=start)
        what: dict[str, object] = {"task": "finetuning", **asdict(job)}
        _resume(options, results, what, found.training)
        if not found.training.run(until):
            results.pause(what, *found.training.kept())
            _say(f"{job.name}: epoch {found.training.epoch} of {found.training.epochs}, to be gone on with")
            break
        results.add(found, entry_ids, time.monotonic() - began)
        _say(f"{job.name}: {found.training.epoch} epochs in {time.monotonic() - began:.1f} s")
        if job.model == 3 and job.protocol == "published" and job.start == PRETRAINED:
            write_model(options.out / MODEL, found, canonise=bool(hops.about["canonise"]))


MODEL_FORMAT = "embench-device-model-1"


def write_model(path: Path, found: FineTuning, *, canonise: bool) -> None:
    """Write the weights of a fine-tuned network, and what is needed to use them."""
    about = {
        "format": MODEL_FORMAT,
        "model": str(found.job.model),
        "mean": repr(found.mean),
        "deviation": repr(found.deviation),
        "canonise": str(canonise),
    }
    write_network(path, found.network.state_dict(), found.network.sizes.plain(), about)


def _say(line: str) -> None:
    print(line, flush=True)


def options_of(arguments: Sequence[str] | None = None) -> Options:
    """Return the options that a command line gives."""
    parser = argparse.ArgumentParser(prog="session", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of hops.zip and corpus.zip (embench alignn carry)"
    )
    parser.add_argument("--out", type=Path, required=True, help="where everything goes")
    parser.add_argument("--brought", type=Path, help="what an earlier session left; by default --data/brought")
    parser.add_argument("--minutes", type=float, default=Options.minutes, help="for everything")
    parser.add_argument("--pretrain-minutes", type=float, default=Options.pretrain_minutes, help="for the pre-training")
    parser.add_argument("--stage", choices=("all", "pretrain", "finetune"), default="all")
    parser.add_argument("--epochs", type=int, help="of every network, other than in the recipes")
    parser.add_argument("--steps", type=int, help="end every epoch after so many steps: for trying out")
    parser.add_argument("--jobs", type=int, help="train no more networks than that")
    parser.add_argument("--batch-size", type=int, help="other than in the recipes")
    parser.add_argument("--precision", choices=("32", "bf16"), help="other than in the recipes")
    parser.add_argument("--tiny", action="store_true", help="a small network and batch: for trying out")
    parser.add_argument("--measure", type=float, default=Options.measure, help="seconds for each way to compute")
    parser.add_argument("--kinds", default=",".join(Options.kinds), help="ways to compute that are tried")
    parser.add_argument("--no-lightning", dest="lightning", action="store_false", help="do not measure Lightning")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    found = parser.parse_args(arguments)
    brought = found.brought or found.data / "brought"
    given = vars(found) | {"kinds": tuple(found.kinds.split(",")), "brought": brought if brought.is_dir() else None}
    return Options(**given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a session from the command line; return the exit code."""
    options = options_of(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        results = run(options)
    except EmbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    left = results.content.get("unfinished")
    _say(f"{len(results.content['jobs'])} networks are done" + (f"; unfinished: {left}" if left else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
