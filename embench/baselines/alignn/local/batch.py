"""Several graphs as one: tensors whose nodes, edges and angles are sorted by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embench.baselines.alignn.local.graph import LocalGraph

N_IMAGES = 5
# What a node is: an atom of the host (the last one here), or an image at an end, a quarter or the middle of the path.
_MARKS = np.array([1, 2, 3, 2, 1, 0])
N_MARKS = 4


class Batch:
    """Graphs side by side.

    Attributes
    ----------
    numbers, mark, graph : (n,) of the nodes: atomic number, what it is, and which graph it belongs to.
    source, target, distance : (e,) of the edges.
    first, second, cosine : (t,) of the angles.
    images : (n_graphs * 5,) the images of each graph, in the order of the path; empty in crystals.
    counts : (n_graphs,) nodes of level 0.
    inputs : (n_graphs, k) values that go straight to the head.
    """

    def __init__(self, graphs: Sequence[LocalGraph], inputs: NDArray[np.float64] | None = None) -> None:
        self.n_graphs = len(graphs)
        node_start = _starts([len(graph.numbers) for graph in graphs])
        edge_start = _starts([len(graph.source) for graph in graphs])
        level = _joined(graphs, "level")
        order, place = _sorted(level)
        target = _joined(graphs, "target", node_start)
        edge_level = level[target]
        edge_order, edge_place = _sorted(edge_level)
        second = _joined(graphs, "second", edge_start)
        angle_level = edge_level[second]
        angle_order, _ = _sorted(angle_level)
        image = _joined(graphs, "image")[order]
        graph = np.repeat(np.arange(len(graphs)), [len(g.numbers) for g in graphs])[order]
        found = np.flatnonzero(image >= 0)
        self._sizes = [
            tuple(int(np.count_nonzero(of <= k)) for of in (level, edge_level, angle_level))
            for k in range(int(level.max()) + 1)
        ]
        self.numbers = torch.from_numpy(_joined(graphs, "numbers")[order].astype(np.int64))
        self.mark = torch.from_numpy(_MARKS[image])
        self.graph = torch.from_numpy(graph)
        self.source = torch.from_numpy(place[_joined(graphs, "source", node_start)[edge_order]])
        self.target = torch.from_numpy(place[target[edge_order]])
        self.distance = torch.from_numpy(_joined(graphs, "distance")[edge_order])
        self.first = torch.from_numpy(edge_place[_joined(graphs, "first", edge_start)[angle_order]])
        self.second = torch.from_numpy(edge_place[second[angle_order]])
        self.cosine = torch.from_numpy(_joined(graphs, "cosine")[angle_order])
        self.images = torch.from_numpy(found[np.lexsort((image[found], graph[found]))])
        zero = graph[: self._sizes[0][0]]
        self.counts = torch.from_numpy(np.bincount(zero, minlength=len(graphs)).astype(np.float32))
        self.inputs = torch.zeros(len(graphs), 0) if inputs is None else torch.as_tensor(inputs, dtype=torch.float32)

    def sizes(self, level: int) -> tuple[int, int, int]:
        """Return how many nodes, edges and angles have a level up to `level`."""
        nodes, edges, angles = self._sizes[min(level, len(self._sizes) - 1)]
        return nodes, edges, angles

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device."""
        moved = object.__new__(Batch)
        for name, value in vars(self).items():
            setattr(moved, name, value.to(device) if isinstance(value, Tensor) else value)
        return moved


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def _joined(graphs: Sequence[LocalGraph], name: str, starts: NDArray[np.int64] | None = None) -> NDArray[Any]:
    if starts is None:
        return np.concatenate([getattr(graph, name) for graph in graphs])
    return np.concatenate([getattr(graph, name) + start for graph, start in zip(graphs, starts, strict=True)])


def _sorted(level: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of `level`, and the place that each item has in it."""
    order = np.argsort(level, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return order, place
