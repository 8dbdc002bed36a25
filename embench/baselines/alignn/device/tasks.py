"""The two stages: pre-training on bulk properties, and fine-tuning of MODEL-1 to MODEL-4 on the folds of protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from embench.baselines.alignn.device.arrays import Crystals, Ints, needed, read
from embench.baselines.alignn.device.layers import Kernels
from embench.baselines.alignn.device.network import Alignn, PathwayModel, Sizes, pathway_model
from embench.baselines.alignn.device.resident import Resident
from embench.baselines.alignn.device.state import load_backbone
from embench.baselines.alignn.device.training import Floats, Recipe, Samples, Training, predict, seeded
from embench.baselines.scale import LARGEST, LEAST
from embench.errors import InvalidValueError

PRETRAINED, SCRATCH = "pretrained", "scratch"
STARTS = (PRETRAINED, SCRATCH)
PROTOCOLS = ("published", "host-10fold")
# The last tenth of the training entries chooses the best epoch, as in the published scripts.
VALIDATION_SHARE = 0.1

# What is read of the two files.
_HOPS = ("initial", "final", "band", "around", "barriers", "elements", "entry_ids", "protocols", "dataset", "canonise")
_CORPUS = ("crystal", "targets", "sampling", "held_out", "elements", "properties")

FINETUNING = Recipe()
# Of the published pre-training length and batch are open. As many epochs as fit, up to this number.
PRETRAINING = Recipe(epochs=100, batch_size=256, learning_rate=2e-3, weight_decay=1e-5)


@dataclass(frozen=True, kw_only=True, order=True)
class Job:
    """One network to be fine-tuned: MODEL-`model` from a `start`, on a fold of a protocol."""

    model: int
    start: str
    protocol: str
    fold: str

    @property
    def name(self) -> str:
        """The name of the job in logs and files."""
        return f"MODEL-{self.model} {self.start} {self.protocol} {self.fold}"


@dataclass(eq=False)
class Hops:
    """The hops that were carried here: graphs by what they show, barriers (eV), and folds."""

    sets: Mapping[str, Crystals]
    arrays: Mapping[str, npt.NDArray[Any]]
    about: Mapping[str, Any]
    device: torch.device
    _resident: dict[str, Resident] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, device: torch.device) -> Hops:
        """Read the file of hops; raises :class:`~embench.errors.CorpusError` for any other file."""
        sets, arrays, about = read(path)
        needed(path, sets | arrays | about, _HOPS, "hops")
        return cls(sets, arrays, about, device)

    @property
    def elements(self) -> torch.Tensor:
        """The features of the elements, (119, 92)."""
        return torch.tensor(np.asarray(self.arrays["elements"], np.float32))

    def resident(self, name: str) -> Resident:
        """Return a set of graphs on the device, where it stays."""
        if name not in self._resident:
            self._resident[name] = Resident(self.sets[name], self.device)
        return self._resident[name]

    def fold(self, job: Job) -> tuple[Ints, Ints]:
        """Return the rows of the training and of the scored side of a fold."""
        number = self.about["protocols"][job.protocol]["folds"].index(job.fold)
        train, test = (self.arrays[f"{job.protocol}.{side}"][number] for side in ("train", "test"))
        return np.flatnonzero(train), np.flatnonzero(test)

    def jobs(self, *, pretrained: bool) -> Iterator[Job]:
        """Yield what is to be trained, what tells most first.

        The published test by every model with both starts; then the folds of hosts, MODEL-3 first. Without weights of
        a pre-training only networks from scratch.
        """
        starts = STARTS if pretrained else (SCRATCH,)
        for protocol in (name for name in PROTOCOLS if name in self.about["protocols"]):
            folds = self.about["protocols"][protocol]["folds"]
            for model in (3, 4, 1, 2):
                for start in starts:
                    for fold in folds:
                        yield Job(model=model, start=start, protocol=protocol, fold=fold)


def finetuning(
    hops: Hops, job: Job, *, sizes: Sizes, recipe: Recipe, kernels: Kernels, weights: Path | None
) -> FineTuning:
    """Return the training of a job, not begun.

    The barriers of the scored side are hidden from it. Raises :class:`~embench.errors.InvalidValueError` where the job
    starts from weights and there are none, or there are too few entries.
    """
    if (job.start == PRETRAINED) != (weights is not None):
        raise InvalidValueError(f"{job.name}: a network that is {job.start} starts {_from(weights)}")
    train, test = hops.fold(job)
    barriers = np.asarray(hops.arrays["barriers"], np.float64).copy()
    barriers[np.setdiff1d(np.arange(len(barriers)), train)] = np.nan
    mean, deviation = float(barriers[train].mean()), float(barriers[train].std()) or 1.0
    inner = train[: int(len(train) * (1 - VALIDATION_SHARE))]
    validation = np.setdiff1d(train, inner)
    if not len(inner) or not len(validation):
        raise InvalidValueError(f"{job.name}: {len(train)} entries are too few to set some aside")
    with seeded(recipe.seed):
        network = pathway_model(job.model, sizes, kernels, hops.elements)
    if weights is not None:
        load_backbone(network, weights)
    graphs = tuple(hops.resident(name) for name in network.graphs)
    samples = Samples(graphs, ((barriers - mean) / deviation)[:, None], inner, validation)
    return FineTuning(job, Training(network, samples, recipe, hops.device), network, test, mean, deviation)


def _from(weights: Path | None) -> str:
    return "without weights" if weights is None else f"from {weights}"


@dataclass(eq=False)
class FineTuning:
    """The training of a job, and what turns its outputs into barriers."""

    job: Job
    training: Training
    network: PathwayModel
    test: Ints
    mean: float
    deviation: float

    def barriers(self, rows: Ints) -> Floats:
        """Return the barriers of some hops (n,), eV, by the parameters of the best epoch."""
        self.training.use_best()
        return self._barriers(self.training.predict(rows))

    def barriers_of(self, others: Hops) -> Floats:
        """Return the barriers (n,), eV, of hops that the training has never held."""
        self.training.use_best()
        rows = np.arange(len(others.sets[self.network.graphs[0]]))
        graphs = tuple(others.resident(name) for name in self.network.graphs)
        samples = Samples(graphs, np.full((len(rows), 1), np.nan), rows, rows[:0])
        return self._barriers(predict(self.network, samples, rows, self.training.most_angles))

    def _barriers(self, outputs: Floats) -> Floats:
        return np.clip(outputs[:, 0] * self.deviation + self.mean, LEAST, LARGEST)


def pretraining(path: Path, *, sizes: Sizes, recipe: Recipe, kernels: Kernels, device: torch.device) -> Training:
    """Return the training on the corpus at `path`, not begun: one head for each property.

    What the source holds out are the validation samples. The parameters are those of the last epoch, not of the best.
    """
    sets, arrays, about = read(path)
    needed(path, sets | arrays | about, _CORPUS, "corpus")
    sizes = replace(sizes, outputs=len(about["properties"]))
    held_out = np.asarray(arrays["held_out"], bool)
    train = np.flatnonzero(~held_out)
    with seeded(recipe.seed):
        network = Alignn(sizes, kernels, torch.tensor(np.asarray(arrays["elements"], np.float32)))
    samples = Samples(
        (Resident(sets["crystal"], device),),
        np.asarray(arrays["targets"], np.float64),
        train,
        np.flatnonzero(held_out),
        sampling=np.asarray(arrays["sampling"], np.float64)[train],
    )
    return Training(network, samples, recipe, device, choose=False)
