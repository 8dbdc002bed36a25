"""Read the barriers that interatomic potentials gave, as their submissions hold them."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embench.errors import PredictionsError, UnknownEntryError

if TYPE_CHECKING:
    pass

BARRIERS = "barriers.csv"

UNRELAXED = frozenset({"mace-no-relax"})
"""Submissions with unrelaxed endpoints: compared with the labels, but no evidence against them."""


@dataclass(frozen=True)
class Potential:
    """The barriers (eV) that one potential gave, for the entries that were computed with it."""

    slug: str
    barriers: Mapping[str, float]

    @property
    def family(self) -> str:
        """The architecture, which is the slug up to its first hyphen; potentials of one family are not independent."""
        return self.slug.partition("-")[0]

    @property
    def is_evidence(self) -> bool:
        """Whether its barriers may speak against a label."""
        return self.slug not in UNRELAXED


def read_potentials(submissions: Path, known_ids: Collection[str]) -> list[Potential]:
    """Return the potentials whose submission in the folder `submissions` holds a file ``barriers.csv``, by slug.

    Such a file has the columns ``entry_id`` and ``prediction`` (eV), and rows only for what was computed.

    Raises :class:`~embench.errors.PredictionsError` where no submission has one, and where a file has a missing
    column, a value that is no finite number or an entry twice; :class:`~embench.errors.UnknownEntryError` for an
    entry that is not among `known_ids`.
    """
    paths = sorted(submissions.glob(f"*/{BARRIERS}"))
    if not paths:
        raise PredictionsError(
            f"no submission in {submissions} holds a file {BARRIERS}; name the folder of submissions with --submissions"
        )
    return [Potential(path.parent.name, _read(path, known_ids)) for path in paths]


def _read(path: Path, known_ids: Collection[str]) -> dict[str, float]:
    known = set(known_ids)
    barriers: dict[str, float] = {}
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if missing := {"entry_id", "prediction"}.difference(reader.fieldnames or ()):
            raise PredictionsError(f"{path} lacks the column {min(missing)}")
        for row in reader:
            entry_id, where = row["entry_id"], f"{path}, line {reader.line_num}"
            if entry_id not in known:
                raise UnknownEntryError(entry_id, known)
            if entry_id in barriers:
                raise PredictionsError(f"{where}: {entry_id} occurs twice")
            barriers[entry_id] = _number(row["prediction"], where)
    return barriers


def _number(text: str | None, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PredictionsError(f"{where}: the prediction {text!r} is no finite number; leave out what was not computed")
    return value


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How far the barriers of a potential are from the labels (eV) of `n` entries; `bias` is the median difference."""

    n: int
    median: float
    mean: float
    bias: float


def compare(potential: Potential, labels: Mapping[str, float], *, without: Collection[str] = ()) -> Comparison:
    """Return the differences between a potential and the labels (eV), leaving out the entries in `without`."""
    ids = [entry_id for entry_id in potential.barriers if entry_id not in without]
    difference = np.array([potential.barriers[entry_id] - labels[entry_id] for entry_id in ids])
    size = np.abs(difference)
    return Comparison(
        n=len(ids), median=float(np.median(size)), mean=float(size.mean()), bias=float(np.median(difference))
    )
