"""Several graphs as one: what a network reads in a step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from embench.baselines.alignn.graphs.crystal import Graph
from embench.errors import InvalidValueError, MissingDependencyError

IndexArray = npt.NDArray[np.int64]


def line_graph(
    src: npt.ArrayLike, dst: npt.ArrayLike, vectors: npt.ArrayLike
) -> tuple[IndexArray, IndexArray, npt.NDArray[np.float32]]:
    """Return all pairs of edges of which the first ends where the second begins, and the angles between them.

    For edges u → v → w the angle is the one at v, between the directions to u and to w. The way back, w = u in the
    same cell, is among them with a cosine of 1. An edge to an image of its own atom could follow itself, and does not.
    These are ``line_graph(backtracking=True)`` of DGL and
    ``compute_bond_cosines`` of alignn, in another order.

    Parameters
    ----------
    src, dst : (e,)
        Atoms at both ends of every edge.
    vectors : (e, 3)
        From `src` to `dst`, of any length but zero.

    Returns
    -------
    first, second : (t,) int64
        Numbers of edges, sorted by `first`.
    cosines : (t,) float32
        Between -1 and 1.
    """
    begins, ends = np.asarray(src, dtype=np.int64), np.asarray(dst, dtype=np.int64)
    bonds = np.asarray(vectors, dtype=np.float32).reshape(-1, 3)
    n_atoms = int(max(begins.max(initial=-1), ends.max(initial=-1))) + 1
    leaving = np.bincount(begins, minlength=n_atoms)
    starts = np.cumsum(leaving) - leaving
    by_start = np.argsort(begins, kind="stable")
    # Every edge is continued by all edges that leave its end; they are neighbours in `by_start`.
    continued = leaving[ends]
    first = np.repeat(np.arange(len(begins)), continued)
    place = np.arange(len(first)) - np.repeat(np.cumsum(continued) - continued, continued)
    second = by_start[np.repeat(starts[ends], continued) + place]
    others = first != second
    first, second = first[others], second[others]
    return first, second, _cosines(bonds, first, second)


def _cosines(bonds: npt.NDArray[np.float32], first: IndexArray, second: IndexArray) -> npt.NDArray[np.float32]:
    lengths = np.linalg.norm(bonds, axis=1)
    product = np.zeros(len(first), dtype=np.float32)
    for axis in range(3):
        column = bonds[:, axis]
        product -= column[first] * column[second]
    cosines: npt.NDArray[np.float32] = np.clip(product / (lengths[first] * lengths[second]), -1, 1)
    return cosines


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """Graphs side by side, their nodes and edges numbered through.

    Attributes
    ----------
    atomic_numbers : (n,) int64
    image : (n,) int64
        Number of the image for the migrating ion, -1 for other atoms.
    src, dst : (e,) int64
        Nodes.
    vectors : (e, 3) float32
        Å.
    first, second : (t,) int64
        Edges that follow each other: the line graph.
    cosines : (t,) float32
    graph : (n,) int64
        The graph that a node belongs to.
    n_nodes : (g,) int64
        Atoms of each graph.
    """

    atomic_numbers: Tensor
    image: Tensor
    src: Tensor
    dst: Tensor
    vectors: Tensor
    first: Tensor
    second: Tensor
    cosines: Tensor
    graph: Tensor
    n_nodes: Tensor

    @classmethod
    def of(cls, graphs: Sequence[Graph], *, angle_cutoff: float | None = None) -> GraphBatch:
        """Put graphs side by side and make their line graph, which is too large to be kept.

        With `angle_cutoff` (Å) only bonds that are not longer take part in angles.

        Raises :class:`~embench.errors.InvalidValueError` for no graphs.
        """
        if not graphs:
            raise InvalidValueError("a batch has at least one graph")
        counts = np.array([graph.n_nodes for graph in graphs], dtype=np.int64)
        before = np.repeat(np.cumsum(counts) - counts, [graph.n_edges for graph in graphs])
        src = np.concatenate([graph.src for graph in graphs]) + before
        dst = np.concatenate([graph.dst for graph in graphs]) + before
        vectors = np.concatenate([graph.vectors for graph in graphs])
        if angle_cutoff is None:
            first, second, cosines = line_graph(src, dst, vectors)
        else:
            short = np.flatnonzero(np.linalg.norm(vectors, axis=1) <= angle_cutoff)
            first, second, cosines = line_graph(src[short], dst[short], vectors[short])
            first, second = short[first], short[second]
        return cls(
            atomic_numbers=_integers(np.concatenate([graph.atomic_numbers for graph in graphs])),
            image=_integers(np.concatenate([graph.image for graph in graphs])),
            src=_integers(src),
            dst=_integers(dst),
            vectors=torch.from_numpy(vectors),
            first=_integers(first),
            second=_integers(second),
            cosines=torch.from_numpy(cosines),
            graph=_integers(np.repeat(np.arange(len(graphs)), counts)),
            n_nodes=_integers(counts),
        )

    def __len__(self) -> int:
        return len(self.n_nodes)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> GraphBatch:
        """Return the batch on another device."""
        return self._each("to", device, non_blocking=non_blocking)

    def pin_memory(self) -> GraphBatch:
        """Return the batch in page-locked memory, from where it gets to a GPU faster."""
        return self._each("pin_memory")

    def _each(self, method: str, *args: Any, **options: Any) -> GraphBatch:
        return GraphBatch(**{x.name: getattr(getattr(self, x.name), method)(*args, **options) for x in fields(self)})


def _integers(values: np.ndarray[Any, Any]) -> Tensor:
    return torch.from_numpy(values.astype(np.int64))


N_FEATURES = 92

_HEAVIEST = 118


@lru_cache(maxsize=1)
def atom_features() -> npt.NDArray[np.float32]:
    """Return the features (119, 92) of every element by its atomic number, row 0 empty.

    They are the one-hot features of group, period, electronegativity, radius and more of CGCNN (Xie and Grossman,
    Phys. Rev. Lett. 120, 145301, 2018) as jarvis-tools ships them. It has none beyond fermium and gives fermium's
    there, and so does this table.

    Raises :class:`~embench.errors.MissingDependencyError` without jarvis-tools.
    """
    try:
        from jarvis.core.specie import cgcnn_feature_json
    except ImportError:
        raise MissingDependencyError("jarvis-tools", "alignn", "the features of the elements") from None
    with open(cgcnn_feature_json, encoding="utf-8") as file:
        known = {int(number): row for number, row in json.load(file).items()}
    table = np.zeros((_HEAVIEST + 1, N_FEATURES), dtype=np.float32)
    for number in range(1, _HEAVIEST + 1):
        table[number] = known[min(number, max(known))]
    table.flags.writeable = False
    return table
