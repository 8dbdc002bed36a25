"""What an epoch of MODEL-1 to MODEL-4 costs on one thread, in each configuration.

Run ``python benchmarks/training.py --out docs/benchmarks.md`` on a quiet machine; it renews its section of the page.
It needs the extra ``alignn`` and takes about ten minutes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import typer
from sections import OUT, machine, show

import embench
from embench.baselines.alignn.configs import CONFIGS, PathwayConfig
from embench.baselines.alignn.finetune import Scale, split
from embench.baselines.alignn.graphs.crystal import Graph
from embench.baselines.alignn.hops import samples
from embench.baselines.alignn.model.pathways import MODELS, PathwayBatch, PathwayModel, pathway_model
from embench.baselines.alignn.training.data import GraphData
from embench.baselines.alignn.training.run import fit, seeded
from embench.common.markdown import markdown_table

SEED = 0
PROTOCOL = "published"
# Hops that are trained on, and epochs after the first one, of each configuration.
SAMPLE = {"cpu": (128, 3), "paper": (3, 1)}


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one epoch of a model costs: CPU seconds of a sample, and how much larger the training part is."""

    model: int
    config: str
    parameters: int
    entries: int
    sample: int
    bonds_and_angles: int
    share: float
    seconds: float

    @property
    def epoch(self) -> float:
        """CPU seconds of an epoch of the whole training part."""
        return self.seconds / self.share


def measure(model: int, config: PathwayConfig, sample: int, *, epochs: int) -> Result:
    """Train on hops drawn at random, one epoch and `epochs` more: the difference is without what comes before."""
    train = next(iter(embench.protocol(PROTOCOL))).train
    rows, _ = split(train, replace(config, validation="last"), seed=SEED)
    inner = train.select(train.entry_ids[row] for row in rows)
    graphs = samples(inner, model, config)
    barriers = inner.column("migration_barrier").astype(np.float64)
    learned = Scale.of(barriers, logarithmic=config.target == "log").learned(barriers)[:, None]
    collate = partial(PathwayBatch.of, angle_cutoff=config.angle_cutoff)
    sizes = np.array([size(hop, config) for hop in graphs])
    drawn = np.sort(np.random.default_rng(SEED).choice(len(graphs), size=min(sample, len(graphs)), replace=False))
    data = GraphData([graphs[row] for row in drawn], learned[drawn], collate)
    settings = config.settings(model, seed=SEED, devices=1, patience=0)

    def network() -> PathwayModel:
        with seeded(SEED):
            return pathway_model(model, config.network, marks=config.marks)

    def seconds(count: int) -> float:
        start = time.process_time()
        fit(network(), data, replace(settings, epochs=count))
        return time.process_time() - start

    seconds(1)
    return Result(
        model=model,
        config=config.name,
        parameters=sum(value.numel() for value in network().parameters()),
        entries=len(graphs),
        sample=len(drawn),
        bonds_and_angles=int(sizes.sum()),
        share=float(sizes[drawn].sum() / sizes.sum()),
        seconds=(seconds(1 + epochs) - seconds(1)) / epochs,
    )


def size(hop: tuple[Graph, ...], config: PathwayConfig) -> int:
    """Return the number of bonds and angles of all graphs that a model reads of a hop."""
    batch = PathwayBatch.of([hop], angle_cutoff=config.angle_cutoff)
    return sum(len(graph.src) + len(graph.first) for graph in batch.graphs)


def section(results: Sequence[Result], *, load: float) -> str:
    """Return the section of the documentation; `load` is how many processes ran or waited meanwhile."""
    header = ("model", "parameters", "bonds and angles, millions", "measured on", "CPU-seconds an epoch")
    rows = [
        (
            f"MODEL-{result.model}, `{result.config}`",
            f"{result.parameters:,}",
            f"{result.bonds_and_angles / 1e6:.1f}",
            f"{result.sample} entries, {result.share:.1%}",
            f"{result.epoch:,.0f}" if result.epoch < 100 else f"{round(result.epoch, -2):,.0f}",
        )
        for result in results
    ]
    table = markdown_table(header, rows, left=("model", "measured on"))
    published = {result.model: result.epoch for result in results if result.config == "paper"}
    epochs = next(config for config in CONFIGS if config.name == "paper").training.epochs
    return f"""## What an epoch costs

*embench {embench.__version__}, dataset {embench.DATASET_VERSION}, torch {version("torch")}. Written by
`python benchmarks/training.py`; not edited by hand.*

MODEL-1 to MODEL-4 on {results[0].entries} entries, nine tenths of the published training part, by one thread: forward,
backward, step and the line graphs of the batches, without validation. Measured on some entries drawn at random (seed
{SEED}) and scaled by their share of all bonds and angles: a rough figure where these are few.
Machine: {machine()}; load average meanwhile {load:.1f}.

{table.rstrip()}

The {epochs} epochs of the published recipe would take MODEL-3 about {epochs * published[3] / 86400:.0f} days on one
core.
"""


def main(
    out: Path | None = OUT,
) -> None:
    """Measure what an epoch costs."""
    import torch

    torch.set_num_threads(1)
    results = []
    for config in reversed(CONFIGS):
        for model in MODELS:
            sample, epochs = SAMPLE[config.name]
            results.append(measure(model, config, sample, epochs=epochs))
            print(f"MODEL-{model}, {config.name}: {results[-1].epoch:,.0f} CPU-seconds an epoch", flush=True)
    show(section(results, load=os.getloadavg()[2]), out)


if __name__ == "__main__":
    typer.run(main)
