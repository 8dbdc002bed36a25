"""The standings of one protocol: ranks with their intervals, and the comparison of systems two by two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embench.evaluation.coverage import enough_for_a_rank
from embench.evaluation.document import finite
from embench.evaluation.ranking import in_order, ranks_of, sentence_of
from embench.metrics.sample import FloatArray
from embench.statistics.pairs import compare_all
from embench.statistics.ranking import Rank
from embench.statistics.resampling import cluster_codes

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardRow, Detail, PairDocument, Standing, Standings
    from embench.statistics.pairs import Pair


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
    compared. For the pairs of the others see :func:`pairs_to_compare`. Without contradicted labels the same systems
    are ranked, and the same pairs compared, again.
    """
    slugs = sorted(details)
    first = details[slugs[0]]
    errors = np.array(
        [[abs(entry["prediction"] - entry["target"]) for entry in details[slug]["entries"]] for slug in slugs]
    )
    hosts = np.array([entry["group_host"] for entry in first["entries"]])
    kept = np.array(first["not_contradicted"]["members"], dtype=np.bool_)
    coverages = [details[slug]["coverage"] for slug in slugs]
    enough = [enough_for_a_rank(found["predicted"], found["scored"]) for found in coverages]
    settings, name = {"resamples": resamples, "seed": seed}, first["protocol"]
    sentence, rows, order = _placed(slugs, names, errors, hosts, enough, protocol=name, **settings)
    sentence_without, rows_without, _ = _placed(
        slugs, names, errors[:, kept], hosts[kept], enough, protocol=name, **settings
    )
    # The same pairs for both, so that each stands beside what it is without contradicted labels.
    chosen = pairs_to_compare([i for i in order if enough[i]])

    def pairs(which: npt.NDArray[np.bool_]) -> list[PairDocument]:
        compared = compare_all(errors[:, which], cluster_codes(hosts[which]), pairs=chosen, **settings)
        return [_pair(pair, slugs) for pair in compared]

    return {
        "sentence": sentence,
        "rows": rows,
        "pairs": pairs(np.ones_like(kept)),
        "not_contradicted": {"sentence": sentence_without, "rows": rows_without, "pairs": pairs(kept)},
    }


def _pair(pair: Pair, slugs: Sequence[str]) -> PairDocument:
    return {
        "a": slugs[pair.a],
        "b": slugs[pair.b],
        "difference": finite(pair.difference.value),
        "low": finite(pair.difference.low),
        "high": finite(pair.difference.high),
        "p_value": finite(pair.test.p_value),
        "resolved": pair.resolved,
    }


def _placed(
    slugs: Sequence[str],
    names: Mapping[str, str],
    errors: FloatArray,
    hosts: npt.NDArray[np.str_],
    enough: Sequence[bool],
    *,
    protocol: str,
    resamples: int,
    seed: int,
) -> tuple[str, list[Standing], list[int]]:
    """Return in words which systems may be the best, the rows (best first), and the order of the systems.

    `errors` (systems, n) are absolute (eV), `hosts` (n) the host frameworks of the entries.
    """
    ranks = ranks_of(errors, cluster_codes(hosts), enough, resamples=resamples, seed=seed)
    order = in_order(ranks, errors.mean(axis=1).tolist(), slugs)
    placed = [(names[slugs[i]], ranks[i]) for i in order]
    sentence = sentence_of(placed, n=errors.shape[1], n_hosts=len(set(hosts.tolist())), protocol=protocol)
    if sum(enough) == 1:
        sentence = f"{placed[0][0]} is the only system with a rank."
    return sentence, [_standing(slugs[i], ranks[i]) for i in order], order


def place_without(row: BoardRow) -> tuple[bool, float]:
    """Return what systems are sorted by without contradicted labels: those without a rank come last, by their MAE."""
    found = row["not_contradicted"]
    mae = found["metrics"]["mae"]
    if found["rank"] is not None:
        return False, found["rank"]
    return True, 0.0 if mae is None or mae["value"] is None else mae["value"]


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
