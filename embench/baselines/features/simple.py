"""Simple features of a hop that need no ionic model: for anions as for cations.

Distances along the straight line, plain and in units of covalent radii, what the neighbours half way are, and the
composition of the host. The features of the pathway baselines ask which elements are anions and what charges they have;
here the neighbours are only those of the migrating element and all others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features.cache import cached
from embench.crystal.hop import end_of_hop
from embench.crystal.ions import covalent_radius
from embench.crystal.periodic import near_line
from embench.errors import FeatureError

if TYPE_CHECKING:
    from embench.crystal import Pathway

Floats = NDArray[np.float64]

VERSION = "1"
N_POINTS = 9
# Neighbours up to this distance from the line, Å; one that is further counts as this far.
REACH = 6.0
# Atoms are bonded, smoothly, up to this multiple of the sum of their covalent radii; what the ion squeezes through are
# the atoms within SHELL of the middle of the line, Å.
BOND, SHELL = 1.3, 3.0
_DECAY, _SOFT = 0.25, 0.3


def simple_table(entries: Iterable[Pathway]) -> tuple[Floats, list[str]]:
    """Return the features of `entries`, (n_entries, n_features), and their names; kept in the cache.

    Raises :class:`~embench.errors.FeatureError` for no entry, for a structure that is no structure, and for a hop that
    ends where it starts.
    """
    rows = [cached(entry, name="simple", version=VERSION, compute=simple_features) for entry in entries]
    if not rows:
        raise FeatureError("there is no entry to compute features of; give at least one")
    names = list(rows[0])
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float64), names


def simple_features(entry: Pathway) -> dict[str, float]:
    """Return the features of one hop by name, Å and units of covalent radii."""
    lattice, coords = np.asarray(entry.lattice, np.float64), np.asarray(entry.frac_coords, np.float64)
    numbers = np.asarray(entry.atomic_numbers, dtype=np.intp)
    if len(numbers) < 2 or not np.isfinite(coords).all() or abs(np.linalg.det(lattice)) < 1.0:
        raise FeatureError(f"{entry.entry_id}: a hop needs a cell with a volume and two finite sites")
    end = end_of_hop(entry)
    points = np.linspace(coords[0], end, N_POINTS) @ lattice
    near = near_line(lattice, coords[0], end, coords[1:], reach=REACH)
    elements = numbers[1:][near.sites]
    distances = np.linalg.norm(points[:, None] - near.coords[None], axis=-1)
    table = _elements()
    sums = table[elements, 0] + table[numbers[0], 0]
    same = elements == numbers[0]
    found = {"length": float(np.linalg.norm((end - coords[0]) @ lattice))}
    for name, mask in (("other", ~same), ("same", same)):
        found |= _along(name, distances[:, mask], sums[mask])
    return found | _middle(distances[N_POINTS // 2], elements, same) | _host(numbers, lattice)


def _along(name: str, distances: Floats, sums: Floats) -> dict[str, float]:
    """Return how near one kind of neighbour is at the ends, half way, and at the tightest point."""
    if not distances.size:
        distances, sums = np.full((N_POINTS, 1), REACH), np.full(1, REACH / 2)
    nearest, reduced = distances.min(axis=1), (distances / sums).min(axis=1)
    bonded = (1.0 / (1.0 + np.exp((distances - BOND * sums) / _DECAY))).sum(axis=1)
    squeeze = np.log(np.exp((sums - distances) / _SOFT).sum(axis=1) + 1e-6)
    middle = N_POINTS // 2
    found = {}
    for label, values, tightest in (
        ("nearest", nearest, np.min),
        ("reduced", reduced, np.min),
        ("bonds", bonded, np.max),
        ("squeeze", squeeze, np.max),
    ):
        found[f"{name}_{label}_start"] = float(values[0])
        found[f"{name}_{label}_middle"] = float(values[middle])
        found[f"{name}_{label}_end"] = float(values[-1])
        found[f"{name}_{label}_tightest"] = float(tightest(values))
    return found


def _middle(distances: Floats, elements: NDArray[np.intp], same: NDArray[np.bool_]) -> dict[str, float]:
    """Return what the other elements around the middle of the line are: the nearest ones count most."""
    table = _elements()
    weights = np.where(same, 0.0, np.exp(-(distances**2) / SHELL**2 * 2.0))
    if weights.sum() <= 0.0:
        weights = np.full(len(elements), 1.0)
    values = table[elements]
    nearest = int(np.argmin(np.where(same, np.inf, distances)))
    mean = weights @ values / weights.sum()
    return {
        **{f"middle_{name}": float(mean[i]) for i, name in enumerate(_PROPERTIES)},
        **{f"nearest_{name}": float(values[nearest, i]) for i, name in enumerate(_PROPERTIES)},
    }


def _host(numbers: NDArray[np.intp], lattice: Floats) -> dict[str, float]:
    """Return what the migrating element and all others are, and how much room an atom has."""
    table = _elements()
    others = table[numbers[numbers != numbers[0]]]
    others = others if len(others) else table[numbers[:1]]
    return {
        **{f"ion_{name}": float(table[numbers[0], i]) for i, name in enumerate(_PROPERTIES)},
        **{f"host_{name}": float(others[:, i].mean()) for i, name in enumerate(_PROPERTIES)},
        **{f"host_spread_{name}": float(others[:, i].std()) for i, name in enumerate(_PROPERTIES)},
        "ion_fraction": float((numbers == numbers[0]).mean()),
        "volume_per_atom": float(abs(np.linalg.det(lattice)) / len(numbers)),
    }


_PROPERTIES = ("covalent_radius", "electronegativity", "row", "highest_oxidation_state")


@lru_cache(maxsize=1)
def _elements() -> Floats:
    """Return :data:`_PROPERTIES` by atomic number, (95, 4): Å, Pauling, and counts; from ASE and pymatgen."""
    from embench.baselines.composition import HEAVIEST, PROPERTIES, element_properties

    table = element_properties()
    columns = [PROPERTIES.index(name) for name in _PROPERTIES[1:]]
    radii = np.array([0.0, *(covalent_radius(_symbol(number)) for number in range(1, HEAVIEST + 1))])
    found: Floats = np.column_stack([radii, table[:, columns]])
    return found


def _symbol(number: int) -> str:
    from pymatgen.core import Element

    return str(Element.from_Z(number).symbol)
