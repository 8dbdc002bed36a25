"""The adapter of CHGNet gives what its own calculator gives, and the protocols what the literature has."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.errors import InvalidValueError, PotentialError
from embench.neb import NEB1, PUBLISHED, chgnet_model, potential_spec, run

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
        # Single precision: the two sum in another order, and neither is nearer to double precision than 1e-4.
        assert forces[i] == pytest.approx(atoms.get_forces(), abs=5e-4)


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


@pytest.fixture(scope="module")
def models():
    """The original and ours, both in double precision, in which they must agree far beyond the rounding of single."""
    import torch
    from chgnet.model.model import CHGNet

    def loaded():
        return CHGNet.load(model_name="0.3.0", use_device="cpu", verbose=False).double()

    torch.set_default_dtype(torch.float64)
    yield loaded(), chgnet_model.with_less_work(loaded())
    torch.set_default_dtype(torch.float32)


def energy_and_forces(model, graph):
    import torch
    from chgnet.model.model import BatchedGraph

    bases = {name: getattr(model, name) for name in ("bond_basis_expansion", "angle_basis_expansion")}
    batch = BatchedGraph.from_graphs([graph], **bases, compute_stress=False)
    energy = model._compute(batch)["e"].sum()
    return float(energy), -torch.autograd.grad(energy, batch.atom_positions)[0].numpy()


# KNiF3 has atoms beside their own images, MgHo2S4 has angles, Na3OCl two anions.
@pytest.mark.parametrize("entry_id", ["KNiF3", "MgHo2S4", "Na3OCl"])
def test_same_as_the_original(models, entry_id):
    from pymatgen.core import Lattice, Structure

    original, ours = models
    entry = embench.load()[entry_id]
    positions = entry.frac_coords @ entry.lattice
    positions += np.random.default_rng(1).normal(0, 0.1, positions.shape)
    graph = chgnet_model.graph_of(ours, entry.atomic_numbers, entry.lattice, positions)
    energy, forces = energy_and_forces(ours, graph)
    expected_energy, expected_forces = energy_and_forces(original, graph)
    assert energy == pytest.approx(expected_energy, abs=1e-11)
    assert forces == pytest.approx(expected_forces, abs=1e-11)

    structure = Structure(Lattice(entry.lattice), entry.atomic_numbers, positions, coords_are_cartesian=True)
    its = original.graph_converter(structure)

    def directions(graph):
        image = graph.neighbor_image.detach().round().int()
        return [(*edge, *shift) for edge, shift in zip(graph.atom_graph.tolist(), image.tolist(), strict=True)]

    def angles(graph):
        edges, bonds = directions(graph), graph.bond_graph.tolist()
        return sorted((row[0], edges[row[2]], edges[row[4]]) for row in bonds)

    assert sorted(directions(graph)) == sorted(directions(its))
    assert angles(graph) == angles(its)


def test_lone_atom_is_named(models):
    with pytest.raises(PotentialError, match="site 1 has no neighbour within the 6 Å"):
        chgnet_model.graph_of(
            models[1], np.array([3, 3, 3]), np.diag([40.0, 40, 40]), np.array([[0.0, 0, 0], [20, 20, 20], [2, 0, 0]])
        )


def test_lone_atom_is_one_failed_entry(chgnet):
    with pytest.raises(PotentialError, match="no neighbour"):
        chgnet.evaluate(np.array([3]), np.diag([40.0, 40, 40]), np.zeros((1, 1, 3)))
