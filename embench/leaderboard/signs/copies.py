"""Predictions that are those of another submission, as they are, with some noise, or on another scale."""

from __future__ import annotations

from collections.abc import Iterator

from embench.leaderboard.signs.predicted import Pool, Predicted, Sign, _likeness, _sameness


def signs(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield one sign for each other submission that these predictions may have been taken from, or it from these."""
    for other in pool.others(predicted):
        text = _likeness(predicted, other)
        if text:
            yield Sign("like-another", predicted.protocol, f"{text} {other.name} ({other.slug}).")


def signs_of_same_numbers(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Yield the signs of :func:`signs` that need no limit of what is near, which depends on the errors of a protocol.

    Where all systems are far from the labels, as on another dataset, honest ones are near each other.
    """
    for other in pool.others(predicted):
        text = _sameness(predicted, other)
        if text:
            yield Sign("like-another", predicted.protocol, f"{text} {other.name} ({other.slug}).")
