"""Units of barriers: conversion to eV, and which unit numbers are probably in that cannot be eV.

The factors are exact since the SI fixes e = 1.602176634e-19 C and N_A = 6.02214076e23 1/mol (BIPM, The International
System of Units, 9th edition, 2019; the CODATA values of 2018 and later, Tiesinga et al., Rev. Mod. Phys. 93, 025010
(2021)); a kcal is the thermochemical one, 4.184 kJ.
"""

from __future__ import annotations

import math

from embench.errors import UnknownNameError

KJ_PER_MOL = 1.602176634e-19 * 6.02214076e23 / 1000.0  # 1 eV in kJ/mol: 96.485...

PER_EV = {"eV": 1.0, "kcal/mol": KJ_PER_MOL / 4.184, "kJ/mol": KJ_PER_MOL, "meV": 1000.0}
"""How many of each unit are 1 eV."""

_TOO_HIGH = 10.0
"""How many times the typical barrier the median prediction may be.

Over all submissions on the board the factor is 0.66 to 1.6, for untrained potentials too; the smallest factor of
another unit is 23.
"""


def per_ev(unit: str) -> float:
    """Return how many `unit` are 1 eV; raises :class:`~embench.errors.UnknownNameError` for an unknown one."""
    for name, factor in PER_EV.items():
        if name.casefold() == unit.strip().casefold():
            return factor
    raise UnknownNameError("unit", unit, PER_EV)


def likely_unit(factor: float) -> str | None:
    """Return the unit whose numbers are about `factor` times those in eV, None where there is none."""
    nearest = min(PER_EV, key=lambda name: abs(math.log(PER_EV[name] / factor)))
    close = abs(math.log(PER_EV[nearest] / factor)) < math.log(5.0)
    return nearest if close and nearest != "eV" else None


def unit_problem(median: float, *, typical: float) -> str | None:
    """Return why predictions with this `median` are not in eV, or None where they can be.

    Parameters
    ----------
    median
        Of the predictions (eV, if that is what they are in).
    typical
        A typical barrier (eV): the larger of the medians of the dataset and of the predicted entries.
    """
    if not math.isfinite(median) or median <= _TOO_HIGH * typical:
        return None
    return f"the median prediction is {median:.4g}, {median / typical:.0f} times a typical barrier ({typical:.2f} eV)"


def threshold_problem(threshold: float, *, highest: float, usual: float) -> str | None:
    """Return why `threshold` (eV) cannot part good conductors from others, or None where it can.

    `highest` is the highest barrier of the dataset and `usual` the usual threshold (eV).
    """
    if threshold <= 0.0:
        return f"the threshold must be above 0 eV, and is {threshold:g}"
    if threshold <= highest:
        return None
    unit = likely_unit(threshold / usual)
    hint = f"; {threshold:g} {unit} are {threshold / PER_EV[unit]:.3g} eV" if unit else ""
    return (
        f"the threshold is in eV, and {threshold:g} is above the highest barrier of the dataset ({highest:g} eV){hint}"
    )
