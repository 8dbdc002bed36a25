"""The workflow that checks pull requests: its steps are run here on a repository with a hostile pull request."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = REPOSITORY / ".github" / "workflows"
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"


def read(name: str) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return content


def steps(name: str, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(name)["jobs"][job]["steps"]
    return found


def triggers(content: dict[Any, Any]) -> dict[str, Any]:
    """What starts a workflow. To YAML 1.1 the key "on" is the truth value true."""
    found = content[True]
    return found if isinstance(found, dict) else dict.fromkeys([found] if isinstance(found, str) else found)


def of_pull_requests() -> list[str]:
    return [
        path.name for path in sorted(WORKFLOWS.iterdir()) if any("pull" in name for name in triggers(read(path.name)))
    ]


ALL = sorted(path.name for path in WORKFLOWS.iterdir())


@pytest.mark.parametrize("name", of_pull_requests())
def test_a_pull_request_gets_no_rights(name):
    content = read(name)
    assert set(triggers(content)) <= {"pull_request", "pull_request_target", "push"}
    assert content["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in content["jobs"].values())
    text = (WORKFLOWS / name).read_text(encoding="utf-8")
    # Neither is there for a pull request from a fork: what needs them would be red for every outsider.
    assert not re.search(r"\b(secrets|vars)\.", text)
    assert "github.token" not in text


@pytest.mark.parametrize("name", ALL)
def test_what_holds_for_every_workflow(name):
    content = read(name)
    assert "permissions" in content
    for job in content["jobs"].values():
        for step in job["steps"]:
            # Values of a pull request that are put into a script become part of it; in the environment they do not.
            assert "${{" not in step.get("run", "")
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), "pin the action by its commit"
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", [name for name in ALL if name not in of_pull_requests()])
def test_what_may_write_is_started_on_main_or_by_a_tag(name):
    content = read(name)
    started = triggers(content)
    if content["permissions"] == {"contents": "read"} and "schedule" in started:
        assert set(started) == {"schedule", "workflow_dispatch"}
        assert all("permissions" not in job for job in content["jobs"].values())
        return
    assert set(started) <= {"push", "workflow_dispatch"}
    where = {key: value for key, value in started["push"].items() if key != "paths"}
    assert where in ({"branches": ["main"]}, {"tags": ["v*"]})


def test_the_code_is_that_of_the_base_branch():
    """The text of the workflow is, on this trigger; and nothing of the pull request is checked out or installed."""
    content = read("submission.yml")
    assert set(triggers(content)) == {"pull_request_target"}
    first, *rest = steps("submission.yml", "check")
    assert first["with"]["ref"] == "${{ github.event.pull_request.base.ref }}"
    assert not any(step.get("uses", "").startswith("actions/checkout") for step in rest)
    text = (WORKFLOWS / "submission.yml").read_text(encoding="utf-8")
    for of_the_author in ("head.ref", "head.sha", "head_ref", "head.repo", "title", "body", "user"):
        assert of_the_author not in text
    (installed,) = (step["run"] for step in rest if "pip install" in step.get("run", ""))
    assert [line.split()[-1] for line in installed.splitlines()] == [".github/locks/checks.txt", "."]


class Checkout:
    """A repository whose pull request 7 changes submissions, checked out at its base."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.base, self.temporary = folder / "origin", folder / "base", folder / "runner"
        self.summary = folder / "summary.md"
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
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "PULL_REQUEST": "7",
            "OMP_NUM_THREADS": "1",
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "a@example.org"),
        }
        self.submissions = self.origin / "leaderboard" / "submissions"
        self.git("init", "--quiet", "--initial-branch", "main", at=self.origin)
        for slug in ("model-3", "chgnet"):
            shutil.copytree(SUBMISSIONS / slug, self.submissions / slug)
        (self.origin / "README.md").write_text("the board")
        (self.origin / ".github").mkdir()
        for path in REPOSITORY.glob(".github/*.sh"):
            shutil.copy2(path, self.origin / ".github")
        self.commit("base")
        self.git("clone", "--quiet", str(self.origin), str(self.base), at=folder)

    def git(self, *arguments: str, at: Path) -> None:
        subprocess.run(["git", *arguments], cwd=at, env=self.environment, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all", at=self.origin)
        self.git("commit", "--quiet", "--message", message, at=self.origin)

    def check(self) -> subprocess.CompletedProcess[str]:
        """Commit what has changed as the pull request, and run the steps of the workflow that are scripts."""
        self.git("switch", "--quiet", "--create", "theirs", at=self.origin)
        self.commit("pull request")
        self.git("update-ref", "refs/pull/7/head", "HEAD", at=self.origin)
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


def test_the_summary_shows_scores_and_rank(checkout):
    shutil.copytree(SUBMISSIONS / "m3gnet", checkout.submissions / "m3gnet")
    assert checkout.check().returncode == 0
    text = checkout.summary.read_text(encoding="utf-8")
    assert "## m3gnet (M3GNet" in text
    assert re.search(r"\| `published` \| \d+ of 60 \| 0\.\d{3} \[0\.\d{3}, \d\.\d{3}\] \| .* of 3 \|", text)


def test_the_base_branch_has_moved(checkout):
    """What others have merged since the pull request was opened is none of its doings."""
    checkout.git("switch", "--quiet", "--create", "later", at=checkout.origin)
    shutil.rmtree(checkout.submissions / "chgnet")
    shutil.copytree(SUBMISSIONS / "sevennet-mf-ompa", checkout.submissions / "sevennet-mf-ompa")
    checkout.commit("meanwhile")
    checkout.git("pull", "--quiet", "origin", "later", at=checkout.base)
    checkout.git("switch", "--quiet", "main", at=checkout.origin)
    shutil.copytree(SUBMISSIONS / "m3gnet", checkout.submissions / "m3gnet")
    done = checkout.check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 checked" in done.stdout


def test_a_conflict_with_the_base_branch(checkout):
    checkout.git("switch", "--quiet", "--create", "later", at=checkout.origin)
    (checkout.submissions / "model-3" / "submission.yaml").write_text("one")
    checkout.commit("meanwhile")
    checkout.git("pull", "--quiet", "origin", "later", at=checkout.base)
    checkout.git("switch", "--quiet", "main", at=checkout.origin)
    (checkout.submissions / "model-3" / "submission.yaml").write_text("other")
    done = checkout.check()
    assert done.returncode == 1
    assert "in conflict with the base branch" in done.stdout


def test_rivals_are_deleted_and_renamed(checkout):
    (checkout.submissions / "model-3").rename(checkout.submissions / "mine")
    shutil.rmtree(checkout.submissions / "chgnet")
    done = checkout.check()
    assert done.returncode == 1
    for slug in ("model-3", "chgnet"):
        assert f"{slug}: cannot be taken" in done.stdout
        assert f"{slug} is on the base branch and missing here" in done.stdout
        assert f"{slug} is on the base branch and missing here" in checkout.summary.read_text(encoding="utf-8")
    assert "are those of model-3" in done.stdout


def test_the_checking_code_is_changed(checkout, tmp_path):
    """The pull request rewrites the workflow, its scripts and hooks; those of the base branch run."""
    touch = f"#!/bin/sh\ntouch {tmp_path / 'hacked'}\n"
    for name in (".github/fetch-pull-request.sh", ".github/board.sh", ".githooks/post-checkout", "setup.py"):
        path = checkout.origin / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(touch)
        path.chmod(0o755)
    (checkout.origin / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch\n')
    (checkout.origin / "README.md").write_text("rank 1")
    (checkout.submissions / "m3gnet").mkdir()
    (checkout.submissions / "m3gnet" / "submission.yaml").write_text("name: |\n  x\n  ::error::y\n")
    done = checkout.check()
    assert done.returncode == 1
    assert "m3gnet: cannot be taken" in done.stdout
    assert "changes more than submissions" in done.stdout
    assert "are built after the merge; leave them out" in done.stdout
    assert not (tmp_path / "hacked").exists()
    # Between these two the runner takes no commands.
    word = re.search(r"^::stop-commands::([0-9a-f]{32})$", done.stdout, flags=re.MULTILINE)
    assert word
    assert done.stdout.index(word[0]) < done.stdout.index("m3gnet") < done.stdout.index(f"::{word[1]}::")


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


LOCKS = REPOSITORY / ".github" / "locks"


def pins(lock: Path) -> dict[str, set[str]]:
    """The versions that a lock has of each package: where Pythons or systems differ, several."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9][a-z0-9._-]*)==([^ ]+)", lock.read_text(encoding="utf-8"), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("name", ["checks.txt", "tests.txt"])
def test_a_lock_has_a_hash_for_everything_and_the_versions_of_the_constraints(name):
    text = (LOCKS / name).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry, entry.partition(" ")[0]
    assert "://" not in text
    locked = pins(LOCKS / name)
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith("#"):
            package, _, version = line.partition(";")[0].partition("==")
            known = locked.get(canonicalize_name(package.strip()))
            assert known is None or version.strip() in known, line


@pytest.mark.parametrize(("lock", "wanted"), [("checks.txt", ("leaderboard", "hub")), ("tests.txt", ("test", "lint"))])
def test_a_lock_is_whole(lock, wanted):
    """All that the workflows need, and what that needs in turn, as far as it is installed here; torch is left out."""
    locked = pins(LOCKS / lock)
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = extras["optional-dependencies"]
    waiting = [Requirement(text) for text in extras["dependencies"]]
    waiting += [Requirement(text) for extra in wanted for text in known[extra]]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        needed = waiting.pop()
        name, chosen = canonicalize_name(needed.name), frozenset(needed.extras)
        if (name, chosen) in seen:
            continue
        seen.add((name, chosen))
        if name == "embench-barriers":
            waiting += [Requirement(text) for extra in chosen for text in known[extra]]
            continue
        if name != "torch":
            assert name in locked, f"{name} is not in the lock: make lock"
        try:
            further = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting += [
            found
            for found in map(Requirement, further)
            if name != "torch"
            and (found.marker is None or any(found.marker.evaluate({"extra": extra}) for extra in (chosen or {""})))
        ]
    assert len(seen) > 50


def test_the_tests_are_installed_from_their_lock():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes --no-deps --requirement .github/locks/tests.txt" in makefile
    (run,) = (step["run"] for step in steps("tests.yml", "tests") if "make test" in step.get("run", ""))
    assert "LOCKED=1" in run
