"""The relaxed path of a hop: minimum-image ends, rigid framework, bent around the atoms in its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.errors import MissingDependencyError

if TYPE_CHECKING:
    from embench.crystal import Hop, Pathway
    from embench.pathways.landscape import Landscape

Floats = NDArray[np.float64]

# A path that comes nearer to another atom than this is blocked, Å.
CLEARANCE = 1.3
# How far from the straight line a path is looked for, Å; the second distance only where the first finds none.
MARGINS = (2.25, 3.5)
# How far a path is moved aside before it relaxes, Å: one on a ridge would otherwise leave it where rounding pushes it.
_NUDGE = 2e-4


@dataclass(frozen=True, eq=False)
class RelaxedPath:
    """A path of the migrating ion through the rigid framework of the initial structure.

    Attributes
    ----------
    points : (m, 3) fractional, unwrapped, evenly spaced; the first is the released initial position, the last the
        minimum image of the end of the hop.
    length, straight_length : of the path, and of the straight line between its ends, Å.
    clearance : shortest distance between the path and another atom, Å.
    straight_clearance : the same for the straight line between the same ends, Å.
    blocked : whether `clearance` is below CLEARANCE.
    reason : why it is blocked; None where it is not.
    """

    points: Floats
    length: float
    straight_length: float
    clearance: float
    straight_clearance: float
    blocked: bool
    reason: str | None


def relaxed_path(entry: Pathway) -> RelaxedPath:
    """Return the relaxed path of an entry, or of anything with the same arrays.

    A minimax path on a grid of bond-valence site energies, then a string relaxation. Where the straight line is no
    higher than that path, the relaxation starts from it. Deterministic; no target is read.

    Raises
    ------
    FeatureError
        For a structure that has no ionic model: an element without parameters, no anion, no volume.
    MissingDependencyError
        Without scipy, pymatgen or ASE.
    """
    _need_libraries()
    from embench.crystal import hop_of
    from embench.pathways.landscape import CUTOFF, landscape_of

    hop = hop_of(entry, cutoff=CUTOFF, n_points=2)
    landscape = landscape_of(hop)
    path = _best(landscape, hop)
    lattice = np.asarray(entry.lattice, np.float64)
    points = np.asarray(np.linalg.solve(lattice.T, path.T).T, np.float64)
    # The ends as released, without what the change of coordinates rounds off.
    end = np.asarray(entry.path_end, np.float64)
    points[0], points[-1] = entry.frac_coords[0], end + np.rint(points[-1] - end)
    points.flags.writeable = False
    clearance, _ = landscape.clearance(path)
    reason = _reason(landscape, path)
    return RelaxedPath(
        points=points,
        length=float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()),
        straight_length=hop.length,
        clearance=clearance,
        straight_clearance=landscape.clearance(hop.points)[0],
        blocked=reason is not None,
        reason=reason,
    )


def _best(landscape: Landscape, hop: Hop) -> Floats:
    """Return the relaxed Cartesian path (m, 3), Å, of the first margin that leaves room, else the roomiest."""
    from embench.pathways.grid import SLACK, grid_around, minimax_path
    from embench.pathways.string import N_POINTS, evenly_spaced, relax_string

    straight = evenly_spaced(hop.points, N_POINTS)
    if _overlap(landscape, hop.points) is not None:
        # Nothing to relax: one of the ends lies within an atom.
        return straight
    found: list[Floats] = []
    for margin in MARGINS:
        grid_path, highest = minimax_path(landscape, grid_around(*hop.points, margin=margin, axes=hop.axes))
        is_as_low = float(landscape.energy(straight).max()) <= highest + SLACK
        found.append(relax_string(landscape, _nudged(straight if is_as_low else grid_path, hop.axes)))
        if landscape.clearance(found[-1])[0] >= CLEARANCE:
            break
    return max(found, key=lambda path: landscape.clearance(path)[0])


def _nudged(path: Floats, axes: Floats) -> Floats:
    """Return a path (N_POINTS, 3) that is moved by about _NUDGE to the positive side of `axes`, but not at its ends."""
    from embench.pathways.string import N_POINTS, evenly_spaced

    place = np.linspace(0.0, np.pi, N_POINTS)
    aside = np.column_stack([np.sin(place) + 0.5 * np.sin(2 * place), 0.6 * np.sin(place) + 0.4 * np.sin(3 * place)])
    return evenly_spaced(path, N_POINTS) + _NUDGE * aside @ axes[1:]


def _overlap(landscape: Landscape, path: Floats) -> str | None:
    """Return which end of a path lies too near to another atom; None where both are free."""
    for name, point in (("start", path[0]), ("end", path[-1])):
        distance, element = landscape.clearance(np.array([point, point]))
        if distance < CLEARANCE:
            return f"the {name} of the hop is {distance:.2f} Å from {element}"
    return None


def _reason(landscape: Landscape, path: Floats) -> str | None:
    distance, element = landscape.clearance(path)
    if distance >= CLEARANCE:
        return None
    return _overlap(landscape, path) or f"no way around {element}: the path comes within {distance:.2f} Å of it"


def relaxed_band(entry: Pathway, n: int) -> Floats:
    """Return the fractional coordinates (n, n_sites, 3) of a band of `n` images evenly spaced on the relaxed path.

    The shape of the path does not depend on `n`; the other sites stay where the initial structure has them.
    """
    from embench.crystal.hop import structure_digest
    from embench.pathways.string import evenly_spaced

    points = _kept(_Keyed(structure_digest(entry), entry)).points
    cart = evenly_spaced(points @ entry.lattice, n)
    band = np.repeat(entry.frac_coords[np.newaxis], n, axis=0)
    band[:, 0] = np.linalg.solve(entry.lattice.T, cart.T).T
    band[0, 0], band[-1, 0] = points[0], points[-1]
    return band


@dataclass(frozen=True)
class _Keyed:
    """A pathway that is told from others by its content: a user's own class need not be hashable."""

    digest: str
    entry: Pathway = field(compare=False)


@lru_cache(maxsize=64)
def _kept(keyed: _Keyed) -> RelaxedPath:
    return relaxed_path(keyed.entry)


def _need_libraries() -> None:
    from importlib import import_module

    for library in ("scipy", "pymatgen", "ase"):
        try:
            import_module(library)
        except ImportError:
            raise MissingDependencyError(library, "baselines", "a relaxed path") from None
