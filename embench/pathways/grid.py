"""The path on a grid around the hop whose highest energy is as low as possible."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from embench.pathways.landscape import Landscape

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]

# Largest distance between neighbouring grid points along an axis, Å.
SPACING = 0.25
# Among the points that are no higher than the unavoidable maximum plus this, the cheapest path is taken, eV.
SLACK = 0.05
# A path of length s at energy E costs s exp(E / this), eV: short, and away from atoms.
_SOFTNESS = 0.5
# Of paths that cost the same, as symmetry makes them, the one on the positive side of the axes is taken: there a path
# is cheaper by up to the first share, and by up to the second at some points more than at others. So rounding decides
# nothing.
_LEAN, _UNEVEN = 1e-3, 1e-4
# Steps to one half of the neighbours; the other half is their reverse.
_STEPS = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]


@dataclass(frozen=True, eq=False)
class Grid:
    """Points within a margin of the straight line.

    Attributes
    ----------
    points : (k, l, m, 3) Cartesian, Å; the first axis runs along the hop.
    inside : (k, l, m) whether a point is nearer to the line than the margin.
    start, end : indices of the ends of the hop, which are grid points.
    """

    points: Floats
    inside: Mask
    start: tuple[int, int, int]
    end: tuple[int, int, int]


def grid_around(start: Floats, end: Floats, *, margin: float, axes: Floats) -> Grid:
    """Return a grid around the line between the Cartesian points `start` and `end`, `margin` (Å) to all sides.

    `axes` (3, 3) are those of the grid, orthonormal rows, the first along the line: :func:`embench.crystal.hop_axes`.
    """
    length = float(np.linalg.norm(end - start))
    n_along = int(np.ceil(length / SPACING))
    step = length / n_along
    beyond, across = int(margin / step), int(margin / SPACING)
    along = np.arange(-beyond, n_along + beyond + 1) * step
    side = np.arange(-across, across + 1) * SPACING
    local = np.stack(np.meshgrid(along, side, side, indexing="ij"), axis=-1)
    from_line = local.copy()
    from_line[..., 0] -= np.clip(along, 0.0, length)[:, None, None]
    return Grid(
        points=start + local @ axes,
        inside=np.linalg.norm(from_line, axis=-1) <= margin,
        start=(beyond, across, across),
        end=(beyond + n_along, across, across),
    )


def minimax_path(landscape: Landscape, grid: Grid) -> tuple[Floats, float]:
    """Return the points (n, 3), Å, of the minimax path between the ends of the hop, and its highest energy, eV."""
    energy = np.full(grid.inside.shape, np.inf)
    energy[grid.inside] = landscape.energy(grid.points[grid.inside])
    highest = _bottleneck(energy, grid)
    allowed = energy <= highest + SLACK
    return grid.points[tuple(_cheapest(energy, allowed, grid).T)], highest


def _bottleneck(energy: Floats, grid: Grid) -> float:
    """Return the lowest energy up to which the ends are connected."""
    from scipy.ndimage import label

    levels = np.unique(energy[grid.inside])
    levels = levels[levels >= max(energy[grid.start], energy[grid.end])]
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        parts, _ = label(energy <= levels[middle], structure=np.ones((3, 3, 3)))
        if parts[grid.start] == parts[grid.end]:
            high = middle
        else:
            low = middle + 1
    return float(levels[low])


def _cheapest(energy: Floats, allowed: Mask, grid: Grid) -> Integers:
    """Return the indices (n, 3) of the cheapest path within `allowed`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    number = np.full(allowed.shape, -1)
    number[allowed] = np.arange(allowed.sum())
    price = np.exp(np.minimum((energy - energy[allowed].min()) / _SOFTNESS, 200.0)) * _preference(allowed.shape)
    rows, columns, costs = [], [], []
    for step in _STEPS:
        here, there = _shifted(step, allowed.shape)
        both = allowed[here] & allowed[there]
        first, second = grid.points[here][both], grid.points[there][both]
        rows.append(number[here][both])
        columns.append(number[there][both])
        costs.append(np.linalg.norm(first - second, axis=1) * (price[here][both] + price[there][both]) / 2)
    size = int(allowed.sum())
    graph = coo_array((np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size))
    start, at = int(number[grid.start]), int(number[grid.end])
    _, before = dijkstra(graph.tocsr(), directed=False, indices=start, return_predecessors=True)
    path = [at]
    while at != start:
        at = int(before[at])
        path.append(at)
    return np.argwhere(allowed)[path[::-1]]


def _preference(shape: tuple[int, ...]) -> Floats:
    """Return factors near 1 that let no two paths cost the same."""
    along, second, third = np.indices(shape, dtype=np.float64)
    # The golden ratio and its kin: no sum of such numbers comes back to where another one was.
    uneven = (0.618034 * along + 0.754878 * second + 0.569840 * third) % 1.0
    side = 0.62 * second / shape[1] + 0.38 * third / shape[2]
    return np.asarray(1.0 - _LEAN * side + _UNEVEN * uneven, np.float64)


def _shifted(step: tuple[int, ...], shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, shape, strict=True))
    there = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, shape, strict=True))
    return here, there
