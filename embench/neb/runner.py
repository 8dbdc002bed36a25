"""One hop and one potential: from the structures to a result."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.crystal.hop import Pathway
from embench.errors import EmbenchError, MissingDependencyError
from embench.neb.band import Band, Outcome, largest, relax, summary
from embench.neb.calculators import Potential, as_potential
from embench.neb.ends import End, Guess, first_band, guess_of, hop_digest, relax_end
from embench.neb.failures import failures_of, profile_of, without_exploded
from embench.neb.meter import Meter
from embench.neb.protocol import NEB1, Settings
from embench.neb.published import relax_with_ase
from embench.neb.results import NebResult, barriers, rounded

Floats = NDArray[np.float64]

# Å: atoms of the given structure that are nearer are bonded, and atoms further apart than the second never clash.
BOND, REACH = 1.5, 2.0


@dataclass(frozen=True, eq=False)
class Calculation:
    """A result and the band it was read from; the band is None where the calculation failed."""

    result: NebResult
    band: Band | None


def run(hop: Pathway, calculator: Any, settings: Settings = NEB1) -> NebResult:
    """Return the barrier of one hop.

    Parameters
    ----------
    hop
        An entry of the dataset, or anything with the arrays of :class:`~embench.crystal.hop.Pathway`;
        ``final_frac_coords`` (N, 3) is used where it has one.
    calculator
        An ASE calculator, or an object with ``evaluate``, see :class:`~embench.neb.calculators.Potential`.

    Raises
    ------
    NebError
        `calculator` is none. One that raises, or gives what is no finite number, makes a result with the status
        ``failed``.
    """
    return calculate(hop, as_potential(calculator), settings).result


def calculate(hop: Pathway, potential: Potential, settings: Settings = NEB1, *, name: str = "") -> Calculation:
    """Return the result of one hop and its band; `name` is what the potential is called in the result."""
    numbers, cell = np.asarray(hop.atomic_numbers), np.asarray(hop.lattice, np.float64)
    meter = Meter(potential, numbers, cell)
    blank = NebResult(
        entry_id=hop.entry_id,
        potential=name or type(potential).__name__,
        protocol=settings.name,
        status="failed",
        n_sites=len(numbers),
        structure=hop_digest(hop),
    )
    bands: list[Band] = []

    def compute() -> NebResult:
        found, band = _calculated(hop, meter, settings)
        bands.append(band)
        return judged(replace(blank, **found), hop)

    result = measured(blank, meter, compute)
    return Calculation(result, bands[0] if bands else None)


def measured(blank: NebResult, meter: Meter, compute: Callable[[], NebResult]) -> NebResult:
    """Return what `compute` returns, or `blank` with the reason why it failed; with the cost, the device and the time.

    Raises :class:`~embench.errors.MissingDependencyError`, which is the same for every hop and no failure of this one.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    try:
        result = compute()
    except MissingDependencyError:
        raise
    except EmbenchError as error:
        result = replace(blank, reason=str(error), flags=("crash",))
    except (MemoryError, ArithmeticError, ValueError, RuntimeError) as error:
        # What ASE and numpy say to positions that a potential has blown apart.
        result = replace(blank, reason=f"{type(error).__name__}: {error}", flags=("crash",))
    return replace(
        result,
        calls=dict(meter.calls),
        cpu_seconds={stage: round(value, 3) for stage, value in meter.cpu.items()},
        seconds=round(time.perf_counter() - clock, 3),
        device=meter.device,
        host=f"{platform.machine()} {platform.system()}",
        started=started,
    )


def judged(result: NebResult, hop: Pathway) -> NebResult:
    """Return the result with the flags that the rules of now give it."""
    equivalent: bool | None = getattr(hop, "endpoints_equivalent", getattr(hop, "ends_equivalent", None))
    flagged = replace(result, flags=failures_of(profile_of(result, ends_equivalent=equivalent)))
    return without_exploded(flagged)


