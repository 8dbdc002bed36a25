"""Bands of images along the hop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Pathway
from embench.errors import UnknownNameError

FloatArray = NDArray[np.float64]
PathBuilder = Callable[[Pathway, int], FloatArray]


def straight_path(entry: Pathway, n: int) -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band along the straight line.

    The migrating ion moves in `n` - 1 equal steps from ``frac_coords[0]`` to ``path_end``, unwrapped; the
    other sites stay where the initial structure has them. With `n` = 5 this is the band of the release.
    """
    band = np.repeat(entry.frac_coords[np.newaxis], n, axis=0)
    band[:, 0] = np.linspace(entry.frac_coords[0], entry.path_end, n)
    return band


def relaxed_path(entry: Pathway, n: int) -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band along the relaxed path.

    The images are spaced evenly along :func:`embench.pathways.relaxed_path`, which leads from ``frac_coords[0]`` around
    the atoms in the way to the minimum image of ``path_end``; the other sites stay where they are.
    """
    from embench.pathways import relaxed_band

    return relaxed_band(entry, n)


# How a band is laid between the ends of a hop; a further way is one further line.
PATHS: dict[str, PathBuilder] = {"straight": straight_path, "relaxed": relaxed_path}


def band(entry: Pathway, n: int, *, path: str = "straight") -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band of `n` images, both ends included.

    Raises :class:`~embench.errors.UnknownNameError` for an unknown `path` and ``ValueError`` for ``n < 2``.
    """
    if path not in PATHS:
        raise UnknownNameError("path", path, PATHS)
    if n < 2:
        raise ValueError(f"a band has at least its two ends, n = {n} is too few")
    return PATHS[path](entry, n)
