"""The smallest supercell in which an ion is far enough from its own periodic images."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import shortest_translation
from embench.errors import InvalidValueError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Up to this many cells all supercells are tried; where more are needed, only diagonal ones: there are too many others.
LARGEST_SEARCHED = 64
# Larger distances would give cells of many thousands of atoms, Å.
LARGEST_DISTANCE = 40.0
# Distances that are equal but for rounding, Å.
_ROUNDING = 1e-6
# Supercells that are compared at once, so that memory stays small.
_CHUNK = 2000


def smallest_supercell(lattice: Floats, least_distance: float) -> Integers:
    """Return the supercell of the fewest cells in which no lattice vector is shorter than `least_distance`.

    All superlattices are tried in their Hermite normal form. Among the smallest ones a diagonal one wins, then the
    one whose shortest vector is longest, which is given in reduced form. Source of the enumeration: G. L. W. Hart and
    R. W. Forcade, Phys. Rev. B 77, 224115 (2008).

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    least_distance : Å.

    Returns
    -------
    (3, 3) integers: the rows of the supercell in units of those of `lattice`; their determinant is positive.

    Raises
    ------
    InvalidValueError
        `least_distance` is not positive, or beyond LARGEST_DISTANCE.
    """
    if not 0 < least_distance <= LARGEST_DISTANCE:
        raise InvalidValueError(f"least_distance {least_distance} is not between 0 and {LARGEST_DISTANCE:g} Å")
    too_short = _short_vectors(lattice, least_distance)
    if not len(too_short):
        return np.eye(3, dtype=np.int64)
    # No lattice with points at least d apart is denser than the face-centred cubic one.
    bound = least_distance**3 / (sqrt(2) * abs(float(np.linalg.det(lattice))))
    for size in range(max(2, ceil(bound - _ROUNDING)), LARGEST_SEARCHED + 1):
        found = [cell for cells in _hermite(size) for cell in cells[~_holds_any(cells, too_short)]]
        diagonal = [cell for cell in found if not (cell - np.diag(np.diag(cell))).any()]
        if diagonal:
            return max(diagonal, key=lambda cell: _compactness(cell, lattice))
        if found:
            return _reduced(max(found, key=lambda cell: _compactness(cell, lattice)), lattice)
    return _diagonal(lattice, least_distance)


def _short_vectors(lattice: Floats, least_distance: float) -> Integers:
    """Return the lattice vectors (n, 3) that are shorter, one of each pair of opposite ones."""
    # |n_i| is at most the length times that of the reciprocal vector.
    reach = np.floor(least_distance * np.linalg.norm(np.linalg.inv(lattice), axis=0)).astype(int)
    vectors = np.array(list(product(*(range(-n, n + 1) for n in reach))))
    vectors = vectors[[tuple(vector) > (0, 0, 0) for vector in vectors]]
    short: Integers = vectors[np.linalg.norm(vectors @ lattice, axis=1) < least_distance - _ROUNDING]
    return short


def _hermite(size: int) -> Iterator[Integers]:
    """Yield all Hermite normal forms of a determinant, (n, 3, 3) at a time."""
    forms = []
    for a in (n for n in range(1, size + 1) if size % n == 0):
        for c in (n for n in range(1, size // a + 1) if size // a % n == 0):
            f = size // (a * c)
            forms += [[[a, 0, 0], [b, c, 0], [d, e, f]] for b, d, e in product(range(a), range(a), range(c))]
    for first in range(0, len(forms), _CHUNK):
        yield np.array(forms[first : first + _CHUNK], dtype=np.int64)


def _holds_any(cells: Integers, vectors: Integers) -> NDArray[np.bool_]:
    """Return which superlattices (n, 3, 3) hold one of the lattice vectors (m, 3)."""
    coords: Floats = vectors @ np.linalg.inv(cells)
    off: Floats = np.abs(coords - np.rint(coords)).max(axis=2).min(axis=1)
    return off < _ROUNDING


def _compactness(cell: Integers, lattice: Floats) -> float:
    return round(shortest_translation(cell @ lattice), 4)


def _reduced(cell: Integers, lattice: Floats) -> Integers:
    from pymatgen.core import Lattice

    short = Lattice(cell @ lattice).get_lll_reduced_lattice().matrix
    found: Integers = np.rint(short @ np.linalg.inv(lattice)).astype(np.int64)
    return found if np.linalg.det(found) > 0 else -found


def _diagonal(lattice: Floats, least_distance: float) -> Integers:
    """Return a small diagonal supercell: the axis that gains most is lengthened until all vectors are long enough."""
    cells = np.ones(3, dtype=np.int64)
    while shortest_translation(np.diag(cells) @ lattice) < least_distance - _ROUNDING:
        trials = [cells + step for step in np.eye(3, dtype=np.int64)]
        # Of equal gains, that of the shortest side.
        cells = max(
            trials,
            key=lambda trial: (
                round(shortest_translation(np.diag(trial) @ lattice), 4),
                -float(np.linalg.norm((np.diag(trial) @ lattice)[np.argmax(trial - cells)])),
            ),
        )
    return np.diag(cells)
