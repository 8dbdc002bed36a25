"""How fast the network trains here, by each way to compute its layers, and which of them a run takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch

from embench.baselines.alignn.device.arrays import Ints, select
from embench.baselines.alignn.device.layers import Kernels, Kind
from embench.baselines.alignn.device.network import HopBatch, Sizes, pathway_model
from embench.baselines.alignn.device.tasks import Hops
from embench.baselines.alignn.device.training import Recipe, Samples, Training, seeded

# What another way may differ by in 32 bits from the operations of torch one by one, on outputs of about 1.
TOLERANCE = 1e-3
LIGHTNING = "lightning"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What training MODEL-3 on bands costs in one way.

    Attributes
    ----------
    way : plain, eager, compiled, or lightning: the loop of ``embench.baselines.alignn.training`` on plain layers.
    atoms_per_second, angles_per_second : in training steps, or None where it did not work; on a CPU by its own time.
    difference : the largest to the plain layers, in 32 bits.
    peak_gib : of the memory of the device, 0 on a CPU.
    error : why it did not work, or empty.
    """

    way: str
    atoms_per_second: float | None
    angles_per_second: float | None
    difference: float = 0.0
    peak_gib: float = 0.0
    error: str = ""

    def plain(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def compare(
    hops: Hops, *, sizes: Sizes, recipe: Recipe, kinds: Sequence[Kind], seconds: float, lightning: bool
) -> list[Speed]:
    """Return how fast MODEL-3 trains on the published bands in each way, for some `seconds` each."""
    rows = np.flatnonzero(np.asarray(hops.arrays["published.train"])[0])
    found = [_measure(hops, rows, sizes, recipe, kind, seconds) for kind in kinds]
    if lightning:
        found.append(_lightning(hops, rows, sizes, recipe, seconds))
    return found


def fastest(found: Sequence[Speed]) -> Kind:
    """Return the fastest way that works and gives the numbers of the plain layers; eager where none does."""
    sound = [each for each in found if each.way != LIGHTNING and not each.error and each.difference < TOLERANCE]
    best = max(sound, key=lambda each: each.atoms_per_second or 0.0, default=None)
    return "eager" if best is None else best.way  # type: ignore[return-value]


def _training(hops: Hops, rows: Ints, sizes: Sizes, recipe: Recipe, kind: Kind) -> Training:
    with seeded(recipe.seed):
        network = pathway_model(3, sizes, Kernels.of(kind), hops.elements)
    targets = np.zeros((len(hops.arrays["barriers"]), 1))
    samples = Samples((hops.resident("band"),), targets, rows, rows[:0])
    return Training(network, samples, recipe, hops.device)


def _measure(hops: Hops, rows: Ints, sizes: Sizes, recipe: Recipe, kind: Kind, seconds: float) -> Speed:
    try:
        training = _training(hops, rows, sizes, recipe, kind)
        few = rows[:2]
        expected = _training(hops, rows, sizes, recipe, "plain").predict(few)
        difference = float(np.abs(training.predict(few) - expected).max())
        steps = [rows[i : i + recipe.batch_size] for i in range(0, len(rows), recipe.batch_size)]
        training.network.train()
        for step in steps[:2]:  # compiles, and fills the allocator
            training.step(step)
        _reset(hops.device)
        began = _clock(hops.device)
        done: list[Ints] = []
        while not done or _clock(hops.device) - began < seconds:
            done.append(steps[len(done) % len(steps)])
            training.step(done[-1])
            if len(done) % 4 == 0:
                wait(hops.device)
        wait(hops.device)
        passed = _clock(hops.device) - began
    except Exception as error:  # whatever a compiler or a driver stumbles over: another way is taken
        return Speed(way=kind, atoms_per_second=None, angles_per_second=None, error=_first_line(error))
    seen = np.concatenate(done)
    samples = training.samples
    return Speed(
        way=kind,
        atoms_per_second=float(samples.n_nodes[seen].sum()) / passed,
        angles_per_second=float(samples.n_angles[seen].sum()) / passed,
        difference=difference,
        peak_gib=_peak(hops.device),
    )


def _lightning(hops: Hops, rows: Ints, sizes: Sizes, recipe: Recipe, seconds: float) -> Speed:
    """Measure the loop of Lightning on the plain layers: an epoch more of the same bands, without what comes before."""
    try:
        from embench.baselines.alignn.training.data import GraphData
        from embench.baselines.alignn.training.module import TrainingSettings
        from embench.baselines.alignn.training.run import fit

        some = rows[: max(1, min(len(rows), int(4 * recipe.batch_size)))]
        graphs = [(graph,) for graph in select(hops.sets["band"], some).graphs()]
        data = GraphData(graphs, np.zeros((len(some), 1)), HopBatch.of)
        settings = TrainingSettings(batch_size=recipe.batch_size, precision=recipe.precision, devices=1)  # type: ignore[arg-type]

        def taken(epochs: int) -> float:
            with seeded(recipe.seed):
                network = pathway_model(3, sizes, Kernels.of("plain"), hops.elements)
            began = _clock(hops.device)
            fit(network, data, replace(settings, epochs=epochs))
            return _clock(hops.device) - began

        taken(1)
        once = taken(1)
        more = max(1, min(8, int(seconds / max(once, 1e-3))))
        passed = max((taken(1 + more) - once) / more, 1e-9)
    except Exception as error:
        return Speed(way=LIGHTNING, atoms_per_second=None, angles_per_second=None, error=_first_line(error))
    finally:
        torch.use_deterministic_algorithms(False)  # Lightning leaves it on
    band = hops.resident("band")
    return Speed(
        way=LIGHTNING,
        atoms_per_second=float(band.n_nodes[some].sum()) / passed,
        angles_per_second=float(band.n_angles[some].sum()) / passed,
    )


def _clock(device: torch.device) -> float:
    """Return seconds of the wall; of the processor where that is the device, which others may be using too."""
    return time.process_time() if device.type == "cpu" else time.monotonic()


def wait(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reset(device: torch.device) -> None:
    wait(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else 0.0


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"
