"""One result of a NEB calculation: a typed row, and its band."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from embench.errors import NebError

Floats = NDArray[np.float64]

Status = Literal["converged", "not-converged", "failed", "skipped"]
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True, kw_only=True)
class NebResult:
    """One hop and one potential. Energies are in eV, lengths in Å, forces in eV/Å; what was not computed is None.

    Attributes
    ----------
    entry_id : of the entry, or of the user's own hop.
    status : ``converged``; ``not-converged``, with a value all the same; ``failed``, without one, for `reason`;
        ``skipped``, never tried, for `reason`.
    flags : names of :data:`embench.neb.failures.FAILURES`.
    energies : of all images, both ends included.
    barrier_max_minus_min : what the board ranks potentials by.
    barrier_max_minus_start, barrier_backward : the highest image above the start and above the end of the hop.
    start_ion, start_framework, end_ion, end_framework : how far the relaxations moved the ion, and at most an atom of
        the framework, from the structure they started from.
    hop_guess, hop_length, path_length : distance of the ends before and after their relaxation, and the length of the
        path of the migrating ion from image to image.
    clearance : shortest distance between two atoms in any image that are not bonded in the given structure.
    path : how the first band was laid.
    fmax : largest force after the last stage; fmax_start, fmax_end, fmax_band : at the ends, and of the band without
        climbing.
    climbed_images : that climbed alone; fallback : why the whole band climbed instead.
    calls, cpu_seconds : of the potential, by stage.
    seconds : of the whole calculation, on one thread of the machine.
    structure : checksum of the hop that was computed, see :func:`embench.neb.ends.hop_digest`.
    """

    entry_id: str
    potential: str
    protocol: str
    status: Status
    reason: str | None = None
    flags: tuple[str, ...] = ()
    n_sites: int = 0
    energies: tuple[float, ...] = ()
    barrier_max_minus_min: float | None = None
    barrier_max_minus_start: float | None = None
    barrier_backward: float | None = None
    start_ion: float | None = None
    start_framework: float | None = None
    end_ion: float | None = None
    end_framework: float | None = None
    hop_guess: float | None = None
    hop_length: float | None = None
    path_length: float | None = None
    clearance: float | None = None
    path: str | None = None
    fmax: float | None = None
    fmax_start: float | None = None
    fmax_end: float | None = None
    fmax_band: float | None = None
    steps_start: int = 0
    steps_end: int = 0
    steps_band: int = 0
    steps_climb: int = 0
    steps_full: int = 0
    climbed_images: tuple[int, ...] = ()
    fallback: str | None = None
    calls: dict[str, int] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    device: str = ""
    host: str = ""
    structure: str = ""
    started: str = ""

    @property
    def has_value(self) -> bool:
        """Whether there is a barrier."""
        return self.barrier_max_minus_min is not None

    @property
    def n_calls(self) -> int:
        """Energies and forces that were computed, all stages together."""
        return sum(self.calls.values())

    @property
    def cpu(self) -> float:
        """Processor seconds of the potential, all stages together."""
        return sum(self.cpu_seconds.values())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NebResult:
        """Return the result that :meth:`to_dict` has written.

        Raises :class:`~embench.errors.NebError` where that is none.
        """
        known = {each.name for each in fields(cls)}
        taken: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known
        }
        try:
            result = cls(**taken)
        except TypeError as error:
            raise NebError(f"no result of a NEB calculation: {error}") from None
        if result.status not in STATUSES:
            raise NebError(f"{result.entry_id}: unknown status {result.status!r}")
        return result


def barriers(energies: Floats) -> dict[str, float]:
    """Return the three barriers of image energies (m,), eV."""
    top = float(energies.max())
    return {
        "barrier_max_minus_min": top - float(energies.min()),
        "barrier_max_minus_start": top - float(energies[0]),
        "barrier_backward": top - float(energies[-1]),
    }


def rounded(value: float | None, digits: int = 6) -> float | None:
    """Return a finite value to a number of digits that a file needs not more of; None for what is not finite."""
    return round(float(value), digits) if value is not None and math.isfinite(value) else None
