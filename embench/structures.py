"""Entries as pymatgen and ASE objects, and bands of images along the hop."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from embench.entry import TARGET, Entry, FloatArray
from embench.errors import MissingDependencyError, MissingStructureError, UnknownNameError

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.periodic_table import Element
    from pymatgen.core.structure import Structure

PathBuilder = Callable[[Entry, int], FloatArray]


def straight_path(entry: Entry, n: int) -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band along the straight line.

    The migrating ion moves in `n` - 1 equal steps from ``frac_coords[0]`` to ``path_end``, unwrapped; the
    other sites stay where the initial structure has them. With `n` = 5 this is the band of the release.
    """
    band = np.repeat(entry.frac_coords[np.newaxis], n, axis=0)
    band[:, 0] = np.linspace(entry.frac_coords[0], entry.path_end, n)
    return band


def relaxed_path(entry: Entry, n: int) -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band along the relaxed path.

    The images are spaced evenly along :func:`embench.pathways.relaxed_path`, which leads from ``frac_coords[0]`` around
    the atoms in the way to the minimum image of ``path_end``; the other sites stay where they are.
    """
    from embench.pathways import relaxed_band

    return relaxed_band(entry, n)


# How a band is laid between the ends of a hop; a further way is one further line.
PATHS: dict[str, PathBuilder] = {"straight": straight_path, "relaxed": relaxed_path}


def band(entry: Entry, n: int, *, path: str = "straight") -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band of `n` images, both ends included.

    Raises :class:`~embench.errors.UnknownNameError` for an unknown `path` and ``ValueError`` for ``n < 2``.
    """
    if path not in PATHS:
        raise UnknownNameError("path", path, PATHS)
    if n < 2:
        raise ValueError(f"a band has at least its two ends, n = {n} is too few")
    return PATHS[path](entry, n)


def initial_structure(entry: Entry) -> Structure:
    """Return the initial structure; site 0 migrates."""
    return _structure(entry, entry.lattice, entry.frac_coords)


def final_structure(entry: Entry) -> Structure:
    """Return the structure at the end of the hop.

    Raises :class:`~embench.errors.MissingStructureError` where the release does not hold it.
    """
    if entry.final_lattice is None or entry.final_frac_coords is None:
        raise MissingStructureError(
            f"the final structure of {entry.entry_id} is not in the release; structure() gives the initial state and "
            "images(n)[-1] the end of the hop in the initial framework (embench build --complete fills in final "
            "structures from the complete dataset of its authors)"
        )
    return _structure(entry, entry.final_lattice, entry.final_frac_coords)


def images(entry: Entry, n: int, *, path: str = "straight") -> list[Structure]:
    """Return a band of `n` pymatgen structures, see :func:`band`."""
    return [_structure(entry, entry.lattice, coords) for coords in band(entry, n, path=path)]


def atoms(entry: Entry) -> Atoms:
    """Return the initial structure as periodic ASE ``Atoms``, the target in ``info`` unless it is hidden."""
    return _atoms(entry, entry.frac_coords)


def atoms_images(entry: Entry, n: int, *, path: str = "straight") -> list[Atoms]:
    """Return a band of `n` ASE ``Atoms``, see :func:`band`; ``info["image"]`` counts from 0 to `n` - 1."""
    frames = [_atoms(entry, coords) for coords in band(entry, n, path=path)]
    for number, frame in enumerate(frames):
        frame.info["image"] = number
    return frames


def _structure(entry: Entry, lattice: FloatArray, frac_coords: FloatArray) -> Structure:
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


def _atoms(entry: Entry, frac_coords: FloatArray) -> Atoms:
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
