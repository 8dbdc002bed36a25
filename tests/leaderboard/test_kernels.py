"""The board does not depend on the processor: the same bytes whatever kernel multiplies the matrices."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import embench
from tests.leaderboard.make import write_submission

pytestmark = pytest.mark.xdist_group("kernels")

# What OpenBLAS calls the kernels that these names choose, by build: some builds lack the one for Zen.
KERNELS = {
    "Zen": {"Zen", "Haswell"},
    "Haswell": {"Haswell"},
    "Prescott": {"Prescott", "Katmai"},
    "SkylakeX": {"SkylakeX"},
}

BUILD = """
import json, sys
from pathlib import Path
import numpy as np
from threadpoolctl import threadpool_info
from embench.leaderboard.board import build_board
from embench.evaluation.document import dumps

print(next((found["architecture"] for found in threadpool_info() if found["internal_api"] == "openblas"), "none"))
board = build_board(Path(sys.argv[1]), cache=None, workers=1)
Path(sys.argv[2]).write_text(dumps(board.content) + json.dumps(sorted(board.details.items())), encoding="utf-8")
"""


def built(kernel: str, submissions: Path, out: Path) -> bytes:
    """The board and all details as a process with this kernel makes them; skips where it cannot be had."""
    pytest.importorskip("threadpoolctl")
    run = subprocess.run(
        [sys.executable, "-c", BUILD, str(submissions), str(out)],
        env={**os.environ, "OPENBLAS_CORETYPE": kernel},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == -getattr(signal, "SIGILL", 4):
        pytest.skip(f"this processor lacks the instructions of the kernel {kernel}")
    assert run.returncode == 0, run.stderr
    architecture = run.stdout.strip()
    if architecture not in KERNELS[kernel]:
        pytest.skip(f"asked for the kernel {kernel}, OpenBLAS has taken {architecture}")
    return out.read_bytes()


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten submissions full of ties: two copies each of errors of one size and of few sizes, and of one number."""
    folder = tmp_path_factory.mktemp("tied") / "submissions"
    barriers = {
        entry_id: embench.load()[entry_id].migration_barrier
        for fold in embench.protocol("published")
        for entry_id in fold.test_ids
    }
    chance = {key: hashlib.sha256(key.encode()).digest() for key in barriers}
    rows = {
        "constant": dict.fromkeys(barriers, 0.5),
        "above": {key: value + 0.1 for key, value in barriers.items()},
        "below": {key: value + 0.1 * (1 - 2 * (chance[key][0] % 2)) for key, value in barriers.items()},
        # Errors of 0.1 eV or none, and multiples of 0.07 eV: many resamples have the MAE of the sample.
        "steps": {key: value + 0.1 * (chance[key][1] % 3 - 1) for key, value in barriers.items()},
        "multiples": {key: value + 0.07 * (chance[key][2] % 4 + 1) for key, value in barriers.items()},
    }
    for slug, predictions in rows.items():
        for copy in (1, 2):
            write_submission(
                folder / f"{slug}-{copy}", {"published": predictions}, name=f"{slug} {copy}", version=str(copy)
            )
    return folder


@pytest.fixture(scope="module")
def first(tied: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return built("Haswell", tied, tmp_path_factory.mktemp("kernel") / "Haswell")


@pytest.mark.parametrize("kernel", ["Zen", "Prescott", "SkylakeX"])
def test_the_board_is_the_same_with_every_kernel(kernel, tied, first, tmp_path):
    assert built(kernel, tied, tmp_path / kernel) == first


def test_copies_share_rank_and_interval(tied):
    from embench.leaderboard.board import build_board

    (found,) = build_board(tied, cache=None, workers=1).content["protocols"]
    ranks = {}
    for row in found["rows"]:
        ranks.setdefault(row["slug"][:-2], set()).add((row["rank"], row["rank_low"], row["rank_high"]))
    assert [len(of_copies) for of_copies in ranks.values()] == [1] * 5
    assert ranks["steps"] == {(1.5, 1.5, 1.5)}
    # Errors of 0.1 eV everywhere, whatever their sign: all four share the ranks 3 to 6, in every resample.
    assert ranks["above"] == ranks["below"] == {(4.5, 4.5, 4.5)}
