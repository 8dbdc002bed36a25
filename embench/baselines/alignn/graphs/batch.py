"""Several graphs as one: what a network reads in a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embench.baselines.alignn.graphs.crystal import Graph
from embench.baselines.alignn.graphs.line import line_graph
from embench.errors import InvalidValueError


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
