"""Predictions that are those of another submission, as they are, with some noise, or on another scale."""

from __future__ import annotations

from collections.abc import Iterator

from embench.leaderboard.signs.predicted import Pool, Predicted, Sign, _likeness


def signs(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield one sign for each other submission that these predictions may have been taken from, or it from these."""
    for other in pool.others(predicted):
        text = _likeness(predicted, other)
        if text:
            yield Sign("like-another", predicted.protocol, f"{text} {other.name} ({other.slug}).")
