"""The authors' complete file, imitated: structures as jarvis dict, pymatgen dict and POSCAR, sites in another order."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from embench.curation.complete import fill_from_complete
from embench.errors import UpstreamError


def _structures(entry, rng):
    """Initial and final structure of the entry, sites shuffled; the final one shifted by a known amount."""
    order = rng.permutation(len(entry.elements))
    final = entry.frac_coords + 0.01
    final[0] = entry.path_end
    lattice, elements = Lattice(entry.lattice), [entry.elements[site] for site in order]
    return Structure(lattice, elements, entry.frac_coords[order]), Structure(lattice, elements, final[order]), final


def _jarvis(structure):
    return {
        "lattice_mat": structure.lattice.matrix.tolist(),
        "coords": structure.frac_coords.tolist(),
        "elements": [site.specie.symbol for site in structure],
        "cartesian": False,
    }


FORMATS = {
    "jarvis": _jarvis,
    "pymatgen": lambda structure: structure.as_dict(),
    "json text": lambda structure: json.dumps(structure.as_dict()),
}


@pytest.fixture
def chosen(raw_entries):
    wanted = {"Li4P2S7", "MgTb2Se4", "MgHo2S4"}
    return [entry for entry in raw_entries if entry.entry_id in wanted]


@pytest.fixture
def records(chosen):
    rng = np.random.default_rng(1)
    out = []
    for entry in chosen:
        initial, final, coords = _structures(entry, rng)
        out.append((entry, initial, final, coords))
    return out


def _write(path, records, form):
    content = [
        {
            "sys_name": entry.entry_id,
            "target": entry.migration_barrier,
            "structure_ini": form(initial),
            "structure_fin": form(final),
            "bibtex": "@article{key,\n  title = {A title}}",
        }
        for entry, initial, final, _ in records
    ]
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_fills_in_the_order_of_the_release(tmp_path, chosen, records, name):
    path = _write(tmp_path / "complete.json", records, FORMATS[name])
    filled = fill_from_complete(chosen, path)
    for entry, (_, _, _, coords) in zip(filled, records, strict=True):
        assert entry.citation == "@article{key, title = {A title}}"
        if entry.published_split == "train":
            np.testing.assert_allclose(entry.final_frac_coords, coords, atol=1e-8)
        else:  # the release has the final structure already: it stays
            original = next(one for one in chosen if one.entry_id == entry.entry_id)
            assert entry.final_frac_coords is original.final_frac_coords


def test_poscar(tmp_path, chosen, records):
    path = _write(
        tmp_path / "complete.json", records, lambda structure: structure.get_sorted_structure().to(fmt="poscar")
    )
    filled = fill_from_complete(chosen, path)
    np.testing.assert_allclose(filled[0].final_frac_coords, records[0][3], atol=1e-6)


def test_contradictions_are_named(tmp_path, chosen, records):
    path = _write(tmp_path / "complete.json", records[1:], FORMATS["jarvis"])
    with pytest.raises(UpstreamError, match=f"lacks 1 entries of the release: {chosen[0].entry_id}"):
        fill_from_complete(chosen, path)
    _write(path, records, FORMATS["jarvis"])
    content = json.loads(path.read_text())
    content[1]["target"] = 9.0
    path.write_text(json.dumps(content))
    with pytest.raises(UpstreamError, match=f"{chosen[1].entry_id}: target 9.0 eV"):
        fill_from_complete(chosen, path)
    content[1]["target"] = chosen[1].migration_barrier
    content[1]["structure_ini"]["coords"][3] = [0.111, 0.222, 0.333]
    path.write_text(json.dumps(content))
    with pytest.raises(UpstreamError, match=f"{chosen[1].entry_id}: site .* has no counterpart"):
        fill_from_complete(chosen, path)
    path.write_text("[")
    with pytest.raises(UpstreamError, match="not readable as JSON"):
        fill_from_complete(chosen, path)


def _edited(tmp_path, chosen, records, position, how):
    """The complete file after `how` has changed the record of one entry; and that entry's name."""
    path = _write(tmp_path / "complete.json", records, FORMATS["jarvis"])
    content = json.loads(path.read_text())
    how(content[position])
    path.write_text(json.dumps(content))
    return path, chosen[position].entry_id


@pytest.mark.parametrize("seed", range(3))
def test_a_final_structure_in_an_order_of_its_own(tmp_path, chosen, records, seed):
    """Each site of the final structure is found, though it is listed in another order than in the initial one."""
    rng = np.random.default_rng(seed)
    shuffled = []
    for entry, initial, final, coords in records:
        order = rng.permutation(len(final))
        shuffled.append((entry, initial, type(final).from_sites([final[int(i)] for i in order]), coords))
    filled = fill_from_complete(chosen, _write(tmp_path / "complete.json", shuffled, FORMATS["jarvis"]))
    for entry, (_, _, _, coords) in zip(filled, records, strict=True):
        if entry.published_split == "train":
            np.testing.assert_allclose(entry.final_frac_coords, coords, atol=1e-8)


