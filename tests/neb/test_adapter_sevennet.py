"""The adapter of SevenNet gives what its own calculator gives, one by one and in one pass."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.neb import potential_spec


@pytest.mark.slow
def test_same_as_its_own_calculator():
    from ase import Atoms
    from sevenn.calculator import SevenNetCalculator

    potential, calculator = potential_spec("sevennet-0").create(), SevenNetCalculator("7net-0", device="cpu")
    entry = embench.load()["KNiF3"]
    positions = entry.frac_coords @ entry.lattice + np.random.default_rng(0).normal(0, 0.1, (2, 39, 3))
    one_by_one = potential.evaluate(entry.atomic_numbers, entry.lattice, positions)
    at_once = potential._pass(entry.atomic_numbers, entry.lattice, positions)
    for i in range(2):
        atoms = Atoms(entry.atomic_numbers, positions[i], cell=entry.lattice, pbc=True)
        atoms.calc = calculator
        for energies, forces in (one_by_one, at_once):
            assert energies[i] == pytest.approx(atoms.get_potential_energy(), abs=2e-4)
            assert forces[i] == pytest.approx(atoms.get_forces(), abs=2e-4)
