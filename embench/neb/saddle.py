"""From a band to the numbers that models read: what the highest image looks like, and how far it is from the ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import NebError
from embench.neb.inputs import NebInputs, NebTable

if TYPE_CHECKING:
    from embench.neb.results import NebResult
    from embench.neb.store import RunStore

Floats = NDArray[np.float64]

# Coordination is told by the nearest anion and by the mean over so many.
NEAREST = 3
# Å: what is further away is no neighbour, and a structure without neighbours of a kind has this distance.
REACH = 6.0
_DIGITS = 6

_FROM_RESULT = (
    "start_ion",
    "end_ion",
    "start_framework",
    "end_framework",
    "hop_guess",
    "hop_length",
    "path_length",
    "clearance",
)


def inputs_of(result: NebResult, frames: Sequence[Any] | None) -> NebInputs | None:
    """Return what a result and its band (images as ASE Atoms, if there are any) say; None where there is no barrier."""
    if not result.has_value:
        return None
    assert result.barrier_max_minus_min is not None  # what has a value has all three
    assert result.barrier_max_minus_start is not None
    assert result.barrier_backward is not None
    told = {} if not frames else saddle(np.array(result.energies), frames)
    return NebInputs(
        entry_id=result.entry_id,
        barrier=result.barrier_max_minus_min,
        forward=result.barrier_max_minus_start,
        backward=result.barrier_backward,
        failures=" ".join(result.flags),
        **{name: getattr(result, name) for name in _FROM_RESULT},
        **{name: round(value, _DIGITS) for name, value in told.items()},
    )


def saddle(energies: Floats, frames: Sequence[Any]) -> dict[str, float]:
    """Return what the images of a band say of its highest one; `energies` (m,), eV, site 0 migrates.

    Without an anion by the ionic model all atoms of the framework count as cations.
    """
    positions = np.array([frame.positions for frame in frames])
    highest = int(np.argmax(energies))
    anion = _anions(frames[0])
    environments = [_environment(frames[image], anion) for image in (highest, 0, -1)]
    at_saddle, *at_ends = environments
    ends = np.mean(at_ends, axis=0)
    moved = positions[highest, 1:] - (positions[0, 1:] + positions[-1, 1:]) / 2
    line, step = positions[-1, 0] - positions[0, 0], positions[highest, 0] - positions[0, 0]
    length = max(float(np.linalg.norm(line)), 1e-9)
    along = float(step @ line) / length
    around = energies[max(highest - 1, 0)] + energies[min(highest + 1, len(energies) - 1)]
    return {
        "saddle_anion": at_saddle[0],
        "saddle_anions": at_saddle[1],
        "saddle_cation": at_saddle[2],
        "ends_anion": float(ends[0]),
        "ends_anions": float(ends[1]),
        "ends_cation": min(each[2] for each in at_ends),
        "saddle_displacement": float(np.linalg.norm(moved)),
        "saddle_displacement_most": float(np.linalg.norm(moved, axis=1).max(initial=0.0)),
        "ends_displacement": float(np.linalg.norm(positions[-1, 1:] - positions[0, 1:])),
        "saddle_place": min(max(0.0, min(along, length - along)) / length, 0.5),
        "saddle_aside": float(np.sqrt(max(float(step @ step) - along**2, 0.0))),
        "curvature": float(2 * energies[highest] - around),
    }


def _anions(frame: Any) -> NDArray[np.bool_]:
    """Return which sites of a structure are anions."""
    from embench.crystal.ions import anion_elements
    from embench.errors import FeatureError

    symbols = frame.get_chemical_symbols()
    try:
        found = anion_elements(np.asarray(frame.cell), symbols, frame.get_scaled_positions())
    except FeatureError:
        return np.zeros(len(symbols), bool)
    return np.isin(symbols, sorted(found))


def _environment(frame: Any, anion: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the distances from the ion to the nearest anion, to NEAREST of them on average, and to the nearest cation.

    Periodic images of neighbours count; those of the ion itself do not.
    """
    from embench.crystal.periodic import surroundings

    others = np.arange(1, len(frame))
    lattice = np.asarray(frame.cell)
    inverse = np.linalg.inv(lattice)
    found = surroundings(lattice, frame.positions[0] @ inverse, frame.positions[1:] @ inverse, radius=REACH)
    is_anion = anion[others[found.sites]]
    near = np.sort(found.distances[is_anion])
    anions = np.concatenate([near, np.full(NEAREST, REACH)])[:NEAREST]
    return float(anions[0]), float(anions.mean()), float(found.distances[~is_anion].min(initial=REACH))


def table_of_run(store: RunStore, order: Sequence[str]) -> NebTable:
    """Return what the results of a run say, in the order of `order` (the entry ids of the dataset).

    Single points on the bands of another potential tell no more than heights: the shape is that of the other run.

    Raises :class:`~embench.errors.NebError` for a result of a hop that is not in `order`, where no entry has a barrier,
    and where a band is missing.
    """
    from embench.neb.shown import read_band

    results, key = store.results(), store.key
    of = store.bands_of
    foreign = set(results) - set(order)
    if foreign:
        raise NebError(f"{min(foreign)} is no entry of the dataset: a table for models is made of entries only")
    rows = {}
    for entry_id in order:
        result = results.get(entry_id)
        if result is not None and result.has_value:
            found = inputs_of(result, None if of else read_band(store.band_path(entry_id)))
            assert found is not None  # it has a value
            rows[entry_id] = found
    if not rows:
        raise NebError(f"{store.folder} has no barrier yet: nothing to make a table of")
    made = key["settings"]["name"]
    return NebTable(
        potential=key["potential"],
        protocol=f"{made} on bands of {of}" if of else made,
        version=key["version"] or "",
        rows=rows,
    )
