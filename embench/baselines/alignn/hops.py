"""Entries of the dataset as what MODEL-1 to MODEL-4 read: one or two graphs of each hop."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embench.baselines.alignn.graphs.bands import IMAGES, Crystal, around_images, band, final_state, initial_state
from embench.baselines.alignn.graphs.cache import GraphSettings, cached
from embench.baselines.alignn.graphs.crystal import HOST, Graph
from embench.errors import InvalidValueError, MissingDependencyError, UnknownNameError

if TYPE_CHECKING:
    from embench.baselines.alignn.configs import PathwayConfig
    from embench.dataset.entry import Entry

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


# The second graph of MODEL-4.
SURROUNDINGS = GraphSettings(neighbours=6, canonise=False)


def hop_graphs(entry: Entry, model: int, config: PathwayConfig, *, folder: Path | None = None) -> tuple[Graph, ...]:
    """Return the graphs that MODEL-`model` reads of a hop, from the cache in `folder` or made and kept there.

    MODEL-1 and MODEL-2 read the initial and the final structure, MODEL-3 the band of five images, MODEL-4 the band and
    the surroundings of its images. The final structure is the initial one with the ion at the end of its path, for
    all entries alike: the release holds relaxed final structures of its test entries only, and a network must not see
    another kind of structure there than where it was trained.

    Raises
    ------
    UnknownNameError
        For another model than 1 to 4.
    MissingDependencyError
        Without pymatgen.
    """

    def graph(crystal: Crystal) -> Graph:
        made = cached(crystal, config.graphs, folder=folder)
        return made if config.radius is None else cut(made, near_path(entry, config.radius))

    if model in (1, 2):
        return graph(initial_state(entry)), graph(final_state(entry, released=False))
    if model == 3:
        return (graph(band(entry)),)
    if model == 4:
        return graph(band(entry)), around_images(cached(band(entry), SURROUNDINGS, folder=folder))
    raise UnknownNameError("model", str(model), tuple("1234"))


def samples(
    entries: Iterable[Entry], model: int, config: PathwayConfig, *, folder: Path | None = None
) -> list[tuple[Graph, ...]]:
    """Return the graphs of several hops, in their order; raises as :func:`hop_graphs`."""
    return [hop_graphs(entry, model, config, folder=folder) for entry in entries]
