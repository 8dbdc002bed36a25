"""A small ALIGNN that computes only what reaches the nodes that are read out.

The layers are those of alignn (its pure PyTorch ones, with layer normalisation); what is ours is that a layer updates
only the nodes, bonds and angles that later layers need. Nodes and edges come sorted by level, so that these are always
the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from alignn.models.alignn_atomwise_pure import EdgeGatedGraphConvPure
from alignn.models.utils import RBFExpansion
from torch import Tensor, nn
from torch.nn import functional as F

from embench.baselines.alignn.graphs.batch import atom_features
from embench.baselines.alignn.local.batch import N_IMAGES, N_MARKS, Batch

# Bonds are looked for up to here, Å.
_LONGEST = 8.0


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Shape of the network.

    `layers` names them from the first to the last: ``a`` is an ALIGNN layer, which reads angles, ``g`` a gated graph
    layer. `readout` ``images`` joins the features of the ends (mean of both), the quarters (mean of both) and the
    middle of the path, which makes a hop equal to its reverse; ``mean`` averages over all nodes. `inputs` is the number
    of values of a sample that go straight to the head.
    """

    layers: str = "ag"
    hidden: int = 64
    embedding: int = 32
    distance_bins: int = 40
    angle_bins: int = 20
    head: int = 64
    dropout: float = 0.0
    inputs: int = 0
    readout: Literal["images", "mean"] = "images"

    @property
    def angles(self) -> int:
        """Deepest level of the atoms at whose bonds angles are needed; -1 for none."""
        depth = len(self.layers)
        return max((depth - i - 2 for i, kind in enumerate(self.layers) if kind == "a"), default=-1)


class Layer(nn.Module):
    """A gated graph layer or, of kind ``a``, an ALIGNN layer."""

    def __init__(self, hidden: int, kind: str) -> None:
        super().__init__()
        self.node_update = EdgeGatedGraphConvPure(hidden, hidden)
        self.edge_update = EdgeGatedGraphConvPure(hidden, hidden) if kind == "a" else None

    def forward(self, batch: Batch, left: int, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features of the nodes and bonds that the `left` layers after this one need."""
        nodes, edges, _ = batch.sizes(left)
        x, y = gated_update(self.node_update, batch.source[:edges], batch.target[:edges], nodes, x, y[:edges])
        if not left:
            return x, y
        _, edges, angles = batch.sizes(left - 1)
        if self.edge_update is None:
            return x, y[:edges]
        y, _ = gated_update(self.edge_update, batch.first[:angles], batch.second[:angles], edges, y, z[:angles])
        return x, y


def gated_update(layer: Any, source: Tensor, target: Tensor, n: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the edge-gated graph convolution of alignn makes of the first `n` nodes and of the edges into them.

    The convolution is that of Bresson and Laurent, arXiv:1711.07553, as in Choudhary and DeCost, npj Comput. Mater. 7,
    185 (2021); with `n` the number of all nodes the result is that of alignn's own layer.

    Parameters
    ----------
    layer : the layer of alignn that holds the parameters.
    source, target : (e,) of the edges; no target is `n` or above.
    x, y : (N, hidden) features of all nodes and (e, hidden) of the edges.
    """
    gate = layer.src_gate(x).index_select(0, source) + layer.dst_gate(x[:n]).index_select(0, target)
    gate = gate + layer.edge_gate(y)
    sigma = torch.sigmoid(gate)
    message = layer.dst_update(x).index_select(0, source) * sigma
    zeros = x.new_zeros(n, x.shape[1])
    heard = zeros.index_add(0, target, message) / (zeros.index_add(0, target, sigma) + 1e-6)
    nodes = x[:n] + F.silu(layer.bn_nodes(layer.src_update(x[:n]) + heard))
    return nodes, y + F.silu(layer.bn_edges(gate))


class LocalAlignn(nn.Module):
    """The network: (n, outputs) for a batch of `n` graphs."""

    def __init__(self, config: NetworkConfig, *, outputs: int = 1) -> None:
        super().__init__()
        self.config = config
        hidden = config.hidden
        elements = torch.tensor(atom_features(), dtype=torch.float32)
        self.register_buffer("elements", elements, persistent=False)
        self.atom = nn.Sequential(nn.Linear(elements.shape[1], hidden), nn.LayerNorm(hidden), nn.SiLU())
        self.mark = nn.Embedding(N_MARKS, hidden)
        # Unmarked nodes are all that pre-training sees; marks start from there.
        nn.init.zeros_(self.mark.weight)
        self.bond = nn.Sequential(
            RBFExpansion(0.0, _LONGEST, config.distance_bins),
            nn.Linear(config.distance_bins, config.embedding),
            nn.SiLU(),
            nn.Linear(config.embedding, hidden),
            nn.LayerNorm(hidden),
            nn.SiLU(),
        )
        self.angle = nn.Sequential(
            RBFExpansion(-1.0, 1.0, config.angle_bins),
            nn.Linear(config.angle_bins, hidden),
            nn.LayerNorm(hidden),
            nn.SiLU(),
        )
        self.layers = nn.ModuleList(Layer(hidden, kind) for kind in config.layers)
        parts = 3 if config.readout == "images" else 1
        self.head = nn.Sequential(
            nn.Linear(parts * hidden + config.inputs, config.head),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.head, outputs),
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return the outputs, (n_graphs, outputs)."""
        output: Tensor = self.head(self.pooled(batch))
        return output

    def pooled(self, batch: Batch) -> Tensor:
        """Return what the head reads, (n_graphs, features)."""
        x = self.atom(self.elements[batch.numbers]) + self.mark(batch.mark)  # type: ignore[index]
        y = self.bond(batch.distance)
        z = self.angle(batch.cosine)
        for i, layer in enumerate(self.layers):
            x, y = layer(batch, len(self.layers) - 1 - i, x, y, z)
        if self.config.readout == "images":
            images = x.index_select(0, batch.images).reshape(batch.n_graphs, N_IMAGES, -1)
            ends, quarters = images[:, 0] + images[:, 4], images[:, 1] + images[:, 3]
            parts = [ends / 2, quarters / 2, images[:, 2]]
        else:
            total = x.new_zeros(batch.n_graphs, x.shape[1]).index_add(0, batch.graph[: len(x)], x)
            parts = [total / batch.counts[:, None]]
        return torch.cat([*parts, *([batch.inputs] if self.config.inputs else [])], 1)
