"""Better than anybody can be without the labels: of every kind of system, potentials too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from embench.leaderboard.signs.predicted import BoolArray, FloatArray, Pool, Predicted, Sign, is_copy
from embench.statistics.paired import sign_flip_test
from embench.statistics.resampling import cluster_codes

FEWEST = 30
"""Entries from which on an error is looked at."""

FAR_BETTER = 0.75
"""MAE as a multiple of that of the next best: honest leaders have 0.81 and more."""
P_VALUE = 0.01

FEWEST_LEFT = 100
"""Entries beyond the number of submissions that the labels are explained with."""
MOST_OTHERS = 30
SHARED = 0.4
"""Correlation with the label of what nobody else explains: 0.32 at most for honest submissions."""
HIGHEST_EV = 3.0
# A copy of a mixture has no rest, and what is left by rounding must not be correlated with anything.
LEAST_REST_EV = 1e-6


def signs(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield signs that these predictions know more of the labels than repeats and the other submissions do."""
    if predicted.given.sum() < FEWEST:
        return
    others = [other for other in pool.others(predicted) if not is_copy(predicted, other)]
    yield from _better_than_repeats(predicted)
    yield from _far_better(predicted, others)
    yield from _knows_the_rest(predicted, others)


@lru_cache(maxsize=1)
def difference_of_repeats() -> float:
    """Return by how much the labels of two entries for the same hop differ on average, eV (docs/label-audit.md)."""
    from embench.audit.noise import find_duplicates
    from embench.dataset import load

    return find_duplicates(load()).mean_difference().value


def _better_than_repeats(predicted: Predicted) -> Iterator[Sign]:
    """Compare with independent calculations of the same hops."""
    mae, repeats = float(predicted.size[predicted.given].mean()), difference_of_repeats()
    if mae < repeats:
        yield Sign(
            "better-than-repeats",
            predicted.protocol,
            f"The MAE is {mae:.3f} eV; two independent calculations of one hop differ by {repeats:.3f} eV on average.",
        )


def _far_better(predicted: Predicted, others: list[Predicted]) -> Iterator[Sign]:
    """Compare with the next best submission, on the entries that both predict."""
    found = []
    for other in others:
        both = predicted.given & other.given
        if both.sum() >= max(FEWEST, 0.5 * predicted.given.sum()):
            found.append((_ratio(float(predicted.size[both].mean()), float(other.size[both].mean())), other, both))
    if not found:
        return
    ratio, best, both = max(found, key=lambda each: each[0])
    if ratio >= FAR_BETTER:
        return
    hosts = cluster_codes(predicted.scored.labels["group_host"].tolist())
    surplus = np.where(both, best.size - predicted.size, 0.0)
    if sign_flip_test(np.bincount(hosts, weights=surplus).astype(np.float64), seed=0).p_value < P_VALUE:
        mae, rival = float(predicted.size[both].mean()), float(best.size[both].mean())
        yield Sign(
            "far-better",
            predicted.protocol,
            f"The MAE is {mae:.3f} eV, {ratio:.2f} times that of the next best, {best.name} ({rival:.3f} eV).",
        )


def _ratio(mae: float, rival: float) -> float:
    """Return one MAE over another, which is zero where somebody hands in the labels."""
    return mae / rival if rival else 1.0 if not mae else math.inf


def _knows_the_rest(predicted: Predicted, others: list[Predicted]) -> Iterator[Sign]:
    """Look for knowledge of the labels that no combination of the other submissions has."""
    given = predicted.given
    shares = [other for other in others if other.given[given].mean() >= 0.5]
    best = sorted(shares, key=lambda other: (float(np.nanmean(other.size)), other.slug))[:MOST_OTHERS]
    if not best or given.sum() < len(best) + FEWEST_LEFT:
        return
    found = partial_correlation(
        _bounded(predicted.prediction[given]),
        _bounded(predicted.scored.target[given]),
        np.stack([_bounded(_filled(other)[given]) for other in best]),
    )
    if found > SHARED:
        yield Sign(
            "knows-the-rest",
            predicted.protocol,
            f"What no combination of {len(best)} other submissions explains of the labels, these predictions follow "
            f"with a correlation of {found:.2f}: labels mixed in, or a choice made by the labels.",
        )


def partial_correlation(first: FloatArray, second: FloatArray, given: FloatArray) -> float:
    """Return the correlation of `first` and `second` (n) without what a linear fit to `given` (k, n) explains.

    0 where nothing is left of one of them.
    """
    design = np.column_stack([np.ones(len(first)), *given])
    rests = [values - design @ np.linalg.lstsq(design, values, rcond=None)[0] for values in (first, second)]
    if min(float(rest.std()) for rest in rests) < LEAST_REST_EV:
        return 0.0
    return float(np.corrcoef(*rests)[0, 1])


def _bounded(barriers: FloatArray) -> FloatArray:
    """Return barriers with the highest ones brought down: a few of them would decide every correlation."""
    return np.clip(barriers, 0.0, HIGHEST_EV)


def _filled(predicted: Predicted) -> FloatArray:
    missing: BoolArray = ~predicted.given
    return np.where(missing, predicted.scored.median, predicted.prediction)
