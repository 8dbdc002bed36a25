"""docs/potentials.md works as it is written: its files, its Python and its commands, from top to bottom."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from embench.leaderboard.submission import read_submission
from embench.leaderboard.submission.problems import statement_problems
from embench.neb import FAILURES, NEB1
from embench.neb.columns import read_bands
from embench.neb.store import RunStore

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "potentials.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language):
    return [code for found, code in BLOCK.findall(PAGE) if found == language]


def _run(command, folder):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_page_from_top_to_bottom(tmp_path):
    (tmp_path / "leaderboard").symlink_to(REPOSITORY / "leaderboard")
    potential, *examples = _blocks("python")
    (tmp_path / "mypotential.py").write_text(potential, encoding="utf-8")
    for code in examples:
        assert _run([sys.executable, "-c", code], tmp_path)
    lines = [line for block in _blocks("bash") for line in block.splitlines() if line.startswith("embench ")]
    assert len(lines) >= 8
    for line in lines:
        _run([sys.executable, "-m", *shlex.split(line)], tmp_path)
    assert (tmp_path / "barriers.csv").read_text(encoding="utf-8").count("\n") == 3
    (submit,) = (line for line in lines if line.startswith("embench submit"))
    _run([sys.executable, "-m", *shlex.split(submit.replace("--dry-run", "--submissions mine"))], tmp_path)
    _is_what_the_run_was(read_submission(tmp_path / "mine" / "my-potential"), tmp_path / "run")


def _is_what_the_run_was(submission, run):
    """From the folder of the run to the submission: costs, versions, failures and settings came along by themselves."""
    results = RunStore(run).results()
    assert (submission.kind, submission.barrier, submission.n_predicted) == ("potential-neb", "max-minus-min", 2)
    assert submission.level_of_theory.functional == "PBE"
    assert submission.neb.protocol == "embench-neb-1"
    assert submission.neb.digest == NEB1.digest
    assert submission.neb.n == len(results) == 2
    assert submission.neb.share_converged == sum(each.status == "converged" for each in results.values()) / 2
    flags = [flag for each in results.values() for flag in each.flags]
    assert submission.neb.failures == {flag: flags.count(flag) for flag in flags}
    seconds = sum(sum(each.cpu_seconds.values()) for each in results.values())
    assert submission.cost_device_hours == pytest.approx(seconds / 3600, abs=0.006)
    assert {"ase", "numpy", "python", "embench"} <= submission.versions.keys()
    assert "strength=1.5" in submission.reproduce
    (name,) = set(submission.predictions.values())
    for row in read_bands(submission.files[name], name=name):
        result = results[row.entry_id]
        assert row.prediction == pytest.approx(max(result.energies) - min(result.energies), abs=1e-6)
        assert row.energies == pytest.approx([each - result.energies[0] for each in result.energies], abs=1e-6)
        assert row.failures == result.flags
    assert not list(statement_problems(submission))


def test_page_lists_the_failures():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(failure.name, failure.description) for failure in FAILURES]
