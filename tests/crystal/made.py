"""Small structures with a hop, made by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass
class Made:
    """A pathway that is no entry of the dataset."""

    lattice: NDArray[np.float64]
    atomic_numbers: NDArray[np.int16]
    frac_coords: NDArray[np.float64]
    path_end: NDArray[np.float64]
    entry_id: str = "made"
    functional: str = "GGA"


def rocksalt(*, cation: int, anion: int, length: float) -> Made:
    """A cubic cell of rock salt with one cation missing; the first cation hops to the empty site."""
    corners = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]], dtype=float)
    return Made(
        lattice=np.eye(3) * length,
        atomic_numbers=np.array([cation] * 3 + [anion] * 4, dtype=np.int16),
        frac_coords=np.vstack([corners[[0, 2, 3]], (corners + np.array([0.5, 0, 0])) % 1.0]),
        path_end=np.array([0.0, 0.5, 0.5]),
    )
