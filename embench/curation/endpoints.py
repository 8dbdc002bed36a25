"""Whether the ends of a hop are equivalent by symmetry, allowing for the relaxation of the host around the ion.

A relaxed structure has lost part of its symmetry, so the operations are not taken from a space-group search with
one tolerance. Instead every operation of the lattice is tried, and what is measured is by how much, at most, a site
misses its image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from embench.crystal.periodic import Floats, Integers
from embench.curation.entry import RawEntry
from embench.errors import UpstreamError

# Sites farther than this from their image are not the same site, Å: half of what separates sites of one element.
REACH = 1.0
# Ends are equivalent when no site misses its image by more than this, Å. Hosts relax around the ion by that much:
# below 0.5 Å the energies of the ends that Orb-v3 relaxes differ by 3 meV in the median, above by 0.18 eV.
EQUIVALENCE_TOLERANCE = 0.5
# So many sites of each element are tried first: they discard nearly all translations.
FEW = 4
# Tolerance of the point group of the lattice, Å: the cell of a relaxed structure is slightly strained.
LATTICE_TOLERANCE = 0.1


@dataclass(frozen=True)
class Endpoints:
    """How the ends of a hop map onto each other; see the columns of the same names."""

    deviation: float | None
    equivalent: bool
    symmetric_path: bool


def compare_endpoints(entry: RawEntry) -> Endpoints:
    """Return whether symmetry maps the initial state onto the one with the ion moved, and the hop onto its reverse."""
    rotations = lattice_rotations(entry.lattice)
    moved = entry.frac_coords.copy()
    moved[0] = entry.path_end
    deviation = mapping_deviation(entry.lattice, entry.elements, entry.frac_coords, moved, rotations)
    equivalent = deviation <= EQUIVALENCE_TOLERANCE
    return Endpoints(
        deviation=None if np.isinf(deviation) else deviation,
        equivalent=equivalent,
        symmetric_path=equivalent and _has_reverse(entry, moved, rotations),
    )


def _has_reverse(entry: RawEntry, moved: Floats, rotations: Floats) -> bool:
    """Return whether an operation maps the migrating ion onto itself and turns the direction of the hop round."""
    hop = entry.path_end - entry.frac_coords[0]
    missed = np.linalg.norm((hop @ rotations + hop) @ entry.lattice, axis=1)
    distinct = ("migrating ion", *entry.elements[1:])
    turning = rotations[missed <= EQUIVALENCE_TOLERANCE]
    return mapping_deviation(entry.lattice, distinct, entry.frac_coords, moved, turning) <= EQUIVALENCE_TOLERANCE


def lattice_rotations(lattice: Floats) -> Floats:
    """Return the point group of the lattice as (G, 3, 3) matrices W: fractional row vectors x map to x @ W."""
    from spglib import get_symmetry

    found = get_symmetry((lattice.tolist(), [[0.0, 0.0, 0.0]], [1]), symprec=LATTICE_TOLERANCE)
    if found is None:
        raise UpstreamError(f"spglib finds no point group of the lattice {lattice.tolist()}")
    rotations: Floats = np.unique(found["rotations"], axis=0).transpose(0, 2, 1).astype(np.float64)
    return rotations


def mapping_deviation(lattice: Floats, elements: Sequence[str], a: Floats, b: Floats, rotations: Floats) -> float:
    """Return how well the best symmetry operation maps structure `a` onto structure `b`, Å.

    Parameters
    ----------
    lattice : (3, 3) rows, Å, of both structures.
    elements : N labels, in the order of the coordinates; sites map onto sites of the same label.
    a, b : (N, 3) fractional coordinates.
    rotations : (G, 3, 3) rotation parts to try; all translations are tried.

    Returns
    -------
    The largest distance between the image of a site and the site that it maps onto, for the operation that keeps it
    smallest; infinite where no operation brings every site within REACH of another one.
    """
    labels = np.array(elements)
    names, counts = np.unique(labels, return_counts=True)
    # Rare elements first: they leave the fewest translations, and discard most operations at little cost.
    order = [str(name) for name in names[np.argsort(counts, kind="stable")]]
    groups = {name: (a[labels == name], _Targets(lattice, b[labels == name])) for name in order}
    origin, targets = groups[order[0]]
    best = np.inf
    for rotation in rotations:
        translations = targets.frac - origin[0] @ rotation
        for few, name in product((FEW, None), order):
            sites, onto = groups[name]
            if len(translations) and (few or len(sites) > FEW):
                translations = _keep_hits(translations, sites[:few] @ rotation, onto)
        for translation in translations:
            best = min(best, _deviation(groups, rotation, translation))
    return float(best)


def _keep_hits(translations: Floats, images: Floats, onto: _Targets) -> Floats:
    """Return the `translations` (T, 3) that bring all `images` (K, 3) within REACH of a target."""
    _, distances, _ = onto.nearest((translations[:, None] + images).reshape(-1, 3))
    kept: Floats = translations[np.isfinite(distances.reshape(len(translations), -1)).all(axis=1)]
    return kept


def _deviation(groups: dict[str, tuple[Floats, _Targets]], rotation: Floats, translation: Floats) -> float:
    """Return the largest miss of one operation, Å, with the mean miss put into the translation."""
    misses = []
    for sites, onto in groups.values():
        miss, distances, hit = onto.nearest(sites @ rotation + translation)
        if not np.isfinite(distances).all() or len(np.unique(hit)) < len(hit):
            return np.inf
        misses.append(miss)
    miss = np.concatenate(misses)
    return float(np.linalg.norm(miss - miss.mean(axis=0), axis=1).max())


class _Targets:
    """The sites of one element, with their periodic images, ready to be searched."""

    def __init__(self, lattice: Floats, frac: Floats) -> None:
        from scipy.spatial import cKDTree

        self.frac = frac
        self._lattice = lattice
        shifts = np.array(list(product((-1.0, 0.0, 1.0), repeat=3)))
        images = ((frac - np.floor(frac))[:, None] + shifts).reshape(-1, 3)
        # Images beyond REACH of the cell can be nearest to no point in it.
        pad = REACH * np.linalg.norm(np.linalg.inv(lattice), axis=0)
        near = ((images >= -pad) & (images <= 1 + pad)).all(axis=1)
        self._sites: Integers = np.repeat(np.arange(len(frac)), len(shifts))[near]
        self._cart: Floats = images[near] @ lattice
        self._tree = cKDTree(self._cart)

    def nearest(self, points: Floats) -> tuple[Floats, Floats, Integers]:
        """Return for fractional `points` (K, 3) the vectors to the nearest site and their lengths, Å, and that site.

        The length is infinite where no site is within REACH.
        """
        cart = (points - np.floor(points)) @ self._lattice
        distances, found = self._tree.query(cart, distance_upper_bound=REACH)
        found = np.minimum(found, len(self._cart) - 1)
        return self._cart[found] - cart, distances, self._sites[found]
