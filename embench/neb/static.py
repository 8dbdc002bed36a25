"""Energies and forces on a band that somebody else has computed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import NebError
from embench.neb.calculators import Potential
from embench.neb.meter import Meter

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StaticBand:
    """Energies (m,), eV, and forces (m, N, 3), eV/Å, of a potential on given images.

    `reference_energies` and `reference_forces` are those of the file, None where it has none.
    """

    name: str
    energies: Floats
    forces: Floats
    reference_energies: Floats | None
    reference_forces: Floats | None

    @property
    def profile_error(self) -> float | None:
        """Largest difference to the reference after both profiles are set to zero at their first image, eV."""
        if self.reference_energies is None:
            return None
        mine, theirs = self.energies - self.energies[0], self.reference_energies - self.reference_energies[0]
        return float(abs(mine - theirs).max())

    @property
    def force_error(self) -> float | None:
        """Mean absolute difference of the force components, eV/Å."""
        return None if self.reference_forces is None else float(abs(self.forces - self.reference_forces).mean())


def static_bands(file: Path, potential: Potential) -> list[StaticBand]:
    """Return the energies of a potential on the bands of a file, of any format that ASE reads.

    Frames with the same ``entry_id`` in their ``info`` are one band; a file without is one band.

    Raises
    ------
    NebError
        The file cannot be read, or the images of a band have different atoms or cells.
    PotentialError
        The potential has failed.
    """
    return [_band(name, frames, potential) for name, frames in _bands_of(file).items()]


def read_images(file: Path) -> list[Any]:
    """Return the images of a file as ASE ``Atoms``; raises :class:`~embench.errors.NebError` where there are none."""
    from ase.io import read

    try:
        frames: Any = read(file, index=":")
    except Exception as error:  # each reader of ASE has its own
        raise NebError(f"cannot read structures from {file}: {type(error).__name__}: {error}") from None
    if not frames:
        raise NebError(f"{file} holds no structures")
    return list(frames)


def _bands_of(file: Path) -> dict[str, list[Any]]:
    bands: dict[str, list[Any]] = {}
    for frame in read_images(file):
        bands.setdefault(str(frame.info.get("entry_id", file.name)), []).append(frame)
    return bands


def _band(name: str, frames: list[Any], potential: Potential) -> StaticBand:
    first = frames[0]
    for number, frame in enumerate(frames):
        if not np.array_equal(frame.numbers, first.numbers):
            raise NebError(f"{name}: image {number} has other atoms than image 0, or in another order")
        if not np.allclose(frame.cell.array, first.cell.array, atol=1e-4):
            raise NebError(f"{name}: image {number} has another cell than image 0; a band keeps its cell")
    meter = Meter(potential, first.numbers, np.asarray(first.cell.array, np.float64))
    energies, forces = meter.evaluate("band", np.stack([frame.positions for frame in frames]))
    return StaticBand(
        name=name,
        energies=energies,
        forces=forces,
        reference_energies=_all(frames, "energy"),
        reference_forces=_all(frames, "forces"),
    )


def _all(frames: list[Any], quantity: str) -> Floats | None:
    """Return a quantity that the file has for all images, else None."""
    if any(frame.calc is None or quantity not in frame.calc.results for frame in frames):
        return None
    return np.stack([np.asarray(frame.calc.results[quantity], np.float64) for frame in frames])
