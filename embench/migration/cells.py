"""The cell of a hop: supercell, host, the ions that stay, and the one that hops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embench.crystal.ions import ion_radius
from embench.migration.connections import Image
from embench.migration.match import shortest_vectors
from embench.migration.read import Crystal, wrapped

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Two ions of an element are at least this far apart, Å, or the sum of their radii if that is more; the limit of the
# flag `suspect_endpoints`.
LEAST_CONTACT = 2.0
# An ion that is nearer to an end of the hop is the ion of that end, Å.
_HERE = 0.05


@dataclass(frozen=True, eq=False)
class HopCell:
    """A cell with a hop: site 0 migrates from ``frac_coords[0]`` to `path_end`.

    `n_emptied` is the number of ions that were taken out to make room; -1 where the one that hops was added.
    """

    lattice: Floats
    symbols: tuple[str, ...]
    frac_coords: Floats
    path_end: Floats
    n_emptied: int


@dataclass(frozen=True, eq=False)
class Network:
    """The sites of an ion.

    Attributes
    ----------
    sites : (n, 3) fractional, 0 to 1.
    kinds : ``occupied``, ``empty`` (known, without an ion) or ``interstitial``, for each.
    energies : (n,) bond-valence energies above the lowest minimum, eV; NaN for sites that come from the structure.
    """

    sites: Floats
    kinds: tuple[str, ...]
    energies: Floats

    @property
    def is_occupied(self) -> NDArray[np.bool_]:
        """Which sites hold an ion, (n,)."""
        return np.array([kind == "occupied" for kind in self.kinds])


def hop_cell(
    crystal: Crystal, ion: str, network: Network, hop: tuple[int, int, Image], cells: Integers, *, dilute: bool
) -> HopCell:
    """Return the cell of a hop.

    Parameters
    ----------
    crystal, ion, network : the structure and the sites of the ion in it.
    hop : start, end, and the cell in which the end lies.
    cells : (3, 3) integers, the supercell.
    dilute : whether all other ions are taken out; else those stay that are not in the way: the end is emptied, and
        around an end that is no occupied site every ion within the contact distance.
    """
    from pymatgen.util.coord import lattice_points_in_supercell

    start, end, image = hop
    inverse = np.linalg.inv(cells)
    lattice, points = cells @ crystal.lattice, lattice_points_in_supercell(cells)
    ends = np.array([network.sites[start], network.sites[end] + image]) @ inverse

    def copies(coords: Floats) -> Floats:
        # All copies of one site follow each other, as pymatgen orders supercells.
        return wrapped((coords @ inverse)[:, None] + points).reshape(-1, 3)

    host = [site for site, symbol in enumerate(crystal.symbols) if symbol != ion]
    ions = np.empty((0, 3)) if dilute else copies(network.sites[network.is_occupied])
    here = np.zeros(len(ions), np.bool_)
    away = np.zeros(len(ions), np.bool_)
    for point, site in zip(ends, (start, end), strict=True):
        apart = np.linalg.norm(shortest_vectors(lattice, ions - point), axis=1)
        here |= apart < _HERE
        if not network.is_occupied[site]:
            away |= apart < contact_distance(ion)
    away &= ~here
    symbols = [crystal.symbols[site] for site in host for _ in points]
    kept = ions[~here & ~away]
    return HopCell(
        lattice=lattice,
        symbols=(ion, *[ion] * len(kept), *symbols),
        frac_coords=np.vstack([ends[:1], kept, copies(crystal.frac_coords[host])]),
        path_end=ends[1],
        # The ion that hops stood somewhere: on its start, or among those that made room for it.
        n_emptied=int(here.sum() + away.sum()) - 1,
    )


def contact_distance(ion: str) -> float:
    """Return the distance below which two ions of an element are too close, Å."""
    from embench.crystal.ions import is_nonmetal

    radius = ion_radius(ion, -1.0 if is_nonmetal(ion) else 1.0)
    return max(LEAST_CONTACT, 2 * radius)
