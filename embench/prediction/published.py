"""Whether a hop is one of the dataset: the same framework around its start, its middle and its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.crystal import hop_of
from embench.errors import FeatureError

if TYPE_CHECKING:
    from embench.crystal import Hop, Pathway
    from embench.dataset import Entry

Floats = NDArray[np.float64]

# Framework atoms up to this distance are compared, Å.
_REACH = 4.0
# Largest mean difference of the distances that are compared, Å, and of the lengths of two hops that are the same: a
# cell that was relaxed with another functional differs by about 1 %. Two different hops of one host differ by more.
SAME_SURROUNDINGS, SAME_LENGTH = 0.12, 0.25
_POINTS = 5


@dataclass(frozen=True, kw_only=True)
class Published:
    """An entry of the dataset with the same hop: its barrier, eV, functional, flags, and the difference found, Å."""

    entry_id: str
    barrier: float
    functional: str
    concentration_limit: str
    flags: tuple[str, ...]
    difference: float


def published_values(hop: Pathway, entries: Iterable[Entry]) -> tuple[Published, ...]:
    """Return those of `entries`, which are of the same host and ion, that have the same hop, nearest first.

    Cells may differ: distances from five points of the hop to the atoms of the framework are compared, by element,
    in both directions of the hop.
    """
    try:
        own = hop_of(hop, n_points=_POINTS, cutoff=_REACH + 1.0)
    except FeatureError:
        return ()
    found = []
    for entry in entries:
        other = _hop_of(entry)
        if other is None or abs(other.length - own.length) > SAME_LENGTH:
            continue
        apart = min(difference(own, other), difference(own, other, reverse=True))
        if apart <= SAME_SURROUNDINGS:
            found.append(
                Published(
                    entry_id=entry.entry_id,
                    barrier=entry.migration_barrier,
                    functional=entry.functional,
                    concentration_limit=entry.concentration_limit,
                    flags=entry.flags,
                    difference=round(apart, 3),
                )
            )
    return tuple(sorted(found, key=lambda each: (each.difference, each.entry_id)))


def difference(a: Hop, b: Hop, *, reverse: bool = False) -> float:
    """Return the mean difference of the distances to framework atoms, Å; infinite where there are other elements."""
    elements = sorted({*a.elements.tolist(), *b.elements.tolist()} - {a.mobile})
    step = -1 if reverse else 1
    differences = []
    for element in elements:
        pair = [np.sort(hop.distances[:, hop.elements == element], axis=1) for hop in (a, b)]
        first, second = pair[0], pair[1][::step]
        # Atoms within reach of either; which are compared must not depend on what lies at the edge.
        counts = np.maximum((first < _REACH).sum(axis=1), (second < _REACH).sum(axis=1))
        for row_a, row_b, count in zip(first, second, counts, strict=True):
            if min(len(row_a), len(row_b)) < count:
                return float("inf")
            differences.append(np.abs(row_a[:count] - row_b[:count]))
    values = np.concatenate(differences) if differences else np.empty(0)
    return float(values.mean()) if len(values) else float("inf")


def _hop_of(entry: Entry) -> Hop | None:
    return _kept(entry)


@lru_cache(maxsize=256)
def _kept(entry: Entry) -> Hop | None:
    try:
        return hop_of(entry, n_points=_POINTS, cutoff=_REACH + 1.0)
    except FeatureError:
        return None
