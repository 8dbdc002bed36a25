"""Predictions files in the formats that people have: recognised by their content, unpacked within bounds, read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from embench.common.foreign import foreign_hint
from embench.errors import PredictionsError
from embench.evaluation.predictions_csv import rows_of_csv
from embench.evaluation.predictions_rows import OPTIONAL, REQUIRED, Row, Table, rename_hint, unread_notes

# Room for a thousand entries with many extra columns; what is larger is another kind of file. Unpacked as well.
MOST_BYTES = 8 << 20
_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_FOLDER_OF_MACOS = "__MACOSX/"


def read_rows(path: Path, *, most_rows: int) -> Table:
    """Return the rows of a predictions file and its sha256; raises as :func:`rows_of`, and where it cannot be read."""
    content = read_content(path)
    if len(content) > MOST_BYTES:
        raise PredictionsError(
            f"{path} is larger than {MOST_BYTES >> 20} MiB; a predictions file has one row for each scored entry"
        )
    return rows_of(str(path), content, most_rows=most_rows)


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


def rows_of(name: str, content: bytes, *, most_rows: int) -> Table:
    """Return the rows of a file with this `content`, which messages call `name`, and its sha256.

    Read are CSV (with commas, semicolons, tabs or vertical bars), JSON, JSON Lines and Parquet, each also in gzip or as
    the only file of a zip archive. What a file is, its content tells, not its name.

    Raises :class:`~embench.errors.PredictionsError` for a file that is empty, that holds more than `most_rows` rows or
    8 MiB unpacked, or no table with the columns of a predictions file.
    """
    if not content.strip():
        raise PredictionsError(f"{name} is empty; expected the columns entry_id,prediction")
    unpacked = _unpack(name, content)
    hint = foreign_hint(unpacked)
    if hint:
        raise PredictionsError(f"{name} {hint}")
    if unpacked.startswith(_PARQUET):
        table = _rows_of_parquet(name, unpacked, most_rows=most_rows)
    else:
        text = _decode(name, unpacked)
        if text.lstrip()[:1] in ("{", "["):
            from embench.evaluation.predictions_json import rows_of_json

            table = rows_of_json(name, text, most_rows=most_rows)
        else:
            table = rows_of_csv(name, text, most_rows=most_rows)
    return replace(table, sha256=hashlib.sha256(content).hexdigest(), plain=table.plain and unpacked is content)


def _unpack(name: str, content: bytes) -> bytes:
    """Return what is in a gzip or zip file, and any other content as it is."""
    if content.startswith(_GZIP):
        unpacked = _gunzip(name, content)
    elif content.startswith(_ZIP):
        unpacked = _unzip(name, content)
    else:
        return content
    if len(unpacked) > MOST_BYTES:
        raise PredictionsError(
            f"{name} holds more than {MOST_BYTES >> 20} MiB when unpacked; a predictions file has one row for each "
            "scored entry"
        )
    if unpacked.startswith((_GZIP, _ZIP)):
        raise PredictionsError(f"{name} is packed twice; unpack it once")
    if not unpacked.strip():
        raise PredictionsError(f"{name} holds an empty file; expected the columns entry_id,prediction")
    return unpacked


def _gunzip(name: str, content: bytes) -> bytes:
    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PredictionsError(f"{name} is a damaged gzip file ({error}); compress it again") from None


def _unzip(name: str, content: bytes) -> bytes:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if not name.startswith(_FOLDER_OF_MACOS)]
            problem = _problem_of_archive(names)
            if problem:
                raise PredictionsError(f"{name} {problem}")
            with archive.open(names[0]) as file:
                return file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, ValueError) as error:
        raise PredictionsError(f"{name} is a damaged zip archive ({error}); compress the file again") from None
    except (NotImplementedError, RuntimeError) as error:  # another method; a password
        raise PredictionsError(f"{name} cannot be unpacked here ({error}); unpack it first") from None


def _problem_of_archive(names: Sequence[str]) -> str | None:
    """Return why an archive with these members is no predictions file."""
    if "[Content_Types].xml" in names:
        return "is an Excel workbook; save it as CSV"
    if names and all(name.endswith(".npy") for name in names):
        return "is a numpy archive; save a CSV with the entry ids beside the numbers"
    if len(names) != 1:
        shown = ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")
        held = f"{len(names)} files ({shown})" if names else "no file"
        return f"is a zip archive with {held}; pack the predictions file alone, or give it unpacked"
    if names[0] != PurePosixPath(names[0]).name or "\\" in names[0]:
        return f"is a zip archive with {names[0]!r} in a folder; pack the predictions file alone, or give it unpacked"
    return None


def _decode(name: str, content: bytes) -> str:
    at = content.find(b"\0")
    if at >= 0:
        raise PredictionsError(f"{name}, line {_line_of(content, at)}: NUL byte; this is no text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = _line_of(content, error.start), content[error.start]
        raise PredictionsError(
            f"{name}, line {line}: not UTF-8 (byte 0x{byte:02x} at offset {error.start}); save it as UTF-8"
        ) from None


def _line_of(content: bytes, offset: int) -> int:
    return len(content[:offset].splitlines()) + content[:offset].endswith((b"\n", b"\r")) or 1


def _rows_of_parquet(name: str, content: bytes, *, most_rows: int) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names = list(file.schema_arrow.names)
        repeated = [name for name in (*REQUIRED, *OPTIONAL) if names.count(name) > 1]
        missing = [name for name in REQUIRED if name not in names]
        if missing or repeated:
            wrong = f"no column {missing[0]!r}" if missing else f"the column {repeated[0]!r} several times"
            found = ", ".join(map(repr, names[:10]))
            raise PredictionsError(f"{name} has {wrong} (found: {found}){rename_hint(names, missing)}")
        if file.metadata.num_rows > most_rows:
            raise PredictionsError(
                f"{name} has more than {most_rows} rows; a predictions file has one row for each scored entry"
            )
        size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        if not 0 <= size <= MOST_BYTES:
            raise PredictionsError(f"{name} holds more than {MOST_BYTES >> 20} MiB when unpacked")
        read = file.read(columns=[name for name in (*REQUIRED, *OPTIONAL) if name in names], use_threads=False)
        columns: dict[str, list[Any]] = read.to_pydict()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise PredictionsError(f"{name} is a damaged Parquet file ({error}); write it again") from None
    if not columns["entry_id"]:
        raise PredictionsError(f"{name} holds columns and no predictions")
    nothing = [None] * len(columns["entry_id"])
    rows = zip(*(columns.get(name, nothing) for name in (*REQUIRED, *OPTIONAL)), strict=True)
    return Table(
        [Row(f"row {i}", str(key), *rest) for i, (key, *rest) in enumerate(rows, start=1)],
        notes=unread_notes(names),
    )
