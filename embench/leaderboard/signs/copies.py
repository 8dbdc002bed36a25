"""Predictions that are those of another submission, as they are, with some noise, or on another scale."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from embench.leaderboard.signs.predicted import SAME_EV, Pool, Predicted
from embench.leaderboard.signs.sign import Sign

FEWEST = 10
SAME_SHARE = 0.25
NEAR = 0.1
"""Nearly the same: the median difference is below this fraction of the smaller median error. The two most similar
honest submissions have 0.29."""

CORRELATION = 0.995
"""Another scale: the Pearson correlation of the predictions; honest submissions reach 0.975."""

LEAST_SPREAD_EV = 0.05


def signs(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield one sign for each other submission that these predictions may have been taken from, or it from these."""
    for other in pool.others(predicted):
        text = _likeness(predicted, other)
        if text:
            yield Sign("like-another", predicted.protocol, f"{text} {other.name} ({other.slug}).")


def is_copy(predicted: Predicted, other: Predicted) -> bool:
    """Return whether the predictions are those of the other submission, or nearly."""
    return _likeness(predicted, other) is not None


def _likeness(predicted: Predicted, other: Predicted) -> str | None:
    """Return in words how the predictions are like those of the other submission; its name is to follow."""
    if predicted.sha256 == other.sha256:
        return "The predictions file is, byte for byte, that of"
    both = predicted.given & other.given
    if both.sum() < FEWEST:
        return None
    mine, theirs = predicted.prediction[both], other.prediction[both]
    difference = np.abs(mine - theirs)
    same = float((difference <= SAME_EV).mean())
    if same >= SAME_SHARE:
        return f"{same:.0%} of the predictions are the same numbers as those of"
    typical = min(float(np.median(predicted.size[both])), float(np.median(other.size[both])))
    if float(np.median(difference)) < NEAR * typical:
        return f"The predictions differ by {float(np.median(difference)):.3f} eV (median) from those of"
    if min(mine.std(), theirs.std()) > LEAST_SPREAD_EV:
        correlation = float(np.corrcoef(mine, theirs)[0, 1])
        if correlation > CORRELATION:
            return f"On another scale (correlation {correlation:.4f}) the predictions are those of"
    return None
