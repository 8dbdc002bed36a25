"""Results as a Parquet table, and bands as extended XYZ."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.neb.band import Band
from embench.neb.results import NebResult

# Stages in the order in which they come; each has a column for calls and one for processor seconds.
STAGES = ("ends", "band", "climb", "full")


def write_parquet(results: Sequence[NebResult], path: Path) -> None:
    """Write one row for each result; what is kept by stage becomes one column for each stage."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [_flat(result) for result in results]
    table = pa.Table.from_pylist(rows, schema=_schema(pa))
    pq.write_table(table, path, compression="zstd")


def _flat(result: NebResult) -> dict[str, Any]:
    row = result.to_dict()
    calls, seconds = row.pop("calls"), row.pop("cpu_seconds")
    for stage in STAGES:
        row[f"calls_{stage}"], row[f"cpu_seconds_{stage}"] = calls.get(stage, 0), seconds.get(stage, 0.0)
    return row


def _schema(pa: Any) -> Any:
    types = {"str": pa.string(), "Status": pa.string(), "int": pa.int32(), "float": pa.float64()}
    types |= {"str | None": pa.string(), "float | None": pa.float64()}
    types |= {
        "tuple[str, ...]": pa.list_(pa.string()),
        "tuple[float, ...]": pa.list_(pa.float64()),
        "tuple[int, ...]": pa.list_(pa.int32()),
    }
    fields = [(name, types[kind]) for name, kind in NebResult.__annotations__.items() if kind in types]
    for stage in STAGES:
        fields += [(f"calls_{stage}", pa.int32()), (f"cpu_seconds_{stage}", pa.float64())]
    return pa.schema(fields)


def band_text(band: Band, numbers: NDArray[np.integer[Any]], cell: NDArray[np.float64], info: dict[str, Any]) -> str:
    """Return a band as extended XYZ: positions, Å, energies, eV, and forces, eV/Å; ``info["image"]`` counts from 0."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for number, (positions, energy, forces) in enumerate(zip(band.positions, band.energies, band.forces, strict=True)):
        atoms = Atoms(numbers, positions, cell=cell, pbc=True, info={**info, "image": number})
        atoms.calc = SinglePointCalculator(atoms, energy=float(energy), forces=forces)
        frames.append(atoms)
    text = io.StringIO()
    write(text, frames, format="extxyz")
    return text.getvalue()
