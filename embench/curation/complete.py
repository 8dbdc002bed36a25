"""Read the authors' complete file, which adds the final structures and the citations of all entries.

The file (``EM-COMPLETE-DATASET.json``) is a list with one object an entry, keyed by ``sys_name``, that holds
``structure_ini``, ``structure_fin``, ``target`` and ``bibtex`` among others. It is not part of the raw release that the
dataset is built from; a user who has it can pass it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import distance_matrix
from embench.errors import UpstreamError

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from embench.curation.entry import RawEntry

# Largest distance between corresponding sites of the two files' initial structures, Å.
SAME_SITE_TOLERANCE = 0.05


def fill_from_complete(entries: Sequence[RawEntry], path: Path) -> list[RawEntry]:
    """Return `entries` with citation and, where the release lacks it, final structure from the complete file at `path`.

    The structures may be given as jarvis or pymatgen dictionaries (or JSON text of them), or as POSCAR text.

    Raises
    ------
    UpstreamError
        Naming file and entry: no JSON; an entry is missing, has another target, or an initial structure whose sites
        cannot be matched one to one with those of the release.
    """
    records = _by_entry_id(path)
    missing = sorted(entry.entry_id for entry in entries if entry.entry_id not in records)
    if missing:
        raise UpstreamError(f"{path.name} lacks {len(missing)} entries of the release: {', '.join(missing[:10])}")
    return [_fill(entry, records[entry.entry_id], path.name) for entry in entries]


def _by_entry_id(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UpstreamError(f"{path} does not exist") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UpstreamError(f"{path.name} is not readable as JSON: {error}") from None
    records = list(content.values()) if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(
        isinstance(r, dict) and isinstance(r.get("sys_name"), str) for r in records
    ):
        raise UpstreamError(f"{path.name} is not a list of entries with a sys_name")
    return {record["sys_name"]: record for record in records}


def _fill(entry: RawEntry, record: dict[str, Any], file: str) -> RawEntry:
    where = f"{file}, entry {entry.entry_id}"
    try:
        target = float(record["target"])
    except (KeyError, TypeError, ValueError):
        raise UpstreamError(f"{where}: target {record.get('target')!r} is no number") from None
    if abs(target - entry.migration_barrier) > 1e-9:
        raise UpstreamError(f"{where}: target {target} eV, but {entry.migration_barrier} eV in the release")
    initial = _structure(record.get("structure_ini"), where=f"{where}, structure_ini")
    final = _structure(record.get("structure_fin"), where=f"{where}, structure_fin")
    if [site.specie.symbol for site in initial] != [site.specie.symbol for site in final]:
        raise UpstreamError(f"{where}: initial and final structure hold different sites")
    order = _match_sites(entry, initial, where=where)
    citation = record.get("bibtex")
    if isinstance(citation, str) and citation.strip():
        entry = replace(entry, citation=" ".join(citation.split()))
    if entry.final_lattice is None:
        coords = np.array(final.frac_coords)[order]
        entry = replace(entry, final_lattice=np.array(final.lattice.matrix), final_frac_coords=coords)
    return entry


def _structure(value: object, *, where: str) -> Structure:
    from pymatgen.core import Lattice, Structure

    try:
        if isinstance(value, str):
            text = value.strip()
            if not text.startswith("{"):
                return Structure.from_str(text, fmt="poscar")
            value = json.loads(text)
        if isinstance(value, dict) and "lattice_mat" in value:
            lattice = Lattice(value["lattice_mat"])
            return Structure(
                lattice, value["elements"], value["coords"], coords_are_cartesian=bool(value.get("cartesian"))
            )
        if isinstance(value, dict):
            return Structure.from_dict(value)
    except Exception as error:  # whatever the readers of pymatgen raise on damaged input
        raise UpstreamError(f"{where}: not readable as a structure ({error})") from error
    raise UpstreamError(f"{where}: no structure, but {type(value).__name__}")


def _match_sites(entry: RawEntry, initial: Structure, *, where: str) -> NDArray[np.int64]:
    """Return for each site of the entry the index of the same site in `initial`."""
    if len(initial) != len(entry.elements):
        raise UpstreamError(f"{where}: {len(initial)} sites, but {len(entry.elements)} in the release")
    if not np.allclose(initial.lattice.matrix, entry.lattice, atol=SAME_SITE_TOLERANCE):
        raise UpstreamError(f"{where}: the lattice differs from the release")
    distances = distance_matrix(entry.lattice, entry.frac_coords, initial.frac_coords)
    order: NDArray[np.int64] = distances.argmin(axis=1)
    for site, partner in enumerate(order):
        same = initial[int(partner)].specie.symbol == entry.elements[site]
        if not same or distances[site, partner] > SAME_SITE_TOLERANCE:
            raise UpstreamError(f"{where}: site {site} ({entry.elements[site]}) of the release has no counterpart")
    if len(set(order.tolist())) != len(order):
        raise UpstreamError(f"{where}: two sites of the release have the same counterpart")
    return order
