"""The barriers that interatomic potentials gave, read from the files that their authors released.

Adding a potential is one entry of :data:`SOURCES`. The table that ships is written by ``embench data potentials``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from embench.curation.sheet import TABLE_FILE, TABLE_SHEET, read_sheet
from embench.errors import UnknownNameError, UpstreamError

TEST_BARRIERS_FILE = "umlip_test_barriers.csv"
# Of the former: which image is the lowest and which the highest, counted from 0.
TEST_SOURCES_FILE = "umlip_test_sources.csv"
ALL_BARRIERS_FILE = "umlip_all_barriers.csv"
SEVENNET_BARRIERS_FILE = "umlip_sevennet_barriers.csv"
# The protocol of the source; the few results with another number of images belong to another one.
N_IMAGES = 5
_TEST_COLUMNS = ("sys_name", "model", "reported_barrier_eV", "n_images", "e0", "emax", "e_last")
_TEST_SOURCES_COLUMNS = ("sys_name", "model", "emin", "imin", "imax")
_ALL_COLUMNS = (
    *("sys_name", "model", "barrier_max_minus_min_eV", "barrier_max_minus_start_eV"),
    *(f"e{i}" for i in range(N_IMAGES)),
)

Rows = list[dict[str, object]]
"""Rows with ``entry_id`` and ``prediction`` (eV), and further columns where the source has another definition:
``barrier_max_minus_start`` (eV), and ``energies`` of the images (eV), None for one that the source does not tell."""


def from_sheet(sheet: str, key: str, column: str, shared: Path) -> Rows:
    """Return the predictions in a column of the table of the raw release; blank cells were not computed."""
    rows = read_sheet(shared / "upstream" / TABLE_FILE, sheet)
    return [{"entry_id": row[key], "prediction": float(row[column])} for row in rows if row[column] is not None]


def _from_test_barriers(model: str, shared: Path) -> Rows:
    rows = _read_csv(shared / "umlip_neb" / TEST_BARRIERS_FILE, _TEST_COLUMNS)
    told = _read_csv(shared / "umlip_neb" / TEST_SOURCES_FILE, _TEST_SOURCES_COLUMNS)
    sources = {(row["sys_name"], row["model"]): row for row in told}
    return [
        {
            "entry_id": row["sys_name"],
            "prediction": float(row["reported_barrier_eV"]),
            # The energies are given to 1e-6 eV or worse: what follows in the difference is noise.
            "barrier_max_minus_start": round(float(row["emax"]) - float(row["e0"]), 6),
            "energies": _told_energies(row, sources[row["sys_name"], model]),
        }
        for row in rows
        if row["model"] == model and int(row["n_images"]) == N_IMAGES
    ]


def _told_energies(row: Mapping[str, str], source: Mapping[str, str]) -> tuple[float | None, ...]:
    """Return what a source tells of the energies of a band, eV: those of both ends, of its highest and lowest image."""
    told = {
        int(source["imin"]): float(source["emin"]),
        int(source["imax"]): float(row["emax"]),
        0: float(row["e0"]),
        N_IMAGES - 1: float(row["e_last"]),
    }
    return tuple(told.get(i) for i in range(N_IMAGES))


def _from_all_barriers(model: str, file: str, shared: Path) -> Rows:
    rows = _read_csv(shared / "umlip_neb" / file, _ALL_COLUMNS)
    return [
        {
            "entry_id": row["sys_name"],
            "prediction": float(row["barrier_max_minus_min_eV"]),
            "barrier_max_minus_start": float(row["barrier_max_minus_start_eV"]),
            "energies": tuple(float(row[f"e{i}"]) for i in range(N_IMAGES)),
        }
        for row in rows
        if row["model"] == model
    ]


def _sevennet(shared: Path) -> Rows:
    """Return SevenNet-MF-ompa: the test entries from one file of the source, all others from another."""
    others = _from_all_barriers("SevenNet-MF-ompa", SEVENNET_BARRIERS_FILE, shared)
    return _from_test_barriers("SevenNet", shared) + others


SOURCES: Mapping[str, Callable[[Path], Rows]] = {
    "chgnet": partial(_from_test_barriers, "CHGNet"),
    "m3gnet": partial(_from_test_barriers, "M3GNet"),
    "mace-mp-0": partial(_from_test_barriers, "MACE"),
    "mace-no-relax": partial(from_sheet, TABLE_SHEET, "sys_name", "MACE-NO-RELAX"),
    "mace-relax": partial(from_sheet, TABLE_SHEET, "sys_name", "MACE-RELAX"),
    "orb-v3": partial(_from_all_barriers, "Orb-v3", ALL_BARRIERS_FILE),
    "sevennet-mf-ompa": _sevennet,
}


def read_source(slug: str, shared: Path, known_ids: Collection[str]) -> Rows:
    """Return the barriers of one potential from the folder that holds ``upstream/`` and ``umlip_neb/``.

    Raises
    ------
    UnknownNameError
        There is no such potential.
    UpstreamError
        A source file is missing or names an entry twice or one that is not among `known_ids`.
    """
    if slug not in SOURCES:
        raise UnknownNameError("potential", slug, SOURCES)
    return checked(slug, SOURCES[slug](shared), known_ids)


def checked(slug: str, rows: Rows, known_ids: Collection[str]) -> Rows:
    """Return `rows` in the order of `known_ids`; raises UpstreamError for none, or unknown or repeated entries."""
    order = {entry_id: position for position, entry_id in enumerate(known_ids)}
    ids = [str(row["entry_id"]) for row in rows]
    odd = sorted({entry_id for entry_id in ids if ids.count(entry_id) > 1 or entry_id not in order})
    if odd or not rows:
        raise UpstreamError(f"{slug}: no rows, or entries that are unknown or given twice: {', '.join(odd[:10])}")
    return sorted(rows, key=lambda row: order[str(row["entry_id"])])


def potentials_table(shared: Path, known_ids: Collection[str]) -> str:
    """Return the table that ships: a row an entry in the order of `known_ids`, a column a potential (eV).

    A cell is empty where the source has no barrier. Raises as :func:`read_source` does.
    """
    barriers: dict[str, dict[object, Any]] = {
        slug: {row["entry_id"]: row["prediction"] for row in read_source(slug, shared, known_ids)} for slug in SOURCES
    }
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["entry_id", *barriers])
    for entry_id in known_ids:
        cells = [found.get(entry_id, "") for found in barriers.values()]
        if any(cell != "" for cell in cells):
            writer.writerow([entry_id, *cells])
    return buffer.getvalue()


def _read_csv(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a source file; raises UpstreamError where it cannot be read or lacks one of `columns`."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except OSError as error:
        raise UpstreamError(f"{path} cannot be read: {error.strerror}") from error
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise UpstreamError(f"{path} has no column {', '.join(missing)}; take the file as the source released it")
    return rows
