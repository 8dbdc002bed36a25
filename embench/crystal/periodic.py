"""Distances in a periodic structure: between points, along a straight line, and over lattice translations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

# Distances closer to each other than this count as equal, so that rounding errors decide no tie; Å.
TIE = 1e-3

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
class Approach:
    """How near a straight line comes to each of several sites.

    Attributes
    ----------
    distances : (M,) shortest distance between the line and the site, Å.
    positions : (M,) where on the line that is: 0 its start, 1 its end.
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
        """The first position at which the line is as near to a site as it gets, ties within TIE."""
        return float(self.positions[self.distances <= self.distances.min() + TIE].min())


def distance_matrix(lattice: Floats, a: Floats, b: Floats) -> Floats:
    """Return the shortest periodic distances (K, M), Å, between fractional coordinates `a` (K, 3) and `b` (M, 3)."""
    from pymatgen.core import Lattice

    matrix: Floats = Lattice(lattice).get_all_distances(a, b)
    return matrix


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


def closest_approach(lattice: Floats, start: Floats, end: Floats, sites: Floats, *, margin: float = 0.0) -> Approach:
    """Return how near the straight line from `start` to `end` comes to `sites`, exactly and not sampled.

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    start, end : (3,) fractional coordinates, unwrapped.
    sites : (M, 3) fractional coordinates, M > 0.
    margin : what is found includes every periodic image that is nearer than the nearest one plus `margin`, Å.
    """
    middle = (start + end) / 2
    hop = (end - start) @ lattice
    length = float(np.linalg.norm(hop))
    # The site nearest to the middle bounds the shortest distance to the line.
    bound = float(distance_matrix(lattice, middle[None], sites).min()) + margin
    around = surroundings(lattice, middle, sites, radius=length / 2 + bound + TIE)
    from_start = around.coords - start @ lattice
    positions = np.clip(from_start @ hop / max(length**2, np.finfo(float).tiny), 0.0, 1.0)
    distances = np.linalg.norm(from_start - positions[:, None] * hop, axis=1)
    return Approach(distances=distances, positions=positions, sites=around.sites)


def shortest_translation(lattice: Floats) -> float:
    """Return the length of the shortest lattice vector, Å: the distance of a site to its nearest periodic image."""
    from pymatgen.core import Lattice

    # The shortest vector of a lattice is a combination of reduced ones with coefficients -1, 0 and 1.
    steps = np.array([step for step in product((-1, 0, 1), repeat=3) if any(step)])
    return float(np.linalg.norm(steps @ Lattice(lattice).lll_matrix, axis=1).min())


def has_overlap(lattice: Floats, sites: Floats, *, within: float) -> bool:
    """Return whether two of the `sites` (N, 3), fractional, are less than `within` (Å) apart."""
    from pymatgen.optimization.neighbors import find_points_in_spheres

    cart = np.ascontiguousarray(sites @ lattice)
    centres, points, _, distances = find_points_in_spheres(
        cart, cart, r=within, pbc=np.ones(3, dtype=np.int64), lattice=np.ascontiguousarray(lattice)
    )
    return bool(((centres != points) & (distances < within)).any())


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
