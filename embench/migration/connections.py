"""Direct connections between the sites of an ion, and which of them symmetry makes equal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import pairs_within
from embench.errors import StructureError
from embench.migration.periodic_union import PeriodicUnion
from embench.migration.read import Crystal

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Image = tuple[int, int, int]

# A site is between two others if it lies in the sphere over them, or outside of it by less than this share of the
# squared diameter: a right angle counts as between, whatever the rounding.
_BETWEEN = 0.02
# Lengths that differ by less are the same, Å.
SAME_LENGTH = 0.01


@dataclass(frozen=True)
class Connection:
    """A hop of the network, from site `start` to the copy of site `end` in the cell `image`.

    `hop` is the number of the symmetry-distinct hop that it is, in the same direction.
    """

    start: int
    end: int
    image: Image
    hop: int


@dataclass(frozen=True)
class Orbit:
    """Symmetry-equivalent connections.

    Attributes
    ----------
    members : (start, end, image) of each, all in the direction of the first one, which stands for all.
    length : mean length, Å.
    turns : whether symmetry maps the hop onto its own reverse, so that both directions have the same barrier.
    """

    members: tuple[tuple[int, int, Image], ...]
    length: float
    turns: bool


@dataclass(frozen=True, eq=False)
class SiteSymmetry:
    """What the symmetry operations do to sites: site i goes to `sites[g, i]` in the cell `cells[g, i]`.

    Attributes
    ----------
    rotations : (G, 3, 3) integer matrices W, fractional columns: x goes to W x + w.
    sites : (G, n) integers.
    cells : (G, n, 3) integers.
    space_group : symbol of the space group of the structure.
    """

    rotations: Integers
    sites: Integers
    cells: Integers
    space_group: str

    def orbits(self) -> Integers:
        """Return for each site the lowest site that is equivalent to it, (n,)."""
        lowest: Integers = self.sites.min(axis=0)
        return lowest


@dataclass(frozen=True, eq=False)
class Operations:
    """The space group of a crystal: (G, 3, 3) rotations and (G, 3) translations, fractional columns."""

    rotations: Integers
    translations: Floats
    space_group: str


def operations_of(crystal: Crystal, symprec: float) -> Operations:
    """Return the symmetry operations of a crystal within `symprec`, Å (spglib through pymatgen).

    Raises :class:`~embench.errors.StructureError` where spglib finds no symmetry at all.
    """
    from pymatgen.core import Lattice, Structure
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer, SymmetryUndeterminedError

    structure = Structure(Lattice(crystal.lattice), list(crystal.symbols), crystal.frac_coords)
    try:
        analyzer = SpacegroupAnalyzer(structure, symprec=symprec)
        found = analyzer.get_symmetry_operations(cartesian=False)
        name = str(analyzer.get_space_group_symbol())
    except (SymmetryUndeterminedError, ValueError, TypeError) as error:
        raise StructureError(f"no symmetry was found within symprec {symprec:g} Å ({error}): try another one") from None
    rotations = np.array([np.rint(op.rotation_matrix) for op in found], dtype=np.int64)
    return Operations(rotations, np.array([op.translation_vector for op in found], np.float64), name)


def site_symmetry(lattice: Floats, sites: Floats, kinds: list[str], ops: Operations, tolerance: float) -> SiteSymmetry:
    """Return how symmetry operations permute `sites` (n, 3), fractional, of the given kinds.

    An operation that brings a site further than `tolerance` (Å) from all sites of its kind is left out.
    """
    labels = np.array(kinds)
    kept, onto, into = [], [], []
    for number, (rotation, translation) in enumerate(zip(ops.rotations, ops.translations, strict=True)):
        images = sites @ rotation.T + translation
        steps = images[:, None] - sites[None]
        cells = np.rint(steps)
        apart = np.linalg.norm((steps - cells) @ lattice, axis=2)
        apart[labels[:, None] != labels[None]] = np.inf
        nearest = apart.argmin(axis=1)
        rows = np.arange(len(sites))
        if apart[rows, nearest].max() <= tolerance and len(np.unique(nearest)) == len(sites):
            kept.append(number)
            onto.append(nearest)
            into.append(cells[rows, nearest].astype(np.int64))
    return SiteSymmetry(ops.rotations[kept], np.array(onto, np.int64), np.array(into, np.int64), ops.space_group)


def direct_orbits(lattice: Floats, sites: Floats, symmetry: SiteSymmetry, reach: float) -> list[Orbit]:
    """Return the orbits of direct connections up to `reach` (Å), shortest first.

    A connection is direct unless another site lies in the sphere over it, so that the way over that site consists of
    two shorter connections (the Gabriel graph). Leaving out the others changes no connectedness at any length.

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    sites : (n, 3) fractional.
    """
    starts, ends, images, vectors = _pairs(lattice, sites, reach)
    around: dict[int, list[int]] = defaultdict(list)
    for position, start in enumerate(starts.tolist()):
        around[start].append(position)
    orbits = []
    seen: set[tuple[int, int, Image]] = set()
    for position in np.argsort(np.linalg.norm(vectors, axis=1).round(4), kind="stable"):
        start, end = int(starts[position]), int(ends[position])
        x, y, z = images[position].tolist()
        image: Image = (x, y, z)
        if (start, end, image) in seen:
            continue
        members, turns = _orbit(start, end, image, symmetry)
        seen |= {(a, b, t) for a, b, t in members} | {(b, a, _opposite(t)) for a, b, t in members}
        if not _is_between(vectors[position], vectors[around[start]]):
            steps = np.array([sites[b] + t - sites[a] for a, b, t in members]) @ lattice
            orbits.append(Orbit(tuple(members), float(np.linalg.norm(steps, axis=1).mean()), turns))
    return sorted(orbits, key=lambda orbit: round(orbit.length, 4))


def _pairs(lattice: Floats, sites: Floats, reach: float) -> tuple[Integers, Integers, Integers, Floats]:
    """Return start, end, image and Cartesian vector of all pairs of sites up to `reach` apart."""
    cart = sites @ lattice
    found = pairs_within(lattice, cart, cart, reach=reach)
    pairs = found.distances > SAME_LENGTH
    starts, ends, cells = found.first[pairs], found.second[pairs], found.images[pairs]
    vectors: Floats = (sites[ends] + cells - sites[starts]) @ lattice
    # An order that does not depend on how the search went.
    order = np.lexsort((*cells.T, ends, starts))
    return starts[order], ends[order], cells[order], vectors[order]


def _is_between(vector: Floats, others: Floats) -> bool:
    """Return whether one of the sites at `others` (m, 3) is in the sphere over `vector` (3,), all from its start."""
    others = others[np.linalg.norm(others, axis=1) < np.linalg.norm(vector) - SAME_LENGTH]
    depth = others @ vector - (others**2).sum(axis=1)
    return bool((depth > -_BETWEEN * (vector @ vector)).any())


def _opposite(image: Image) -> Image:
    return (-image[0], -image[1], -image[2])


def _orbit(start: int, end: int, image: Image, symmetry: SiteSymmetry) -> tuple[list[tuple[int, int, Image]], bool]:
    """Return the members of the orbit of a connection, each in one direction only, and whether it holds the reverse."""
    steps = np.einsum("gij,j->gi", symmetry.rotations, np.array(image))
    steps += symmetry.cells[:, end] - symmetry.cells[:, start]
    members: dict[tuple[int, int, Image], None] = {(start, end, image): None}
    for a, b, step in zip(symmetry.sites[:, start], symmetry.sites[:, end], steps, strict=True):
        members[int(a), int(b), (int(step[0]), int(step[1]), int(step[2]))] = None
    turns = (end, start, _opposite(image)) in members
    found: dict[tuple[int, int, Image], None] = {}
    for a, b, t in members:
        if (b, a, _opposite(t)) not in found:
            found[a, b, t] = None
    return list(found), turns


def connecting_lengths(n_sites: int, orbits: list[Orbit]) -> dict[int, float]:
    """Return the shortest hop length, Å, up to which the sites are connected in one, two and three dimensions.

    Dimensions that are not reached with the given orbits (shortest first) are left out.
    """
    union, dimension = PeriodicUnion(n_sites), 0
    found: dict[int, float] = {}
    for orbit in orbits:
        for start, end, image in orbit.members:
            dimension = max(dimension, union.join(start, end, image))
        for reached in range(1, dimension + 1):
            found.setdefault(reached, orbit.length)
    return found
