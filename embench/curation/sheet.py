"""Read the table of the raw release (an Excel file)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embench.errors import MissingDependencyError, UpstreamError

TABLE_FILE = "TABULATION-GIT-HUB.xlsx"
TABLE_SHEET = "COMPLETE-TABUATION"
TEST_SHEET = "TEST-PREDICTIONS-BEST-MODEL"

_LABELS = {
    "CLASS": "raw_class",
    "COMPOSITION": "raw_composition",
    "XC": "raw_functional",
    "CRYSTAL SYSTEM": "raw_crystal_system",
    "SPACE GROUP": "raw_space_group",
    "PATH INFO": "raw_pathway",
}
_KEY, _TARGET = "sys_name", "MIGRATION BARRIER(eV)"


def read_sheet(path: Path, sheet: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet as dicts by column title; raises UpstreamError where file or sheet is unreadable."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise MissingDependencyError("openpyxl", "curation", "reading the table of the raw release") from None
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = [list(row) for row in book[sheet].iter_rows(values_only=True)]
    except Exception as error:  # openpyxl lets errors of zipfile, XML and its own through
        raise UpstreamError(f"{path.name}, sheet {sheet}: not readable as an Excel table ({error})") from error
    titles = rows[0] if rows else []
    return [dict(zip(titles, row, strict=True)) for row in rows[1:]]


def read_table_sheet(path: Path) -> dict[str, dict[str, Any]]:
    """Return ``labels`` (columns raw_*), ``target`` (eV) and all ``cells`` of each entry of the main table."""
    table: dict[str, dict[str, Any]] = {}
    for line, row in enumerate(read_sheet(path, TABLE_SHEET), start=2):
        where = f"{path.name}, line {line}"
        entry_id = row.get(_KEY)
        if not isinstance(entry_id, str) or entry_id in table:
            raise UpstreamError(f"{where}: sys_name {entry_id!r} is missing or occurs twice")
        where = f"{where}, entry {entry_id}"
        target = row.get(_TARGET)
        if not isinstance(target, int | float):
            raise UpstreamError(f"{where}: {_TARGET} {target!r} is no number")
        for title in _LABELS:
            if not isinstance(row.get(title), str):
                raise UpstreamError(f"{where}: {title} {row.get(title)!r} is no text")
        labels = {column: str(row[title]) for title, column in _LABELS.items()}
        table[entry_id] = {"labels": labels, "target": float(target), "cells": row}
    return table
