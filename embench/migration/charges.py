"""Formal charges: those of the structure, else guessed by the ionic model that features are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embench.crystal.ions import assign_ions
from embench.errors import FeatureError
from embench.migration.read import Crystal

# A sum of charges below this is rounding, e.
BALANCED = 0.05


@dataclass(frozen=True)
class Charges:
    """Formal charges by element, e, whether the structure gave them, and what is to be said of them."""

    values: Mapping[str, float]
    given: bool
    notes: tuple[str, ...]

    def of_cell(self, symbols: tuple[str, ...]) -> float:
        """Return the sum over a cell, e; NaN where an element has no charge."""
        return float(sum(self.values.get(symbol, float("nan")) for symbol in symbols))


def formal_charges(crystal: Crystal, ion: str) -> Charges:
    """Return the formal charges of a crystal in which `ion` migrates, and say if they do not add up to zero."""
    given = crystal.charges is not None
    try:
        values = dict(crystal.charges if crystal.charges is not None else _guessed(crystal, ion))
        if ion not in values:
            values[ion] = _of_guest(crystal, ion)
    except FeatureError as error:
        return Charges({}, False, (f"no formal charges: {error}",))
    shown = ", ".join(f"{symbol} {charge:+.3g}" for symbol, charge in sorted(values.items()))
    notes = [f"formal charges {'of the structure' if given else 'guessed'}: {shown}"]
    total = sum(values[symbol] for symbol in crystal.symbols)
    if abs(total) > BALANCED:
        notes.append(f"the formal charges of the cell add up to {total:+.3g} e, not to zero")
    return Charges(values, given, tuple(notes))


def _guessed(crystal: Crystal, ion: str) -> Mapping[str, float]:
    """Return the charges of the elements of the crystal, e."""
    # The model expects the migrating ion, a cation, as site 0; in an empty host another cation takes its part.
    first = ion if ion in crystal.symbols else _least_electronegative(crystal)
    order = np.argsort(np.array(crystal.symbols) != first, kind="stable")
    symbols = tuple(crystal.symbols[site] for site in order)
    return assign_ions(crystal.lattice, symbols, crystal.frac_coords[order]).charges


def _of_guest(crystal: Crystal, ion: str) -> float:
    """Return the charge of an ion that the crystal does not hold, e."""
    # Where the ion would be plays no part in its charge.
    coords = np.vstack([np.zeros(3), crystal.frac_coords])
    return float(assign_ions(crystal.lattice, (ion, *crystal.symbols), coords).charges[ion])


def _least_electronegative(crystal: Crystal) -> str:
    from pymatgen.core import Element

    return min(sorted(set(crystal.symbols)), key=lambda symbol: float(Element(symbol).X))
