"""Write the dataset for other tools: files of structures and tables, one a side, or folders of structures."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.files import write_together
from embench.dataset import writers
from embench.errors import InvalidValueError, MissingDependencyError, OutputError, UnknownNameError

if TYPE_CHECKING:
    from ase import Atoms

    from embench.dataset import Dataset, Entry

Advance = Callable[[], object]
Write = Callable[["Dataset", Path, Advance, int | None, str], None]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to write the dataset; `ending` is that of its file, empty for a folder. `images`: it takes bands."""

    name: str
    description: str
    write: Write
    ending: str = ""
    images: bool = False


# What a frame of extended XYZ says of its entry, beside the structure and the target.
_FRAME_COLUMNS = ("published_split", "mobile_ion", "mobile_ion_charge", "functional", "group_host", "path_end")


def export(
    data: Dataset,
    folder: Path,
    *,
    format: str,
    images: int | None = None,
    path: str = "straight",
    force: bool = False,
    advance: Advance = lambda: None,
) -> list[Path]:
    """Write `data` to ``train`` and ``test`` in `folder`, with the ending of the format; an empty side is left out.

    The oxygen vacancies have no sides: theirs is called ``hops``. Every file and every folder is complete or not there:
    it is written beside its place and renamed at the end.

    Parameters
    ----------
    data
        The entries to write. Where their targets are hidden, no file contains them.
    folder
        Made where it does not exist.
    format
        One of :data:`FORMATS`. ``extxyz``: the initial structures for ASE, positions to 1e-8 Å, with ``entry_id``, the
        target (eV), ``path_end`` (fractional) and, where there are any, flags in ``info``. ``csv``: the scalar columns
        and the flags, joined by spaces; null is empty. ``jsonl``: every column, one JSON object a line; null is
        ``null``. The others are folders, see :mod:`embench.dataset.writers`.
    images
        For ``extxyz``: write the band of so many images of each entry as consecutive frames instead, with
        ``image`` (from 0) and ``n_images`` in ``info``. For ``vasp-neb`` the number of images, ends included, 5 by
        default. For ``pyg`` the number of places at which the migrating ion stands in the graph.
    path
        How a band is laid: ``straight``, ``relaxed`` or ``idpp``; see :meth:`embench.Entry.images`.
    force
        Replace files and folders that exist.
    advance
        Called after each entry, to show progress.

    Returns
    -------
    list[Path]
        The files, or folders, written.

    Raises
    ------
    OutputError
        For a file that exists without `force`, a folder that cannot be written to, and nothing to write.
    UnknownNameError
        For an unknown `format` or `path`.
    InvalidValueError
        For `images` below 2, and for a band in a format that takes none.
    HiddenTargetError
        For a format that is made of targets, where these are hidden.
    MissingDependencyError
        For a format without the library that it needs.
    """
    chosen = _format(format)
    _check_band(chosen, images, path)
    sides = {side: data.select(_side(data, side)) for side in data.layout.sides}
    targets = {folder / f"{side}{chosen.ending}": entries for side, entries in sides.items() if len(entries)}
    if not targets:
        raise OutputError("there is nothing to write: no entry is left; choose fewer flags to exclude")
    if not force and (existing := [str(target) for target in targets if target.exists()]):
        verb, them = ("exists", "it") if len(existing) == 1 else ("exist", "them")
        raise OutputError(f"{' and '.join(existing)} {verb} already; give --force to replace {them}, or another folder")

    def write(entries: Dataset, target: Path) -> None:
        chosen.write(entries, target, advance, images, path)

    writing: dict[Path, Callable[[Path], None]] = {
        target: partial(write, entries) for target, entries in targets.items()
    }
    if chosen.ending:
        write_together(writing)
    else:
        for target, write_one in writing.items():
            _write_folder(target, write_one)
    return list(targets)


def _format(name: str) -> Format:
    for found in _FORMATS:
        if found.name == name:
            return found
    raise UnknownNameError("format", name, FORMATS)


