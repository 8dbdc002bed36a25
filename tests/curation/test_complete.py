"""The authors' complete file, imitated: structures as jarvis dict, pymatgen dict and POSCAR, sites in another order."""

from __future__ import annotations

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
