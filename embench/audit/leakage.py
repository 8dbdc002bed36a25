"""How much of the answer the training side of a protocol holds already.

References tell what a score is worth: copies of the barrier of the most similar training entry, and the median of
the training side. They see what a model sees, the training entries and the scored ones without targets.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embench.splits.load import Fold, Protocol

if TYPE_CHECKING:
    from embench.dataset import Dataset

FloatArray = npt.NDArray[np.float64]

RELATIONS: dict[str, str] = {
    "duplicate": "group_duplicate",
    "structure": "group_structure",
    "compound": "group_compound",
    "host and ion": "group_host_ion",
    "host": "group_host",
    "prototype": "group_prototype",
}
"""The relations between two entries, closest first, and the column whose equality means each."""

UNRELATED = "none"

DESCRIPTORS = (
    "mobile_ion_charge",
    "hop_distance",
    "coordination_initial",
    "coordination_final",
    "nearest_anion_initial",
    "nearest_anion_final",
    "straight_line_bottleneck_anion",
    "straight_line_free_radius",
)
"""The columns that say how similar two hops are where their relation is the same."""


CLOSEST_RELATIVE = tuple(RELATIONS)
SIMILAR_HOP = ("duplicate", "prototype")
"""The relations that :func:`nearest_neighbours` tells apart for the two copies.

The first takes the closest relative, often another pathway in the same structure; the second the most similar hop
in the same prototype, whatever else is shared.
"""


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """The training entry most similar to a scored one. `relation` is a key of :data:`RELATIONS`, or ``none``."""

    entry_id: str
    fold: str
    relation: str
    neighbour_id: str
    copied: float
    training_median: float


@dataclass(frozen=True, kw_only=True)
class Leakage:
    """What the training side of a protocol holds, counted over its scored entries; errors are MAEs in eV.

    `shared` counts the scored entries with at least one training entry of each relation, `closest` those for
    which it is the closest one, with the MAE of copying the closest relative among them (None where there are none).
    """

    protocol: str
    n_scored: int
    shared: dict[str, int]
    closest: dict[str, tuple[int, float | None]]
    relative_error: float
    hop_error: float
    median_error: float


def measure(protocol: Protocol, data: Dataset) -> Leakage:
    """Return the leakage of `protocol`, with the errors measured against the targets in `data`."""
    target = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    relatives = nearest_neighbours(protocol, relations=CLOSEST_RELATIVE)
    hops = nearest_neighbours(protocol, relations=SIMILAR_HOP)
    errors = np.array([abs(found.copied - target[found.entry_id]) for found in relatives])
    relation = np.array([found.relation for found in relatives])
    chosen = {name: relation == name for name in (*RELATIONS, UNRELATED)}
    return Leakage(
        protocol=protocol.name,
        n_scored=len(relatives),
        shared=count_shared(protocol),
        closest={
            name: (int(rows.sum()), float(errors[rows].mean()) if rows.any() else None) for name, rows in chosen.items()
        },
        relative_error=float(errors.mean()),
        hop_error=float(np.mean([abs(found.copied - target[found.entry_id]) for found in hops])),
        median_error=float(np.mean([abs(found.training_median - target[found.entry_id]) for found in relatives])),
    )


def count_shared(protocol: Protocol) -> dict[str, int]:
    """Return, for each relation, how many scored entries have a training entry in it."""
    counts = dict.fromkeys(RELATIONS, 0)
    for fold in protocol:
        for name, column in RELATIONS.items():
            known = set(fold.train.column(column).tolist())
            counts[name] += sum(value in known for value in fold.test.column(column).tolist())
    return counts


def nearest_neighbours(protocol: Protocol, *, relations: Collection[str] = CLOSEST_RELATIVE) -> list[Neighbour]:
    """Return the most similar training entry of each scored entry, in the order of ``protocol.scored_ids``.

    The closest of `relations` decides; among the training entries that share it, the smallest Euclidean distance
    over :data:`DESCRIPTORS`, each divided by its standard deviation on the training side, plus 1 (one standard
    deviation) in quadrature for another migrating ion; then the order of the dataset.
    """
    return [neighbour for fold in protocol for neighbour in _in_fold(fold, relations)]


def _in_fold(fold: Fold, relations: Collection[str]) -> list[Neighbour]:
    return neighbours_between(fold.train, fold.test, relations=relations, fold=fold.name)


def neighbours_between(
    train: Dataset, test: Dataset, *, relations: Collection[str] = CLOSEST_RELATIVE, fold: str = ""
) -> list[Neighbour]:
    """Return the most similar entry of `train` for each of `test`, chosen as in :func:`nearest_neighbours`."""
    names = (*RELATIONS, UNRELATED)
    closeness = np.full((len(test), len(train)), len(RELATIONS))
    for level, (name, column) in reversed(list(enumerate(RELATIONS.items()))):
        if name in relations:
            closeness[_equal(test, train, column)] = level
    distance = _distances(test, train)
    distance[closeness > closeness.min(axis=1, keepdims=True)] = np.inf
    nearest = distance.argmin(axis=1)
    barriers = train.column("migration_barrier")
    return [
        Neighbour(
            entry_id=entry_id,
            fold=fold,
            relation=names[closeness[row, column]],
            neighbour_id=train.entry_ids[column],
            copied=float(barriers[column]),
            training_median=float(np.median(barriers)),
        )
        for row, (entry_id, column) in enumerate(zip(test.entry_ids, nearest.tolist(), strict=True))
    ]


def _equal(test: Dataset, train: Dataset, column: str) -> npt.NDArray[np.bool_]:
    """Return whether two entries (n_test, n_train) have the same value; compared as numbers, which is fast."""
    numbers: dict[object, int] = {}
    here = [numbers.setdefault(value, len(numbers)) for value in test.column(column).tolist()]
    there = [numbers.setdefault(value, len(numbers)) for value in train.column(column).tolist()]
    return np.equal.outer(here, there)


def _distances(test: Dataset, train: Dataset) -> FloatArray:
    """Return the distance (n_test, n_train) between hops."""
    squared = (~_equal(test, train, "mobile_ion")).astype(np.float64)
    for name in DESCRIPTORS:
        here, there = test.column(name).astype(np.float64), train.column(name).astype(np.float64)
        if there.var() > 0:
            squared += np.subtract.outer(here, there) ** 2 / there.var()
    return np.sqrt(squared)
