"""Ordering of partially occupied sites, for small cells and only where it is asked for."""

from __future__ import annotations

from collections import defaultdict
from math import comb, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import StructureError

if TYPE_CHECKING:
    from pymatgen.core import Structure

Floats = NDArray[np.float64]

# More orderings than this are not tried.
MOST_ORDERINGS = 20_000
# Supercells that are tried where the occupancies give no whole numbers of atoms in the cell.
_CELLS = ((1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (3, 1, 1), (1, 3, 1), (1, 1, 3), (2, 2, 1), (2, 1, 2), (1, 2, 2))
# How far a number of atoms may be from a whole one.
_WHOLE = 0.02


def ordered(structure: Structure, ion: str) -> tuple[Structure, Floats, str]:
    """Return the ordering of the lowest electrostatic energy, the sites of `ion` that it leaves empty, and a note.

    All orderings of the smallest supercell (up to four cells) with whole numbers of atoms are compared by their Ewald
    energies (pymatgen's ``OrderDisorderedStructureTransformation``).

    Returns
    -------
    structure : ordered.
    empty : (m, 3) fractional, sites that hold `ion` in `structure` and not in the ordering.
    note : what was done, in words.

    Raises
    ------
    StructureError
        No such supercell, more than MOST_ORDERINGS orderings, or oxidation states that cannot be guessed.
    """
    cell, numbers = _whole_cell(structure)
    count = _n_orderings(cell)
    if count > MOST_ORDERINGS:
        raise StructureError(
            f"{structure.composition.reduced_formula} has {count:.3g} orderings in a cell of {len(cell)} sites, and at "
            f"most {MOST_ORDERINGS} are tried: order it with a tool for large cells (enumlib, supercell, icet)"
        )
    found = _lowest(_with_charges(cell))
    sites = np.array([site.frac_coords for site in cell if _holds(site, ion)]).reshape(-1, 3)
    taken = np.array([site.frac_coords for site in found if site.specie.symbol == ion]).reshape(-1, 3)
    apart = cell.lattice.get_all_distances(sites, taken) if len(taken) else np.full((len(sites), 1), np.inf)
    size = " x ".join(map(str, numbers))
    note = (
        f"disordered: the ordering of the lowest Ewald energy among {count} in {size} cells stands for it; barriers of "
        "other orderings may differ"
    )
    return found, sites[apart.min(axis=1) > 0.1], note


def _holds(site: Any, ion: str) -> bool:
    return any(specie.symbol == ion for specie in site.species)


def _groups(structure: Structure) -> dict[str, tuple[int, list[float]]]:
    """Return number of sites, and numbers of atoms of each species, of each kind of disordered site."""
    sites: dict[str, list[Any]] = defaultdict(list)
    for site in structure:
        if not site.is_ordered:
            sites[str(sorted(site.species.items()))].append(site)
    return {
        kind: (len(members), [float(amount) * len(members) for amount in members[0].species.values()])
        for kind, members in sites.items()
    }


def _whole_cell(structure: Structure) -> tuple[Structure, tuple[int, int, int]]:
    for numbers in _CELLS:
        amounts = np.concatenate([kept for _, kept in _groups(structure * numbers).values()])
        if np.abs(amounts - np.rint(amounts)).max() < _WHOLE:
            return structure * numbers, numbers
    shares = ", ".join(
        f"{number} sites with {' and '.join(f'{amount:.3g}' for amount in amounts)} atoms"
        for number, amounts in _groups(structure).values()
    )
    raise StructureError(
        f"{structure.composition.reduced_formula}: the occupancies give no whole numbers of atoms in up to four cells "
        f"({shares}): round them, or order a larger cell"
    )


def _n_orderings(structure: Structure) -> int:
    counts = []
    for number, amounts in _groups(structure).values():
        left = number
        for amount in amounts:
            counts.append(comb(left, round(amount)))
            left -= round(amount)
    return prod(counts)


def _with_charges(structure: Structure) -> Structure:
    if all(getattr(specie, "oxi_state", None) is not None for site in structure for specie in site.species):
        return structure
    guesses = structure.composition.oxi_state_guesses(max_sites=-20)
    if not guesses:
        raise StructureError(
            f"the oxidation states of {structure.composition.reduced_formula} cannot be guessed, which its ordering "
            "needs: structure.add_oxidation_state_by_element({'Li': 1, ...})"
        )
    decorated = structure.copy()
    decorated.add_oxidation_state_by_element(guesses[0])
    return decorated


def _lowest(structure: Structure) -> Structure:
    from pymatgen.transformations.standard_transformations import OrderDisorderedStructureTransformation

    transformation = OrderDisorderedStructureTransformation(
        algo=OrderDisorderedStructureTransformation.ALGO_FAST, occ_tol=_WHOLE
    )
    try:
        found: Any = transformation.apply_transformation(structure)
    except (ValueError, RuntimeError) as error:
        raise StructureError(f"{structure.composition.reduced_formula} cannot be ordered: {error}") from None
    ordering: Structure = found
    return ordering
