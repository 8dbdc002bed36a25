"""The page about runs that embench made itself: as committed, and on a run made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import embench
from embench.audit.submitted_bands import read_submitted
from embench.neb import NEB1, NebResult
from embench.neb.store import RunStore
from embench.pages import neb
from embench.pages.neb import LARGE_DIFFERENCE, RUNS, neb_page
from embench.pages.neb_differences import EXPLAINED

REPOSITORY = Path(__file__).parents[2]
RUN_FOLDER = REPOSITORY / "baselines" / "neb"
PAGE = REPOSITORY / "docs" / "neb-results.md"


def _scored():
    return embench.protocol("published").scored_ids


def test_the_page_is_up_to_date():
    expected = neb_page(RUN_FOLDER)
    assert PAGE.read_text(encoding="utf-8") == expected, "run: embench neb table --out docs/neb-results.md"


def test_large_differences_are_explained_before_a_run_is_submitted():
    """And nothing else is explained, among the entries that are computed."""
    for run in RUNS:
        if run.literature is None:
            continue
        results, published = RunStore(RUN_FOLDER / run.slug).results(), read_submitted(run.literature)
        large = {
            (run.slug, entry_id)
            for entry_id in set(_scored()) & results.keys() & published.keys()
            if results[entry_id].barrier_max_minus_min is not None
            and abs(results[entry_id].barrier_max_minus_min - published[entry_id].barrier) > LARGE_DIFFERENCE
        }
        explained = {key for key in EXPLAINED if key[0] == run.slug and key[1] in results}
        assert explained <= large
        if (REPOSITORY / "leaderboard" / "submissions" / run.slug).is_dir():
            assert large <= explained


@pytest.fixture
def page(tmp_path, monkeypatch):
    store = RunStore(tmp_path / "chgnet-0.3.0")
    store.folder.mkdir()
    key = {"potential": "chgnet", "version": "0.4.2", "settings": NEB1.to_dict()}
    (store.folder / "run.json").write_text(json.dumps({"key": key}), encoding="utf-8")
    # The literature has 1.637 and 0.239 eV for the first two.
    for entry_id, barrier, flags in (("KNiF3", 1.6, ()), ("Na3OCl", 0.639, ("clash",)), ("AlSc2Se4", 0.5, ())):
        row = NebResult(
            entry_id=entry_id, potential="chgnet", protocol="embench-neb-1", status="converged", flags=flags,
            n_sites=40, energies=(0.0, barrier, 0.0), barrier_max_minus_min=barrier, barrier_max_minus_start=barrier,
            calls={"ends": 10}, cpu_seconds={"ends": 1800.0},
        )  # fmt: skip
        store.add(row, None)
    monkeypatch.setattr(neb, "EXPLAINED", {("chgnet-0.3.0", "Na3OCl"): "made up by hand"})
    return neb_page(tmp_path)


def test_scores_and_failures(page):
    label = {i: embench.load()[i].migration_barrier for i in ("KNiF3", "Na3OCl", "AlSc2Se4")}
    test = (abs(1.6 - label["KNiF3"]), abs(0.639 - label["Na3OCl"]))
    assert "3 entries, 2 of the 60 of `published`. The run goes on" in page
    row = next(line for line in page.splitlines() if line.startswith("| `published` |"))
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells[1:4] == ["2 of 2", f"{sum(test) / 2:.3f}", f"{sum(test) / 2:.3f}"]
    assert cells[5:] == [f"{test[0]:.3f} (1)", "0.0%", "1.0"]
    assert "| `clash` | 1 | 1 |" in page
    assert "| 1 to 40 | 3 | 10 | 1800 |" not in page  # too few results for a law of costs


def test_agreement_with_the_literature(page):
    assert "has 2 of these entries" in page
    assert "1 agree within 0.05 eV and 1 within 0.15 eV" in page
    (row,) = (line for line in page.splitlines() if line.startswith("| `Na3OCl` |"))
    assert row.startswith("| `Na3OCl` | 0.639 | 0.239 |")
    assert row.endswith("| made up by hand |")
    assert "| `KNiF3` |" not in page


def test_a_run_on_the_second_dataset_is_compared_with_its_own_labels(tmp_path):
    entry = next(iter(embench.load("oxygen-vacancies")))
    store = RunStore(tmp_path / "chgnet-0.3.0-oxygen")
    store.folder.mkdir()
    key = {"potential": "chgnet", "version": "0.4.2", "settings": NEB1.to_dict()}
    (store.folder / "run.json").write_text(json.dumps({"key": key}), encoding="utf-8")
    barrier = entry.migration_barrier + 0.25
    row = NebResult(
        entry_id=entry.entry_id, potential="chgnet", protocol="embench-neb-1", status="converged", n_sites=95,
        energies=(0.0, barrier, 0.0), barrier_max_minus_min=barrier, barrier_max_minus_start=barrier,
        calls={"ends": 10}, cpu_seconds={"ends": 1800.0},
    )  # fmt: skip
    store.add(row, None)
    page = neb_page(tmp_path)
    assert "## CHGNet 0.3.0 on oxygen vacancies" in page
    assert "1 entries, 1 of the 622 of `to-oxygen`. The run goes on" in page
    assert "| `to-oxygen` | 1 of 1 | 0.250 | 0.250 |" in page
    assert "What symmetry would save" not in page


def test_single_points_are_compared_with_bands_of_their_own(tmp_path):
    made = {"sevennet-0": 1.0, "chgnet-0.3.0": 0.7, "sevennet-0-on-chgnet-0.3.0": 1.05}
    for slug, barrier in made.items():
        store = RunStore(tmp_path / slug)
        store.folder.mkdir()
        key = {"potential": slug[:10], "version": "1", "settings": NEB1.to_dict()}
        (store.folder / "run.json").write_text(json.dumps({"key": key}), encoding="utf-8")
        row = NebResult(
            entry_id="KNiF3", potential=slug, protocol="embench-neb-1", status="converged", n_sites=40,
            energies=(0.0, barrier, 0.0), barrier_max_minus_min=barrier, barrier_max_minus_start=barrier,
            cpu_seconds={"static": 360.0 * (barrier > 1.0) + 3600.0 * (barrier <= 1.0)},
        )  # fmt: skip
        store.add(row, None)
    page = " ".join(neb_page(tmp_path).split())
    assert "## SevenNet-0 on the bands of CHGNet 0.3.0" in page
    assert "On the 1 entries with a barrier in all three runs" in page
    assert "(`sevennet-0`) by 0.050 eV in the median, where that of chgnet-0.3.0 does by 0.300 eV" in page
    assert "costs 0.10 CPU hours in place of 1.00" in page
