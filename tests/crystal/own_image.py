"""A small cell in which the ion hops to its own periodic image."""

from __future__ import annotations

import numpy as np

from tests.crystal.made import Made


def small_cell(*, end: tuple[float, float, float] = (1.0, 0.0, 0.0)) -> Made:
    """LiO of the structure of CsCl, cubic with 4 Å: the Li hops by a lattice vector."""
    return Made(
        lattice=np.eye(3) * 4.0,
        atomic_numbers=np.array([3, 8], dtype=np.int16),
        frac_coords=np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]),
        path_end=np.array(end),
    )
