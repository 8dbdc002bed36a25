"""The app of the Space, and the functions that it calls."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from embench.hub.checksums import CHECKSUMS
from embench.prediction.examples import EXAMPLES
from embench.prediction.space import LARGEST_FILE, answer, write_examples
from embench.release.uploads import space_upload
from tests.conftest import REPOSITORY

SPACE = REPOSITORY / "space"


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return write_examples(tmp_path_factory.mktemp("examples") / "cif")


def test_an_example(examples, olivine):
    path, ion = examples[0]
    found = answer(path, ion)
    assert "not DFT" in found.text
    assert f"| 1D | {olivine.network.ways[1].barrier:.2f} |" in found.text
    assert "0.27 (O-LiFePO4)" in found.text
    assert "<!doctype html>" in found.html
    assert found.document.endswith("prediction.json")


def test_all_examples_are_files(examples):
    assert [ion for _, ion in examples] == [example.ion for example in EXAMPLES]
    for path, ion in examples:
        assert ion in Path(path).read_text(encoding="utf-8")


def test_what_is_wrong_is_the_answer(tmp_path, examples):
    assert "Upload a structure" in answer(None).text
    bad = tmp_path / "bad.cif"
    bad.write_text("data_")
    found = answer(str(bad))
    assert "No prediction" in found.text
    assert str(tmp_path) not in found.text
    assert "there is no K" in answer(examples[0][0], "K").text
    large = tmp_path / "large.cif"
    large.write_bytes(b" " * (LARGEST_FILE + 1))
    assert "larger than 2 MiB" in answer(str(large)).text


def test_only_the_app_is_uploaded(tmp_path):
    for name in ("README.md", "app.py", "requirements.txt"):
        (tmp_path / name).write_text((SPACE / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / ".env").write_text("SECRET=1")
    (tmp_path / "notes.txt").write_text("mine")
    said = []
    upload = space_upload(tmp_path, repository="a/b", say=said.append)
    assert sorted(upload.contents) == sorted(["README.md", "app.py", "requirements.txt", CHECKSUMS])
    assert "notes.txt" in said[0]
    assert b"sdk: gradio" in upload.contents["README.md"]


def test_the_app_is_built_and_shows_the_answer(monkeypatch, examples, olivine):
    """With a stand-in for gradio, which is no dependency: that the app calls what is there, and what a click gives."""
    gradio = MagicMock()
    monkeypatch.setitem(sys.modules, "gradio", gradio)
    app = runpy.run_path(str(SPACE / "app.py"))
    app["build"]()
    (click,) = gradio.Button.return_value.click.call_args_list
    assert click.args == (app["shown"],)
    assert len(click.kwargs["inputs"]) == 3
    assert gradio.Examples.call_args.args[0][0][1] == "Li"
    text, frame, files = app["shown"](*examples[0], False)
    assert f"{olivine.network.ways[1].barrier:.2f}" in text
    assert frame.startswith('<iframe sandbox="allow-scripts"')
    assert "&lt;!doctype html&gt;" in frame
    assert [Path(file).suffix for file in files] == [".html", ".json"]
    assert app["shown"](None, "", False)[1:] == ("", None)
