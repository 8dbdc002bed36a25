"""The reviewed tables of the curation: decisions kept as data, each row with its reason."""

from __future__ import annotations

import csv
from importlib.resources import files

from embench.errors import LedgerError


def read_table(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of the table `name`.csv; raises LedgerError where its columns are not `columns`."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    reader = csv.DictReader(text.splitlines())
    if tuple(reader.fieldnames or ()) != columns:
        raise LedgerError(f"table {name}.csv has the columns {reader.fieldnames}, expected {list(columns)}")
    rows = list(reader)
    for line, row in enumerate(rows, start=2):
        if None in row.values() or None in row:
            raise LedgerError(f"table {name}.csv, line {line}: {len(columns)} fields expected")
    return rows