def _calculated(hop: Pathway, meter: Meter, settings: Settings) -> tuple[dict[str, Any], Band]:
    guess = guess_of(hop, "straight" if settings.path == "straight" else "relaxed")
    numbers, cell = hop.atomic_numbers, np.asarray(hop.lattice, np.float64)
    start = relax_end(guess.framework, meter, numbers, cell, settings)
    end = relax_end(guess.final, meter, numbers, cell, settings)
    if settings.engine == "ase":
        outcome = relax_with_ase(start, end, meter, numbers, cell, settings)
    else:
        positions = first_band(guess, start, end, settings.n_images)
        energies, forces = meter.evaluate("band", positions[1:-1])
        band = Band(
            positions,
            np.array([start.energy, *energies, end.energy]),
            np.concatenate([start.forces[None], forces, end.forces[None]]),
        )
        outcome = relax(band, meter.at, settings) if settings.engine == "band" else _as_it_is(band)
    laid = "idpp" if settings.path == "idpp" else guess.kind
    return {**_described(hop, guess, start, end, outcome), "path": laid}, outcome.band


def _as_it_is(band: Band) -> Outcome:
    fmax = largest(band.forces)
    return Outcome(band=band, converged=True, fmax=fmax, band_fmax=fmax, band_steps=0)


def _described(hop: Pathway, guess: Guess, start: End, end: End, outcome: Outcome) -> dict[str, Any]:
    """Return the fields of a result that tell of the band and of its ends."""
    band = outcome.band
    ion = band.positions[:, 0]
    at_start, at_end = start.positions - guess.framework, end.positions - guess.final
    moved = {
        "start_ion": float(np.linalg.norm(at_start[0])),
        "start_framework": float(np.linalg.norm(at_start[1:], axis=1).max(initial=0.0)),
        "end_ion": float(np.linalg.norm(at_end[0])),
        "end_framework": float(np.linalg.norm(at_end[1:], axis=1).max(initial=0.0)),
    }
    hop_length = float(np.linalg.norm(ion[-1] - ion[0]))
    clearance = shortest_distance(band.positions, np.asarray(hop.lattice, np.float64), guess.framework)
    converged = outcome.converged and start.converged and end.converged
    lengths = {
        "hop_guess": guess.hop_length,
        "hop_length": hop_length,
        "path_length": float(np.linalg.norm(np.diff(ion, axis=0), axis=1).sum()),
        "clearance": clearance,
    }
    forces = {"fmax_start": start.fmax, "fmax_end": end.fmax}
    described = summary(outcome)
    return {
        "status": "converged" if converged else "not-converged",
        "reason": None if converged else _reason(start, end, outcome),
        "energies": tuple(round(float(energy), 6) for energy in band.energies),
        "steps_start": start.steps,
        "steps_end": end.steps,
        **{name: rounded(value) for name, value in {**barriers(band.energies), **moved, **lengths, **forces}.items()},
        **described,
        **{name: rounded(described[name]) for name in ("fmax", "fmax_band")},
        "climbed_images": tuple(described["climbed_images"]),
    }


def _reason(start: End, end: End, outcome: Outcome) -> str:
    parts = [
        f"{what}: a force of {fmax:.3g} eV/Å is left"
        for what, fmax, converged in (
            ("start", start.fmax, start.converged),
            ("end", end.fmax, end.converged),
            ("band", outcome.fmax, outcome.converged),
        )
        if not converged
    ]
    return "; ".join(parts)


def shortest_distance(positions: Floats, cell: Floats, reference: Floats) -> float:
    """Return the shortest distance, Å, between two atoms in images (m, N, 3), periodic images included.

    Pairs that are bonded in the structure `reference` (N, 3) do not count: the atoms of a carbonate or a nitrate are
    nearer to each other than two atoms ever should be that are not. It is at most `REACH`, beyond which is not looked.
    """
    bonded = {pair for pair, _ in _pairs(reference, cell, BOND)}
    found = (distance for each in positions for pair, distance in _pairs(each, cell, REACH) if pair not in bonded)
    return min(found, default=REACH)


def _pairs(positions: Floats, cell: Floats, reach: float) -> list[tuple[tuple[int, int], float]]:
    """Return pairs of atoms (i, j) within `reach` and their distances, Å."""
    from ase.neighborlist import primitive_neighbor_list

    first, second, distances = primitive_neighbor_list("ijd", [True] * 3, cell, positions, reach)
    return list(zip(zip(first.tolist(), second.tolist(), strict=True), distances.tolist(), strict=True))
