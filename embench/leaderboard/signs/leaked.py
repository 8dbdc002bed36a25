"""Better on entries that have relatives in training than on the others, beyond what is usual."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from embench.leaderboard.signs.predicted import BoolArray, FloatArray, Pool, Predicted, Sign, seen_in_training
from embench.metrics.sample import IntArray
from embench.statistics.resampling import cluster_codes

RELATIVES = {"the same compound": "group_compound", "the same host framework": "group_host"}
FEWEST_HOSTS = 8
"""Host frameworks on either side: the standard error is made of their differences."""

FEWEST_OTHERS = 4
FACTOR = 1.5
Z = 3.0
# eV: errors smaller than this count as equal, so that a single lucky hit does not weigh like a large error.
SMALL_EV = 0.05


def signs(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield a sign where errors, relative to those of other submissions, are smaller on entries with relatives.

    The difference of the mean logarithms of that ratio, entries without minus entries with relatives, must be a factor
    of 1.5 or more and three standard errors, host frameworks taken as independent.
    """
    usual = pool.usual_error(predicted, at_least=FEWEST_OTHERS)
    if usual is None:
        return
    relative = np.log((predicted.size + SMALL_EV) / (usual + SMALL_EV))
    hosts = cluster_codes(predicted.scored.labels["group_host"].tolist())
    known = np.isfinite(relative)
    for words, column in RELATIVES.items():
        leaked = seen_in_training(predicted.protocol, column)
        if min(len(np.unique(hosts[side & known])) for side in (leaked, ~leaked)) < FEWEST_HOSTS:
            continue
        gap, error = gap_between(relative[known], leaked[known], hosts[known])
        if math.exp(gap) >= FACTOR and gap >= Z * error:
            yield Sign(
                "better-on-leaked",
                predicted.protocol,
                f"Compared with other submissions, the errors are {math.exp(gap):.1f} times smaller on the "
                f"{int(leaked.sum())} entries with {words} in training than on the {int((~leaked).sum())} without "
                f"({gap / error:.1f} standard errors).",
            )
            return


def gap_between(values: FloatArray, leaked: BoolArray, hosts: IntArray) -> tuple[float, float]:
    """Return the mean of `values` (n) outside `leaked` minus that inside, and its standard error clustered by host."""
    weight = np.where(leaked, -1.0 / leaked.sum(), 1.0 / (~leaked).sum())
    residual = np.where(leaked, values - values[leaked].mean(), values - values[~leaked].mean())
    of_host = np.bincount(hosts, weights=weight * residual)
    return float((weight * values).sum()), float(np.sqrt((of_host**2).sum()))
