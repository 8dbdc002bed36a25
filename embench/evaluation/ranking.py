"""Several systems on one protocol: their order by MAE, and how much of it is luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embench.common.text import plural
from embench.errors import InvalidValueError
from embench.evaluation import Evaluation
from embench.metrics.sample import FloatArray, IntArray
from embench.splits.registry import host_called
from embench.statistics.ranking import Rank, rank_systems

# Systems that the sentence names; further ones are counted.
_MOST_NAMES = 20


@dataclass(frozen=True, eq=False)
class RankedSystem:
    """One system with its rank by MAE. `name` is that of its predictions, without what all of them share.

    `rank` is None where it predicts too few entries; see :data:`~embench.evaluation.coverage.COVERAGE_RULE`.
    """

    name: str
    evaluation: Evaluation
    rank: Rank | None


@dataclass(frozen=True, eq=False)
class Ranking:
    """Systems from the lowest MAE to the highest, those without a rank last, and in words which may be the best."""

    systems: tuple[RankedSystem, ...]
    sentence: str


def rank_evaluations(evaluations: Sequence[Evaluation]) -> Ranking:
    """Rank systems that were scored on the same protocol with the same seed and number of resamples.

    Raises :class:`~embench.errors.InvalidValueError` where they were not, or where there are fewer than two.
    """
    settings = {(e.protocol, e.dataset_version, e.seed, e.resamples, e.scored.entry_ids) for e in evaluations}
    if len(evaluations) < 2 or len(settings) != 1:
        raise InvalidValueError(
            "a ranking needs two or more systems on the same protocol, dataset, seed and number of resamples"
        )
    first = evaluations[0]
    ranks = ranks_of(
        np.stack([evaluation.sample.absolute_error for evaluation in evaluations]),
        first.sample.codes,
        [evaluation.coverage.enough for evaluation in evaluations],
        resamples=first.resamples,
        seed=first.seed,
    )
    names = short_names([evaluation.name for evaluation in evaluations])
    maes = [evaluation.metrics["mae"].value for evaluation in evaluations]
    order = in_order(ranks, maes, [evaluation.name for evaluation in evaluations])
    systems = tuple(RankedSystem(names[i], evaluations[i], ranks[i]) for i in order)
    placed = [(system.name, system.rank) for system in systems]
    return Ranking(systems, sentence_of(placed, n=first.n, n_hosts=first.n_hosts, protocol=first.protocol))


def ranks_of(
    absolute_errors: FloatArray, clusters: IntArray, enough: Sequence[bool], *, resamples: int, seed: int
) -> list[Rank | None]:
    """Return the rank of each system, None for those that predict too few entries.

    For the absolute errors (systems, n) and the clusters (n) see :func:`~embench.statistics.ranking.rank_systems`;
    `enough` tells of each system whether it predicts enough for a rank.
    """
    ranked = np.flatnonzero(enough)
    found: list[Rank | None] = [None] * len(enough)
    if len(ranked):
        ranks = rank_systems(absolute_errors[ranked], clusters, resamples=resamples, seed=seed)
        for position, rank in zip(ranked.tolist(), ranks, strict=True):
            found[position] = rank
    return found


def in_order(ranks: Sequence[Rank | None], maes: Sequence[float], names: Sequence[str]) -> list[int]:
    """Return the positions of systems by rank, then of those without one by MAE; equal ones by name."""
    places = [(1, mae) if rank is None else (0, rank.rank) for rank, mae in zip(ranks, maes, strict=True)]
    return sorted(range(len(ranks)), key=lambda i: (places[i], names[i]))


def short_names(names: Sequence[str]) -> list[str]:
    """Return file names without the folders that all share, or the folders alone where each has its own."""
    paths = [Path(name) for name in names]
    shared = 0
    for parts in zip(*(path.parent.parts for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    rest = [path.parts[shared:] for path in paths]
    folders = {parts[0] for parts in rest if len(parts) == 2}
    return [parts[0] if len(folders) == len(rest) else str(Path(*parts)) for parts in rest]


def sentence_of(placed: Sequence[tuple[str, Rank | None]], *, n: int, n_hosts: int, protocol: str) -> str:
    """Return in words which systems are tied with the best one, from their names and ranks in order."""
    ranked = [(name, rank) for name, rank in placed if rank is not None]
    if not ranked:
        return "No system predicts enough entries for a rank."
    tied = [name for name, rank in ranked[1:] if rank.best_set]
    return ranking_sentence(ranked[0][0], tied, n=n, n_hosts=n_hosts, protocol=protocol)


def ranking_sentence(best: str, tied: Sequence[str], *, n: int, n_hosts: int, protocol: str) -> str:
    """Return in words which systems are tied with the one with the lowest MAE."""
    size = f"{plural(n, 'entry')} from {plural(n_hosts, host_called(protocol))}"
    start = f"{best} has the lowest MAE"
    if not tied:
        return f"{start}, and {size} distinguish it from all others."
    *front, last = tied if len(tied) <= _MOST_NAMES else [*tied[:_MOST_NAMES], f"{len(tied) - _MOST_NAMES} others"]
    names = f"{', '.join(front)} and {last}" if front else last
    return f"{start}, tied with {names} on {size} (paired tests, Holm's correction, 5 %)."
