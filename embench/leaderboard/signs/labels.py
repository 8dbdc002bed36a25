"""Predictions that are the labels, nearly the labels, or the labels for a part of the entries."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from embench.leaderboard.signs.predicted import FloatArray, Pool, Predicted, Sign, label_seen_in_training

FEWEST = 30
CLOSE_EV = 0.05
"""A median absolute error below this is close to the labels: that of honest submissions is 0.10 eV and more."""

SPIKES = ((5e-4, 20.0), (0.01, 5.0))
"""Half width (eV) of a window around zero error, and how many times wider the one that it is compared with is."""

FEWEST_IN_SPIKE = 5
SPIKE_RATIO = 3.0
SPIKE_P = 1e-4


def signs(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield signs that the labels were looked at, beyond what copies of training labels explain."""
    errors = predicted.size[predicted.given]
    if len(errors) < FEWEST:
        return
    middle = float(np.median(errors))
    if middle < CLOSE_EV:
        best = min((float(np.nanmedian(other.size)) for other in pool.others(predicted)), default=math.nan)
        text = f"Half of the predictions are within {middle:.3f} eV of the label"
        yield Sign("close-to-labels", predicted.protocol, f"{text}; for the next best submission it is {best:.3f} eV.")
    # A model that copies labels from its training side meets those that occur there too.
    own = predicted.given & ~label_seen_in_training(predicted.protocol)
    for width, factor in SPIKES:
        inside, expected = _count(predicted.size[own], width, factor)
        if (
            inside >= max(FEWEST_IN_SPIKE, SPIKE_RATIO * expected)
            and poisson_tail(inside, max(expected, 0.5)) < SPIKE_P
        ):
            yield Sign(
                "equal-to-labels",
                predicted.protocol,
                f"{inside} of {int(own.sum())} predictions are within {width:g} eV of a label that no training entry "
                f"has; from the errors just beyond, {expected:.1f} are expected.",
            )
            return


def _count(errors: FloatArray, width: float, factor: float) -> tuple[int, float]:
    """Return how many errors are within `width`, and how many would be at the density up to `factor` times that."""
    # Labels and predictions are decimal fractions: the edge must not depend on their rounding.
    inside = int((errors <= width + 1e-9).sum())
    around = int((errors <= factor * width + 1e-9).sum()) - inside
    return inside, around / (factor - 1.0)


def poisson_tail(count: int, mean: float) -> float:
    """Return the probability of `count` or more events where `mean` are expected."""
    # Not through scipy.stats, whose import takes longer than the scoring of a submission.
    from scipy.special import pdtrc

    return float(pdtrc(count - 1, mean)) if count else 1.0
