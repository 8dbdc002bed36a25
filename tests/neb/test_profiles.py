"""Energy profiles: errors worked out by hand, and the published bands of Orb-v3."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.errors import PredictionsError
from embench.neb.profiles import score_profiles

OXYGEN = "oxygen-vacancies"
FAST = {"resamples": 200}


def written(folder: Path, profiles: dict[str, list[float]]) -> Path:
    path = folder / "oxygen-10fold.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["entry_id", "prediction", "energies"])
        for key, energies in profiles.items():
            writer.writerow([key, f"{max(energies) - energies[0]:.6f}", " ".join(f"{e:.6f}" for e in energies)])
    return path


@pytest.fixture(scope="module")
def truth() -> dict[str, list[float]]:
    return {entry.entry_id: entry.image_energies.tolist() for entry in embench.load(OXYGEN)}


def test_the_truth_has_no_error(tmp_path, truth):
    found = score_profiles(written(tmp_path, truth), "oxygen-10fold", **FAST)
    assert (found.n, found.n_scored) == (622, 622)
    for error in (found.forward, found.backward, found.ends, found.profile):
        assert error.mean.value == pytest.approx(0.0, abs=1e-6)
        assert (error.n, error.n_hosts) == (622, 272)
    # The flag of the dataset, set by another rule of another module.
    flagged = embench.load(OXYGEN).filter(include_flags=["end_is_maximum"]).entry_ids
    assert sorted(found.without_saddle) == sorted(flagged)


def test_errors_by_hand(tmp_path, truth):
    key = next(key for key, energies in truth.items() if energies.index(max(energies)) == 2)
    energies = list(truth[key])
    # The middle 0.2 eV too high, the end 0.1 eV too high: forward 0.2, backward 0.1, profile sqrt((0.04 + 0.01) / 4).
    energies[2] += 0.2
    energies[4] += 0.1
    found = score_profiles(written(tmp_path, {key: energies}), "oxygen-10fold", **FAST)
    assert found.n == 1
    assert found.forward.mean.value == pytest.approx(0.2, abs=1e-5)
    assert found.backward.mean.value == pytest.approx(0.1, abs=1e-5)
    assert found.ends.mean.value == pytest.approx(0.1, abs=1e-5)
    assert found.profile.mean.value == pytest.approx(np.sqrt(0.05 / 4), abs=1e-5)


def test_another_number_of_images_is_interpolated(tmp_path, truth):
    key = next(iter(truth))
    fine = np.interp(np.linspace(0, 1, 9), np.linspace(0, 1, 5), truth[key]).tolist()
    found = score_profiles(written(tmp_path, {key: fine}), "oxygen-10fold", **FAST)
    assert found.profile.mean.value == pytest.approx(0.0, abs=1e-6)


def test_published_bands_of_cations(shared):
    """Forward and backward barriers of Orb-v3 from the published energies, without this package's reader."""
    found = score_profiles("orb-v3", "published", **FAST)
    with open(shared / "umlip_neb" / "umlip_all_barriers.csv", encoding="utf-8", newline="") as file:
        rows = {row["sys_name"]: row for row in csv.DictReader(file)}
    names = [name for name in next(iter(rows.values())) if name.startswith("e") and name[1:].isdigit()]
    data = embench.load()
    forward, backward = [], []
    for key in embench.protocol("published").scored_ids:
        if key not in rows:
            continue
        energies = np.array([float(rows[key][name]) for name in sorted(names)])
        forward.append(abs(energies.max() - energies[0] - data[key].migration_barrier))
        if data[key].endpoints_equivalent:
            backward.append(abs(energies.max() - energies[-1] - data[key].migration_barrier))
    assert found.n <= len(forward) + 5
    assert found.profile is None
    assert found.backward.n <= found.n
    assert found.backward.mean.value == pytest.approx(np.mean(backward), abs=0.03)
    assert found.forward.mean.value == pytest.approx(np.mean(forward), abs=0.03)


def test_what_cannot_be_scored(tmp_path, truth):
    with pytest.raises(PredictionsError, match="has no column energies"):
        score_profiles("median", "oxygen-10fold", **FAST)
    path = tmp_path / "oxygen-10fold.csv"
    path.write_text(f"entry_id,prediction,energies\n{next(iter(truth))},1.0,0.0 1.0 -\n")
    with pytest.raises(PredictionsError, match="those of both ends at least"):
        score_profiles(path, "oxygen-10fold", **FAST)


def test_on_the_command_line(tmp_path, truth):
    path = str(written(tmp_path, truth))
    found = CliRunner().invoke(app, ["evaluate", path, "--profiles", "-p", "oxygen-10fold", "--resamples", "200"])
    assert found.exit_code == 0, found.output
    assert "622 of 622 entries have a profile, 10 of them no saddle" in " ".join(found.output.split())
    assert CliRunner().invoke(app, ["evaluate", path, "--profiles"]).exit_code == 2
