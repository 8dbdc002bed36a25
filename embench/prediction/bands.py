"""Bands of predicted hops as starting points of NEB calculations: VASP folders, CIF, extended XYZ."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.errors import FeatureError, UnknownNameError
from embench.pathways.bands import band
from embench.prediction.document import symbols_of

if TYPE_CHECKING:
    from embench.crystal import Pathway

N_IMAGES = 7
FORMATS = ("poscar", "cif", "extxyz")


def band_files(hop: Pathway, formats: Sequence[str], *, n_images: int = N_IMAGES) -> dict[str, str]:
    """Return the texts of the files of a band by their path.

    The images are spaced evenly along the relaxed path of the rigid framework, or along the straight line where there
    is no such path. ``poscar`` gives the folders of VASP and the VTST tools, ``00/POSCAR`` to ``06/POSCAR``, with the
    elements grouped and the migrating ion first; ``cif`` a file for each image; ``extxyz`` one file with all.

    Raises :class:`~embench.errors.UnknownNameError` for another format.
    """
    for each in formats:
        if each not in FORMATS:
            raise UnknownNameError("format of a band", each, FORMATS)
    coords, path = _band(hop, n_images)
    files: dict[str, str] = {}
    for number, structure in enumerate(_structures(hop, coords)):
        if "poscar" in formats:
            files[f"{number:02d}/POSCAR"] = _poscar(structure, f"{hop.entry_id} image {number}, {path} path")
        if "cif" in formats:
            files[f"{number:02d}.cif"] = structure.to(fmt="cif")
    if "extxyz" in formats:
        files["band.extxyz"] = _extxyz(hop, coords, path)
    return files


def _band(hop: Pathway, n: int) -> tuple[Any, str]:
    try:
        return band(hop, n, path="relaxed"), "relaxed"
    except FeatureError:  # no ionic model to find a way around the atoms with
        return band(hop, n, path="straight"), "straight"


def _structures(hop: Pathway, coords: Any) -> list[Any]:
    from pymatgen.core import Lattice, Structure

    symbols = symbols_of(hop)
    # VASP wants the atoms of an element together; the order is the same in all images.
    order = sorted(range(len(symbols)), key=lambda site: (symbols.index(symbols[site]), site))
    return [
        Structure(Lattice(hop.lattice), [symbols[site] for site in order], np.asarray(image)[order]) for image in coords
    ]


def _poscar(structure: Any, comment: str) -> str:
    from pymatgen.io.vasp import Poscar

    text: str = Poscar(structure, comment=comment, sort_structure=False).get_str(direct=True, significant_figures=10)
    return text


def _extxyz(hop: Pathway, coords: Any, path: str) -> str:
    from ase import Atoms
    from ase.io import write

    frames = [
        Atoms(
            np.asarray(hop.atomic_numbers),
            scaled_positions=np.asarray(image),
            cell=np.asarray(hop.lattice),
            pbc=True,
            info={"entry_id": hop.entry_id, "image": number, "path": path},
        )
        for number, image in enumerate(coords)
    ]
    for frame, image in zip(frames, coords, strict=True):
        # Unwrapped, so that the hop does not jump over the edge of the cell.
        frame.positions = np.asarray(image) @ np.asarray(hop.lattice)
    text = io.StringIO()
    write(text, frames, format="extxyz")
    return text.getvalue()
