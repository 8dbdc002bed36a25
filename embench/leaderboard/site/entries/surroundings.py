"""The atoms around a hop, what bonds them, and how near they come to the path: what the 3D view draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import Floats, Integers, approach
from embench.crystal.periodic import surroundings as sites_around

if TYPE_CHECKING:
    from embench.dataset.entry import Entry

Mask = NDArray[np.bool_]

REACH = 5.0
"""Atoms are drawn up to this distance from the path, Å, and beyond it those that complete a polyhedron."""

# Atoms are bonded when nearer than this multiple of the sum of their covalent radii.
_BOND_FACTOR = 1.2
# Pairs without an anion: metals lie not far behind the anions that surround the centre of a polyanion.
_BOND_FACTOR_WITHOUT_ANION = 1.05
_LONGEST_BOND = 3.6  # Å
_FEWEST_FOR_POLYHEDRON = 4

ROLES = {
    "migrating": "migrating element",
    "anion": "anion",
    "centre": "polyanion centre",
    "metal": "framework metal",
}
"""What the atoms of an element are in a structure."""


class AtomsPayload(TypedDict):
    """The atoms as lists: by element `elements`, `roles` and `radii` (Å), by atom the rest; see Surroundings.

    `at` is x, y, z of all atoms in a row and `bonds` the two atoms of all bonds, Å throughout.
    """

    elements: list[str]
    roles: list[str]
    radii: list[float]
    kind: list[int]
    site: list[int]
    at: list[float]
    distance: list[float]
    bonds: list[int]
    polyhedra: list[tuple[int, list[int]]]


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The atoms near a hop.

    Attributes
    ----------
    elements, roles : by element, anions last; a role is a key of ROLES.
    kinds : (m,) the element of each atom, as an index.
    sites : (m,) its site in the initial structure.
    coords : (m, 3) Cartesian, Å.
    distances : (m,) to the nearer of the straight and the relaxed path, Å.
    bonds : (b, 2) atoms.
    polyhedra : the central atom, and the corners of the triangles as atoms.
    """

    elements: tuple[str, ...]
    roles: tuple[str, ...]
    kinds: Integers
    sites: Integers
    coords: Floats
    distances: Floats
    bonds: Integers
    polyhedra: tuple[tuple[int, tuple[int, ...]], ...]

    def nearest(self, points: Floats, roles: tuple[str, ...]) -> list[float | None]:
        """Return the distance (n,), Å, from each of `points` (n, 3) to the nearest atom of one of `roles`.

        None where there is none, and where it is beyond REACH: what is drawn then does not tell. The periodic images
        of the migrating ion, which move with it, do not count.
        """
        chosen = np.isin(np.array(self.roles)[self.kinds], roles) & (self.sites != 0)
        if not chosen.any():
            return [None] * len(points)
        apart = np.linalg.norm(points[:, None] - self.coords[chosen], axis=-1).min(axis=1)
        return [round(distance, 3) if distance <= REACH else None for distance in apart.tolist()]

    def as_json(self) -> AtomsPayload:
        """Return the atoms as lists for the page, coordinates rounded to 0.001 Å."""
        return {
            "elements": list(self.elements),
            "roles": list(self.roles),
            "radii": [drawn_radius(element) for element in self.elements],
            "kind": self.kinds.tolist(),
            "site": self.sites.tolist(),
            "at": self.coords.round(3).ravel().tolist(),
            "distance": self.distances.round(2).tolist(),
            "bonds": self.bonds.ravel().tolist(),
            "polyhedra": [(centre, list(corners)) for centre, corners in self.polyhedra],
        }


def surroundings(entry: Entry, paths: tuple[Floats, ...]) -> Surroundings:
    """Return the surroundings of the hop of `entry`; `paths` are polylines (n, 3), Cartesian, Å."""
    symbols = np.array([_element(number).symbol for number in entry.atomic_numbers.tolist()])
    coords, sites = _around(entry, np.concatenate(paths))
    distances = np.min([approach(path, coords).distances for path in paths], axis=0)
    roles = _roles(entry, tuple(symbols.tolist()))
    elements = sorted(roles, key=lambda element: (list(ROLES).index(roles[element]), element))
    elements.sort(key=lambda element: roles[element] == "anion")
    kinds = np.array([elements.index(symbol) for symbol in symbols[sites]], dtype=np.intp)
    bonds = _bonds(coords, kinds, elements, roles)
    kept = _kept(distances, kinds, elements, roles, bonds)
    number = np.full(len(coords), -1)
    number[kept] = np.arange(kept.sum())
    bonds = number[bonds][(number[bonds] >= 0).all(axis=1)]
    coords, kinds, distances = coords[kept], kinds[kept], distances[kept]
    return Surroundings(
        elements=tuple(elements),
        roles=tuple(roles[element] for element in elements),
        kinds=kinds,
        sites=sites[kept],
        coords=coords,
        distances=distances,
        bonds=bonds,
        polyhedra=tuple(_polyhedra(coords, kinds, distances, bonds, [roles[element] for element in elements])),
    )


