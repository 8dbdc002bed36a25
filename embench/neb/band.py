"""The band: improved tangents, spring forces, relaxation of the whole band, and images that climb alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.neb.lbfgs import Lbfgs
from embench.neb.protocol import Settings

Floats = NDArray[np.float64]

# Gives energies (n,), eV, and forces (n, N, 3), eV/Å, of positions (n, N, 3), Å.
Evaluate = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Band:
    """Images in order, both ends included, which stay where they are.

    Attributes
    ----------
    positions : (m, N, 3) Cartesian and unwrapped, Å: neighbouring images are nowhere a cell apart.
    energies : (m,) eV.
    forces : (m, N, 3) of the potential, eV/Å.
    """

    positions: Floats
    energies: Floats
    forces: Floats

    def moved(self, images: list[int], positions: Floats, evaluate: Evaluate) -> Band:
        """Return the band with some images at other positions (n, N, 3)."""
        energies, forces = evaluate(positions)
        new = Band(self.positions.copy(), self.energies.copy(), self.forces.copy())
        new.positions[images], new.energies[images], new.forces[images] = positions, energies, forces
        return new

    @property
    def highest(self) -> int:
        """The highest inner image."""
        return 1 + int(np.argmax(self.energies[1:-1]))

    def humps(self, window: float) -> list[int]:
        """Return inner images higher than both neighbours and within `window` (eV) of the highest image, by height."""
        energies, top = self.energies, float(self.energies.max())
        found = [
            i
            for i in range(1, len(energies) - 1)
            if energies[i] > max(energies[i - 1], energies[i + 1]) and energies[i] >= top - window
        ]
        return sorted(found, key=lambda i: -energies[i])


@dataclass(frozen=True, eq=False)
class Outcome:
    """A band after its relaxation.

    `fmax` is the largest force on an atom after the last stage, `band_fmax` that after the stage without climbing,
    eV/Å. `climbed` are the images that climbed alone; `fallback` says why the whole band went on, None where it did
    not.
    """

    band: Band
    converged: bool
    fmax: float
    band_fmax: float
    band_steps: int
    climbed: tuple[int, ...] = ()
    climb_steps: int = 0
    full_steps: int = 0
    fallback: str | None = None


@dataclass(frozen=True, eq=False)
class _Relaxed:
    band: Band
    fmax: float
    steps: int


def relax(band: Band, stages: Callable[[str], Evaluate], settings: Settings) -> Outcome:
    """Return the band relaxed as `settings` say: roughly, then its humps alone, then all of it where that fails.

    `stages` gives the function that computes energies and forces in a stage: ``band``, ``climb`` or ``full``.
    """
    rough = _relax_whole(
        band, stages("band"), settings, fmax=settings.band_fmax, steps=settings.band_steps, climbing=False
    )
    outcome = Outcome(band=rough.band, converged=False, fmax=rough.fmax, band_fmax=rough.fmax, band_steps=rough.steps)
    outcome = _climb_humps(outcome, stages("climb"), settings)
    if outcome.fallback is None:
        return outcome
    whole = _relax_whole(
        rough.band, stages("full"), settings, fmax=settings.full_fmax, steps=settings.full_steps, climbing=True
    )
    converged = whole.fmax <= settings.full_fmax
    return replace(outcome, band=whole.band, converged=converged, fmax=whole.fmax, full_steps=whole.steps, climbed=())


def tangents(positions: Floats, energies: Floats) -> Floats:
    """Return the unit tangents (m - 2, N, 3) at the inner images.

    Source: G. Henkelman and H. Jónsson, J. Chem. Phys. 113, 9978 (2000), equations 8 to 12: towards the higher
    neighbour, and at a maximum or minimum a mean of both sides weighted by energy.
    """
    forward, backward = positions[2:] - positions[1:-1], positions[1:-1] - positions[:-2]
    up, down = energies[2:] - energies[1:-1], energies[1:-1] - energies[:-2]
    largest = np.maximum(abs(up), abs(down))
    smallest = np.minimum(abs(up), abs(down))
    uphill = energies[2:] > energies[:-2]
    at_forward = np.where(uphill, largest, smallest)
    at_backward = np.where(uphill, smallest, largest)
    at_forward = np.where((up > 0) & (down > 0), 1.0, np.where((up < 0) & (down < 0), 0.0, at_forward))
    at_backward = np.where((up > 0) & (down > 0), 0.0, np.where((up < 0) & (down < 0), 1.0, at_backward))
    # Where all three are equally high, neither side is preferred.
    flat = (at_forward == 0) & (at_backward == 0)
    at_forward, at_backward = np.where(flat, 1.0, at_forward), np.where(flat, 1.0, at_backward)
    tangent = at_forward[:, None, None] * forward + at_backward[:, None, None] * backward
    norm = np.linalg.norm(tangent, axis=(1, 2), keepdims=True)
    return np.asarray(tangent / np.maximum(norm, 1e-12))


def band_forces(band: Band, spring: float, climbing: int | None = None) -> Floats:
    """Return the forces (m - 2, N, 3) on the inner images, eV/Å.

    That of the potential across the path and that of the springs (`spring`, eV/Å^2) along it; the image `climbing`
    feels no springs, and the potential along the path reversed. Source: G. Henkelman, B. P. Uberuaga and H. Jónsson,
    J. Chem. Phys. 113, 9901 (2000), equation 5.
    """
    tangent = tangents(band.positions, band.energies)
    gaps = np.linalg.norm(np.diff(band.positions, axis=0), axis=(1, 2))
    along = np.einsum("nij,nij->n", band.forces[1:-1], tangent)
    pull = spring * (gaps[1:] - gaps[:-1]) - along
    if climbing is not None:
        pull[climbing - 1] = -2 * along[climbing - 1]
    return np.asarray(band.forces[1:-1] + pull[:, None, None] * tangent)


def largest(forces: Floats) -> float:
    """Return the largest force on an atom, eV/Å, of forces (..., 3)."""
    return float(np.linalg.norm(forces, axis=-1).max(initial=0.0))


def _relax_whole(
    band: Band, evaluate: Evaluate, settings: Settings, *, fmax: float, steps: int, climbing: bool
) -> _Relaxed:
    """Move all inner images until no atom of them feels more than `fmax`, or `steps` are done."""
    inner = list(range(1, len(band.energies) - 1))
    optimiser, climber, done = Lbfgs(settings.step_cap), None, 0
    while True:
        highest = band.highest if climbing else None
        if highest != climber:
            # The forces of another climbing image do not go on from those before.
            optimiser, climber = Lbfgs(settings.step_cap), highest
        forces = band_forces(band, settings.spring_constant, highest)
        if largest(forces) <= fmax or done == steps:
            return _Relaxed(band, largest(forces), done)
        band = band.moved(inner, band.positions[1:-1] + optimiser.step(band.positions[1:-1], forces), evaluate)
        done += 1


def _climb_humps(outcome: Outcome, evaluate: Evaluate, settings: Settings) -> Outcome:
    """Return the outcome with its humps climbed, or with the reason why one of them cannot."""
    band, steps, forces = outcome.band, 0, [0.0]
    humps = band.humps(settings.climb_window)
    if not humps:
        return replace(outcome, fallback="no hump")
    for image in humps:
        climbed = _climb(band, image, evaluate, settings)
        steps += climbed.steps
        if climbed.fallback is not None:
            return replace(outcome, climb_steps=steps, fallback=climbed.fallback)
        band = climbed.band
        forces.append(climbed.fmax)
    return replace(
        outcome, band=band, converged=True, fmax=max(forces), climbed=tuple(sorted(humps)), climb_steps=steps
    )


@dataclass(frozen=True, eq=False)
class _Climbed:
    band: Band
    fmax: float
    steps: int
    fallback: str | None = None


def _climb(band: Band, image: int, evaluate: Evaluate, settings: Settings) -> _Climbed:
    """Let one image climb while the others stay."""
    start, first = band.positions[image, 0], float(band.energies[image])
    # The place of an image is that of its ion. The framework is only roughly relaxed so far, and moves on for other
    # reasons than a wrong saddle.
    gaps = np.linalg.norm(np.diff(band.positions[:, 0], axis=0), axis=1)
    room = max(settings.climb_leave_least, settings.climb_leave * float(min(gaps[image - 1], gaps[image])))
    optimiser, steps = Lbfgs(settings.step_cap), 0
    while True:
        force = band_forces(band, settings.spring_constant, image)[image - 1]
        reason = _lost(band, image, first, float(np.linalg.norm(band.positions[image, 0] - start)), room, settings)
        if reason is not None or largest(force) <= settings.climb_fmax:
            return _Climbed(band, largest(force), steps, reason)
        if steps == settings.climb_calls:
            return _Climbed(band, largest(force), steps, f"more than {steps} calls")
        position = band.positions[image] + optimiser.step(band.positions[image], force)
        band = band.moved([image], position[None], evaluate)
        steps += 1


def _lost(band: Band, image: int, first: float, moved: float, room: float, settings: Settings) -> str | None:
    """Return why a climbing image is not on the saddle of this path; None where it may be."""
    energies = band.energies
    if energies[image] < max(energies[image - 1], energies[image + 1]):
        return "below a neighbour"
    if energies[image] > first + settings.climb_rise:
        return f"rose by more than {settings.climb_rise:g} eV"
    return f"left its place by more than {room:.2g} Å" if moved > room else None


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return what is kept of a relaxation besides its band."""
    return {
        "fmax": outcome.fmax,
        "fmax_band": outcome.band_fmax,
        "steps_band": outcome.band_steps,
        "steps_climb": outcome.climb_steps,
        "steps_full": outcome.full_steps,
        "climbed_images": list(outcome.climbed),
        "fallback": outcome.fallback,
    }
