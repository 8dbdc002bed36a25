"""A potential with its calls counted by stage and its answers checked."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import EmbenchError, PotentialError
from embench.neb.band import Evaluate
from embench.neb.calculators import Potential

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]

# A force above this is no force between atoms, eV/Å.
LARGEST_FORCE = 1e5


class Meter:
    """A potential for one crystal: counts calls and processor seconds by stage, and lets no NaN pass."""

    def __init__(self, potential: Potential, numbers: Numbers, cell: Floats) -> None:
        self._potential, self._numbers, self._cell = potential, numbers, cell
        self.calls: dict[str, int] = defaultdict(int)
        self.cpu: dict[str, float] = defaultdict(float)

    @property
    def device(self) -> str:
        """Where the potential computes, as far as it says."""
        return str(getattr(self._potential, "device", "cpu"))

    def evaluate(self, stage: str, positions: Floats) -> tuple[Floats, Floats]:
        """Return energies (n,), eV, and forces (n, N, 3), eV/Å, of positions (n, N, 3), Å.

        Raises :class:`~embench.errors.PotentialError` where the potential raises, or gives no finite numbers.
        """
        started = time.process_time()
        self.calls[stage] += len(positions)
        try:
            energies, forces = self._potential.evaluate(self._numbers, self._cell, positions)
        except EmbenchError:
            raise
        except MemoryError:
            raise PotentialError(f"out of memory in the stage {stage}") from None
        except Exception as error:
            raise PotentialError(f"{type(error).__name__} in the stage {stage}: {_short(error)}") from error
        finally:
            self.cpu[stage] += time.process_time() - started
        return self._checked(stage, positions, energies, forces)

    def at(self, stage: str) -> Evaluate:
        """Return the function that computes energies and forces in a stage."""
        return lambda positions: self.evaluate(stage, positions)

    def calculator(self, stage: str) -> Calculator:
        """Return the potential as an ASE calculator, for ASE's optimisers."""
        from ase.calculators.calculator import Calculator, all_changes

        meter = self

        class Metered(Calculator):
            implemented_properties = ["energy", "forces"]  # noqa: RUF012 -- ASE wants a list

            def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
                super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
                energies, forces = meter.evaluate(stage, atoms.positions[None])
                self.results = {"energy": float(energies[0]), "forces": forces[0]}

        return Metered()  # type: ignore[no-untyped-call]

    def _checked(self, stage: str, positions: Floats, energies: Any, forces: Any) -> tuple[Floats, Floats]:
        energies, forces = np.asarray(energies, np.float64), np.asarray(forces, np.float64)
        if energies.shape != positions.shape[:1] or forces.shape != positions.shape:
            raise PotentialError(
                f"for positions {positions.shape} the potential gave energies {energies.shape} and forces "
                f"{forces.shape}; {positions.shape[:1]} and {positions.shape} are needed"
            )
        if not (np.isfinite(energies).all() and np.isfinite(forces).all()):
            raise PotentialError(f"an energy or force is no finite number in the stage {stage}")
        if abs(forces).max(initial=0.0) > LARGEST_FORCE:
            raise PotentialError(f"a force of {abs(forces).max():.3g} eV/Å in the stage {stage}")
        return energies, forces


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"
