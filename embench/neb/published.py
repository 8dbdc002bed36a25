"""The protocol of the literature's runs of universal potentials on this dataset, with plain ASE."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.neb.band import Band, Outcome
from embench.neb.ends import End
from embench.neb.meter import Meter
from embench.neb.protocol import Settings

Floats = NDArray[np.float64]


def relax_with_ase(start: End, end: End, meter: Meter, numbers: Any, cell: Floats, settings: Settings) -> Outcome:
    """Return the band that ASE relaxes between two ends: IDPP, then BFGS without climbing.

    Source: the notebooks beside A. K. Bheemaguli, P. Xiao and G. Sai Gautam, Digital Discovery (2026),
    doi:10.1039/d5dd00534e.
    """
    from ase import Atoms
    from ase.mep import NEB
    from ase.optimize import BFGS

    ends = np.stack([start.positions, end.positions])
    images = [Atoms(numbers, ends[0], cell=cell, pbc=True) for _ in range(settings.n_images - 1)]
    images.append(Atoms(numbers, ends[1], cell=cell, pbc=True))
    for image in images:
        image.calc = meter.calculator("band")
    neb: Any = NEB(images, k=settings.spring_constant, method="eb", climb=False)
    neb.interpolate(method="idpp")
    optimiser: Any = BFGS(neb, logfile=os.devnull, maxstep=settings.step_cap)
    converged = bool(optimiser.run(fmax=settings.band_fmax, steps=settings.band_steps))
    band = Band(
        positions=np.stack([image.positions for image in images]),
        energies=np.array([start.energy, *(image.get_potential_energy() for image in images[1:-1]), end.energy]),
        forces=np.stack([start.forces, *(image.get_forces() for image in images[1:-1]), end.forces]),
    )
    fmax = float(neb.get_residual())
    return Outcome(band=band, converged=converged, fmax=fmax, band_fmax=fmax, band_steps=int(optimiser.nsteps))
