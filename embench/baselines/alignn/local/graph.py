"""Graphs of the surroundings of a hop: what an image node can hear of in as many layers as the network has.

The host is the structure without the migrating ion: its atoms hear of each other and never of the images. The images
of the migrating ion hear of the host only, not of each other: they are less than an ångström apart, and would fill
each other's neighbour shells. Only atoms whose features reach an image are kept, which leaves the result of the
network as it is and most of its cost out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embench.baselines.alignn.graphs.crystal import HEAVIEST
from embench.errors import FeatureError

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

NEIGHBOURS = 12
# Neighbours are looked for up to this distance; beyond it an atom has as many as there are. Å.
CUTOFF = 8.0
# Bonds longer than this take no part in angles, Å.
ANGLE_CUTOFF = 4.0
# Neighbours whose distances differ by less than this belong to one shell, Å: files round coordinates to 1e-4 or worse.
SHELL = 1e-3
# A shell with more members than this beyond the twelfth is cut: it is an accident of a coarse structure.
MOST_NEIGHBOURS = 24


@dataclass(frozen=True, eq=False)
class LocalGraph:
    """A graph whose nodes and edges are sorted by `level`, the number of hops to the nearest node that is read out.

    Attributes
    ----------
    numbers : (n,) atomic numbers.
    image : (n,) position on the path from 0 to ``n_images - 1``, and -1 for atoms of the host.
    level : (n,) hops to the nearest image, or 0 everywhere in a crystal that is read out as a whole.
    source, target : (e,) nodes of an edge; the target hears of the source.
    distance : (e,) Å.
    first, second : (t,) edges of an angle: `first` ends where `second` begins.
    cosine : (t,) of the angle between the two bonds at the atom that they share.
    """

    numbers: NDArray[np.uint8]
    image: NDArray[np.int8]
    level: NDArray[np.int8]
    source: Integers
    target: Integers
    distance: NDArray[np.float32]
    first: Integers
    second: Integers
    cosine: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.numbers)


def crystal_graph(lattice: Floats, frac_coords: Floats, numbers: Sequence[int] | NDArray[np.integer]) -> LocalGraph:
    """Return the graph of a whole crystal: every atom is read out.

    Parameters
    ----------
    lattice : (3, 3), rows in Å.
    frac_coords : (N, 3).
    numbers : (N,) atomic numbers.

    Raises
    ------
    FeatureError
        An atom has no neighbour within the cutoff, or what is given is no crystal.
    """
    _check(lattice, frac_coords, numbers)
    bonds = _bonds(np.asarray(lattice, float), np.asarray(frac_coords, float), n_images=0)
    level = np.zeros(len(frac_coords), np.int8)
    return _graph(np.asarray(numbers), np.full(len(frac_coords), -1), level, bonds, deepest=1, angles=0)


def hop_graph(
    lattice: Floats, frac_coords: Floats, numbers: NDArray[np.integer], images: Floats, *, layers: int, angles: int
) -> LocalGraph:
    """Return the graph of a hop for a network of `layers` layers.

    Parameters
    ----------
    lattice : (3, 3), rows in Å.
    frac_coords : (N, 3), the migrating ion first.
    numbers : (N,) atomic numbers.
    images : (n_images, 3) fractional coordinates of the migrating ion along its path.
    angles : deepest level of the atoms at whose bonds angles are needed.

    Raises
    ------
    FeatureError
        A node has no neighbour within the cutoff, or what is given is no crystal.
    """
    _check(lattice, frac_coords, numbers)
    n = len(images)
    points = np.vstack([images, frac_coords[1:]])
    species = np.concatenate([np.full(n, numbers[0]), numbers[1:]])
    image = np.concatenate([np.arange(n), np.full(len(frac_coords) - 1, -1)])
    bonds = _bonds(np.asarray(lattice, float), points, n_images=n)
    level = _levels(bonds, n_nodes=len(points), n_images=n, deepest=layers)
    return _graph(species, image, level, bonds, deepest=layers, angles=angles)


def _check(lattice: Floats, frac_coords: Floats, numbers: Sequence[int] | NDArray[np.integer]) -> None:
    """Raise FeatureError for what the search of neighbours cannot take, or would take for something else."""
    for number in np.asarray(numbers).tolist():
        if not 1 <= number <= HEAVIEST:
            raise FeatureError(
                f"no element has the atomic number {number}: they are whole numbers from 1 to {HEAVIEST}"
            )
    if not (np.isfinite(lattice).all() and np.isfinite(frac_coords).all() and abs(np.linalg.det(lattice)) > 0):
        raise FeatureError(f"no crystal: lattice {np.asarray(lattice).tolist()} or a coordinate is not finite, or flat")


@dataclass(frozen=True, eq=False)
class _Bonds:
    source: Integers
    target: Integers
    vector: Floats  # from source to target

    def take(self, kept: NDArray[np.integer]) -> _Bonds:
        return replace(self, source=self.source[kept], target=self.target[kept], vector=self.vector[kept])


def _bonds(lattice: Floats, frac_coords: Floats, *, n_images: int) -> _Bonds:
    """Return the bonds from the nearest shells of every node; the first `n_images` nodes are no sources."""
    from vesin import NeighborList

    targets, sources, vectors, distances = NeighborList(cutoff=CUTOFF, full_list=True).compute(
        points=frac_coords @ lattice, box=lattice, periodic=True, quantities="ijDd"
    )
    heard = np.asarray(sources, np.int64) >= n_images
    targets, sources = np.asarray(targets)[heard].astype(np.int64), np.asarray(sources)[heard].astype(np.int64)
    vectors, distances = np.asarray(vectors)[heard], np.asarray(distances)[heard]
    order = np.lexsort((sources, np.round(distances / SHELL), targets))
    targets, sources, vectors, distances = targets[order], sources[order], vectors[order], distances[order]
    starts = np.searchsorted(targets, np.arange(len(frac_coords)))
    counts = np.diff(np.append(starts, len(targets)))
    if (counts == 0).any():
        raise FeatureError(f"site {int(np.argmin(counts))} has no other atom within {CUTOFF:g} Å")
    last = distances[starts + np.minimum(NEIGHBOURS, counts) - 1]
    rank = np.arange(len(targets)) - starts[targets]
    kept = (distances <= last[targets] + SHELL) & (rank < MOST_NEIGHBOURS)
    return _Bonds(sources[kept].astype(np.int32), targets[kept].astype(np.int32), -vectors[kept])


def _levels(bonds: _Bonds, *, n_nodes: int, n_images: int, deepest: int) -> NDArray[np.int8]:
    """Return the hops from each node to the nearest image; `deepest` + 1 for nodes that no image hears of."""
    level = np.full(n_nodes, deepest + 1, np.int8)
    level[:n_images] = 0
    for hops in range(1, deepest + 1):
        reached = bonds.source[level[bonds.target] == hops - 1]
        level[reached] = np.minimum(level[reached], hops)
    return level


def _graph(
    numbers: NDArray[np.integer],
    image: NDArray[np.integer],
    level: NDArray[np.int8],
    bonds: _Bonds,
    *,
    deepest: int,
    angles: int,
) -> LocalGraph:
    """Return the graph of the nodes up to level `deepest`, in the order of their level."""
    order = np.argsort(level, kind="stable")
    order = order[level[order] <= deepest]
    place = np.full(len(level), -1, np.int32)
    place[order] = np.arange(len(order))
    # The outermost nodes are heard of but hear of nothing themselves.
    bonds = bonds.take(np.flatnonzero(level[bonds.target] < deepest))
    bonds = bonds.take(np.argsort(level[bonds.target], kind="stable"))
    source, target = place[bonds.source], place[bonds.target]
    distance = np.linalg.norm(bonds.vector, axis=1)
    first, second = _angles(source, target, distance, level=level[order], deepest=angles)
    dots = np.einsum("ij,ij->i", -bonds.vector[first], bonds.vector[second])
    cosine = np.clip(dots / (distance[first] * distance[second]), -1.0, 1.0)
    return LocalGraph(
        numbers=numbers[order].astype(np.uint8),
        image=image[order].astype(np.int8),
        level=level[order],
        source=source,
        target=target,
        distance=distance.astype(np.float32),
        first=first,
        second=second,
        cosine=cosine.astype(np.float32),
    )


def _angles(
    source: Integers, target: Integers, distance: Floats, *, level: NDArray[np.int8], deepest: int
) -> tuple[Integers, Integers]:
    """Return the pairs of short bonds that meet in an atom, in the order of the second."""
    short = np.flatnonzero(distance <= ANGLE_CUTOFF)
    by_target = short[np.argsort(target[short], kind="stable")]
    starts = np.searchsorted(target[by_target], np.arange(len(level) + 1))
    needed = short[level[target[short]] <= deepest]
    counts = np.diff(starts)[source[needed]]
    second = np.repeat(needed, counts)
    within = np.arange(len(second)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = by_target[np.repeat(starts[source[needed]], counts) + within]
    return first.astype(np.int32), second.astype(np.int32)