@pytest.mark.parametrize("which", ["structure_ini", "structure_fin"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", ["coords", "lattice_mat"])
def test_numbers_that_are_not_finite(tmp_path, chosen, records, which, value, place):
    def how(record):
        record[which][place][2][1] = value

    path, name = _edited(tmp_path, chosen, records, 1, how)
    with pytest.raises(UpstreamError, match=rf"complete.json, entry {name}, {which}.* finite"):
        fill_from_complete(chosen, path)


@pytest.mark.parametrize("which", ["structure_ini", "structure_fin"])
def test_a_disordered_structure(tmp_path, chosen, records, which):
    disordered = records[1][1].copy()
    element = str(disordered[4].specie.symbol)
    disordered.replace(4, {element: 0.5})

    def how(record):
        record[which] = disordered.as_dict()

    path, name = _edited(tmp_path, chosen, records, 1, how)
    with pytest.raises(UpstreamError, match=rf"entry {name}, {which} is disordered: site 4 \({element}0.5\)"):
        fill_from_complete(chosen, path)


@pytest.mark.parametrize("as_keys", [False, True])
def test_an_entry_that_is_there_twice(tmp_path, chosen, records, as_keys):
    path = _write(tmp_path / "complete.json", [*records, records[0]], FORMATS["jarvis"])
    if as_keys:
        items = [f"{json.dumps(r['sys_name'])}: {json.dumps(r)}" for r in json.loads(path.read_text())]
        path.write_text("{" + ", ".join(items) + "}")
    with pytest.raises(UpstreamError, match=rf"{chosen[0].entry_id}.* (\(2 times\)|twice)"):
        fill_from_complete(chosen, path)


def test_a_final_structure_of_another_hop(tmp_path, chosen, records):
    def unmoved(record):
        record["structure_fin"] = record["structure_ini"]

    path, name = _edited(tmp_path, chosen, records, 1, unmoved)
    # The nearest ion of the initial structure is as far from the end as the hop is long, or nearer if another one is.
    with pytest.raises(UpstreamError, match=rf"entry {name}: the migrating ion is not at the end of its hop"):
        fill_from_complete(chosen, path)

    def larger(record):
        record["structure_fin"]["lattice_mat"] = (np.array(record["structure_fin"]["lattice_mat"]) * 1.5).tolist()

    path, name = _edited(tmp_path, chosen, records, 1, larger)
    with pytest.raises(UpstreamError, match=rf"entry {name}: the final cell has 3.375 times the volume"):
        fill_from_complete(chosen, path)

    def mirrored(record):
        record["structure_fin"]["lattice_mat"][0] = [-x for x in record["structure_fin"]["lattice_mat"][0]]

    path, name = _edited(tmp_path, chosen, records, 1, mirrored)
    with pytest.raises(UpstreamError, match=rf"entry {name}, structure_fin: the lattice is not right-handed"):
        fill_from_complete(chosen, path)


def test_another_framework(tmp_path, chosen, records):
    entry = records[1][0]

    def how(record):
        final = record["structure_fin"]
        at_end = np.abs(np.array(final["coords"]) - entry.path_end).max(axis=1) < 1e-9
        moved = np.array(final["coords"]) + np.where(at_end, 0.0, 0.2)[:, None]
        final["coords"] = moved.tolist()

    path, name = _edited(tmp_path, chosen, records, 1, how)
    with pytest.raises(UpstreamError, match=f"entry {name}: most of the framework is elsewhere"):
        fill_from_complete(chosen, path)


def test_a_move_of_two_ions_keeps_the_order_of_the_file(tmp_path, chosen, records):
    """A second ion of the element follows into the place that the first leaves: no error, and the ions keep names."""
    entry, initial, _, coords = records[0]
    ions = [i for i, symbol in enumerate(entry.elements) if symbol == entry.mobile_ion]
    assert entry.published_split == "train"
    assert len(ions) > 1
    final = coords.copy()
    final[ions[1]] = entry.frac_coords[0]
    order = [int(np.abs(entry.frac_coords - site.frac_coords).max(axis=1).argmin()) for site in initial]
    structure = Structure(initial.lattice, initial.species, final[order])
    path = _write(tmp_path / "complete.json", [(entry, initial, structure, final), *records[1:]], FORMATS["jarvis"])
    np.testing.assert_allclose(fill_from_complete(chosen, path)[0].final_frac_coords, final, atol=1e-8)


def test_another_file_than_the_authors_is_said_to_be_one(tmp_path, chosen, records):
    warnings: list[str] = []
    fill_from_complete(chosen, _write(tmp_path / "mine.json", records, FORMATS["jarvis"]), warn=warnings.append)
    assert len(warnings) == 1
    assert "mine.json is not the file that the authors gave out (sha256 fe8347abbbdb6d94" in warnings[0]


def test_the_authors_file_needs_no_warning(tmp_path, chosen, records, monkeypatch):
    path = _write(tmp_path / "complete.json", records, FORMATS["jarvis"])
    monkeypatch.setattr("embench.curation.complete.COMPLETE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    warnings: list[str] = []
    fill_from_complete(chosen, path, warn=warnings.append)
    assert warnings == []
