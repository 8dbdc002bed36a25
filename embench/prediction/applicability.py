"""How far a hop is from what a model has learned: its nearest training entries, and what was never seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.errors import EmbenchError
from embench.prediction.kinship import Kin, as_raw

if TYPE_CHECKING:
    from embench.crystal import Pathway
    from embench.dataset import Entry
    from embench.prediction.model import About, TrainedModel

Floats = NDArray[np.float64]

# A hop that is further from all training entries than this share of the entries of a new prototype are is outside of
# what was learned.
OUTSIDE = 0.95
# A host may have one element that is new, as the features are of its properties; a new anion or ion is outside.
N_RELATIVES = 5
# What a hop may be longer or shorter than the training data, Å: rounding.
_LENGTH_ROUNDING = 0.01


@dataclass(frozen=True, kw_only=True)
class RelativeEntry:
    """A training entry that is near: what it is, its barrier (eV), its flags, and its distance in feature space."""

    entry_id: str
    formula: str
    mobile_ion: str
    prototype: str
    barrier: float
    hop_distance: float
    flags: tuple[str, ...]
    distance: float


@dataclass(frozen=True, kw_only=True)
class Applicability:
    """How far a hop is from the training data.

    Attributes
    ----------
    distance : to the nearest training entry, in feature space.
    percentile : the share of training entries, in percent, that are nearer to the nearest one of another group: of
        another host where the prototype is known, else of another prototype.
    outside : why this is outside of what was learned; empty where it is not.
    warnings : what else is unusual.
    relatives : the nearest training entries, nearest first.
    """

    distance: float
    percentile: float
    outside: tuple[str, ...]
    warnings: tuple[str, ...]
    relatives: tuple[RelativeEntry, ...]


def applicability(
    model: TrainedModel, hops: Sequence[Pathway], table: Floats, kins: Sequence[Kin], entries: Mapping[str, Entry]
) -> list[Applicability]:
    """Return how far each hop is from the training data of a model.

    Parameters
    ----------
    hops, table, kins : the hops, their features (n, n_features), and what their crystals are like.
    entries : the training entries by entry_id.
    """
    distances = model.fitted.distances(table)
    return [_of_hop(model, hop, row, kin, entries) for hop, row, kin in zip(hops, distances, kins, strict=True)]


def _of_hop(
    model: TrainedModel, hop: Pathway, distances: Floats, kin: Kin, entries: Mapping[str, Entry]
) -> Applicability:
    order = np.argsort(distances, kind="stable")[:N_RELATIVES]
    nearest = float(distances[order[0]])
    outside, warnings = unseen(model.about, hop)
    of_prototypes = model.nearest["prototype-10fold"]
    limit = float(np.quantile(of_prototypes, OUTSIDE))
    if nearest > limit:
        outside.append(
            f"further from every training entry ({nearest:.2f}) than {OUTSIDE:.0%} of the entries of a new prototype "
            f"({limit:.2f})"
        )
    return Applicability(
        distance=nearest,
        percentile=percentile(nearest, model.nearest[kin.regime]),
        outside=tuple(outside),
        warnings=tuple(warnings),
        relatives=tuple(_relative(entries[model.entry_ids[i]], float(distances[i])) for i in order),
    )


def percentile(distance: float, known: Floats) -> float:
    """Return the share, in percent, of sorted distances (n,) that are smaller."""
    return round(100.0 * float(np.searchsorted(known, distance)) / len(known), 1) if len(known) else 100.0


def unseen(about: About, hop: Pathway) -> tuple[list[str], list[str]]:
    """Return what of a hop no training entry has, and what is only unusual, in words."""
    raw = as_raw(hop)
    outside, warnings = [], []
    if raw.mobile_ion not in about.ions:
        outside.append(f"no training entry has the migrating ion {raw.mobile_ion} ({', '.join(about.ions)})")
    elif (count := about.ions[raw.mobile_ion]) < 10:
        warnings.append(f"only {count} training {'entry has' if count == 1 else 'entries have'} {raw.mobile_ion}")
    anions = _anions(hop)
    if new := sorted(anions - set(about.anions)):
        outside.append(f"no training entry has the anion {', '.join(new)}")
    if new := sorted({*raw.elements} - {raw.mobile_ion} - anions - set(about.elements)):
        warnings.append(f"no framework of the training data holds {', '.join(new)}")
    length = float(np.linalg.norm(raw.hop))
    shortest, longest = about.hop_lengths
    if not shortest - _LENGTH_ROUNDING <= length <= longest + _LENGTH_ROUNDING:
        outside.append(f"the hop of {length:.2f} Å is not between {shortest:.2f} and {longest:.2f} Å, as all learned")
    return outside, warnings


def _anions(hop: Pathway) -> frozenset[str]:
    from embench.curation.coordination import anions_of

    try:
        return anions_of(as_raw(hop))
    except EmbenchError:
        return frozenset()


def _relative(entry: Entry, distance: float) -> RelativeEntry:
    return RelativeEntry(
        entry_id=entry.entry_id,
        formula=entry.composition,
        mobile_ion=entry.mobile_ion,
        prototype=entry.group_prototype,
        barrier=entry.migration_barrier,
        hop_distance=entry.hop_distance,
        flags=entry.flags,
        distance=round(distance, 4),
    )
