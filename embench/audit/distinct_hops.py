"""The symmetry-distinct hops of the structures of doubtful entries, each with a predicted barrier.

The table beside this module holds them: ``embench data hops`` writes it, because predicting them needs models, which
stand below this folder in the house, and a second of CPU for each hop.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from embench.errors import DatasetError

TABLE = Path(__file__).parent / "distinct_hops.csv"
COLUMNS = ("entry_id", "released", "hop_distance", "multiplicity", "barrier")
ALIKE_LENGTH, ALIKE_BARRIER = 0.05, 0.02
"""Å and eV: hops that differ by less in both are shown as one; a relaxed cell has lost some of its symmetry."""


@dataclass(frozen=True, kw_only=True)
class DistinctHop:
    """A direct hop of the ion in the structure of an entry.

    Attributes
    ----------
    hop_distance : its length, Å.
    multiplicity : number of such hops in the cell of the entry.
    barrier : predicted, eV, by a model that has not seen the host framework.
    released : whether it is the hop of the entry itself.
    """

    hop_distance: float
    multiplicity: int
    barrier: float
    released: bool = False


def alike(hops: Sequence[DistinctHop]) -> list[DistinctHop]:
    """Return the hops with those as one that length and barrier do not tell apart, shortest first.

    The released hop stands for those that are alike to it.
    """
    kept: list[DistinctHop] = []
    for hop in sorted(hops, key=lambda hop: (not hop.released, hop.hop_distance)):
        same = next((i for i, other in enumerate(kept) if _alike(hop, other)), None)
        if same is None:
            kept.append(hop)
        else:
            first = kept[same]
            kept[same] = DistinctHop(
                hop_distance=first.hop_distance,
                multiplicity=first.multiplicity + hop.multiplicity,
                barrier=first.barrier,
                released=first.released,
            )
    return sorted(kept, key=lambda hop: hop.hop_distance)


def _alike(first: DistinctHop, second: DistinctHop) -> bool:
    return (
        abs(first.hop_distance - second.hop_distance) <= ALIKE_LENGTH
        and abs(first.barrier - second.barrier) <= ALIKE_BARRIER
    )


def hops_text(found: Mapping[str, Sequence[DistinctHop]]) -> str:
    """Return the table as CSV; lengths in Å, barriers in eV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry_id in sorted(found):
        for hop in found[entry_id]:
            numbers = f"{hop.hop_distance:.3f}", hop.multiplicity, f"{hop.barrier:.4f}"
            writer.writerow([entry_id, "yes" if hop.released else "no", *numbers])
    return text.getvalue()


@lru_cache(maxsize=2)
def read_hops(path: Path = TABLE) -> Mapping[str, tuple[DistinctHop, ...]]:
    """Return the table by entry_id; raises :class:`~embench.errors.DatasetError` where it cannot be read."""
    found: dict[str, list[DistinctHop]] = {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                hop = DistinctHop(
                    hop_distance=float(row["hop_distance"]),
                    multiplicity=int(row["multiplicity"]),
                    barrier=float(row["barrier"]),
                    released=row["released"] == "yes",
                )
                found.setdefault(row["entry_id"], []).append(hop)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"cannot read {path}: {error}; embench data hops writes it") from None
    return {entry_id: tuple(hops) for entry_id, hops in found.items()}
