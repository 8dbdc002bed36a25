"""The rows of a predictions file, with their line numbers; what a row means is checked elsewhere."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any, NamedTuple

from embench.errors import PredictionsError

REQUIRED = ("entry_id", "prediction")
OPTIONAL = ("uncertainty",)
# Room for a thousand entries with many extra columns; what is larger is another kind of file.
MOST_BYTES = 8 << 20
_SHOWN = 10


class Row(NamedTuple):
    """One prediction as it stands in its source; `where` names the place in messages."""

    where: str
    entry_id: str
    prediction: Any
    uncertainty: Any


def read_rows(path: Path, *, most_rows: int) -> tuple[list[Row], str]:
    """Return the rows of the file and its sha256; raises as :func:`rows_of` does, and where it cannot be read."""
    content = read_content(path)
    if len(content) > MOST_BYTES:
        raise PredictionsError(
            f"{path} is larger than {MOST_BYTES >> 20} MiB; a predictions file has one row for each scored entry"
        )
    return rows_of(str(path), content, most_rows=most_rows)


def rows_of(name: str, content: bytes, *, most_rows: int) -> tuple[list[Row], str]:
    """Return the rows of a file with this `content`, which messages call `name`, and its sha256.

    Raises :class:`~embench.errors.PredictionsError` for a file that is empty or no CSV table with the
    columns of a predictions file, and for one of more than `most_rows` rows.
    """
    if not content.strip():
        raise PredictionsError(f"{name} is empty; expected the columns entry_id,prediction")
    text = _decode(name, content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        columns = _find_columns(name, header)
        rows = _read_body(name, reader, columns, width=len(header), most_rows=most_rows)
    except csv.Error as error:
        raise PredictionsError(f"{name}, line {max(reader.line_num, 1)}: not valid CSV: {error}") from None
    if not rows:
        raise PredictionsError(f"{name} holds a header and no predictions")
    return rows, hashlib.sha256(content).hexdigest()


def read_content(path: Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the content of a file, of a larger one than `most_bytes` that many and one more; PredictionsError."""
    try:
        with open(path, "rb") as file:
            return file.read(most_bytes + 1)
    except FileNotFoundError:
        raise PredictionsError(f"{path} does not exist") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = getattr(error, "strerror", None) or str(error)
        raise PredictionsError(f"cannot read {str(path)!r}: {reason}") from None


def _decode(path: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PredictionsError(f"{path} is UTF-16; save it as UTF-8")
    at = content.find(b"\0")
    if at >= 0:
        raise PredictionsError(f"{path}, line {_line_of(content, at)}: NUL byte; this is no text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = _line_of(content, error.start), content[error.start]
        raise PredictionsError(
            f"{path}, line {line}: not UTF-8 (byte 0x{byte:02x} at offset {error.start}); save it as UTF-8"
        ) from None


def _line_of(content: bytes, offset: int) -> int:
    return len(content[:offset].splitlines()) + content[:offset].endswith((b"\n", b"\r")) or 1


def _find_columns(path: str, header: list[str]) -> dict[str, int]:
    """Return the position of each column of a predictions file."""
    for name in (*REQUIRED, *OPTIONAL):
        if header.count(name) > 1:
            raise PredictionsError(f"{path}, line 1: column {name!r} is there {header.count(name)} times")
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        shown = [name if len(name) <= 40 else f"{name[:37]}..." for name in header[:_SHOWN]]
        found = ", ".join(map(repr, shown)) + (", ..." if len(header) > _SHOWN else "")
        raise PredictionsError(
            f"{path}, line 1: no column {' and no column '.join(map(repr, missing))} (found: {found}); the first "
            f"line must name the columns: entry_id,prediction and, if there is one, uncertainty{_hint(header)}"
        )
    return {name: header.index(name) for name in (*REQUIRED, *OPTIONAL) if name in header}


def _hint(header: list[str]) -> str:
    """Return what is probably wrong with a header that lacks columns."""
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if any(delimiter in field for field in header):
            return f". The columns seem to be separated by {name}: separate them by commas"
    folded = [field.casefold() for field in header]
    if all(name in folded for name in REQUIRED):
        return ". Column names are in lower case"
    return ""


def _read_body(path: str, reader: Any, columns: dict[str, int], *, width: int, most_rows: int) -> list[Row]:
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
            uncertainty = fields[columns["uncertainty"]] if "uncertainty" in columns else None
            entry_id, prediction = (fields[columns[name]] for name in REQUIRED)
            rows.append(Row(f"line {line}", entry_id.strip(), prediction, uncertainty))
        if len(rows) + len(ragged) > most_rows:
            raise PredictionsError(
                f"{path} has more than {most_rows} rows; a predictions file has one row for each scored entry"
            )
    if ragged:
        more = [f"  ... and {len(ragged) - _SHOWN} more"] if len(ragged) > _SHOWN else []
        raise PredictionsError("\n".join((f"{path}: rows with a wrong number of fields", *ragged[:_SHOWN], *more)))
    return rows
