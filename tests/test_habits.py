"""What keeps the house in order: skipped tests, markers, make targets, workflows, hooks, templates."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import release_data

REPOSITORY = Path(__file__).parent.parent
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.slow
class TestSkips:
    """A copy of the project's conftest with tests that are skipped in all ways."""

    TESTS = """
import pytest

def test_is_skipped():
    pytest.skip("for want of something")

def test_reads_the_release(shared):
    assert (shared / "upstream").is_dir()

def test_reads_another_part(shared):
    assert (shared / "audit" / "groups.csv").is_file()

def test_passes():
    pass
"""

    @pytest.fixture
    def run(self, tmp_path):
        tests = tmp_path / "tests"
        tests.mkdir()
        (tests / "conftest.py").write_bytes((REPOSITORY / "tests" / "conftest.py").read_bytes())
        (tests / "test_some.py").write_text(self.TESTS)
        (tests / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_library')\n")
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  release\n")

        def run(*arguments: str, **variables: str) -> str:
            environment = {name: value for name, value in os.environ.items() if not name.startswith(("EMBENCH", "CI"))}
            environment["PYTHONPATH"] = str(REPOSITORY)
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-rs",
                "-p",
                "no:xdist",
                "-p",
                "no:cacheprovider",
                *arguments,
            ]
            done = subprocess.run(
                command, cwd=tmp_path, env={**environment, **variables}, capture_output=True, text=True, check=False
            )
            assert done.stderr == ""
            return done.stdout

        return run

    def test_outside_they_are_skipped_and_the_release_is_asked_for(self, run):
        # CI alone does not change that: on the runner of a fork the raw release is missing.
        text = run(CI="true")
        assert re.search(r"^1 passed, 4 skipped", text, re.MULTILINE)
        assert "2 of the skipped tests compare with the raw release. `make release-data` fetches it" in text

    def test_a_part_of_the_release_is_enough_for_its_tests(self, run, tmp_path):
        (tmp_path / "shared" / "upstream").mkdir(parents=True)
        text = run(EMBENCH_SHARED=str(tmp_path / "shared"))
        assert re.search(r"^2 passed, 3 skipped", text, re.MULTILINE)
        assert "1 of the skipped tests compare" in text

    def test_where_all_is_required_they_fail(self, run):
        text = run("--ignore=tests/test_module.py", EMBENCH_REQUIRE_ALL="1")
        assert re.search(r"^1 failed, 1 passed, 2 errors", text, re.MULTILINE)
        assert "test_is_skipped was skipped, which EMBENCH_REQUIRE_ALL does not accept" in text
        text = run("tests/test_module.py", EMBENCH_REQUIRE_ALL="1")
        assert "test_module.py was skipped, which EMBENCH_REQUIRE_ALL does not accept" in text
        assert re.search(r"^1 error", text, re.MULTILINE)

    def test_those_of_the_release_can_be_left_out(self, run):
        text = run("-m", "not release", "--ignore=tests/test_module.py")
        assert re.search(r"^1 passed, 1 skipped, 2 deselected", text, re.MULTILINE)


