"""Potentials whose saddles are known exactly, and hops to go with them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CELL = 12.0
# The path of the ion lies along x from LEFT to LEFT + SPAN, Å.
LEFT, SPAN = 3.0, 4.0


@dataclass(frozen=True, eq=False)
class MadeHop:
    """A hop of one's own: not an entry, only the arrays."""

    entry_id: str = "made"
    frac_coords: Any = field(default_factory=lambda: np.array([[LEFT, 6.0, 6.0], [9.0, 9.0, 9.0]]) / CELL)
    path_end: Any = field(default_factory=lambda: np.array([LEFT + SPAN, 6.0, 6.0]) / CELL)
    lattice: Any = field(default_factory=lambda: np.eye(3) * CELL)
    atomic_numbers: Any = field(default_factory=lambda: np.array([3, 8], dtype=np.int16))
    functional: str = "GGA"


class Wave:
    """An ion in E = b sin²(n π u) along its path (u = 0 … 1), bent by `bend`; harmonic across it, the other atom held.

    With ``n = 1`` the saddle is in the middle and `barrier` high; with ``n = 2`` there is a minimum in the middle and
    the two saddles lie at a quarter and at three quarters, between the images of a band of five. `tilt` is added from
    start to end. Any bend leaves the energies of the stationary points as they are.
    """

    device = "cpu"

    def __init__(
        self, barrier: float = 0.7, humps: int = 1, *, bend: float = 0.0, tilt: float = 0.0, stiffness: float = 6.0
    ) -> None:
        self.barrier, self.humps, self.bend, self.tilt, self.stiffness = barrier, humps, bend, tilt, stiffness
        self.calls = 0

    def evaluate(self, numbers: Any, cell: Any, positions: Any) -> tuple[Any, Any]:
        self.calls += len(positions)
        x, y, z = (positions[:, 0, axis] for axis in range(3))
        u, k = (x - LEFT) / SPAN, self.humps * np.pi
        middle, slope = 6.0 + self.bend * np.sin(np.pi * u), self.bend * np.pi * np.cos(np.pi * u)
        # Beyond the ends the energy goes on as a wave; a smooth step gives the tilt, flat at both ends.
        step, step_slope = (1 - np.cos(np.pi * u)) / 2, np.pi * np.sin(np.pi * u) / 2
        energies = self.barrier * np.sin(k * u) ** 2 + self.tilt * step
        energies = energies + self.stiffness / 2 * ((y - middle) ** 2 + (z - 6.0) ** 2)
        along = self.barrier * k * np.sin(2 * k * u) + self.tilt * step_slope - self.stiffness * (y - middle) * slope
        forces = np.zeros_like(positions)
        forces[:, 0] = np.stack([-along / SPAN, -self.stiffness * (y - middle), -self.stiffness * (z - 6.0)], axis=1)
        rest = positions[:, 1:] - 9.0
        forces[:, 1:] = -self.stiffness * rest
        return energies + self.stiffness / 2 * (rest**2).sum(axis=(1, 2)), forces


def wave(barrier: float = 0.7, humps: int = 1, tilt: float = 0.0) -> Wave:
    """A factory as a user writes one."""
    return Wave(barrier, humps, tilt=tilt)


class Broken:
    """Raises, or gives what is no number, from the call `after` on."""

    def __init__(self, how: str, after: int = 0) -> None:
        self.how, self.left, self.inner = how, after, Wave()

    def evaluate(self, numbers: Any, cell: Any, positions: Any) -> tuple[Any, Any]:
        self.left -= 1
        energies, forces = self.inner.evaluate(numbers, cell, positions)
        if self.left >= 0:
            return energies, forces
        if self.how == "raise":
            raise RuntimeError("no neighbours")
        if self.how == "nan":
            return energies * np.nan, forces
        if self.how == "explode":
            return energies, forces + 1e9
        if self.how == "memory":
            raise MemoryError
        if self.how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return energies[:-1], forces[:-1]


def harmonic(stiffness: float = 1.0) -> Any:
    """A factory of an ASE calculator that works for any crystal: springs to where the atoms stand at first."""
    from ase.calculators.calculator import Calculator, all_changes

    class Harmonic(Calculator):
        implemented_properties = ["energy", "forces"]  # noqa: RUF012

        def calculate(self, atoms=None, properties=None, system_changes=all_changes):
            super().calculate(atoms, properties, system_changes)
            frac = atoms.get_scaled_positions(wrap=False)
            phase = 2 * np.pi * frac
            cell = np.linalg.inv(atoms.cell.array)
            # Periodic in each lattice vector: a smooth landscape with no pair terms.
            self.results = {
                "energy": float(stiffness * (1 - np.cos(phase)).sum() / 10),
                "forces": -(stiffness * 2 * np.pi * np.sin(phase) / 10) @ cell.T,
            }

    return Harmonic()


class SlowWave(Wave):
    """Takes its time, so that a test can interrupt it."""

    def evaluate(self, numbers: Any, cell: Any, positions: Any) -> tuple[Any, Any]:
        time.sleep(0.05)
        return super().evaluate(numbers, cell, positions)


def slow_wave() -> SlowWave:
    """A factory of a slow potential."""
    return SlowWave(tilt=0.1)


def impossible() -> Any:
    """A factory that fails."""
    return 1 / 0
