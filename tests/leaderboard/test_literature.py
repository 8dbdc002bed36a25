"""The committed literature submissions are what the command makes, and hold what the sources hold."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from embench.cli.app import app
from embench.errors import UnknownNameError, UpstreamError
from embench.leaderboard.entrants.literature import SYSTEMS, write_submission
from embench.neb.columns import read_bands

SUBMISSIONS = Path(__file__).parents[2] / "leaderboard" / "submissions"


def _rows(path: Path) -> dict[str, float]:
    with open(path, encoding="utf-8", newline="") as file:
        return {row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.slug)
def test_committed_is_what_the_command_makes(system, shared, tmp_path):
    write_submission(system, shared, tmp_path)
    for file in (system.file, "submission.yaml"):
        assert (SUBMISSIONS / system.slug / file).read_text() == (tmp_path / system.slug / file).read_text()
    described = yaml.safe_load((tmp_path / system.slug / "submission.yaml").read_text())
    assert described["n_predicted"] == len(_rows(tmp_path / system.slug / system.file))
    assert set(described["predictions"].values()) == {system.file}


def test_counts_of_the_sources():
    counts = {system.slug: len(_rows(SUBMISSIONS / system.slug / system.file)) for system in SYSTEMS}
    # FACTS: three and seven blanks in the table, 572 entries with Orb-v3; 271 results of the source have five images.
    assert counts["model-3"] == 60
    assert counts["mace-relax"] == 619 - 3
    assert counts["mace-no-relax"] == 619 - 7
    assert counts["orb-v3"] == 572
    assert counts["mace-mp-0"] + counts["chgnet"] + counts["m3gnet"] == 271 - 2 * 55
    # The test entries, and 517 more from a file of their own.
    assert counts["sevennet-mf-ompa"] == 55 + 517


def test_numbers_of_the_sources(shared):
    table = pd.read_excel(shared / "upstream" / "TABULATION-GIT-HUB.xlsx").set_index("sys_name")["MACE-RELAX"].dropna()
    assert _rows(SUBMISSIONS / "mace-relax" / "barriers.csv") == table.to_dict()
    source = pd.read_csv(shared / "umlip_neb" / "umlip_test_barriers.csv")
    chgnet = source[(source.model == "CHGNet") & (source.n_images == 5)].set_index("sys_name").reported_barrier_eV
    assert _rows(SUBMISSIONS / "chgnet" / "barriers.csv") == chgnet.to_dict()


def test_figures_that_are_no_barriers_are_flagged():
    """Issue: CHGNet's 0.625 and SevenNet's 0.897 eV for LiMn2O4 are the difference of two ends that are equivalent."""
    for slug, figure in (("chgnet", 0.625), ("sevennet-mf-ompa", 0.897)):
        content = (SUBMISSIONS / slug / "barriers.csv").read_bytes()
        (row,) = (row for row in read_bands(content, name=slug) if row.entry_id == "LiMn2O4")
        assert row.prediction == pytest.approx(figure, abs=5e-4)
        assert row.energies == pytest.approx((0.0, None, None, None, -figure), abs=5e-4)
        assert row.failures == ("end_is_maximum", "equivalent_ends_differ", "ends_apart")


def test_rates_of_failures_in_the_bands_of_orb():
    """FACTS, 572 bands: image below the ends 31, an end the maximum 28, equivalent ends 32, ends apart 41."""
    rows = read_bands((SUBMISSIONS / "orb-v3" / "barriers.csv").read_bytes(), name="orb-v3")
    counts = Counter(name for row in rows for name in row.failures or ())
    assert counts == {"image_below_ends": 31, "end_is_maximum": 28, "equivalent_ends_differ": 32, "ends_apart": 41}


def test_command(shared, tmp_path):
    result = CliRunner().invoke(
        app, ["leaderboard", "literature", str(shared), "--out", str(tmp_path), "--only", "model-3"]
    )
    assert result.exit_code == 0, result.output
    assert [folder.name for folder in tmp_path.iterdir()] == ["model-3"]


def test_unknown_system_and_missing_source(tmp_path):
    result = CliRunner().invoke(app, ["leaderboard", "literature", str(tmp_path), "--only", "model-4"])
    assert isinstance(result.exception, UnknownNameError)
    assert "did you mean model-3" in str(result.exception)
    with pytest.raises(UpstreamError):
        write_submission(SYSTEMS[0], tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
