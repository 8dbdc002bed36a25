"""The shipped table of the potentials' barriers: what its command makes, and what is scored."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

import embench
from embench.audit import read_potentials
from embench.audit.potentials import SOURCES, read_source
from embench.cli.app import app
from embench.errors import UnknownNameError, UpstreamError

REPOSITORY = Path(__file__).parents[2]
TABLE = REPOSITORY / "baselines" / "potentials" / "barriers.csv"


def test_committed_is_what_the_command_makes(shared):
    done = CliRunner().invoke(app, ["data", "potentials", str(shared), "--out", str(TABLE), "--check"])
    assert done.exit_code == 0, done.exception


def test_the_barriers_are_those_that_are_scored():
    found = {potential.slug: potential.barriers for potential in read_potentials(embench.load().entry_ids)}
    # Others hand in potentials as well.
    submissions = [REPOSITORY / "leaderboard" / "submissions" / slug / "barriers.csv" for slug in sorted(SOURCES)]
    assert list(found) == [path.parent.name for path in submissions]
    for path in submissions:
        with open(path, encoding="utf-8", newline="") as file:
            scored = {row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(file)}
        assert found[path.parent.name] == scored


def test_the_card_names_every_potential():
    card = (TABLE.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"`{slug}`" in card for slug in SOURCES)
    assert "MIT" in card


def test_sources_that_do_not_fit(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean orb-v3"):
        read_source("orb", tmp_path, [])
    with pytest.raises(UpstreamError, match="cannot be read"):
        read_source("orb-v3", tmp_path, [])
    header = "sys_name,model,barrier_max_minus_min_eV,barrier_max_minus_start_eV\n"
    (tmp_path / "umlip_neb").mkdir()
    path = tmp_path / "umlip_neb" / "umlip_all_barriers.csv"
    path.write_text(header + "x,Orb-v3,0.5,0.4\n")
    with pytest.raises(UpstreamError, match="has no column e0, e1, e2, e3, e4"):
        read_source("orb-v3", tmp_path, ["x"])
    header = header.replace("\n", ",e0,e1,e2,e3,e4\n")
    path.write_text(header + "x,Orb-v3,0.5,0.4,0,0,0,0,0\nx,Orb-v3,0.6,0.4,0,0,0,0,0\n")
    with pytest.raises(UpstreamError, match="given twice: x"):
        read_source("orb-v3", tmp_path, ["x"])
    with pytest.raises(UpstreamError, match="unknown"):
        read_source("orb-v3", tmp_path, ["y"])
