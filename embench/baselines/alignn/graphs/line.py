"""The line graph: its nodes are the bonds of a crystal graph, its edges the angles between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
