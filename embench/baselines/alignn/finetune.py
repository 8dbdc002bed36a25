"""Training of MODEL-1 to MODEL-4 on entries of the dataset, and predictions of what was trained."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from embench.baselines.alignn.configs import PathwayConfig, configuration
from embench.baselines.alignn.hops import samples
from embench.baselines.alignn.model.pathways import Join, PathwayBatch, PathwayModel, pathway_model
from embench.baselines.alignn.training.data import GraphData
from embench.baselines.alignn.training.module import TrainingSettings
from embench.baselines.alignn.training.run import fit, predict, seeded
from embench.baselines.alignn.weights import read_weights, write_weights
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.scale import LARGEST, LEAST, from_log, to_log
from embench.errors import CheckpointError, InvalidValueError

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

FORMAT = "embench-pathway-1"


@dataclass(frozen=True)
class Scale:
    """From barriers (eV) to what a network learns: their logarithm or themselves, standardised."""

    logarithmic: bool
    mean: float
    deviation: float

    @classmethod
    def of(cls, barriers: Floats, *, logarithmic: bool) -> Scale:
        """Return the scale on which `barriers` (n,), eV, have mean 0 and standard deviation 1."""
        values = to_log(barriers) if logarithmic else barriers
        return cls(logarithmic, float(values.mean()), float(values.std()) or 1.0)

    def learned(self, barriers: Floats) -> Floats:
        """Return what the network learns for `barriers` (n,), eV."""
        values = to_log(barriers) if self.logarithmic else barriers
        return (values - self.mean) / self.deviation

    def barriers(self, outputs: Floats) -> Floats:
        """Return the barriers (n,), eV, for outputs (n,) of the network."""
        values = outputs * self.deviation + self.mean
        return from_log(values) if self.logarithmic else np.clip(values, LEAST, LARGEST)


@dataclass(frozen=True)
class Trained:
    """A trained network; `choices` tells what it was made of, as plain values for a record."""

    model: int
    config: PathwayConfig
    join: Join
    network: PathwayModel
    scale: Scale
    choices: dict[str, Any]

    def predict(self, entries: Dataset) -> Floats:
        """Return the barriers of `entries` (n,), eV."""
        found = samples(entries, self.model, self.config)
        outputs = predict(self.network, found, partial(PathwayBatch.of, angle_cutoff=self.config.angle_cutoff))
        return self.scale.barriers(outputs[:, 0])


def finetune(
    train: Dataset,
    *,
    model: int,
    config: PathwayConfig,
    settings: TrainingSettings,
    join: Join = "cc",
    weights: Path | None = None,
    folder: Path | None = None,
    progress: bool = False,
) -> Trained:
    """Train MODEL-`model` on the entries `train`.

    Parameters
    ----------
    weights
        A file of ``embench alignn pretrain`` or ``import-checkpoint``; its backbone is where the training begins, and
        all layers are trained. Head, joint layer, attention and the second backbone of MODEL-2 begin at random.
    folder
        Where checkpoints and the log go; an interrupted run goes on from there.

    Raises
    ------
    CheckpointError
        `weights` is not of a network with the sizes of this one.
    InvalidValueError
        There are too few entries to set some aside.
    """
    barriers = train.column("migration_barrier").astype(np.float64)
    scale = Scale.of(barriers, logarithmic=config.target == "log")
    with seeded(settings.seed):
        network = pathway_model(model, config.network, marks=config.marks, join=join)
    choices: dict[str, Any] = {"parameters": sum(x.numel() for x in network.parameters())}
    if weights is None:
        choices["weights"] = "none: trained from scratch"
    else:
        load_backbone(network, weights)
        choices |= {"weights": weights.name, "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    graphs, learned = samples(train, model, config), scale.learned(barriers)[:, None]

    def part(rows: NDArray[np.intp]) -> GraphData:
        collate = partial(PathwayBatch.of, angle_cutoff=config.angle_cutoff)
        return GraphData([graphs[i] for i in rows], learned[rows], collate)

    inner, held_out = split(train, config, seed=settings.seed)
    fit(
        network,
        part(inner),
        settings,
        validation=part(held_out) if len(held_out) else None,
        folder=folder,
        progress=progress,
    )
    return Trained(model, config, join, network, scale, choices)


def split(train: Dataset, config: PathwayConfig, *, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of `train` to learn from, and those set aside to choose the best epoch.

    Raises :class:`~embench.errors.InvalidValueError` where one of both would be empty.
    """
    rows = np.arange(len(train))
    if config.validation == "none":
        return rows, rows[:0]
    if config.validation == "last":
        held_out = rows[int(len(rows) * (1 - config.validation_share)) :]
    else:
        hosts = [str(host) for host in train.column("group_host")]
        held_out = grouped_folds(hosts, round(1 / config.validation_share), seed)[0]
    inner = np.setdiff1d(rows, held_out)
    if not len(inner) or not len(held_out):
        raise InvalidValueError(f"{len(rows)} entries are too few to set some aside (validation = {config.validation})")
    return inner, held_out


def load_backbone(network: PathwayModel, file: Path) -> None:
    """Copy the backbone from a file of weights into `network`.

    Raises :class:`~embench.errors.CheckpointError` where the file is none, or its network has other sizes.
    """
    from embench.baselines.alignn.checkpoint import load

    checkpoint = load(file)
    sizes = ("alignn_layers", "gcn_layers", "distance_bins", "angle_bins", "embedding", "hidden")
    for name in sizes:
        theirs, ours = getattr(checkpoint.config, name), getattr(network.backbone.config, name)
        if theirs != ours:
            raise CheckpointError(f"{file} has {name} = {theirs}, this configuration {ours}; choose another --config")
    prefix = "backbone."
    state = {name.removeprefix(prefix): x for name, x in checkpoint.state.items() if name.startswith(prefix)}
    # Marks of images are ours: no checkpoint of others has them.
    own = {name: value for name, value in network.backbone.state_dict().items() if name.startswith("mark.")}
    network.backbone.load_state_dict({**own, **state})


def write_trained(trained: Trained, file: Path) -> None:
    """Write the weights of a trained network as safetensors, with what is needed to use them."""
    metadata = {
        "format": FORMAT,
        "model": str(trained.model),
        "config": trained.config.name,
        "join": trained.join,
        "scale": json.dumps([trained.scale.logarithmic, trained.scale.mean, trained.scale.deviation]),
        "choices": json.dumps(trained.choices),
    }
    write_weights(file, trained.network.state_dict(), metadata)


def read_trained(file: Path) -> Trained:
    """Read what :func:`write_trained` wrote; raises :class:`~embench.errors.CheckpointError` for anything else."""
    state, metadata = read_weights(file)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{file} holds no trained MODEL-1 to MODEL-4 (format {metadata.get('format')!r})")
    config, model = configuration(metadata["config"]), int(metadata["model"])
    join = cast(Join, metadata["join"])  # pathway_model refuses any other
    network = pathway_model(model, config.network, marks=config.marks, join=join)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{file} does not fit MODEL-{model} of this version: {error}") from error
    scale = Scale(*json.loads(metadata["scale"]))
    return Trained(model, config, join, network.eval(), scale, json.loads(metadata["choices"]))
