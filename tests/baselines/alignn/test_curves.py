"""Losses of training runs: watched, read, drawn."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import embench
from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.curves import _COLOURS as COLOURS
from embench.baselines.alignn.curves import read_curves, read_table, write_curves
from embench.baselines.alignn.finetune import split
from embench.baselines.alignn.watch import watch, watchable
from embench.cli.app import app
from embench.errors import InvalidValueError, UnknownNameError

REPOSITORY = Path(__file__).parents[3]
pytestmark = pytest.mark.xdist_group("alignn-training")


@pytest.fixture(scope="module")
def few():
    entries = embench.load()
    small_ones = sorted((entry.n_sites, entry.entry_id) for entry in entries)[:10]
    return entries.select([entry_id for _, entry_id in small_ones])


def test_curves(tmp_path):
    for name, epochs in (("a", (0, 1)), ("b", (0,))):
        (tmp_path / name).mkdir()
        with (tmp_path / name / "metrics.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["epoch", "step", "train", "validation"])
            for epoch in epochs:
                writer.writerow([epoch, 9, 0.5 - 0.1 * epoch, ""])
                writer.writerow([epoch, 9, "", 0.7])
    # What an interrupted run wrote before it went on with epoch 0.
    (tmp_path / "a" / "metrics-1.csv").write_text("epoch,step,train\n0,9,0.9\n")
    assert read_curves(tmp_path)["a"] == {"train": {0: 0.5, 1: 0.4}, "validation": {0: 0.7, 1: 0.7}}
    assert write_curves(tmp_path, tmp_path / "page.html") == 2
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Learning curves" in page
    assert "a, validation" in page
    assert "src=" not in page[: page.index("<body")]
    with pytest.raises(InvalidValueError, match=r"must end in one of .html"):
        write_curves(tmp_path, tmp_path / "page.pdf")
    with pytest.raises(InvalidValueError, match="no training has run"):
        read_curves(tmp_path / "b" / "nothing")


def test_curves_as_table_and_picture(tmp_path):
    table = tmp_path / "curves.csv"
    lines = ["run,epoch,train,validation", "one,1,0.9000,1.0000", "one,2,0.4000,0.7000", "two,1,0.8000,"]
    table.write_text("\n".join(lines) + "\n")
    assert read_table(table)["one"] == {"train": {0: 0.9, 1: 0.4}, "validation": {0: 1.0, 1: 0.7}}
    assert read_table(table)["two"] == {"train": {0: 0.8}}
    assert write_curves(table, tmp_path / "again.csv") == 2
    assert (tmp_path / "again.csv").read_bytes() == table.read_bytes()

    for name in ("a.svg", "b.svg", "c.png"):
        assert write_curves(table, tmp_path / name) == 2
    picture = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert (tmp_path / "b.svg").read_text(encoding="utf-8") == picture
    root = ElementTree.fromstring(picture)
    said = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"one, training", "one, validation", "two, training", "epoch"} <= said
    assert "two, validation" not in said
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")

    (tmp_path / "bad.csv").write_text("run,epoch\none,1\n")
    with pytest.raises(InvalidValueError, match="has not the columns"):
        write_curves(tmp_path / "bad.csv", tmp_path / "a.svg")
    table.write_text(lines[0] + "\n")
    with pytest.raises(InvalidValueError, match="holds no losses"):
        read_table(table)
    with pytest.raises(InvalidValueError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


def test_no_two_runs_look_alike(tmp_path):
    table = tmp_path / "curves.csv"
    table.write_text("run,epoch,train,validation\n" + "".join(f"r{i},1,0.9,1.0\nr{i},2,0.5,0.6\n" for i in range(23)))
    write_curves(table, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'Plotly\.newPlot\(\s*"[^"]+",\s*(\[.*?\]),\s*\{', page, re.DOTALL)[1])
    looks = {(line["line"]["color"], line["line"]["dash"], line.get("marker", {}).get("symbol")) for line in data}
    assert len(data) == len(looks) == 46
    write_curves(table, tmp_path / "picture.svg")
    root = ElementTree.parse(tmp_path / "picture.svg")
    strokes = {
        e.get("style") for e in root.iter("{http://www.w3.org/2000/svg}path") if "stroke: #" in e.get("style", "")
    }
    assert len({s.split("stroke: ")[1][:7] for s in strokes} & set(COLOURS)) == 10


@pytest.mark.parametrize("name", ["learning-curves", "pretraining-curves"])
def test_the_committed_pictures_show_the_committed_losses(name):
    figures = REPOSITORY / "docs" / "figures"
    said = ElementTree.parse(figures / f"{name}.svg").iter("{http://www.w3.org/2000/svg}text")
    labels = {element.text for element in said if element.text and "," in element.text}
    runs = read_table(figures / f"{name}.csv")
    assert labels == {f"{run}, {kind}" for run in runs for kind in ("training", "validation")}


@pytest.mark.parametrize("name", ["alignn-mpt", "alignn-model-3"])
def test_watching(name, few, tmp_path):
    watch(name, few, folder=tmp_path / name, epochs=2)
    curves = read_curves(tmp_path)[name]
    assert set(curves) == {"train", "validation"}
    assert set(curves["train"]) == set(curves["validation"]) == {0, 1}
    # What is set aside are whole hosts: the same for either kind of network.
    inner, held_out = split(few, replace(configuration("cpu"), validation="host"), seed=0)
    hosts = few.column("group_host")
    assert len(held_out)
    assert not set(hosts[inner]) & set(hosts[held_out])


def test_what_cannot_be_watched(few, tmp_path):
    with pytest.raises(UnknownNameError, match="alignn-scratch"):
        watch("alignn-scrath", few, folder=tmp_path)
    assert "median" not in watchable()


def test_commands(few, tmp_path, monkeypatch):
    monkeypatch.setattr("embench.cli.alignn._fold", lambda *_: type("Part", (), {"train": few}))
    made = CliRunner().invoke(app, ["alignn", "watch", "alignn-scratch", "--epochs", "1", "--out", str(tmp_path)])
    assert made.exit_code == 0, made.output
    assert "wrote the log into" in made.output
    made = CliRunner().invoke(app, ["alignn", "curves", str(tmp_path), "--out", str(tmp_path / "c.csv")])
    assert made.exit_code == 0, made.output
    assert (tmp_path / "c.csv").read_text().splitlines()[1].startswith("alignn-scratch,1,")
