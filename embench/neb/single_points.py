"""Energies of one potential on the bands that another one has relaxed: single points, at a hundredth of the cost.

Three structures of a band are enough for a barrier: both ends, and the highest image between them. Nothing is relaxed,
so that the barrier is that of the second potential on the path of the first one.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from embench.common.executor import Executor
from embench.common.memory import keep_freed_memory
from embench.common.threads import one_thread
from embench.errors import EmbenchError, MissingDependencyError, NebError
from embench.neb.batch import HopDone, Progress, loaded_potential, run_key, versions_of, work_through
from embench.neb.calculators import Potential, potential_spec
from embench.neb.failures import failures_of, profile_of
from embench.neb.meter import Meter
from embench.neb.protocol import STATIC
from embench.neb.results import NebResult, barriers
from embench.neb.shown import read_band
from embench.neb.store import RunStore


@dataclass(frozen=True, kw_only=True)
class BandTask:
    """One band to compute, as it is sent to a worker: its result, and the numbers of the images that count."""

    result: NebResult
    numbers: Any
    cell: Any
    positions: Any
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
    known = store.results()
    tasks = [
        _task(found[entry_id], bands, spec.name, json.dumps(dict(options or {}), sort_keys=True))
        for entry_id in order
        if not _is_done(known.get(entry_id), found[entry_id], retry=retry)
    ]
    return work_through(store, run_band, tasks, order, executor=executor, progress=progress)


def run_band(task: BandTask) -> HopDone:
    """Compute the single points of one band, with one thread; runs in a worker."""
    keep_freed_memory()
    with one_thread():
        potential = loaded_potential(task.potential, task.options)
        found = single_points(task.result, task.numbers, task.cell, task.positions, potential, name=task.potential)
    return HopDone(result=found, band=None)


def single_points(
    band: NebResult, numbers: Any, cell: Any, positions: Any, potential: Potential, *, name: str
) -> NebResult:
    """Return the result of `potential`, called `name`, on the images that :func:`deciding_images` names.

    `band` is the result that they are of, `numbers` (N,), `cell` (3, 3), Å, and `positions` (3, N, 3), Å.
    """
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    meter = Meter(potential, np.asarray(numbers), np.asarray(cell, np.float64))
    result = NebResult(
        entry_id=band.entry_id,
        potential=name,
        protocol=STATIC.name,
        status="failed",
        n_sites=len(numbers),
        device=str(getattr(potential, "device", "cpu")),
        host=f"{platform.machine()} {platform.system()}",
        started=started,
        structure=_digest(band),
    )
    try:
        energies, _ = meter.evaluate("static", np.asarray(positions, np.float64))
    except MissingDependencyError:  # the same for every band: no failure of this one
        raise
    except EmbenchError as error:
        result = replace(result, reason=str(error), flags=("crash",))
    else:
        found: dict[str, Any] = {key: round(value, 6) for key, value in barriers(energies).items()}
        kept = tuple(round(float(energy), 6) for energy in energies)
        result = replace(result, status="converged", energies=kept, **found)
        result = replace(result, flags=failures_of(profile_of(result, ends_equivalent=None)))
    return replace(
        result,
        calls=dict(meter.calls),
        cpu_seconds={stage: round(value, 3) for stage, value in meter.cpu.items()},
        seconds=round(time.perf_counter() - clock, 3),
    )


def deciding_images(energies: Sequence[float]) -> tuple[int, int, int]:
    """Return the numbers of the start, of the highest image between the ends, and of the end of a band."""
    return 0, 1 + int(np.argmax(energies[1:-1])), len(energies) - 1


def _task(result: NebResult, bands: RunStore, potential: str, options: str) -> BandTask:
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
        potential=potential,
        options=options,
    )


def _is_done(known: NebResult | None, band: NebResult, *, retry: bool) -> bool:
    """Return whether there is a result of this band already."""
    return known is not None and known.structure == _digest(band) and not (retry and known.status == "failed")


def _digest(band: NebResult) -> str:
    """Return a checksum of a band, by the energies of its images."""
    return hashlib.sha256(json.dumps([band.entry_id, *band.energies]).encode()).hexdigest()[:16]
