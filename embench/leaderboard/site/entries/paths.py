"""The relaxed paths that the entry views draw, kept in a file: each takes a quarter of a second to find."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

from embench.common.files import write_text
from embench.errors import StaleFileError

if TYPE_CHECKING:
    from embench.dataset.entry import Entry

Floats = NDArray[np.float64]

STORED = Path(__file__).parent / "relaxed_paths.json"
"""The paths of the shipped dataset, as ``embench leaderboard paths`` writes them."""

N_POINTS = 17
"""Points of a drawn path, both ends included."""

# Raised whenever the same structure gives another path or profile.
_FORMAT = 1
# The energy model has no meaning where atoms overlap; the plot ends far below, eV.
_HIGHEST = 99.0


@dataclass(frozen=True, kw_only=True)
class DrawnPath:
    """The relaxed path of an entry and the energy along it.

    Attributes
    ----------
    structure : checksum of the structure and the end of the hop that the path belongs to.
    points : N_POINTS Cartesian points, Å, evenly spaced.
    energy, straight_energy : N_POINTS bond-valence site energies relative to the start, eV, along the path and
        along the straight line between its ends.
    length, straight_length : Å.
    clearance, straight_clearance : shortest distance to another atom, Å.
    reason : why the path is blocked; None where it is not.
    """

    structure: str
    points: list[list[float]]
    energy: list[float]
    straight_energy: list[float]
    length: float
    straight_length: float
    clearance: float
    straight_clearance: float
    reason: str | None


class PathDocument(TypedDict):
    """A DrawnPath, as the file holds it."""

    structure: str
    points: list[list[float]]
    energy: list[float]
    straight_energy: list[float]
    length: float
    straight_length: float
    clearance: float
    straight_clearance: float
    reason: str | None


class PathsDocument(TypedDict):
    """The file of relaxed paths, by entry."""

    format: int
    paths: dict[str, PathDocument]


def drawn_path(entry: Entry) -> DrawnPath:
    """Return the relaxed path of `entry`, see :func:`embench.pathways.relaxed_path`, and the energies along it.

    Raises :class:`~embench.errors.FeatureError` for a structure without an ionic model.
    """
    from embench.crystal import hop_of
    from embench.pathways import relaxed_path
    from embench.pathways.landscape import CUTOFF, landscape_of
    from embench.pathways.string import evenly_spaced

    found = relaxed_path(entry)
    points = evenly_spaced(found.points @ entry.lattice, N_POINTS)
    landscape = landscape_of(hop_of(entry, cutoff=CUTOFF, n_points=2))
    straight = np.linspace(points[0], points[-1], N_POINTS)
    return DrawnPath(
        structure=structure_of(entry),
        points=points.round(3).tolist(),
        energy=_relative(landscape.energy(points)),
        straight_energy=_relative(landscape.energy(straight)),
        length=round(found.length, 3),
        straight_length=round(found.straight_length, 3),
        clearance=round(found.clearance, 3),
        straight_clearance=round(found.straight_clearance, 3),
        reason=found.reason,
    )


def _relative(energy: Floats) -> list[float]:
    relative: list[float] = np.clip(energy - energy[0], -_HIGHEST, _HIGHEST).round(3).tolist()
    return relative


def structure_of(entry: Entry) -> str:
    """Return a checksum of all that a path follows from."""
    from embench.crystal.hop import structure_digest

    return structure_digest(entry)[:16]


def paths_of(
    entries: Iterable[Entry], *, file: Path = STORED, progress: Callable[[int], None] | None = None
) -> dict[str, DrawnPath]:
    """Return the paths of `entries` by entry: those in `file` that belong to their structures, the others found anew.

    `progress` is called with the number done.
    """
    stored = read_paths(file)
    found: dict[str, DrawnPath] = {}
    for entry in entries:
        path = stored.get(entry.entry_id)
        found[entry.entry_id] = path if path and path.structure == structure_of(entry) else drawn_path(entry)
        if progress is not None:
            progress(len(found))
    return found


def read_paths(file: Path = STORED) -> dict[str, DrawnPath]:
    """Return the paths in `file`; none where there is no such file, or one of another format."""
    try:
        content: object = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return {}
    # The format says which names there are.
    paths = cast(PathsDocument, content)["paths"]
    return {entry_id: DrawnPath(**path) for entry_id, path in paths.items()}


def write_paths(paths: Mapping[str, DrawnPath], file: Path = STORED) -> None:
    """Write `paths` to `file`, one entry a line."""
    lines = [f"{json.dumps(entry_id)}: {_compact(asdict(path))}" for entry_id, path in paths.items()]
    write_text(file, f'{{"format": {_FORMAT}, "paths": {{\n' + ",\n".join(lines) + "\n}}\n")


def check_paths(entries: Iterable[Entry], file: Path = STORED) -> None:
    """Raise :class:`~embench.errors.StaleFileError` where `file` lacks the path of one of `entries`."""
    stored = read_paths(file)
    for entry in entries:
        path = stored.get(entry.entry_id)
        if path is None or path.structure != structure_of(entry):
            raise StaleFileError(f"{file} lacks the path of {entry.entry_id}; run 'embench leaderboard paths'")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
