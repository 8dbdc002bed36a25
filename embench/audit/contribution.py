"""Barriers that somebody offers for the dataset: what they must come with, and whether they are sound.

A contribution is a table (JSON Lines or Parquet) with one row an entry, in the names, types and units of the dataset's
schema; :data:`embench.schema.contribution.FIELDS` says which. Nothing is added to the dataset here: that is for a
person to review.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import DatasetError, did_you_mean, nearest_names
from embench.schema import COLUMNS
from embench.schema.contribution import DEFINITIONS, FIELDS, Field

Floats = NDArray[np.float64]
Row = Mapping[str, Any]

MOST_BYTES, MOST_ROWS = 256 << 20, 100_000
# Closer than this, two atoms of a structure overlap; as for the flag structure_corrupt, Å.
OVERLAP = 0.5
SHORTEST_HOP, LONGEST_HOP = 0.5, 12.0
LONGER, CLASH = 0.01, 1.0
HIGHEST = 15.0
# Energies of images and the barrier that is said to follow from them agree within this, eV.
AGREES = 0.02
_DOI = re.compile(r"(https?://(dx\.)?doi\.org/|doi:)?10\.\d{4,9}/\S+|arxiv:\d{4}\.\d{4,5}(v\d+)?", re.IGNORECASE)
_ID = re.compile(r"[^\s,\"']{1,100}")


@dataclass(frozen=True)
class Finding:
    """One thing about an entry: a `problem` must be put right, anything else is for the reviewer to know."""

    entry_id: str
    where: str
    text: str
    problem: bool


@dataclass(frozen=True)
class Checked:
    """A contribution that was read: how many entries it has, and what was found, in the order of the rows."""

    n: int
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What must be put right."""
        return tuple(finding for finding in self.findings if finding.problem)


def check_contribution(path: Path) -> Checked:
    """Read a contribution and check every entry of it.

    Raises :class:`~embench.errors.DatasetError` for a file that is no such table; what is wrong with single entries is
    among the findings.
    """
    rows = read_contribution(path)
    from embench.dataset import load

    data = load()
    known = _Known(
        ids=frozenset(data.entry_ids),
        formulas=frozenset(zip(map(_reduced, data.column("formula").tolist()), data.column("mobile_ion"), strict=True)),
        functionals=frozenset(data.column("functional").tolist()),
        ions=frozenset(data.column("mobile_ion").tolist()),
    )
    twice = {key for key, count in Counter(str(row.get("entry_id")) for _, row in rows).items() if count > 1}
    findings: list[Finding] = []
    for where, row in rows:
        key = str(row.get("entry_id", ""))
        told = list(_check_row(row, known))
        if key in twice:
            told.append((f"entry_id {key} is there more than once", True))
        findings += [Finding(key, where, text, problem) for text, problem in told]
    return Checked(len(rows), tuple(findings))


