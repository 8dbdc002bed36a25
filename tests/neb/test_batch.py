"""Runs of many hops: resuming, killing, several processes, and what makes another run of them."""

from __future__ import annotations

import gzip
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from embench.common.executor import open_executor
from embench.errors import NebError, PotentialError
from embench.neb import NEB1, PUBLISHED
from embench.neb.batch import MOST_DEATHS, run_hops
from embench.neb.store import LINES, RunStore
from tests.neb.made import CELL, LEFT, SPAN, MadeHop

REPOSITORY = Path(__file__).parents[2]
WAVE = "tests.neb.made:wave"


def hops(n=4):
    """Hops that differ in where the framework atom stands at first."""
    rows = []
    for i in range(n):
        coords = np.array([[LEFT, 6.0, 6.0], [9.0, 9.0, 9.0 + 0.05 * i]]) / CELL
        rows.append(MadeHop(entry_id=f"made/{i}", frac_coords=coords))
    return rows


def test_run_and_its_files(tmp_path):
    steps = []
    results = run_hops(hops(), WAVE, out=tmp_path, options={"barrier": 0.4}, progress=steps.append)
    assert [each.barrier_max_minus_min for each in results.values()] == pytest.approx([0.4] * 4, abs=0.002)
    assert [step.done for step in steps] == [0, 1, 2, 3, 4]
    assert steps[-1].share == 1.0
    table = pq.read_table(tmp_path / "results.parquet").to_pylist()
    assert [row["entry_id"] for row in table] == ["made/0", "made/1", "made/2", "made/3"]
    assert table[1]["energies"] == list(results["made/1"].energies)
    assert table[1]["calls_ends"] == results["made/1"].calls["ends"]
    about = json.loads((tmp_path / "run.json").read_text())
    assert about["key"]["options"] == {"barrier": 0.4}
    assert about["key"]["settings"]["digest"] == NEB1.digest


def test_bands_are_extended_xyz(tmp_path):
    from ase.io import read

    results = run_hops(hops(1), WAVE, out=tmp_path)
    with gzip.open(RunStore(tmp_path).band_path("made/0"), "rt") as file:
        frames = read(io.StringIO(file.read()), index=":", format="extxyz")
    assert [frame.info["image"] for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.get_potential_energy() for frame in frames] == pytest.approx(results["made/0"].energies, abs=1e-6)
    assert frames[2].positions[0] == pytest.approx([LEFT + SPAN / 2, 6.0, 6.0], abs=0.01)


def test_what_is_there_is_not_computed_again(tmp_path):
    run_hops(hops(2), WAVE, out=tmp_path)
    before = (tmp_path / LINES).read_text()
    results = run_hops(hops(3), WAVE, out=tmp_path)
    assert len(results) == 3
    assert (tmp_path / LINES).read_text().startswith(before)
    assert (tmp_path / LINES).read_text().count("\n") == 3


def test_another_structure_of_the_same_name_is_computed_again(tmp_path):
    run_hops(hops(2), WAVE, out=tmp_path)
    first, second = hops(2)
    moved = second.frac_coords + np.array([[0.01, 0.0, 0.0], [0.0, 0.0, 0.0]])
    results = run_hops([first, MadeHop(entry_id=second.entry_id, frac_coords=moved)], WAVE, out=tmp_path)
    assert (tmp_path / LINES).read_text().count("\n") == 3
    assert results["made/1"].hop_guess == pytest.approx(SPAN - 0.12, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"options": {"barrier": 0.5}}, "options"),
        ({"settings": PUBLISHED}, "settings is embench-neb-1"),
        ({"dataset": "0" * 64}, "dataset"),
    ],
)
def test_another_run_does_not_mix_in(tmp_path, change, names):
    run_hops(hops(1), WAVE, out=tmp_path)
    with pytest.raises(NebError, match=names):
        run_hops(hops(1), WAVE, out=tmp_path, **change)


def test_a_line_that_was_cut_short_is_computed_again(tmp_path):
    run_hops(hops(2), WAVE, out=tmp_path)
    lines = (tmp_path / LINES).read_text()
    (tmp_path / LINES).write_text(lines[:-40])
    assert set(RunStore(tmp_path).results()) == {"made/0"}
    assert set(run_hops(hops(2), WAVE, out=tmp_path)) == {"made/0", "made/1"}
    assert (tmp_path / LINES).read_text().count("\n") == 2