def _check_band(chosen: Format, images: int | None, path: str) -> None:
    from embench.pathways.bands import PATHS

    if path not in PATHS:
        raise UnknownNameError("path", path, PATHS)
    takes = ", ".join(found.name for found in _FORMATS if found.images)
    if images is not None and (not chosen.images or images < 2):
        raise InvalidValueError(
            f"a band of {images} images cannot be written as {chosen.name}: it takes 2 or more and one of {takes}"
        )
    if path != "straight" and not chosen.images:
        raise InvalidValueError(f"{chosen.name} holds no bands that could be {path}: choose one of {takes}")


def _write_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Write a folder beside its place, and put it there when it is complete; what was there before goes then."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from None
    try:
        fresh, old = temporary / "new", temporary / "old"
        fresh.mkdir()
        write(fresh)
        if target.exists():
            os.replace(target, old)
        os.replace(fresh, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _side(data: Dataset, side: str) -> list[str]:
    if len(data.layout.sides) == 1:
        return list(data.entry_ids)
    column = data.column("published_split").tolist()
    return [entry_id for entry_id, of in zip(data.entry_ids, column, strict=True) if of == side]


def _write_extxyz(data: Dataset, target: Path, advance: Advance, images: int | None, path: str) -> None:
    try:
        from ase.io import write
    except ImportError:
        raise MissingDependencyError("ase", "structures", "writing extxyz") from None
    with open(target, "w", encoding="utf-8", newline="") as file:
        for entry in data:
            # Entry by entry into the open file: the bands of all entries need not fit into memory.
            write(file, _frames(entry, images, path), format="extxyz")
            advance()


def _frames(entry: Entry, images: int | None, path: str) -> list[Atoms]:
    from embench.dataset.structures import atoms_images

    frames = [entry.atoms()] if images is None else atoms_images(entry, images, path=path)
    for frame in frames:
        frame.info |= {name: getattr(entry, name) for name in _FRAME_COLUMNS if name in entry.columns}
        if entry.flags:
            # No empty value: not every reader of extended XYZ takes one.
            frame.info["flags"] = " ".join(entry.flags)
        if images is not None:
            frame.info["n_images"] = images
    return frames


def _write_csv(data: Dataset, target: Path, advance: Advance, images: int | None, path: str) -> None:  # noqa: ARG001
    hidden = data.layout.telling if data.targets_hidden else ()
    names = [spec.name for spec in data.layout.columns if not spec.shape and spec.name not in hidden]
    with open(target, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "flags"])
        for entry in data:
            writer.writerow([*(getattr(entry, name) for name in names), " ".join(entry.flags)])
            advance()


def _write_jsonl(data: Dataset, target: Path, advance: Advance, images: int | None, path: str) -> None:  # noqa: ARG001
    with open(target, "w", encoding="utf-8", newline="") as file:
        for entry in data:
            file.write(json.dumps(entry.to_dict(), ensure_ascii=False, allow_nan=False) + "\n")
            advance()


_FORMATS: tuple[Format, ...] = (
    Format(
        name="extxyz",
        description="structures for ASE, MACE, SevenNet, NequIP",
        write=_write_extxyz,
        ending=".extxyz",
        images=True,
    ),
    Format(name="csv", description="the scalar columns", write=_write_csv, ending=".csv"),
    Format(name="jsonl", description="every column", write=_write_jsonl, ending=".jsonl"),
    Format(name="poscar", description="a POSCAR an entry", write=writers.write_poscars),
    Format(name="cif", description="a CIF an entry", write=writers.write_cifs),
    Format(name="vasp-neb", description="folders 00 to NN an entry", write=writers.write_vasp_neb, images=True),
    Format(name="alignn", description="id_prop.csv and POSCARs", write=writers.write_alignn),
    Format(name="matgl", description="structures.json and labels.json", write=writers.write_matgl),
    Format(name="pyg", description="graphs for PyTorch Geometric", write=writers.write_pyg, ending=".pt", images=True),
)
FORMATS = tuple(found.name for found in _FORMATS)


def formats_text() -> str:
    """Return the formats and what each holds, for help texts."""
    return "; ".join(f"{found.name}: {found.description}" for found in _FORMATS)
