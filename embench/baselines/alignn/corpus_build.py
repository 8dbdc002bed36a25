"""Building a pre-training corpus from the public datasets that matminer offers, or from files in its form."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.common.files import atomic_path
from embench.errors import CorpusError, MissingDependencyError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

# Every tenth structure is held out, chosen by its checksum: the same ones whatever else the corpus holds.
HELD_OUT = 10


@dataclass(frozen=True, kw_only=True)
class PropertySource:
    """Where matminer has a property: a dataset and its column.

    Where the dataset has no structures, they are taken from another one, matched by identifiers of the Materials
    Project: `identifier` is the column here, `structures` the other dataset, its identifier and its structures.
    """

    name: str
    dataset: str
    column: str
    structure: str = "structure"
    identifier: str | None = None
    structures: tuple[str, str, str] | None = None


SOURCES: tuple[PropertySource, ...] = (
    PropertySource(name="band_gap", dataset="matbench_mp_gap", column="gap pbe"),
    PropertySource(
        name="band_gap_experimental",
        dataset="expt_gap_kingsbury",
        column="expt_gap",
        identifier="likely_mpid",
        structures=("mp_all_20181018", "mpid", "structure"),
    ),
    PropertySource(name="dielectric_constant", dataset="dielectric_constant", column="poly_total"),
    PropertySource(name="formation_energy", dataset="matbench_mp_e_form", column="e_form"),
    PropertySource(name="phonon_peak", dataset="matbench_phonons", column="last phdos peak"),
    PropertySource(name="piezoelectric_modulus", dataset="piezoelectric_tensor", column="eij_max"),
    PropertySource(name="shear_modulus", dataset="matbench_log_gvrh", column="log10(G_VRH)"),
)


def property_source(name: str) -> PropertySource:
    """Return the source of a property; raises :class:`~embench.errors.UnknownNameError`."""
    for source in SOURCES:
        if source.name == name:
            return source
    raise UnknownNameError("property", name, [source.name for source in SOURCES])


def build_corpus(sources: Sequence[str], out: Path) -> dict[str, int]:
    """Write a corpus of several properties as Parquet and return the number of rows of each.

    A source is the name of a property, whose dataset matminer fetches from the network, or ``property=FILE`` with a
    dataset that was saved from matminer as JSON. Every property is scaled linearly so that its smallest value becomes
    −1 and its largest 1. Rows without a value or a structure are left out.

    Raises
    ------
    UnknownNameError
        For a property that is none of the seven.
    CorpusError
        A dataset cannot be read, lacks a column, or has no two different values.
    MissingDependencyError
        Without matminer, pymatgen or pandas.
    """
    rows: list[dict[str, Any]] = []
    for text in sources:
        name, _, file = text.partition("=")
        source = property_source(name)
        frame = _local(Path(file)) if file else _fetched(source)
        rows += property_rows(frame, source)
    _write(rows, out)
    return {name: sum(row["property"] == name for row in rows) for name in dict.fromkeys(r["property"] for r in rows)}


def property_rows(frame: pd.DataFrame, source: PropertySource) -> list[dict[str, Any]]:
    """Return the rows of the corpus for one property, from a table as matminer gives it.

    The table has a column of pymatgen structures and one of values.

    Raises :class:`~embench.errors.CorpusError` where a column is missing, or all values are equal.
    """
    for column in (source.structure, source.column):
        if column not in frame.columns:
            have = ", ".join(map(str, frame.columns))
            raise CorpusError(f"the dataset of {source.name} has no column {column!r}; it has: {have}")
    values = frame[source.column].astype(float).to_numpy()
    good = np.isfinite(values) & frame[source.structure].notna().to_numpy()
    if not good.any() or np.ptp(values[good]) == 0:
        raise CorpusError(f"the dataset of {source.name} has no two different values of {source.column!r}")
    least, span = float(values[good].min()), float(np.ptp(values[good]))
    scaled = 2.0 * (values - least) / span - 1.0
    structures = frame[source.structure].tolist()
    return [_row(structures[i], source.name, float(scaled[i])) for i in np.flatnonzero(good)]


def structure_sha1(lattice: Any, atomic_numbers: Any, frac_coords: Any) -> str:
    """Return a checksum of a structure as it is stored: the first 16 digits of a SHA-1.

    It runs over the lattice (9 float32), the atomic numbers (uint8) and the coordinates (3 n float32), in this order,
    little-endian. Equal checksums mean equal numbers; another setting or order of the same crystal has another one.
    """
    digest = hashlib.sha1(np.asarray(lattice, "<f4").tobytes(), usedforsecurity=False)
    digest.update(np.asarray(atomic_numbers, np.uint8).tobytes())
    digest.update(np.asarray(frac_coords, "<f4").tobytes())
    return digest.hexdigest()[:16]


def _row(structure: Any, name: str, scaled: float) -> dict[str, Any]:
    lattice = np.asarray(structure.lattice.matrix, "<f4").reshape(9)
    numbers = np.asarray(structure.atomic_numbers, np.uint8)
    coords = np.asarray(structure.frac_coords, "<f4").reshape(-1)
    sha1 = structure_sha1(lattice, numbers, coords)
    return {
        "property": name,
        "target_scaled": scaled,
        "held_out": int(sha1, 16) % HELD_OUT == 0,
        "structure_sha1": sha1,
        "lattice": lattice.tolist(),
        "atomic_numbers": numbers.tolist(),
        "frac_coords": coords.tolist(),
    }


def _fetched(source: PropertySource) -> pd.DataFrame:
    try:
        from matminer.datasets import load_dataset
    except ImportError:
        raise MissingDependencyError("matminer", "matminer", "fetching public datasets") from None
    frame: pd.DataFrame = load_dataset(source.dataset)
    if source.structures is None or source.identifier is None:
        return frame
    dataset, identifier, column = source.structures
    return with_structures(frame, load_dataset(dataset), source.identifier, identifier, column, source.structure)


def with_structures(
    frame: pd.DataFrame, other: pd.DataFrame, identifier: str, other_identifier: str, column: str, structure: str
) -> pd.DataFrame:
    """Return `frame` with a column `structure` of the structures of `other` that have the same identifier, or None."""
    known: Mapping[str, Any] = dict(zip(other[other_identifier], other[column], strict=True))
    joined = frame.copy()
    joined[structure] = [known.get(key) for key in frame[identifier]]
    return joined


def _local(file: Path) -> pd.DataFrame:
    """Return a dataset saved as JSON: columns, index and data, structures as dictionaries of pymatgen."""
    try:
        import pandas as pd
        from pymatgen.core import Structure
    except ImportError as error:
        raise MissingDependencyError(error.name or "pandas", "curation", "reading datasets of matminer") from None
    try:
        raw = file.read_bytes()
        content = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        frame = pd.DataFrame(content["data"], columns=content["columns"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{file} is no dataset that matminer saved as JSON: {error}") from None

    def decoded(value: Any) -> Any:
        return Structure.from_dict(value) if isinstance(value, dict) and value.get("@class") == "Structure" else value

    return frame.map(decoded)


def _write(rows: Iterable[Mapping[str, Any]], out: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            ("property", pa.dictionary(pa.int8(), pa.string())),
            ("target_scaled", pa.float32()),
            ("held_out", pa.bool_()),
            ("structure_sha1", pa.string()),
            ("lattice", pa.list_(pa.float32(), 9)),
            ("atomic_numbers", pa.list_(pa.uint8())),
            ("frac_coords", pa.list_(pa.float32())),
        ]
    )
    table = pa.Table.from_pylist(list(rows), schema=schema)
    with atomic_path(out) as temporary:
        pq.write_table(table, temporary, compression="zstd")
