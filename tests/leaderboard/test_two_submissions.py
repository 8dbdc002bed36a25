"""Two outsiders hand in at once, as documented; a maintainer merges both, and the workflow builds the board."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.leaderboard.conftest import BOARD_CACHE, REPOSITORY, SUBMISSIONS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("two-submissions")]

# What the code, the tests of the board and the workflow read; the baselines' cards and weights are not among it.
NEEDED = (
    ".github",
    "CITATION.cff",
    "LICENSE",
    "README.md",
    "dataset_card",
    "dataset_versions",
    "embench",
    "leaderboard",
    "pyproject.toml",
)
NEEDED += ("splits", "tests")
TEST = "tests/leaderboard/test_board.py::test_the_committed_board_is_current"
GENERATED = {"leaderboard/leaderboard.json", "leaderboard/leaderboard.md", "README.md"}


def _ignored(folder: str, names: list[str]) -> set[str]:
    """Leave out what is heavy: compiled code, and in the folder of the leaderboard the submissions and the site."""
    at_board = Path(folder) == REPOSITORY / "leaderboard"
    return {"__pycache__", *(("submissions", "site") if at_board else ())} & set(names)


class Project:
    """A copy of the working tree with two submissions, as a repository with an origin, whose board is of now."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.path, programs = folder / "origin.git", folder / "checkout", folder / "bin"
        programs.mkdir(parents=True)
        program = programs / "embench"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m embench "$@"\n')
        program.chmod(0o755)
        cache = folder / "cache"
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "EMBENCH_CACHE": str(cache),
            BOARD_CACHE: str(cache / "board"),
            "PYTHONPATH": str(self.path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "BRANCH": "main",
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "a@example.org"),
        }
        self.path.mkdir()
        for name in NEEDED:
            if (REPOSITORY / name).is_dir():
                shutil.copytree(REPOSITORY / name, self.path / name, ignore=_ignored)
            else:
                shutil.copy2(REPOSITORY / name, self.path / name)
        shutil.copytree(SUBMISSIONS / "model-3", self.submissions / "model-3")
        median = self.submissions / "median"
        median.mkdir()
        # The main protocol alone: all tables of the board but those of two protocols stay empty.
        described = yaml.safe_load((SUBMISSIONS / "median" / "submission.yaml").read_text(encoding="utf-8"))
        described["predictions"] = {"host-10fold": "host-10fold.csv"}
        described["n_predicted"] = 616
        (median / "submission.yaml").write_text(yaml.safe_dump(described, sort_keys=False), encoding="utf-8")
        shutil.copy2(SUBMISSIONS / "median" / "host-10fold.csv", median)
        self.git("init", "--quiet", "--bare", "--initial-branch", "main", str(self.origin))
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("remote", "add", "origin", str(self.origin))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "base")
        self.git("push", "--quiet", "origin", "main")

    @property
    def submissions(self) -> Path:
        return self.path / "leaderboard" / "submissions"

    def run(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(
            command, cwd=self.path, env=self.environment, capture_output=True, text=True, check=False, input=""
        )
        assert done.returncode == code, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def test(self, *, code: int = 0) -> str:
        command = (sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", TEST)
        return self.run(*command, code=code)

    def build_board(self) -> str:
        """What the workflow does on the branch main."""
        workflow = yaml.safe_load((self.path / ".github" / "workflows" / "board.yml").read_text(encoding="utf-8"))
        scripts = [step["run"] for step in workflow["jobs"]["board"]["steps"] if "run" in step]
        scripts = [script for script in scripts if not script.startswith("pip install")]
        assert len(scripts) == 1
        return self.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts[0])

    def hand_in(self, name: str, seed: int) -> str:
        """Follow docs/submitting.md: predict, submit, and the git steps that the command prints; return the branch."""
        self.git("switch", "--quiet", "main")
        table = self.path / "published.csv"
        with (SUBMISSIONS / "model-3" / "published.csv").open(encoding="utf-8", newline="") as lines:
            names = [row["entry_id"] for row in csv.DictReader(lines)]
        values = np.random.default_rng(seed).lognormal(mean=-0.5, sigma=0.6, size=len(names))
        rows = "".join(f"{name},{value:.4f}\n" for name, value in zip(names, values, strict=True))
        table.write_text(f"entry_id,prediction\n{rows}", encoding="utf-8")
        said = self.run(
            "embench", "submit", "published.csv", "--name", name, "--version", "1.0", "--kind", "property-model",
            "--author", "A. Author", "--description", "Draws barriers.", "--licence", "MIT",
            "--training-data", "none", "--overlap", "none",
        )  # fmt: skip
        table.unlink()
        steps = re.findall(r"^  (git .*)$", said, flags=re.MULTILINE)
        assert len(steps) == 4
        for step in steps:
            self.run("bash", "-c", step)
        branch = steps[0].split()[-1]
        changed = self.git("diff", "--name-only", "main", branch).split()
        assert changed
        assert all(path.startswith("leaderboard/submissions/") for path in changed)
        return branch


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    assert "built and pushed" in project.build_board()
    return project


def test_two_submissions_at_once(project):
    base = project.test()
    assert "1 passed" in base
    assert "to be built again" not in base
    first = project.hand_in("First", seed=1)
    seen = project.test()
    assert "1 passed" in seen
    assert "to be built again: new: first" in seen
    second = project.hand_in("Second", seed=2)
    assert "1 passed" in project.test()
    # Both are merged, one after the other, without a conflict.
    project.git("switch", "--quiet", "main")
    for branch in (first, second):
        project.git("merge", "--quiet", "--no-edit", branch)
    assert "to be built again: new: first, second" in project.test()
    project.git("push", "--quiet", "origin", "main")
    # The workflow builds the board, and only that.
    assert "built and pushed" in project.build_board()
    assert set(project.git("diff", "--name-only", "HEAD~1", "HEAD").split()) <= GENERATED
    assert project.git("rev-parse", "HEAD") == project.git("rev-parse", "origin/main")
    after = project.test()
    assert "1 passed" in after
    assert "to be built again" not in after
    assert "up to date" in project.build_board()
    # Nothing but what is pending may differ.
    page = project.path / "leaderboard" / "leaderboard.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("0.261", "0.161"), encoding="utf-8")
    assert "leaderboard.md: not what this command writes now" in project.test(code=1)
    page.write_text(text, encoding="utf-8")


def test_somebody_merges_while_the_board_is_built(project, tmp_path):
    """The push is refused, and the board is built again on top of what has come."""
    third = project.hand_in("Third", seed=3)
    project.git("switch", "--quiet", "main")
    project.git("merge", "--quiet", "--no-edit", third)
    other = tmp_path / "other"
    project.git("clone", "--quiet", str(project.origin), str(other))
    (other / "LICENSE").write_text("changed meanwhile")
    project.git("-C", str(other), "commit", "--quiet", "--all", "--message", "meanwhile")
    # The merge of the submission and the other commit are on the branch; the checkout knows the first only.
    project.git("push", "--quiet", "origin", "main")
    project.git("-C", str(other), "pull", "--quiet", "--rebase")
    project.git("-C", str(other), "push", "--quiet")
    said = project.build_board()
    assert "attempt 1: the branch has moved" in said
    assert "built and pushed" in said
    assert (project.path / "LICENSE").read_text() == "changed meanwhile"
    assert project.git("rev-parse", "HEAD") == project.git("rev-parse", "origin/main")
