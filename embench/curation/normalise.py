"""Raw labels to normalised ones, by the ledger: every correction is a row of a table, none is code."""

from __future__ import annotations

from collections.abc import Sequence

from embench.curation.entry import RawEntry
from embench.curation.tables import read_table
from embench.errors import LedgerError

LEDGER_COLUMNS = ("entry_id", "column", "raw", "normalised", "reason")

# Normalised column and the raw column that it starts from.
RAW_COLUMN_OF = {
    "structure_class": "raw_class",
    "class_subtype": "raw_class",
    "structure_file_class": "raw_structure_file_class",
    "composition": "raw_composition",
    "functional": "raw_functional",
    "crystal_system": "raw_crystal_system",
    "space_group": "raw_space_group",
    "pathway": "raw_pathway",
}
FUNCTIONALS = ("GGA", "GGA+U", "LDA", "SCAN")
CRYSTAL_SYSTEMS = {
    "Triclinic": range(1, 3),
    "Monoclinic": range(3, 16),
    "Orthorhombic": range(16, 75),
    "Tetragonal": range(75, 143),
    "Trigonal": range(143, 168),
    "Hexagonal": range(168, 195),
    "Cubic": range(195, 231),
}

Ledger = dict[tuple[str, str], dict[str, str]]


def read_ledger() -> Ledger:
    """Return the rows of the ledger by (entry_id, column); raises LedgerError for a row that cannot be applied."""
    ledger: Ledger = {}
    for line, row in enumerate(read_table("ledger", LEDGER_COLUMNS), start=2):
        where = f"ledger.csv, line {line} ({row['entry_id']}, {row['column']})"
        key = (row["entry_id"], row["column"])
        if row["column"] not in RAW_COLUMN_OF:
            raise LedgerError(f"{where}: no column to normalise; known: {', '.join(RAW_COLUMN_OF)}")
        if key in ledger:
            raise LedgerError(f"{where}: a second row for the same cell")
        if row["raw"] == row["normalised"]:
            raise LedgerError(f"{where}: changes nothing")
        if not row["reason"]:
            raise LedgerError(f"{where}: no reason given")
        ledger[key] = row
    return ledger


def normalise(entries: Sequence[RawEntry], *, ledger: Ledger | None = None) -> dict[str, dict[str, object]]:
    """Return the normalised label columns of every entry, by entry_id.

    Raises :class:`~embench.errors.LedgerError` where a row names an entry that does not exist or a raw value that is
    not there, and where a normalised label is none that the dataset knows.
    """
    ledger = read_ledger() if ledger is None else ledger
    _check_rows_fit(ledger, entries)
    numbers = {row["space_group"]: int(row["number"]) for row in read_table("space_groups", ("space_group", "number"))}
    return {entry.entry_id: _normalise_one(entry, ledger, numbers) for entry in entries}


def _check_rows_fit(ledger: Ledger, entries: Sequence[RawEntry]) -> None:
    by_id = {entry.entry_id: entry for entry in entries}
    for (entry_id, column), row in ledger.items():
        if entry_id not in by_id:
            raise LedgerError(f"ledger row for {column} of {entry_id!r}: the raw release has no such entry")
        found = by_id[entry_id].labels[RAW_COLUMN_OF[column]]
        if found != row["raw"]:
            raise LedgerError(
                f"ledger row for {column} of {entry_id}: expects the raw value {row['raw']!r}, "
                f"the release has {found!r}"
            )


def _normalise_one(entry: RawEntry, ledger: Ledger, space_group_numbers: dict[str, int]) -> dict[str, object]:
    def value(column: str) -> str:
        row = ledger.get((entry.entry_id, column))
        return row["normalised"] if row else entry.labels[RAW_COLUMN_OF[column]]

    labels: dict[str, object] = {
        column: value(column) for column in RAW_COLUMN_OF if column not in ("class_subtype", "structure_file_class")
    }
    subtype = ledger.get((entry.entry_id, "class_subtype"))
    labels["class_subtype"] = subtype["normalised"] if subtype else None
    labels["space_group_number"] = space_group_numbers.get(str(labels["space_group"]))
    _check_labels(entry, labels, file_class_reviewed=(entry.entry_id, "structure_file_class") in ledger)
    return labels


def _check_labels(entry: RawEntry, labels: dict[str, object], *, file_class_reviewed: bool) -> None:
    def refuse(problem: str) -> None:
        raise LedgerError(f"{entry.entry_id}: {problem}; add a row to the ledger")

    if not file_class_reviewed and entry.labels["raw_structure_file_class"] != entry.labels["raw_class"]:
        refuse(
            f"class {entry.labels['raw_structure_file_class']!r} in the structure file, "
            f"{entry.labels['raw_class']!r} in the table"
        )
    for column, label in labels.items():
        if isinstance(label, str) and (label != " ".join(label.split()) or not label):
            refuse(f"white space in {column} {label!r}")
    if labels["functional"] not in FUNCTIONALS:
        refuse(f"unknown functional {labels['functional']!r}")
    number = labels["space_group_number"]
    if not isinstance(number, int):
        refuse(f"unknown space group {labels['space_group']!r}")
    elif number not in CRYSTAL_SYSTEMS.get(str(labels["crystal_system"]), ()):
        refuse(f"space group {labels['space_group']} ({number}) is not {labels['crystal_system']}")