class TestReleaseData:
    """Fetching the raw release, from a folder that stands in for its source."""

    @pytest.fixture
    def source(self, tmp_path, monkeypatch):
        contents = {name: name.encode() for name in release_data.FOLDERS}
        checksums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        monkeypatch.setattr(release_data, "checksums", lambda: checksums)
        for name, content in contents.items():
            path = tmp_path / "source" / release_data.FOLDERS[name] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / "source"

    def test_every_file_of_the_release_has_its_place(self):
        assert set(release_data.checksums()) == set(release_data.FOLDERS)

    def test_the_page_names_what_is_fetched(self):
        page = (REPOSITORY / "docs" / "raw-release.md").read_text(encoding="utf-8")
        for name, checksum in release_data.checksums().items():
            assert f"| `{name}` | {checksum} |" in page
        assert release_data.COMMIT in page
        assert all(f"| `{name}/` |" in page for name in ("upstream", *release_data.OTHERS))

    def test_files_are_fetched_once(self, source, tmp_path):
        lines = list(release_data.fetch(tmp_path / "shared", source.as_uri()))
        assert [line.split(": ")[1] for line in lines] == ["fetched, checksum right"] * 5
        assert (tmp_path / "shared" / "upstream" / "TABULATION-GIT-HUB.xlsx").read_text() == "TABULATION-GIT-HUB.xlsx"
        lines = list(release_data.fetch(tmp_path / "shared", "file:///nowhere"))
        assert [line.split(": ")[1] for line in lines] == ["is there"] * 5

    def test_another_file_is_refused(self, source, tmp_path):
        (source / "TABULATION-GIT-HUB.xlsx").write_text("another")
        with pytest.raises(RuntimeError, match="not the file of the release"):
            list(release_data.fetch(tmp_path / "shared", source.as_uri()))
        assert not (tmp_path / "shared" / "upstream" / "TABULATION-GIT-HUB.xlsx").exists()

    def test_a_failure_is_a_message(self, source, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(release_data, "fetch", functools.partial(release_data.fetch, source="file:///nowhere"))
        assert release_data.main([str(tmp_path / "shared")]) == 1
        assert "error: cannot fetch file:///nowhere" in capsys.readouterr().err


# As on a command line: the make that runs the tests says to its children that it is one.
ALONE = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


class TestMake:
    def test_help_names_every_target(self):
        printed = subprocess.run(
            ["make", "help"], cwd=REPOSITORY, env=ALONE, capture_output=True, text=True, check=True
        ).stdout
        shown = [line.removeprefix("make ").split() for line in printed.splitlines()]
        targets = re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)
        assert [line[0] for line in shown] == targets
        assert all(len(line) > 2 for line in shown)
        (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
        assert sorted(phony.split()) == sorted(targets)

    def test_quick_leaves_out_the_slow_tests_and_the_others_nothing(self):
        def commands(target: str) -> list[str]:
            done = subprocess.run(
                ["make", "--dry-run", "--always-make", target],
                cwd=REPOSITORY,
                env=ALONE,
                capture_output=True,
                text=True,
                check=True,
            )
            return [line for line in done.stdout.splitlines() if "pytest" in line]

        assert ['-m "not slow"' in line for line in commands("quick")] == [True]
        assert ["-m " in line for line in commands("test")] == [False]

    def test_test_is_everything(self):
        (needs,) = re.findall(r"^test: (.*?)  ##", MAKEFILE, re.MULTILINE)
        assert needs.split() == ["lint", "types", "js", "unit"]

    def test_our_own_run_accepts_no_skipped_test(self):
        script = REPOSITORY / ".ci" / "run"
        assert os.access(script, os.X_OK)
        text = script.read_text(encoding="utf-8")
        assert re.search(r"^export .*\bCI=true EMBENCH_REQUIRE_ALL=1\b", text, re.MULTILINE)
        assert text.splitlines()[-1] == "make test"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestWorkflows:
    def test_actions_are_pinned_to_a_commit(self, path):
        used = re.findall(r"^\s*-? *uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for line in used:
            action, _, version = line.partition(" # ")
            assert PINNED.fullmatch(action), line
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), line
        steps = [step for job in read_yaml(path)["jobs"].values() for step in job["steps"]]
        assert len(used) == sum("uses" in step for step in steps)

    def test_rights_are_few_and_runs_are_bounded(self, path):
        content = read_yaml(path)
        # A job that may do more says so; tests/leaderboard/test_workflow.py says which may.
        assert content["permissions"] == {"contents": "read"}
        assert content["concurrency"]["group"]
        assert all(0 < job["timeout-minutes"] <= 120 for job in content["jobs"].values())


def test_ci_runs_all_tests_on_all_systems():
    content = read_yaml(REPOSITORY / ".github" / "workflows" / "tests.yml")
    job = content["jobs"]["tests"]
    assert job["steps"][-1] == {"run": "CI=true make test LOCKED=1"}
    matrix = job["strategy"]["matrix"]
    assert [name.split("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert {row["os"] for row in matrix["include"]} <= set(matrix["os"])
    versions = content["jobs"]["dependencies"]
    assert versions["steps"][-1] == {"run": 'CI=true make "$VERSIONS"'}
    assert [row["versions"] for row in versions["strategy"]["matrix"]["include"]] == ["lowest", "newest"]
    lowest = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert lowest == f">={matrix['python'][0]}"


def test_hooks_call_targets_of_make():
    config = read_yaml(REPOSITORY / ".pre-commit-config.yaml")
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert [hook["id"] for hook in hooks] == ["ruff", "mypy", "submissions", "js"]
    for hook in hooks:
        program, target = hook["entry"].split()
        assert program == "make"
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


def test_the_lock_of_the_scripts_names_no_registry():
    package = json.loads((REPOSITORY / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((REPOSITORY / "package-lock.json").read_text(encoding="utf-8"))
    assert "resolved" not in json.dumps(lock)
    for name, version in package["devDependencies"].items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert all("integrity" in found for path, found in lock["packages"].items() if path)


@pytest.mark.parametrize("name", ["bug", "wrong-data", "new-data", "question"])
def test_issue_forms(name):
    form = read_yaml(REPOSITORY / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml")
    assert {"name", "description", "labels", "body"} == set(form)
    # What only says something is no field and has no id.
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids))
    assert all(
        field["type"] in ("input", "textarea", "checkboxes") and field["attributes"]["label"] for field in fields
    )


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md", "docs/raw-release.md"])
def test_pages_for_developers_name_what_is_there(page):
    path = REPOSITORY / page
    text = path.read_text(encoding="utf-8")
    links = [target for target in re.findall(r"\]\(([^)#]*)[^)]*\)", text) if target and "://" not in target]
    named = re.findall(
        r"`((?:embench|tests|docs|splits|leaderboard|baselines|benchmarks|dataset_card)/[\w./-]*)`", text
    )
    generated = {"leaderboard/site/"}
    assert links or named
    assert [target for target in links if not (path.parent / target).exists()] == []
    assert [target for target in named if not (REPOSITORY / target).exists() and target not in generated] == []
    targets = re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)
    wanted = {word for line in re.findall(r"`make ([a-z -]+?)`", text) for word in line.split()}
    assert wanted <= set(targets)