def read_contribution(path: Path) -> list[tuple[str, Row]]:
    """Return the rows of a contribution with their places; raises DatasetError."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise DatasetError(f"{path} is larger than {MOST_BYTES >> 20} MiB; offer it in parts")
    rows = _of_parquet(path, content) if content.startswith(b"PAR1") else _of_json_lines(path, content)
    if not rows:
        raise DatasetError(f"{path} holds no entry")
    if len(rows) > MOST_ROWS:
        raise DatasetError(f"{path} holds more than {MOST_ROWS:,} entries; offer it in parts")
    return rows


def _of_parquet(path: Path, content: bytes) -> list[tuple[str, Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(content), use_threads=False).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DatasetError(f"{path} is a damaged Parquet file ({error}); write it again") from None
    return [(f"row {number}", row) for number, row in enumerate(table, start=1)]


def _of_json_lines(path: Path, content: bytes) -> list[tuple[str, Row]]:
    rows: list[tuple[str, Row]] = []
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is neither Parquet nor UTF-8 text (byte {error.start})") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DatasetError(
                f"{path}, line {number}: not valid JSON ({str(error)[:80]}); a contribution is JSON Lines, one entry a "
                "line, or Parquet"
            ) from None
        if not isinstance(row, dict):
            raise DatasetError(f"{path}, line {number}: {str(row)[:40]!r} is no entry; write an object with the fields")
        rows.append((f"line {number}", row))
    return rows


@dataclass(frozen=True)
class _Known:
    """What the dataset holds: ids, pairs of reduced formula and ion, functionals and ions."""

    ids: frozenset[str]
    formulas: frozenset[tuple[str, str]]
    functionals: frozenset[str]
    ions: frozenset[str]


def _check_row(row: Row, known: _Known) -> Iterator[tuple[str, bool]]:
    """Yield what is to say of one row, and whether it is a problem."""
    names = {field.name for field in FIELDS}
    for name in row:
        if name not in names and name in {spec.name for spec in COLUMNS}:
            yield f"the field {name} is worked out from the others; it is not read", False
        elif name not in names:
            yield f"the field {name} is not known{did_you_mean(nearest_names(name, names))}; it is not read", False
    missing = [field.name for field in FIELDS if field.needed and _is_missing(row.get(field.name))]
    yield from ((f"{name} is missing", True) for name in missing)
    typed = dict[str, Any]()
    for field in FIELDS:
        if _is_missing(row.get(field.name)):
            continue
        try:
            typed[field.name] = _typed(field, row[field.name])
        except ValueError as error:
            yield f"{field.name} {error}", True
    yield from _check_labels(typed, known)
    yield from _check_energies(typed)
    if {"lattice", "atomic_numbers", "frac_coords", "path_end"} <= typed.keys():
        yield from _check_structure(typed, known)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == []


def _typed(field: Field, value: Any) -> Any:
    """Return a value as its field has it; raises ValueError with what is wrong, to follow the name of the field."""
    scalar, _, rest = field.dtype.partition("[")
    if not rest:
        wanted = {"string": str, "float64": (int, float), "int16": int, "bool": bool}[scalar]
        if not isinstance(value, wanted) or (isinstance(value, bool) and scalar != "bool"):  # type: ignore[arg-type]
            raise ValueError(f"is {str(value)[:40]!r}, and must be {_WORDS[scalar]}")
        if scalar == "float64" and not math.isfinite(value):
            raise ValueError(f"is {value}, and must be finite")
        return value
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("is no array of numbers; write lists, all rows of one length") from None
    shape = tuple(None if size == "n" else int(size) for size in rest.rstrip("]").split(","))
    sizes = zip(shape, array.shape, strict=False)
    fits = array.ndim == len(shape) and all(size in (None, found) for size, found in sizes)
    if not fits:
        told = " × ".join("n" if size is None else str(size) for size in shape)
        raise ValueError(f"has the shape {' × '.join(map(str, array.shape))}, and must be {told}")
    if not np.isfinite(array).all():
        raise ValueError("holds a number that is not finite")
    if scalar == "int16" and not (np.equal(np.mod(array, 1), 0).all()):
        raise ValueError("holds numbers that are not whole")
    return array.astype(np.int64) if scalar == "int16" else array


_WORDS = {"string": "text", "float64": "a number", "int16": "a whole number", "bool": "true or false"}


def _check_labels(typed: Mapping[str, Any], known: _Known) -> Iterator[tuple[str, bool]]:
    key = typed.get("entry_id")
    if key is not None and not _ID.fullmatch(key):
        yield f"entry_id {key[:40]!r} has blanks, commas or quotes in it, or more than 100 characters", True
    if key in known.ids:
        yield f"entry_id {key} is in the dataset already", True
    barrier = typed.get("migration_barrier")
    if barrier is not None and not 0.0 < barrier < HIGHEST:
        yield f"migration_barrier is {barrier:g} eV, and must lie between 0 and {HIGHEST:g}; is it in eV?", True
    definition = typed.get("barrier_definition")
    if definition is not None and definition not in DEFINITIONS:
        yield f"barrier_definition is {definition[:40]!r}, and must be {' or '.join(DEFINITIONS)}", True
    functional = typed.get("functional")
    if functional is not None and functional not in known.functionals:
        hint = " (PBE and PBEsol are GGA)" if functional.upper().startswith("PBE") else ""
        yield f"functional {functional[:40]!r} is none of {', '.join(sorted(known.functionals))}{hint}", False
    if functional == "GGA+U" and "hubbard_u_values" not in typed:
        yield "hubbard_u_values is missing, which GGA+U needs", True
    citation = typed.get("citation")
    if citation is not None and not _DOI.search(citation):
        yield "citation holds neither a DOI nor an arXiv number", True
    ion = typed.get("mobile_ion")
    if ion is not None and ion not in known.ions:
        yield f"mobile_ion {ion[:10]} is new to the dataset", False


def _check_energies(typed: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    energies, barrier = typed.get("image_energies"), typed.get("migration_barrier")
    if energies is None or barrier is None:
        return
    if len(energies) < 3:
        yield (
            f"image_energies has {len(energies)} values: both ends and an image between them are needed",
            True,
        )
        return
    lowest = energies.min() if typed.get("barrier_definition") == DEFINITIONS[1] else energies[0]
    if abs(float(energies.max() - lowest) - barrier) > AGREES:
        yield (
            f"migration_barrier is {barrier:g} eV, but image_energies give {float(energies.max() - lowest):g} eV",
            True,
        )
    if int(np.argmax(energies)) in (0, len(energies) - 1):
        yield "the highest of image_energies is an end of the path: there is no saddle between them", True
    if typed.get("n_images") not in (None, len(energies)):
        yield f"n_images is {typed['n_images']}, and image_energies has {len(energies)} values", True


def _check_structure(typed: Mapping[str, Any], known: _Known) -> Iterator[tuple[str, bool]]:
    from embench.crystal.periodic import distance_matrix, has_overlap, hop_vector

    lattice, coords, numbers = typed["lattice"], typed["frac_coords"], typed["atomic_numbers"]
    if len(coords) != len(numbers) or len(numbers) < 2:
        yield (
            f"there are {len(numbers)} atomic_numbers and {len(coords)} frac_coords; two and more are needed",
            True,
        )
        return
    if abs(np.linalg.det(lattice)) < 1.0:
        yield (
            f"the volume of the cell is {abs(np.linalg.det(lattice)):.3g} Å³; lattice holds rows, in Å",
            True,
        )
        return
    symbols = _symbols(numbers)
    if symbols is None:
        yield "atomic_numbers holds a number that is no element", True
        return
    ion = typed.get("mobile_ion")
    if ion is not None and symbols[0] != ion:
        yield f"site 0 is {symbols[0]}, and must be the {ion} that migrates: put it first", True
    if has_overlap(lattice, coords, within=OVERLAP):
        yield f"two atoms are less than {OVERLAP} Å apart", True
    step = typed["path_end"] - coords[0]
    length = float(np.linalg.norm(step @ lattice))
    shortest = float(np.linalg.norm(hop_vector(lattice, step) @ lattice))
    if not SHORTEST_HOP < length < LONGEST_HOP:
        yield (
            f"the hop is {length:.2f} Å long; path_end is where site 0 ends, fractional, unwrapped",
            True,
        )
    elif length - shortest > LONGER:
        yield f"another periodic image of the hop is shorter: {shortest:.2f} Å in place of {length:.2f} Å", False
    line = coords[0] + np.linspace(0.0, 1.0, 5)[:, None] * step
    nearest = float(distance_matrix(lattice, line, coords[1:]).min())
    if nearest < CLASH:
        yield f"the straight line comes within {nearest:.2f} Å of another atom: the path must bend", False
    final = typed.get("final_frac_coords")
    if final is not None and len(final) != len(numbers):
        yield f"final_frac_coords has {len(final)} sites, and the initial structure {len(numbers)}", True
    formula = _formula(symbols)
    if (formula, symbols[0]) in known.formulas:
        yield f"the dataset has hops of {symbols[0]} in {formula} already: say how these differ", False


def _symbols(numbers: NDArray[np.int64]) -> list[str] | None:
    from pymatgen.core import Element

    try:
        return [Element.from_Z(int(number)).symbol for number in numbers]
    except ValueError:
        return None


def _formula(symbols: Sequence[str]) -> str:
    from pymatgen.core import Composition

    return str(Composition(Counter(symbols)).reduced_formula)


def _reduced(formula: str) -> str:
    from pymatgen.core import Composition

    return str(Composition(formula).reduced_formula)
