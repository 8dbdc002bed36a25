"""Folders of structures for other programs: VASP, CIF, ALIGNN, MatGL, PyTorch Geometric."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import HiddenTargetError, MissingDependencyError
from embench.schema.spec import TARGET

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from embench.crystal import Pathway
    from embench.dataset import Dataset, Entry

Advance = Callable[[], object]

BARRIERS = "barriers.csv"
# Without a number of images these bands have as many as the release.
N_IMAGES = 5
_INCAR = """\
# What makes a run of VASP a nudged elastic band; functional, cutoff, k-points and spin are for you to choose.
IMAGES = {inner}
SPRING = -5
LCLIMB = .TRUE.
IBRION = 3
POTIM = 0
IOPT = 1
EDIFFG = -0.05
"""


def write_poscars(data: Dataset, folder: Path, advance: Advance, images: int | None, path: str) -> None:  # noqa: ARG001
    """Write ``<entry>.vasp``, the initial structure, for each entry, and ``barriers.csv``."""
    _write_each(data, folder, ".vasp", lambda entry: _poscar(entry.structure()), advance)


def write_cifs(data: Dataset, folder: Path, advance: Advance, images: int | None, path: str) -> None:  # noqa: ARG001
    """Write ``<entry>.cif``, the initial structure in P1, for each entry, and ``barriers.csv``."""

    def text(entry: Entry) -> str:
        structure = entry.structure()
        structure.remove_site_property("entry_id") if "entry_id" in structure.site_properties else None
        return str(structure.to(fmt="cif"))

    _write_each(data, folder, ".cif", text, advance)


def write_vasp_neb(data: Dataset, folder: Path, advance: Advance, images: int | None, path: str) -> None:
    """Write ``<entry>/00/POSCAR`` to ``<entry>/NN/POSCAR`` and ``<entry>/INCAR`` for each entry, and ``barriers.csv``.

    All images list the sites in the same order and without jumps over the border of the cell. Where the release holds
    the final structure, it is still the initial framework that the band is built in.
    """
    names = file_names(data.entry_ids)
    n = images or N_IMAGES
    for entry in data:
        place = folder / names[entry.entry_id]
        for number, structure in enumerate(entry.images(n, path=path)):
            (place / f"{number:02d}").mkdir(parents=True)
            _write(place / f"{number:02d}" / "POSCAR", _poscar(structure))
        _write(place / "INCAR", _INCAR.format(inner=n - 2))
        advance()
    _write_barriers(data, names, folder / BARRIERS)


def write_band(hop: Pathway, coords: NDArray[np.float64], folder: Path) -> None:
    """Write a band of any hop, fractional coordinates (n, n_sites, 3), as POSCARs in ``00`` to ``NN``, and an INCAR."""
    from pymatgen.core.periodic_table import Element
    from pymatgen.core.structure import Structure

    elements = [Element.from_Z(int(number)) for number in hop.atomic_numbers]
    for number, image in enumerate(coords):
        place = folder / f"{number:02d}"
        place.mkdir(parents=True)
        _write(place / "POSCAR", _poscar(Structure(hop.lattice, elements, image)))
    _write(folder / "INCAR", _INCAR.format(inner=len(coords) - 2))


def write_alignn(data: Dataset, folder: Path, advance: Advance, images: int | None, path: str) -> None:  # noqa: ARG001
    """Write POSCARs and ``id_prop.csv``, without a header, as the training scripts of ALIGNN read them."""
    _need_targets(data, "alignn")
    names = {key: f"POSCAR-{name}.vasp" for key, name in file_names(data.entry_ids).items()}
    for entry in data:
        _write(folder / names[entry.entry_id], _poscar(entry.structure()))
        advance()
    lines = [f"{names[entry.entry_id]},{entry.migration_barrier}\n" for entry in data]
    _write(folder / "id_prop.csv", "".join(lines))


def write_matgl(data: Dataset, folder: Path, advance: Advance, images: int | None, path: str) -> None:  # noqa: ARG001
    """Write ``structures.json``, a list of pymatgen structures, and ``labels.json``, as MatGL's datasets take them."""
    _need_targets(data, "matgl")
    structures = []
    for entry in data:
        structures.append(entry.structure().as_dict())
        advance()
    labels = {"entry_id": list(data.entry_ids), TARGET: data.column(TARGET).tolist()}
    _write(folder / "structures.json", json.dumps(structures, default=_plain))
    _write(folder / "labels.json", json.dumps(labels, indent=1) + "\n")


def write_pyg(data: Dataset, path: Path, advance: Advance, images: int | None, band: str) -> None:
    """Write the graphs of :func:`embench.dataset.graphs.to_pyg` as one file of ``torch.save``."""
    from embench.dataset.graphs import to_pyg

    graphs = []
    for entry in data:
        graphs += to_pyg([entry], images=images or 1, path=band)
        advance()
    import torch

    with open(path, "wb") as file:
        torch.save(graphs, file)


def file_names(entry_ids: Iterable[str]) -> dict[str, str]:
    """Return a name for each entry that every file system takes: letters, digits and ``._-``, no two alike.

    Names that differ in their case only count as alike.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for entry_id in entry_ids:
        plain = re.sub(r"[^A-Za-z0-9._+-]", "_", entry_id)
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        found[entry_id] = name
    return found


def _write_each(data: Dataset, folder: Path, ending: str, text: Callable[[Entry], str], advance: Advance) -> None:
    names = {key: f"{name}{ending}" for key, name in file_names(data.entry_ids).items()}
    for entry in data:
        _write(folder / names[entry.entry_id], text(entry))
        advance()
    _write_barriers(data, names, folder / BARRIERS)


def _write_barriers(data: Dataset, names: dict[str, str], path: Path) -> None:
    """Write which file or folder is which entry, and its barrier unless that is hidden."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["entry_id", "name"] + [TARGET] * (not data.targets_hidden))
        for entry in data:
            target = [] if data.targets_hidden else [entry.migration_barrier]
            writer.writerow([entry.entry_id, names[entry.entry_id], *target])


def _poscar(structure: Structure) -> str:
    """Return a POSCAR with the sites of each element together, the migrating element and its ion first."""
    try:
        from pymatgen.io.vasp.inputs import Poscar
    except ImportError:
        raise MissingDependencyError("pymatgen", "structures", "writing POSCAR") from None
    order = {symbol: place for place, symbol in enumerate(dict.fromkeys(site.specie.symbol for site in structure))}
    sites = sorted(range(len(structure)), key=lambda site: order[structure[site].specie.symbol])
    comment = str(structure.properties.get("entry_id", ""))
    ordered = type(structure).from_sites([structure[site] for site in sites])
    return str(Poscar(ordered, comment=comment).get_str(significant_figures=10))


def _need_targets(data: Dataset, name: str) -> None:
    if data.targets_hidden:
        raise HiddenTargetError(f"{name} holds the targets, which are hidden here; export the open dataset")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
