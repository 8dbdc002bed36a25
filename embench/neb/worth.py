"""Hops that are worth computing: missing in the dataset, in crystals that systems disagree about.

Candidates are the symmetry-distinct hops (:mod:`embench.migration`) of crystals that the dataset holds, the vacancy of
an entry filled, as far as no entry of the crystal has a hop of their length. Nothing here looks at a barrier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embench.dataset import Dataset, Entry, load
from embench.dataset.writers import file_names, write_band
from embench.errors import FeatureError, InvalidValueError, OutputError, StructureError
from embench.evaluation.together import LABELS, load_predictions
from embench.migration import find_hops
from embench.migration.hop import MigrationHop
from embench.pathways.bands import PATHS
from embench.splits.registry import MAIN_PROTOCOL

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

# Systems that say nothing of a hop, so that their disagreement with others is none.
NO_OPINION = frozenset({"median", "nearest-neighbour"})
# A hop is there already where an entry of the crystal has one of this length, Å; longer ones than this are passed over.
SAME_LENGTH, LONGEST = 0.1, 6.0
# Crystals with more sites than this cost too much with DFT.
MOST_SITES = 200


@dataclass(frozen=True, eq=False)
class WorthwhileHop:
    """A hop that the dataset lacks, and why it is worth computing.

    `disagreement` is the standard deviation over systems of what they predict for the entries of the crystal (eV), on
    average, `n_entries` how many entries there are of this host and ion, and `score` the disagreement divided by the
    square root of that number: the higher, the more a barrier would tell.
    """

    hop: MigrationHop
    formula: str
    ion: str
    structure_class: str
    host: str
    disagreement: float
    n_entries: int
    score: float


def hops_worth_computing(
    n: int, *, progress: Callable[[int, int], None] = lambda *_: None
) -> tuple[WorthwhileHop, ...]:
    """Return the `n` hops that would tell most, best first: at most two of one crystal.

    `progress` is called with how many hops were found, and how many are wanted. Raises
    :class:`~embench.errors.InvalidValueError` for fewer than one.
    """
    if n < 1:
        raise InvalidValueError(f"the number of hops must be positive, and is {n}")
    data = load().filter(exclude_flags=["structure_corrupt", "elements_misplaced", "suspect_endpoints"])
    found: list[WorthwhileHop] = []
    for score, disagreement, entries in _ranked(data):
        found += _missing(entries, score=score, disagreement=disagreement)[:2]
        progress(min(len(found), n), n)
        if len(found) >= n:
            break
    return tuple(found[:n])


def _ranked(data: Dataset) -> list[tuple[float, float, list[Entry]]]:
    """Return the entries of each host and ion with their score and disagreement, highest score first."""
    table = load_predictions(MAIN_PROTOCOL)
    systems = [name for name in table.columns if name not in {*LABELS, "flags", *NO_OPINION}]
    complete = [name for name in systems if table[name].notna().all()]
    spread = dict(zip(table.index, table[complete].to_numpy().std(axis=1, ddof=1).tolist(), strict=True))
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in data:
        if entry.entry_id in spread:
            groups[entry.group_host_ion].append(entry)
    ranked = []
    for entries in groups.values():
        disagreement = float(np.mean([spread[entry.entry_id] for entry in entries]))
        ranked.append((disagreement / float(np.sqrt(len(entries))), disagreement, entries))
    return sorted(ranked, key=lambda item: (-item[0], item[2][0].entry_id))


def _missing(entries: Sequence[Entry], *, score: float, disagreement: float) -> list[WorthwhileHop]:
    """Return the hops of the crystal of some entries that none of them has, shortest first."""
    entry = min(entries, key=lambda entry: (entry.n_sites, entry.entry_id))
    if entry.n_sites > MOST_SITES:
        return []
    try:
        hops = find_hops(_filled(entry), entry.mobile_ion, limit=entry.concentration_limit, functional=entry.functional)
    except (StructureError, FeatureError):
        return []  # no second site within reach, or an ion without a model
    known = [other.hop_distance_minimum_image for other in entries]
    return [
        WorthwhileHop(
            hop=hop,
            formula=entry.formula,
            ion=entry.mobile_ion,
            structure_class=entry.structure_class,
            host=entry.group_host,
            disagreement=disagreement,
            n_entries=len(entries),
            score=score,
        )
        for hop in sorted(hops.hops, key=lambda hop: hop.hop_distance)
        if hop.hop_distance < LONGEST and all(abs(hop.hop_distance - length) > SAME_LENGTH for length in known)
    ]


def _filled(entry: Entry) -> Structure:
    """Return the crystal of an entry with an ion at the end of the hop too, where the vacancy is."""
    structure = entry.structure()
    structure.append(entry.mobile_ion, entry.path_end % 1.0)
    return structure


def export_hops(found: Sequence[WorthwhileHop], folder: Path, *, images: int = 7, path: str = "idpp") -> list[Path]:
    """Write the band of each hop as folders of POSCARs, ready for NEB, and return the folders.

    Raises :class:`~embench.errors.OutputError` where one is there already, and
    :class:`~embench.errors.InvalidValueError` for fewer than three images.
    """
    if images < 3:
        raise InvalidValueError(f"a band has two ends and an image between them, {images} is too few")
    names = file_names([_name(i, one) for i, one in enumerate(found, start=1)])
    folders = []
    for place, one in zip(names.values(), found, strict=True):
        target = folder / place
        if target.exists():
            raise OutputError(f"{target} exists already; name another folder")
        write_band(one.hop, PATHS[path](one.hop, images), target)
        folders.append(target)
    return folders


def _name(number: int, one: WorthwhileHop) -> str:
    return f"{number:02d}-{one.formula}-{one.ion}-{one.hop.hop_distance:.2f}A"
