"""The commands and Python examples of the README run, from top to bottom, in a copy of the repository's files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from embench.errors import MissingDependencyError, install_command

REPOSITORY = Path(__file__).parent.parent
EXTRAS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return [code for found, code in BLOCK.findall(text) if found == language]


def commands() -> list[str]:
    """The lines of the shell examples that start the program (installing and make are what CI itself does)."""
    lines = "\n".join(blocks("bash")).replace("\\\n", " ").splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.startswith("embench ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder in which the files that the README names are found, and which it may write to."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("leaderboard", "dataset_card", "splits"):
        (folder / name).symlink_to(REPOSITORY / name)
    if (REPOSITORY.parent / "shared").is_dir():
        (folder / "shared").symlink_to(REPOSITORY.parent / "shared")
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_there_is_something_to_run():
    assert len(commands()) >= 5
    assert blocks("python")


@pytest.mark.slow
@pytest.mark.xdist_group("readme")
def test_shell_examples(folder):
    for line in commands():
        result = run([sys.executable, "-m", *shlex.split(line)], folder)
        assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"


@pytest.mark.slow
@pytest.mark.xdist_group("readme")
@pytest.mark.parametrize("code", blocks("python"))
def test_python_examples(folder, code):
    result = run([sys.executable, "-c", code], folder)
    assert result.returncode == 0, f"{code}\n{result.stderr}"


TEXTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("*/README.md")])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_install_commands_work_today(path):
    """What is documented is what an error says: from a checkout, until the release is on PyPI."""
    text = path.read_text(encoding="utf-8")
    # Further extras may stand in the brackets.
    found = re.findall(r"pip install (?:-e )?'?(embench-barriers|\.)(?:\[([a-z,]+)\])?(?:'|`|$|\s)", text)
    assert {what for what, _ in found} <= {re.search(r"install '?([\w.-]+)", install_command())[1]}
    for _, extras in found:
        assert set(extras.split(",")) <= {"", *EXTRAS}


def test_the_install_command(monkeypatch):
    assert (install_command(), install_command("hub")) == ("pip install .", "pip install '.[hub]'")
    assert "pip install '.[hub]', in a checkout of embench" in str(MissingDependencyError("x", "hub", "This"))
    monkeypatch.setattr("embench.errors.ON_PYPI", True)
    assert install_command() == "pip install embench-barriers"
    assert str(MissingDependencyError("x", "hub", "This")).endswith("pip install 'embench-barriers[hub]'")


def test_the_readme_is_short():
    """It invites; the rest is in the documentation."""
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_links_inside_the_repository_resolve():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (REPOSITORY / target).exists(), target
