"""ALIGNN without DGL: the published network on alignn's own layers.

Alternating updates of a crystal graph and of its line graph (Choudhary and DeCost, npj Comput. Mater. 7, 185, 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embench.baselines.alignn.graphs.batch import N_FEATURES, GraphBatch, atom_features
from embench.errors import InvalidValueError, MissingDependencyError

try:
    import torch
    from alignn.models.alignn_atomwise_pure import ALIGNNConvPure, EdgeGatedGraphConvPure
    from alignn.models.utils import MLPLayer, RBFExpansion
    from torch import Tensor, nn
except ImportError as error:
    raise MissingDependencyError(error.name or "alignn", "alignn", "the network ALIGNN") from None


# What the bins of distances and of cosines span: Å, and without unit.
DISTANCES = (0.0, 8.0)

COSINES = (-1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class AlignnConfig:
    """The sizes of a network; the defaults are those of the published ones.

    Attributes
    ----------
    alignn_layers
        Layers that update atoms, bonds and angles.
    gcn_layers
        Layers after them that update atoms and bonds.
    distance_bins, angle_bins
        Gaussians on which bond lengths and cosines are expanded.
    embedding
        Width of the first layer on these.
    hidden
        Features of every atom, bond and angle.
    outputs
        Properties.
    head_width
        Width of the hidden layers of each property's own head. None: one linear layer for all, as in the ALIGNN of
        alignn; 128 in the multi-property model.
    head_layers
        Hidden layers of each head.
    """

    alignn_layers: int = 4
    gcn_layers: int = 4
    distance_bins: int = 80
    angle_bins: int = 40
    embedding: int = 64
    hidden: int = 256
    outputs: int = 1
    head_width: int | None = None
    head_layers: int = 2

    def __post_init__(self) -> None:
        least = {"alignn_layers": 0, "gcn_layers": 0, "distance_bins": 2, "angle_bins": 2}
        for name, value in vars(self).items():
            smallest = least.get(name, 1)
            if value is not None and value < smallest:
                raise InvalidValueError(f"{name} = {value} is too small: a network needs at least {smallest}")


class Backbone(nn.Module):
    """The network up to the features of the atoms.

    The parameters have the names and shapes of those of ``alignn.models.alignn.ALIGNN``. The layers are those of
    ``alignn.models.alignn_atomwise_pure`` with batch normalisation in place of the layer normalisation there.
    """

    def __init__(self, config: AlignnConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or AlignnConfig()
        hidden = config.hidden
        self.atom_embedding = MLPLayer(N_FEATURES, hidden)
        self.edge_embedding = _expansion(DISTANCES, config.distance_bins, config)
        self.angle_embedding = _expansion(COSINES, config.angle_bins, config)
        self.alignn_layers = nn.ModuleList(ALIGNNConvPure(hidden, hidden) for _ in range(config.alignn_layers))
        self.gcn_layers = nn.ModuleList(EdgeGatedGraphConvPure(hidden, hidden) for _ in range(config.gcn_layers))
        _use_batch_norm(self)
        # Not in the state: it is a table of the elements, not of the network.
        self.register_buffer("atom_features", torch.tensor(atom_features()), persistent=False)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return the features (n, hidden) of all atoms of a batch."""
        return update(batch, *self.embed(batch), self.alignn_layers, self.gcn_layers)

    def embed(self, batch: GraphBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the first features of atoms (n, hidden), bonds (e, hidden) and angles (t, hidden)."""
        table = cast(Tensor, self.atom_features)
        x = self.atom_embedding(table[batch.atomic_numbers])
        y = self.edge_embedding(torch.linalg.vector_norm(batch.vectors, dim=1))
        # Without ALIGNN layers nobody reads angles.
        z = self.angle_embedding(batch.cosines) if len(self.alignn_layers) else y[:0]
        return x, y, z


def update(
    batch: GraphBatch, x: Tensor, y: Tensor, z: Tensor, alignn_layers: nn.ModuleList, gcn_layers: nn.ModuleList
) -> Tensor:
    """Return what layers make of the features of atoms (n, hidden), bonds (e, hidden) and angles (t, hidden)."""
    n_nodes, n_edges = len(batch.atomic_numbers), len(batch.src)
    for layer in alignn_layers:
        bonds = (batch.src, batch.dst, n_nodes)
        angles = (batch.first, batch.second, n_edges)
        x, y, z = cast(ALIGNNConvPure, layer).forward_tensors(*bonds, *angles, x, y, z)
    for layer in gcn_layers:
        x, y = cast(EdgeGatedGraphConvPure, layer).forward_tensors(batch.src, batch.dst, n_nodes, x, y)
    return x


class Alignn(nn.Module):
    """ALIGNN: the mean of the features of all atoms, and a head on it."""

    def __init__(self, config: AlignnConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or AlignnConfig()
        self.backbone = Backbone(config)
        self.head: nn.Module
        if config.head_width is None:
            self.head = nn.Linear(config.hidden, config.outputs)
        else:
            self.head = PropertyHeads(
                config.hidden, outputs=config.outputs, width=config.head_width, layers=config.head_layers
            )

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return the properties (g, outputs) of all graphs of a batch."""
        return cast(Tensor, self.head(mean_pool(self.backbone(batch), batch)))


def _expansion(span: tuple[float, float], bins: int, config: AlignnConfig) -> nn.Sequential:
    """Return the layers that turn lengths or cosines (m,) into features (m, hidden)."""
    return nn.Sequential(
        RBFExpansion(vmin=span[0], vmax=span[1], bins=bins),
        MLPLayer(bins, config.embedding),
        MLPLayer(config.embedding, config.hidden),
    )


def _use_batch_norm(module: nn.Module) -> None:
    """Replace every layer normalisation in `module` by batch normalisation of the same width."""
    for name, child in module.named_children():
        if isinstance(child, nn.LayerNorm):
            setattr(module, name, nn.BatchNorm1d(child.normalized_shape[0]))
        else:
            _use_batch_norm(child)


def mean_pool(x: Tensor, batch: GraphBatch) -> Tensor:
    """Return the mean (g, f) over the atoms of each graph, from their features (n, f)."""
    total = x.new_zeros(len(batch), x.shape[1]).index_add(0, batch.graph, x)
    return total / batch.n_nodes[:, None]


class PropertyHeads(nn.Module):
    """One head for each property, as in the multi-property model (Devi, Butler and Sai Gautam, 2024).

    Every head is a SiLU on the pooled features, `layers` hidden layers of `width` with SiLU, and a linear layer.
    """

    def __init__(self, features: int, *, outputs: int, width: int = 128, layers: int = 2) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_head(features, width, layers) for _ in range(outputs))

    def forward(self, pooled: Tensor) -> Tensor:
        """Return the properties (g, outputs), from pooled features (g, f)."""
        return torch.cat([head(pooled) for head in self.heads], dim=1)


