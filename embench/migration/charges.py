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
    if crystal.charges is not None:
        values, given = dict(crystal.charges), True
    else:
        try:
            values, given = _guessed(crystal, ion), False
        except FeatureError as error:
            return Charges({}, False, (f"no formal charges: {error}",))
    shown = ", ".join(f"{symbol} {charge:+.3g}" for symbol, charge in sorted(values.items()))
    notes = [f"formal charges {'of the structure' if given else 'guessed'}: {shown}"]
    total = sum(values[symbol] for symbol in crystal.symbols)
    if abs(total) > BALANCED:
        notes.append(f"the formal charges of the cell add up to {total:+.3g} e, not to zero")
    return Charges(values, given, tuple(notes))


def _guessed(crystal: Crystal, ion: str) -> dict[str, float]:
    # The model expects the migrating ion, a cation, as site 0.
    chosen = crystal.sites_of(ion)
    first = int(chosen[0]) if len(chosen) else 0
    order = np.r_[first, np.delete(np.arange(len(crystal.symbols)), first)]
    symbols = tuple(crystal.symbols[site] for site in order)
    charges = dict(assign_ions(crystal.lattice, symbols, crystal.frac_coords[order]).charges)
    if not len(chosen):
        charges.setdefault(ion, float("nan"))
    return charges
