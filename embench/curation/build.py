"""The whole curation: a folder with the raw release in, the dataset out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embench._version import FIRST_VERSION
from embench.curation.annotate import annotate
from embench.curation.complete import fill_from_complete
from embench.curation.entry import RawEntry
from embench.curation.flag import FlagContext, flag
from embench.curation.group import group
from embench.curation.normalise import normalise
from embench.curation.read import read_release
from embench.curation.write import write_dataset

# (what is being done, how many of how many)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a build wrote."""

    version: str
    n_entries: int
    n_test: int
    checksums: dict[str, str]
    flag_counts: dict[str, int]
    warnings: tuple[str, ...] = ()


def build_dataset(
    upstream: Path, out: Path, *, complete: Path | None = None, progress: Progress | None = None
) -> Build:
    """Curate the raw release in `upstream` and write the dataset to `out`.

    Parameters
    ----------
    upstream : folder with the files of the raw release.
    out : folder for the Parquet files and their checksums; what it holds is replaced only when all went well.
    complete : the authors' complete file; fills final structures and citations, and marks the version ``+complete``.
    progress : called with the step, how many entries are done, and of how many.

    Raises
    ------
    UpstreamError, LedgerError, DatasetError
        Naming file and entry; `out` is then as it was.
    """
    report = progress or (lambda *_: None)
    report("reading the raw release", 0, 0)
    entries = read_release(upstream)
    warnings: list[str] = []
    if complete is not None:
        entries = fill_from_complete(entries, complete, warn=warnings.append)
    version = FIRST_VERSION + ("+complete" if complete is not None else "")
    rows = curate(entries, progress=report)
    report("writing", 0, 0)
    checksums = write_dataset(rows, out, version=version)
    return Build(
        version=version,
        n_entries=len(rows),
        n_test=sum(row["published_split"] == "test" for row in rows),
        checksums=checksums,
        flag_counts=_count_flags(rows),
        warnings=tuple(warnings),
    )


def curate(entries: Sequence[RawEntry], *, progress: Progress) -> list[dict[str, Any]]:
    """Return one row of the dataset per entry, in the order of `entries`."""
    labels = normalise(entries)
    annotations = {}
    for done, entry in enumerate(entries):
        progress("annotating pathways", done, len(entries))
        annotations[entry.entry_id] = annotate(entry)
    progress("grouping", 0, 0)
    groups = group(entries)
    context = FlagContext.from_entries(entries, groups)
    rows = []
    for entry in entries:
        columns: dict[str, Any] = {
            **released_columns(entry),
            **labels[entry.entry_id],
            **annotations[entry.entry_id],
            **groups[entry.entry_id],
        }
        rows.append({**columns, "flags": flag(entry, columns, context)})
    return rows


def released_columns(entry: RawEntry) -> dict[str, Any]:
    """Return the columns that the release gives as they are."""
    from pymatgen.core import Element

    return {
        "entry_id": entry.entry_id,
        "published_split": entry.published_split,
        "migration_barrier": entry.migration_barrier,
        "citation": entry.citation,
        **entry.labels,
        "lattice": entry.lattice,
        "atomic_numbers": [Element(symbol).Z for symbol in entry.elements],
        "frac_coords": entry.frac_coords,
        "path_end": entry.path_end,
        "final_lattice": entry.final_lattice,
        "final_frac_coords": entry.final_frac_coords,
    }


def _count_flags(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    from embench.schema import FIRST

    return {spec.name: sum(spec.name in row["flags"] for row in rows) for spec in FIRST.flags}
