"""The rows of a predictions table in text, with their line numbers; what a row means is checked elsewhere."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from embench.errors import PredictionsError
from embench.evaluation.predictions_rows import (
    OPTIONAL,
    REQUIRED,
    SHOWN_NAMES,
    Row,
    Table,
    rename_hint,
    shorten_name,
    unread_notes,
)

_SHOWN = 10
_DELIMITERS = (",", ";", "\t", "|")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d*),(\d+)(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+(?:[eE][+-]?\d+)?")


def rows_of_csv(name: str, text: str, *, most_rows: int) -> Table:
    """Return the rows of a table whose columns are separated by commas, or by semicolons, tabs or vertical bars.

    Where the separator is no comma, decimal commas are read too, if all numbers are written so.

    Raises :class:`~embench.errors.PredictionsError` for what is no table with the columns of a predictions file, and
    for one of more than `most_rows` rows.
    """
    delimiter = _delimiter_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        header = [column.strip() for column in next(reader, [])]
        columns = _find_columns(name, header)
        rows = _read_body(name, reader, columns, width=len(header), most_rows=most_rows)
    except csv.Error as error:
        raise PredictionsError(f"{name}, line {max(reader.line_num, 1)}: not valid CSV: {error}") from None
    if not rows:
        raise PredictionsError(f"{name} holds a header and no predictions")
    notes = unread_notes(header)
    if delimiter == ",":
        return Table(rows, notes=notes, plain=True)
    rows, decimal = _with_points(name, rows)
    return Table(rows, notes=[*decimal, *notes])


def _delimiter_of(text: str) -> str:
    """Return the separator by which the first line names the columns; a comma where none does."""
    first = text[:10_000].lstrip("\r\n").splitlines()[:1]
    for delimiter in _DELIMITERS:
        try:
            names = [column.strip() for column in next(csv.reader(first, delimiter=delimiter), [])]
        except csv.Error:
            continue
        if all(column in names for column in REQUIRED):
            return delimiter
    return ","


def _with_points(name: str, rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Return rows whose numbers have decimal points, and a note where they had commas.

    Raises :class:`~embench.errors.PredictionsError` where each comma could also mark thousands.
    """
    cells = [str(cell).strip() for row in rows for cell in (row.prediction, *_numbers(row)) if cell]
    marked = [found for cell in cells if (found := _DECIMAL_COMMA.fullmatch(cell))]
    whole = sum(_INTEGER.fullmatch(cell) is not None for cell in cells)
    # One number that is written in another way: left as they are, they are refused line by line.
    if not marked or len(marked) + whole < len(cells):
        return rows, []
    if all(len(found[2]) == 3 and found[1].strip("0") for found in marked):
        raise PredictionsError(
            f"{name}: the comma in numbers such as {marked[0][0]} may stand for decimals or thousands; write decimals "
            "with a point"
        )
    changed = [
        row._replace(
            prediction=_with_point(row.prediction),
            uncertainty=_with_point(row.uncertainty),
            lower=_with_point(row.lower),
            upper=_with_point(row.upper),
        )
        for row in rows
    ]
    return changed, [f"decimal commas are read as points: {marked[0][0]} as {_with_point(marked[0][0])}"]


def _numbers(row: Row) -> tuple[str | None, ...]:
    return row.uncertainty, row.lower, row.upper


def _with_point(cell: str | None) -> str | None:
    return None if cell is None else cell.replace(",", ".")


def _find_columns(name: str, header: list[str]) -> dict[str, int]:
    """Return the position of each column of a predictions file."""
    for column in (*REQUIRED, *OPTIONAL):
        if header.count(column) > 1:
            raise PredictionsError(
                f"{name}, line 1: column {column!r} is there {header.count(column)} times; keep the one to score"
            )
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        found = ", ".join(map(repr, map(shorten_name, header[:SHOWN_NAMES])))
        found += ", ..." if len(header) > SHOWN_NAMES else ""
        raise PredictionsError(
            f"{name}, line 1: no column {' and no column '.join(map(repr, missing))} (found: {found}); the first "
            f"line must name the columns: entry_id,prediction and, if there is one, uncertainty{_hint(header, missing)}"
        )
    return {column: header.index(column) for column in (*REQUIRED, *OPTIONAL) if column in header}


def _hint(header: list[str], missing: list[str]) -> str:
    """Return what is probably wrong with a header that lacks columns."""
    folded = [field.casefold() for field in header]
    if all(name in folded for name in REQUIRED):
        return ". Column names are in lower case"
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if any(delimiter in field for field in header):
            return f". The columns seem to be separated by {name}: separate them by commas"
    if len(header) == 1 and all(name in folded[0].split() for name in REQUIRED):
        return ". The columns seem to be separated by blanks: separate them by commas"
    return rename_hint(header, missing)


def _read_body(name: str, reader: Any, columns: dict[str, int], *, width: int, most_rows: int) -> list[Row]:
    rows: list[Row] = []
    ragged: list[str] = []
    while True:
        line = reader.line_num + 1  # a quoted field may span lines: name the first
        fields = next(reader, None)
        if fields is None:
            break
        if not any(field.strip() for field in fields):
            continue  # blank lines, and the rows of empty cells that spreadsheets append
        if len(fields) != width:
            count = f"{len(fields)} field{'s' if len(fields) > 1 else ''}"
            ragged.append(f"  line {line}: {count} instead of {width}")
        else:
            entry_id, prediction = (fields[columns[column]] for column in REQUIRED)
            others = (fields[columns[column]] if column in columns else None for column in OPTIONAL)
            rows.append(Row(f"line {line}", entry_id.strip(), prediction, *others))
        if len(rows) + len(ragged) > most_rows:
            raise PredictionsError(
                f"{name} has more than {most_rows} rows; a predictions file has one row for each scored entry"
            )
    if ragged:
        more = [f"  ... and {len(ragged) - _SHOWN} more"] if len(ragged) > _SHOWN else []
        raise PredictionsError("\n".join((f"{name}: rows with a wrong number of fields", *ragged[:_SHOWN], *more)))
    return rows
