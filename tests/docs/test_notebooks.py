"""The notebooks of ``examples/`` run from top to bottom and show what is committed with them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from embench.hub import about
from tests.conftest import REPOSITORY

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")

from docs import notebooks  # noqa: E402

PATHS = sorted((REPOSITORY / "examples").glob("*.ipynb"))
MODULES = [path.stem for path in PATHS]


def test_there_are_notebooks():
    assert set(MODULES) >= {"first-evaluation", "train-a-model", "your-own-potential", "your-crystal", "submit"}


@pytest.mark.parametrize("path", PATHS, ids=MODULES)
def test_opens_in_colab_and_installs_itself_there(path):
    first, second, *_ = notebooks.read(path).cells
    address = about.CODE_URL.removeprefix("https://github.com/")
    assert f"https://colab.research.google.com/github/{address}/blob/main/examples/{path.name}" in first.source
    assert f"@ git+{about.CODE_URL}" in second.source


def test_addresses_stand_in_one_place():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"] == {"Repository": about.CODE_URL, "Documentation": about.DOCS_URL}
    for name in ("README.md", "docs/start.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        assert set(re.findall(r"https://github\.com/embench/\w+", text)) == {about.CODE_URL}


@pytest.mark.parametrize("path", PATHS, ids=MODULES)
def test_is_committed_as_the_command_writes_it(path):
    notebook = notebooks.read(path)
    nbformat.validate(notebook)
    assert path.read_text(encoding="utf-8") == nbformat.writes(notebooks.tidied(notebook)) + "\n"
    assert not re.search(r"(/home|/root|/tmp|/work)/", path.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize("path", PATHS, ids=MODULES)
def test_runs_and_shows_what_is_committed(path: Path, tmp_path: Path):
    """Run `make notebooks` where a change was meant. Numbers are printed to digits that any machine gives."""
    assert notebooks.texts(notebooks.executed(path, tmp_path)) == notebooks.texts(notebooks.read(path))
