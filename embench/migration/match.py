"""Which atom of one structure is which of another, and how far each has moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import Floats, Integers, distance_matrix

Labels = NDArray[np.str_]

# An atom that is further from its old place than this has hopped, Å. Frameworks relax by up to 0.9 Å in the released
# test entries, and the shortest released hop is 1.52 Å long.
HOPPED = 1.0
# What an Å beyond HOPPED costs, Å^2 per Å: among matchings with equally few hops the shortest wins.
_TIE = 1e-3
# So many atoms may hop before a shift of the whole is looked for; a fifth of all where that is more.
_FEW = 3
# Atoms that a shift is first tried on, and how many of the best shifts are tried on all.
_PROBES, _TRIALS = 24, 8


@dataclass(frozen=True, eq=False)
class Match:
    """Atoms of a structure `a` matched with those of `b`.

    Attributes
    ----------
    order : (N,) for each atom of `a` the position of its partner in `b`.
    displacements : (N, 3) fractional, shortest periodic image, the common shift taken out.
    lengths : (N,) their lengths, Å.
    shift : (3,) the common shift from `a` to `b`, fractional.
    """

    order: Integers
    displacements: Floats
    lengths: Floats
    shift: Floats


def match_sites(lattice: Floats, symbols_a: Sequence[str], a: Floats, symbols_b: Sequence[str], b: Floats) -> Match:
    """Return the matching of two structures of one composition in which the fewest atoms hop.

    Atoms of one element are assigned to each other (Hungarian method on periodic distances); a distance beyond HOPPED
    costs the same however long it is, so that one long hop is preferred to a chain of short ones that ends alike. A
    shift of the whole structure is found and taken out first, however large.

    Parameters
    ----------
    lattice : (3, 3) rows, Å; both structures are measured in it, so that strain does not count.
    symbols_a, symbols_b : N elements each, the same numbers of each element.
    a, b : (N, 3) fractional coordinates.
    """
    labels_a, labels_b = np.array(symbols_a), np.array(symbols_b)
    # Shifts that the order of the atoms tells: none, and what most atoms have in common.
    in_order = b - a
    shifts = [np.zeros(3), np.median(in_order - np.rint(in_order), axis=0)]
    found = []
    for shift in shifts if np.array_equal(labels_a, labels_b) else shifts[:1]:
        found.append(assign_sites(lattice, labels_a, a, labels_b, b, shift))
        # A search would take a move of two ions for the shift of a framework that repeats itself within the cell.
        if _hops(found[-1]) <= max(_FEW, len(a) // 5):
            return found[-1]
    found += [
        assign_sites(lattice, labels_a, a, labels_b, b, shift) for shift in _shifts(lattice, labels_a, a, labels_b, b)
    ]
    return min(found, key=_oddness)


def _hops(match: Match) -> int:
    return int((match.lengths > HOPPED).sum())


def _oddness(match: Match) -> tuple[int, float]:
    """Return what is least for one hop, and that a short one."""
    hops = _hops(match)
    return abs(hops - 1) + (hops == 0), float(match.lengths.max())


def _shifts(lattice: Floats, labels_a: Labels, a: Floats, labels_b: Labels, b: Floats) -> Iterator[Floats]:
    """Yield the shifts of `a` that bring one atom of a rare element onto one of `b`, and most others with it."""
    names, counts = np.unique(labels_a, return_counts=True)
    probes = np.sort(np.random.default_rng(0).permutation(len(a))[:_PROBES])
    trees = {str(name): _PeriodicTree(lattice, b[labels_b == name]) for name in names}
    # The rarest element leaves the fewest shifts; where it is the one that hops, the next one has the right shift.
    for name in names[np.argsort(counts, kind="stable")][:2]:
        shifts = b[labels_b == name] - a[labels_a == name][0]
        missed = [sum(trees[labels_a[p]].distance(a[p] + shift) > HOPPED for p in probes) for shift in shifts]
        for position in np.argsort(missed, kind="stable")[:_TRIALS]:
            yield shifts[position] - np.rint(shifts[position])


def assign_sites(lattice: Floats, labels_a: Labels, a: Floats, labels_b: Labels, b: Floats, shift: Floats) -> Match:
    """Return the matching in which the fewest atoms hop for a known `shift` (3,) of `a`, fractional.

    The other parameters are those of :func:`match_sites`, the elements as arrays.
    """
    from scipy.optimize import linear_sum_assignment

    order = np.empty(len(a), np.intp)
    for name in np.unique(labels_a):
        rows, columns = np.flatnonzero(labels_a == name), np.flatnonzero(labels_b == name)
        apart = distance_matrix(lattice, a[rows] + shift, b[columns])
        cost = np.where(apart <= HOPPED, apart**2, HOPPED**2 + _TIE * apart)
        _, chosen = linear_sum_assignment(cost)
        order[rows] = columns[chosen]
    # What the atoms that stay have in common is no displacement, but drift; the one that moves furthest is not asked.
    for _ in range(2):
        step = b[order] - a - shift
        step -= np.rint(step)
        from_median = np.linalg.norm((step - np.median(step, axis=0)) @ lattice, axis=1)
        stay = np.linalg.norm(step @ lattice, axis=1) <= HOPPED
        stay[from_median.argmax()] = False
        if stay.any():
            shift = shift + step[stay].mean(axis=0)
    vectors = shortest_vectors(lattice, b[order] - a - shift)
    return Match(
        order, np.asarray(np.linalg.solve(lattice.T, vectors.T).T, np.float64), np.linalg.norm(vectors, axis=1), shift
    )


def shortest_vectors(lattice: Floats, steps: Floats) -> Floats:
    """Return the shortest periodic images (N, 3), Cartesian, Å, of fractional vectors (N, 3)."""
    from pymatgen.core import Lattice

    # In a reduced cell the shortest image is among the 27 around the one nearest in fractional coordinates.
    reduced = np.asarray(Lattice(lattice).lll_matrix, np.float64)
    frac = np.linalg.solve(reduced.T, (steps @ lattice).T).T
    images = np.array(list(product((-1.0, 0.0, 1.0), repeat=3)))
    candidates = ((frac - np.rint(frac))[:, None] + images) @ reduced
    nearest = np.einsum("nki,nki->nk", candidates, candidates).argmin(axis=1)
    return np.asarray(candidates[np.arange(len(steps)), nearest], np.float64)


class _PeriodicTree:
    """Nearest neighbour of a point among periodic sites."""

    def __init__(self, lattice: Floats, sites: Floats) -> None:
        from scipy.spatial import cKDTree

        images = np.array(list(product((-1.0, 0.0, 1.0), repeat=3)))
        self._lattice = lattice
        self._tree = cKDTree(((sites - np.floor(sites))[:, None] + images).reshape(-1, 3) @ lattice)

    def distance(self, point: Floats) -> float:
        """Return the distance to the nearest site, Å."""
        found, _ = self._tree.query((point - np.floor(point)) @ self._lattice)
        return float(found)
