"""A hop: points on the straight line, and every atom around it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embench.crystal.frame import hop_axes
from embench.crystal.ions import Ions, assign_ions
from embench.crystal.periodic import Floats, faded, hop_vector, near_line
from embench.errors import FeatureError

Mask = NDArray[np.bool_]

N_POINTS = 17
# Atoms up to this distance from the line are neighbours, Å.
CUTOFF = 8.0
# Over the last of it their weight falls from 1 to 0, Å.
FADING = 0.5
# A released hop is kept unless another periodic image of it is shorter by more than this, Å.
IMAGE_TOLERANCE = 0.01
# The ends of a hop that is shorter are the same point, Å.
SHORTEST_HOP = 1e-3


class Pathway(Protocol):
    """What is needed of an entry; :class:`embench.Entry` has it, and so may a user's own class.

    The site 0 migrates to `path_end` (3,), fractional. `lattice` (3, 3) has rows in Å. `path_end` must not be wrapped
    into the cell: it says which periodic image of the end is meant where several are equally near, and which lattice
    vector leads to the ion's own image. Of images that are not equally near the shortest hop is taken.
    """

    @property
    def entry_id(self) -> str: ...  # noqa: D102
    @property
    def lattice(self) -> Floats: ...  # noqa: D102
    @property
    def atomic_numbers(self) -> NDArray[np.int16]: ...  # noqa: D102
    @property
    def frac_coords(self) -> Floats: ...  # noqa: D102
    @property
    def path_end(self) -> Floats: ...  # noqa: D102
    @property
    def functional(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Hop:
    """A hop and its surroundings.

    Attributes
    ----------
    symbols : (N,) elements of the structure; the first one migrates.
    lattice : (3, 3) rows, Å.
    points : (n, 3) Cartesian points of the line, ends included, Å.
    neighbours : (M, 3) Cartesian coordinates of all atoms within CUTOFF of the line, periodic images included;
        the migrating ion and its own periodic images, which move with it, are left out.
    elements : (M,) their elements.
    distances : (n, M) distances between points and neighbours, Å.
    weights : (M,) 1 for a neighbour, falling to 0 over the last FADING Å before CUTOFF.
    ions : formal charges, radii and anions.
    """

    symbols: tuple[str, ...]
    lattice: Floats
    points: Floats
    neighbours: Floats
    elements: NDArray[np.str_]
    distances: Floats
    weights: Floats
    ions: Ions

    @property
    def mobile(self) -> str:
        """Element of the migrating ion."""
        return self.symbols[0]

    @property
    def volume(self) -> float:
        """Volume of the cell, Å^3."""
        return float(abs(np.linalg.det(self.lattice)))

    @cached_property
    def axes(self) -> Floats:
        """Three orthonormal rows that turn with the crystal, the first along the hop: :func:`hop_axes`."""
        return hop_axes(self.lattice, self.points[0], self.points[-1], self.neighbours, self.contact_distances)

    @property
    def length(self) -> float:
        """Length of the hop, Å."""
        return float(np.linalg.norm(self.points[-1] - self.points[0]))

    @property
    def is_anion(self) -> Mask:
        """Which neighbours are anions, (M,)."""
        return np.isin(self.elements, sorted(self.ions.anions))

    @property
    def is_mobile(self) -> Mask:
        """Which neighbours are ions of the migrating element, (M,)."""
        return np.asarray(self.elements == self.mobile)

    @property
    def is_cation(self) -> Mask:
        """Which neighbours are neither anions nor of the migrating element, (M,)."""
        return ~self.is_anion & ~self.is_mobile

    def of_neighbours(self, values: dict[str, float]) -> Floats:
        """Return a quantity of the elements for each neighbour, (M,)."""
        return np.array([values[symbol] for symbol in self.elements.tolist()], dtype=np.float64)

    @property
    def charges(self) -> Floats:
        """Formal charges of the neighbours, (M,), e."""
        return self.of_neighbours(dict(self.ions.charges))

    @property
    def contact_distances(self) -> Floats:
        """Sums of the radii of the migrating ion and of each neighbour, (M,), Å."""
        return self.of_neighbours(dict(self.ions.radii)) + self.ions.radii[self.mobile]


def hop_of(entry: Pathway, *, n_points: int = N_POINTS, cutoff: float = CUTOFF) -> Hop:
    """Return the hop of an entry along the straight line of its shortest periodic image.

    Raises :class:`~embench.errors.FeatureError` for arrays that are no structure, an unknown element, a structure in
    which nothing is left once the migrating ion is taken away, and a hop that ends where it starts.
    """
    lattice, frac_coords = np.asarray(entry.lattice, np.float64), np.asarray(entry.frac_coords, np.float64)
    symbols = _symbols(entry)
    _check(entry, lattice, frac_coords)
    start = frac_coords[0]
    end = end_of_hop(entry)
    try:
        ions = assign_ions(lattice, symbols, frac_coords)
    except FeatureError as error:
        raise FeatureError(f"{entry.entry_id}: {error}") from None
    points = np.linspace(start, end, n_points) @ lattice
    near = near_line(lattice, start, end, frac_coords[1:], reach=cutoff)
    return Hop(
        symbols=symbols,
        lattice=lattice,
        points=points,
        neighbours=near.coords,
        elements=np.array(symbols[1:])[near.sites],
        distances=np.linalg.norm(points[:, None] - near.coords[None], axis=-1),
        weights=faded(near.distances, cutoff=cutoff, width=min(FADING, cutoff)),
        ions=ions,
    )


def end_of_hop(entry: Pathway) -> Floats:
    """Return the end (3,), fractional and unwrapped, of the shortest periodic image of a hop.

    Where `path_end` is an image of the start, that is the end. Raises :class:`~embench.errors.FeatureError` where it is
    the start itself.
    """
    lattice = np.asarray(entry.lattice, np.float64)
    start, given = np.asarray(entry.frac_coords, np.float64)[0], np.asarray(entry.path_end, np.float64)
    step = hop_vector(lattice, given - start, tolerance=IMAGE_TOLERANCE)
    if not np.linalg.norm(step @ lattice) > SHORTEST_HOP:
        raise FeatureError(
            f"{entry.entry_id}: the hop ends where it starts, at {np.array2string(start, precision=4)}; for a hop to "
            "the ion's own periodic image give its end unwrapped (1.0 instead of 0.0)"
        )
    return np.asarray(start + step, np.float64)


def _symbols(entry: Pathway) -> tuple[str, ...]:
    from pymatgen.core import Element

    try:
        return tuple(Element.from_Z(int(number)).symbol for number in entry.atomic_numbers)
    except ValueError as error:
        raise FeatureError(f"{entry.entry_id}: no such element ({error})") from None


def _check(entry: Pathway, lattice: Floats, frac_coords: Floats) -> None:
    n_sites = len(entry.atomic_numbers)
    if frac_coords.shape != (n_sites, 3) or lattice.shape != (3, 3) or np.shape(entry.path_end) != (3,):
        raise FeatureError(
            f"{entry.entry_id}: lattice {lattice.shape}, frac_coords {frac_coords.shape} and path_end "
            f"{np.shape(entry.path_end)} do not belong to a structure of {n_sites} sites"
        )
    if n_sites < 2 or not (np.isfinite(frac_coords).all() and np.isfinite(entry.path_end).all()):
        raise FeatureError(f"{entry.entry_id}: the structure has {n_sites} sites; two finite ones are needed")
    if not abs(np.linalg.det(lattice)) > 1.0:
        raise FeatureError(f"{entry.entry_id}: the volume of the cell is {abs(np.linalg.det(lattice)):g} Å^3")


def structure_digest(entry: Pathway) -> str:
    """Return a checksum of all that features are made from: structure, end of the hop and functional."""
    digest = hashlib.sha256()
    for array in (entry.lattice, entry.frac_coords, entry.path_end):
        values = np.ascontiguousarray(np.asarray(array, dtype="<f8"))
        digest.update(repr(values.shape).encode())
        # Adding zero turns -0.0 into 0.0.
        digest.update((values + 0.0).tobytes())
    digest.update(np.ascontiguousarray(np.asarray(entry.atomic_numbers, dtype="<i4")).tobytes())
    digest.update(entry.functional.encode())
    return digest.hexdigest()[:32]
