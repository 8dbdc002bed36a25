"""MODEL-1 to MODEL-4: four ways to show a hop to ALIGNN.

They are those of R. Devi, K. T. Butler and G. Sai Gautam, npj Comput. Mater. (2026), doi:10.1038/s41524-026-01972-8,
written from the paper and, where the paper is silent, from the behaviour of its published scripts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import Tensor, nn

from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.crystal import Graph
from embench.baselines.alignn.model.backbone import (
    AlignnConfig,
    AttentionPool,
    Backbone,
    PropertyHeads,
    mean_pool,
    update,
)
from embench.errors import UnknownNameError

Join = Literal["add", "sub", "cc"]
JOINS: tuple[Join, ...] = ("add", "sub", "cc")
MODELS = (1, 2, 3, 4)

# Hidden layers of the head and their width.
HEAD_LAYERS, HEAD_WIDTH = 2, 128
# Layers of the second backbone of MODEL-2 that read angles, and that do not.
SECOND_LAYERS = (1, 1)
# What a node is: an atom of the host (first), or an image at an end, a quarter or the middle of the path.
_MARK_OF_IMAGE = (0, 1, 2, 3, 2, 1)


@dataclass(frozen=True, eq=False)
class PathwayBatch:
    """Hops in a batch: for each graph that a model reads of a hop, those of all hops side by side."""

    graphs: tuple[GraphBatch, ...]

    @classmethod
    def of(cls, samples: Sequence[tuple[Graph, ...]], *, angle_cutoff: float | None = None) -> PathwayBatch:
        """Put the graphs of several hops side by side; bonds longer than `angle_cutoff` (Å) take part in no angle."""
        return cls(tuple(GraphBatch.of(graphs, angle_cutoff=angle_cutoff) for graphs in zip(*samples, strict=True)))

    def to(self, device: torch.device | str) -> PathwayBatch:
        """Return the batch on a device."""
        return PathwayBatch(tuple(graph.to(device) for graph in self.graphs))


class MarkedBackbone(Backbone):
    """A backbone that is told which atoms are images of the migrating ion, and where on the path they are.

    Image i and image 4 − i have one mark, so that a hop and its reverse look the same. The marks begin at zero, where
    the network is the one without them.
    """

    def __init__(self, config: AlignnConfig | None = None) -> None:
        super().__init__(config)
        self.mark = nn.Embedding(max(_MARK_OF_IMAGE) + 1, self.config.hidden)
        nn.init.zeros_(self.mark.weight)
        self.register_buffer("mark_of_image", torch.tensor(_MARK_OF_IMAGE), persistent=False)

    def embed(self, batch: GraphBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first features of atoms (n, hidden), bonds (e, hidden) and angles (t, hidden)."""
        x, y, z = super().embed(batch)
        return x + self.mark(cast(Tensor, self.mark_of_image)[batch.image + 1]), y, z


