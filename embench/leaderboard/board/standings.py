"""The standings of one protocol: ranks with their intervals, and the comparison of systems two by two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from embench.evaluation.coverage import enough_for_a_rank
from embench.evaluation.document import finite
from embench.evaluation.ranking import in_order, ranks_of, sentence_of
from embench.statistics.pairs import compare_all
from embench.statistics.ranking import Rank
from embench.statistics.resampling import cluster_codes

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import Detail, Standing, Standings


# Every two of 45 systems. With more systems not all pairs are compared, or the board would grow with their square.
_MOST_PAIRS = 1000


def pairs_to_compare(order: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs (a < b) of systems that the board compares, from their positions in the `order` of their ranks.

    That is every two, or where these are more than :data:`_MOST_PAIRS`, each system with the first and with as many
    of its neighbours in the order as make no more pairs than that; with its next neighbour in any case.
    """
    n = len(order)
    reach = n - 1
    while reach > 1 and _count(n, reach) > _MOST_PAIRS:
        reach -= 1
    chosen = [(i, j) for i in range(n) for j in range(i + 1, n) if i == 0 or j - i <= reach]
    return sorted((min(order[i], order[j]), max(order[i], order[j])) for i, j in chosen)


def _count(n: int, reach: int) -> int:
    """Return the number of pairs where the first of n systems has all others and the rest `reach` neighbours."""
    return n - 1 + sum(n - 1 - distance for distance in range(1, reach + 1))


def standings(details: Mapping[str, Detail], names: Mapping[str, str], *, resamples: int, seed: int) -> Standings:
    """Return sentence, rows (best first) and pairs of systems on one protocol, from their details, by slug.

    `names` are what the sentence calls them. Systems that predict too few entries for a rank come last, and are not
    compared. For the pairs of the others see :func:`pairs_to_compare`.
    """
    slugs = sorted(details)
    first = details[slugs[0]]
    errors = np.array(
        [[abs(entry["prediction"] - entry["target"]) for entry in details[slug]["entries"]] for slug in slugs]
    )
    clusters = cluster_codes([entry["group_host"] for entry in first["entries"]])
    coverages = [details[slug]["coverage"] for slug in slugs]
    enough = [enough_for_a_rank(found["predicted"], found["scored"]) for found in coverages]
    ranks = ranks_of(errors, clusters, enough, resamples=resamples, seed=seed)
    order = in_order(ranks, errors.mean(axis=1).tolist(), slugs)
    ranked = [i for i in order if enough[i]]
    placed = [(names[slugs[i]], ranks[i]) for i in order]
    sentence = sentence_of(placed, n=first["n"], n_hosts=first["n_hosts"])
    return {
        "sentence": f"{placed[0][0]} is the only system with a rank." if len(ranked) == 1 else sentence,
        "rows": [_standing(slugs[i], ranks[i]) for i in order],
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
            for pair in compare_all(errors, clusters, resamples=resamples, seed=seed, pairs=pairs_to_compare(ranked))
        ],
    }


def _standing(slug: str, rank: Rank | None) -> Standing:
    if rank is None:
        return {
            "slug": slug,
            "rank": None,
            "rank_low": None,
            "rank_high": None,
            "p_best": None,
            "p_adjusted": None,
            "best_set": False,
        }
    return {
        "slug": slug,
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
