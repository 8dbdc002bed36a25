"""Union-find over periodic sites: which are connected, and in how many directions a part runs through the crystal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class PeriodicUnion:
    """Sites of a cell that connections join one after another.

    Each site knows its part and in which cell, relative to the first site of the part, it is reached. A connection
    within a part closes a loop: where the loop ends in another cell, the part runs through the crystal along that
    lattice vector. The dimension of a part is the rank of the vectors found. Source of the
    criterion: J. Machta, Y. S. Choi, A. Lucke, T. Schweizer and L. M. Chayes, Phys. Rev. E 54, 1332 (1996).
    """

    def __init__(self, n_sites: int) -> None:
        self._parent = list(range(n_sites))
        self._offset: list[Integers] = [np.zeros(3, dtype=np.int64) for _ in range(n_sites)]
        self._loops: list[Integers] = [np.empty((0, 3), dtype=np.int64) for _ in range(n_sites)]

    def find(self, site: int) -> tuple[int, Integers]:
        """Return the first site of the part of `site`, and the cell of `site` relative to it (3,)."""
        path = []
        while self._parent[site] != site:
            path.append(site)
            site = self._parent[site]
        # From the root outwards, so that each offset is already relative to the root when the next one needs it.
        for node in reversed(path):
            parent = self._parent[node]
            if parent != site:
                self._offset[node] = self._offset[node] + self._offset[parent]
                self._parent[node] = site
        return site, self._offset[path[0]] if path else self._offset[site]

    def join(self, start: int, end: int, image: tuple[int, int, int]) -> int:
        """Connect `start` with the copy of `end` in the cell `image`; return the dimension of their part then."""
        (root, at), (other, there) = self.find(start), self.find(end)
        step = at + np.array(image, dtype=np.int64) - there
        if root == other:
            self._add(root, step[None])
        else:
            self._parent[other], self._offset[other] = root, step
            self._add(root, self._loops[other])
        return len(self._loops[root])

    def dimension(self, site: int) -> int:
        """Return in how many directions the part of `site` runs through the crystal, 0 to 3."""
        return len(self._loops[self.find(site)[0]])

    def _add(self, root: int, vectors: Integers) -> None:
        for vector in vectors:
            known = self._loops[root]
            if len(known) < 3 and vector.any():
                more = np.vstack([known, vector])
                if np.linalg.matrix_rank(more) == len(more):
                    self._loops[root] = more
