"""Pairs of labels of one structure that agree with potentials when they are swapped; nothing is ever swapped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from embench.audit.barriers import Potential
from embench.audit.consensus import find_consensus
from embench.audit.mismatch import swap_repairs

if TYPE_CHECKING:
    from embench.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class Swap:
    """Two entries of one structure, their labels, what potentials agree on, and the mean differences; eV."""

    first: str
    second: str
    labels: tuple[float, float]
    consensus: tuple[float, float]

    @property
    def before(self) -> float:
        """The mean difference between label and potentials."""
        return (abs(self.labels[0] - self.consensus[0]) + abs(self.labels[1] - self.consensus[1])) / 2

    @property
    def after(self) -> float:
        """The same with the labels swapped."""
        return (abs(self.labels[1] - self.consensus[0]) + abs(self.labels[0] - self.consensus[1])) / 2


def find_swaps(data: Dataset, evidence: Sequence[Potential]) -> list[Swap]:
    """Return all pairs of entries of one structure, with hops that differ, whose swap repairs both labels."""
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    said = {row.entry_id: row.barrier_median for row in find_consensus(labels, evidence)}
    structures: dict[str, list[tuple[str, str]]] = defaultdict(list)
    columns = (data.column(name).tolist() for name in ("group_structure", "group_duplicate"))
    for entry_id, structure, hop in zip(data.entry_ids, *columns, strict=True):
        structures[structure].append((entry_id, hop))
    found = []
    for members in structures.values():
        for (first, hop), (second, other_hop) in combinations(sorted(members), 2):
            a, b = said[first], said[second]
            if hop != other_hop and a is not None and b is not None:
                pair = (labels[first], labels[second])
                if swap_repairs(pair, (a, b)):
                    found.append(Swap(first=first, second=second, labels=pair, consensus=(a, b)))
    return sorted(found, key=lambda swap: (swap.first, swap.second))
