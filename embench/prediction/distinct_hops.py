"""Barriers of all direct hops in the structure of an entry, by a model that has not seen its host framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.audit.common_errors import MODEL, PROTOCOL, read_model
from embench.audit.distinct_hops import DistinctHop, alike
from embench.baselines.features.cache import nothing_kept, remembered
from embench.baselines.registry import baseline_spec
from embench.common.threads import one_thread
from embench.dataset import load
from embench.errors import FeatureError, StructureError
from embench.migration import find_hops
from embench.migration.find import SYMPREC
from embench.splits import protocol

if TYPE_CHECKING:
    from embench.dataset import Entry
    from embench.migration.hops import Hops

Floats = NDArray[np.float64]
# Å: the ends of a found hop are those of the released one within this.
_SAME_END = 0.1
# Å: sites that are nearer to each other are one; no released hop is shorter.
_SAME_SITE = 1.5
# eV: the table has four decimals.
_SAME_BARRIER = 2e-4
# Å: tolerance of the symmetry of a host that is relaxed around the ion.
_SYMPREC = 0.3
# Å: hops are looked for up to this length, or that of the released one.
_SHORTEST_REACH = 4.0


def distinct_hops(entry: Entry) -> tuple[DistinctHop, ...]:
    """Return the direct hops of the ion in the structure of `entry`, shortest first, and the released one among them.

    The barriers are those of :data:`~embench.audit.common_errors.MODEL`, fitted on the training side of the entry's
    fold of :data:`~embench.audit.common_errors.PROTOCOL`; where no fold scores its host framework, on all scored
    entries. That of the released hop is predicted for the cell of the entry; the others have the rest of
    the crystal as it is in that cell.

    Raises :class:`~embench.errors.StructureError` or :class:`~embench.errors.FeatureError` where the structure has no
    hops that can be found, or predicted.
    """
    hops = hops_of_entry(entry)
    own = released_hop(entry, hops)
    others = [number for number in range(len(hops)) if number != own]
    model = _model(entry)
    with nothing_kept():
        rows = model.table([entry, *(hops[number] for number in others)])
        barriers = [float(value) for value in model.predict_table(rows).mean]
    counts = [hops[own].multiplicity if own is not None else 1, *(hops[number].multiplicity for number in others)]
    lengths = [entry.hop_distance, *(hops[number].hop_distance for number in others)]
    found = [
        DistinctHop(hop_distance=length, multiplicity=count, barrier=barrier, released=place == 0)
        for place, (length, count, barrier) in enumerate(zip(lengths, counts, barriers, strict=True))
    ]
    return tuple(alike(found))


def find_distinct_hops(
    entries: Iterable[Entry],
    *,
    known: Mapping[str, tuple[DistinctHop, ...]] | None = None,
    progress: Callable[[str, tuple[DistinctHop, ...] | None, str], None] | None = None,
) -> Mapping[str, tuple[DistinctHop, ...]]:
    """Return :func:`distinct_hops` of each entry by its entry_id, without those whose hops cannot be found.

    Hops that are `known` are taken as they are where that of the released hop is still the prediction of the model's
    submission. `progress` is called with each entry, its hops (None for none), and what to say of it.
    """
    found, predicted = {}, read_model().barriers
    report = progress or (lambda *_: None)
    # What is cheap comes first, so that an interrupted run has most of the entries.
    for entry in sorted(entries, key=_size):
        name = entry.entry_id
        hops = (known or {}).get(name)
        if hops is not None and _is_current(hops, predicted.get(name)):
            found[name] = hops
            report(name, hops, "known")
            continue
        try:
            found[name] = distinct_hops(entry)
            report(name, found[name], f"{len(found[name])} hops")
        except (StructureError, FeatureError) as error:
            report(name, None, str(error))
    return found


def _size(entry: Entry) -> int:
    """Return the number of sites in the cells of all hops that are to be predicted; zero where none are found."""
    try:
        return sum(hop.n_sites for hop in hops_of_entry(entry))
    except (StructureError, FeatureError):
        return 0


def _is_current(hops: Iterable[DistinctHop], prediction: float | None) -> bool:
    return prediction is not None and any(
        hop.released and abs(hop.barrier - prediction) < _SAME_BARRIER for hop in hops
    )


def hops_of_entry(entry: Entry) -> Hops:
    """Return all direct hops of the ion in the structure of `entry`, with the end of the released hop as a site.

    Where the ion is alone in the cell (dilute limit), the symmetry of the empty host makes the other sites from the
    two ends. Raises as :func:`~embench.migration.find.find_hops`.
    """
    from pymatgen.core import Element, Lattice, Structure

    symbols = [str(Element.from_Z(int(number)).symbol) for number in entry.atomic_numbers]
    sites = np.vstack([entry.frac_coords[0], entry.path_end])
    dilute = entry.concentration_limit == "dilute"
    if dilute:
        sites = _by_symmetry(entry, sites)
        coords = np.vstack([sites, entry.frac_coords[1:]])
        names = [entry.mobile_ion] * len(sites) + symbols[1:]
    else:
        coords = np.vstack([entry.frac_coords, entry.path_end])
        names = [*symbols, entry.mobile_ion]
    return find_hops(
        Structure(Lattice(entry.lattice), names, coords),
        entry.mobile_ion,
        longest=max(entry.hop_distance, _SHORTEST_REACH) + 0.1,
        limit="dilute" if dilute else "vacancy",
        symprec=_SYMPREC if dilute else SYMPREC,
        functional=entry.functional,
    )


def released_hop(entry: Entry, hops: Hops) -> int | None:
    """Return the number of the hop that the entry was released with; None where it is no direct one."""
    start, end = entry.frac_coords[0] @ entry.lattice, entry.path_end @ entry.lattice
    sites, inverse = hops.network.sites, np.linalg.inv(hops.lattice)
    for found in hops.connections:
        first = sites[found.start] @ hops.lattice
        second = (sites[found.end] + found.image) @ hops.lattice
        for a, b in ((first, second), (second, first)):
            apart = np.linalg.norm((b - a) - (end - start))
            if apart <= _SAME_END and _nearest(((a - start) @ inverse)[None], hops.lattice) <= _SAME_END:
                return found.hop
    return None


def _nearest(vectors: Floats, lattice: Floats) -> float:
    """Return the length (Å) of the shortest of the fractional vectors (n, 3), without whole lattice vectors."""
    from pymatgen.core import Lattice
    from pymatgen.util.coord import pbc_shortest_vectors

    _, squared = pbc_shortest_vectors(Lattice(lattice), np.zeros((1, 3)), vectors, return_d2=True)
    return float(np.sqrt(squared.min()))


def _by_symmetry(entry: Entry, sites: Floats) -> Floats:
    """Return the sites (n, 3) and all that the symmetry of the host makes of them, in the same order and wrapped."""
    from spglib import get_symmetry

    host = (entry.lattice.tolist(), entry.frac_coords[1:].tolist(), entry.atomic_numbers[1:].tolist())
    found = get_symmetry(host, symprec=_SYMPREC)
    if found is None:
        return sites
    kept = list(sites)
    for site in sites:
        for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
            image = rotation @ site + translation
            if _nearest(image - np.array(kept), entry.lattice) > _SAME_SITE:
                kept.append(image)
    return np.array(kept)


def _model(entry: Entry) -> Any:
    """Return the baseline fitted on the training side of the fold that scores `entry`, or its host framework."""
    own = set(load().filter(group_host=entry.group_host).entry_ids)
    folds = [fold.name for fold in protocol(PROTOCOL) if own & set(fold.test_ids)]
    return _fitted(folds[0] if folds else None)


@cache
def _fitted(fold: str | None) -> Any:
    """Return the baseline fitted on the training side of a fold; None for a host that no scored entry has."""
    sides = {each.name: each.train for each in protocol(PROTOCOL)}
    train = load().select(protocol(PROTOCOL).scored_ids) if fold is None else sides[fold]
    with one_thread(), remembered():
        return baseline_spec(MODEL).create(seed=0).fit(train)
