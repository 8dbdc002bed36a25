"""Folders for other programs are read back by pymatgen and ASE as the entries that they are of."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Structure
from pymatgen.io.vasp.inputs import Poscar

import embench
from embench.dataset import Dataset
from embench.dataset.export import FORMATS, export
from embench.dataset.writers import file_names
from embench.errors import HiddenTargetError, InvalidValueError, UnknownNameError

FOLDERS = ("poscar", "cif", "vasp-neb", "alignn", "matgl")


@pytest.fixture(scope="module")
def few() -> Dataset:
    # Of both sides; one whose elements are not in one run each.
    return embench.load().select(["LiRuO2_1", "VOF2_Na", "LiRuO2_2", "MgHo2S4"])


def same(read: Structure, entry) -> None:
    """The same atoms at the same places, in whatever order."""
    expected = entry.structure()
    assert read.composition == expected.composition
    np.testing.assert_allclose(read.lattice.matrix, entry.lattice, atol=1e-6)
    for symbol in read.symbol_set:
        ours = np.array([site.coords for site in expected if site.specie.symbol == symbol])
        theirs = np.array([site.coords for site in read if site.specie.symbol == symbol])
        np.testing.assert_allclose(theirs, ours, atol=1e-6)


def test_poscars_are_the_initial_structures(few, tmp_path):
    for folder in export(few, tmp_path, format="poscar"):
        rows = list(csv.DictReader((folder / "barriers.csv").open(encoding="utf-8")))
        assert rows
        for row in rows:
            entry = few[row["entry_id"]]
            assert float(row["migration_barrier"]) == entry.migration_barrier
            poscar = Poscar.from_file(folder / row["name"])
            same(poscar.structure, entry)
            # VASP reads one POTCAR an element: each may stand in one run only.
            assert len(poscar.site_symbols) == len(set(poscar.site_symbols))
            assert poscar.structure[0].specie.symbol == entry.mobile_ion


def test_cifs_are_the_initial_structures(few, tmp_path):
    for folder in export(few, tmp_path, format="cif"):
        for row in csv.DictReader((folder / "barriers.csv").open(encoding="utf-8")):
            read = Structure.from_file(folder / row["name"])
            entry = few[row["entry_id"]]
            assert read.composition == entry.structure().composition
            assert read.volume == pytest.approx(abs(np.linalg.det(entry.lattice)), rel=1e-5)


@pytest.mark.parametrize(("images", "path"), [(None, "straight"), (7, "relaxed"), (4, "idpp")])
def test_bands_for_vasp(few, tmp_path, images, path):
    folders = export(few, tmp_path, format="vasp-neb", images=images, path=path)
    assert [folder.name for folder in folders] == ["train", "test"]
    place = tmp_path / "test" / "MgHo2S4"
    n = images or 5
    assert sorted(item.name for item in place.iterdir()) == [*(f"{i:02d}" for i in range(n)), "INCAR"]
    assert f"IMAGES = {n - 2}" in (place / "INCAR").read_text()
    read = [Poscar.from_file(place / f"{i:02d}" / "POSCAR").structure for i in range(n)]
    expected = few["MgHo2S4"].images(n, path=path)
    for structure, image in zip(read, expected, strict=True):
        assert [site.specie.symbol for site in structure] == [site.specie.symbol for site in read[0]]
        np.testing.assert_allclose(structure[0].coords, image[0].coords, atol=1e-6)
    # No atom jumps over the border of the cell from image to image.
    steps = np.diff([structure.frac_coords for structure in read], axis=0)
    assert np.abs(steps).max() < 0.5


def test_idpp_keeps_the_ends_and_atoms_apart():
    """The line of LiRuO2_1 runs through a Ru site; the pair potential pushes both apart."""
    entry = embench.load()["LiRuO2_1"]
    straight, idpp = entry.images(5), entry.images(5, path="idpp")
    for at in (0, -1):
        np.testing.assert_array_equal(idpp[at].frac_coords, straight[at].frac_coords)

    def nearest(band):
        return min(image.distance_matrix[0, 1:].min() for image in band)

    assert nearest(straight) < 0.5
    assert nearest(idpp) > nearest(straight) + 0.3
    # The same as ASE gives where it is asked directly.
    from ase.mep import NEB

    frames = [entry.atoms() for _ in range(4)]
    last = entry.atoms()
    last.positions[0] = entry.path_end @ entry.lattice
    neb = NEB([*frames, last], method="improvedtangent")
    neb.interpolate(method="idpp")
    np.testing.assert_allclose(idpp[2].cart_coords, neb.images[2].positions, atol=1e-8)


def test_alignn(few, tmp_path):
    for folder in export(few, tmp_path, format="alignn"):
        for line in (folder / "id_prop.csv").read_text().splitlines():
            name, value = line.split(",")
            read = Poscar.from_file(folder / name)
            entry = few[read.comment]
            assert float(value) == entry.migration_barrier
            same(read.structure, entry)


def test_matgl(few, tmp_path):
    for folder in export(few, tmp_path, format="matgl"):
        labels = json.loads((folder / "labels.json").read_text())
        structures = [Structure.from_dict(one) for one in json.loads((folder / "structures.json").read_text())]
        for key, barrier, structure in zip(labels["entry_id"], labels["migration_barrier"], structures, strict=True):
            assert barrier == few[key].migration_barrier
            same(structure, few[key])


def test_pyg(few, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_geometric")
    paths = export(few, tmp_path, format="pyg")
    assert [path.name for path in paths] == ["train.pt", "test.pt"]
    graphs = torch.load(paths[1], weights_only=False)
    assert [graph.entry_id for graph in graphs] == ["LiRuO2_2", "MgHo2S4"]


def test_the_oxygen_vacancies_are_written_as_one(tmp_path):
    data = embench.load("oxygen-vacancies")
    part = data.select(data.entry_ids[:3])
    for format in FORMATS:
        if format == "pyg":
            continue
        (path,) = export(part, tmp_path / format, format=format)
        assert path.name.startswith("hops")
    # A colon is no part of a name on every system.
    assert not [path.name for path in (tmp_path / "poscar" / "hops").iterdir() if ":" in path.name]


@pytest.mark.parametrize("format", FOLDERS)
def test_hidden_targets_are_in_no_file(few, tmp_path, format):
    hidden = few.without_targets()
    if format in ("alignn", "matgl"):
        with pytest.raises(HiddenTargetError, match=f"{format} holds the targets"):
            export(hidden, tmp_path, format=format)
        assert list(tmp_path.iterdir()) == []
        return
    export(hidden, tmp_path, format=format)
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any("migration_barrier" in text or "8.77" in text for text in texts)


def test_a_folder_is_whole_or_not_there(few, tmp_path):
    steps = []

    def interrupt():
        steps.append(1)
        if len(steps) == 2:
            raise KeyboardInterrupt

    export(few.select(["VOF2_Na"]), tmp_path, format="poscar")
    before = sorted(path.name for path in (tmp_path / "train").iterdir())
    with pytest.raises(KeyboardInterrupt):
        export(few, tmp_path, format="poscar", force=True, advance=interrupt)
    assert sorted(path.name for path in (tmp_path / "train").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
    export(few, tmp_path, format="poscar", force=True)
    assert len(list((tmp_path / "train").iterdir())) == 3


def test_names_for_every_file_system():
    found = file_names(["a:1", "a_1", "A_1", "Fe(CN)6", "x*y"])
    assert found == {"a:1": "a_1", "a_1": "a_1-2", "A_1": "A_1-3", "Fe(CN)6": "Fe_CN_6", "x*y": "x_y"}


def test_what_is_refused(few, tmp_path):
    with pytest.raises(UnknownNameError, match="unknown path 'curved'"):
        export(few, tmp_path, format="vasp-neb", path="curved")
    with pytest.raises(InvalidValueError, match="poscar holds no bands"):
        export(few, tmp_path, format="poscar", path="idpp")
    with pytest.raises(InvalidValueError, match="a band of 1 images cannot be written as vasp-neb"):
        export(few, tmp_path, format="vasp-neb", images=1)
    assert list(tmp_path.iterdir()) == []


def test_from_the_command_line(tmp_path: Path):
    from typer.testing import CliRunner

    from embench.cli.app import app

    arguments = ["data", "export", str(tmp_path), "-f", "vasp-neb", "--entry", "MgHo2S4", "--path", "idpp"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "test" / "MgHo2S4" / "04" / "POSCAR").is_file()
