"""The pathway annotations: what the geometry of a hop says before any energy is calculated."""

from __future__ import annotations

from collections import Counter

import numpy as np

from embench.crystal.ions import anion_radius
from embench.crystal.periodic import (
    OWN_IMAGE,
    TIE,
    Floats,
    closest_approach,
    distance_matrix,
    has_overlap,
    hop_vector,
    shortest_translation,
)
from embench.curation.coordination import anions_of, formal_charge, surround
from embench.curation.endpoints import compare_endpoints
from embench.curation.entry import RawEntry

# Sites nearer to each other than this make a structure corrupt, Å; no bond is shorter than 0.7 Å.
OVERLAP = 0.5

Annotations = dict[str, object]


def annotate(entry: RawEntry) -> Annotations:
    """Return the pathway annotations of `entry` by column name; :mod:`embench.schema` describes each.

    Raises :class:`~embench.errors.UpstreamError` where the chemistry is beyond the rules: no anion, or a migrating ion
    with several common charges.
    """
    anions = anions_of(entry)
    return {
        **_counts(entry),
        **_hop(entry),
        **_symmetry(entry),
        **_ends(entry, anions),
        **_nearest_on_images(entry),
        **_anion_bottleneck(entry, anions),
        **_cation_bottlenecks(entry, anions),
    }


def _counts(entry: RawEntry) -> Annotations:
    from pymatgen.core import Composition

    return {
        "formula": Composition(Counter(entry.elements)).formula,
        "mobile_ion": entry.mobile_ion,
        "mobile_ion_charge": formal_charge(entry),
        "n_sites": len(entry.elements),
        "n_mobile_ions": entry.elements.count(entry.mobile_ion),
    }


def _hop(entry: RawEntry) -> Annotations:
    shortest = float(distance_matrix(entry.lattice, entry.frac_coords[:1], entry.path_end[None])[0, 0])
    if shortest < OWN_IMAGE:
        step = hop_vector(entry.lattice, entry.path_end - entry.frac_coords[0])
        shortest = float(np.linalg.norm(step @ entry.lattice))
    return {"hop_distance": float(np.linalg.norm(entry.hop)), "hop_distance_minimum_image": shortest}


def _symmetry(entry: RawEntry) -> Annotations:
    if is_corrupt(entry):
        return dict.fromkeys(("endpoints_equivalent", "endpoints_deviation", "path_symmetric"))
    ends = compare_endpoints(entry)
    return {
        "endpoints_equivalent": ends.equivalent,
        "endpoints_deviation": ends.deviation,
        "path_symmetric": ends.symmetric_path,
    }


def is_corrupt(entry: RawEntry) -> bool:
    """Return whether two sites of the initial structure overlap."""
    return has_overlap(entry.lattice, entry.frac_coords, within=OVERLAP)


def _ends(entry: RawEntry, anions: frozenset[str]) -> Annotations:
    start, end = entry.frac_coords[0], entry.path_end
    values: Annotations = {}
    for prefix, suffix, point in (
        ("", "_initial", start),
        ("", "_final", end),
        ("straight_line_", "_midpoint", (start + end) / 2),
    ):
        around = surround(entry, point, anions)
        values[f"{prefix}coordination{suffix}"] = around.number
        values[f"{prefix}effective_coordination{suffix}"] = around.effective
        if not prefix:
            values[f"nearest_anion{suffix}"] = around.nearest
    return values


def _nearest_on_images(entry: RawEntry) -> Annotations:
    apart = distance_matrix(entry.lattice, entry.images, entry.frac_coords[1:]).min(axis=0)
    elements = np.array(entry.elements[1:])
    return {
        "straight_line_minimum_distance": float(apart.min()),
        "straight_line_nearest_element": min(elements[apart <= apart.min() + TIE].tolist()),
    }


def _anion_bottleneck(entry: RawEntry, anions: frozenset[str]) -> Annotations:
    elements = np.array(entry.elements[1:])
    chosen = np.isin(elements, sorted(anions))
    radii = np.array([anion_radius(symbol) for symbol in elements[chosen]])
    # A larger anion farther away can leave less room than the nearest one.
    line = closest_approach(
        entry.lattice,
        entry.frac_coords[0],
        entry.path_end,
        entry.frac_coords[1:][chosen],
        margin=float(np.ptp(radii)),
    )
    return {
        "straight_line_bottleneck_anion": line.shortest,
        "straight_line_bottleneck_position": line.where,
        "straight_line_free_radius": float((line.distances - radii[line.sites]).min()),
    }


def _cation_bottlenecks(entry: RawEntry, anions: frozenset[str]) -> Annotations:
    elements = np.array(entry.elements[1:])
    is_mobile = elements == entry.mobile_ion
    mobile = _shortest_to(entry, is_mobile)
    # The periodic images of the migrating ion move with it.
    own_image = shortest_translation(entry.lattice)
    return {
        "straight_line_bottleneck_cation": _shortest_to(entry, ~is_mobile & ~np.isin(elements, sorted(anions))),
        "straight_line_bottleneck_mobile": own_image if mobile is None else min(mobile, own_image),
    }


def _shortest_to(entry: RawEntry, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float | None:
    """Return the shortest distance from the line to the `chosen` (N - 1,) other sites, None for no sites."""
    if not chosen.any():
        return None
    sites: Floats = entry.frac_coords[1:][chosen]
    return closest_approach(entry.lattice, entry.frac_coords[0], entry.path_end, sites).shortest
