"""Sites between the atoms: minima of the bond-valence landscape of an ion in its host."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Hop
from embench.crystal.ions import assign_ions
from embench.crystal.periodic import pairs_within
from embench.errors import FeatureError, StructureError
from embench.migration.connections import Operations
from embench.migration.match import shortest_vectors
from embench.migration.read import Crystal, wrapped

if TYPE_CHECKING:
    from embench.pathways.landscape import Landscape

Floats = NDArray[np.float64]

# Distance of the grid points on which minima are looked for, Å; they are refined afterwards.
SPACING = 0.4
# Minima that are nearer to each other, to a symmetry-equivalent copy of themselves, or to a site of the ion are one
# site, Å: the shortest released hop is 1.52 Å long.
MERGED = 1.0
# Minima that lie higher than this above the lowest one are no sites, eV.
WINDOW = 1.5
# The cell is divided into this many blocks along each vector to find the atoms around it.
_BLOCKS = 4
# Larger hosts than this would take minutes.
MOST_SITES = 400


@dataclass(frozen=True, eq=False)
class Interstitials:
    """Interstitial sites: (n, 3) fractional in 0 to 1, and their energies (n,) above the lowest minimum, eV."""

    sites: Floats
    energies: Floats


def interstitial_sites(crystal: Crystal, ion: str, known: Floats, ops: Operations) -> Interstitials:
    """Return the interstitial sites of `ion` in a crystal.

    The landscape is that of :mod:`embench.pathways.landscape`: the ion among all atoms but those of its own element.

    Parameters
    ----------
    crystal : with or without the ion.
    ion : element.
    known : (m, 3) fractional, the sites of the ion that are there already.
    ops : symmetry operations of the crystal.

    Raises :class:`~embench.errors.StructureError` for a host that is too large, or has no ionic model.
    """
    host = [site for site, symbol in enumerate(crystal.symbols) if symbol != ion]
    if len(host) > MOST_SITES:
        raise StructureError(
            f"interstitials are looked for in hosts of up to {MOST_SITES} atoms, and this one has {len(host)}: give "
            "the primitive cell, or do without them"
        )
    try:
        landscape = _landscape(crystal, ion, host)
    except FeatureError as error:
        raise StructureError(f"interstitials need the bond-valence landscape: {error}") from None
    points, energies = _minima(crystal.lattice, landscape)
    return _symmetrised(crystal.lattice, points, energies, known, ops)


def _landscape(crystal: Crystal, ion: str, host: list[int]) -> Landscape:
    from embench.pathways.landscape import CUTOFF, landscape_of

    symbols = tuple(crystal.symbols[site] for site in host)
    coords = wrapped(crystal.frac_coords[host])
    ions = assign_ions(crystal.lattice, (ion, *symbols), np.vstack([np.zeros(3), coords]))
    # Every atom within reach of a point of the cell: all points are within half a diagonal of a point of this lattice.
    steps = np.array(list(product((-0.5, 0.5), repeat=3))) / _BLOCKS @ crystal.lattice
    middles = (np.array(list(product(range(_BLOCKS), repeat=3))) + 0.5) / _BLOCKS @ crystal.lattice
    radius = CUTOFF + float(np.linalg.norm(steps, axis=1).max())
    pairs = pairs_within(crystal.lattice, middles, coords @ crystal.lattice, reach=radius)
    found = np.unique(np.column_stack([pairs.second, pairs.images]), axis=0)
    neighbours = (coords[found[:, 0]] + found[:, 1:]) @ crystal.lattice
    return landscape_of(
        Hop(
            symbols=(ion, *symbols),
            lattice=crystal.lattice,
            points=np.zeros((2, 3)),
            neighbours=neighbours,
            elements=np.array(symbols)[found[:, 0]],
            distances=np.empty((0, len(neighbours))),
            weights=np.ones(len(neighbours)),
            ions=ions,
        )
    )


def _minima(lattice: Floats, landscape: Landscape) -> tuple[Floats, Floats]:
    """Return the refined local minima (n, 3), fractional, and their energies (n,), eV, lowest first."""
    from scipy.ndimage import minimum_filter
    from scipy.optimize import minimize

    shape = np.maximum(np.ceil(np.linalg.norm(lattice, axis=1) / SPACING).astype(int), 3)
    axes = [np.arange(n) / n for n in shape]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    chunks = np.array_split(grid @ lattice, max(1, len(grid) // 2000))
    energy = np.concatenate([landscape.energy(chunk) for chunk in chunks]).reshape(shape)
    is_minimum = energy == minimum_filter(energy, size=3, mode="wrap")
    # Refining lowers a minimum by a few tenths of an eV at most.
    rough = grid[(is_minimum & (energy <= energy.min() + 2 * WINDOW)).ravel()]

    def at(point: Floats) -> tuple[float, Floats]:
        value, gradient, _ = landscape.gradient(point[None])
        return float(value[0]), gradient[0]

    found = []
    for point in rough @ lattice:
        result = minimize(at, point, jac=True, method="L-BFGS-B", bounds=[(x - SPACING, x + SPACING) for x in point])
        found.append((float(result.fun), *np.linalg.solve(lattice.T, result.x)))
    table = np.array(sorted(found)).reshape(-1, 4)
    return table[:, 1:], table[:, 0]


def _symmetrised(lattice: Floats, points: Floats, energies: Floats, known: Floats, ops: Operations) -> Interstitials:
    """Return the orbits of minima that are no known site, each snapped to its special position."""
    sites, values = np.empty((0, 3)), np.empty(0)
    for point, energy in zip(points, energies, strict=True):
        if energy > energies[0] + WINDOW or _nearest(lattice, point, known) < MERGED:
            continue
        if _nearest(lattice, point, sites) < MERGED:
            continue
        images = ops.rotations @ point + ops.translations
        vectors = shortest_vectors(lattice, images - point)
        own = vectors[np.linalg.norm(vectors, axis=1) < MERGED]
        snapped = point + np.linalg.solve(lattice.T, own.mean(axis=0))
        if _nearest(lattice, snapped, np.vstack([known, sites])) < MERGED:
            continue
        for image in ops.rotations @ snapped + ops.translations:
            if _nearest(lattice, image, sites) > MERGED / 2:
                sites, values = np.vstack([sites, wrapped(image)]), np.append(values, energy - energies[0])
    return Interstitials(sites, values)


def _nearest(lattice: Floats, point: Floats, sites: Floats) -> float:
    if not len(sites):
        return float("inf")
    return float(np.linalg.norm(shortest_vectors(lattice, sites - point), axis=1).min())
