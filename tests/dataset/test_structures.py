"""Structures and bands against the raw release, and pymatgen against ASE."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embench.dataset import Dataset, load, structures
from embench.errors import MissingDependencyError, MissingStructureError, UnknownNameError
from embench.pathways import bands

# Cells of different size and symmetry; the first passes through a Ru site, the last is corrupt.
SOME = ("LiRuO2_1", "VOF2_Na", "LiAlPO4F_1", "MgHo2S4", "d-V2O5_Al", "Na4MnAlP3O12_1")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load()


@pytest.fixture(scope="module")
def released(upstream: Path) -> dict[str, Any]:
    """The ``atoms`` of the released five-image bands: the first five sites are the migrating ion."""
    return {
        entry["sys_name"]: entry["atoms"]
        for side in ("TRAIN", "TEST")
        for entry in json.loads((upstream / f"RAW-Em-5-images-{side}.json").read_text())
    }


def test_five_images_are_the_released_band(data: Dataset, released: dict[str, Any]) -> None:
    assert len(released) == 619
    for entry_id, atoms in released.items():
        entry, coords = data[entry_id], np.array(atoms["coords"])
        band = structures.band(entry, 5)
        np.testing.assert_allclose(band[:, 0], coords[:5], atol=1e-6, err_msg=entry_id)
        np.testing.assert_allclose(band[:, 1:], np.repeat(coords[None, 5:], 5, axis=0), atol=1e-6, err_msg=entry_id)
        np.testing.assert_allclose(entry.lattice, atoms["lattice_mat"], atol=1e-6, err_msg=entry_id)


@pytest.mark.parametrize("entry_id", SOME)
def test_images_are_structures_of_the_release(data: Dataset, released: dict[str, Any], entry_id: str) -> None:
    atoms = released[entry_id]
    elements = [atoms["elements"][0], *atoms["elements"][5:]]
    images = data[entry_id].images(5)
    assert len(images) == 5
    for number, image in enumerate(images):
        assert [site.specie.symbol for site in image] == elements
        coords = np.array([atoms["coords"][number], *atoms["coords"][5:]])
        np.testing.assert_allclose(image.frac_coords, coords, atol=1e-6)
        np.testing.assert_allclose(image.lattice.matrix, atoms["lattice_mat"], atol=1e-6)
        assert image.properties["entry_id"] == entry_id
    assert images[0] == data[entry_id].structure()


@pytest.mark.parametrize("n", [2, 3, 7, 20])
def test_images_are_evenly_spaced(data: Dataset, n: int) -> None:
    entry = data["LiAlPO4F_1"]
    images = entry.images(n)
    track = np.array([image.cart_coords[0] for image in images])
    assert len(images) == n
    np.testing.assert_allclose(np.diff(track, axis=0), np.tile(entry.hop() / (n - 1), (n - 1, 1)), atol=1e-9)
    np.testing.assert_allclose(images[-1].frac_coords[0], entry.path_end)
    np.testing.assert_allclose(images[-1].frac_coords[1:], entry.frac_coords[1:])


def test_a_hop_across_the_border_of_the_cell_is_not_wrapped(data: Dataset) -> None:
    across = [entry for entry in data if np.any(entry.path_end < -1e-6) or np.any(entry.path_end > 1 + 1e-6)]
    assert across
    for entry in across[:5]:
        steps = np.diff([atoms.positions[0] for atoms in structures.atoms_images(entry, 4)], axis=0)
        np.testing.assert_allclose(np.linalg.norm(steps, axis=1).sum(), entry.hop_distance, atol=1e-6)


def test_unusual_bands_are_refused(data: Dataset) -> None:
    entry = data["LiRuO2_1"]
    for n in (1, 0, -3):
        with pytest.raises(ValueError, match=f"n = {n} is too few"):
            entry.images(n)
    with pytest.raises(UnknownNameError, match="unknown path 'strait'; did you mean straight"):
        entry.images(5, path="strait")
    with pytest.raises(UnknownNameError, match="known: idpp, relaxed, straight"):
        entry.images(5, path="x")


def test_a_further_path_is_one_entry_in_the_registry(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bands.PATHS, "standing", lambda entry, n: np.repeat(entry.frac_coords[None], n, axis=0))
    images = data["LiRuO2_1"].images(3, path="standing")
    assert images[0] == images[1] == images[2]


@pytest.mark.parametrize("entry_id", SOME)
def test_ase_and_pymatgen_agree(data: Dataset, entry_id: str) -> None:
    entry = data[entry_id]
    atoms, structure = entry.atoms(), entry.structure()
    assert atoms.pbc.all()
    assert atoms.get_chemical_symbols() == [site.specie.symbol for site in structure]
    np.testing.assert_allclose(atoms.positions, structure.cart_coords, atol=1e-9)
    np.testing.assert_allclose(atoms.cell.array, structure.lattice.matrix)
    assert atoms.info == {"entry_id": entry_id, "migration_barrier": entry.migration_barrier}
    assert structure.composition.reduced_formula
    assert sum(structure.composition.values()) == entry.n_sites


def test_what_is_made_can_be_changed_without_changing_the_dataset(data: Dataset) -> None:
    entry = data["LiRuO2_1"]
    before = entry.frac_coords.copy(), entry.lattice.copy()
    atoms, structure = entry.atoms(), entry.structure()
    atoms.rattle(0.5, seed=1)
    atoms.set_cell(atoms.cell * 2)
    structure.perturb(0.1)
    structure.scale_lattice(1.0)
    np.testing.assert_array_equal(entry.frac_coords, before[0])
    np.testing.assert_array_equal(entry.lattice, before[1])


def test_final_structures_are_those_of_the_release(data: Dataset, upstream: Path) -> None:
    released = json.loads((upstream / "BOTH-RAW-Em-TEST.json").read_text())
    assert len(released) == 60
    for item in released:
        entry, final = data[item["sys_name"]], item["atoms_fin"]
        structure = entry.final_structure()
        assert entry.has_final_structure
        assert [site.specie.symbol for site in structure] == final["elements"]
        np.testing.assert_allclose(structure.frac_coords, final["coords"], atol=1e-6)
        np.testing.assert_allclose(structure.lattice.matrix, final["lattice_mat"], atol=1e-6)


def test_a_final_structure_that_is_not_released(data: Dataset) -> None:
    entry = data["LiRuO2_1"]  # a training entry
    assert not entry.has_final_structure
    message = r"final structure of LiRuO2_1 is not in the release; structure\(\) .* images\(n\)\[-1\]"
    with pytest.raises(MissingStructureError, match=message):
        entry.final_structure()


@pytest.mark.parametrize(("module", "library"), [("pymatgen.core.structure", "pymatgen"), ("ase", "ase")])
def test_without_the_library(data: Dataset, monkeypatch: pytest.MonkeyPatch, module: str, library: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    make = data["LiRuO2_1"].structure if library == "pymatgen" else data["LiRuO2_1"].atoms
    with pytest.raises(MissingDependencyError, match=rf"needs {library}, .*\.\[structures\]"):
        make()
