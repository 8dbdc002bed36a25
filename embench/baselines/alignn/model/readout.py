"""From the features of the atoms of a graph to one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embench.baselines.alignn.graphs.batch import GraphBatch


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
