"""Results judged again: after a change of the rules, nothing has to be computed anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from embench.crystal.hop import Pathway
from embench.neb.results import rounded
from embench.neb.runner import judged, shortest_distance
from embench.neb.shown import read_band
from embench.neb.store import RunStore


def judge_again(store: RunStore, hops: Iterable[Pathway]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Give the results of `hops` in a run the flags of the rules of now, from their energies and bands.

    Returns the flags before and after of the entries whose flags have changed. Raises
    :class:`~embench.errors.NebError` where a band is missing.
    """
    results, chosen = store.results(), list(hops)
    changed: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for hop in chosen:
        result = results.get(hop.entry_id)
        if result is None or not result.has_value:
            continue
        again = judged(result if store.bands_of else replace(result, clearance=_clearance(store, hop)), hop)
        if again != result:
            store.add(again, None)
        if again.flags != result.flags:
            changed[hop.entry_id] = result.flags, again.flags
    store.write_table([hop.entry_id for hop in chosen])
    return changed


def _clearance(store: RunStore, hop: Pathway) -> float | None:
    positions = np.stack([frame.positions for frame in read_band(store.band_path(hop.entry_id))])
    lattice = np.asarray(hop.lattice, np.float64)
    return rounded(shortest_distance(positions, lattice, np.asarray(hop.frac_coords, np.float64) @ lattice))
