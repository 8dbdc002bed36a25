"""Version 1.1.0 of the barriers of cations: what it adds to the rows of 1.0.0, and which flags come and go.

A version never changes, so that this starts from the rows of 1.0.0 and not from the raw release. The flag
``label_suspect`` follows a table that was written once, as what potentials say of the labels grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embench import schema
from embench.crystal.periodic import distance_matrix
from embench.curation.flag import LABEL_SUSPECT_COLUMNS
from embench.curation.tables import read_table
from embench.errors import LedgerError

if TYPE_CHECKING:
    import pyarrow as pa

Floats = npt.NDArray[np.float64]

SUSPECT_TABLE = f"label_suspect_{schema.DEFAULT.version}"

# What the source writes: the functional, and whether it names a Hubbard U. Another label is left open.
LEVELS: Mapping[str, tuple[str, bool]] = {
    "GGA": ("GGA", False),
    "GGA+U": ("GGA", True),
    "SCAN": ("SCAN", False),
    "LDA": ("LDA", False),
}
# An ion that hops along the edge of an equilateral triangle of sites passes the third corner at √3/2 of the edge.
CROWDED = 0.8
# The smallest stretch of a cell that changes is 0.0012; that of a cell which was written with other digits, 0.00003.
STRETCH = 0.001
N_IMAGES = 5
DIGITS = 6


def revise(table: pa.Table) -> pa.Table:
    """Return what version 1.1.0 adds to the rows of 1.0.0, in their order, see :func:`embench.schema.overlay_schema`.

    Raises :class:`~embench.errors.LedgerError` where the table of suspect labels names an entry that is not there.
    """
    import pyarrow as pa

    wanted = schema.overlay_schema(schema.DEFAULT)
    rows = table.to_pylist()
    suspects = frozenset(row["entry_id"] for row in read_table(SUSPECT_TABLE, LABEL_SUSPECT_COLUMNS))
    if unknown := suspects - {row["entry_id"] for row in rows}:
        raise LedgerError(f"table {SUSPECT_TABLE}.csv names unknown entries: {', '.join(sorted(unknown)[:10])}")
    revised = [_revised(row, suspect=row["entry_id"] in suspects) for row in rows]
    arrays = [pa.array([row[field.name] for row in revised], type=field.type) for field in wanted]
    return pa.Table.from_arrays(arrays, schema=wanted)


def _revised(row: Mapping[str, Any], *, suspect: bool) -> dict[str, Any]:
    functional, hubbard = LEVELS.get(row["raw_functional"], (row["functional"], None))
    spacing, nearest = other_ions(row)
    told = {
        "label_suspect": suspect,
        "concerted_hop_possible": spacing is not None and nearest is not None and nearest < CROWDED * spacing,
        "cell_changes": stretch(row) > STRETCH,
    }
    before = set(row["flags"])
    return {
        "entry_id": row["entry_id"],
        "xc_functional": functional,
        "hubbard_u": hubbard,
        "mobile_ion_spacing": None if spacing is None else round(spacing, DIGITS),
        "mobile_ion_approach": None if nearest is None else round(nearest, DIGITS),
        "flags_added": [name for name, is_set in told.items() if is_set and name not in before],
        "flags_removed": [name for name, is_set in told.items() if not is_set and name in before],
    }


def other_ions(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return how near to each other two ions of the migrating element stand, and how near the hop comes to one, Å.

    None for both where the cell holds one such ion only: its images move along with it.
    """
    lattice, coords = np.array(row["lattice"]), np.array(row["frac_coords"])
    numbers = np.array(row["atomic_numbers"])
    ions = coords[numbers == numbers[0]]
    if len(ions) < 2:
        return None, None
    between = distance_matrix(lattice, ions, ions)[~np.eye(len(ions), dtype=bool)]
    way = np.linspace(coords[0], np.array(row["path_end"]), N_IMAGES)
    return float(between.min()), float(distance_matrix(lattice, way, ions[1:]).min())


def stretch(row: Mapping[str, Any]) -> float:
    """Return how far a principal stretch from the initial to the final cell is from 1; 0 without a final structure.

    The stretches are the singular values of the deformation: a cell that is only turned has none.
    """
    if row["final_lattice"] is None:
        return 0.0
    deformation = np.linalg.solve(np.array(row["lattice"]), np.array(row["final_lattice"]))
    return float(np.abs(np.linalg.svd(deformation, compute_uv=False) - 1.0).max())


def write_overlay(table: pa.Table, path: Path) -> None:
    """Write what :func:`revise` returns as a Parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(table, path, compression="zstd", compression_level=19, use_dictionary=True)


def is_written(table: pa.Table, path: Path) -> bool:
    """Return whether the file holds this table; bytes depend on the version of pyarrow."""
    import pyarrow.parquet as pq

    return path.is_file() and bool(pq.ParquetFile(path).read().equals(table))


def is_dataset(table: pa.Table, folder: Path) -> bool:
    """Return whether the files in `folder` hold the rows of this table, the published training part first."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = [folder / part for part in schema.DEFAULT.parts]
    if not all(path.is_file() for path in paths):
        return False
    found = pa.concat_tables([pq.ParquetFile(path).read() for path in paths])
    return bool(found.equals(table.combine_chunks()))


def flag_changes(table: pa.Table) -> dict[str, tuple[int, int]]:
    """Return how many entries get and lose each flag that changes, by name."""
    added, removed = (
        Counter(name for names in table.column(column).to_pylist() for name in names) for column in schema.FLAG_CHANGES
    )
    return {name: (added[name], removed[name]) for name in sorted(added | removed)}
