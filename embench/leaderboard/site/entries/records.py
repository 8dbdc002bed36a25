"""What the pages know of the entries: an index of all of them for the list, and one record for each page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import numpy as np

from embench.audit.leakage import RELATIONS
from embench.schema import COLUMNS

if TYPE_CHECKING:
    from embench.dataset.entry import Entry
    from embench.leaderboard.site.entries.paths import DrawnPath
    from embench.leaderboard.site.entries.predictions import EntryPredictions, Profile

SHOWN_COLUMNS = tuple(spec for spec in COLUMNS if not spec.shape and not spec.name.startswith("group_"))
"""The columns that the table of all values of an entry shows; groups are shown as relatives."""

Value: TypeAlias = str | int | float | bool | None
"""A value of one of these columns."""

_DECIMALS = 4
MOST_RELATIVES = 5
"""Relatives that a page names."""

RELATION_TITLES = {
    "duplicate": "Same hop under another name",
    "structure": "Another hop in the same structure",
    "compound": "Same compound",
    "host and ion": "Same host framework and ion",
    "host": "Same host framework",
    "prototype": "Same structure prototype",
}
"""The relations of :data:`~embench.audit.leakage.RELATIONS` as readers see them."""

ROLES = {
    "migrating": "migrating element",
    "anion": "anion",
    "centre": "polyanion centre",
    "metal": "framework metal",
}
"""What the atoms of an element are in a structure."""


class Relative(TypedDict):
    """An entry that shares a group with another one: the closest relation, hop (Å) and barrier (eV)."""

    id: str
    relation: str
    hop: float
    barrier: float | None


class RecordPayload(TypedDict):
    """All that the page of one entry shows; `values` are in the order of SHOWN_COLUMNS.

    Numbers are packed, because 619 pages carry them: `elements` are runs of sites, `frac` the fractional coordinates
    of all sites times 10^4, `path` the relaxed path in 0.01 Å, energies in meV. `end` is where the ion ends,
    fractional.
    """

    id: str
    values: list[Value]
    charge: int
    lattice: list[list[float]]
    elements: list[tuple[str, int]]
    roles: dict[str, str]
    frac: list[int]
    end: list[float]
    path: list[int]
    energy: list[int]
    straight_energy: list[int]
    length: float
    clearance: float
    reason: str | None
    predictions: dict[str, EntryPredictions]
    profiles: list[Profile]


def record(
    entry: Entry,
    path: DrawnPath,
    predictions: Mapping[str, EntryPredictions],
    profiles: Sequence[Profile],
) -> RecordPayload:
    """Return all that the page of one entry shows."""
    symbols = _symbols(entry)
    # Into the cell and onto whole numbers; the site of the ion stays where the path begins.
    frac = np.concatenate([entry.frac_coords[:1], entry.frac_coords[1:] % 1.0])
    return {
        "id": entry.entry_id,
        "values": [_value(getattr(entry, spec.name)) for spec in SHOWN_COLUMNS],
        "charge": entry.mobile_ion_charge,
        "lattice": entry.lattice.round(5).tolist(),
        "elements": [(symbol, len(list(run))) for symbol, run in groupby(symbols)],
        "roles": roles(entry),
        "frac": (1e4 * frac).round().astype(int).ravel().tolist(),
        "end": entry.path_end.round(5).tolist(),
        "path": [round(100 * value) for point in path.points for value in point],
        "energy": [round(1000 * value) for value in path.energy],
        "straight_energy": [round(1000 * value) for value in path.straight_energy],
        "length": path.length,
        "clearance": path.clearance,
        "reason": path.reason,
        "predictions": dict(predictions),
        "profiles": list(profiles),
    }


def relatives(entries: Sequence[Entry]) -> dict[str, list[Relative]]:
    """Return for each entry those that share a group with it, each once under its closest relation, closest first."""
    members: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        for relation, column in RELATIONS.items():
            members.setdefault((relation, getattr(entry, column)), []).append(entry)
    found: dict[str, list[Relative]] = {}
    for entry in entries:
        known: dict[str, tuple[int, float, str, Relative]] = {}
        for rank, (relation, column) in enumerate(RELATIONS.items()):
            for other in members[relation, getattr(entry, column)]:
                if other.entry_id != entry.entry_id and other.entry_id not in known:
                    apart = abs(other.hop_distance - entry.hop_distance)
                    known[other.entry_id] = (rank, apart, other.entry_id, _relative(other, relation))
        found[entry.entry_id] = [item[3] for item in sorted(known.values(), key=lambda item: item[:3])]
    return found


def _relative(entry: Entry, relation: str) -> Relative:
    return {
        "id": entry.entry_id,
        "relation": relation,
        "hop": round(entry.hop_distance, 2),
        "barrier": _number(entry.migration_barrier),
    }


def roles(entry: Entry) -> dict[str, str]:
    """Return what the atoms of each element are: a key of ROLES by element."""
    from pymatgen.core import Element

    from embench.crystal.ions import assign_ions

    symbols = _symbols(entry)
    anions = assign_ions(entry.lattice, tuple(symbols), entry.frac_coords).anions
    found = {symbol: "metal" if Element(symbol).is_metal else "centre" for symbol in dict.fromkeys(symbols)}
    return found | dict.fromkeys(anions, "anion") | {symbols[0]: "migrating"}


def elements(entries: Iterable[Entry]) -> dict[str, tuple[str, float]]:
    """Return colour and covalent radius (Å; Cordero 2008) of all elements of the dataset.

    The colours are those of Jmol, as ASE has them.
    """
    from ase.data import atomic_numbers
    from ase.data.colors import jmol_colors

    from embench.crystal.ions import covalent_radius

    used = sorted({symbol for entry in entries for symbol in _symbols(entry)})
    return {symbol: (_hex(jmol_colors[atomic_numbers[symbol]]), round(covalent_radius(symbol), 3)) for symbol in used}


def _hex(colour: Iterable[float]) -> str:
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in colour)


def _symbols(entry: Entry) -> list[str]:
    from ase.data import chemical_symbols

    return [chemical_symbols[number] for number in entry.atomic_numbers.tolist()]


def _number(value: float | None) -> float | None:
    """Return a number as JSON has it: rounded, NaN as null."""
    return None if value is None or not math.isfinite(value) else round(value, _DECIMALS)


def _value(value: Value) -> Value:
    """Return a value as JSON has it; see :func:`_number`."""
    return _number(value) if isinstance(value, float) else value
