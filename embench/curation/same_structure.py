"""Which entries share one structure, and which of their hops are equivalent by symmetry.

Pathways of one structure were calculated in the same cell. Two hops are equivalent when a symmetry operation maps one
onto the other, in either direction, and with it everything else in the cell: framework and remaining mobile ions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from embench.crystal.periodic import Floats
from embench.curation.endpoints import lattice_rotations, mapping_deviation
from embench.curation.entry import RawEntry
from embench.curation.prototypes import connected_components

# Cells are the same when no lattice parameter differs by more, Å and degrees. Between cells of one composition in the
# release, the differences are below 1e-4 Å or above 2e-3 Å: the one is rounding, the other a relaxation of its own.
LENGTH_TOLERANCE = 1e-3
ANGLE_TOLERANCE = 1e-2
# Largest distance of any site from its image under a symmetry operation, Å. In the release, the operation that maps
# one hop onto another misses by less than 0.01 Å or by more than 0.1 Å.
SITE_TOLERANCE = 0.05

START, END = "start", "end"


def group_structures(entries: Sequence[RawEntry]) -> list[list[str]]:
    """Return the entry_ids of entries with the same structure, each group sorted.

    Same structure: same composition and migrating element, same lattice parameters, and frameworks that a symmetry
    operation of the cell maps onto each other. Where vacancies and migrating ion are does not matter.
    """
    return _components_within(entries, _composition, _same_structure)


def group_duplicates(entries: Sequence[RawEntry], structures: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the entry_ids of entries whose hops are equivalent in the same structure, each group sorted."""
    structure_of = {entry_id: number for number, group in enumerate(structures) for entry_id in group}
    return _components_within(entries, lambda entry: structure_of[entry.entry_id], same_hop)


def _components_within(
    entries: Sequence[RawEntry],
    key: Callable[[RawEntry], object],
    linked: Callable[[RawEntry, RawEntry], bool],
) -> list[list[str]]:
    buckets: dict[object, list[RawEntry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.entry_id):
        buckets[key(entry)].append(entry)
    return sorted(component for members in buckets.values() for component in _components(members, linked))


def _components(members: Sequence[RawEntry], linked: Callable[[RawEntry, RawEntry], bool]) -> list[list[str]]:
    found = connected_components(len(members), lambda i, j: linked(members[i], members[j]))
    return [[members[position].entry_id for position in component] for component in found]


def _composition(entry: RawEntry) -> tuple[object, ...]:
    return entry.mobile_ion, *sorted(Counter(entry.elements).items())


def _same_structure(a: RawEntry, b: RawEntry) -> bool:
    if not _same_cell(a.lattice, b.lattice):
        return False
    (elements_a, sites_a), (elements_b, sites_b) = _framework(a), _framework(b)
    if elements_a == elements_b and np.allclose(sites_a, sites_b, rtol=0, atol=1e-6):
        return True
    order = [np.argsort(np.array(elements), kind="stable") for elements in (elements_a, elements_b)]
    labels = sorted(elements_a)
    sorted_a, sorted_b = sites_a[order[0]], sites_b[order[1]]
    missed = mapping_deviation(a.lattice, labels, sorted_a, sorted_b, lattice_rotations(a.lattice))
    return missed <= SITE_TOLERANCE


def _same_cell(a: Floats, b: Floats) -> bool:
    from pymatgen.core import Lattice

    differences = np.abs(np.subtract(Lattice(a).parameters, Lattice(b).parameters))
    return bool(differences[:3].max() <= LENGTH_TOLERANCE and differences[3:].max() <= ANGLE_TOLERANCE)


def _framework(entry: RawEntry) -> tuple[list[str], Floats]:
    kept = [position for position, symbol in enumerate(entry.elements) if symbol != entry.mobile_ion]
    return [entry.elements[position] for position in kept], entry.frac_coords[kept]


def same_hop(a: RawEntry, b: RawEntry) -> bool:
    """Return whether a symmetry operation maps the hop of `a` onto that of `b`, or onto its reverse.

    Both entries must have the same composition and cell. The operation must also map all other sites of one initial
    structure onto those of the other, each within SITE_TOLERANCE.
    """
    rotations = lattice_rotations(a.lattice)
    labels, sites = _marked(a, a.frac_coords[0], a.path_end)
    hop = a.path_end - a.frac_coords[0]
    for start, end in ((b.frac_coords[0], b.path_end), (b.path_end, b.frac_coords[0])):
        missed = np.linalg.norm((hop @ rotations - (end - start)) @ b.lattice, axis=1)
        labels_b, targets = _marked(b, start, end)
        if labels_b != labels:
            return False
        if mapping_deviation(b.lattice, labels, sites, targets, rotations[missed <= SITE_TOLERANCE]) <= SITE_TOLERANCE:
            return True
    return False


def _marked(entry: RawEntry, start: Floats, end: Floats) -> tuple[list[str], Floats]:
    """Return labels and sites of the initial structure with the migrating ion replaced by the ends of its hop."""
    order = np.argsort(np.array(entry.elements[1:]), kind="stable") + 1
    labels = [START, END, *(entry.elements[position] for position in order)]
    return labels, np.vstack([start, end, entry.frac_coords[order]])
