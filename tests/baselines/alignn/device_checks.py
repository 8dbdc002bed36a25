"""What the tests of the training on one device share: a few small hops and crystals, and a tiny network."""

from __future__ import annotations

import numpy as np
import torch

import embench
from embench.baselines.alignn.device.network import Sizes
from embench.baselines.alignn.graphs.batch import atom_features
from embench.baselines.alignn.model.backbone import AlignnConfig

TINY = Sizes(alignn_layers=2, gcn_layers=1, distance_bins=8, angle_bins=4, embedding=4, hidden=8)


def config(sizes: Sizes) -> AlignnConfig:
    return AlignnConfig(**sizes.plain())


def small_entries(count: int = 6):
    """The entries with the fewest atoms."""
    data = embench.load()
    small = sorted((entry.n_sites, entry.entry_id) for entry in data)[:count]
    return data.select([entry_id for _, entry_id in small])


def elements() -> torch.Tensor:
    return torch.tensor(np.array(atom_features()))


def unsettled(module: torch.nn.Module) -> torch.nn.Module:
    """Give batch normalisation what training leaves there, so that it is not the identity."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        for part in module.modules():
            if isinstance(part, torch.nn.BatchNorm1d):
                part.running_mean.normal_(std=0.1)
                part.running_var.uniform_(0.5, 1.5)
                with torch.no_grad():
                    part.weight.uniform_(0.5, 1.5)
                    part.bias.normal_(std=0.2)
    return module
