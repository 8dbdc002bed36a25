"""NEB of the best hops with a potential, and the hybrid that knows its barriers where it can."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.common.text import plural
from embench.migration.network import HopBarrier, NetworkBarriers, network_barriers
from embench.neb.batch import run_hops
from embench.neb.protocol import NEB1, Settings
from embench.neb.store import RunStore
from embench.prediction.data import HopPrediction, PotentialBarrier
from embench.prediction.hybrids import with_barriers
from embench.prediction.result import PredictionResult

if TYPE_CHECKING:
    from embench.neb.batch import Step
    from embench.neb.results import NebResult

# A hop that limits a way in so large a share of the samples is worth an NEB.
LEAST_SHARE = 0.05


def with_potential(
    result: PredictionResult,
    potential: str,
    *,
    most: int = 3,
    folder: Path,
    settings: Settings = NEB1,
    progress: Callable[[Step], None] | None = None,
) -> PredictionResult:
    """Return the prediction with NEB barriers of the hops that matter most.

    The barriers stand beside those of the model. Where a hybrid baseline (:data:`~embench.prediction.hybrids.HYBRIDS`)
    has learned from barriers of the potential, its barrier is given as well; otherwise a note says why not.

    Parameters
    ----------
    potential : a name of the registry of :mod:`embench.neb`, or ``module:function``.
    most : at most so many hops.
    folder : where finished NEB results are kept, a folder for each potential and crystal.
    progress : called with each finished hop.

    Raises as :func:`embench.neb.batch.run_hops` does.
    """
    chosen = best_hops(result, most)
    hops: list[Any] = [result.predictions[number].hop for number in chosen]
    place = folder / hashlib.sha256(f"{potential}|{settings.digest}|{result.name}".encode()).hexdigest()[:16]
    found = run_hops(hops, potential, out=place, settings=settings, progress=progress)
    barriers = {number: found[hop.entry_id] for number, hop in zip(chosen, hops, strict=True)}
    hybrids, note = with_barriers(result, potential, barriers, RunStore(place))
    predictions = tuple(
        replace(each, potential=PotentialBarrier(result=barriers[number], **hybrids.get(number, {})))
        if number in barriers
        else each
        for number, each in enumerate(result.predictions)
    )
    left = len(result) - len(chosen)
    computed = f"NEB with {potential} ({settings.name}) of {plural(len(chosen), 'hop')}"
    notes = [computed + (f", {left} left out" if left else "")]
    return replace(
        result,
        predictions=predictions,
        network_of_potential=_network(result, predictions),
        notes=(*result.notes, *notes, note),
    )


def best_hops(result: PredictionResult, most: int) -> list[int]:
    """Return the numbers of the hops that decide the ways through the crystal, the lowest barriers first.

    Those that limit a way in at least LEAST_SHARE of the samples, and all that are lower than the limiting hop of the
    highest dimension: without them there is no way.
    """
    if result.network is None or not result.network.ways:
        order = sorted(range(len(result)), key=lambda number: result.barriers[number])
        return order[:most]
    highest = max(way.barrier for way in result.network.ways.values())
    shares = [way.limiting_shares for way in result.network.ways.values()]
    limiting = {hop for share in shares for hop, part in share.items() if part >= LEAST_SHARE}
    needed = {number for number, barrier in enumerate(result.barriers) if barrier <= highest + 1e-9}
    return sorted(limiting | needed, key=lambda number: result.barriers[number])[:most]


def _network(result: PredictionResult, predictions: Sequence[HopPrediction]) -> NetworkBarriers | None:
    """Return the ways by the barriers of the potential; hops without one keep that of the model."""
    if result.hops is None or not any(_value(each) for each in predictions):
        return None
    barriers = []
    for each in predictions:
        neb = _value(each)
        if neb is None:
            barriers.append(HopBarrier(forward=each.barrier, interval=each.interval))
        else:
            barriers.append(
                HopBarrier(
                    forward=max(0.0, neb.barrier_max_minus_start or 0.0),
                    backward=max(0.0, neb.barrier_backward or 0.0),
                )
            )
    return network_barriers(result.hops, barriers, shared=predictions[0].calibration.shared)


def _value(each: HopPrediction) -> NebResult | None:
    if each.potential is None or not each.potential.result.has_value:
        return None
    return each.potential.result
