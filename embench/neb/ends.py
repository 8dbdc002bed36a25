"""The ends of a hop: where they start, and their relaxation."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.crystal.hop import Pathway
from embench.neb.meter import Meter
from embench.neb.protocol import Settings

if TYPE_CHECKING:
    from ase import Atoms

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Guess:
    """A hop before any relaxation: Cartesian and unwrapped, site 0 migrates.

    Attributes
    ----------
    path : (m, 3) the migrating ion along its path through the rigid framework, Å.
    framework : (N, 3) the initial structure, Å.
    final : (N, 3) the end of the hop from which its relaxation starts, Å.
    kind : ``relaxed`` or ``straight``, how `path` was found.
    """

    path: Floats
    framework: Floats
    final: Floats
    kind: str

    def rigid(self, ion: Floats) -> Floats:
        """Return the initial structure with the ion at each of `ion` (n, 3), as (n, N, 3)."""
        images = np.repeat(self.framework[None], len(ion), axis=0)
        images[:, 0] = ion
        return images

    @property
    def hop_length(self) -> float:
        """Distance between the ends of the path, Å."""
        return float(np.linalg.norm(self.path[-1] - self.path[0]))


@dataclass(frozen=True, eq=False)
class End:
    """An end of the hop after its relaxation: positions (N, 3), energy and forces (N, 3) there."""

    positions: Floats
    energy: float
    forces: Floats
    fmax: float
    steps: int
    converged: bool


def hop_digest(hop: Pathway) -> str:
    """Return a short checksum of all arrays of a hop: another structure under the same name is another hop."""
    arrays = [hop.atomic_numbers, hop.lattice, hop.frac_coords, hop.path_end, getattr(hop, "final_frac_coords", None)]
    plain = [None if each is None else np.asarray(each, np.float64).round(8).tolist() for each in arrays]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:16]


def guess_of(hop: Pathway, kind: str) -> Guess:
    """Return the ends and the path from which a calculation starts.

    The path of the migrating ion is :func:`embench.pathways.relaxed_path`, which ends at the minimum image of the
    released end; where the structure has no ionic model, or where `kind` asks for it, the straight line to there. The
    framework of the final structure is taken where there is one, in the cell of the initial one, and no site of it
    jumps by a cell. Raises :class:`~embench.errors.FeatureError` for a hop that ends where it starts.
    """
    lattice, start = np.asarray(hop.lattice, np.float64), np.asarray(hop.frac_coords, np.float64)
    points, found = _path(hop, kind)
    final = start.copy()
    released = getattr(hop, "final_frac_coords", None)
    if released is not None:
        final = start + _nearest(np.asarray(released, np.float64) - start)
    final[0] = points[-1]
    return Guess(points @ lattice, start @ lattice, final @ lattice, found)


def relax_end(positions: Floats, meter: Meter, numbers: Any, cell: Floats, settings: Settings) -> End:
    """Return an end relaxed with ASE's QuasiNewton; its cell is kept."""
    from ase import Atoms

    atoms = Atoms(numbers, positions, cell=cell, pbc=True, calculator=meter.calculator("ends"))
    steps = _relax(atoms, settings) if settings.end_steps else 0
    forces = np.array(atoms.get_forces())
    fmax = float(np.linalg.norm(forces, axis=1).max())
    converged = fmax <= settings.end_fmax or not settings.end_steps
    return End(np.array(atoms.positions), float(atoms.get_potential_energy()), forces, fmax, steps, converged)


def _relax(atoms: Atoms, settings: Settings) -> int:
    """Relax in place; return the steps it took."""
    from ase.optimize import BFGS, QuasiNewton

    optimiser: Any = QuasiNewton(atoms, logfile=os.devnull)
    try:
        optimiser.run(fmax=settings.end_fmax, steps=settings.end_steps)
        return int(optimiser.nsteps)
    except RuntimeError:
        # Its line search gives up where the energies of a potential are too coarse for it.
        done = int(optimiser.nsteps)
    plain: Any = BFGS(atoms, logfile=os.devnull, maxstep=settings.step_cap)
    plain.run(fmax=settings.end_fmax, steps=settings.end_steps - done)
    return done + int(plain.nsteps)


def first_band(guess: Guess, start: End, end: End, n_images: int) -> Floats:
    """Return the positions (n_images, N, 3), Å, of the first band.

    The images are evenly spaced along the path through the rigid framework, and what the relaxations of the two ends
    have moved is blended in linearly.
    """
    from embench.pathways.string import evenly_spaced

    rigid = guess.rigid(evenly_spaced(guess.path, n_images))
    share = np.linspace(0.0, 1.0, n_images)[:, None, None]
    band = rigid + (1 - share) * (start.positions - rigid[0]) + share * (end.positions - rigid[-1])
    band[0], band[-1] = start.positions, end.positions
    return np.asarray(band)


def _path(hop: Pathway, kind: str) -> tuple[Floats, str]:
    """Return the path of the migrating ion (m, 3), fractional, and how it was found."""
    from embench.crystal.hop import end_of_hop
    from embench.errors import FeatureError
    from embench.pathways.relaxed import relaxed_path

    if kind == "relaxed":
        try:
            return relaxed_path(hop).points, "relaxed"
        except FeatureError:
            pass
    start = np.asarray(hop.frac_coords, np.float64)[0]
    return np.stack([start, end_of_hop(hop)]), "straight"


def _nearest(steps: Floats) -> Floats:
    return steps - np.rint(steps)
