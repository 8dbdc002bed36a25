"""Prototype and host of published crystals, which the groups of the dataset name."""

from __future__ import annotations

import pytest
from pymatgen.core import Lattice, Structure

import embench
from tests.migration import crystals


@pytest.mark.parametrize(
    ("structure", "ion", "prototype", "host"),
    [
        (crystals.olivine(), "Li", "OLIVINE", "FePO4|OLIVINE"),
        (crystals.layered(), "Li", "LAYERED-O", "CoO2|LAYERED-O"),
        (crystals.antiperovskite(), "Li", "ANTIPEROVSKITE", "ClO|ANTIPEROVSKITE"),
        (crystals.spinel(), "Li", "SPINEL", "MnO2|SPINEL"),
        (crystals.nasicon(), "Na", "NASICON", "Zr2P3O12|NASICON"),
    ],
)
def test_known_crystals(model, structure, ion, prototype, host):
    kin = model.relatives.kin(embench.find_hops(structure, ion)[0])
    assert (kin.prototype, kin.host) == (prototype, host)
    assert kin.regime == "host-10fold"
    data = embench.load()
    assert kin.n_prototype == sum(data.select(model.entry_ids).column("group_prototype") == prototype)
    assert kin.n_host == sum(data.select(model.entry_ids).column("group_host") == host)


def test_a_new_host_of_a_known_prototype(model):
    structure = crystals.olivine()
    structure.replace_species({"Fe": "Cu"})
    kin = model.relatives.kin(embench.find_hops(structure, "Li")[0])
    assert (kin.prototype, kin.host, kin.formula) == ("OLIVINE", None, "CuPO4")
    assert kin.n_host == 0


def test_a_new_prototype(model):
    """Rock salt without its sodium is a lattice of chlorine, which no entry has."""
    kin = model.relatives.kin(embench.find_hops(crystals.rock_salt(), "Na")[0])
    assert kin.prototype is None
    assert kin.regime == "prototype-10fold"


def test_a_crystal_without_anions_has_no_kin(model):
    alloy = Structure(Lattice.cubic(3.2), ["Li", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert model.relatives.kin(embench.find_hops(alloy, "Li")[0]).prototype is None


def test_entries_have_the_prototype_that_the_dataset_gives_them(model):
    data = embench.load().select(model.entry_ids)
    for entry in list(data)[::25]:
        kin = model.relatives.kin(entry)
        assert (kin.prototype, kin.host) == (entry.group_prototype, entry.group_host), entry.entry_id