class PathwayModel(nn.Module, ABC):
    """What all four have in common: a backbone, and a head on :meth:`features`.

    The head is a SiLU, two hidden layers of width 128 with SiLU, and a linear layer.
    """

    def __init__(self, config: AlignnConfig, *, marks: bool) -> None:
        super().__init__()
        self.backbone = MarkedBackbone(config) if marks else Backbone(config)
        self.head = PropertyHeads(config.hidden, outputs=1, width=HEAD_WIDTH, layers=HEAD_LAYERS)

    def forward(self, batch: PathwayBatch) -> Tensor:
        """Return one value for each hop, (n, 1)."""
        return cast(Tensor, self.head(self.features(batch)))

    @abstractmethod
    def features(self, batch: PathwayBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""

    def _mean(self, graph: GraphBatch) -> Tensor:
        return mean_pool(self.backbone(graph), graph)


class Model1(PathwayModel):
    """MODEL-1: the initial and the final structure, read by the same backbone one after the other.

    The pooled vectors are added (``add``), the second is subtracted from the first (``sub``), or both are concatenated
    and mapped from 2 · hidden to hidden (``cc``).
    """

    def __init__(self, config: AlignnConfig, *, marks: bool = False, join: Join = "cc") -> None:
        super().__init__(config, marks=marks)
        if join not in JOINS:
            raise UnknownNameError("way to join two structures", join, JOINS)
        self.join = join
        self.joint = nn.Linear(2 * config.hidden, config.hidden) if join == "cc" else None

    def features(self, batch: PathwayBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        initial, final = (self._mean(graph) for graph in batch.graphs)
        if self.joint is not None:
            return cast(Tensor, self.joint(torch.cat([initial, final], dim=1)))
        return initial + final if self.join == "add" else initial - final


class Model2(PathwayModel):
    """MODEL-2: the initial structure, and the difference that a second backbone sees between both ends.

    The second backbone gives Δ, its pooled vector of the initial structure minus that of the final one. The first reads
    the initial structure. Both are concatenated and mapped from 2 · hidden to hidden. As in the published scripts the
    second has one layer that reads angles and one that does not, and shares the embeddings with the first.
    """

    def __init__(self, config: AlignnConfig, *, marks: bool = False) -> None:
        super().__init__(config, marks=marks)
        second = Backbone(replace(config, alignn_layers=SECOND_LAYERS[0], gcn_layers=SECOND_LAYERS[1]))
        self.second_alignn_layers, self.second_gcn_layers = second.alignn_layers, second.gcn_layers
        self.joint = nn.Linear(2 * config.hidden, config.hidden)

    def features(self, batch: PathwayBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        return cast(Tensor, self.joint(torch.cat([self._mean(batch.graphs[0]), self.difference(batch)], dim=1)))

    def difference(self, batch: PathwayBatch) -> Tensor:
        """Return Δ, (n, hidden); it changes its sign when the ends are exchanged."""
        initial, final = (self._second(graph) for graph in batch.graphs)
        return initial - final

    def _second(self, graph: GraphBatch) -> Tensor:
        features = self.backbone.embed(graph)
        return mean_pool(update(graph, *features, self.second_alignn_layers, self.second_gcn_layers), graph)


class Model3(PathwayModel):
    """MODEL-3: one graph that holds all five images of the migrating ion, and the mean over its atoms."""

    def __init__(self, config: AlignnConfig, *, marks: bool = False) -> None:
        super().__init__(config, marks=marks)

    def features(self, batch: PathwayBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        (band,) = batch.graphs
        return self._mean(band)


class Model4(PathwayModel):
    """MODEL-4: two graphs of the band with five images, each with an attention readout of its own.

    The paper says that both are made of the five-image data. The first is the graph of MODEL-3. The second is what
    touches the images: the edges between the images and their six nearest neighbours, in either direction, and the
    atoms at their ends; that is how the published scripts make it
    (:func:`~embench.baselines.alignn.graphs.bands.around_images`). One backbone reads both; the pooled vectors are
    concatenated and mapped from 2 · hidden to hidden.
    """

    def __init__(self, config: AlignnConfig, *, marks: bool = False) -> None:
        super().__init__(config, marks=marks)
        self.pools = nn.ModuleList(AttentionPool(config.hidden) for _ in range(2))
        self.joint = nn.Linear(2 * config.hidden, config.hidden)

    def features(self, batch: PathwayBatch) -> Tensor:
        """Return what the head reads, (n, hidden)."""
        pooled = [pool(self.backbone(graph), graph) for pool, graph in zip(self.pools, batch.graphs, strict=True)]
        return cast(Tensor, self.joint(torch.cat(pooled, dim=1)))


def pathway_model(model: int, config: AlignnConfig, *, marks: bool = False, join: Join = "cc") -> PathwayModel:
    """Return MODEL-`model`; `join` matters to MODEL-1 alone.

    Raises :class:`~embench.errors.UnknownNameError` for another number than 1 to 4, or an unknown `join`.
    """
    if model == 1:
        return Model1(config, marks=marks, join=join)
    classes: dict[int, type[Model2 | Model3 | Model4]] = {2: Model2, 3: Model3, 4: Model4}
    if model not in classes:
        raise UnknownNameError("model", str(model), tuple(map(str, MODELS)))
    return classes[model](config, marks=marks)
