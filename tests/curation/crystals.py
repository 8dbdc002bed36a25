"""Ideal structures with a hop whose distances can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from embench.curation.entry import RawEntry

ROCK_SALT = 5.64  # lattice parameter of NaCl, Å
ANTIPEROVSKITE = 3.90  # of Li3OCl
LAYERED = 2.82  # a of LiCoO2, Å; c is that of the cubic close packing


def make_entry(
    lattice: Any,
    sites: Sequence[tuple[str, Sequence[float]]],
    path_end: Sequence[float],
    *,
    entry_id: str = "made_by_hand",
    **changes: Any,
) -> RawEntry:
    """An entry with `sites` (the migrating ion first) and a straight, evenly spaced band."""
    coords = np.array([site for _, site in sites], dtype=float)
    line = np.linspace(0, 1, 5)[:, None]
    fields: dict[str, Any] = {
        "entry_id": entry_id,
        "published_split": "train",
        "migration_barrier": 0.5,
        "labels": {},
        "lattice": np.array(lattice, dtype=float),
        "elements": tuple(element for element, _ in sites),
        "frac_coords": coords,
        "images": coords[0] + line * (np.array(path_end, dtype=float) - coords[0]),
    }
    return RawEntry(**(fields | changes))


def rock_salt(**changes: Any) -> RawEntry:
    """NaCl, the conventional cell: Na at the origin hops into a vacancy along the face diagonal."""
    sites = [
        ("Na", (0, 0, 0)),
        ("Na", (0.5, 0, 0.5)),
        ("Na", (0, 0.5, 0.5)),
        ("Cl", (0.5, 0, 0)),
        ("Cl", (0, 0.5, 0)),
        ("Cl", (0, 0, 0.5)),
        ("Cl", (0.5, 0.5, 0.5)),
    ]
    return make_entry(np.eye(3) * ROCK_SALT, sites, (0.5, 0.5, 0), **changes)


def antiperovskite(**changes: Any) -> RawEntry:
    """Li3OCl, one formula unit, so small that each ion is surrounded by its own images; Li hops round O."""
    sites = [
        ("Li", (0.5, 0.5, 0)),
        ("Li", (0, 0.5, 0.5)),
        ("O", (0.5, 0.5, 0.5)),
        ("Cl", (0, 0, 0)),
    ]
    return make_entry(np.eye(3) * ANTIPEROVSKITE, sites, (0.5, 0, 0.5), **changes)


def layered(**changes: Any) -> RawEntry:
    """LiCoO2 in the ideal cubic packing, 2 x 2 x 1 hexagonal cells: Li hops into a vacancy in its layer."""
    cell = [(0, 0, 0), (2 / 3, 1 / 3, 1 / 3), (1 / 3, 2 / 3, 2 / 3)]
    sites = []
    for element, heights in (("Li", (0,)), ("Co", (0.5,)), ("O", (0.25, 0.75))):
        for height in heights:
            for x, y, z in cell:
                for i in (0, 1):
                    for j in (0, 1):
                        sites.append((element, ((x + i) / 2, (y + j) / 2, z + height)))
    end = (0.5, 0, 0)
    sites.remove(("Li", end))
    a, c = 2 * LAYERED, np.sqrt(24) * LAYERED
    return make_entry([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]], sites, end, **changes)
