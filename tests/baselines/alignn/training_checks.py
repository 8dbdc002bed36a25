"""What the tests of training train: a tiny network on vectors, and a script that does it in a process of its own."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from embench.baselines.alignn.training.data import GraphData
from embench.baselines.alignn.training.module import TrainingSettings
from embench.baselines.alignn.training.run import fit, seeded

PAUSE = 0.25  # seconds in every forward pass of a run that is to be killed


@dataclass(frozen=True)
class Vectors:
    """A batch of vectors (n, 3)."""

    x: Tensor

    @classmethod
    def of(cls, samples) -> Vectors:
        return cls(torch.stack([torch.as_tensor(sample, dtype=torch.float32) for sample in samples]))

    def to(self, device) -> Vectors:
        return Vectors(self.x.to(device))


class Small(nn.Module):
    """Two layers, with dropout: its random numbers must go on where they were."""

    def __init__(self, *, heads: int = 1, dropout: float = 0.2, pause: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 5), nn.SiLU(), nn.Dropout(dropout), nn.Linear(5, heads))
        self.pause = pause

    def forward(self, batch: Vectors) -> Tensor:
        time.sleep(self.pause)
        return self.layers(batch.x)


def problem(n: int = 24, *, heads: int = 1, sampling: np.ndarray | None = None) -> GraphData:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 3))
    return GraphData(list(x), (x @ rng.normal(size=(3, heads))), Vectors.of, sampling=sampling)


def small(**options) -> Small:
    with seeded(11):
        return Small(**options)


def weights(network: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}


def main(what: str, folder: Path, out: Path) -> None:
    """Train, ``slow`` enough to be killed or in ``two`` processes, and write the weights of this process."""
    torch.set_num_threads(1)
    slow = what == "slow"
    network = fit(
        small(pause=PAUSE if slow else 0.0, dropout=0.2 if slow else 0.0),
        problem(),
        TrainingSettings(epochs=4, batch_size=6, precision="32", devices=1 if slow else 2, seed=5),
        validation=problem(8),
        folder=folder,
    )
    np.savez(out.with_name(f"{out.stem}-{os.environ.get('LOCAL_RANK', '0')}.npz"), **weights(network))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
