"""Axes of a hop that turn with the crystal: what is computed in them does not depend on how the cell is written."""

from __future__ import annotations

from itertools import product

import numpy as np

from embench.crystal.periodic import TIE, Floats

# A lattice vector that makes a smaller angle with the hop than this says nothing of the directions across it, sine.
_LEAST_SINE = 0.1
# Where the room around the hop is felt: along it (its length is 1), and across it (Å, at these angles from the second
# axis). No rotation or mirror of a crystal maps one of these points onto another.
_ALONG = (0.23, 0.41, 0.62, 0.83)
_ACROSS, _ANGLES = 0.9, (0.17, 0.55, 0.29, 0.71)
# Decay of what is felt of an atom beyond contact, Å, and the difference of its logarithm that rounding in files makes.
_DECAY, _SAME = 0.33, 2e-3


def hop_axes(lattice: Floats, start: Floats, end: Floats, neighbours: Floats, contact: Floats) -> Floats:
    """Return three orthonormal rows, the first of them the direction of a hop.

    The second is that of a shortest lattice vector across the hop. Of those that are equally short, of both signs and
    both directions of the third, the axes with most room on their positive side are taken; among axes that a symmetry
    of the surroundings makes equal, the first in the order of the lattice vectors. So the axes turn with the crystal,
    and the origin, the order of the atoms and the cell that each is given in do not matter. Another choice of lattice
    vectors gives the same axes, or those that a symmetry of the surroundings makes equal to them.

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    start, end : (3,) Cartesian ends of the hop, Å, not the same.
    neighbours : (M, 3) Cartesian, Å.
    contact : (M,) distances at which the neighbours touch the migrating ion, Å.
    """
    direction = (end - start) / np.linalg.norm(end - start)
    second = _across(lattice, direction)
    third = np.cross(direction, second)
    candidates = np.array([(direction, s * a, t * b) for a, b in zip(second, third, strict=True) for s, t in _SIGNS])
    felt = np.array([_felt(axes, start, end, neighbours, contact) for axes in candidates])
    return np.asarray(candidates[int(np.argmax(felt <= felt.min() + _SAME))], np.float64)


_SIGNS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def _across(lattice: Floats, direction: Floats) -> Floats:
    """Return unit vectors (k, 3) across `direction`, along the shortest lattice vectors that are not parallel to it."""
    from pymatgen.core import Lattice

    steps = np.array([step for step in product(range(-2, 3), repeat=3) if any(step)], np.float64)
    vectors = steps @ np.asarray(Lattice(lattice).lll_matrix, np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    across = vectors - np.outer(vectors @ direction, direction)
    sizes = np.linalg.norm(across, axis=1)
    is_across = sizes > _LEAST_SINE * lengths
    shortest = is_across & (lengths <= lengths[is_across].min() + TIE)
    # In the order of the lattice as it is given: which reduced vectors there are depends on rounding.
    given = np.rint(np.linalg.solve(lattice.T, vectors[shortest].T).T)
    order = np.lexsort(-given.T[::-1])
    return np.asarray((across[shortest] / sizes[shortest, None])[order], np.float64)


def _felt(axes: Floats, start: Floats, end: Floats, neighbours: Floats, contact: Floats) -> float:
    """Return the logarithm of what a soft probe feels of the neighbours on the positive side of the axes."""
    if not len(neighbours):
        return 0.0
    aside = _ACROSS * np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)]) @ axes[1:]
    probes = start + np.outer(_ALONG, end - start) + aside
    apart = np.linalg.norm(probes[:, None] - neighbours, axis=-1)
    return float(np.log(np.exp((contact - apart) / _DECAY).sum() + np.finfo(float).tiny))
