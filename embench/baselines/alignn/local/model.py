"""The baselines that train the small network on every fold: from scratch, pre-trained, and with energy profiles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.scale import from_log, to_log
from embench.common.shipped import weights_file
from embench.common.threads import one_thread
from embench.crystal import Pathway
from embench.crystal.hop import end_of_hop, structure_digest

if TYPE_CHECKING:
    from embench.baselines.alignn.local.graph import LocalGraph
    from embench.baselines.alignn.local.network import LocalAlignn, NetworkConfig
    from embench.baselines.alignn.training.module import TrainingSettings
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

N_IMAGES = 5
PRETRAINED = "alignn-local.safetensors"
_PROFILES = ("site", "site_relaxing", "site_bending_soft", "site_bending", "site_bending_hard")
_OF_PROFILE = ("log_forward", "root_forward", "log_reverse", "root_reverse")


class Scratch(CheckedBaseline):
    """The mean of several small networks, in log(E + 0.3), that differ in their seed only."""

    members: ClassVar[int] = 3
    pretrained: ClassVar[bool] = False
    profiles: ClassVar[bool] = False

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    @property
    def network(self) -> NetworkConfig:
        """Shape of the network."""
        from embench.baselines.alignn.local.network import NetworkConfig

        return NetworkConfig(inputs=len(_PROFILES) * len(_OF_PROFILE) if self.profiles else 0)

    @property
    def training(self) -> TrainingSettings:
        """How each network is trained."""
        from embench.baselines.alignn.training.module import TrainingSettings

        return TrainingSettings(precision="32", devices=1)

    def _fit(self, train: Dataset) -> None:
        """Train the networks on the training side of a fold, with one thread."""
        import torch  # noqa: F401  # so that one_thread finds it

        with one_thread():
            self._train_all(train)

    def _train_all(self, train: Dataset) -> None:
        graphs, inputs = _graphs(train, self.network), self._inputs(train)
        target = to_log(train.column("migration_barrier").astype(np.float64))
        self._centre, self._scale = float(target.mean()), float(target.std())
        self._input_scale = None if inputs is None else (inputs.mean(axis=0), inputs.std(axis=0) + 1e-6)
        samples = self._samples(graphs, inputs)
        standardised = ((target - self._centre) / self._scale)[:, None]
        self._networks = [self._train(samples, standardised, seed=100 * self.seed + k) for k in range(self.members)]
        self.choices = {"parameters": sum(x.numel() for net in self._networks for x in net.parameters())}

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers, eV; the networks give no uncertainty."""
        from embench.baselines.alignn.training.run import predict

        with one_thread():
            samples = self._samples(_graphs(entries, self.network), self._inputs(entries))
            outputs = [predict(network, samples, collate)[:, 0] for network in self._networks]
        logarithm = np.mean(outputs, axis=0) * self._scale + self._centre
        return Prediction(mean=from_log(logarithm))

    def _train(self, samples: list[Any], target: Floats, *, seed: int) -> LocalAlignn:
        from embench.baselines.alignn.local.network import LocalAlignn
        from embench.baselines.alignn.local.pretrain import load_backbone
        from embench.baselines.alignn.training.run import seeded

        with seeded(seed):
            network = LocalAlignn(self.network)
        if self.pretrained:
            load_backbone(network, weights_file(PRETRAINED))
        self._fit_network(network, samples, target, replace(self.training, seed=seed))
        return network

    def _fit_network(
        self, network: LocalAlignn, samples: list[Any], target: Floats, settings: TrainingSettings
    ) -> None:
        from embench.baselines.alignn.training.data import GraphData
        from embench.baselines.alignn.training.run import fit

        fit(network, GraphData(samples, target, collate), settings)

    def _inputs(self, entries: Dataset) -> Floats | None:
        if not self.profiles:
            return None
        table, names = self._barriers_of_profiles(entries)
        chosen = [f"barriers:{profile}_{kind}" for profile in _PROFILES for kind in _OF_PROFILE]
        return table[:, [names.index(name) for name in chosen]]

    def _barriers_of_profiles(self, entries: Dataset) -> tuple[Floats, list[str]]:
        from embench.baselines.features import feature_table

        return feature_table(entries, ("barriers",))

    def _samples(self, graphs: list[LocalGraph], inputs: Floats | None) -> list[Any]:
        if inputs is None or self._input_scale is None:
            return [(graph, np.empty(0)) for graph in graphs]
        centre, scale = self._input_scale
        return list(zip(graphs, (inputs - centre) / scale, strict=True))


class PreTrained(Scratch):
    """The same networks, whose layers start from pre-training on seven bulk properties of crystals."""

    pretrained = True


class WithProfiles(PreTrained):
    """The pre-trained networks with the cheap energy profiles along the path as further inputs of the head."""

    profiles = True


def collate(samples: Any) -> Any:
    """Return the batch of samples, each a graph and its further inputs (k,)."""
    from embench.baselines.alignn.local.batch import Batch

    graphs, inputs = zip(*samples, strict=True)
    return Batch(graphs, np.stack(inputs))


def graph_of(entry: Pathway, network: NetworkConfig) -> LocalGraph:
    """Return the graph of five images of the migrating ion on the straight line, and what they hear of."""
    from embench.baselines.alignn.local.graph import hop_graph

    lattice = np.asarray(entry.lattice, np.float64)
    # Of the line only: an ionic model is not needed, and has no anion where oxygen migrates.
    images = np.linspace(entry.frac_coords[0], end_of_hop(entry), N_IMAGES) @ lattice @ np.linalg.inv(lattice)
    return hop_graph(
        lattice, entry.frac_coords, entry.atomic_numbers, images, layers=len(network.layers), angles=network.angles
    )


# A run fits many networks to mostly the same entries: their graphs are made once a process.
_KEPT: dict[tuple[str, int, int], LocalGraph] = {}


def _graphs(entries: Iterable[Pathway], network: NetworkConfig) -> list[LocalGraph]:
    graphs = []
    for entry in entries:
        key = structure_digest(entry), len(network.layers), network.angles
        if key not in _KEPT:
            _KEPT[key] = graph_of(entry, network)
        graphs.append(_KEPT[key])
    return graphs


def prepare(entries: Dataset) -> None:
    """Compute the energy profiles of `entries` and leave them in the cache."""
    from embench.baselines.features import feature_table

    feature_table(entries, ("barriers",))