def test_a_damaged_line_is_named(tmp_path):
    run_hops(hops(2), WAVE, out=tmp_path)
    (tmp_path / LINES).write_text("{}\n" + (tmp_path / LINES).read_text())
    with pytest.raises(NebError, match="line 1"):
        RunStore(tmp_path).results()


@pytest.mark.slow
def test_two_processes_give_what_one_gives(tmp_path):
    one = run_hops(hops(), WAVE, out=tmp_path / "one")
    with open_executor(workers=2) as executor:
        two = run_hops(hops(), WAVE, out=tmp_path / "two", executor=executor)
    assert {name: each.energies for name, each in one.items()} == {name: each.energies for name, each in two.items()}


def test_dask_gives_what_one_process_gives(tmp_path):
    distributed = pytest.importorskip("distributed")
    one = run_hops(hops(2), WAVE, out=tmp_path / "one")
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None)
    with cluster, open_executor(scheduler=cluster.scheduler_address) as executor:
        two = run_hops(hops(2), WAVE, out=tmp_path / "two", executor=executor)
    assert {name: each.energies for name, each in one.items()} == {name: each.energies for name, each in two.items()}


def test_failed_entries_are_kept_and_tried_again_on_request(tmp_path):
    results = run_hops(hops(2), "tests.neb.made:Broken", out=tmp_path, options={"how": "raise"})
    assert [each.status for each in results.values()] == ["failed", "failed"]
    run_hops(hops(2), "tests.neb.made:Broken", out=tmp_path, options={"how": "raise"})
    assert (tmp_path / LINES).read_text().count("\n") == 2
    run_hops(hops(2), "tests.neb.made:Broken", out=tmp_path, options={"how": "raise"}, retry=True)
    assert (tmp_path / LINES).read_text().count("\n") == 4


SCRIPT = """
import sys
from pathlib import Path
from embench.neb.batch import run_hops
from tests.neb.test_batch import hops
options = {"how": sys.argv[2], "after": int(sys.argv[3])}
run_hops(hops(int(sys.argv[5])), sys.argv[4], out=Path(sys.argv[1]), options=options if "Broken" in sys.argv[4] else {})
"""


def _script(*arguments):
    return [sys.executable, "-c", SCRIPT, *map(str, arguments)]


@pytest.mark.slow
def test_an_entry_that_kills_the_process_is_given_up(tmp_path):
    """The process dies in the only hop again and again; then the hop is a failure and the run ends."""
    command = _script(tmp_path, "die", 0, "tests.neb.made:Broken", 1)
    codes = [subprocess.run(command, cwd=REPOSITORY).returncode for _ in range(MOST_DEATHS + 1)]
    assert codes == [-signal.SIGKILL] * MOST_DEATHS + [0]
    (result,) = RunStore(tmp_path).results().values()
    assert (result.status, result.flags) == ("failed", ("crash",))
    assert "died" in str(result.reason)


@pytest.mark.slow
def test_ctrl_c_and_kill_keep_what_is_finished(tmp_path):
    """The same command goes on after SIGINT, which is no death, and after SIGKILL, which is one."""
    command = _script(tmp_path, "", 0, "tests.neb.made:slow_wave", 4)
    store = RunStore(tmp_path)

    def under_way():
        done = store.results()
        return {hop.entry_id for hop in hops() if store.deaths(hop.entry_id) and hop.entry_id not in done}

    for how, deaths in ((signal.SIGINT, 0), (signal.SIGKILL, 1)):
        before = len(store.results())
        process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while (len(store.results()) == before or not under_way()) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(how)
        process.wait(timeout=60)
        assert len(store.results()) > before
        assert len(under_way()) == deaths
    subprocess.run(command, cwd=REPOSITORY, check=True)
    assert len(store.results()) == 4
    assert not list((tmp_path / "under-way").iterdir())


def test_a_potential_that_cannot_be_made_stops_the_run(tmp_path):
    with pytest.raises(NebError, match="no_such_module"):
        run_hops(hops(1), "no_such_module:make", out=tmp_path)


def test_potential_error_is_an_embench_error():
    assert issubclass(PotentialError, NebError)
