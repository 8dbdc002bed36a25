"""The part of a graph that lies around the path of the migrating ion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embench.baselines.alignn.graphs.bands import IMAGES
from embench.baselines.alignn.graphs.crystal import HOST, Graph
from embench.errors import InvalidValueError, MissingDependencyError

if TYPE_CHECKING:
    from embench.entry import Entry

Mask = npt.NDArray[np.bool_]


def near_path(entry: Entry, radius: float) -> Mask:
    """Return which atoms of the host (n - 1,) have a periodic image within `radius` (Å) of the path.

    The path is five evenly spaced points between its ends.

    Raises
    ------
    InvalidValueError
        `radius` is not positive.
    MissingDependencyError
        Without pymatgen.
    """
    if not radius > 0:
        raise InvalidValueError(f"a radius around the path must be positive, not {radius}")
    try:
        from pymatgen.optimization.neighbors import find_points_in_spheres
    except ImportError:
        raise MissingDependencyError("pymatgen", "alignn", "the surroundings of a path") from None
    lattice = np.ascontiguousarray(entry.lattice, dtype=np.float64)
    images = np.linspace(entry.frac_coords[0], entry.path_end, IMAGES) @ lattice
    host = np.ascontiguousarray(entry.frac_coords[1:] @ lattice)
    _, found, _, _ = find_points_in_spheres(host, images, r=radius, pbc=np.ones(3, dtype=np.int64), lattice=lattice)
    near = np.zeros(len(host), dtype=np.bool_)
    near[found] = True
    return near


def cut(graph: Graph, near: Mask) -> Graph:
    """Return the part of a graph with its images of the migrating ion and those atoms of the host that `near` names.

    `near` (m,) is for the m atoms that are no images, in their order. Edges to other atoms are left out.

    Raises :class:`~embench.errors.InvalidValueError` where there are not m such atoms.
    """
    host = graph.image == HOST
    if near.shape != (int(host.sum()),):
        raise InvalidValueError(f"the graph has {int(host.sum())} atoms besides the images, the mask {near.shape}")
    kept = ~host
    kept[host] = near
    place = np.cumsum(kept) - 1
    edges = kept[graph.src] & kept[graph.dst]
    return Graph(
        atomic_numbers=graph.atomic_numbers[kept],
        src=place[graph.src[edges]].astype(np.int32),
        dst=place[graph.dst[edges]].astype(np.int32),
        vectors=graph.vectors[edges],
        image=graph.image[kept],
    )
