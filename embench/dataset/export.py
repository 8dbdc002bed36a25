"""Write the dataset for other tools: extended XYZ, CSV or JSON lines, one file a side of the published split."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from embench import schema
from embench.common.files import write_together
from embench.errors import MissingDependencyError, OutputError, UnknownNameError
from embench.schema.spec import TARGET

if TYPE_CHECKING:
    from ase import Atoms

    from embench.dataset import Dataset, Entry

FORMATS = ("extxyz", "csv", "jsonl")

Advance = Callable[[], object]

# What a frame of extended XYZ says of its entry, beside the structure and the target.
_FRAME_COLUMNS = ("published_split", "mobile_ion", "mobile_ion_charge", "functional", "group_host", "path_end")


def export(
    data: Dataset,
    folder: Path,
    *,
    format: str,
    images: int | None = None,
    force: bool = False,
    advance: Advance = lambda: None,
) -> list[Path]:
    """Write `data` to ``train.<format>`` and ``test.<format>`` in `folder`; a side without entries is left out.

    Every file is complete or not there: it is written beside its place and renamed at the end.

    Parameters
    ----------
    data
        The entries to write. Where their targets are hidden, no file contains them.
    folder
        Made where it does not exist.
    format
        ``extxyz``: the initial structures for ASE, positions to 1e-8 Å, with ``entry_id``, the target (eV),
        ``path_end`` (fractional) and, where there are any, flags in ``info``. ``csv``: the scalar columns and the
        flags, joined by spaces; null is empty. ``jsonl``: every column, one JSON object a line; null is ``null``.
    images
        For ``extxyz``: write the straight band of so many images of each entry as consecutive frames instead, with
        ``image`` (from 0) and ``n_images`` in ``info``.
    force
        Replace files that exist.
    advance
        Called after each entry, to show progress.

    Returns
    -------
    list[Path]
        The files written.

    Raises
    ------
    OutputError
        For a file that exists without `force`, a folder that cannot be written to, and nothing to write.
    UnknownNameError
        For an unknown `format`.
    ValueError
        For `images` below 2 or with another format than ``extxyz``.
    MissingDependencyError
        For ``extxyz`` without ASE.
    """
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    if images is not None and (format != "extxyz" or images < 2):
        raise ValueError(f"a band of {images} images cannot be written as {format}: it takes extxyz and 2 or more")
    sides = {side: data.select(_side(data, side)) for side in ("train", "test")}
    targets = {folder / f"{side}.{format}": entries for side, entries in sides.items() if len(entries)}
    if not targets:
        raise OutputError("there is nothing to write: no entry is left; choose fewer flags to exclude")
    if not force and (existing := [str(path) for path in targets if path.exists()]):
        verb, them = ("exists", "it") if len(existing) == 1 else ("exist", "them")
        raise OutputError(f"{' and '.join(existing)} {verb} already; give --force to replace {them}, or another folder")
    writers: dict[str, Callable[[Dataset, Advance, Path], None]] = {
        "extxyz": partial(_write_extxyz, images=images),
        "csv": _write_csv,
        "jsonl": _write_jsonl,
    }
    write_together({path: partial(writers[format], entries, advance) for path, entries in targets.items()})
    return list(targets)


def _side(data: Dataset, side: str) -> list[str]:
    column = data.column("published_split").tolist()
    return [entry_id for entry_id, of in zip(data.entry_ids, column, strict=True) if of == side]


def _write_extxyz(data: Dataset, advance: Advance, path: Path, *, images: int | None) -> None:
    try:
        from ase.io import write
    except ImportError:
        raise MissingDependencyError("ase", "structures", "writing extxyz") from None
    with open(path, "w", encoding="utf-8", newline="") as file:
        for entry in data:
            # Entry by entry into the open file: the bands of all entries need not fit into memory.
            write(file, _frames(entry, images), format="extxyz")
            advance()


def _frames(entry: Entry, images: int | None) -> list[Atoms]:
    from embench.dataset.structures import atoms_images

    frames = [entry.atoms()] if images is None else atoms_images(entry, images)
    for frame in frames:
        frame.info |= {name: getattr(entry, name) for name in _FRAME_COLUMNS}
        if entry.flags:
            # No empty value: not every reader of extended XYZ takes one.
            frame.info["flags"] = " ".join(entry.flags)
        if images is not None:
            frame.info["n_images"] = images
    return frames


def _write_csv(data: Dataset, advance: Advance, path: Path) -> None:
    names = [spec.name for spec in schema.COLUMNS if not spec.shape]
    if data.targets_hidden:
        names.remove(TARGET)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "flags"])
        for entry in data:
            writer.writerow([*(getattr(entry, name) for name in names), " ".join(entry.flags)])
            advance()


def _write_jsonl(data: Dataset, advance: Advance, path: Path) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        for entry in data:
            file.write(json.dumps(entry.to_dict(), ensure_ascii=False, allow_nan=False) + "\n")
            advance()
