"""docs/potentials.md works as it is written: its files, its Python and its commands, from top to bottom."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from embench.neb import FAILURES

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


def test_page_lists_the_failures():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(failure.name, failure.description) for failure in FAILURES]
