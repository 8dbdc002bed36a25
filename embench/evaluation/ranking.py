"""Several systems on one protocol: their order by MAE, and how much of it is luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embench.common.text import plural
from embench.errors import InvalidValueError
from embench.evaluation import Evaluation
from embench.statistics.ranking import Rank, rank_systems

# Systems that the sentence names; further ones are counted.
_MOST_NAMES = 20


@dataclass(frozen=True, eq=False)
class RankedSystem:
    """One system with its rank by MAE. `name` is that of its predictions, without what all of them share."""

    name: str
    evaluation: Evaluation
    rank: Rank


@dataclass(frozen=True, eq=False)
class Ranking:
    """Systems from the lowest MAE to the highest, and in words which of them may be the best."""

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
    ranks = rank_systems(
        np.stack([evaluation.sample.absolute_error for evaluation in evaluations]),
        first.sample.codes,
        resamples=first.resamples,
        seed=first.seed,
    )
    order = sorted(range(len(ranks)), key=lambda i: (ranks[i].rank, evaluations[i].name))
    names = short_names([evaluation.name for evaluation in evaluations])
    systems = tuple(RankedSystem(names[i], evaluations[i], ranks[i]) for i in order)
    best, *others = systems
    tied = [system.name for system in others if system.rank.best_set]
    return Ranking(systems, ranking_sentence(best.name, tied, n=first.n, n_hosts=first.n_hosts))


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


def ranking_sentence(best: str, tied: Sequence[str], *, n: int, n_hosts: int) -> str:
    """Return in words which systems are tied with the one with the lowest MAE."""
    size = f"{plural(n, 'entry')} from {plural(n_hosts, 'host framework')}"
    start = f"{best} has the lowest MAE"
    if not tied:
        return f"{start}, and {size} distinguish it from all others."
    *front, last = tied if len(tied) <= _MOST_NAMES else [*tied[:_MOST_NAMES], f"{len(tied) - _MOST_NAMES} others"]
    names = f"{', '.join(front)} and {last}" if front else last
    return f"{start}, tied with {names} on {size} (paired tests, Holm's correction, 5 %)."
