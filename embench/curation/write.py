"""Rows to Parquet: one file per published split, with checksums, replaced only when all is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embench import schema
from embench.common.files import write_together
from embench.errors import DatasetError

if TYPE_CHECKING:
    import pyarrow as pa

SPLITS = ("train", "test")
CHECKSUMS_FILE = "checksums.txt"
# Annotations are the same on every machine to this many digits (1e-6 Å); what the release gives is never rounded.
DIGITS = 6
VERBATIM = frozenset(
    {"migration_barrier", "lattice", "frac_coords", "path_end", "final_lattice", "final_frac_coords"},
)

Row = Mapping[str, Any]


def to_table(rows: Sequence[Row], *, version: str, layout: schema.Layout = schema.FIRST) -> pa.Table:
    """Return `rows` as an Arrow table of a dataset's schema; raises DatasetError for a row that does not fit it."""
    import pyarrow as pa

    names = [column.name for column in layout.columns]
    for row in rows:
        odd = set(row) ^ set(names)
        if odd:
            raise DatasetError(
                f"{row.get('entry_id')}: columns missing or unknown to the schema: {', '.join(sorted(odd))}"
            )
    arrow_schema = schema.arrow_schema(version=version, of=layout)
    arrays = []
    for field in arrow_schema:
        values = [_plain(field.name, row[field.name]) for row in rows]
        holes = [row["entry_id"] for row, value in zip(rows, values, strict=True) if value is None]
        if holes and not field.nullable:
            raise DatasetError(f"{field.name} may not be null, but is in {', '.join(holes[:10])}")
        try:
            arrays.append(pa.array(values, type=field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise DatasetError(f"{field.name}: a value is not {field.type} ({error})") from error
    return pa.Table.from_arrays(arrays, schema=arrow_schema)


def _plain(name: str, value: Any) -> Any:
    """Return `value` as Arrow takes it: no NaN, lists for arrays, annotations rounded."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        # Adding zero turns -0.0, which a rounding can leave behind, into 0.0.
        return float(value) if name in VERBATIM else round(float(value), DIGITS) + 0.0
    return value.item() if isinstance(value, np.generic) else value


def write_dataset(
    rows: Sequence[Row], folder: Path, *, version: str, layout: schema.Layout = schema.FIRST
) -> dict[str, str]:
    """Write ``train.parquet``, ``test.parquet`` and ``checksums.txt`` into `folder`; return the sha256 by file.

    What `folder` held before stays as it was if anything goes wrong.
    """
    import pyarrow.parquet as pq

    checksums: dict[str, str] = {}

    def parquet_writer(split: str) -> Any:
        def write(path: Path) -> None:
            part = [row for row in rows if row["published_split"] == split]
            table = to_table(part, version=version, layout=layout)
            pq.write_table(table, path, compression="zstd", compression_level=19, use_dictionary=True)
            checksums[f"{split}.parquet"] = hashlib.sha256(path.read_bytes()).hexdigest()

        return write

    def write_checksums(path: Path) -> None:
        lines = [f"{checksums[name]}  {name}\n" for name in sorted(checksums)]
        path.write_text("".join(lines), encoding="utf-8", newline="")

    files = {folder / f"{split}.parquet": parquet_writer(split) for split in SPLITS}
    write_together({**files, folder / CHECKSUMS_FILE: write_checksums})
    return checksums
