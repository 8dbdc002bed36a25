"""Bands that two potentials have in opposite directions: the first image of one of them is not the start of the hop.

Of published bands only energies are known, so that the direction shows only where the two ends differ. The barrier
max − min is the same either way; the highest energy above the start is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from embench.audit.submitted_bands import Energies

ENDS_DIFFER = 0.05
"""eV: ends that differ by less do not tell a direction."""

NEARER = 2.0
"""A band runs the other way where its reversed profile is nearer to the other one by this factor."""


@dataclass(frozen=True, kw_only=True)
class Opposite:
    """Two potentials (slugs) whose bands of an entry run in opposite directions.

    `same` and `reversed` are the largest differences (eV) of their profiles as they are, and with one of them reversed.
    """

    entry_id: str
    first: str
    second: str
    same: float
    reversed: float


def opposite_bands(bands: Mapping[str, Mapping[str, Energies]]) -> list[Opposite]:
    """Return the pairs of bands in opposite directions, from energies (eV) by slug and entry_id, sorted by entry.

    In both the ends differ by more than :data:`ENDS_DIFFER`, with opposite signs, and the profiles above the first
    image are nearer to each other by the factor :data:`NEARER` when one of them is reversed. Only bands with equally
    many images whose energies are all known are compared.
    """
    found = []
    for first, second in combinations(sorted(bands), 2):
        for entry_id in sorted(bands[first].keys() & bands[second].keys()):
            a, b = _profile(bands[first][entry_id]), _profile(bands[second][entry_id])
            if a is None or b is None or len(a) != len(b):
                continue
            if a[-1] * b[-1] >= 0 or min(abs(a[-1]), abs(b[-1])) <= ENDS_DIFFER:
                continue
            same, turned = float(abs(a - b).max()), float(abs(a - (b[::-1] - b[-1])).max())
            if turned * NEARER < same:
                found.append(Opposite(entry_id=entry_id, first=first, second=second, same=same, reversed=turned))
    return sorted(found, key=lambda each: (each.entry_id, each.first, each.second))


def _profile(energies: Energies) -> NDArray[np.float64] | None:
    if len(energies) < 3 or None in energies:
        return None
    values = np.array(energies, np.float64)
    above: NDArray[np.float64] = values - values[0]
    return above
