"""Structures as people have them: files, folders, lists and tables, one after another.

A source is small and can be sent to another process. It is read there, so that a bad structure is an error of its own
and not of the whole run.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.errors import EmbenchError, StructureError

if TYPE_CHECKING:
    from embench.crystal import Pathway
    from embench.migration.read import AnyStructure

TABLES = (".parquet", ".jsonl", ".ndjson", ".extxyz", ".xyz")
LISTS = (".txt", ".lst")
# What ASE reads, by the end of the name; formats that could run code when they are read are none of these.
_ASE = {
    ".xsf": "xsf",
    ".res": "res",
    ".cell": "castep-cell",
    ".pwi": "espresso-in",
    ".pwo": "espresso-out",
    ".gen": "gen",
    ".pdb": "proteindatabank",
    ".traj": "traj",
}
SUFFIXES = (".cif", ".mcif", ".vasp", ".poscar", ".contcar", ".json", *_ASE, *TABLES)
_LARGEST = 200 * 2**20
_NAMES = ("entry_id", "id", "name", "material_id", "structure_id", "label")
_IONS = ("ion", "mobile_ion", "working_ion")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one structure, or one hop, is.

    Attributes
    ----------
    name : unique among the sources of a run.
    path : of the file.
    text : the part of the file that holds it, where that is not all of it; `kind` says what it is: ``json``, ``xyz``.
    end : of the second file, where the two are the ends of a hop.
    error : why the file cannot be taken apart.
    """

    name: str
    path: str
    text: str | None = None
    kind: str = ""
    end: str | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a source holds: a structure, or a hop; and the ion that the table names, if it does."""

    structure: AnyStructure | None = None
    hop: Pathway | None = None
    ion: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class ArraysHop:
    """A hop as arrays, as the dataset holds it: site 0 migrates to `path_end`; see the protocol Pathway."""

    entry_id: str
    lattice: Any
    atomic_numbers: Any
    frac_coords: Any
    path_end: Any
    functional: str = "GGA"


def sources(paths: Sequence[Path | str]) -> Iterator[Source]:
    """Yield what files, folders, lists and tables hold, with unique names.

    A folder stands for the files in it whose names end as structures do, in alphabetical order. Raises
    :class:`~embench.errors.StructureError` for a path that does not exist, and a folder or list without structures.
    """
    seen: dict[str, int] = {}
    for path in map(Path, paths):
        for source in _of_path(path):
            count = seen[source.name] = seen.get(source.name, 0) + 1
            yield source if count == 1 else replace(source, name=f"{source.name}#{count}")


def read_source(source: Source) -> Found:
    """Return what a source holds; raises :class:`~embench.errors.StructureError` in words for what is none."""
    if source.error:
        raise StructureError(source.error)
    if source.text is None:
        return _of_file(source)
    if source.kind == "xyz":
        return Found(structure=_by_ase(source.path, "extxyz", source.text))
    try:
        return _of_record(json.loads(source.text), source.name)
    except ValueError as error:
        if isinstance(error, EmbenchError):
            raise
        raise StructureError(f"{source.name}: this is no JSON: {error}") from None


def _of_file(source: Source) -> Found:
    path = Path(source.path)
    if path.suffix.lower() == ".json":
        try:
            return _of_record(json.loads(_text(path)), source.name)
        except ValueError as error:
            if isinstance(error, EmbenchError):
                raise
            raise StructureError(f"{path} is no JSON: {error}") from None
    return Found(structure=read_structure(path))


def read_structure(path: Path) -> AnyStructure:
    """Return the structure of a file: pymatgen's for CIF, POSCAR and JSON, else ASE's.

    Raises :class:`~embench.errors.StructureError`, naming the file, for what cannot be read.
    """
    suffix, name = path.suffix.lower(), path.name.lower()
    if suffix in (".extxyz", ".xyz"):
        found = list(_frames(path))
        if len(found) != 1:
            raise StructureError(f"{path} holds {len(found)} structures where one is expected")
        return _by_ase(str(path), "extxyz", found[0].text)
    if suffix in _ASE:
        return _by_ase(str(path), _ASE[suffix], None)
    text = _text(path)
    if suffix in (".cif", ".mcif") or "_cell_length_a" in text:
        return _by_pymatgen(path, text, "cif")
    if suffix == ".json":
        structure = _of_record(json.loads(text), path.name).structure
        if structure is None:
            raise StructureError(f"{path} holds a hop, and a structure is expected")
        return structure
    if suffix in (".vasp", ".poscar", ".contcar") or "poscar" in name or "contcar" in name:
        return _by_pymatgen(path, text, "poscar")
    raise StructureError(
        f"{path}: the name does not tell what it is; structures end in {', '.join(SUFFIXES)}, or are called POSCAR"
    )


def _of_path(path: Path) -> Iterator[Source]:
    if path.is_dir():
        names = sorted(item for item in path.iterdir() if item.is_file() and is_structure(item))
        if not names:
            raise StructureError(f"the folder {path} holds no structures ({', '.join(SUFFIXES)}, POSCAR)")
        for item in names:
            yield from _of_path(item)
        return
    if not path.exists():
        raise StructureError(f"there is no file or folder {path}")
    suffix = path.suffix.lower()
    if suffix in LISTS:
        yield from _of_list(path)
    elif suffix == ".parquet":
        yield from _rows(path)
    elif suffix in (".jsonl", ".ndjson"):
        yield from _lines(path)
    elif suffix in (".extxyz", ".xyz"):
        yield from _frames(path)
    elif suffix == ".json" and _is_list(path):
        for number, record in enumerate(json.loads(_text(path))):
            yield _record_source(path, number, record)
    else:
        yield Source(name=path.name if _is_poscar(path) else path.stem, path=str(path))


def is_structure(path: Path) -> bool:
    """Return whether the name of a file ends, or begins, as that of a structure does."""
    return not path.name.startswith(".") and (path.suffix.lower() in SUFFIXES or _is_poscar(path))


def _is_poscar(path: Path) -> bool:
    return path.name.lower().startswith(("poscar", "contcar"))


def _of_list(path: Path) -> Iterator[Source]:
    lines = [line.strip() for line in _text(path).splitlines()]
    items = [line for line in lines if line and not line.startswith("#")]
    if not items:
        raise StructureError(f"the list {path} names no files")
    for item in items:
        place = path.parent / item
        if place.suffix.lower() in LISTS:
            raise StructureError(f"the list {path} names another list, {item}: name structures in it")
        if place.exists():
            yield from _of_path(place)
        else:
            yield Source(name=Path(item).stem, path=str(place), error=f"{path} names {item}, which does not exist")


def _frames(path: Path) -> Iterator[Source]:
    lines = _text(path).splitlines(keepends=True)
    start = number = 0
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        name = path.stem if number == 0 and len(lines) <= _count(lines[start]) + 3 else f"{path.stem}-{number + 1:05d}"
        count = _count(lines[start])
        if count < 1 or start + 2 + count > len(lines):
            error = f"{path}, line {start + 1}: this is no frame of extended XYZ: number of atoms, comment, atoms"
            yield Source(name=name, path=str(path), error=error)
            return
        yield Source(name=name, path=str(path), text="".join(lines[start : start + 2 + count]), kind="xyz")
        start, number = start + 2 + count, number + 1


def _count(line: str) -> int:
    return int(line) if line.strip().isdecimal() else 0


def _lines(path: Path) -> Iterator[Source]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                name = f"{path.stem}-{number + 1:05d}"
                yield Source(name=name, path=str(path), error=f"{path}, line {number + 1} is no JSON: {error}")
                continue
            yield _record_source(path, number, record, text=line)


def _rows(path: Path) -> Iterator[Source]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        number = 0
        for batch in file.iter_batches(batch_size=64):
            for row in batch.to_pylist():
                yield _record_source(path, number, row)
                number += 1
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StructureError(f"{path} cannot be read as Parquet: {error}") from None


def _record_source(path: Path, number: int, record: Any, *, text: str | None = None) -> Source:
    known = record if isinstance(record, dict) else {}
    named = next((str(known[key]) for key in _NAMES if isinstance(known.get(key), str | int)), None)
    name = named or f"{path.stem}-{number + 1:05d}"
    return Source(name=name, path=str(path), text=text or json.dumps(record, default=str), kind="json")


def _of_record(record: Any, name: str) -> Found:
    """Return what a record of a table holds."""
    if not isinstance(record, dict):
        raise StructureError(f"{name}: a structure is expected, and this is a JSON {type(record).__name__}")
    ion = next((str(record[key]) for key in _IONS if isinstance(record.get(key), str)), None)
    inner = record.get("structure", record)
    if isinstance(inner, str):
        try:
            inner = json.loads(inner)
        except ValueError as error:
            raise StructureError(f"{name}: its structure is no JSON: {error}") from None
    if isinstance(inner, dict) and {"lattice", "sites"} <= inner.keys():
        return Found(structure=_from_dict(inner, name), ion=ion)
    if {"lattice", "frac_coords"} <= record.keys() and {"atomic_numbers", "symbols"} & record.keys():
        return _of_arrays(record, name, ion)
    if {"cell", "positions"} <= record.keys() and {"numbers", "symbols"} & record.keys():
        return Found(structure=_from_ase(record, name), ion=ion)
    raise StructureError(
        f"{name}: no structure in it ({', '.join(map(str, list(record)[:8]))}). It may be one of pymatgen (lattice, "
        "sites), in a field structure or by itself; or have lattice, atomic_numbers and frac_coords; or cell, numbers "
        "and positions"
    )


def _of_arrays(record: dict[str, Any], name: str, ion: str | None) -> Found:
    import numpy as np
    from pymatgen.core import Element, Lattice, Structure

    try:
        lattice = np.array(record["lattice"], np.float64).reshape(3, 3)
        symbols = record.get("symbols") or [Element.from_Z(int(number)).symbol for number in record["atomic_numbers"]]
        coords = np.array(record["frac_coords"], np.float64).reshape(-1, 3)
        if len(symbols) != len(coords):
            raise StructureError(f"{name}: {len(symbols)} atoms with {len(coords)} coordinates")
        if record.get("path_end") is not None:
            numbers = np.array([Element(symbol).Z for symbol in symbols], np.int16)
            end = np.array(record["path_end"], np.float64).reshape(3)
            functional = str(record.get("functional") or "GGA")
            hop = ArraysHop(
                entry_id=name,
                lattice=lattice,
                atomic_numbers=numbers,
                frac_coords=coords,
                path_end=end,
                functional=functional,
            )
            return Found(hop=hop, ion=ion)
        return Found(structure=Structure(Lattice(lattice), symbols, coords), ion=ion)
    except (ValueError, TypeError) as error:
        if isinstance(error, EmbenchError):
            raise
        raise StructureError(f"{name}: its arrays are no structure: {error}") from None


def _from_dict(record: dict[str, Any], name: str) -> AnyStructure:
    from pymatgen.core import Structure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            structure: Structure = Structure.from_dict(record)
        except Exception as error:  # whatever a dictionary that is no structure leads to
            raise StructureError(f"{name}: this is no structure of pymatgen: {_said(error)}") from None
    return structure


def _from_ase(record: dict[str, Any], name: str) -> AnyStructure:
    from ase import Atoms

    try:
        numbers = record.get("numbers")
        return Atoms(
            numbers=numbers,
            symbols=None if numbers is not None else record["symbols"],
            positions=record["positions"],
            cell=record["cell"],
            pbc=record.get("pbc", True),
        )
    except Exception as error:  # ASE raises many
        raise StructureError(f"{name}: cell and positions are no structure: {_said(error)}") from None


def _by_pymatgen(path: Path, text: str, kind: str) -> AnyStructure:
    from pymatgen.core import Structure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            structure: Structure = Structure.from_str(text, fmt=kind)  # type: ignore[arg-type]
        except Exception as error:  # each reader has its own
            raise StructureError(f"cannot read a structure from {path} as {kind.upper()}: {_said(error)}") from None
    return structure


def _by_ase(path: str, kind: str, text: str | None) -> AnyStructure:
    import io

    from ase import Atoms
    from ase.io import read

    if text is None and not Path(path).stat().st_size:
        raise StructureError(f"{path} is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found: Any = read(path if text is None else io.StringIO(text), format=kind, index=-1)
        except Exception as error:  # each reader has its own
            raise StructureError(f"cannot read a structure from {path} as {kind}: {_said(error)}") from None
    if not isinstance(found, Atoms):
        raise StructureError(f"{path} holds no structure")
    return found


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise StructureError(f"{path} has {size >> 20} MiB: more than the {_LARGEST >> 20} that are read at once")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StructureError(f"cannot read {path}: {error.strerror}") from None
    if not text.strip():
        raise StructureError(f"{path} is empty")
    return text


def _is_list(path: Path) -> bool:
    return _text(path).lstrip().startswith("[")


def _said(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
