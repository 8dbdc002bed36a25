"""Barriers from interatomic potentials: any ASE calculator, one frozen protocol, every failure counted.

>>> import embench.neb
>>> from ase.calculators.emt import EMT
>>> result = embench.neb.run(hop, EMT())  # doctest: +SKIP
"""

from __future__ import annotations

from embench.neb.calculators import POTENTIALS, Potential, PotentialSpec, potential_spec
from embench.neb.failures import FAILURES, failures_of
from embench.neb.protocol import NEB1, PUBLISHED, SETTINGS, STATIC, Settings
from embench.neb.results import NebResult
from embench.neb.runner import run

__all__ = [
    "FAILURES",
    "NEB1",
    "POTENTIALS",
    "PUBLISHED",
    "SETTINGS",
    "STATIC",
    "NebResult",
    "Potential",
    "PotentialSpec",
    "Settings",
    "failures_of",
    "potential_spec",
    "run",
]
