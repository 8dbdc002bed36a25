"""Graphs and their targets, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler


@dataclass(frozen=True, eq=False)
class GraphData:
    """Samples to train on: what a network reads, and what it is to give.

    Attributes
    ----------
    samples : (n,) whatever `collate` turns into a batch with a method ``to(device)``.
    targets : (n, heads) standardised; NaN where a sample has no value for a head.
    collate : makes a batch of samples.
    weights : (heads,) of the heads in the loss.
    sampling : (n,) how often a sample is drawn, relative to the others; every sample once an epoch without it.
    """

    samples: Sequence[Any]
    targets: NDArray[np.float64]
    collate: Callable[[Sequence[Any]], Any]
    weights: NDArray[np.float64] | None = None
    sampling: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True, eq=False)
class TrainingBatch:
    """A batch of samples and their targets, (n, heads); NaN where there is none."""

    inputs: Any
    targets: Tensor

    def to(self, device: torch.device | str) -> TrainingBatch:
        """Return the batch on a device."""
        return TrainingBatch(self.inputs.to(device), self.targets.to(device))


class _Indices(Dataset[int]):
    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        return index


class EpochSampler(Sampler[int]):
    """Draws the samples of an epoch; the order depends on the seed and the epoch only.

    Where several processes train together each gets its part of that order. A run that is resumed therefore sees the
    same order as one that was never interrupted.
    """

    def __init__(self, data: GraphData, *, seed: int, shuffle: bool) -> None:
        self.data, self.seed, self.shuffle, self.epoch = data, seed, shuffle, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next; Lightning calls this."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.data) // _processes()[1])

    def __iter__(self) -> Iterator[int]:
        order = self._order()
        rank, count = _processes()
        # Every process gets as many samples: the first ones once more where they do not divide.
        wanted = len(self) * count
        return iter(np.resize(order, wanted)[rank::count].tolist())

    def _order(self) -> NDArray[np.int64]:
        n = len(self.data)
        if not self.shuffle:
            return np.arange(n)
        random = np.random.default_rng([self.seed, self.epoch])
        if self.data.sampling is None:
            return random.permutation(n)
        return random.choice(n, n, p=self.data.sampling / self.data.sampling.sum())


def _processes() -> tuple[int, int]:
    """Return the number of this process, and how many train together."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def loader(data: GraphData, *, batch_size: int, seed: int = 0, shuffle: bool = False) -> DataLoader[int]:
    """Return the batches of an epoch, made in the process that asks for them."""
    targets = torch.as_tensor(np.asarray(data.targets), dtype=torch.float32)

    def collate(indices: list[int]) -> TrainingBatch:
        return TrainingBatch(data.collate([data.samples[i] for i in indices]), targets[indices])

    sampler = EpochSampler(data, seed=seed, shuffle=shuffle)
    return DataLoader(_Indices(len(data)), batch_size=batch_size, sampler=sampler, collate_fn=collate)
