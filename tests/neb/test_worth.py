"""Hops worth computing: not in the dataset, in its crystals, ranked by what systems predict and not by barriers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pymatgen.io.vasp.inputs import Poscar
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.errors import InvalidValueError, OutputError
from embench.neb.worth import export_hops, hops_worth_computing

PAGE = Path(__file__).parents[2] / "docs" / "hops-worth-computing.md"


@pytest.fixture(scope="module")
def found():
    return hops_worth_computing(6)


def test_they_are_missing_and_their_crystals_are_not(found):
    data = embench.load()
    for one in found:
        entries = data.filter(group_host=one.host, mobile_ion=one.ion)
        assert len(entries) >= one.n_entries
        lengths = entries.column("hop_distance_minimum_image")
        assert np.abs(lengths - one.hop.hop_distance).min() > 0.1
        assert one.hop.mobile_ion == one.ion


def test_the_score_is_the_disagreement_of_the_systems(found):
    """Worked out from the table of predictions alone."""
    table = embench.load_predictions("host-10fold")
    data = embench.load()
    opinions = table.select_dtypes("number").drop(columns=["migration_barrier", "median", "nearest-neighbour"])
    opinions = opinions.dropna(axis=1)
    spread = opinions.std(axis=1, ddof=1)
    first = found[0]
    ids = [key for key in data.filter(group_host=first.host, mobile_ion=first.ion).entry_ids if key in spread.index]
    assert first.disagreement == pytest.approx(spread[ids].mean())
    assert first.score == pytest.approx(first.disagreement / np.sqrt(len(ids)))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_exported_bands_are_ready_for_neb(found, tmp_path):
    folders = export_hops(found[:2], tmp_path, images=5, path="straight")
    for folder, one in zip(folders, found, strict=False):
        read = [Poscar.from_file(folder / f"{i:02d}" / "POSCAR").structure for i in range(5)]
        assert (folder / "INCAR").read_text().count("IMAGES = 3") == 1
        moved = read[-1][0].coords - read[0][0].coords
        assert np.linalg.norm(moved) == pytest.approx(one.hop.hop_distance, abs=1e-4)
        np.testing.assert_allclose(read[-1].cart_coords[1:], read[0].cart_coords[1:], atol=1e-6)
    with pytest.raises(OutputError, match="exists already"):
        export_hops(found[:1], tmp_path, images=5, path="straight")


def test_settings_out_of_range(found, tmp_path):
    with pytest.raises(InvalidValueError, match="must be positive"):
        hops_worth_computing(0)
    with pytest.raises(InvalidValueError, match="2 is too few"):
        export_hops(found, tmp_path, images=2)


@pytest.mark.slow
def test_the_page_is_current():
    """``make baselines`` renews it."""
    result = CliRunner().invoke(app, ["neb", "worth", "--out", str(PAGE), "--check"])
    assert result.exit_code == 0, result.output
