"""The host framework of an entry: what is left without the migrating element, and which part each element plays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from embench.crystal.ions import bond_length
from embench.crystal.periodic import Floats, distance_matrix, has_overlap
from embench.curation.annotate import OVERLAP
from embench.curation.coordination import anions_of
from embench.curation.entry import RawEntry

if TYPE_CHECKING:
    from pymatgen.core import Structure

# The parts: metal, centre of a polyanion, anion; each with the element that stands for it in a matcher.
ROLES = "MTX"
PLACEHOLDER = {"M": "Fe", "T": "P", "X": "O"}
# A non-metal with more anions around it than this is no centre of a polyanion: Si and Ge in octahedra.
LARGEST_POLYANION_COORDINATION = 4
# Tolerances of the search for the primitive cell, Å. The first is fast and leaves few sites; the second allows for
# the relaxation of the framework around the ions and vacancies of the supercell.
EXACT_REDUCTION = 0.02
RELAXED_REDUCTION = 0.5


@dataclass(frozen=True, eq=False)
class Framework:
    """The host framework of one entry.

    Attributes
    ----------
    formula : reduced composition: FePO4.
    anonymous_formula : reduced composition by role: MTX4.
    cell : primitive cell, Niggli reduced, with a placeholder for each role.
    """

    entry_id: str
    formula: str
    anonymous_formula: str
    cell: Structure


def framework(entry: RawEntry) -> Framework:
    """Return the host framework of `entry`: its initial structure without the migrating element.

    Raises :class:`~embench.errors.UpstreamError` for a structure without anions.
    """
    roles = element_roles(entry)
    kept = [position for position, symbol in enumerate(entry.elements) if symbol in roles]
    symbols = [entry.elements[position] for position in kept]
    return Framework(
        entry_id=entry.entry_id,
        formula=host_formula(symbols, roles),
        anonymous_formula=reduced_formula([roles[symbol] for symbol in symbols], order=ROLES),
        cell=reduced_cell(entry.lattice, [roles[symbol] for symbol in symbols], entry.frac_coords[kept]),
    )


def element_roles(entry: RawEntry) -> dict[str, str]:
    """Return the role of each element of the framework: M a metal, T the centre of a polyanion, X an anion.

    A non-metal that is no anion is a T where at most four anions are bonded to it (the median over its sites), and
    else an M: Si is a T in an olivine, and an M in LiSi2(PO4)3, where it is in octahedra as Ti is in LiTi2(PO4)3.
    """
    from pymatgen.core import Element

    anions = anions_of(entry)
    roles = {}
    for symbol in sorted(set(entry.elements) - {entry.mobile_ion}):
        if symbol in anions:
            roles[symbol] = "X"
        elif Element(symbol).is_metal or bonded_anions(entry, symbol, anions) > LARGEST_POLYANION_COORDINATION:
            roles[symbol] = "M"
        else:
            roles[symbol] = "T"
    return roles


def bonded_anions(entry: RawEntry, symbol: str, anions: frozenset[str]) -> float:
    """Return the number of `anions` bonded to a site of the element `symbol`: the median over its sites."""
    elements = np.array(entry.elements)
    sites = entry.frac_coords[elements == symbol]
    number = np.zeros(len(sites))
    for anion in anions:
        apart = distance_matrix(entry.lattice, sites, entry.frac_coords[elements == anion])
        number += (apart < bond_length(symbol, anion)).sum(axis=1)
    return float(np.median(number))


def host_formula(symbols: Sequence[str], roles: Mapping[str, str]) -> str:
    """Return the reduced composition of a framework: by role, in a role from the least electronegative: FePO4."""
    from pymatgen.core import Element

    order = sorted(set(symbols), key=lambda symbol: (ROLES.index(roles[symbol]), Element(symbol).X, symbol))
    return reduced_formula(symbols, order=order)


def reduced_formula(symbols: Sequence[str], *, order: Sequence[str]) -> str:
    """Return the numbers of the `symbols`, divided by their common divisor, in the given order: MTX4."""
    counts = Counter(symbols)
    divisor = gcd(*counts.values())
    numbers = {symbol: counts[symbol] // divisor for symbol in order if symbol in counts}
    return "".join(f"{symbol}{number if number > 1 else ''}" for symbol, number in numbers.items())


def reduced_cell(lattice: Floats, roles: Sequence[str], frac_coords: Floats) -> Structure:
    """Return the primitive cell of a framework, Niggli reduced, sites averaged over the cells that it merges.

    Parameters
    ----------
    lattice : (3, 3) rows, Å.
    roles : N letters of ROLES.
    frac_coords : (N, 3) fractional coordinates.
    """
    from pymatgen.core import Element, Structure
    from spglib import standardize_cell

    species = [PLACEHOLDER[role] for role in roles]
    structure = Structure(lattice, species, frac_coords)
    # spglib refuses structures with overlapping sites, which stay as large as they are.
    if not has_overlap(lattice, frac_coords, within=OVERLAP):
        numbers = [Element(symbol).Z for symbol in species]
        cell = lattice.tolist(), frac_coords.tolist(), numbers
        found = standardize_cell(cell, to_primitive=True, no_idealize=True, symprec=EXACT_REDUCTION)
        if found is not None:
            structure = Structure(found[0], [Element.from_Z(number) for number in found[2]], found[1])
    # The matcher expects Niggli cells, and would otherwise reduce each of them anew in every comparison.
    return structure.get_primitive_structure(tolerance=RELAXED_REDUCTION).get_reduced_structure()
