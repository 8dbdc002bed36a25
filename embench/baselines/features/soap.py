"""SOAP of the migrating ion along the straight line: what surrounds it, whatever the orientation.

The elements of the surroundings are reduced to the part they play: anion, cation of the framework, or another ion of
the migrating element. The dataset has some sixty elements, most of them in few structures; with a species for each,
nearly every feature would be zero nearly everywhere, and a new element would have none. Sizes, charges and
electronegativities are among the other features.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.crystal import Hop
from embench.errors import MissingDependencyError

Floats = NDArray[np.float64]

# Atoms weigh less the further they are, and nothing from here on, Å.
CUTOFF = 6.0
# Radial functions, largest degree of the spherical harmonics, and width of an atom (Å).
N_RADIAL, DEGREE, WIDTH = 6, 4, 0.5
# SOAP has many more features than there are entries: models see this many whitened principal components.
COMPONENTS = 20
# The names that the parts have in dscribe, which knows species as elements only, in the order of its features.
SPECIES = {"mobile": "Li", "anion": "O", "cation": "Ti"}


def soap_features(hop: Hop) -> dict[str, float]:
    """Return the power spectra at the ends, the quarters and the middle of the line, each of length one.

    Those of the two ends, and of the two quarters, are averaged: a hop and its reverse have the same features. The
    migrating ion itself and its periodic images are left out, so that the ends have an empty site.
    """
    last = len(hop.points) - 1
    places = [0, last, last // 4, last - last // 4, last // 2]
    parts = np.where(hop.is_anion, "anion", np.where(hop.is_mobile, "mobile", "cation"))
    spectra = power_spectra(hop.points[places], hop.neighbours, parts)
    spectra /= np.maximum(np.linalg.norm(spectra, axis=1, keepdims=True), np.finfo(float).tiny)
    averages = {
        "ends": (spectra[0] + spectra[1]) / 2,
        "quarters": (spectra[2] + spectra[3]) / 2,
        "middle": spectra[4],
    }
    return {f"{place}_{i}": float(value) for place, row in averages.items() for i, value in enumerate(row)}


def power_spectra(points: Floats, neighbours: Floats, parts: NDArray[np.str_]) -> Floats:
    """Return the SOAP power spectra at `points` (n, 3), Å, among `neighbours` (M, 3), Å, as (n, n_features).

    `parts` (M,) are keys of SPECIES. Each part has a spectrum of its own, without products between parts (the mode
    ``crossover`` of dscribe), over N_RADIAL (N_RADIAL + 1) / 2 pairs of radial functions and DEGREE + 1 degrees.

    Raises :class:`~embench.errors.MissingDependencyError` without dscribe.

    Source: A. P. Bartók, R. Kondor and G. Csányi, Phys. Rev. B 87, 184115 (2013); L. Himanen et al., Comput. Phys.
    Commun. 247, 106949 (2020).
    """
    from ase import Atoms

    atoms = Atoms([SPECIES[part] for part in parts.tolist()], positions=neighbours)
    return np.asarray(_descriptor().create(atoms, centers=points), np.float64)


def whitened_components(n_features: int) -> Any:
    """Return an unfitted PCA to the first COMPONENTS principal components of spectra, each of variance one.

    To be fitted on the training side of a fold.
    """
    from sklearn.decomposition import PCA

    # The full decomposition: the others depend on random numbers or lose digits.
    return PCA(min(COMPONENTS, n_features), whiten=True, svd_solver="full")


@lru_cache(maxsize=1)
def _descriptor() -> Any:
    try:
        from dscribe.descriptors import SOAP
    except ModuleNotFoundError:
        raise MissingDependencyError("dscribe", "baselines", "SOAP") from None
    return SOAP(
        species=list(SPECIES.values()),
        r_cut=CUTOFF,
        n_max=N_RADIAL,
        l_max=DEGREE,
        sigma=WIDTH,
        weighting={"function": "poly", "r0": CUTOFF, "c": 1.0, "m": 1.0},
        compression={"mode": "crossover", "species_weighting": None},
        periodic=False,
    )
