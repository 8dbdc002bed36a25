"""Entries as pymatgen and ASE objects, and bands of images along the hop."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from embench.crystal import Pathway
from embench.crystal.periodic import Floats
from embench.errors import MissingDependencyError, MissingStructureError
from embench.pathways.bands import band
from embench.schema.spec import TARGET

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.periodic_table import Element
    from pymatgen.core.structure import Structure


class Released(Pathway, Protocol):
    """A pathway with what the release says of it besides; :class:`~embench.dataset.entry.Entry` has it all.

    A protocol rather than the class: entries call the functions below, so these must not import entries.
    """

    @property
    def final_lattice(self) -> Floats | None: ...  # noqa: D102
    @property
    def final_frac_coords(self) -> Floats | None: ...  # noqa: D102
    @property
    def migration_barrier(self) -> float: ...  # noqa: D102
    @property
    def columns(self) -> tuple[str, ...]: ...  # noqa: D102


def initial_structure(entry: Released) -> Structure:
    """Return the initial structure; site 0 migrates."""
    return _structure(entry, entry.lattice, entry.frac_coords)


def final_structure(entry: Released) -> Structure:
    """Return the structure at the end of the hop.

    Raises :class:`~embench.errors.MissingStructureError` where the release does not hold it.
    """
    if "final_lattice" not in entry.columns or entry.final_lattice is None or entry.final_frac_coords is None:
        raise MissingStructureError(
            f"the final structure of {entry.entry_id} is not in the release; structure() gives the initial state and "
            "images(n)[-1] the end of the hop in the initial framework (embench build --complete fills in final "
            "structures from the complete dataset of its authors)"
        )
    return _structure(entry, entry.final_lattice, entry.final_frac_coords)


def images(entry: Released, n: int, *, path: str = "straight") -> list[Structure]:
    """Return a band of `n` pymatgen structures, see :func:`band`."""
    return [_structure(entry, entry.lattice, coords) for coords in band(entry, n, path=path)]


def atoms(entry: Released) -> Atoms:
    """Return the initial structure as periodic ASE ``Atoms``, the target in ``info`` unless it is hidden."""
    return _atoms(entry, entry.frac_coords)


def atoms_images(entry: Released, n: int, *, path: str = "straight") -> list[Atoms]:
    """Return a band of `n` ASE ``Atoms``, see :func:`band`; ``info["image"]`` counts from 0 to `n` - 1."""
    frames = [_atoms(entry, coords) for coords in band(entry, n, path=path)]
    for number, frame in enumerate(frames):
        frame.info["image"] = number
    return frames


def _structure(entry: Released, lattice: Floats, frac_coords: Floats) -> Structure:
    try:
        from pymatgen.core.structure import Structure
    except ImportError:
        raise MissingDependencyError("pymatgen", "structures", "a pymatgen Structure") from None
    species = [_element(number) for number in entry.atomic_numbers.tolist()]
    # The coordinates as released, not wrapped into the cell: a hop must not jump at its border.
    return Structure(lattice, species, frac_coords, properties={"entry_id": entry.entry_id})


@lru_cache
def _element(number: int) -> Element:
    from pymatgen.core.periodic_table import Element

    return Element.from_Z(number)


def _atoms(entry: Released, frac_coords: Floats) -> Atoms:
    try:
        from ase import Atoms
    except ImportError:
        raise MissingDependencyError("ase", "structures", "an ASE Atoms object") from None
    info: dict[str, object] = {"entry_id": entry.entry_id}
    if TARGET in entry.columns:
        info[TARGET] = entry.migration_barrier
    return Atoms(
        numbers=entry.atomic_numbers,
        positions=frac_coords @ entry.lattice,
        cell=entry.lattice,
        pbc=True,
        info=info,
    )
