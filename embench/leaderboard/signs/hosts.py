"""Right on average in each host framework, though not on its entries: the labels came in as means, or permuted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from embench.leaderboard.signs.predicted import FloatArray, Predicted, Sign
from embench.metrics.sample import IntArray
from embench.statistics.resampling import cluster_codes

FEWEST_HOSTS = 30
"""Host frameworks with two predicted entries or more."""

RATIO = 0.4
"""Error of a host's mean over the errors around it (medians): honest submissions have 0.52 and more."""


def signs(predicted: Predicted) -> Iterator[Sign]:
    """Yield a sign where the mean of a host framework is far better known than what its entries differ by."""
    hosts = cluster_codes(predicted.scored.labels["group_host"].tolist())
    error = predicted.prediction - predicted.scored.target
    between, within = errors_of_hosts(error[predicted.given], hosts[predicted.given])
    if len(between) < FEWEST_HOSTS:
        return
    of_means, around = float(np.median(between)), float(np.median(within))
    if of_means < RATIO * around:
        yield Sign(
            "knows-host-means",
            predicted.protocol,
            f"The mean prediction of a host framework is off by {of_means:.3f} eV (median of {len(between)}), its "
            f"entries by {around:.3f} eV around it: labels of the host as means, or permuted.",
        )


def errors_of_hosts(error: FloatArray, hosts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the sizes of the mean errors of hosts with two entries or more, and of the errors around them.

    `error` and `hosts` are those of n entries; eV.
    """
    count = np.bincount(hosts)
    mean = np.bincount(hosts, weights=error) / np.maximum(count, 1)
    several = count >= 2
    return np.abs(mean[several]), np.abs(error - mean[hosts])[several[hosts]]
