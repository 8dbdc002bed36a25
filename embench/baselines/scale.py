"""The scale on which baselines learn barriers: log(E + OFFSET), and what predictions are kept to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OFFSET = 0.3
"""Barriers are learned as log(E + OFFSET), eV: relative errors for large ones, absolute errors for small ones."""

LEAST, LARGEST = 0.0, 10.0
"""Predictions are kept to what has been observed at all, eV."""


def to_log(barriers: Floats) -> Floats:
    """Return log(E + OFFSET) of barriers (n,), eV."""
    return np.asarray(np.log(barriers + OFFSET), np.float64)


def from_log(logarithms: Floats) -> Floats:
    """Return the barriers (n,), eV, with these log(E + OFFSET), kept to LEAST and LARGEST."""
    return np.asarray(np.clip(np.exp(logarithms) - OFFSET, LEAST, LARGEST), np.float64)
