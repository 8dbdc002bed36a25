"""What bands say of their hops, as a compact Parquet table: models need neither the bands nor the potential.

The rows are made by :mod:`embench.neb.saddle`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from embench.errors import NebError


@dataclass(frozen=True, kw_only=True)
class NebInputs:
    """What is known of the band of one hop. Energies in eV, lengths in Å; None for what the band does not tell.

    Attributes
    ----------
    barrier : highest minus lowest energy of the band.
    forward, backward : the highest image above the start and above the end of the hop.
    failures : names of :data:`embench.neb.failures.FAILURES`, separated by spaces.
    start_ion, end_ion, start_framework, end_framework : how far the relaxations moved the ion, and at most an atom of
        the framework.
    hop_guess, hop_length, path_length, clearance : as in :class:`embench.neb.results.NebResult`.
    saddle_anion, saddle_anions, ends_anion, ends_anions : from the ion to the nearest anion and, on average, to the
        three nearest: in the highest image, and on average over both ends.
    saddle_cation, ends_cation : to the nearest atom of the framework that is no anion; of the ends the shorter one.
    saddle_displacement, ends_displacement : length of the displacement vector of the whole framework, from the mean of
        both ends to the highest image, and from one end to the other.
    saddle_displacement_most : the largest part that an atom has in the first of them.
    saddle_place : where the highest image is along the line between the ends, 0 to 0.5 from the nearer end.
    saddle_aside : how far its ion is from that line.
    curvature : energy of the highest image above its neighbours, their sum.
    """

    entry_id: str
    barrier: float
    forward: float
    backward: float
    failures: str = ""
    start_ion: float | None = None
    end_ion: float | None = None
    start_framework: float | None = None
    end_framework: float | None = None
    hop_guess: float | None = None
    hop_length: float | None = None
    path_length: float | None = None
    clearance: float | None = None
    saddle_anion: float | None = None
    saddle_anions: float | None = None
    ends_anion: float | None = None
    ends_anions: float | None = None
    saddle_cation: float | None = None
    ends_cation: float | None = None
    saddle_displacement: float | None = None
    ends_displacement: float | None = None
    saddle_displacement_most: float | None = None
    saddle_place: float | None = None
    saddle_aside: float | None = None
    curvature: float | None = None


@dataclass(frozen=True, kw_only=True)
class NebTable:
    """The rows of one potential by entry_id, and what they were computed with."""

    potential: str
    protocol: str
    version: str
    rows: Mapping[str, NebInputs]


def table_bytes(table: NebTable) -> bytes:
    """Return a table as Parquet; equal tables give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {"potential": table.potential, "protocol": table.protocol, "version": table.version}
    columns = {name: [getattr(row, name) for row in table.rows.values()] for name in _COLUMNS}
    made = pa.table({name: pa.array(values, _type(pa, name)) for name, values in columns.items()})
    stream = io.BytesIO()
    pq.write_table(made.replace_schema_metadata(about), stream, compression="zstd")
    return stream.getvalue()


def parse_table(content: bytes, name: str) -> NebTable:
    """Return the table in the content of a file called `name`.

    Raises :class:`~embench.errors.NebError` where that is none of :func:`table_bytes`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found: pa.Table = pq.read_table(io.BytesIO(content))
        about = {key.decode(): value.decode() for key, value in (found.schema.metadata or {}).items()}
        rows = [NebInputs(**row) for row in found.select(list(_COLUMNS)).to_pylist()]
        return NebTable(
            potential=about["potential"],
            protocol=about["protocol"],
            version=about["version"],
            rows={row.entry_id: row for row in rows},
        )
    except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
        raise NebError(f"{name} is no table of embench neb inputs: {error}") from None


_COLUMNS = tuple(field.name for field in fields(NebInputs))


def _type(pa: Any, name: str) -> Any:
    return pa.string() if name in ("entry_id", "failures") else pa.float64()
