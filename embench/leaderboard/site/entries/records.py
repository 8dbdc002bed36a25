"""What the page knows of the entries: an index of all of them, and one record for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import numpy as np

from embench.audit.leakage import RELATIONS
from embench.leaderboard.site.entries.paths import N_POINTS, DrawnPath
from embench.leaderboard.site.entries.surroundings import surroundings
from embench.schema import COLUMNS, FLAGS

if TYPE_CHECKING:
    from embench.dataset.entry import Entry
    from embench.leaderboard.site.entries.predictions import EntryPredictions
    from embench.leaderboard.site.entries.surroundings import AtomsPayload

SHOWN_COLUMNS = tuple(spec for spec in COLUMNS if not spec.shape and not spec.name.startswith("group_"))
"""The columns that the table of all values of an entry shows; groups are shown as neighbours."""

Value: TypeAlias = str | int | float | bool | None
"""A value of one of these columns."""

N_IMAGES = 5  # of the released bands
_DECIMALS = 4


class FlagPayload(TypedDict):
    """A flag, what it means, and whether it is set from the target."""

    name: str
    description: str
    rule: str
    from_target: bool


class ColumnPayload(TypedDict):
    """A column of the dataset that the table of values shows."""

    name: str
    section: str
    unit: str | None
    description: str


class IndexPayload(TypedDict):
    """Lists over all entries: barrier and error in eV, hop in Å, the groups of each relation as numbers."""

    id: list[str]
    formula: list[str]
    ion: list[str]
    pathway: list[str]
    barrier: list[float | None]
    hop: list[float]
    error: list[float | None]
    groups: dict[str, list[int]]
    flags: list[FlagPayload]
    columns: list[ColumnPayload]


class StraightPayload(TypedDict):
    """The straight line: images of the released band, and what lies along it; lengths in Å, energies in eV.

    `anion` and `cation` are the distances from the points of the line to the nearest of them.
    """

    images: list[list[float]]
    length: float
    clearance: float
    energy: list[float]
    anion: list[float | None]
    cation: list[float | None]


class RelaxedPayload(TypedDict):
    """The relaxed path, as StraightPayload; `reason` tells why it is blocked."""

    points: list[list[float]]
    length: float
    clearance: float
    reason: str | None
    energy: list[float]
    anion: list[float | None]
    cation: list[float | None]


class RecordPayload(TypedDict):
    """All that the view of one entry shows; `values` are in the order of SHOWN_COLUMNS."""

    id: str
    values: list[Value]
    charge: int
    flags: list[str]
    lattice: list[list[float]]
    corner: list[float]
    atoms: AtomsPayload
    straight: StraightPayload
    relaxed: RelaxedPayload
    predictions: dict[str, EntryPredictions]


def index(entries: Iterable[Entry], best_errors: Mapping[str, float]) -> IndexPayload:
    """Return what the page knows of every entry at once: lists in the order of `entries`.

    `best_errors` (eV) are those of the system that leads the main protocol, for the entries that it scores.
    """
    kept = list(entries)
    numbers: dict[str, dict[str, int]] = {relation: {} for relation in RELATIONS}
    for entry in kept:
        for relation, column in RELATIONS.items():
            numbers[relation].setdefault(getattr(entry, column), len(numbers[relation]))
    return {
        "id": [entry.entry_id for entry in kept],
        "formula": [entry.formula for entry in kept],
        "ion": [entry.mobile_ion for entry in kept],
        "pathway": [entry.pathway for entry in kept],
        "barrier": [_number(entry.migration_barrier) for entry in kept],
        "hop": [round(entry.hop_distance, 2) for entry in kept],
        "error": [_number(best_errors.get(entry.entry_id)) for entry in kept],
        "groups": {
            relation: [numbers[relation][getattr(entry, column)] for entry in kept]
            for relation, column in RELATIONS.items()
        },
        "flags": [
            {"name": flag.name, "description": flag.description, "rule": flag.rule, "from_target": flag.from_target}
            for flag in FLAGS
        ],
        "columns": [
            {"name": spec.name, "section": spec.section, "unit": spec.unit, "description": spec.description}
            for spec in SHOWN_COLUMNS
        ],
    }


def record(entry: Entry, path: DrawnPath, predictions: Mapping[str, EntryPredictions]) -> RecordPayload:
    """Return all that the view of one entry shows; coordinates are Cartesian, Å, as the lattice has them."""
    straight = np.linspace(entry.frac_coords[0], entry.path_end, N_POINTS) @ entry.lattice
    relaxed = np.array(path.points)
    around = surroundings(entry, (straight, relaxed))
    images = np.linspace(straight[0], straight[-1], N_IMAGES)
    # The released line and the one that the energies belong to differ where the band is no minimum image.
    line = np.linspace(relaxed[0], relaxed[-1], N_POINTS)
    return {
        "id": entry.entry_id,
        "values": [_value(getattr(entry, spec.name)) for spec in SHOWN_COLUMNS],
        "charge": entry.mobile_ion_charge,
        "flags": list(entry.flags),
        "lattice": entry.lattice.round(_DECIMALS).tolist(),
        "corner": (np.floor(entry.frac_coords[0] + 1e-6) @ entry.lattice).round(_DECIMALS).tolist(),
        "atoms": around.as_json(),
        "straight": {
            "images": images.round(3).tolist(),
            "length": path.straight_length,
            "clearance": path.straight_clearance,
            "energy": path.straight_energy,
            "anion": around.nearest(line, ("anion",)),
            "cation": around.nearest(line, ("metal", "centre", "migrating")),
        },
        "relaxed": {
            "points": path.points,
            "length": path.length,
            "clearance": path.clearance,
            "reason": path.reason,
            "energy": path.energy,
            "anion": around.nearest(relaxed, ("anion",)),
            "cation": around.nearest(relaxed, ("metal", "centre", "migrating")),
        },
        "predictions": dict(predictions),
    }


def _number(value: float | None) -> float | None:
    """Return a number as JSON has it: rounded, NaN as null."""
    return None if value is None or not math.isfinite(value) else round(value, _DECIMALS)


def _value(value: Value) -> Value:
    """Return a value as JSON has it; see :func:`_number`."""
    return _number(value) if isinstance(value, float) else value