def _head(features: int, width: int, layers: int) -> nn.Sequential:
    parts: list[nn.Module] = [nn.SiLU()]
    for number in range(layers):
        parts += [nn.Linear(width if number else features, width), nn.SiLU()]
    return nn.Sequential(*parts, nn.Linear(width, 1))


class AttentionPool(nn.Module):
    """A weighted mean of the atoms, added to their mean: the readout of MODEL-4.

    With queries q, keys k and values v, each a linear layer with ReLU on the features x of the atoms, the weight of
    atom i is the softmax over the atoms of one graph of ``sum_j tanh(k_i · q_j)``. What is returned is the layer
    normalisation of ``mean_i x_i + sum_i weight_i v_i``. In training a fifth of the weights is dropped.

    The published MODEL-4 has four heads in name only: their features are side by side in q, k and v, but the scalar
    product runs over all of them, so it is one head.
    """

    def __init__(self, features: int, *, dropout: float = 0.2) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(features, features) for _ in range(3))
        self.norm = nn.LayerNorm(features)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, batch: GraphBatch) -> Tensor:
        """Return a vector (g, features) for each graph, from the features (n, features) of the atoms."""
        return torch.stack([self._pooled(atoms) for atoms in torch.split(x, batch.n_nodes.tolist())])

    def _pooled(self, x: Tensor) -> Tensor:
        query, key, value = (F.relu(layer(x)) for layer in (self.query, self.key, self.value))
        weights = torch.softmax(torch.tanh(key @ query.T).sum(dim=1), dim=0)
        pooled: Tensor = self.norm(x.mean(dim=0) + self.dropout(weights) @ value)
        return pooled
