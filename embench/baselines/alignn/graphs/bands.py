"""The crystals of a hop: both its ends, and the band of five images in one structure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embench.baselines.alignn.graphs.crystal import HOST, Graph
from embench.errors import InvalidValueError

if TYPE_CHECKING:
    from embench.dataset.entry import Entry

IMAGES = 5


@dataclass(frozen=True, eq=False)
class Crystal:
    """Atoms in a periodic cell.

    Attributes
    ----------
    lattice : (3, 3) row vectors, Å.
    frac_coords : (n, 3).
    atomic_numbers : (n,).
    image : (n,) number of the image for the migrating ion along a band, -1 for other atoms; None for no band.
    """

    lattice: npt.NDArray[np.float64]
    frac_coords: npt.NDArray[np.float64]
    atomic_numbers: npt.NDArray[np.integer]
    image: npt.NDArray[np.int8] | None = None


def band(entry: Entry, *, images: int = IMAGES) -> Crystal:
    """Return all images of the migrating ion and the rest of the initial structure as one crystal.

    With five images this is the structure that the release holds and that MODEL-3 reads: the first sites are the
    ion at evenly spaced points from its initial to its final position. The images are atoms like all others: they are
    each other's neighbours.

    Raises :class:`~embench.errors.InvalidValueError` for fewer than two images.
    """
    if images < 2:
        raise InvalidValueError(f"a band has at least its two ends, {images} images are too few")
    path = np.linspace(entry.frac_coords[0], entry.path_end, images)
    return Crystal(
        lattice=entry.lattice,
        frac_coords=np.concatenate([path, entry.frac_coords[1:]]),
        atomic_numbers=np.concatenate([np.repeat(entry.atomic_numbers[:1], images), entry.atomic_numbers[1:]]),
        image=_marks(images, len(entry.atomic_numbers) - 1),
    )


def initial_state(entry: Entry) -> Crystal:
    """Return the structure before the hop; the migrating ion is image 0."""
    return Crystal(entry.lattice, entry.frac_coords, entry.atomic_numbers, _marks(1, len(entry.atomic_numbers) - 1))


def final_state(entry: Entry, *, released: bool = True) -> Crystal:
    """Return the structure after the hop; the migrating ion is image 0.

    The release holds final structures of the test entries alone. Of the others, and of all with ``released=False``,
    it is the initial structure with the ion at the end of its path.
    """
    start = initial_state(entry)
    if released and entry.final_lattice is not None and entry.final_frac_coords is not None:
        return replace(start, lattice=entry.final_lattice, frac_coords=entry.final_frac_coords)
    moved = start.frac_coords.copy()
    moved[0] = entry.path_end
    return replace(start, frac_coords=moved)


def around_images(graph: Graph) -> Graph:
    """Return the part of a graph that touches the images: their edges, and the atoms at the other ends.

    MODEL-4 reads it beside the band, made of a graph with ``neighbours=6, canonise=False``.

    Raises :class:`~embench.errors.InvalidValueError` for a graph without images.
    """
    marked = graph.image != HOST
    if not marked.any():
        raise InvalidValueError("the graph has no images of a migrating ion: make it of band(entry)")
    edges = marked[graph.src] | marked[graph.dst]
    nodes, renumbered = np.unique(np.concatenate([graph.src[edges], graph.dst[edges]]), return_inverse=True)
    src, dst = np.split(renumbered.astype(np.int32), 2)
    return Graph(graph.atomic_numbers[nodes], src, dst, graph.vectors[edges], graph.image[nodes])


def _marks(images: int, others: int) -> npt.NDArray[np.int8]:
    return np.concatenate([np.arange(images), np.full(others, HOST)]).astype(np.int8)
