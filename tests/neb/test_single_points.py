"""Energies of one potential on the bands of another: known heights, resuming, and what goes wrong."""

from __future__ import annotations

import gzip
import json

import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.common.executor import open_executor
from embench.errors import NebError
from embench.neb.again import judge_again
from embench.neb.batch import run_hops
from embench.neb.calculators import potential_spec
from embench.neb.collect import description
from embench.neb.results import NebResult
from embench.neb.saddle import table_of_run
from embench.neb.single_points import deciding_images, run_single_points
from embench.neb.store import LINES, RunStore
from tests.neb.test_batch import WAVE, hops


@pytest.fixture
def bands(tmp_path):
    """Three bands of a wave 0.4 eV high."""
    run_hops(hops(3), WAVE, out=tmp_path / "bands", options={"barrier": 0.4})
    return RunStore(tmp_path / "bands")


def test_heights_are_those_of_the_second_potential(bands, tmp_path):
    """The saddle of both waves is in the middle, so that the height is that of the second one, and its tilt."""
    steps = []
    options = {"barrier": 0.8, "tilt": 0.3}
    found = run_single_points(bands, WAVE, out=tmp_path / "points", options=options, progress=steps.append)
    assert list(found) == ["made/0", "made/1", "made/2"]
    for result in found.values():
        assert len(result.energies) == 3
        assert result.barrier_max_minus_start == pytest.approx(0.95, abs=1e-3)
        assert result.barrier_backward == pytest.approx(0.65, abs=1e-3)
        assert (result.protocol, result.status, result.flags) == ("static", "converged", ())
        assert (result.calls, result.n_sites) == ({"static": 3}, 2)
    assert [step.done for step in steps] == [0, 1, 2, 3]
    settings = json.loads((tmp_path / "points" / "run.json").read_text())["key"]["settings"]
    assert settings["bands"].endswith("made:wave embench-neb-1")
    assert not (tmp_path / "points" / "bands").exists()


@pytest.mark.parametrize(
    ("energies", "images"),
    [((0.0, 0.2, 0.5, 0.1, 0.3), (0, 2, 4)), ((0.9, 0.2, 0.1, 0.3, 0.0), (0, 3, 4)), ((0.0, 1.0, 0.0), (0, 1, 2))],
)
def test_the_images_that_decide(energies, images):
    """Also where an end is the highest: what lies between is computed all the same."""
    assert deciding_images(energies) == images


def test_what_is_there_is_not_computed_again(bands, tmp_path):
    out = tmp_path / "points"
    run_single_points(bands, WAVE, out=out, entry_ids=["made/1"])
    first = (out / LINES).read_text()
    assert list(run_single_points(bands, WAVE, out=out)) == ["made/1", "made/0", "made/2"]
    assert (out / LINES).read_text().startswith(first)
    assert (out / LINES).read_text().count("\n") == 3


def test_a_band_that_was_computed_anew_counts_as_another(bands, tmp_path):
    out = tmp_path / "points"
    run_single_points(bands, WAVE, out=out)
    line = json.loads((bands.folder / LINES).read_text().splitlines()[0])
    line["energies"] = [0.0, 0.3, 0.41, 0.3, 0.0]
    with (bands.folder / LINES).open("a") as file:
        file.write(json.dumps(line) + "\n")
    run_single_points(bands, WAVE, out=out)
    assert (out / LINES).read_text().count("\n") == 4


def test_another_run_does_not_mix_in(bands, tmp_path):
    out = tmp_path / "points"
    run_single_points(bands, WAVE, out=out)
    with pytest.raises(NebError, match="options"):
        run_single_points(bands, WAVE, out=out, options={"barrier": 0.5})
    with pytest.raises(NebError, match="settings"):
        run_hops(hops(1), WAVE, out=out)


def test_failures_are_results_without_a_barrier(bands, tmp_path):
    out, options = tmp_path / "points", {"how": "nan"}
    found = run_single_points(bands, "tests.neb.made:Broken", out=out, options=options)
    assert {(each.status, each.flags, each.has_value) for each in found.values()} == {("failed", ("crash",), False)}
    assert "no finite number" in found["made/0"].reason
    run_single_points(bands, "tests.neb.made:Broken", out=out, options=options)
    assert (out / LINES).read_text().count("\n") == 3
    run_single_points(bands, "tests.neb.made:Broken", out=out, options=options, retry=True)
    assert (out / LINES).read_text().count("\n") == 6


def test_bands_without_a_barrier_are_left_out(bands, tmp_path):
    failed = NebResult(entry_id="made/9", potential="x", protocol="embench-neb-1", status="failed", flags=("crash",))
    bands.add(failed, None)
    assert "made/9" not in run_single_points(bands, WAVE, out=tmp_path / "points")


