"""Read the authors' complete file, which adds the final structures and the citations of all entries.

The file (``EM-COMPLETE-DATASET.json``) is a list with one object an entry, keyed by ``sys_name``, that holds
``structure_ini``, ``structure_fin``, ``target`` and ``bibtex`` among others. It is not part of the raw release that the
dataset is built from; a user who has it can pass it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import distance_matrix
from embench.errors import StructureError, UpstreamError
from embench.migration.match import HOPPED, assign_sites, shortest_vectors
from embench.migration.read import Crystal, read_crystal

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from embench.curation.entry import RawEntry

Integers = NDArray[np.intp]

# The file that the authors gave out; another one is read as well, but its figures may be others.
COMPLETE_SHA256 = "fe8347abbbdb6d941805f645b7d5651eb919ecd3649c12f44535b948a737d8cd"
# Largest distance between corresponding sites of the two files' initial structures, and of the migrating ion to the
# end of its hop, Å.
SAME_SITE_TOLERANCE = 0.05
# Ratio of the volumes of the final and the initial cell beyond which they are not of the same crystal.
LARGEST_VOLUME_RATIO = 1.25

Warn = Callable[[str], None]


def fill_from_complete(entries: Sequence[RawEntry], path: Path, *, warn: Warn | None = None) -> list[RawEntry]:
    """Return `entries` with citation and, where the release lacks it, final structure from the complete file at `path`.

    The structures may be given as jarvis or pymatgen dictionaries (or JSON text of them), or as POSCAR text. Sites of
    one element may be listed in any order: they are put into that of the release.

    Parameters
    ----------
    entries : of the raw release.
    path : of the complete file.
    warn : called with a text if the file is not the one that the authors gave out.

    Raises
    ------
    UpstreamError
        Naming file and entry: no JSON; an entry is missing, is there twice, has another target, a structure that is
        disordered or holds numbers that are not finite, an initial structure whose sites cannot be matched one to one
        with those of the release, or a final one that is not that of the hop.
    """
    data = _read(path)
    if warn is not None and hashlib.sha256(data).hexdigest() != COMPLETE_SHA256:
        warn(
            f"{path.name} is not the file that the authors gave out (sha256 {COMPLETE_SHA256}): check where it is from"
        )
    records = _by_entry_id(data, path.name)
    missing = sorted(entry.entry_id for entry in entries if entry.entry_id not in records)
    if missing:
        raise UpstreamError(f"{path.name} lacks {len(missing)} entries of the release: {', '.join(missing[:10])}")
    return [_fill(entry, records[entry.entry_id], path.name) for entry in entries]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UpstreamError(f"{path} does not exist") from None
    except OSError as error:
        raise UpstreamError(f"{path} cannot be read: {error.strerror}") from None


def _by_entry_id(data: bytes, file: str) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(data, object_pairs_hook=_without_repeats)
    except _RepeatedKeyError as error:
        raise UpstreamError(f"{file}: the key {error} is there twice in one object") from None
    except (ValueError, RecursionError) as error:
        raise UpstreamError(f"{file} is not readable as JSON: {error}") from None
    records = list(content.values()) if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(
        isinstance(r, dict) and isinstance(r.get("sys_name"), str) for r in records
    ):
        raise UpstreamError(f"{file} is not a list of entries with a sys_name")
    counts = Counter(record["sys_name"] for record in records)
    repeated = [f"{name} ({count} times)" for name, count in counts.items() if count > 1]
    if repeated:
        raise UpstreamError(f"{file}: sys_name is not unique: {', '.join(repeated[:10])}; keep one record of each")
    return {record["sys_name"]: record for record in records}


class _RepeatedKeyError(Exception):
    """A JSON object has a key twice."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # json keeps the last of equal keys, and would lose an entry in silence.
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError(next(repr(key) for key, n in Counter(key for key, _ in pairs).items() if n > 1))
    return found


