"""Scores of parts of the scored entries: without the doubtful ones, and by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from embench.errors import UnknownNameError
from embench.evaluation.scored import ScoredSet
from embench.metrics import HEADLINE, METRICS, MetricSpec, metric
from embench.statistics.bootstrap import Part, Replicates
from embench.statistics.intervals import Estimate

Mask = npt.NDArray[np.bool_]

# Groups of fewer entries are marked: their scores say little.
SMALL = 10
# Edges of the barrier ranges, eV; 0.65 eV bounds the good conductors of the reference.
BARRIER_EDGES = (0.3, 0.65, 1.0, 2.0)


@dataclass(frozen=True)
class SubsetScores:
    """The metrics on some of the entries; shown beside the full scores, never instead of them.

    These are the headline metrics, or all that the system has the data for where that was asked for.
    """

    name: str
    title: str
    description: str
    n: int
    n_hosts: int
    metrics: dict[str, Estimate]


@dataclass(frozen=True)
class GroupScores:
    """MAE and bias of one group of entries. A `small` group has fewer than ten."""

    group: str
    n: int
    n_hosts: int
    small: bool
    mae: Estimate
    bias: Estimate


@dataclass(frozen=True)
class Breakdown:
    """The groups of one dimension: every scored entry is in one of them."""

    name: str
    title: str
    groups: tuple[GroupScores, ...]


@dataclass(frozen=True)
class Subset:
    """A choice of scored entries by a rule that does not look at the values that are predicted."""

    name: str
    title: str
    description: str
    members: Callable[[ScoredSet], Mask]


@dataclass(frozen=True)
class Dimension:
    """A label of every scored entry (n), and the order of its values; by falling size where that is empty."""

    name: str
    title: str
    labels: Callable[[ScoredSet], npt.NDArray[np.str_]]
    order: tuple[str, ...] = ()

    def groups(self, scored: ScoredSet) -> list[tuple[str, Mask]]:
        """Return each value that occurs with the entries that have it."""
        labels = self.labels(scored)
        counts = Counter(labels.tolist())
        if self.order:
            present = [value for value in self.order if value in counts]
        else:
            present = sorted(counts, key=lambda value: (-counts[value], value))
        return [(value, labels == value) for value in present]


def _contradicted(scored: ScoredSet) -> Mask:
    from embench.audit.consensus import read_consensus

    found = {entry_id for entry_id, row in read_consensus().items() if row.label_contradicted}
    return np.array([entry_id in found for entry_id in scored.entry_ids], dtype=np.bool_)


SUBSETS: tuple[Subset, ...] = (
    Subset(
        "without_label_suspect",
        "labels not in doubt",
        "Without the entries flagged label_suspect, structure_corrupt or elements_misplaced.",
        lambda scored: ~scored.flagged("label_suspect", "structure_corrupt", "elements_misplaced"),
    ),
    Subset(
        "label_not_contradicted",
        "labels not contradicted",
        "Without the entries whose label independent potentials contradict, with all evidence there is now (table "
        "potential_consensus).",
        lambda scored: ~_contradicted(scored),
    ),
    Subset(
        "without_metal_site",
        "no metal site on the path",
        "Without the entries flagged path_through_metal_site.",
        lambda scored: ~scored.flagged("path_through_metal_site"),
    ),
    Subset(
        "straight_path_clean",
        "straight path clean",
        "The straight line between the ends keeps clear of other atoms: entries not flagged path_clash.",
        lambda scored: ~scored.flagged("path_clash"),
    ),
    Subset(
        "straight_path_clash",
        "straight path clashes",
        "The straight line between the ends runs into another atom: entries flagged path_clash.",
        lambda scored: scored.flagged("path_clash"),
    ),
)


PREDICTED = "predicted"
"""The subset of the entries that the system has a prediction for; there is none where it has all."""


def subset_spec(name: str) -> Subset:
    """Return the subset called `name`; raises :class:`~embench.errors.UnknownNameError`."""
    known = {subset.name: subset for subset in SUBSETS}
    if name not in known:
        raise UnknownNameError("subset", name, known)
    return known[name]


def _predicted(filled: frozenset[str]) -> Subset:
    return Subset(
        PREDICTED,
        "entries with a prediction",
        "Without the entries that lack a prediction.",
        lambda scored: np.array([entry_id not in filled for entry_id in scored.entry_ids], dtype=np.bool_),
    )


def range_labels() -> tuple[str, ...]:
    """Return the names of the barrier ranges, lowest first."""
    inner = (f"{low:g}–{high:g} eV" for low, high in pairwise(BARRIER_EDGES))
    return (f"below {BARRIER_EDGES[0]:g} eV", *inner, f"{BARRIER_EDGES[-1]:g} eV and above")


def _barrier_range(scored: ScoredSet) -> npt.NDArray[np.str_]:
    return np.array(range_labels())[np.searchsorted(BARRIER_EDGES, scored.target, side="right")]


def _labels(column: str) -> Callable[[ScoredSet], npt.NDArray[np.str_]]:
    return lambda scored: scored.labels[column].astype(np.str_)


DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("mobile_ion", "Migrating ion", _labels("mobile_ion")),
    Dimension("structure_class", "Structure class", _labels("structure_class")),
    Dimension("functional", "Functional", _labels("functional")),
    Dimension("barrier_range", "Barrier range", _barrier_range, range_labels()),
    Dimension(
        "straight_path",
        "Straight path between the ends",
        lambda scored: np.where(scored.flagged("path_clash"), "clash", "clean"),
        ("clean", "clash"),
    ),
    Dimension(
        "host",
        "Host framework in the training side",
        lambda scored: np.where(scored.seen_host, "seen", "unseen"),
        ("seen", "unseen"),
    ),
)


@dataclass(frozen=True)
class PartsOf:
    """The subsets and groups of a scored set, and the parts of the sample that they are."""

    scored: ScoredSet
    subsets: tuple[tuple[Subset, Mask], ...]
    dimensions: tuple[tuple[Dimension, tuple[tuple[str, Mask], ...]], ...]

    @classmethod
    def of(cls, scored: ScoredSet, *, filled: Collection[str] = (), also: Sequence[Subset] = ()) -> PartsOf:
        """Return the parts of `scored`; where entries were filled in, those that were not are a subset too.

        `also` are further subsets.
        """
        subsets = SUBSETS if not filled else (_predicted(frozenset(filled)), *SUBSETS)
        return cls(
            scored,
            tuple((subset, subset.members(scored)) for subset in (*subsets, *also)),
            tuple((dimension, tuple(dimension.groups(scored))) for dimension in DIMENSIONS),
        )

    def subset_parts(self, *, in_full: Collection[str] = (), specs: Sequence[MetricSpec] = ()) -> list[Part]:
        """Return what to bootstrap for :meth:`subset_scores`: the headline metrics.

        The subsets whose names are `in_full` get those of `specs` as well; that takes as long as for all entries.
        """
        everything = tuple(spec for spec in METRICS if spec in HEADLINE or spec in specs)
        return [Part(members, everything if subset.name in in_full else HEADLINE) for subset, members in self.subsets]

    def subset_scores(self, replicates: list[Replicates]) -> tuple[SubsetScores, ...]:
        """Return the scores of the subsets from their replicates."""
        found = iter(replicates)
        return tuple(
            SubsetScores(
                subset.name, subset.title, subset.description, *self._size(members), metrics=next(found).estimates()
            )
            for subset, members in self.subsets
        )

    def group_parts(self) -> list[Part]:
        """Return what to bootstrap for :meth:`group_scores`."""
        metrics = (metric("mae"), metric("bias"))
        return [Part(members, metrics) for _, groups in self.dimensions for _, members in groups]

    def group_scores(self, replicates: list[Replicates]) -> tuple[Breakdown, ...]:
        """Return the scores of the groups from their replicates."""
        found = iter(replicates)
        return tuple(
            Breakdown(
                dimension.name,
                dimension.title,
                tuple(self._group(group, members, next(found)) for group, members in groups),
            )
            for dimension, groups in self.dimensions
        )

    def _size(self, members: Mask) -> tuple[int, int]:
        return int(members.sum()), len(set(self.scored.labels["group_host"][members].tolist()))

    def _group(self, group: str, members: Mask, replicates: Replicates) -> GroupScores:
        n, n_hosts = self._size(members)
        estimates = replicates.estimates()
        return GroupScores(group, n, n_hosts, n < SMALL, estimates["mae"], estimates["bias"])
