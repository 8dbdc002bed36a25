"""What version 1.1.0 adds to 1.0.0, against another library, against the table of suspects, and worked out by hand."""

from __future__ import annotations

import csv
import json
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

import embench
from embench.audit.barriers import Potential
from embench.audit.suspects import table_path
from embench.cli.app import app
from embench.curation import revise as module
from embench.curation.revise import other_ions, revise, stretch
from embench.errors import LedgerError
from embench.schema import DEFAULT

# Cubic, 4 Å: two ions of lithium half a body diagonal apart, the first of which hops along x.
CUBE = {
    "lattice": (4.0 * np.eye(3)).tolist(),
    "atomic_numbers": [3, 3, 8],
    "frac_coords": [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.0, 0.5, 0.5]],
    "path_end": [0.5, 0.0, 0.0],
    "final_lattice": None,
}


@pytest.fixture(scope="module")
def data() -> embench.Dataset:
    return embench.load(version="1.1.0")


def test_distances_of_a_cube():
    spacing, nearest = other_ions(CUBE)
    assert spacing == pytest.approx(4.0 * np.sqrt(3.0) / 2.0)
    # At the end of the hop the other ion is half a cell away along y and z.
    assert nearest == pytest.approx(4.0 * np.sqrt(2.0) / 2.0)


def test_an_ion_and_its_images_are_no_other_ion():
    assert other_ions(CUBE | {"atomic_numbers": [3, 11, 8]}) == (None, None)


def test_a_cell_that_is_turned_does_not_change():
    angle = np.radians(30.0)
    turn = np.array([[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    assert stretch(CUBE) == 0.0
    assert stretch(CUBE | {"final_lattice": (4.0 * turn).tolist()}) == pytest.approx(0.0, abs=1e-12)
    longer = np.diag([4.0, 4.0, 4.2]) @ turn
    assert stretch(CUBE | {"final_lattice": longer.tolist()}) == pytest.approx(0.05)


def test_distances_agree_with_ase(data):
    from ase.geometry import get_distances

    for entry in list(data)[::40]:
        cell, numbers = np.asarray(entry.lattice), np.asarray(entry.atomic_numbers)
        ions = np.asarray(entry.frac_coords)[numbers == numbers[0]] @ cell
        if len(ions) < 2:
            assert entry.mobile_ion_spacing is None
            assert entry.mobile_ion_approach is None
            continue
        between = get_distances(ions, cell=cell, pbc=True)[1]
        assert entry.mobile_ion_spacing == pytest.approx(between[~np.eye(len(ions), dtype=bool)].min(), abs=1e-6)
        band = np.array([image[0].coords for image in entry.images(5)])
        assert entry.mobile_ion_approach == pytest.approx(
            get_distances(band, ions[1:], cell=cell, pbc=True)[1].min(), abs=1e-6
        )


def test_flags_follow_from_the_columns(data):
    for entry in data:
        crowded = entry.mobile_ion_spacing is not None and entry.mobile_ion_approach < 0.8 * entry.mobile_ion_spacing
        assert ("concerted_hop_possible" in entry.flags) == crowded, entry.entry_id
    assert len(data.filter(include_flags=["concerted_hop_possible"])) == 34


def test_cells_that_change_are_among_the_final_structures(data):
    """The final cell of LiMn2O4 differs in the fifth digit only."""
    found = data.filter(include_flags=["cell_changes"])
    assert len(found) == 9
    assert all(entry.has_final_structure for entry in found)
    assert "LiMn2O4" not in found
    assert not np.array_equal(data["LiMn2O4"].final_lattice, data["LiMn2O4"].lattice)


def test_the_level_of_theory_is_told_apart(data):
    """The figures of FACTS.md: GGA 545, GGA+U 45, SCAN 19, LDA 10."""
    levels = Counter(zip(data.column("xc_functional").tolist(), data.column("hubbard_u").tolist(), strict=True))
    assert levels == {("GGA", False): 545, ("GGA", True): 45, ("SCAN", False): 19, ("LDA", False): 10}


def test_a_level_that_the_source_does_not_write_stays_open():
    row = {**CUBE, "entry_id": "x", "raw_functional": "PBE-D3", "functional": "GGA", "flags": []}
    found = module._revised(row, suspect=False)
    assert (found["xc_functional"], found["hubbard_u"]) == ("GGA", None)


def test_suspects_are_those_of_the_table_and_its_barriers_meet_the_rule(data):
    """At least two architectures on one side of the label, more than 0.7 eV from it, nearer to each other."""
    with open(table_path(DEFAULT), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["entry_id"] for row in rows} == set(data.filter(include_flags=["label_suspect"]).entry_ids)
    assert len(rows) == 34
    for row in rows:
        told = [word.split(" ") for word in row["potentials"].split("; ")]
        label = data[row["entry_id"]].migration_barrier
        differences = [float(barrier) - label for _, barrier in told]
        assert len({Potential(slug, {}).family for slug, _ in told}) >= 2, row
        assert min(map(abs, differences)) > 0.7 - 0.0005, row
        assert len({difference > 0 for difference in differences}) == 1, row
        nearest = min(abs(a - b) for i, a in enumerate(differences) for b in differences[:i])
        assert nearest < 0.6 * max(map(abs, differences)), row


def test_the_file_is_made_again_from_the_version_before():
    done = CliRunner().invoke(app, ["build-version", "--check"])
    assert done.exit_code == 0, done.output
    assert "up to date" in done.output


def test_other_files_are_noticed_and_written(tmp_path):
    folders = {"--out": tmp_path / "a", "--splits": tmp_path / "b", "--data": tmp_path / "c"}
    arguments = ["build-version", *(str(word) for pair in folders.items() for word in pair)]
    assert CliRunner().invoke(app, [*arguments, "--check"]).exit_code == 1
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "flag label_suspect: 9 more, 2 fewer" in done.output
    assert CliRunner().invoke(app, [*arguments, "--check"]).exit_code == 0
    assert json.loads((tmp_path / "b" / "manifest-1.1.0.json").read_text())["dropped"] == ["M-MnPO4_Na_1"]
    assert embench.load(path=tmp_path / "c").table.equals(embench.load().table)
    (tmp_path / "c" / "test.parquet").unlink()
    assert CliRunner().invoke(app, [*arguments, "--check"]).exit_code == 1


def test_a_table_that_names_an_unknown_entry_is_refused(monkeypatch):
    monkeypatch.setattr(module, "read_table", lambda *_: [{"entry_id": "Unobtainium_1"}])
    with pytest.raises(LedgerError, match=r"label_suspect_1\.1\.0\.csv names unknown entries: Unobtainium_1"):
        revise(embench.load(version="1.0.0").select(["LiRuO2_1"]).table)
