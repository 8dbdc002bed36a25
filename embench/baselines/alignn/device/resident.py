"""All graphs on the device, their angles included, and batches that are put together there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from embench.baselines.alignn.device.arrays import Crystals, Ints, starts
from embench.baselines.alignn.graphs.batch import GraphBatch

# Angles that are made at a time while the graphs are laid out: 8 million take about 0.7 GB on the way.
_AT_A_TIME = 8_000_000


class Resident:
    """Graphs of many crystals on one device, with their line graphs.

    Edges are sorted by the atom at their end, and angles by their second edge: what is summed lies together. The host
    knows all sizes, so that a batch is put together without waiting for the device.

    Attributes
    ----------
    n_nodes, n_edges, n_angles : (c,) of each crystal, on the host.
    """

    def __init__(self, crystals: Crystals, device: torch.device | str) -> None:
        self.device = torch.device(device)
        src, dst, vectors = crystals.pairs()
        n_atoms = int(crystals.n_nodes.sum())
        crystal = np.repeat(np.arange(len(crystals)), crystals.n_pairs)
        self.n_nodes: Ints = crystals.n_nodes.astype(np.int64)
        self.n_edges: Ints = 2 * crystals.n_pairs.astype(np.int64)
        degree = np.bincount(np.concatenate([src, dst]), minlength=n_atoms)
        own = np.bincount(crystal[src == dst], minlength=len(crystals))
        of_atom = np.repeat(np.arange(len(crystals)), crystals.n_nodes)
        # Every atom has as many edges that arrive as edges that leave; an edge to an image of its own atom does not
        # follow itself, and each such pair has two.
        self.n_angles: Ints = (
            np.bincount(of_atom, weights=degree.astype(np.float64) ** 2, minlength=len(crystals)).astype(np.int64)
            - 2 * own
        )
        self._node, self._edge, self._angle = (starts(x) for x in (self.n_nodes, self.n_edges, self.n_angles))
        self._atomic_numbers = self._put(crystals.atomic_numbers)
        self._image = self._put(crystals.image)
        ends = self._put(np.concatenate([dst, src]))
        order = torch.argsort(ends, stable=True)
        self._dst = ends[order]
        self._src = self._put(np.concatenate([src, dst]))[order]
        self._vectors = self._put(np.concatenate([vectors, -vectors]))[order]
        self._lay_angles(self._put(starts(degree)), self._put(degree))
        before = torch.repeat_interleave(self._put(self._node), self._put(self.n_edges))
        self._src -= before
        self._dst -= before

    def __len__(self) -> int:
        return len(self.n_nodes)

    def _put(self, values: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def _lay_angles(self, arriving: Tensor, degree: Tensor) -> None:
        """Make the line graphs of some crystals after the other; edges are numbered within their crystal."""
        total = int(self.n_angles.sum())
        self._first = torch.empty(total, dtype=torch.int32, device=self.device)
        self._second = torch.empty_like(self._first)
        self._cosines = torch.empty(total, dtype=torch.float32, device=self.device)
        lengths = torch.linalg.vector_norm(self._vectors, dim=1)
        done = 0
        for begin, end in _parts(self.n_angles, _AT_A_TIME):
            low, high = int(self._edge[begin]), int(self._edge[end - 1] + self.n_edges[end - 1])
            # Every edge follows all edges that arrive where it begins; they are neighbours in the order of edges.
            edges = torch.arange(low, high, device=self.device)
            count = degree[self._src[low:high]]
            second = torch.repeat_interleave(edges, count)
            place = torch.arange(len(second), device=self.device)
            place -= torch.repeat_interleave(torch.cumsum(count, 0) - count, count)
            first = arriving[self._src[second]] + place
            others = first != second
            first, second = first[others], second[others]
            product = -(self._vectors[first] * self._vectors[second]).sum(dim=1)
            here = slice(done, done + len(first))
            self._cosines[here] = (product / (lengths[first] * lengths[second])).clamp(-1, 1)
            before = torch.repeat_interleave(self._put(self._edge[begin:end]), self._put(self.n_angles[begin:end]))
            self._first[here], self._second[here] = first - before, second - before
            done = here.stop

    def batch(self, rows: Sequence[int] | Ints) -> GraphBatch:
        """Return the graphs of some crystals as one batch, on the device."""
        rows = np.asarray(rows, np.int64)
        nodes, edges, angles = self.n_nodes[rows], self.n_edges[rows], self.n_angles[rows]
        table = np.stack(
            [nodes, starts(nodes), self._node[rows], edges, starts(edges), self._edge[rows], angles, self._angle[rows]]
        )
        sizes = self._sent(table)
        node = _spans(sizes[2], sizes[0], int(nodes.sum()))
        edge = _spans(sizes[5], sizes[3], int(edges.sum()))
        angle = _spans(sizes[7], sizes[6], int(angles.sum()))
        node_before = torch.repeat_interleave(sizes[1], sizes[3], output_size=len(edge))
        edge_before = torch.repeat_interleave(sizes[4], sizes[6], output_size=len(angle))
        numbers = torch.arange(len(rows), device=self.device)
        return GraphBatch(
            atomic_numbers=self._atomic_numbers[node].long(),
            image=self._image[node].long(),
            src=self._src[edge] + node_before,
            dst=self._dst[edge] + node_before,
            vectors=self._vectors[edge],
            first=self._first[angle] + edge_before,
            second=self._second[angle] + edge_before,
            cosines=self._cosines[angle],
            graph=torch.repeat_interleave(numbers, sizes[0], output_size=len(node)),
            n_nodes=sizes[0],
        )

    def _sent(self, table: Ints) -> Tensor:
        """Return a small table on the device, without waiting for it where it is a GPU."""
        found = torch.from_numpy(table)
        return found.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else found


def _spans(begin: Tensor, lengths: Tensor, total: int) -> Tensor:
    """Return the numbers of all stretches that begin at `begin` and have `lengths`, `total` in all."""
    shift = begin - (torch.cumsum(lengths, 0) - lengths)
    places = torch.arange(total, device=begin.device)
    return places + torch.repeat_interleave(shift, lengths, output_size=total)


def _parts(sizes: Ints, most: int) -> list[tuple[int, int]]:
    """Return stretches of neighbours whose sizes sum to at most `most`, or that have one member."""
    parts, begin, total = [], 0, 0
    for i, size in enumerate(sizes.tolist()):
        if i > begin and total + size > most:
            parts.append((begin, i))
            begin, total = i, 0
        total += size
    if len(sizes):
        parts.append((begin, len(sizes)))
    return parts
