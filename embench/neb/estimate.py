"""What a run will cost: a few calls timed at three sizes, or the results that are there."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from embench.crystal.hop import Pathway
from embench.neb.calculators import Potential
from embench.neb.protocol import Settings
from embench.neb.results import NebResult

P = TypeVar("P", bound=Pathway)

# Energies and forces that an entry takes: for embench-neb-1 the mean of 36 test entries with CHGNet, for published-neb
# twice that of five small ones (61), because larger cells take more.
CALLS = {"embench-neb-1": 115.0, "published-neb": 120.0, "static": 5.0}
_DEFAULT_CALLS = 120.0
# Results that the numbers of a run are trusted from.
_ENOUGH = 10


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Processor seconds of a call are ``scale * n_sites**power``, and an entry takes `calls` of them.

    `timed` are the sizes and seconds that this was fitted to.
    """

    scale: float
    power: float
    calls: float
    timed: tuple[tuple[int, float], ...]

    def seconds(self, n_sites: int) -> float:
        """Return the processor seconds that an entry is likely to take."""
        return self.calls * self.scale * math.exp(self.power * math.log(n_sites))

    def total(self, hops: Iterable[Pathway]) -> float:
        """Return the processor seconds that hops are likely to take."""
        return sum(self.seconds(len(hop.atomic_numbers)) for hop in hops)

    def within(self, hops: Sequence[P], limit: float, free: Iterable[str] = ()) -> list[P]:
        """Return the first of `hops` that take no more than `limit` seconds together; `free` are already computed."""
        kept: list[P] = []
        spent, done = 0.0, set(free)
        for hop in hops:
            spent += 0.0 if hop.entry_id in done else self.seconds(len(hop.atomic_numbers))
            if spent > limit:
                break
            kept.append(hop)
        return kept


def measured_cost(potential: Potential, hops: Sequence[Pathway], settings: Settings) -> Cost:
    """Return the cost of hops from calls that are timed here, at a small, a middle and a large cell."""
    by_size = sorted(hops, key=lambda hop: len(hop.atomic_numbers))
    places = sorted({0, len(by_size) // 2, (9 * len(by_size)) // 10})
    timed = tuple((len(by_size[i].atomic_numbers), _timed(potential, by_size[i])) for i in places)
    return _fitted(timed, CALLS.get(settings.name, _DEFAULT_CALLS))


def cost_of_results(results: Iterable[NebResult]) -> Cost | None:
    """Return the cost from results of the same potential and protocol; None where there are too few of them."""
    rows = [result for result in results if result.n_calls and result.cpu > 0]
    if len(rows) < _ENOUGH:
        return None
    timed = tuple((row.n_sites, row.cpu / row.n_calls) for row in rows)
    return _fitted(timed, float(np.mean([row.n_calls for row in rows])))


def _timed(potential: Potential, hop: Pathway) -> float:
    """Return the processor seconds of a call; the first of two is not counted, it may compile or load."""
    cell = np.asarray(hop.lattice, np.float64)
    positions = (np.asarray(hop.frac_coords, np.float64) @ cell)[None]
    potential.evaluate(hop.atomic_numbers, cell, positions)
    started = time.process_time()
    potential.evaluate(hop.atomic_numbers, cell, positions)
    return max(time.process_time() - started, 1e-6)


def _fitted(timed: tuple[tuple[int, float], ...], calls: float) -> Cost:
    sizes, seconds = (np.array(column, np.float64) for column in zip(*timed, strict=True))
    power = 1.0
    if len(set(sizes)) > 1:
        # A fit to noise must not send large cells to eternity.
        power = float(np.clip(np.polyfit(np.log(sizes), np.log(seconds), 1)[0], 0.5, 2.0))
    scale = float(np.sum(seconds) / np.sum(sizes**power))
    return Cost(scale=scale, power=power, calls=calls, timed=timed)
