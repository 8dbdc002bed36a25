"""Features of hops: what the pathway baselines see of a structure.

Everything is computed from the structure of the initial state, the end of the hop and the functional, so that a
user's own structure has the same features as an entry of the dataset. No target is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.errors import FeatureError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embench.crystal import Hop, Pathway

__all__ = ["FEATURE_SETS", "FeatureSet", "feature_table"]


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """A named set of features; `version` changes whenever a value may, `order` whenever the order of names may."""

    name: str
    version: str
    description: str
    compute: Callable[[Hop, Pathway], dict[str, float]]
    order: str = ""


def _composition(hop: Hop, _: Pathway) -> dict[str, float]:
    from embench.baselines.features.composition import composition_features

    return composition_features(hop)


def _geometry(hop: Hop, _: Pathway) -> dict[str, float]:
    from embench.baselines.features.geometry import geometry_features

    return geometry_features(hop)


def _radial(hop: Hop, _: Pathway) -> dict[str, float]:
    from embench.baselines.features.geometry import radial_features

    return radial_features(hop)


def _barriers(hop: Hop, _: Pathway) -> dict[str, float]:
    from embench.baselines.features.profiles import barrier_features

    return barrier_features(hop)


def _soap(hop: Hop, _: Pathway) -> dict[str, float]:
    from embench.baselines.features.soap import soap_features

    return soap_features(hop)


FUNCTIONALS = ("GGA", "GGA+U", "SCAN", "LDA")


def _functional(_: Hop, entry: Pathway) -> dict[str, float]:
    return {name: float(entry.functional == name) for name in FUNCTIONALS}


FEATURE_SETS: dict[str, FeatureSet] = {
    made.name: made
    for made in (
        FeatureSet(
            name="composition",
            version="1",
            order="-b",
            description="elements of the framework, formal charges, and the migrating ion",
            compute=_composition,
        ),
        FeatureSet(
            name="geometry",
            version="2",
            description="distances, coordination, bottlenecks along the straight line, and packing",
            compute=_geometry,
        ),
        FeatureSet(
            name="radial",
            version="2",
            description="smooth counts of neighbours by distance at the ends and along the straight line",
            compute=_radial,
        ),
        FeatureSet(
            name="barriers",
            version="2",
            description="energy profiles from bond-valence and repulsion potentials, with neighbours that give way",
            compute=_barriers,
        ),
        FeatureSet(
            name="soap",
            version="1",
            description="SOAP of the migrating ion at the ends and along the straight line, elements reduced to parts",
            compute=_soap,
        ),
        FeatureSet(name="functional", version="1", description="exchange-correlation functional", compute=_functional),
    )
}


def feature_table(entries: Iterable[Pathway], sets: Sequence[str]) -> tuple[NDArray[np.float64], list[str]]:
    """Return the features of `entries`, (n_entries, n_features), and their names, ``set:feature``.

    Values are kept in the cache (:mod:`embench.baselines.features.cache`).

    Raises
    ------
    UnknownNameError
        For a feature set that does not exist.
    FeatureError
        For a structure that the features have no model for: an element without parameters, no anion, no volume; for
        a functional that no entry of the dataset has, an ion that is not the first site, and no entry at all.
    """
    import numpy as np

    from embench.baselines.features.cache import cached
    from embench.crystal import hop_of
    from embench.crystal.hop import structure_digest

    for name in sets:
        if name not in FEATURE_SETS:
            raise UnknownNameError("feature set", name, FEATURE_SETS)
    entries = tuple(entries)
    if not entries:
        raise FeatureError("there is no entry to compute features of; give at least one")
    for entry in entries:
        _check_entry(entry)
    rows: list[dict[str, float]] = []
    for entry in entries:
        hops: list[Hop] = []

        def hop(pathway: Pathway, kept: list[Hop] = hops) -> Hop:
            if not kept:
                kept.append(hop_of(pathway))
            return kept[0]

        row: dict[str, float] = {}
        digest = structure_digest(entry)
        for name in sets:
            chosen = FEATURE_SETS[name]
            compute = lambda pathway, chosen=chosen, hop=hop: chosen.compute(hop(pathway), pathway)  # noqa: E731
            found = cached(entry, name=name, version=chosen.version + chosen.order, compute=compute, digest=digest)
            row |= {f"{name}:{feature}": value for feature, value in found.items()}
        rows.append(row)
    names = list(rows[0])
    for position, row in enumerate(rows):
        # What is fitted knows its columns by position, so their order must not depend on what is in the crystal.
        assert list(row) == names, f"structure {position} has other features, or in another order, than structure 0"
    table = np.array([[row[name] for name in names] for row in rows], dtype=np.float64).reshape(len(rows), len(names))
    if not np.isfinite(table).all():
        row_at, column_at = np.argwhere(~np.isfinite(table))[0]
        raise FeatureError(f"the feature {names[column_at]} of structure {row_at} is {table[row_at, column_at]}")
    return table, names


def _check_entry(entry: Pathway) -> None:
    """Raise FeatureError for an entry whose features would be those of another hop, without a word."""
    if entry.functional not in FUNCTIONALS:
        hint = "; PBE and PBEsol are GGA" if entry.functional.upper().startswith("PBE") else ""
        raise FeatureError(
            f"{entry.entry_id}: unknown functional {entry.functional!r}; known: {', '.join(FUNCTIONALS)}{hint}"
        )
    ion = getattr(entry, "mobile_ion", None)
    if ion is None or len(entry.atomic_numbers) == 0:
        return
    from pymatgen.core import Element

    first = Element.from_Z(int(entry.atomic_numbers[0])).symbol
    if first != ion:
        raise FeatureError(
            f"{entry.entry_id}: the first site is {first} and the migrating ion {ion}; site 0 must be the one that "
            "migrates: put it first"
        )
