"""Which labels independent potentials speak against."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from embench.audit.barriers import Potential
from embench.schema import DEFAULT, Layout

MINIMUM_DIFFERENCE = 0.7
"""eV: how far every potential must be from the label."""

AGREEMENT = 0.6
"""Two potentials agree where they differ by less than this fraction of their smaller difference from the label."""


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """An entry whose label independent potentials speak against.

    `barriers` (eV) are those of the potentials that agree with each other, by slug; all energies in eV.
    """

    entry_id: str
    label: float
    barriers: Mapping[str, float]

    @property
    def mean(self) -> float:
        """The mean of the barriers of the potentials that agree."""
        return sum(self.barriers.values()) / len(self.barriers)

    @property
    def difference(self) -> float:
        """That mean minus the label."""
        return self.mean - self.label


def find_suspects(
    labels: Mapping[str, float],
    potentials: Iterable[Potential],
    *,
    minimum_difference: float = MINIMUM_DIFFERENCE,
    agreement: float = AGREEMENT,
    unanimous: bool = True,
) -> list[Suspect]:
    """Return the entries whose label is suspect, in the order of `labels` (eV).

    An entry is suspect when potentials of at least two families are on the same side of the label, each more than
    `minimum_difference` (eV) from it, and agree: they differ from each other by less than `agreement` times the
    smaller of their differences from the label. With `unanimous` no family may come within `minimum_difference`
    of the label. A family speaks with that of its potentials which is closest to the label; potentials that
    are no evidence (see :attr:`~embench.audit.barriers.Potential.is_evidence`) do not speak.
    """
    evidence = [potential for potential in potentials if potential.is_evidence]
    found = []
    for entry_id, label in labels.items():
        voices = _voices(entry_id, label, evidence)
        against = [slug for slug, barrier in voices.items() if abs(barrier - label) > minimum_difference]
        if unanimous and len(against) < len(voices):
            continue
        agreeing = _agreeing({slug: voices[slug] for slug in against}, label, agreement)
        if agreeing:
            found.append(Suspect(entry_id=entry_id, label=label, barriers=agreeing))
    return found


def suspect_table(suspects: Sequence[Suspect]) -> str:
    """Return the table that the curation sets the flag ``label_suspect`` from, as CSV; energies in eV.

    ``neb_barrier`` is the mean over the potentials that agree; ``potentials`` names them with their barriers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["entry_id", "migration_barrier", "neb_barrier", "potentials"])
    for found in sorted(suspects, key=lambda suspect: suspect.entry_id):
        potentials = "; ".join(f"{slug} {barrier:.3f}" for slug, barrier in found.barriers.items())
        writer.writerow([found.entry_id, f"{found.label:.3f}", f"{found.mean:.3f}", potentials])
    return text.getvalue()


def table_path(layout: Layout = DEFAULT) -> Path:
    """Return where the curation of a version of the dataset reads that table from."""
    from embench.curation import tables

    name = "label_suspect" if layout.base is None else f"label_suspect_{layout.version}"
    return Path(tables.__file__).parent / f"{name}.csv"


def _voices(entry_id: str, label: float, potentials: Iterable[Potential]) -> dict[str, float]:
    """Return the barrier with which each family speaks, by the slug of the potential."""
    closest: dict[str, tuple[float, str, float]] = {}
    for potential in potentials:
        if (barrier := potential.barriers.get(entry_id)) is not None:
            voice = abs(barrier - label), potential.slug, barrier
            closest[potential.family] = min(voice, closest.get(potential.family, voice))
    return {slug: barrier for _, slug, barrier in closest.values()}


def _agreeing(barriers: Mapping[str, float], label: float, agreement: float) -> dict[str, float]:
    """Return those `barriers` that agree with at least one other and not with the label."""
    agreeing = set()
    for (first, a), (second, b) in combinations(barriers.items(), 2):
        same_side = (a > label) == (b > label)
        if same_side and abs(a - b) < agreement * min(abs(a - label), abs(b - label)):
            agreeing |= {first, second}
    return {slug: barrier for slug, barrier in barriers.items() if slug in agreeing}
