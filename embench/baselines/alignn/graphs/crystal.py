"""The crystal graph of ALIGNN: every atom and the whole shell of its 12th neighbour."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from embench.errors import InvalidValueError, MissingDependencyError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEIGHBOURS = 12
HOST = -1
"""What ``Graph.image`` holds for an atom that is no image of the migrating ion."""

# The largest atomic number of an element.
HEAVIEST = 118
# As in jarvis.core.atoms.Atoms.get_all_neighbors: what is nearer is taken for the same atom (Å).
_SAME_ATOM = 0.15
# Of one atom: less is no crystal (Å^3).
_LEAST_VOLUME = 0.01
# jarvis-tools rounds the lattice to as many decimals where it makes Cartesian coordinates, and only there.
_LATTICE_DECIMALS = 5
# The first sphere searched holds about this many neighbours for each one wanted.
_ROOM = 2.0
_GROWTH = 1.4


@dataclass(frozen=True, eq=False)
class Graph:
    """A crystal as a directed multigraph: nodes are atoms, edges lead to neighbours and periodic images of them.

    Attributes
    ----------
    atomic_numbers : (n,) uint8
    src, dst : (e,) int32
        The atoms at both ends of every edge. Every edge has its reverse among the edges.
    vectors : (e, 3) float32
        From `src` to `dst`, Å.
    image : (n,) int8
        The number of the image for the migrating ion along a band, from 0; ``HOST`` (-1) for every other atom.
    """

    atomic_numbers: npt.NDArray[np.uint8]
    src: npt.NDArray[np.int32]
    dst: npt.NDArray[np.int32]
    vectors: npt.NDArray[np.float32]
    image: npt.NDArray[np.int8]

    @property
    def n_nodes(self) -> int:
        """The number of atoms."""
        return len(self.atomic_numbers)

    @property
    def n_edges(self) -> int:
        """The number of directed edges."""
        return len(self.src)

    @property
    def n_triplets(self) -> int:
        """The number of edges of the line graph: pairs of edges of which one ends where the other begins."""
        arriving = np.bincount(self.dst, minlength=self.n_nodes)
        leaving = np.bincount(self.src, minlength=self.n_nodes)
        # An edge to an image of its own atom does not follow itself.
        return int(arriving @ leaving) - int(np.count_nonzero(self.src == self.dst))

    def with_images(self, image: npt.ArrayLike) -> Graph:
        """Return the same graph with other marks of the images, (n,)."""
        marks = np.asarray(image, dtype=np.int8)
        if marks.shape != (self.n_nodes,):
            raise InvalidValueError(f"{self.n_nodes} atoms need as many marks, not an array of shape {marks.shape}")
        return replace(self, image=marks)


def neighbour_graph(
    lattice: npt.ArrayLike,
    frac_coords: npt.ArrayLike,
    atomic_numbers: npt.ArrayLike,
    *,
    neighbours: int = NEIGHBOURS,
    canonise: bool = True,
    shell_tolerance: float = 0.0,
) -> Graph:
    """Return the graph in which every atom sees its nearest neighbours and is seen by them.

    An edge leads from every atom to each neighbour (periodic images of atoms count one by one, the atom's own images
    too) that is not farther than its `neighbours`-th nearest one, and back. These are the edges of
    ``Graph.atom_dgl_multigraph(neighbor_strategy="k-nearest")`` of alignn and jarvis-tools, in another order.
    They search a sphere of 8 Å and grow it until every atom has enough neighbours; the edges do not depend on that
    radius, so it is no parameter here.

    Parameters
    ----------
    lattice : (3, 3)
        Row vectors, Å.
    frac_coords : (n, 3)
        May lie outside of the cell.
    atomic_numbers : (n,)
    neighbours
        How many neighbours every atom sees at least.
    canonise
        True makes one pair of edges of two atoms that see each other; False makes two pairs, so that an edge counts
        double where the atoms are among each other's nearest, and a line graph is up to four times larger. An atom and
        its own image get two pairs either way. True is ``use_canonize=True`` of alignn.
    shell_tolerance
        What is farther by no more than this belongs to the same shell, Å. 0 decides as the reference does, with its
        rounding of the lattice (5 decimals) and its order of operations in float64: rounding then says which of several
        equally distant neighbours belong to the shell, for about a tenth of the atoms of the dataset. 1e-4 keeps
        shells whole.

    Raises
    ------
    InvalidValueError
        Without atoms, for `neighbours` below 1, for shapes that do not fit, what is no number or no element, or for a
        lattice without volume.
    MissingDependencyError
        Without pymatgen.
    """
    cell, frac, numbers = _arrays(lattice, frac_coords, atomic_numbers)
    _check(cell, frac, numbers, neighbours)
    # Coordinates from another lattice than the shifts between cells: the edges of the reference depend on it.
    own = cell if shell_tolerance else np.around(cell, _LATTICE_DECIMALS)
    src, dst, offsets = _nearest(cell, np.dot(frac, own), neighbours, shell_tolerance)
    if canonise:
        src, dst, offsets = _canonical(src, dst, offsets, len(numbers))
    vectors = ((frac[dst] + offsets) - frac[src]) @ own
    return Graph(
        atomic_numbers=numbers,
        src=np.concatenate([src, dst]).astype(np.int32),
        dst=np.concatenate([dst, src]).astype(np.int32),
        vectors=np.concatenate([vectors, -vectors]).astype(np.float32),
        image=np.full(len(numbers), HOST, dtype=np.int8),
    )


def _arrays(
    lattice: npt.ArrayLike, frac_coords: npt.ArrayLike, atomic_numbers: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.uint8]]:
    """Return what was given as arrays; raises InvalidValueError for what is no number, and for what is no element."""
    try:
        cell = np.ascontiguousarray(lattice, dtype=np.float64)
        frac = np.ascontiguousarray(frac_coords, dtype=np.float64)
        given = np.asarray(atomic_numbers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"no crystal: lattice, coordinates and atomic numbers are numbers ({error})") from None
    no_element = ~((given >= 1) & (given <= HEAVIEST) & (given % 1 == 0))
    if no_element.any():
        raise InvalidValueError(
            f"no element has the atomic number {given[no_element][0]:g}: they are whole numbers from 1 to {HEAVIEST}"
        )
    return cell, frac, given.astype(np.uint8)


def _check(cell: FloatArray, frac: FloatArray, numbers: npt.NDArray[np.uint8], neighbours: int) -> None:
    if cell.shape != (3, 3) or frac.shape != (len(numbers), 3) or numbers.ndim != 1:
        raise InvalidValueError(
            f"a lattice of shape (3, 3), coordinates (n, 3) and n atomic numbers are needed, not {cell.shape}, "
            f"{frac.shape} and {numbers.shape}"
        )
    if not len(numbers):
        raise InvalidValueError("a structure without atoms has no graph")
    if neighbours < 1:
        raise InvalidValueError(f"every atom needs a neighbour: neighbours = {neighbours} is too few")
    if not np.isfinite(cell).all():
        raise InvalidValueError(f"no crystal: lattice {cell.tolist()} is not finite")
    if not abs(np.linalg.det(cell)) > _LEAST_VOLUME * len(numbers) or not np.isfinite(frac).all():
        raise InvalidValueError(
            f"no crystal: lattice {cell.tolist()} without volume, or coordinates that are no numbers"
        )


def _nearest(
    cell: FloatArray, cartesian: FloatArray, neighbours: int, tolerance: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return source, destination and cell offset (m, 3) of the shell of every atom's `neighbours`-th neighbour."""
    n_atoms = len(cartesian)
    volume = abs(float(np.linalg.det(cell))) / n_atoms
    radius = (3 * volume * _ROOM * neighbours / (4 * np.pi)) ** (1 / 3)
    while True:
        src, dst, offsets, distances = _within(cell, cartesian, radius)
        order = np.lexsort((distances, src))
        src, dst, offsets, distances = src[order], dst[order], offsets[order], distances[order]
        counts = np.bincount(src, minlength=n_atoms)
        if counts.min() >= neighbours:
            starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
            shell = distances[starts + neighbours - 1] + tolerance
            # Equal distances that rounding takes over the rim of the sphere must not be cut off.
            if shell.max() < radius - 1e-6:
                kept = distances <= shell[src]
                return src[kept], dst[kept], offsets[kept]
        radius *= _GROWTH


