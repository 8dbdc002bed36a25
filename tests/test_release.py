"""A release: what names its version agrees, and every step of the workflow runs dry, against a hub on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from embench._version import __version__

REPOSITORY = Path(__file__).parent.parent
SCRIPT = REPOSITORY / ".github" / "release.sh"
WORKFLOW = REPOSITORY / ".github" / "workflows" / "release.yml"
HUB_STEPS = {"dataset", "predictions", "site"}


FAKE_BUILDS = """#!/bin/sh
case "$*" in
  "leaderboard build --check --page README.md") exit 0 ;;
  "leaderboard build --out build/board")
    mkdir -p build/board/site && echo x > build/board/site/index.html ;;
  *) exec {python} -m embench "$@" ;;
esac
"""

FAKE_DOCS = """#!/bin/sh
[ "$*" = "-m docs.build build/docs" ] || exec {python} "$@"
mkdir -p build/docs/html && echo x > build/docs/html/index.html
"""


def workflow() -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return content


def steps_of_the_script() -> list[str]:
    return re.findall(r"^  ([a-z]+)\)$", SCRIPT.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_versions_agree():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    zenodo = json.loads((REPOSITORY / ".zenodo.json").read_text(encoding="utf-8"))
    assert citation["version"] == zenodo["version"] == __version__
    assert f"\n## Code {__version__}\n" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_zenodo_says_what_the_citation_says():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    zenodo = json.loads((REPOSITORY / ".zenodo.json").read_text(encoding="utf-8"))
    assert zenodo["title"] == citation["title"]
    assert zenodo["license"] == citation["license"]
    assert [person["name"] for person in zenodo["creators"]] == [person["name"] for person in citation["authors"]]
    related = {item["identifier"] for item in zenodo["related_identifiers"]}
    for paper in citation["references"]:
        if "doi" in paper:
            assert paper["doi"] in related
        else:
            assert f"arXiv:{paper['url'].rpartition('/')[2]}" in related


def test_the_workflow_runs_every_step_and_nothing_else():
    scripts = [step["run"] for job in workflow()["jobs"].values() for step in job["steps"] if "run" in step]
    own = [script for script in scripts if not script.startswith("pip install")]
    assert [script.split() for script in own] == [[".github/release.sh", name] for name in steps_of_the_script()]


def test_rights_are_those_that_a_job_needs():
    jobs = workflow()["jobs"]
    # PyPI trusts the workflow: there is no token, and the job that has its trust runs no code of ours.
    assert jobs["pypi"]["permissions"] == {"id-token": "write"}
    assert all("run" not in step for step in jobs["pypi"]["steps"])
    assert jobs["github"]["permissions"] == {"contents": "write"}
    assert {name for name, job in jobs.items() if "environment" in job} == {"pypi", "hub"}
    assert {name for name, job in jobs.items() if "secrets." in json.dumps(job)} == {"hub"}
    assert all(job.get("needs") for name, job in jobs.items() if name != "build")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*steps_of_the_script()])
def test_every_step_runs_dry(name, tmp_path):
    from tests.hub.loopback import LoopbackHub

    # A copy, so that nothing is written into the working tree: without git, whose state is that of whoever runs this.
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for part in (".github", "CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", ".zenodo.json", "dataset_card"):
        source = REPOSITORY / part
        shutil.copytree(source, checkout / part) if source.is_dir() else shutil.copy2(source, checkout / part)
    for part in ("embench", "leaderboard", "splits", "dataset_versions", "baselines", "tests", "pyproject.toml"):
        (checkout / part).symlink_to(REPOSITORY / part)
    programs = tmp_path / "bin"
    programs.mkdir()
    for program, command in {"embench": "-m embench", "python": ""}.items():
        (programs / program).write_text(f'#!/bin/sh\nexec {sys.executable} {command} "$@"\n')
        (programs / program).chmod(0o755)
    if name == "site":
        # Scoring everything is what the tests of the board do; here the steps around it are run.
        (programs / "embench").write_text(FAKE_BUILDS.format(python=sys.executable))
        (programs / "python").write_text(FAKE_DOCS.format(python=sys.executable))
    with LoopbackHub() as hub:
        done = subprocess.run(
            ["bash", str(checkout / ".github" / "release.sh"), name, "--dry-run"],
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "HF_HOME": str(tmp_path / "huggingface"),
                "HF_ENDPOINT": hub.url,
                "HF_HUB_DISABLE_XET": "1",
                "NO_PROXY": "127.0.0.1",
                "PYTHONPATH": str(REPOSITORY),
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
                "TAG": f"v{__version__}",
                "PREDICTIONS_VERSION": "2026.11.28",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert not hub.repositories
        assert ("dry run: nothing was changed" in said) == (name in HUB_STEPS)
    if name == "site":
        assert "docs/index.html" in said
    if name == "github":
        assert f"would make the release v{__version__}" in said
        assert "- `embench build`" in said  # a line of that section of the changelog
        assert "## Dataset" not in said


@pytest.mark.parametrize(("words", "message"), [(["nothing"], "Usage"), (["build", "--yes"], "unknown option")])
def test_what_is_no_step(words, message):
    done = subprocess.run(["bash", str(SCRIPT), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr


def test_another_tag_is_refused(tmp_path):
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "python").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "TAG": "v9.9.9",
    }
    done = subprocess.run(["bash", str(SCRIPT), "check"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the tag v9.9.9 is not v" in done.stderr
