"""Pre-training of the small network on bulk properties, one head for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.baselines.alignn.weights import read_weights, write_weights
from embench.errors import CheckpointError, FeatureError

if TYPE_CHECKING:
    from embench.baselines.alignn.corpus import Corpus
    from embench.baselines.alignn.local.network import LocalAlignn, NetworkConfig
    from embench.baselines.alignn.training.module import TrainingSettings


@dataclass(frozen=True)
class Pretrained:
    """A network, and how well it predicts the rows that the source holds out.

    `skill` maps each property to 1 − MAE / MAE of the training median, on ranks: 0 is no better than the median.
    """

    network: LocalAlignn
    properties: tuple[str, ...]
    skill: dict[str, float]
    n_train: int
    n_held_out: int


def pretrain(
    corpus: Corpus,
    config: NetworkConfig,
    settings: TrainingSettings,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> Pretrained:
    """Train the network on all properties of the corpus at once.

    The targets are the normal scores of their ranks. A head weighs in the loss as the number of its values to the
    power −1/2, so that the rare properties count without drowning the frequent ones.

    Parameters
    ----------
    folder : where checkpoints and the log go; an interrupted run goes on from there.
    """
    from embench.baselines.alignn.corpus import rank_gauss
    from embench.baselines.alignn.local.batch import Batch
    from embench.baselines.alignn.local.network import LocalAlignn
    from embench.baselines.alignn.training.data import GraphData
    from embench.baselines.alignn.training.run import fit, seeded

    graphs, kept = _graphs(corpus)
    targets, held_out = rank_gauss(corpus.targets)[kept], corpus.held_out[kept]
    weights = np.isfinite(targets[~held_out]).sum(axis=0) ** -0.5
    weights /= weights.mean()
    parts = [
        GraphData([graphs[i] for i in np.flatnonzero(of)], targets[of], Batch, weights=weights)
        for of in (~held_out, held_out)
    ]
    with seeded(settings.seed):
        network = LocalAlignn(config, outputs=len(corpus.properties))
    validation = parts[1] if len(parts[1]) else None
    fit(network, parts[0], settings, validation=validation, folder=folder, progress=progress)
    skill = _skill(network, parts[1], corpus.properties) if validation else {}
    return Pretrained(network, corpus.properties, skill, n_train=len(parts[0]), n_held_out=len(parts[1]))


def _graphs(corpus: Corpus) -> tuple[list[Any], list[int]]:
    """Return the graphs of the crystals, and which crystals they are of: isolated atoms have none."""
    from embench.baselines.alignn.local.graph import crystal_graph

    graphs, kept = [], []
    for i, crystal in enumerate(corpus.crystals):
        try:
            graphs.append(crystal_graph(crystal.lattice, crystal.frac_coords, crystal.atomic_numbers))
        except FeatureError:
            continue
        kept.append(i)
    return graphs, kept


def _skill(network: LocalAlignn, data: Any, properties: Sequence[str]) -> dict[str, float]:
    from embench.baselines.alignn.training.run import predict

    output = predict(network, data.samples, data.collate)
    skill = {}
    for column, name in enumerate(properties):
        known = np.isfinite(data.targets[:, column])
        if known.any():
            target = data.targets[known, column]
            error = np.abs(output[known, column] - target).mean()
            skill[name] = float(1.0 - error / np.abs(target - np.median(target)).mean())
    return skill


def write_pretrained(trained: Pretrained, path: Path) -> None:
    """Write the weights as safetensors; the shape of the network and its properties are in the header."""
    header = {
        "config": json.dumps(asdict(trained.network.config)),
        "properties": json.dumps(trained.properties),
        "skill": json.dumps(trained.skill),
        "crystals": json.dumps({"train": trained.n_train, "held_out": trained.n_held_out}),
    }
    write_weights(path, trained.network.state_dict(), header)


def load_backbone(network: LocalAlignn, path: Path) -> None:
    """Copy everything but the head from a file of :func:`write_pretrained` into `network`.

    Raises :class:`~embench.errors.CheckpointError` where the file is none, or of a network of another shape.
    """
    stored, _ = read_weights(path)
    own = network.state_dict()
    backbone = [name for name in own if not name.startswith("head.")]
    for name in backbone:
        if name not in stored:
            raise CheckpointError(f"{path} has no {name!r}; was it made for another kind of network?")
        if stored[name].shape != own[name].shape:
            raise CheckpointError(
                f"{path}: {name} is {tuple(stored[name].shape)}, this network has {tuple(own[name].shape)}"
            )
    network.load_state_dict({**own, **{name: stored[name] for name in backbone}})
