"""The workflow that checks pull requests: its steps are run here on a repository with a hostile pull request."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = REPOSITORY / ".github" / "workflows"
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"


def read(name: str) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return content


def steps(name: str, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(name)["jobs"][job]["steps"]
    return found


@pytest.mark.parametrize("path", sorted(WORKFLOWS.iterdir()), ids=lambda path: path.name)
def test_a_pull_request_gets_no_rights(path):
    content = read(path.name)
    # To YAML 1.1 the key "on" is the truth value true. pull_request_target would come with secrets.
    assert set(content[True]) <= {"pull_request", "push"}
    assert content["permissions"] == {"contents": "read"}
    for job in content["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            # Values of a pull request that are put into a script become part of it; in the environment they do not.
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


def test_the_code_is_that_of_the_base_branch():
    first, *_ = steps("submission.yml", "check")
    assert first["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


class Checkout:
    """A repository whose pull request 7 changes submissions, checked out at its base."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.base, self.temporary = folder / "origin", folder / "base", folder / "runner"
        for path in (self.origin, self.temporary, folder / "bin"):
            path.mkdir()
        program = folder / "bin" / "embench"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m embench "$@"\n')
        program.chmod(0o755)
        self.environment = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONSAFEPATH": "1",  # embench is installed on the runner: the working directory holds no modules
            "RUNNER_TEMP": str(self.temporary),
            "PULL_REQUEST": "7",
            "OMP_NUM_THREADS": "1",
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "a@example.org"),
        }
        self.submissions = self.origin / "leaderboard" / "submissions"
        self.git("init", "--quiet", "--initial-branch", "main", at=self.origin)
        for slug in ("model-3", "chgnet"):
            shutil.copytree(SUBMISSIONS / slug, self.submissions / slug)
        self.commit("base")
        self.git("clone", "--quiet", str(self.origin), str(self.base), at=folder)

    def git(self, *arguments: str, at: Path) -> None:
        subprocess.run(["git", *arguments], cwd=at, env=self.environment, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all", at=self.origin)
        self.git("commit", "--quiet", "--message", message, at=self.origin)

    def check(self) -> subprocess.CompletedProcess[str]:
        """Commit what has changed as the pull request, and run the steps of the workflow that are scripts."""
        self.commit("pull request")
        self.git("update-ref", "refs/pull/7/merge", "HEAD", at=self.origin)
        scripts = [step["run"] for step in steps("submission.yml", "check") if "run" in step]
        scripts = [script for script in scripts if not script.startswith("pip install")]
        assert len(scripts) == 2
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", "\n".join(scripts)],
            cwd=self.base,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_sound_pull_request(checkout):
    shutil.copytree(SUBMISSIONS / "m3gnet", checkout.submissions / "m3gnet")
    done = checkout.check()
    assert done.returncode == 0, done.stderr
    assert "m3gnet: sound" in done.stdout
    assert "1 checked" in done.stdout
    assert "::notice::" not in done.stdout


def test_a_hostile_pull_request(checkout, tmp_path):
    slug = checkout.submissions / "m3gnet"
    shutil.copytree(SUBMISSIONS / "m3gnet", slug)
    touch = f"open({str(tmp_path / 'hacked')!r}, 'w')"
    (checkout.origin / "embench").mkdir()
    for path in (checkout.origin / "embench" / "__init__.py", slug / "conftest.py", checkout.origin / "yaml.py"):
        path.write_text(touch)
    (slug / "link.csv").symlink_to("/etc/passwd")
    # Hides files from git archive, and has others read through a filter.
    (checkout.origin / ".gitattributes").write_text("conftest.py export-ignore\n*.csv filter=lfs\n")
    done = checkout.check()
    assert done.returncode == 1
    assert "m3gnet: cannot be taken" in done.stdout
    assert "'conftest.py' does not belong here" in done.stdout
    assert "'link.csv' is a link" in done.stdout
    assert "::notice::This pull request changes more than submissions" in done.stdout
    assert not (tmp_path / "hacked").exists()
