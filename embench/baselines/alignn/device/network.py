"""ALIGNN, and MODEL-1 to MODEL-4, on the fused layers: the parameters are those of the networks in ``alignn.model``.

A network here and one there take each other's weights by name, and give the same numbers. These need torch alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embench.baselines.alignn.device.layers import Dense, EdgeGated, Gaussians, Kernels
from embench.baselines.alignn.graphs.batch import N_FEATURES, GraphBatch
from embench.errors import UnknownNameError

MODELS = (1, 2, 3, 4)
_DISTANCES, _COSINES = (0.0, 8.0), (-1.0, 1.0)
_HEAD_WIDTH, _HEAD_LAYERS = 128, 2


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes of a network.

    The fields are those of ``alignn.model.backbone.AlignnConfig``, which cannot be imported without alignn.
    """

    alignn_layers: int = 4
    gcn_layers: int = 4
    distance_bins: int = 80
    angle_bins: int = 40
    embedding: int = 64
    hidden: int = 256
    outputs: int = 1
    head_width: int | None = _HEAD_WIDTH
    head_layers: int = _HEAD_LAYERS

    def plain(self) -> dict[str, Any]:
        """Return the sizes as plain values."""
        return asdict(self)


FULL = Sizes()
"""The published network."""


@dataclass(frozen=True, eq=False)
class HopBatch:
    """Hops in a batch: for each graph that a model reads of a hop, those of all hops side by side."""

    graphs: tuple[GraphBatch, ...]

    @classmethod
    def of(cls, samples: Sequence[tuple[Any, ...]]) -> HopBatch:
        """Put the graphs of several hops side by side and make their angles on the host."""
        return cls(tuple(GraphBatch.of(graphs) for graphs in zip(*samples, strict=True)))

    def to(self, device: torch.device | str) -> HopBatch:
        """Return the batch on a device."""
        return HopBatch(tuple(graph.to(device) for graph in self.graphs))