def _within(
    cell: FloatArray, cartesian: FloatArray, radius: float
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return source, destination, cell offset (m, 3) and distance (Å) of all pairs of atoms within `radius`."""
    try:
        from pymatgen.optimization.neighbors import find_points_in_spheres
    except ImportError:
        raise MissingDependencyError("pymatgen", "alignn", "a crystal graph") from None

    periodic = np.ones(3, dtype=np.int64)
    src, dst, offsets, _ = find_points_in_spheres(cartesian, cartesian, r=radius, pbc=periodic, lattice=cell)
    # The distances once more, in the order of operations of jarvis-tools: where two are equal but for rounding, the
    # shell shall end where it ends there.
    codes, _ = _codes(offsets.astype(np.int64))
    _, first, cells = np.unique(codes, return_index=True, return_inverse=True)
    shifts = np.array([np.dot(image, cell) for image in offsets[first]])
    separation = (shifts[cells] + cartesian[dst]) - cartesian[src]
    distances = np.sum(separation**2, axis=-1) ** 0.5
    other = distances > _SAME_ATOM
    return src[other], dst[other], offsets[other], distances[other]


def _canonical(
    src: IntArray, dst: IntArray, offsets: FloatArray, n_atoms: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return every pair of atoms once, the atom of the lower index first."""
    swapped = dst < src
    low, high = np.where(swapped, dst, src), np.where(swapped, src, dst)
    cells = np.where(swapped[:, None], -offsets, offsets).astype(np.int64)
    codes, n_codes = _codes(cells)
    key = (low * n_atoms + high) * n_codes + codes
    _, first = np.unique(key, return_index=True)
    return low[first], high[first], cells[first].astype(np.float64)


def _codes(cells: IntArray) -> tuple[IntArray, int]:
    """Return a number for each cell (m, 3), equal for equal cells, and how many numbers there can be."""
    least = cells.min(axis=0)
    spans = cells.max(axis=0) - least + 1
    a, b, c = (cells - least).T
    return (a * spans[1] + b) * spans[2] + c, int(spans.prod())
