"""The commands and Python examples of the README run, from top to bottom, in a copy of the repository's files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
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


def test_links_inside_the_repository_resolve():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (REPOSITORY / target).exists(), target
