"""What independent potentials agree on: a table beside the dataset, and never a feature of a baseline.

A column of the dataset would change with every new potential, and could be fitted to: labels come from the same kind of
calculation. So it is a table of its own, with the entries as its key.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from embench.audit.barriers import Potential
from embench.audit.suspects import find_suspects
from embench.common.shipped import check_shipped, resource_folder
from embench.errors import DatasetError
from embench.schema.spec import Column

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "potential_consensus.parquet"

COLUMNS: tuple[Column, ...] = (
    Column(
        name="entry_id",
        dtype="string",
        section="consensus",
        description="Key of the entry, as in the configuration default.",
    ),
    Column(
        name="barrier_median",
        dtype="float64",
        unit="eV",
        nullable=True,
        section="consensus",
        description="Median over families of potentials of the NEB barrier (highest minus lowest energy of the band); "
        "the potentials of one family count as one, by their median. Null where no potential has a barrier.",
    ),
    Column(
        name="barrier_spread",
        dtype="float64",
        unit="eV",
        nullable=True,
        section="consensus",
        description="The highest minus the lowest barrier of these families; null for fewer than two.",
    ),
    Column(
        name="n_families",
        dtype="int16",
        section="consensus",
        description="Number of families (architectures) of potentials with a barrier.",
    ),
    Column(
        name="families",
        dtype="string",
        section="consensus",
        description="Their names, separated by semicolons; empty for none.",
    ),
    Column(
        name="label_contradicted",
        dtype="bool",
        section="consensus",
        description="Whether independent potentials agree with each other and not with the label, by the rule of the "
        "flag label_suspect and with all evidence there is now.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """What the potentials say of one entry; see :data:`COLUMNS`. Energies in eV."""

    entry_id: str
    barrier_median: float | None
    barrier_spread: float | None
    families: tuple[str, ...]
    label_contradicted: bool

    @property
    def n_families(self) -> int:
        """The number of independent families."""
        return len(self.families)


def find_consensus(labels: Mapping[str, float], evidence: Collection[Potential]) -> list[Consensus]:
    """Return what the potentials of `evidence` say of the entries of `labels` (eV), in their order."""
    contradicted = {found.entry_id for found in find_suspects(labels, evidence)}
    rows = []
    for entry_id in labels:
        by_family: dict[str, list[float]] = {}
        for potential in evidence:
            if potential.is_evidence and entry_id in potential.barriers:
                by_family.setdefault(potential.family, []).append(potential.barriers[entry_id])
        values = [statistics.median(barriers) for barriers in by_family.values()]
        rows.append(
            Consensus(
                entry_id=entry_id,
                barrier_median=round(statistics.median(values), 6) if values else None,
                barrier_spread=round(max(values) - min(values), 6) if len(values) > 1 else None,
                families=tuple(sorted(by_family)),
                label_contradicted=entry_id in contradicted,
            )
        )
    return rows


def consensus_table(rows: Sequence[Consensus]) -> pa.Table:
    """Return the rows as the table of :data:`COLUMNS`."""
    import pyarrow as pa

    types = {"string": pa.string(), "float64": pa.float64(), "int16": pa.int16(), "bool": pa.bool_()}
    fields = [
        pa.field(
            spec.name,
            types[spec.dtype],
            nullable=spec.nullable,
            metadata={"description": spec.description} | ({"unit": spec.unit} if spec.unit else {}),
        )
        for spec in COLUMNS
    ]
    values = {
        "entry_id": [row.entry_id for row in rows],
        "barrier_median": [row.barrier_median for row in rows],
        "barrier_spread": [row.barrier_spread for row in rows],
        "n_families": [row.n_families for row in rows],
        "families": ["; ".join(row.families) for row in rows],
        "label_contradicted": [row.label_contradicted for row in rows],
    }
    return pa.Table.from_arrays(
        [pa.array(values[field.name], type=field.type) for field in fields], schema=pa.schema(fields)
    )


@lru_cache(maxsize=1)
def consensus_bytes() -> bytes:
    """Return the content of the file that ships; raises DatasetError where it is missing or another one."""
    path = _path()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}; write it with embench data consensus") from None
    check_shipped("consensus", path, hashlib.sha256(content).hexdigest(), content=content)
    return content


@lru_cache(maxsize=1)
def read_consensus() -> Mapping[str, Consensus]:
    """Return the table that ships, by entry_id; raises :class:`~embench.errors.DatasetError` where it is damaged."""
    import io

    import pyarrow.parquet as pq

    # Not read_table: it brings pandas along where that is installed, a second of CPU.
    rows = pq.ParquetFile(io.BytesIO(consensus_bytes())).read().to_pylist()
    return {
        row["entry_id"]: Consensus(
            entry_id=row["entry_id"],
            barrier_median=row["barrier_median"],
            barrier_spread=row["barrier_spread"],
            families=tuple(row["families"].split("; ")) if row["families"] else (),
            label_contradicted=row["label_contradicted"],
        )
        for row in rows
    }


def _path() -> Path:
    return resource_folder("consensus") / TABLE
