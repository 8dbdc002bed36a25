"""A hop as this folder hands it on: what :class:`embench.crystal.Pathway` asks for, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.errors import InvalidValueError

if TYPE_CHECKING:
    from pymatgen.core import Structure

Floats = NDArray[np.float64]

# The functionals of the dataset: a hop is predicted as if it had been computed with one of them.
FUNCTIONALS = ("GGA", "GGA+U", "LDA", "SCAN")


@dataclass(frozen=True, kw_only=True, eq=False)
class MigrationHop:
    """One hop of one ion in a crystal; the initial state, and where the ion goes.

    Attributes
    ----------
    entry_id : name of the hop.
    lattice : (3, 3) rows, Å.
    atomic_numbers : (N,), site 0 migrates.
    frac_coords : (N, 3) fractional, of the initial state.
    path_end : (3,) fractional, unwrapped: the end of the hop.
    functional : of the barrier that is meant.
    final_lattice, final_frac_coords : the final state with the sites in the order of the initial one, unwrapped, a
        common drift taken out; None where only the end of the hop is known.
    framework_displacement : largest displacement of another atom between the states, Å; 0 for a rigid framework.
    charges : formal charge of each element, e; empty where no ionic model applies.
    charges_given : whether `charges` are those of the structure; else they are guessed.
    cell_charge : sum of the formal charges of the cell, e: -1 for Li+ taken out of a balanced crystal. NaN without
        charges.
    start_site, end_site, image : in a network of hops, the sites that it connects, and the cell of the second one.
    multiplicity : number of such hops in the cell of the network, in either direction.
    ends_equivalent : whether symmetry maps the hop onto its reverse, so that its barrier is the same both ways; None
        where it was not looked for.
    notes : what was changed or assumed, in words.
    """

    entry_id: str
    lattice: Floats
    atomic_numbers: NDArray[np.int16]
    frac_coords: Floats
    path_end: Floats
    functional: str = "GGA"
    final_lattice: Floats | None = None
    final_frac_coords: Floats | None = None
    framework_displacement: float = 0.0
    charges: Mapping[str, float] = field(default_factory=dict)
    charges_given: bool = False
    cell_charge: float = float("nan")
    start_site: int | None = None
    end_site: int | None = None
    image: tuple[int, int, int] = (0, 0, 0)
    multiplicity: int = 1
    ends_equivalent: bool | None = None
    notes: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Elements of the sites, (N,)."""
        from pymatgen.core import Element

        return tuple(str(Element.from_Z(int(number)).symbol) for number in self.atomic_numbers)

    @property
    def mobile_ion(self) -> str:
        """Element of the migrating ion."""
        return self.symbols[0]

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.atomic_numbers)

    @property
    def n_mobile_ions(self) -> int:
        """Number of sites that hold the element of the migrating ion."""
        return int((self.atomic_numbers == self.atomic_numbers[0]).sum())

    @property
    def concentration_limit(self) -> str:
        """Return ``dilute`` where the ion is the only one of its element in the cell, else ``vacancy``."""
        return "dilute" if self.n_mobile_ions == 1 else "vacancy"

    @property
    def vector(self) -> Floats:
        """The hop, Cartesian (3,), Å."""
        return np.asarray((self.path_end - self.frac_coords[0]) @ self.lattice, np.float64)

    @property
    def hop_distance(self) -> float:
        """Length of the hop, Å."""
        return float(np.linalg.norm(self.vector))

    def structure(self) -> Structure:
        """Return the initial state as a pymatgen ``Structure``."""
        from pymatgen.core import Lattice, Structure

        return Structure(Lattice(self.lattice), list(self.symbols), self.frac_coords)

    def final_structure(self) -> Structure:
        """Return the final state as a pymatgen ``Structure``; else with the framework of the initial one."""
        from pymatgen.core import Lattice, Structure

        if self.final_lattice is not None and self.final_frac_coords is not None:
            return Structure(Lattice(self.final_lattice), list(self.symbols), self.final_frac_coords)
        coords = self.frac_coords.copy()
        coords[0] = self.path_end
        return Structure(Lattice(self.lattice), list(self.symbols), coords)


def check_functional(functional: str) -> str:
    """Return `functional`; raises :class:`~embench.errors.InvalidValueError` if the dataset has no such one."""
    if functional not in FUNCTIONALS:
        raise InvalidValueError(
            f"functional {functional!r} is none of the dataset: {', '.join(FUNCTIONALS)} (PBE and PBEsol are GGA)"
        )
    return functional
