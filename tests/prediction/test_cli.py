from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from embench.cli.app import app
from embench.errors import EmbenchError
from embench.prediction.documents import FORMAT
from tests.migration import crystals


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def olivine_file(tmp_path):
    path = tmp_path / "LiFePO4.cif"
    crystals.olivine().to(filename=str(path))
    return path


def test_one_structure(call, olivine_file, tmp_path, olivine):
    result = call("predict", olivine_file, "--ion", "Li", "--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
    assert result.exit_code == 0, result.output
    assert "an estimate, not DFT" in result.output
    assert f"{olivine.barriers[0]:.2f}" in result.output
    assert "O-LiFePO4" in result.output
    assert re.search(r"1D\s+0\.\d\d", result.output)
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["format"] == FORMAT
    assert document["hops"][0]["barrier"] == pytest.approx(olivine.barriers[0], abs=1e-5)
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("\n\n<!doctype html>") or "<!doctype html>" in (
        tmp_path / "a.html"
    ).read_text(encoding="utf-8")


def test_the_document_is_printed_alone(call, olivine_file):
    result = call("predict", olivine_file, "--ion", "Li", "--json", "-")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["format"] == FORMAT


def test_a_folder_with_a_bad_structure(call, olivine_file, tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    olivine_file.rename(folder / "good.cif")
    (folder / "bad.cif").write_text("data_")
    result = call("predict", folder, "--ion", "Li", "--out", tmp_path / "out", "--poscar")
    assert result.exit_code == 0, result.output
    assert "2 structures, 1 of them refused" in result.output
    assert (tmp_path / "out" / "bands" / "good" / "hop-1" / "00" / "POSCAR").is_file()


def test_nothing_but_bad_structures_is_an_error(call, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "bad.cif").write_text("data_")
    assert call("predict", tmp_path / "s", "--ion", "Li", "--out", tmp_path / "out").exit_code == 2


def test_without_out_the_table_is_printed(call, olivine_file, tmp_path):
    crystals.layered().to(filename=str(tmp_path / "LiCoO2.cif"))
    result = call("predict", olivine_file, tmp_path / "LiCoO2.cif", "--ion", "Li")
    assert result.exit_code == 0, result.output
    assert "LAYERED-O" in result.output
    assert "2 structures" in result.output


@pytest.mark.parametrize("option", ["--poscar", "--cif", "--extxyz", "--pages"])
def test_files_need_a_folder(call, olivine_file, option):
    result = call("predict", olivine_file, option)
    assert result.exit_code == 2
    assert "--out" in result.output


def test_a_document_is_of_one_structure(call, olivine_file, tmp_path):
    crystals.layered().to(filename=str(tmp_path / "b.cif"))
    result = call("predict", olivine_file, tmp_path / "b.cif", "--ion", "Li", "--json", tmp_path / "x.json")
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ion", "K"), "there is no K"),
        (("--ion", "Qq"), "is no element"),
        (("--model", "none"), "unknown model"),
        (("--longest", "-1"), "longest"),
        (("--limit", "full"), "vacancy"),
    ],
)
def test_errors_in_words(call, olivine_file, arguments, said):
    result = call("predict", olivine_file, *arguments)
    assert isinstance(result.exception, EmbenchError)
    assert said in str(result.exception)


def test_two_crystals_of_one_composition(call, olivine_file, tmp_path):
    """The same file twice is no hop; told that they are crystals, both are predicted."""
    other = tmp_path / "other.cif"
    other.write_bytes(olivine_file.read_bytes())
    assert "no ion moves" in str(call("predict", olivine_file, other).exception)
    assert call("predict", olivine_file, other, "--crystals").exit_code == 0


def test_models(call):
    result = call("model", "list")
    assert result.exit_code == 0
    assert "pathway-stack" in result.output
    shown = call("model", "show").output
    assert "host-10fold" in shown
    assert "nothing in it is executed" in shown
    assert isinstance(call("model", "train", "median", "--out", "m.npz").exception, EmbenchError)
