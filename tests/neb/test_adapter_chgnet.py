"""The adapter of CHGNet gives what its own calculator gives, and the protocols what the literature has."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.errors import InvalidValueError
from embench.neb import NEB1, PUBLISHED, potential_spec, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chgnet():
    return potential_spec("chgnet").create()


def test_same_as_its_own_calculator(chgnet):
    from ase import Atoms
    from chgnet.model.dynamics import CHGNetCalculator

    entry = embench.load()["MgHo2S4"]
    positions = entry.frac_coords @ entry.lattice + np.random.default_rng(0).normal(0, 0.1, (2, 55, 3))
    energies, forces = chgnet.evaluate(entry.atomic_numbers, entry.lattice, positions)
    for i in range(2):
        atoms = Atoms(entry.atomic_numbers, positions[i], cell=entry.lattice, pbc=True)
        atoms.calc = CHGNetCalculator(use_device="cpu", verbose=False)
        assert energies[i] == pytest.approx(atoms.get_potential_energy(), abs=1e-4)
        # Single precision: the two sum in another order.
        assert forces[i] == pytest.approx(atoms.get_forces(), abs=2e-4)


# umlip_test_barriers.csv of the source, CHGNet, highest minus lowest energy, eV.
LITERATURE = {"MgHo2S4": 0.26620483, "ZnSc2S4": 0.46279907, "KNiF3": 1.6368256, "Na3OCl": 0.23884583}


@pytest.mark.parametrize("entry_id", LITERATURE)
def test_published_protocol_repeats_the_literature(chgnet, entry_id):
    result = run(embench.load()[entry_id], chgnet, PUBLISHED)
    assert result.barrier_max_minus_min == pytest.approx(LITERATURE[entry_id], abs=0.01)


def test_frozen_protocol_as_in_the_study(chgnet):
    """The study that the protocol comes from has 0.283 eV for MgHo2S4."""
    assert run(embench.load()["MgHo2S4"], chgnet, NEB1).barrier_max_minus_min == pytest.approx(0.283, abs=0.002)


def test_unknown_model_is_named():
    with pytest.raises(InvalidValueError, match=r"9\.9"):
        potential_spec("chgnet").create({"model": "9.9"})
