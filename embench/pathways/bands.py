"""Bands of images along the hop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Pathway
from embench.errors import MissingDependencyError, UnknownNameError

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


def idpp_path(entry: Pathway, n: int) -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band that interpolates pair distances.

    The image dependent pair potential of S. Smidstrup et al., J. Chem. Phys. 140, 214106 (2014), eq. 5, as ASE has it:
    all sites of the inner images give way, and the ends stay as they are. The hop is that of the release, unwrapped.

    Raises :class:`~embench.errors.MissingDependencyError` without ASE.
    """
    try:
        from ase import Atoms
        from ase.mep.neb import NEB
    except ImportError:
        raise MissingDependencyError("ase", "structures", "an IDPP band") from None
    straight = straight_path(entry, n)
    frames = [Atoms(entry.atomic_numbers, coords @ entry.lattice, cell=entry.lattice, pbc=True) for coords in straight]
    # The method decides nothing here; the default one warns.
    NEB(frames, method="improvedtangent").interpolate(method="idpp", mic=False)
    inverse = np.linalg.inv(entry.lattice)
    band = np.stack([frame.positions @ inverse for frame in frames])
    # The ends to the last bit, which a change of coordinates and back does not keep.
    band[0], band[-1] = straight[0], straight[-1]
    return band


# How a band is laid between the ends of a hop; a further way is one further line.
PATHS: dict[str, PathBuilder] = {"straight": straight_path, "relaxed": relaxed_path, "idpp": idpp_path}


def band(entry: Pathway, n: int, *, path: str = "straight") -> FloatArray:
    """Return the fractional coordinates (n, n_sites, 3) of a band of `n` images, both ends included.

    Raises :class:`~embench.errors.UnknownNameError` for an unknown `path` and ``ValueError`` for ``n < 2``.
    """
    if path not in PATHS:
        raise UnknownNameError("path", path, PATHS)
    if n < 2:
        raise ValueError(f"a band has at least its two ends, n = {n} is too few")
    return PATHS[path](entry, n)
