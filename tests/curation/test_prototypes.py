"""Which frameworks count as one prototype, and how prototypes are named."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from embench.curation import prototypes
from embench.curation.framework import Framework, reduced_cell, reduced_formula
from embench.curation.prototypes import connected_components, group_frameworks, name_prototypes, read_prototypes
from embench.errors import LedgerError

CUBIC = Lattice.cubic(4.2)
IDEAL = {
    "rock_salt": Structure.from_spacegroup("Fm-3m", CUBIC, ["M", "X"], [[0, 0, 0], [0.5] * 3], validate_proximity=True)
    if False
    else Structure.from_spacegroup("Fm-3m", CUBIC, ["Fe", "O"], [[0, 0, 0], [0.5] * 3]),
    "zinc_blende": Structure.from_spacegroup("F-43m", CUBIC, ["Fe", "O"], [[0, 0, 0], [0.25] * 3]),
    "caesium_chloride": Structure.from_spacegroup("Pm-3m", Lattice.cubic(3.0), ["Fe", "O"], [[0, 0, 0], [0.5] * 3]),
}
