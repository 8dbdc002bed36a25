"""What the board says of potentials: profiles, failures, errors and costs, from files made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import embench
from embench.leaderboard.board.potentials import potentials_section
from embench.leaderboard.submission import read_submission
from embench.neb import FAILURES
from tests.leaderboard.make import fields, write_description

REPOSITORY = Path(__file__).parents[2]
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
FILE = """entry_id,prediction,energies,failures,cpu_seconds
Na3OCl,0.3,0.0 0.2 0.3 0.2 0.0,,50.0
KNiF3,1.0,0.0 1.0 0.1,ends_apart clash,20.5
MgHo2S4,0.5,0.0 - 0.5 0.0,clash,
"""


def _submission(folder, text=FILE, **changes):
    folder.mkdir()
    (folder / "barriers.csv").write_text(text, encoding="utf-8")
    changes = {"kind": "potential-neb", "predictions": {"all": "barriers.csv"}, "n_predicted": 3} | changes
    write_description(folder, fields(**changes))
    return read_submission(folder)


@pytest.fixture
def section(tmp_path):
    neb = {"protocol": "embench-neb-1", "n": 5, "share_converged": 0.6}
    neb["failures"] = {"clash": 2, "ends_apart": 1, "crash": 2}
    return potentials_section([_submission(tmp_path / "mine", neb=neb), read_submission(SUBMISSIONS / "median")])


def test_profiles_are_by_entry_and_system(section):
    assert section["profiles"] == {
        "KNiF3": {"mine": [0.0, 1.0, 0.1]},
        "MgHo2S4": {"mine": [0.0, None, 0.5, 0.0]},
        "Na3OCl": {"mine": [0.0, 0.2, 0.3, 0.2, 0.0]},
    }
    assert list(section["profiles"]) == [each for each in embench.load().entry_ids if each in section["profiles"]]


def test_flags_are_by_entry_and_system(section):
    assert section["flags"] == {"KNiF3": {"mine": ["ends_apart", "clash"]}, "MgHo2S4": {"mine": ["clash"]}}


def test_failures_and_costs(section):
    card = section["systems"]["mine"]
    assert (card["protocol"], card["n"], card["share_converged"]) == ("embench-neb-1", 5, 0.6)
    assert {name: count for name, count in card["failures"].items() if count} == {
        "ends_apart": 1, "clash": 2, "crash": 2
    }  # fmt: skip
    assert list(card["failures"]) == [kind["name"] for kind in section["kinds"]] == [kind.name for kind in FAILURES]
    # 39 and 10 atoms or whatever the dataset says: the smaller cell first.
    sizes = {entry.entry_id: entry.n_sites for entry in embench.load() if entry.entry_id in ("KNiF3", "Na3OCl")}
    wanted = sorted(sizes.items(), key=lambda item: item[1])
    seconds = {"Na3OCl": 50.0, "KNiF3": 20.5}
    assert card["cost"] == [{"entry_id": i, "n_sites": n, "cpu_seconds": seconds[i]} for i, n in wanted]


def test_errors_with_and_without_failures(section):
    label = {entry_id: embench.load()[entry_id].migration_barrier for entry_id in ("Na3OCl", "KNiF3", "MgHo2S4")}
    sound = abs(0.3 - label["Na3OCl"])
    failed = (abs(1.0 - label["KNiF3"]) + abs(0.5 - label["MgHo2S4"])) / 2
    errors = section["systems"]["mine"]["errors"]
    assert errors["not_flagged"] == {"n": 1, "mae": pytest.approx(sound, abs=5e-5)}
    assert errors["flagged"] == {"n": 2, "mae": pytest.approx(failed, abs=5e-5)}
    assert errors["all"] == {"n": 3, "mae": pytest.approx((sound + 2 * failed) / 3, abs=5e-5)}


def test_a_file_without_bands_tells_nothing(tmp_path):
    text = "entry_id,prediction\nKNiF3,1.0\nNa3OCl,0.3\nMgHo2S4,0.5\n"
    section = potentials_section([_submission(tmp_path / "mine", text)])
    assert section["profiles"] == {}
    assert section["systems"]["mine"] == {
        "protocol": None, "n": 3, "share_converged": None, "failures": None, "errors": None, "cost": []
    }  # fmt: skip


def test_of_published_bands_only_what_energies_show_is_counted():
    section = potentials_section([read_submission(SUBMISSIONS / "orb-v3")])
    # FACTS, Orb-v3: 572 bands; MAE 0.337.
    card = section["systems"]["orb-v3"]
    assert card["failures"] == {
        "image_below_ends": 31, "end_is_maximum": 28, "equivalent_ends_differ": 32, "ends_apart": 41
    }  # fmt: skip
    assert card["errors"]["all"] == {"n": 572, "mae": pytest.approx(0.337, abs=5e-4)}
    assert len(section["profiles"]) == 572
    assert json.loads(json.dumps(section)) == section
