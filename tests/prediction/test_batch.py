"""Many structures: kept as they come, gone on with after a kill, and none is lost without a word."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time

import pytest

from embench.common.executor import open_executor
from embench.errors import InvalidValueError
from embench.prediction.batch import predict_many
from embench.prediction.crystal import Choices
from embench.prediction.inputs import sources
from embench.prediction.store import HOPS, LINES, STRUCTURES, file_name
from tests.conftest import REPOSITORY
from tests.migration import crystals


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "structures"
    place.mkdir()
    crystals.layered().to(filename=str(place / "LiCoO2.cif"))
    crystals.antiperovskite().to(filename=str(place / "Li3OCl.cif"))
    crystals.rock_salt().to(filename=str(place / "NaCl.cif"))  # no lithium
    (place / "broken.cif").write_text("data_broken")
    return place


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(folder, out, **settings):
    return predict_many(sources([folder]), Choices(ion="Li"), out=out, **settings)


def test_every_structure_has_a_row(folder, tmp_path):
    out = tmp_path / "out"
    count = run(folder, out)
    assert (count.done, count.refused) == (4, 2)
    found = {row["name"]: row for row in rows(out / STRUCTURES)}
    assert sorted(found) == ["Li3OCl", "LiCoO2", "NaCl", "broken"]
    assert "there is no Li" in found["NaCl"]["error"]
    assert "cannot read" in found["broken"]["error"]
    assert float(found["LiCoO2"]["barrier_2d"]) < float(found["LiCoO2"]["barrier_3d"])
    hops = rows(out / HOPS)
    assert [hop["entry_id"] for hop in hops] == ["Li3OCl/1", "LiCoO2/1", "LiCoO2/2"]
    assert list(hops[0])[:3] == ["entry_id", "prediction", "uncertainty"]


def test_what_is_there_is_not_computed_again(folder, tmp_path):
    out, seen = tmp_path / "out", []
    run(folder, out)
    before = (out / STRUCTURES).read_bytes()
    run(folder, out, progress=lambda done, count: seen.append(done))
    assert seen == [None]
    assert (out / STRUCTURES).read_bytes() == before


def test_a_line_that_was_cut_is_made_again(folder, tmp_path):
    out = tmp_path / "out"
    run(folder, out)
    whole = {name: (out / name).read_bytes() for name in (STRUCTURES, HOPS)}
    lines = (out / LINES).read_bytes().splitlines(keepends=True)
    (out / LINES).write_bytes(b"".join(lines[:2]) + lines[2][:100])
    (out / STRUCTURES).write_bytes(whole[STRUCTURES][:150])
    seen = []
    count = run(folder, out, progress=lambda done, _: seen.append(done))
    assert len(seen) == 3  # the start, and the two that were missing
    assert (count.done, count.refused) == (4, 2)
    without = [{**row, "seconds": ""} for row in rows(out / STRUCTURES)]
    assert [row["name"] for row in without] == ["Li3OCl", "LiCoO2", "NaCl", "broken"]
    assert (out / HOPS).read_bytes() == whole[HOPS]


def test_refused_ones_are_tried_again_where_it_is_asked_for(folder, tmp_path):
    out = tmp_path / "out"
    run(folder, out)
    crystals.antiperovskite().to(filename=str(folder / "broken.cif"))
    assert run(folder, out).refused == 2
    assert run(folder, out, retry=True).refused == 1
    assert {row["name"]: row["error"] for row in rows(out / STRUCTURES)}["broken"] == ""


def test_another_run_is_not_mixed_with_it(folder, tmp_path):
    out = tmp_path / "out"
    run(folder, out)
    with pytest.raises(InvalidValueError, match="another choices"):
        predict_many(sources([folder]), Choices(ion="Li", interstitials=True), out=out)
    (out / "run.json").write_text("{")
    with pytest.raises(InvalidValueError, match="damaged"):
        run(folder, out)


def test_a_damaged_line_is_named(folder, tmp_path):
    out = tmp_path / "out"
    run(folder, out)
    (out / LINES).write_text('{"name": 1}\n')
    with pytest.raises(InvalidValueError, match="line 1"):
        run(folder, out)


def test_bands_and_pages(folder, tmp_path):
    out = tmp_path / "out"
    run(folder, out, bands=("poscar", "extxyz"), pages=True)
    assert (out / "bands" / "LiCoO2" / "hop-2" / "06" / "POSCAR").is_file()
    assert (out / "bands" / "Li3OCl" / "hop-1" / "band.extxyz").is_file()
    assert sorted(path.name for path in (out / "pages").iterdir()) == ["Li3OCl.html", "LiCoO2.html"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", ".hidden", "x" * 500, "ü", "a\nb", "CON:1"])
def test_no_name_leads_out_of_the_folder(name):
    made = file_name(name)
    assert made
    assert not made.startswith(".")
    assert not set(made) & set('/\\\n:"')
    assert len(made) <= 200


@pytest.mark.slow
def test_processes_give_the_same(folder, tmp_path):
    run(folder, tmp_path / "one")
    with open_executor(workers=2) as executor:
        run(folder, tmp_path / "two", executor=executor)
    assert (tmp_path / "one" / HOPS).read_bytes() == (tmp_path / "two" / HOPS).read_bytes()


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on(tmp_path):
    place, out = tmp_path / "structures", tmp_path / "out"
    place.mkdir()
    for number in range(12):
        crystals.antiperovskite(length=3.8 + 0.02 * number).to(filename=str(place / f"s{number:02d}.cif"))
    command = [sys.executable, "-m", "embench", "predict", str(place), "--ion", "Li", "--out", str(out)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while time.monotonic() < until and not ((out / LINES).exists() and (out / LINES).read_bytes().count(b"\n") >= 2):
        time.sleep(0.05)
    process.kill()
    process.wait()
    kept = (out / LINES).read_bytes().count(b"\n")
    assert 2 <= kept < 12
    subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lines = [json.loads(line)["name"] for line in (out / LINES).read_text().splitlines()]
    assert sorted(lines) == [f"s{number:02d}" for number in range(12)]
    assert len(rows(out / STRUCTURES)) == 12
