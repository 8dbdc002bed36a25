"""Every file is read once: submissions are parsed once and passed on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
COMMITTED = REPOSITORY / "leaderboard" / "submissions"
SLUGS = ("chgnet", "median", "model-3", "orb-v3", "pathway-stack")
DESCRIBED = (
    *("--name", "My model", "--version", "1.0", "--kind", "property-model", "--author", "A. Author"),
    *("--description", "It works.", "--licence", "MIT", "--training-data", "the training side", "--overlap", "none"),
)

# Runs a command in a process of its own, where nothing is cached, and says what it opened for reading.
PROGRAM = """
import json, os, sys

opened = []

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path, mode, flags = arguments
        if not (flags or 0) & (os.O_WRONLY | os.O_RDWR) and not (mode or "r").startswith(("w", "a", "x")):
            opened.append(os.path.abspath(os.fsdecode(path)))

sys.addaudithook(note)
report = sys.argv.pop(1)
from embench.cli import main
try:
    main()
finally:
    with open(report, "w") as file:
        json.dump(opened, file)
"""


def reads(tmp_path: Path, *arguments: object) -> Counter[str]:
    """Run a command; return how often it read each file of data below the repository or `tmp_path`."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-c", PROGRAM, report, *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    opened = Counter(json.loads(report.read_text()))
    kinds = (".csv", ".yaml", ".json", ".txt", ".parquet")
    places = (str(REPOSITORY), str(tmp_path))
    return Counter({path: n for path, n in opened.items() if path.startswith(places) and path.endswith(kinds)})


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    for slug in SLUGS:
        shutil.copytree(COMMITTED / slug, tmp_path / "submissions" / slug)
    return tmp_path / "submissions"


def files_in(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run(submissions, tmp_path):
    given = tmp_path / "published.csv"
    shutil.copyfile(COMMITTED / "composition" / "published.csv", given)
    found = reads(
        *(tmp_path, "submit", given, *DESCRIBED, "--uncertainty", "of the model"),
        *("--dry-run", "--submissions", submissions),
    )
    assert {str(given), *files_in(submissions)} <= found.keys()
    assert {path: n for path, n in found.items() if n > 1} == {}


def test_a_check(submissions, tmp_path):
    found = reads(tmp_path, "leaderboard", "check", "--submissions", submissions)
    assert files_in(submissions) <= found.keys()
    assert {path: n for path, n in found.items() if n > 1} == {}


def test_a_check_against_a_base(submissions, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(submissions, base)
    shutil.rmtree(base / "median")
    found = reads(tmp_path, "leaderboard", "check", "--submissions", submissions, "--base", base)
    assert files_in(submissions) | files_in(base) <= found.keys()
    assert {path: n for path, n in found.items() if n > 1} == {}


def test_a_build(submissions, tmp_path):
    where = ("--submissions", submissions, "--out", tmp_path / "board")
    found = reads(tmp_path, "leaderboard", "build", *where, "--no-cache", "--no-site", "--workers", "1")
    assert files_in(submissions) <= found.keys()
    assert {path: n for path, n in found.items() if n > 1} == {}
