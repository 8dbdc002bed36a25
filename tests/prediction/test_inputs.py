"""Structures as people have them, and what is no structure: an error in words."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ase import Atoms
from ase.io import write
from pymatgen.core import Molecule, Structure
from pymatgen.io.ase import AseAtomsAdaptor

import embench
from embench.errors import StructureError
from embench.migration.read import read_crystal
from embench.prediction.crystal import Choices, guessed_ion, hops_of, is_pair, predict_source
from embench.prediction.inputs import Found, Source, read_source, sources
from tests.migration import crystals

LAYERED = crystals.layered()


@pytest.fixture
def folder(tmp_path):
    """One crystal in every format that is read."""
    LAYERED.to(filename=str(tmp_path / "a.cif"))
    LAYERED.to(filename=str(tmp_path / "b.vasp"), fmt="poscar")
    LAYERED.to(filename=str(tmp_path / "POSCAR_c"), fmt="poscar")
    LAYERED.to(filename=str(tmp_path / "d.json"))
    atoms = AseAtomsAdaptor.get_atoms(LAYERED)
    write(tmp_path / "e.extxyz", atoms)
    write(tmp_path / "f.xsf", atoms)
    write(tmp_path / "g.pwi", atoms, format="espresso-in", pseudopotentials={"Li": "x", "Co": "x", "O": "x"})
    (tmp_path / "notes.md").write_text("no structure")
    (tmp_path / ".hidden.cif").write_text("no structure")
    return tmp_path


def test_a_folder_gives_the_same_crystal_from_every_format(folder):
    found = list(sources([folder]))
    assert [source.name for source in found] == ["POSCAR_c", "a", "b", "d", "e", "f", "g"]
    for source in found:
        crystal = read_crystal(read_source(source).structure)
        assert sorted(crystal.symbols) == sorted(site.specie.symbol for site in LAYERED), source.name
        assert abs(np.linalg.det(crystal.lattice)) == pytest.approx(LAYERED.volume, rel=1e-4), source.name


def test_names_are_unique(folder):
    names = [source.name for source in sources([folder / "a.cif", folder / "a.cif", folder])]
    assert names[:2] == ["a", "a#2"]
    assert len(set(names)) == len(names)


def test_frames_of_an_extxyz(tmp_path):
    atoms = AseAtomsAdaptor.get_atoms(LAYERED)
    write(tmp_path / "many.extxyz", [atoms, atoms * (2, 1, 1), atoms])
    found = list(sources([tmp_path / "many.extxyz"]))
    assert [source.name for source in found] == ["many-00001", "many-00002", "many-00003"]
    assert [len(read_source(source).structure) for source in found] == [12, 24, 12]


def test_an_extxyz_that_was_cut(tmp_path):
    atoms = AseAtomsAdaptor.get_atoms(LAYERED)
    write(tmp_path / "cut.extxyz", [atoms, atoms])
    text = (tmp_path / "cut.extxyz").read_text().splitlines()[:-3]
    (tmp_path / "cut.extxyz").write_text("\n".join(text))
    whole, cut = sources([tmp_path / "cut.extxyz"])
    assert len(read_source(whole).structure) == 12
    with pytest.raises(StructureError, match="line 15"):
        read_source(cut)


def test_records_of_tables(tmp_path):
    entry = embench.load()["Li3OCl_1"]
    arrays = {"lattice": entry.lattice.tolist(), "atomic_numbers": entry.atomic_numbers.tolist(),
              "frac_coords": entry.frac_coords.tolist()}  # fmt: skip
    rows = [
        {"id": "by-itself", **LAYERED.as_dict()},
        {"material_id": "in-a-field", "structure": LAYERED.as_dict(), "ion": "Li"},
        {"name": "as-text", "structure": LAYERED.to_json()},
        {"entry_id": "arrays", **arrays},
        {"entry_id": "a-hop", **arrays, "path_end": entry.path_end.tolist(), "functional": entry.functional},
        {"id": "ase", "cell": [[3, 0, 0], [0, 3, 0], [0, 0, 3]], "numbers": [3, 17], "positions": [[0] * 3, [1.5] * 3]},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = {source.name: read_source(source) for source in sources([tmp_path / "t.jsonl"])}
    assert list(found) == ["by-itself", "in-a-field", "as-text", "arrays", "a-hop", "ase"]
    assert found["by-itself"].structure == found["in-a-field"].structure == found["as-text"].structure
    assert found["in-a-field"].ion == "Li"
    assert len(found["arrays"].structure) == entry.n_sites
    np.testing.assert_array_equal(found["a-hop"].hop.path_end, entry.path_end)
    assert found["ase"].structure.get_chemical_formula() == "ClLi"
    (tmp_path / "t.json").write_text(json.dumps(rows))
    assert [source.name for source in sources([tmp_path / "t.json"])] == list(found)


def test_rows_of_parquet(tmp_path):
    data = embench.load().select(["Li3OCl_1", "LiCoO2_1"])
    pq.write_table(data.table, tmp_path / "hops.parquet")
    found = [read_source(source) for source in sources([tmp_path / "hops.parquet"])]
    assert [each.hop.entry_id for each in found] == ["Li3OCl_1", "LiCoO2_1"]
    pq.write_table(pa.table({"structure": [LAYERED.to_json()]}), tmp_path / "s.parquet")
    (one,) = sources([tmp_path / "s.parquet"])
    assert one.name == "s-00001"
    assert read_source(one).structure == Structure.from_str(LAYERED.to_json(), fmt="json")


def test_a_list_of_files(folder):
    (folder / "list.txt").write_text("# mine\na.cif\n\nb.vasp\nmissing.cif\n")
    first, second, missing = sources([folder / "list.txt"])
    assert (first.name, second.name) == ("a", "b")
    with pytest.raises(StructureError, match="does not exist"):
        read_source(missing)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.cif", "", "is empty"),
        ("a.cif", "   \n", "is empty"),
        ("a.cif", "data_x\n_cell_length_a 3\n", "cannot read a structure"),
        ("a.cif", "\x00\x01\x02", "cannot read a structure"),
        ("POSCAR", "this is\nno POSCAR\n", "cannot read a structure"),
        ("a.json", "{", "no JSON"),
        ("a.json", "5", "a JSON int"),
        ("a.json", '{"a": 1}', "no structure in it"),
        ("a.json", '{"lattice": 1, "sites": []}', "no structure of pymatgen"),
        ("a.json", '{"lattice": [1], "frac_coords": [], "symbols": []}', "no structure"),
        ("a.xsf", "CRYSTAL\n", "cannot read a structure"),
        ("a.xsf", "", "is empty"),
        ("a.traj", "no traj", "cannot read a structure"),
        ("a.pdb", "", "is empty"),
        ("a.docx", "hello", "the name does not tell"),
        ("a", "hello", "the name does not tell"),
        ("a.py", "import os", "the name does not tell"),
        ("a.pckl", "cos\nsystem\n", "the name does not tell"),
    ],
)
def test_other_files_are_errors_in_words(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(StructureError, match=said):
        [read_source(source) for source in sources([tmp_path / name])]


def test_places_that_hold_nothing(tmp_path):
    with pytest.raises(StructureError, match="no file or folder"):
        list(sources([tmp_path / "missing.cif"]))
    with pytest.raises(StructureError, match="holds no structures"):
        list(sources([tmp_path]))
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(StructureError, match="names no files"):
        list(sources([tmp_path / "empty.txt"]))
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(StructureError, match="Parquet"):
        list(sources([tmp_path / "t.parquet"]))


def told(structure, tmp_path, model, **choices):
    """Return the words of the error that a structure leads to, or the result."""
    path = tmp_path / "x.json"
    if isinstance(structure, Atoms):
        path = tmp_path / "x.xyz"
        write(path, structure, format="extxyz")
    else:
        path.write_text(structure.to_json() if hasattr(structure, "to_json") else json.dumps(structure.as_dict()))
    (source,) = sources([path])
    try:
        return predict_source(source, Choices(**choices), model)
    except StructureError as error:
        return str(error)


def test_crystals_that_are_none(tmp_path, model):
    molecule = Molecule(["O", "H", "H"], [[0, 0, 0], [0, 0, 1], [0, 1, 0]])
    assert "no structure in it" in told(molecule, tmp_path, model, ion="Li")
    assert "without a cell" in told(Atoms("LiH", [[0, 0, 0], [0, 0, 1.6]]), tmp_path, model, ion="Li")
    assert "there is no K" in told(LAYERED, tmp_path, model, ion="K")
    assert "is no element" in told(LAYERED, tmp_path, model, ion="Xx")
    one = Structure([[3, 0, 0], [0, 3, 0], [0, 0, 3]], ["Li"], [[0, 0, 0]])
    assert "Li only" in told(one, tmp_path, model, ion="Li")
    large = crystals.layered() * (10, 10, 1)
    large.perturb(0.3)
    assert "1200 atoms" in told(large, tmp_path, model, ion="Li")


def test_a_large_supercell_is_taken_down(tmp_path, model):
    result = told(crystals.layered() * (10, 10, 1), tmp_path, model, ion="Li")
    assert any("primitive cell" in note for note in result.notes)
    assert result.network.ways[2].barrier < result.network.ways[3].barrier


def test_disorder_names_its_sites_and_the_way_out(tmp_path, model):
    disordered = crystals.antiperovskite()
    disordered.replace_species({"Cl": {"Cl": 0.5, "Br": 0.5}})
    said = told(disordered, tmp_path, model, ion="Li")
    assert "partially occupied" in said
    assert "order" in said
    result = told(disordered * (2, 1, 1), tmp_path, model, ion="Li", order=True)
    assert any("Ewald" in note for note in result.notes)


def test_what_is_harmless_is_read(tmp_path, model):
    plain = told(LAYERED, tmp_path, model, ion="Li")
    decorated = LAYERED.copy()
    decorated.add_oxidation_state_by_element({"Li": 1, "Co": 3, "O": -2})
    for other in (decorated, Structure(-LAYERED.lattice.matrix, LAYERED.species, -LAYERED.frac_coords)):
        found = told(other, tmp_path, model, ion="Li+")
        np.testing.assert_allclose(found.barriers, plain.barriers, atol=1e-6)
    hydride = LAYERED.copy()
    hydride.append("D", [0.1, 0.2, 0.05])
    hops, _ = hops_of(Found(structure=hydride), Choices(ion="Li"))
    assert "D counts as hydrogen" in hops.notes


def test_the_ion_is_guessed_where_there_is_one(tmp_path, model):
    assert guessed_ion(LAYERED) == "Li"
    assert "no ion was named: Li" in told(LAYERED, tmp_path, model).notes[0]
    both = LAYERED.copy()
    both.replace(3, "Na")
    assert "Li and Na are in it" in told(both, tmp_path, model)
    assert "none of" in told(crystals.rutile(), tmp_path, model)


def test_two_files_are_a_hop_where_they_hold_the_same_atoms(folder, tmp_path):
    assert is_pair([folder / "a.cif", folder / "b.vasp"])
    crystals.spinel().to(filename=str(tmp_path / "other.cif"))
    assert not is_pair([folder / "a.cif", tmp_path / "other.cif"])
    assert not is_pair([folder / "a.cif"])
    assert not is_pair([folder / "a.cif", folder / "notes.md"])


def test_the_two_ends_of_a_hop(tmp_path, model):
    entry = embench.load()["Li3OCl_1"]
    start = entry.structure()
    end = Structure(start.lattice, start.species, np.vstack([[entry.path_end], entry.frac_coords[1:]]))
    for name, structure in (("start", start), ("end", end)):
        structure.to(filename=str(tmp_path / f"{name}.vasp"), fmt="poscar")
    source = Source(name="hop", path=str(tmp_path / "start.vasp"), end=str(tmp_path / "end.vasp"))
    result = predict_source(source, Choices(), model)
    assert result.barriers[0] == pytest.approx(embench.predict(entry, model=model).barriers[0], abs=1e-6)
