"""Distances in a periodic structure: between points, to a path, and over lattice translations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

# Distances closer to each other than this count as equal, so that rounding errors decide no tie; Å.
TIE = 1e-3
# An end that is nearer than this to a periodic image of the start is that image, Å.
OWN_IMAGE = 0.1

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Sites around a point, periodic images included.

    Attributes
    ----------
    coords : (M, 3) Cartesian coordinates, Å.
    distances : (M,) distances to the point, Å.
    sites : (M,) positions in the list of sites that was searched.
    """

    coords: Floats
    distances: Floats
    sites: Integers


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of points, the second of each in any cell.

    Attributes
    ----------
    first, second : (P,) positions in the two lists of points.
    images : (P, 3) the cell that the second point is in, counted from the one that it was given in.
    distances : (P,) Å.
    """

    first: Integers
    second: Integers
    images: Integers
    distances: Floats


@dataclass(frozen=True, eq=False)
class Approach:
    """How near a path comes to each of several sites.

    Attributes
    ----------
    distances : (M,) shortest distance between the path and the site, Å.
    positions : (M,) where on the path that is, counted in its segments: on a straight line 0 is its start, 1 its end.
    sites : (M,) positions in the list of sites that was searched.
    """

    distances: Floats
    positions: Floats
    sites: Integers

    @property
    def shortest(self) -> float:
        """The shortest of the distances, Å."""
        return float(self.distances.min())

    @property
    def where(self) -> float:
        """The first position at which the path is as near to a site as it gets, ties within TIE."""
        return float(self.positions[self.distances <= self.distances.min() + TIE].min())


def distance_matrix(lattice: Floats, a: Floats, b: Floats) -> Floats:
    """Return the shortest periodic distances (K, M), Å, between fractional coordinates `a` (K, 3) and `b` (M, 3)."""
    from pymatgen.core import Lattice

    matrix: Floats = Lattice(lattice).get_all_distances(a, b)
    return matrix


def pairs_within(lattice: Floats, a: Floats, b: Floats, *, reach: float) -> Pairs:
    """Return all pairs of a point of `a` (K, 3) and an image of one of `b` (M, 3), Cartesian, up to `reach` Å apart."""
    from pymatgen.optimization.neighbors import find_points_in_spheres

    first, second, images, distances = find_points_in_spheres(
        np.ascontiguousarray(b),
        np.ascontiguousarray(a),
        r=reach,
        pbc=np.ones(3, dtype=np.int64),
        lattice=np.ascontiguousarray(lattice),
    )
    return Pairs(first, second, np.rint(images).astype(np.intp), distances)


def surroundings(lattice: Floats, point: Floats, sites: Floats, *, radius: float) -> Surroundings:
    """Return every periodic image of `sites` (M, 3) within `radius` (Å) of `point`, all in fractional coordinates."""
    from pymatgen.core import Lattice

    found = Lattice(lattice).get_points_in_sphere(sites, point @ lattice, radius, zip_results=False)
    coords, distances, indices = (np.asarray(part) for part in found[:3])
    return Surroundings(
        coords=coords.astype(np.float64).reshape(-1, 3) @ lattice,
        distances=distances.astype(np.float64),
        sites=indices.astype(np.intp),
    )


def approach(path: Floats, coords: Floats) -> Approach:
    """Return how near a polyline `path` (n, 3) comes to each of `coords` (M, 3), all Cartesian, Å; n > 1."""
    distances, positions = np.full(len(coords), np.inf), np.zeros(len(coords))
    for segment, (start, end) in enumerate(pairwise(path)):
        found = _to_segment(coords, start, end - start)
        nearer = found.distances < distances
        distances[nearer], positions[nearer] = found.distances[nearer], segment + found.positions[nearer]
    return Approach(distances=distances, positions=positions, sites=np.arange(len(coords)))


def _to_segment(coords: Floats, start: Floats, step: Floats) -> Approach:
    from_start = coords - start
    length = float(np.linalg.norm(step))
    along = np.clip(from_start @ step / max(length**2, np.finfo(float).tiny), 0.0, 1.0)
    distances = np.linalg.norm(from_start - along[:, None] * step, axis=1)
    return Approach(distances=distances, positions=along, sites=np.arange(len(coords)))


def closest_approach(lattice: Floats, start: Floats, end: Floats, sites: Floats, *, margin: float = 0.0) -> Approach:
    """Return how near the straight line from `start` to `end` comes to `sites`, exactly and not sampled.

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    start, end : (3,) fractional coordinates, unwrapped.
    sites : (M, 3) fractional coordinates, M > 0.
    margin : what is found includes every periodic image that is nearer than the nearest one plus `margin`, Å.
    """
    # The site nearest to the middle bounds the shortest distance to the line.
    bound = float(distance_matrix(lattice, (start + end)[None] / 2, sites).min()) + margin + TIE
    around, line = _around(lattice, start, end, sites, reach=bound)
    return replace(line, sites=around.sites)


def near_line(lattice: Floats, start: Floats, end: Floats, sites: Floats, *, reach: float) -> Surroundings:
    """Return every periodic image of `sites` (M, 3) within `reach` (Å) of a straight line, in a fixed order.

    `start` and `end` (3,) are fractional, as `sites` are; the distances are those to the line.
    """
    around, line = _around(lattice, start, end, sites, reach=reach)
    near = line.distances <= reach
    coords, found = around.coords[near], around.sites[near]
    # A fixed order, so that sums do not depend on how the search went.
    order = np.lexsort((*coords.round(6).T, found))
    return Surroundings(coords=coords[order], distances=line.distances[near][order], sites=found[order])


def _around(
    lattice: Floats, start: Floats, end: Floats, sites: Floats, *, reach: float
) -> tuple[Surroundings, Approach]:
    """Return at least all images of `sites` within `reach` of a line, and how near the line comes to each."""
    step = (end - start) @ lattice
    radius = float(np.linalg.norm(step)) / 2 + reach
    around = surroundings(lattice, (start + end) / 2, sites, radius=radius)
    return around, _to_segment(around.coords, start @ lattice, step)


def shortest_image(lattice: Floats, step: Floats, *, tolerance: float = 0.0) -> Floats:
    """Return the shortest periodic image of a fractional vector (3,).

    That is the vector itself unless another image is shorter by more than `tolerance` (Å).
    """
    from pymatgen.core import Lattice
    from pymatgen.util.coord import pbc_shortest_vectors

    vector = pbc_shortest_vectors(Lattice(lattice), np.zeros((1, 3)), (step % 1.0)[None])[0, 0]
    if np.linalg.norm(step @ lattice) <= np.linalg.norm(vector) + tolerance:
        return step
    return np.asarray(np.linalg.solve(lattice.T, vector), np.float64)


def hop_vector(lattice: Floats, step: Floats, *, tolerance: float = 0.0) -> Floats:
    """Return the hop that a fractional vector (3,) from start to end stands for, fractional.

    That is its shortest periodic image, see :func:`shortest_image`; where the end is an image of the start itself, the
    lattice vector that leads there. A multiple of a lattice vector passes through nearer images of the start: the hop
    ends at the first of them. An end that is the start, in the same cell, gives a vector of no length.
    """
    nearest = shortest_image(lattice, step, tolerance=tolerance)
    cells = np.rint(step - nearest).astype(np.intp)
    if not cells.any() or np.linalg.norm(nearest @ lattice) >= OWN_IMAGE:
        return nearest
    return np.asarray(nearest + cells // np.gcd.reduce(cells), np.float64)


def faded(distances: Floats, *, cutoff: float, width: float) -> Floats:
    """Return weights that fall smoothly from 1 at `cutoff` - `width` to 0 at `cutoff`, for distances of any shape, Å.

    With them an atom that crosses the cutoff changes nothing abruptly.
    """
    x = np.clip((cutoff - distances) / width, 0.0, 1.0) if width > 0 else np.ones_like(distances)
    return np.asarray(x * x * (3.0 - 2.0 * x), np.float64)


def shortest_translation(lattice: Floats) -> float:
    """Return the length of the shortest lattice vector, Å: the distance of a site to its nearest periodic image."""
    from pymatgen.core import Lattice

    # The shortest vector of a lattice is a combination of reduced ones with coefficients -1, 0 and 1.
    steps = np.array([step for step in product((-1, 0, 1), repeat=3) if any(step)])
    return float(np.linalg.norm(steps @ Lattice(lattice).lll_matrix, axis=1).min())


def has_overlap(lattice: Floats, sites: Floats, *, within: float) -> bool:
    """Return whether two of the `sites` (N, 3), fractional, are less than `within` (Å) apart."""
    cart = sites @ lattice
    found = pairs_within(lattice, cart, cart, reach=within)
    return bool(((found.first != found.second) & (found.distances < within)).any())


def largest_displacement(lattice: Floats, elements: Sequence[str], a: Floats, b: Floats) -> float:
    """Return the largest displacement, Å, between structures `a` and `b`, both (N, 3) fractional coordinates.

    A common shift of all sites does not count, nor does an exchange of sites of one element: sites are matched so that
    the sum of squared displacements is smallest. Strain does not count either: both are measured in `lattice`.
    """
    from pymatgen.core import Lattice
    from pymatgen.util.coord import pbc_shortest_vectors
    from scipy.optimize import linear_sum_assignment

    cell = Lattice(lattice)
    labels = np.array(elements)

    def displacement(shift: Floats) -> float:
        matched = []
        for name in sorted(set(elements)):
            chosen = labels == name
            vectors, squared = pbc_shortest_vectors(cell, a[chosen] + shift, b[chosen], return_d2=True)
            matched.append(vectors[linear_sum_assignment(squared)])
        moved = np.concatenate(matched)
        return float(np.linalg.norm(moved - moved.mean(axis=0), axis=1).max())

    # A large common shift must be known before sites can be matched; the median finds it where sites keep their order.
    in_order = b - a
    shift = np.median(in_order - np.rint(in_order), axis=0)
    return min(displacement(np.zeros(3)), displacement(shift))
