"""Read the raw release, check it against what the curation was written for, and join its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.curation.entry import N_IMAGES, RawEntry
from embench.curation.fingerprint import check_released, fingerprints
from embench.curation.sheet import TABLE_FILE, read_table_sheet
from embench.errors import UpstreamError

TRAIN_FILE = "RAW-Em-5-images-TRAIN.json"
TEST_FILE = "RAW-Em-5-images-TEST.json"
ENDS_FILE = "BOTH-RAW-Em-TEST.json"
SINGLE_FILE = "SINGLE-BOTH-RAW-Em-TEST.json"

# Largest deviation of a released image from the straight, evenly spaced line, in fractional coordinates.
STRAIGHT_TOLERANCE = 1e-6

Record = dict[str, Any]


def read_release(folder: Path) -> list[RawEntry]:
    """Return the 619 entries of the raw release in `folder`, sorted by split and entry_id.

    Raises
    ------
    UpstreamError
        Naming file and entry: a file is missing or no JSON; an entry lacks a key, holds an unknown element, a number
        that is none, a band that is not straight; the files contradict each other; a file is not the released one.
    """
    contents, records, sheet = read_files(folder)
    entries = [
        _band_entry(record, sheet_labels=sheet, file=name, split=split)
        for name, split in ((TRAIN_FILE, "train"), (TEST_FILE, "test"))
        for record in records[name]
    ]
    _check_joined(entries, sheet)
    ends = {record["sys_name"]: _final_structure(record) for record in records[ENDS_FILE]}
    _check_ends(entries, ends)
    check_released(contents, fingerprints(records, sheet))
    joined = [_with_final(entry, ends.get(entry.entry_id)) for entry in entries]
    return sorted(joined, key=lambda entry: (entry.published_split == "test", entry.entry_id))


def read_files(folder: Path) -> tuple[dict[str, bytes], dict[str, list[Record]], dict[str, Record]]:
    """Return the bytes of every file of the release, the records of its JSON files, and its table by entry_id."""
    names = (TRAIN_FILE, TEST_FILE, ENDS_FILE, SINGLE_FILE, TABLE_FILE)
    contents = {name: _read_bytes(folder / name) for name in names}
    records = {name: _parse(name, data) for name, data in contents.items() if name != TABLE_FILE}
    return contents, records, read_table_sheet(folder / TABLE_FILE)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UpstreamError(f"{path.name} is missing in {path.parent}; it belongs to the raw release") from None
    except OSError as error:
        raise UpstreamError(f"{path} cannot be read: {error.strerror}") from error


def _parse(name: str, data: bytes) -> list[Record]:
    try:
        records = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UpstreamError(f"{name} is no valid JSON ({error}): truncated or damaged; download it again") from None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UpstreamError(f"{name} is not a list of entries")
    seen: set[object] = set()
    for position, record in enumerate(records):
        entry_id = record.get("sys_name")
        if not isinstance(entry_id, str) or entry_id in seen:
            problem = "occurs twice" if entry_id in seen else "is no name"
            raise UpstreamError(f"{name}, entry number {position + 1}: sys_name {entry_id!r} {problem}")
        seen.add(entry_id)
    return records


def _get(record: Record, key: str, kind: type | tuple[type, ...], *, where: str) -> Any:
    value = record.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UpstreamError(f"{where}: {key} is {'missing' if key not in record else repr(value)[:60]}")
    return value


def _numbers(value: object, shape: tuple[int | None, ...], *, what: str, where: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise UpstreamError(f"{where}: {what} is not an array of numbers") from None
    fits = array.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, array.shape, strict=True))
    if not fits or not np.isfinite(array).all():
        raise UpstreamError(f"{where}: {what} has the shape {array.shape} or a value that is not finite")
    return array


def _atoms(atoms: Record, *, where: str) -> tuple[NDArray[np.float64], list[str], NDArray[np.float64]]:
    """Return lattice, elements and fractional coordinates of a structure of the release."""
    from pymatgen.core import Element

    elements = _get(atoms, "elements", list, where=where)
    for element in elements:
        if not (isinstance(element, str) and Element.is_valid_symbol(element)):
            raise UpstreamError(f"{where}: unknown element {element!r}")
    lattice = _numbers(atoms.get("lattice_mat"), (3, 3), what="lattice_mat", where=where)
    coords = _numbers(atoms.get("coords"), (len(elements), 3), what="coords", where=where)
    if atoms.get("cartesian") is not False:
        raise UpstreamError(f"{where}: coordinates are not marked as fractional")
    if np.linalg.det(lattice) <= 0:
        raise UpstreamError(f"{where}: the lattice is not right-handed")
    return lattice, elements, coords


def _band_entry(record: Record, *, sheet_labels: dict[str, dict[str, Any]], file: str, split: str) -> RawEntry:
    entry_id = record["sys_name"]
    where = f"{file}, entry {entry_id}"
    lattice, elements, coords = _atoms(_get(record, "atoms", dict, where=where), where=where)
    if len(elements) <= N_IMAGES or len(set(elements[:N_IMAGES])) != 1:
        raise UpstreamError(f"{where}: the first {N_IMAGES} sites are not the same ion")
    images = coords[:N_IMAGES]
    line = images[0] + np.linspace(0, 1, N_IMAGES)[:, None] * (images[-1] - images[0])
    if np.abs(images - line).max() > STRAIGHT_TOLERANCE:
        raise UpstreamError(f"{where}: the images do not lie evenly on a straight line")
    barrier = float(_get(record, "target", (int, float), where=where))
    if not np.isfinite(barrier) or barrier <= 0:
        raise UpstreamError(f"{where}: target {barrier} is no barrier")
    if entry_id not in sheet_labels:
        raise UpstreamError(f"{where}: not in the table {TABLE_FILE}")
    row = sheet_labels[entry_id]
    if row["target"] != barrier:
        raise UpstreamError(f"{where}: target {barrier} eV, but {row['target']} eV in {TABLE_FILE}")
    return RawEntry(
        entry_id=entry_id,
        published_split=split,
        migration_barrier=barrier,
        labels={
            **row["labels"],
            "raw_structure_file_class": _get(record, "class", str, where=where),
            "raw_formula": _get(record, "formula", str, where=where),
        },
        lattice=lattice,
        elements=(elements[0], *elements[N_IMAGES:]),
        frac_coords=np.vstack([images[:1], coords[N_IMAGES:]]),
        images=images,
    )


def _final_structure(record: Record) -> Record:
    where = f"{ENDS_FILE}, entry {record['sys_name']}"
    initial = _atoms(_get(record, "atoms_ini", dict, where=f"{where}, initial"), where=f"{where}, initial")
    final = _atoms(_get(record, "atoms_fin", dict, where=f"{where}, final"), where=f"{where}, final")
    if initial[1] != final[1]:
        raise UpstreamError(f"{where}: initial and final structure hold different sites")
    return {"initial": initial, "final": final, "target": record.get("target")}


def _check_joined(entries: list[RawEntry], sheet: dict[str, Any]) -> None:
    ids = [entry.entry_id for entry in entries]
    both = {entry_id for entry_id in ids if ids.count(entry_id) > 1}
    if both:
        raise UpstreamError(f"{TRAIN_FILE} and {TEST_FILE} share entries: {', '.join(sorted(both))}")
    lost = sorted(set(sheet) - set(ids))
    if lost:
        raise UpstreamError(f"{TABLE_FILE} has entries that no structure file holds: {', '.join(lost[:10])}")


def _check_ends(entries: list[RawEntry], ends: dict[str, Record]) -> None:
    """Check that the file with both ends tells the same story as the bands."""
    test = {entry.entry_id: entry for entry in entries if entry.published_split == "test"}
    if set(test) != set(ends):
        odd = ", ".join(sorted(set(test) ^ set(ends))[:10])
        raise UpstreamError(f"{ENDS_FILE} and {TEST_FILE} hold different entries: {odd}")
    for entry_id, entry in test.items():
        where = f"{ENDS_FILE}, entry {entry_id}"
        lattice, elements, coords = ends[entry_id]["initial"]
        if tuple(elements) != entry.elements or not (
            np.array_equal(lattice, entry.lattice) and np.array_equal(coords, entry.frac_coords)
        ):
            raise UpstreamError(f"{where}: the initial structure differs from the one in {TEST_FILE}")
        if ends[entry_id]["target"] != entry.migration_barrier:
            raise UpstreamError(f"{where}: target {ends[entry_id]['target']!r} differs from {TEST_FILE}")
        offset = ends[entry_id]["final"][2][0] - entry.path_end
        if np.abs(offset - np.round(offset)).max() > STRAIGHT_TOLERANCE:
            raise UpstreamError(f"{where}: the migrating ion does not end where the band ends")


def _with_final(entry: RawEntry, ends: Record | None) -> RawEntry:
    if ends is None:
        return entry
    lattice, _, coords = ends["final"]
    return replace(entry, final_lattice=lattice, final_frac_coords=coords)