def drawn_radius(element: str) -> float:
    """Return the radius that an atom is drawn with, Å: 0.4 times its covalent radius (Cordero 2008), at most 0.6."""
    from embench.crystal.ions import covalent_radius

    return round(min(0.6, 0.4 * covalent_radius(element)), 3)


@lru_cache(maxsize=128)
def _element(number: int) -> Any:
    from pymatgen.core.periodic_table import Element

    return Element.from_Z(number)


def _around(entry: Entry, points: Floats) -> tuple[Floats, Integers]:
    """Return coordinates and sites of all atoms that may be drawn, periodic images included, in a fixed order."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm(points - middle, axis=1).max()) + REACH + _LONGEST_BOND
    centre = np.linalg.solve(entry.lattice.T, middle)
    found = sites_around(entry.lattice, centre, entry.frac_coords, radius=radius)
    migrating = (found.sites == 0) & (np.abs(found.coords - entry.frac_coords[0] @ entry.lattice).max(axis=1) < 1e-5)
    coords, sites = found.coords[~migrating], found.sites[~migrating]
    order = np.lexsort((*coords.round(4).T, sites))
    return coords[order], sites[order]


def _roles(entry: Entry, symbols: tuple[str, ...]) -> dict[str, str]:
    from pymatgen.core import Element

    from embench.crystal.ions import assign_ions

    anions = assign_ions(entry.lattice, symbols, entry.frac_coords).anions
    roles = {symbol: "metal" if Element(symbol).is_metal else "centre" for symbol in set(symbols)}
    return roles | dict.fromkeys(anions, "anion") | {symbols[0]: "migrating"}


def _bonds(coords: Floats, kinds: Integers, elements: list[str], roles: dict[str, str]) -> Integers:
    """Return the bonded pairs (b, 2): one of the two is no metal, and neither is of the migrating element."""
    from scipy.spatial import cKDTree

    from embench.crystal.ions import covalent_radius

    pairs = cKDTree(coords).query_pairs(_LONGEST_BOND, output_type="ndarray").astype(np.intp)
    radii = np.array([covalent_radius(element) for element in elements])[kinds]
    role = np.array([roles[element] for element in elements])[kinds]
    first, second = pairs[:, 0], pairs[:, 1]
    factor = np.where((role == "anion")[pairs].any(axis=1), _BOND_FACTOR, _BOND_FACTOR_WITHOUT_ANION)
    near = np.linalg.norm(coords[first] - coords[second], axis=1) < factor * (radii[first] + radii[second])
    apart = (role == "migrating")[pairs].any(axis=1) | (role == "metal")[pairs].all(axis=1)
    # Two anions touch, but are bonded only in rare peroxides and disulfides.
    apart |= (role == "anion")[pairs].all(axis=1)
    chosen: Integers = pairs[near & ~apart]
    ordered: Integers = chosen[np.lexsort((chosen[:, 1], chosen[:, 0]))]
    return ordered


def _kept(distances: Floats, kinds: Integers, elements: list[str], roles: dict[str, str], bonds: Integers) -> Mask:
    """Return which atoms are drawn: those near the path, and the corners of their polyhedra."""
    has_polyhedron = np.array([roles[element] in ("metal", "centre") for element in elements])[kinds]
    kept = distances <= REACH
    central = has_polyhedron & (distances <= REACH)
    for first, second in ((0, 1), (1, 0)):
        kept[bonds[central[bonds[:, first]], second]] = True
    return kept


def _polyhedra(
    coords: Floats, kinds: Integers, distances: Floats, bonds: Integers, roles: list[str]
) -> list[tuple[int, tuple[int, ...]]]:
    """Return the polyhedra of metals and polyanion centres near the path, each with the triangles of its hull."""
    from scipy.spatial import ConvexHull, QhullError

    corners: dict[int, list[int]] = {}
    for pair in bonds.tolist():
        for centre, corner in (pair, pair[::-1]):
            if roles[kinds[centre]] in ("metal", "centre") and distances[centre] <= REACH:
                corners.setdefault(centre, []).append(corner)
    found = []
    for centre, members in sorted(corners.items()):
        if len(members) < _FEWEST_FOR_POLYHEDRON:
            continue
        try:
            hull = ConvexHull(coords[members])
        except QhullError:
            continue  # flat: a square of anions has no inside
        if hull.volume > 0.5:
            triangles = sorted(tuple(sorted(simplex)) for simplex in hull.simplices.tolist())
            found.append((centre, tuple(members[i] for triangle in triangles for i in triangle)))
    return found
