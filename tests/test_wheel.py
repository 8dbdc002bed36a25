"""The wheel, in an empty environment, outside the repository, without a network: it loads and evaluates."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
pytestmark = pytest.mark.xdist_group("wheel")

# Loaded by the interpreter at its start: any attempt to reach a network fails.
NO_NETWORK = """
import socket

def refuse(*args, **kwargs):
    raise OSError("the test allows no network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and its core dependencies only; gives its folder of programs."""
    wheelhouse = os.environ.get("EMBENCH_WHEELHOUSE")
    if wheelhouse is None:
        pytest.skip("EMBENCH_WHEELHOUSE names no folder with the wheels of the core dependencies: run make test")
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    command = [programs / "pip", "install", "--no-index", "--find-links", wheelhouse, wheel]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    subprocess.run(
        command, check=True, capture_output=True, text=True, env={**environment, "PIP_CONFIG_FILE": os.devnull}
    )
    return programs


def _run(installed: Path, tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    program, *arguments = command
    return subprocess.run(
        [installed / program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )


def test_content(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "embench/py.typed",
        "embench/_shipped/dataset/train.parquet",
        "embench/_shipped/dataset/test.parquet",
        "embench/_shipped/dataset/checksums.txt",
        "embench/_shipped/splits/published.csv",
        "embench/_shipped/splits/manifest.json",
        "embench/curation/tables/ledger.csv",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "leaderboard/"))]


def test_nothing_heavy_comes_with_the_core(installed):
    listed = subprocess.run([installed / "pip", "list"], check=True, capture_output=True, text=True).stdout.lower()
    for heavy in ("torch", "pandas", "scipy", "pymatgen", "scikit-learn", "plotly", "datasets"):
        assert f"\n{heavy} " not in listed


def test_network_is_really_refused(installed, tmp_path):
    result = _run(installed, tmp_path, "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9/')")
    assert "the test allows no network" in result.stderr


def test_loads(installed, tmp_path):
    program = "import embench; data = embench.load(); print(len(data), embench.__file__)"
    result = _run(installed, tmp_path, "python", "-c", program)
    assert result.returncode == 0, result.stderr
    count, file = result.stdout.split()
    assert count == "619"
    assert not Path(file).is_relative_to(REPOSITORY)


def test_evaluates(installed, tmp_path):
    predictions = REPOSITORY / "leaderboard" / "submissions" / "model-3" / "published.csv"
    (tmp_path / "predictions.csv").write_bytes(predictions.read_bytes())
    result = _run(installed, tmp_path, "embench", "evaluate", "predictions.csv")
    assert result.returncode == 0, result.stderr
    assert "0.261" in result.stdout  # MAE that the paper prints


def test_says_which_extra_is_missing(installed, tmp_path):
    program = "import embench; embench.load()['O-LiFePO4'].structure()"
    result = _run(installed, tmp_path, "python", "-c", program)
    assert "pip install 'embench-barriers[structures]'" in result.stderr
