"""From the features of atoms to properties."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from embench.baselines.alignn.graphs.batch import GraphBatch


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