def _fill(entry: RawEntry, record: dict[str, Any], file: str) -> RawEntry:
    where = f"{file}, entry {entry.entry_id}"
    try:
        target = float(record["target"])
    except (KeyError, TypeError, ValueError):
        raise UpstreamError(f"{where}: target {record.get('target')!r} is no number") from None
    if not abs(target - entry.migration_barrier) <= 1e-9:
        raise UpstreamError(f"{where}: target {target} eV, but {entry.migration_barrier} eV in the release")
    initial = _crystal(record.get("structure_ini"), where=f"{where}, structure_ini")
    final = _crystal(record.get("structure_fin"), where=f"{where}, structure_fin")
    if sorted(initial.symbols) != sorted(final.symbols):
        raise UpstreamError(f"{where}: initial and final structure hold different sites")
    order = _match_final(entry, _match_sites(entry, initial, where=where), final, where=where)
    citation = record.get("bibtex")
    if isinstance(citation, str) and citation.strip():
        entry = replace(entry, citation=" ".join(citation.split()))
    if entry.final_lattice is None:
        entry = replace(entry, final_lattice=final.lattice, final_frac_coords=final.frac_coords[order])
    return entry


def _crystal(value: object, *, where: str) -> Crystal:
    structure = _structure(value, where=where)
    try:
        # The overlapping atoms of the corrupt entries are kept, and flagged later.
        crystal = read_crystal(structure, name=where, overlap=True)
    except StructureError as error:
        raise UpstreamError(str(error)) from None
    if np.linalg.det(structure.lattice.matrix) <= 0:
        raise UpstreamError(f"{where}: the lattice is not right-handed")
    return crystal


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


def _match_sites(entry: RawEntry, initial: Crystal, *, where: str) -> Integers:
    """Return for each site of the entry the index of the same site in `initial`."""
    if len(initial.symbols) != len(entry.elements):
        raise UpstreamError(f"{where}: {len(initial.symbols)} sites, but {len(entry.elements)} in the release")
    if not np.allclose(initial.lattice, entry.lattice, atol=SAME_SITE_TOLERANCE):
        raise UpstreamError(f"{where}: the lattice differs from the release")
    distances = distance_matrix(entry.lattice, entry.frac_coords, initial.frac_coords)
    order: Integers = distances.argmin(axis=1)
    for site, partner in enumerate(order):
        same = initial.symbols[int(partner)] == entry.elements[site]
        if not same or distances[site, partner] > SAME_SITE_TOLERANCE:
            raise UpstreamError(f"{where}: site {site} ({entry.elements[site]}) of the release has no counterpart")
    if len(set(order.tolist())) != len(order):
        raise UpstreamError(f"{where}: two sites of the release have the same counterpart")
    return order


def _match_final(entry: RawEntry, listed: Integers, final: Crystal, *, where: str) -> Integers:
    """Return for each site of the entry the index of the same site in `final`.

    `listed` is that order if both structures of the file list their sites alike; it stands unless another order
    explains the final structure with fewer sites that hop.
    """
    ratio = abs(np.linalg.det(final.lattice) / np.linalg.det(entry.lattice))
    if not 1 / LARGEST_VOLUME_RATIO <= ratio <= LARGEST_VOLUME_RATIO:
        raise UpstreamError(f"{where}: the final cell has {ratio:.3f} times the volume of the initial one")
    ions = final.sites_of(entry.mobile_ion)
    missed = distance_matrix(entry.lattice, entry.path_end[None], final.frac_coords[ions])[0]
    if missed.min() > SAME_SITE_TOLERANCE:
        raise UpstreamError(
            f"{where}: the migrating ion is not at the end of its hop: the nearest {entry.mobile_ion} of the final "
            f"structure is {missed.min():.3f} Å from it"
        )
    if (
        tuple(final.symbols[site] for site in listed) == entry.elements
        and listed[0] in ions[missed <= SAME_SITE_TOLERANCE]
    ):
        steps = final.frac_coords[listed[1:]] - entry.frac_coords[1:]
        n_listed = int((np.linalg.norm(shortest_vectors(entry.lattice, steps), axis=1) > HOPPED).sum())
        if not n_listed:
            return listed
    else:
        n_listed = len(listed)
    ion = ions[missed.argmin()]
    others = np.delete(np.arange(len(final.symbols)), ion)
    match = assign_sites(
        entry.lattice,
        np.array(entry.elements[1:]),
        entry.frac_coords[1:],
        np.array(final.symbols)[others],
        final.frac_coords[others],
        np.zeros(3),
    )
    n_hopped = int((match.lengths > HOPPED).sum())
    if 2 * min(n_hopped, n_listed) > len(others):
        raise UpstreamError(f"{where}: most of the framework is elsewhere in the final structure: another crystal")
    return listed if n_listed <= n_hopped else np.r_[ion, others[match.order]]
