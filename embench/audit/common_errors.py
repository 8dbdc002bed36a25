"""Entries on which a model and two independent potentials all miss the label on the same side."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embench.audit.barriers import Potential
from embench.common.shipped import resource_folder
from embench.errors import PredictionsError

MODEL, PROTOCOL = "pathway-stack", "host-10fold"
"""The model and the protocol of its predictions: each is made without the host framework of its entry."""

POTENTIALS = ("orb-v3", "mace-relax")
"""The potentials that must stand on the same side: two families, and nearly all entries have both."""

COMMON_DIFFERENCE = 0.3
"""eV: how far each of the three must be from the label."""


@dataclass(frozen=True, kw_only=True)
class CommonError:
    """An entry with its label, and the barriers of the three by slug; all energies in eV."""

    entry_id: str
    label: float
    barriers: Mapping[str, float]

    @property
    def mean(self) -> float:
        """The mean of the three minus the label."""
        return sum(self.barriers.values()) / len(self.barriers) - self.label


def read_model(slug: str = MODEL, submissions: Path | None = None) -> Potential:
    """Return the predictions (eV) of the submission `slug` for :data:`PROTOCOL`.

    Raises :class:`~embench.errors.PredictionsError` where there are none, or they cannot be read.
    """
    path = (submissions or resource_folder("submissions")) / slug / f"{PROTOCOL}.csv"
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return Potential(slug, {row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(file)})
    except (OSError, ValueError, KeyError) as error:
        raise PredictionsError(f"cannot read the predictions of {slug} in {path}: {error}") from None


def find_common_errors(
    labels: Mapping[str, float], voices: Sequence[Potential], *, minimum_difference: float = COMMON_DIFFERENCE
) -> list[CommonError]:
    """Return the entries that every one of `voices` misses by more than `minimum_difference` (eV), all on one side.

    Entries that one of them has no barrier for are left out. The order is that of `labels` (eV).
    """
    found = []
    for entry_id, label in labels.items():
        barriers = {voice.slug: voice.barriers[entry_id] for voice in voices if entry_id in voice.barriers}
        differences = [barrier - label for barrier in barriers.values()]
        if len(barriers) < len(voices):
            continue
        if min(differences) > minimum_difference or max(differences) < -minimum_difference:
            found.append(CommonError(entry_id=entry_id, label=label, barriers=barriers))
    return found


def common_errors(labels: Mapping[str, float], evidence: Sequence[Potential]) -> list[CommonError]:
    """Return the entries that :data:`MODEL` and :data:`POTENTIALS` all miss; `evidence` holds those potentials."""
    potentials = [potential for potential in evidence if potential.slug in POTENTIALS]
    if missing := sorted(set(POTENTIALS) - {potential.slug for potential in potentials}):
        raise PredictionsError(f"the barriers of {', '.join(missing)} are missing: common errors are told by them")
    return find_common_errors(labels, [read_model(), *potentials])
