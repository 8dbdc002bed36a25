"""Energies of one potential on the bands that another one has relaxed: single points, at a hundredth of the cost.

Three structures of a band are enough for a barrier: both ends, and the highest image between them. Nothing is relaxed,
so that the barrier is that of the second potential on the path of the first one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.common.executor import Executor
from embench.common.memory import keep_freed_memory
from embench.common.threads import one_thread
from embench.errors import NebError
from embench.neb.batch import HopDone, Progress, loaded_potential, run_key, versions_of, work_through
from embench.neb.calculators import Potential, potential_spec
from embench.neb.failures import failures_of, profile_of
from embench.neb.meter import Meter
from embench.neb.protocol import STATIC
from embench.neb.results import NebResult, barriers
from embench.neb.runner import measured
from embench.neb.select import dataset_of_run
from embench.neb.shown import read_band
from embench.neb.store import RunStore

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BandTask:
    """One band to compute, as it is sent to a worker.

    Attributes
    ----------
    result : of the band.
    numbers, cell : (N,) and (3, 3), Å.
    positions : (3, N, 3), Å, of the images that :func:`deciding_images` names.
    ends_equivalent : whether symmetry makes the ends of the hop equal; None where that is not known.
    """

    result: NebResult
    numbers: NDArray[np.integer[Any]]
    cell: Floats
    positions: Floats
    ends_equivalent: bool | None
    potential: str
    options: str

    @property
    def entry_id(self) -> str:
        """Of the hop."""
        return self.result.entry_id

    @property
    def n_sites(self) -> int:
        """Number of atoms."""
        return len(self.numbers)


def run_single_points(
    bands: RunStore,
    potential: str,
    *,
    out: Path,
    entry_ids: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    retry: bool = False,
) -> dict[str, NebResult]:
    """Compute single points on the bands of a run and return the results by entry_id.

    Parameters
    ----------
    bands
        The run whose bands are taken; those without a barrier are left out.
    potential
        A name of the registry, or ``module:function``.
    out
        The folder of the new run. Bands that it has results of are not computed again, except those that failed where
        `retry` is set, and those whose barrier has changed since.
    entry_ids
        In this order; all of `bands` by default.

    Raises
    ------
    NebError
        There is no such run, `out` holds results of another one, or a band is missing or damaged.
    """
    spec, of = potential_spec(potential), bands.key
    found = {entry_id: each for entry_id, each in bands.results().items() if each.has_value}
    if not found:
        raise NebError(f"{bands.folder} has no barrier yet, so there are no bands to compute single points on")
    order = [each for each in (found if entry_ids is None else entry_ids) if each in found]
    store = RunStore(out)
    key = run_key(spec, options or {}, STATIC, of.get("dataset", ""))
    key.settings["bands"] = f"{of['potential']} {of['version'] or ''} {of['settings']['name']}".replace("  ", " ")
    store.open(key, versions_of(spec))
    known, data = store.results(), dataset_of_run(found)
    text = json.dumps(dict(options or {}), sort_keys=True)
    tasks = [
        _task(
            found[entry_id], bands, spec.name, text, data[entry_id].endpoints_equivalent if entry_id in data else None
        )
        for entry_id in order
        if not _is_done(known.get(entry_id), found[entry_id], retry=retry)
    ]
    return work_through(store, run_band, tasks, order, executor=executor, progress=progress)


def run_band(task: BandTask) -> HopDone:
    """Compute the single points of one band, with one thread; runs in a worker."""
    keep_freed_memory()
    with one_thread():
        found = single_points(task, loaded_potential(task.potential, task.options))
    return HopDone(result=found, band=None)


def single_points(task: BandTask, potential: Potential) -> NebResult:
    """Return the result of `potential` on the images of a task; no other failures are looked for than energies show."""
    meter = Meter(potential, task.numbers, task.cell)
    blank = NebResult(
        entry_id=task.entry_id,
        potential=task.potential,
        protocol=STATIC.name,
        status="failed",
        n_sites=task.n_sites,
        structure=_digest(task.result),
    )

    def compute() -> NebResult:
        energies, _ = meter.evaluate("static", task.positions)
        heights: dict[str, Any] = {key: round(value, 6) for key, value in barriers(energies).items()}
        kept = tuple(round(float(energy), 6) for energy in energies)
        result = replace(blank, status="converged", energies=kept, **heights)
        return replace(result, flags=failures_of(profile_of(result, ends_equivalent=task.ends_equivalent)))

    return measured(blank, meter, compute)


def deciding_images(energies: Sequence[float]) -> tuple[int, int, int]:
    """Return the numbers of the start, of the highest image between the ends, and of the end of a band."""
    return 0, 1 + int(np.argmax(energies[1:-1])), len(energies) - 1


def _task(result: NebResult, bands: RunStore, potential: str, options: str, ends_equivalent: bool | None) -> BandTask:
    frames = read_band(bands.band_path(result.entry_id))
    if len(frames) != len(result.energies):
        raise NebError(
            f"{bands.band_path(result.entry_id)} has {len(frames)} images, and the result of {result.entry_id} "
            f"{len(result.energies)} energies: copy both from the same run"
        )
    return BandTask(
        result=result,
        numbers=frames[0].numbers,
        cell=np.asarray(frames[0].cell.array, np.float64),
        positions=np.stack([frames[image].positions for image in deciding_images(result.energies)]),
        ends_equivalent=ends_equivalent,
        potential=potential,
        options=options,
    )


def _is_done(known: NebResult | None, band: NebResult, *, retry: bool) -> bool:
    """Return whether there is a result of this band already."""
    return known is not None and known.structure == _digest(band) and not (retry and known.status == "failed")


def _digest(band: NebResult) -> str:
    """Return a checksum of a band, by the energies of its images."""
    return hashlib.sha256(json.dumps([band.entry_id, *band.energies]).encode()).hexdigest()[:16]
