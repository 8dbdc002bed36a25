"""What a person looks at first: how errors are distributed, which ions are hard, which entries are worst."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embench.evaluation.breakdown import SMALL
from embench.evaluation.standing import Standing, standing

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.evaluation.evaluator import ScoredEntry

# Edges of the bins of signed errors, eV; the first and the last bin are open.
ERROR_EDGES = (-0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4)
WORST = 5


@dataclass(frozen=True)
class Bin:
    """How many errors lie in [low, high), eV; the outermost bins are open, with an infinite edge."""

    low: float
    high: float
    n: int


@dataclass(frozen=True)
class IonError:
    """The MAE (eV) of the entries of one migrating ion; `small` ones have fewer than ten."""

    ion: str
    n: int
    mae: float
    small: bool


@dataclass(frozen=True)
class Overview:
    """The first look at an evaluation; `standing` is None where there are no other submissions for the protocol."""

    histogram: tuple[Bin, ...]
    by_ion: tuple[IonError, ...]
    worst: tuple[ScoredEntry, ...]
    standing: Standing | None


def overview(evaluation: Evaluation) -> Overview:
    """Return the first look at an evaluation, its standing included."""
    return Overview(
        histogram=error_histogram(evaluation),
        by_ion=by_ion(evaluation),
        worst=worst_entries(evaluation),
        standing=standing(evaluation),
    )


def error_histogram(evaluation: Evaluation) -> tuple[Bin, ...]:
    """Return the signed errors, prediction − target, in bins of 0.1 eV."""
    places = np.searchsorted(ERROR_EDGES, evaluation.sample.error, side="right")
    counts = np.bincount(places, minlength=len(ERROR_EDGES) + 1).tolist()
    edges = (-math.inf, *ERROR_EDGES, math.inf)
    return tuple(Bin(low, high, n) for (low, high), n in zip(pairwise(edges), counts, strict=True))


def by_ion(evaluation: Evaluation) -> tuple[IonError, ...]:
    """Return the MAE of each migrating ion, the most frequent ion first."""
    ions, errors = evaluation.scored.labels["mobile_ion"], evaluation.sample.absolute_error
    found = [(ion, errors[ions == ion]) for ion in sorted(set(ions.tolist()))]
    found.sort(key=lambda item: -len(item[1]))
    return tuple(IonError(ion, len(of), float(of.mean()), len(of) < SMALL) for ion, of in found)


def worst_entries(evaluation: Evaluation) -> tuple[ScoredEntry, ...]:
    """Return the entries with the largest errors, the worst first; entries without a prediction are not among them."""
    predicted = [entry for entry in evaluation.entries if not entry.filled]
    return tuple(sorted(predicted, key=lambda entry: (-abs(entry.error), entry.entry_id))[:WORST])
