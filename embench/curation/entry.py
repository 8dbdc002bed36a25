"""What the steps of the curation hand to each other: one raw entry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core import Structure

N_IMAGES = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class RawEntry:
    """One entry as the raw release gives it, joined over its files; nothing is corrected yet.

    Attributes
    ----------
    labels : dict
        The columns ``raw_*`` of the schema, verbatim.
    lattice : (3, 3) float array, Å, rows.
    elements : N symbols of the initial structure; site 0 migrates.
    frac_coords : (N, 3) float array of the initial structure.
    images : (5, 3) float array, fractional, unwrapped: the migrating ion along the released band.
    final_lattice, final_frac_coords : the final structure, or None where the release lacks it.
    citation : str or None.
    """

    entry_id: str
    published_split: str
    migration_barrier: float
    labels: dict[str, str]
    lattice: NDArray[np.float64]
    elements: tuple[str, ...]
    frac_coords: NDArray[np.float64]
    images: NDArray[np.float64]
    final_lattice: NDArray[np.float64] | None = None
    final_frac_coords: NDArray[np.float64] | None = None
    citation: str | None = None

    @property
    def mobile_ion(self) -> str:
        """Element of the migrating ion."""
        return self.elements[0]

    @property
    def path_end(self) -> NDArray[np.float64]:
        """Fractional coordinates of the migrating ion at the end of the hop, unwrapped."""
        end: NDArray[np.float64] = self.images[-1]
        return end

    @property
    def hop(self) -> NDArray[np.float64]:
        """Cartesian vector of the hop as released, Å."""
        vector: NDArray[np.float64] = (self.images[-1] - self.images[0]) @ self.lattice
        return vector

    @cached_property
    def structure(self) -> Structure:
        """The initial structure as a pymatgen Structure; site order kept, overlapping sites not refused."""
        from pymatgen.core import Lattice, Structure

        return Structure(Lattice(self.lattice), list(self.elements), self.frac_coords)
