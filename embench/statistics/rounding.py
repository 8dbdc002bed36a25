"""What is equal but for rounding.

A sum differs in its last bits with the order of its terms, and a matrix product takes them in the order that suits the
processor. Whatever counts how many values lie below another one must therefore take values for equal that differ by
no more than that; else two processors give one file two ranks.
"""

from __future__ import annotations

import numpy as np

from embench.metrics.sample import FloatArray

# Sums of n terms differ by less than n times 1.1e-16 of the sum of their sizes: far less than this for any board.
RELATIVE = 1e-12


def rounding_of(value: float) -> float:
    """Return by how much results may differ from `value`, a score or a difference of two, and still be equal to it.

    A difference of scores of about 1 carries their rounding however small it is itself: never less than 1e-12.
    """
    return RELATIVE * max(1.0, abs(value))


def subtract(own: FloatArray, other: FloatArray) -> FloatArray:
    """Return `own` minus `other`, sums of absolute errors of one shape, and zero where they differ by rounding only."""
    difference = own - other
    difference[np.abs(difference) <= RELATIVE * (own + other)] = 0.0
    return difference


def midranks(losses: FloatArray) -> FloatArray:
    """Return the rank of each value in its row of `losses` (rows, k), not negative; 1 is the lowest.

    Equal values share the mean of their ranks.
    """
    order = np.argsort(losses, axis=1, kind="stable")
    ordered = np.take_along_axis(losses, order, axis=1)
    k = losses.shape[1]
    apart = np.diff(ordered, axis=1) > RELATIVE * ordered[:, 1:]
    edge = np.ones((len(losses), 1), dtype=np.bool_)
    place = np.arange(k)
    first = np.maximum.accumulate(np.where(np.hstack((edge, apart)), place, 0), axis=1)
    last = np.minimum.accumulate(np.where(np.hstack((apart, edge)), place, k - 1)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty_like(losses)
    np.put_along_axis(ranks, order, 1.0 + (first + last) / 2.0, axis=1)
    return ranks