def test_a_run_without_barriers_is_said(tmp_path):
    run_hops(hops(1), "tests.neb.made:Broken", out=tmp_path / "bands", options={"how": "raise"})
    with pytest.raises(NebError, match="has no barrier yet"):
        run_single_points(RunStore(tmp_path / "bands"), WAVE, out=tmp_path / "points")
    with pytest.raises(NebError, match=r"no folder of a NEB run: it has no run\.json"):
        run_single_points(RunStore(tmp_path), WAVE, out=tmp_path / "points")


def test_a_band_of_another_run_is_said(bands, tmp_path):
    path = bands.band_path("made/1")
    with gzip.open(path, "rt") as file:
        lines = file.read().splitlines(keepends=True)
    with gzip.open(path, "wt") as file:
        file.write("".join(lines[: len(lines) // 5 * 4]))
    with pytest.raises(NebError, match=r"has 4 images, and the result of made/1 5 energies"):
        run_single_points(bands, WAVE, out=tmp_path / "points")


@pytest.mark.slow
def test_two_processes_give_what_one_gives(bands, tmp_path):
    one = run_single_points(bands, WAVE, out=tmp_path / "one")
    with open_executor(workers=2) as executor:
        two = run_single_points(bands, WAVE, out=tmp_path / "two", executor=executor)
    assert {name: each.energies for name, each in one.items()} == {name: each.energies for name, each in two.items()}


def test_the_table_for_models_has_heights_only(bands, tmp_path):
    run_single_points(bands, WAVE, out=tmp_path / "points", options={"barrier": 0.8})
    table = table_of_run(RunStore(tmp_path / "points"), ["made/0", "made/1", "made/2"])
    assert table.protocol.startswith("static on bands of tests.neb.made:wave")
    assert table.protocol.endswith("embench-neb-1")
    row = table.rows["made/1"]
    assert row.barrier == pytest.approx(0.8, abs=1e-3)
    assert (row.saddle_anion, row.path_length) == (None, None)


def test_a_description_says_whose_bands_they_are(bands, tmp_path):
    found = run_single_points(bands, WAVE, out=tmp_path / "points", options={"barrier": 0.8})
    about = RunStore(tmp_path / "points").about
    told = description(about, potential_spec(WAVE), list(found.values()), definition="max-minus-min")
    assert (
        "with single points at ends and saddle of bands of tests.neb.made:wave embench-neb-1 on 3"
        in told["description"]
    )
    assert told["reproduce"] == f"embench neb static {WAVE} --option barrier=0.8 --bands BANDS --out run"
    assert told["cost_device_hours"] is None  # to be filled in, with the cost of the bands


def test_results_are_judged_again_and_ends_by_symmetry(tmp_path):
    """The ends of this hop are equivalent, and the potential knows no symmetry: told at once and again."""
    entry, folder = embench.load()["KNiF3"], tmp_path / "bands"
    assert entry.endpoints_equivalent
    run_hops([entry], "tests.neb.made:harmonic", out=folder)
    points = tmp_path / "points"
    stiff = {"stiffness": 50.0}
    found = run_single_points(RunStore(folder), "tests.neb.made:harmonic", out=points, options=stiff)["KNiF3"]
    assert "equivalent_ends_differ" in found.flags
    assert judge_again(RunStore(points), [entry]) == {}
    shown = CliRunner().invoke(app, ["neb", "show", str(points), "KNiF3", "--html", str(tmp_path / "page.html")])
    assert isinstance(shown.exception, NebError)
    assert "single points on bands of tests.neb.made:harmonic" in str(shown.exception)


def test_on_the_command_line(bands, tmp_path):
    def invoke(*arguments):
        return CliRunner().invoke(app, ["neb", "static", WAVE, *map(str, arguments)])

    done = invoke("--bands", bands.folder, "--out", tmp_path / "points", "--option", "barrier=0.8")
    assert done.exit_code == 0, done.output
    assert "3/3 made/2: 0.800 eV, 3 calls" in done.output
    assert "3 entries, 0 of those computed now with failures" in done.output
    for wrong in ((), ("--bands", bands.folder), ("--images", "x", "--bands", bands.folder, "--out", tmp_path / "y")):
        refused = invoke(*wrong)
        assert refused.exit_code == 2
        assert "--images" in refused.output
    unfit = invoke("--bands", tmp_path, "--out", tmp_path / "z")
    assert unfit.exit_code == 1
    assert isinstance(unfit.exception, NebError)
    assert not (tmp_path / "z").exists()