class _Layer(nn.Module):
    """One update of atoms, bonds and angles."""

    def __init__(self, features: int, kernels: Kernels) -> None:
        super().__init__()
        self.node_update, self.edge_update = EdgeGated(features, kernels), EdgeGated(features, kernels)

    def forward(self, batch: GraphBatch, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, m = self.node_update(batch.src, batch.dst, x, y)
        y, z = self.edge_update(batch.first, batch.second, m, z)
        return x, y, z


class Backbone(nn.Module):
    """The network up to the features of the atoms; `elements` (119, 92) are the features of the elements."""

    def __init__(self, sizes: Sizes, kernels: Kernels, elements: Tensor) -> None:
        super().__init__()
        hidden = sizes.hidden
        self.atom_embedding = Dense(N_FEATURES, hidden, kernels)
        self.edge_embedding = _expansion(_DISTANCES, sizes.distance_bins, sizes, kernels)
        self.angle_embedding = _expansion(_COSINES, sizes.angle_bins, sizes, kernels)
        self.alignn_layers = nn.ModuleList(_Layer(hidden, kernels) for _ in range(sizes.alignn_layers))
        self.gcn_layers = nn.ModuleList(EdgeGated(hidden, kernels) for _ in range(sizes.gcn_layers))
        self.register_buffer("elements", elements.clone(), persistent=False)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return the features (n, hidden) of all atoms of a batch."""
        return update(batch, *self.embed(batch), self.alignn_layers, self.gcn_layers)

    def embed(self, batch: GraphBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first features of atoms (n, hidden), bonds (e, hidden) and angles (t, hidden)."""
        x = self.atom_embedding(cast(Tensor, self.elements)[batch.atomic_numbers])
        y = self.edge_embedding(torch.linalg.vector_norm(batch.vectors, dim=1))
        z = self.angle_embedding(batch.cosines) if len(self.alignn_layers) else y[:0]
        return x, y, z


def update(
    batch: GraphBatch, x: Tensor, y: Tensor, z: Tensor, alignn_layers: nn.ModuleList, gcn_layers: nn.ModuleList
) -> Tensor:
    """Return what layers make of the features of atoms (n, hidden), bonds (e, hidden) and angles (t, hidden)."""
    for layer in alignn_layers:
        x, y, z = layer(batch, x, y, z)
    for layer in gcn_layers:
        x, y = layer(batch.src, batch.dst, x, y)
    return x


def _expansion(span: tuple[float, float], bins: int, sizes: Sizes, kernels: Kernels) -> nn.Sequential:
    return nn.Sequential(
        Gaussians(*span, bins), Dense(bins, sizes.embedding, kernels), Dense(sizes.embedding, sizes.hidden, kernels)
    )


def mean_pool(x: Tensor, batch: GraphBatch) -> Tensor:
    """Return the mean (g, f) over the atoms of each graph, from their features (n, f), in 32 bits."""
    total = torch.zeros(len(batch), x.shape[1], device=x.device).to(torch.promote_types(x.dtype, torch.float32))
    return total.index_add(0, batch.graph, x.to(total.dtype)) / batch.n_nodes[:, None]


class Heads(nn.Module):
    """One head for each property on pooled features: SiLU, hidden layers with SiLU, and a linear layer."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_head(sizes) for _ in range(sizes.outputs))

    def forward(self, pooled: Tensor) -> Tensor:
        """Return the properties (g, outputs)."""
        return torch.cat([head(pooled) for head in self.heads], dim=1)


def _head(sizes: Sizes) -> nn.Sequential:
    width = sizes.head_width or _HEAD_WIDTH
    parts: list[nn.Module] = [nn.SiLU()]
    for number in range(sizes.head_layers):
        parts += [nn.Linear(width if number else sizes.hidden, width), nn.SiLU()]
    return nn.Sequential(*parts, nn.Linear(width, 1))


class Alignn(nn.Module):
    """ALIGNN: the mean of the features of all atoms, and a head for each property."""

    def __init__(self, sizes: Sizes, kernels: Kernels, elements: Tensor) -> None:
        super().__init__()
        self.sizes = sizes
        self.backbone = Backbone(sizes, kernels, elements)
        self.head = Heads(sizes)

    def forward(self, batch: HopBatch) -> Tensor:
        """Return the properties (g, outputs) of all graphs of a batch, which holds one graph of each crystal."""
        (graph,) = batch.graphs
        return cast(Tensor, self.head(mean_pool(self.backbone(graph), graph)))


class PathwayModel(nn.Module, ABC):
    """What MODEL-1 to MODEL-4 have in common: a backbone, and a head on :meth:`features`."""

    graphs: tuple[str, ...] = ()
    """The sets of graphs that the model reads of a hop."""

    def __init__(self, sizes: Sizes, kernels: Kernels, elements: Tensor) -> None:
        super().__init__()
        self.sizes = sizes
        self.backbone = Backbone(sizes, kernels, elements)
        self.head = Heads(replace(sizes, outputs=1, head_width=_HEAD_WIDTH, head_layers=_HEAD_LAYERS))

    def forward(self, batch: HopBatch) -> Tensor:
        """Return one value for each hop, (n, 1)."""
        return cast(Tensor, self.head(self.features(batch)))

    @abstractmethod
    def features(self, batch: HopBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""

    def _mean(self, graph: GraphBatch) -> Tensor:
        return mean_pool(self.backbone(graph), graph)


class Model1(PathwayModel):
    """MODEL-1: both ends of the hop by one backbone, pooled vectors concatenated and mapped to one."""

    graphs = ("initial", "final")

    def __init__(self, sizes: Sizes, kernels: Kernels, elements: Tensor) -> None:
        super().__init__(sizes, kernels, elements)
        self.joint = nn.Linear(2 * sizes.hidden, sizes.hidden)

    def features(self, batch: HopBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        return cast(Tensor, self.joint(torch.cat([self._mean(graph) for graph in batch.graphs], dim=1)))


class Model2(PathwayModel):
    """MODEL-2: the initial structure, and the difference that a second, shallow backbone sees between both ends."""

    graphs = ("initial", "final")

    def __init__(self, sizes: Sizes, kernels: Kernels, elements: Tensor) -> None:
        super().__init__(sizes, kernels, elements)
        second = Backbone(replace(sizes, alignn_layers=1, gcn_layers=1), kernels, elements)
        self.second_alignn_layers, self.second_gcn_layers = second.alignn_layers, second.gcn_layers
        self.joint = nn.Linear(2 * sizes.hidden, sizes.hidden)

    def features(self, batch: HopBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        first = self._mean(batch.graphs[0])
        initial, final = (self._second(graph) for graph in batch.graphs)
        return cast(Tensor, self.joint(torch.cat([first, initial - final], dim=1)))

    def _second(self, graph: GraphBatch) -> Tensor:
        features = self.backbone.embed(graph)
        return mean_pool(update(graph, *features, self.second_alignn_layers, self.second_gcn_layers), graph)


class Model3(PathwayModel):
    """MODEL-3: one graph that holds all five images of the migrating ion, and the mean over its atoms."""

    graphs = ("band",)

    def features(self, batch: HopBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        (band,) = batch.graphs
        return self._mean(band)


class Attention(nn.Module):
    """The readout of MODEL-4 for all graphs at once; ``alignn.model.backbone.AttentionPool`` says what it is."""

    def __init__(self, features: int, *, dropout: float = 0.2) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(features, features) for _ in range(3))
        self.norm = nn.LayerNorm(features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, batch: GraphBatch) -> Tensor:
        """Return a vector (g, features) for each graph, from the features (n, features) of the atoms."""
        most = int(batch.n_nodes.max())
        first = torch.cumsum(batch.n_nodes, 0) - batch.n_nodes
        place = batch.graph * most + torch.arange(len(x), device=x.device) - first[batch.graph]

        def padded(values: Tensor) -> Tensor:
            rows = values.new_zeros(len(batch) * most, values.shape[1]).index_copy(0, place, values)
            return rows.view(len(batch), most, -1)

        query, key, value = (padded(F.relu(layer(x))) for layer in (self.query, self.key, self.value))
        # Where an atom is missing its query is zero, and the hyperbolic tangent of zero adds nothing.
        scores = torch.tanh(key @ query.transpose(1, 2)).sum(dim=2)
        missing = torch.arange(most, device=x.device) >= batch.n_nodes[:, None]
        weights = torch.softmax(scores.masked_fill(missing, -torch.inf), dim=1)
        read = (self.dropout(weights)[:, None, :].to(value.dtype) @ value).squeeze(1)
        return cast(Tensor, self.norm(mean_pool(x, batch) + read))


class Model4(PathwayModel):
    """MODEL-4: the band, and what touches its images, each with an attention readout of its own."""

    graphs = ("band", "around")

    def __init__(self, sizes: Sizes, kernels: Kernels, elements: Tensor) -> None:
        super().__init__(sizes, kernels, elements)
        self.pools = nn.ModuleList(Attention(sizes.hidden) for _ in range(2))
        self.joint = nn.Linear(2 * sizes.hidden, sizes.hidden)

    def features(self, batch: HopBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        pooled = [pool(self.backbone(graph), graph) for pool, graph in zip(self.pools, batch.graphs, strict=True)]
        return cast(Tensor, self.joint(torch.cat(pooled, dim=1)))


_CLASSES: dict[int, Callable[[Sizes, Kernels, Tensor], PathwayModel]] = {1: Model1, 2: Model2, 3: Model3, 4: Model4}


def pathway_model(model: int, sizes: Sizes, kernels: Kernels, elements: Tensor) -> PathwayModel:
    """Return MODEL-`model`; raises :class:`~embench.errors.UnknownNameError` for another number than 1 to 4."""
    if model not in _CLASSES:
        raise UnknownNameError("model", str(model), tuple(map(str, MODELS)))
    return _CLASSES[model](sizes, kernels, elements)
