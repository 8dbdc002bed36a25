"""The standings of one protocol: ranks with their intervals, and the comparison of every two systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from embench.leaderboard.board.pairs import compare_all
from embench.ranking import ranking_sentence
from embench.report.as_json import finite
from embench.statistics.ranking import Rank, rank_systems
from embench.statistics.resampling import cluster_codes


def standings(
    details: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], *, resamples: int, seed: int
) -> dict[str, Any]:
    """Return sentence, rows (best first) and pairs of systems on one protocol, from their details, by slug.

    `names` are what the sentence calls them.
    """
    slugs = sorted(details)
    first = details[slugs[0]]
    errors = np.array(
        [[abs(entry["prediction"] - entry["target"]) for entry in details[slug]["entries"]] for slug in slugs]
    )
    clusters = cluster_codes([entry["group_host"] for entry in first["entries"]])
    ranks = rank_systems(errors, clusters, resamples=resamples, seed=seed)
    order = sorted(range(len(slugs)), key=lambda i: (ranks[i].rank, slugs[i]))
    best, *others = order
    tied = [names[slugs[i]] for i in others if ranks[i].best_set]
    sentence = ranking_sentence(names[slugs[best]], tied, n=first["n"], n_hosts=first["n_hosts"])
    return {
        "sentence": sentence if others else f"{names[slugs[best]]} is the only system.",
        "rows": [{"slug": slugs[i], **_rank(ranks[i])} for i in order],
        "pairs": [
            {
                "a": slugs[pair.a],
                "b": slugs[pair.b],
                "difference": finite(pair.difference.value),
                "low": finite(pair.difference.low),
                "high": finite(pair.difference.high),
                "p_value": finite(pair.test.p_value),
                "resolved": pair.resolved,
            }
            for pair in compare_all(errors, clusters, resamples=resamples, seed=seed)
        ],
    }


def _rank(rank: Rank) -> dict[str, Any]:
    return {
        "rank": _whole(rank.rank),
        "rank_low": _whole(rank.low),
        "rank_high": _whole(rank.high),
        "p_best": finite(rank.p_best),
        "p_adjusted": finite(rank.p_adjusted),
        "best_set": rank.best_set,
    }


def _whole(rank: float) -> float | int:
    """Return a rank as an integer; systems that are tied may share half a rank."""
    return int(rank) if rank == int(rank) else rank
