"""Which extra a command asks for where a library is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embench.cli import _extras
from embench.cli._extras import missing_library, provided
from embench.errors import MissingDependencyError, install_command


def not_found(name: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture(autouse=True)
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Extras of a distribution as its metadata would have them, one of which includes two others."""
    lines = {
        "structures": ("pymatgen>=2025.1", "ase>=3.23"),
        "baselines": ("embench-barriers[structures]", "scikit-learn>=1.5", "scipy>=1.13"),
        "curation": ("embench-barriers[structures]", "openpyxl>=3.1"),
        "leaderboard": ("embench-barriers[structures, report]", "pydantic>=2.8", "scipy>=1.13"),
        "report": ("plotly>=6",),
        "hub": ("huggingface-hub>=2.4", "datasets>=5"),
    }
    monkeypatch.setattr(_extras, "extras", lambda: lines)
    provided.cache_clear()
    yield
    provided.cache_clear()


def test_what_an_extra_includes():
    assert provided("leaderboard") == {"pymatgen", "ase", "plotly", "pydantic", "scipy"}
    assert provided("nothing") == frozenset()


@pytest.mark.parametrize(
    ("library", "arguments", "extra"),
    [
        ("scipy", "leaderboard build", "leaderboard"),
        ("pymatgen.core", "leaderboard build", "leaderboard"),
        ("scipy.optimize", "baseline run", "baselines"),
        ("openpyxl", "leaderboard literature", "curation"),  # the extra of the group lacks it
        ("huggingface_hub", "hub check", "hub"),
        ("sklearn", "baseline run", "baselines"),
        ("not_heard_of", "hub pull", "hub"),
    ],
)
def test_a_library_that_nobody_caught(library, arguments, extra):
    told = missing_library(not_found(library), arguments.split())
    assert told is not None
    assert str(told).startswith(f"embench {arguments} needs ")
    assert install_command(extra) in str(told)


def test_one_installation_is_enough():
    caught = MissingDependencyError("plotly", "report", "the HTML report")
    assert missing_library(caught, ["leaderboard", "build"]).extra == "leaderboard"
    assert missing_library(caught, ["evaluate"]).extra == "report"
    assert missing_library(MissingDependencyError("torch", "alignn", "x"), ["submit"]).extra == "alignn"


def test_what_is_broken_is_not_hidden():
    assert missing_library(not_found("embench.nothing"), ["hub"]) is None
    assert missing_library(ImportError("cannot import name"), ["hub"]) is None
