"""What a band says of its saddle, on a band whose distances are worked out by hand, and the table made of a run."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from typer.testing import CliRunner

from embench.cli.app import app
from embench.errors import NebError
from embench.neb import NEB1, NebResult
from embench.neb.inputs import NebInputs, NebTable, parse_table, table_bytes
from embench.neb.saddle import REACH, inputs_of, saddle, table_of_run
from embench.neb.store import RunKey, RunStore, compressed
from embench.neb.table import band_text

ENERGIES = (0.0, 0.3, 1.0, 0.5, 0.2)
CELL = 20.0


def frames(aside: float = 0.5, given: float = 0.4):
    """An ion from x = 5 to x = 9 Å between two oxygens at (7, ±2) and past a metal at (7, 4 + given) in the middle."""
    found = []
    for image, x in enumerate((5.0, 6.0, 7.0, 8.0, 9.0)):
        middle = image == 2
        ion = [x, 10.0 + (aside if middle else 0.0), 10.0]
        metal = [7.0, 14.0 + (given if middle else 0.0), 10.0]
        positions = [ion, [7.0, 12.0, 10.0], [7.0, 8.0, 10.0], metal]
        found.append(Atoms("LiO2Ti", positions, cell=[CELL] * 3, pbc=True))
    return found


def test_the_saddle_by_hand():
    told = saddle(np.array(ENERGIES), frames())
    at_ends = np.hypot(2, 2)
    assert told["saddle_anion"] == pytest.approx(1.5)
    # Two oxygens, 1.5 and 2.5 Å away; a third one is not within reach and counts as that far away.
    assert told["saddle_anions"] == pytest.approx((1.5 + 2.5 + REACH) / 3)
    assert told["ends_anion"] == pytest.approx(at_ends)
    assert told["ends_anions"] == pytest.approx((2 * at_ends + REACH) / 3)
    assert told["saddle_cation"] == pytest.approx(3.9)
    assert told["ends_cation"] == pytest.approx(np.hypot(2, 4))
    assert told["saddle_displacement"] == pytest.approx(0.4)
    assert told["saddle_displacement_most"] == pytest.approx(0.4)
    assert told["ends_displacement"] == pytest.approx(0.0)
    assert told["saddle_place"] == pytest.approx(0.5)
    assert told["saddle_aside"] == pytest.approx(0.5)
    assert told["curvature"] == pytest.approx(2 * 1.0 - 0.3 - 0.5)


def test_the_way_back_says_the_same():
    forward = saddle(np.array(ENERGIES), frames())
    back = saddle(np.array(ENERGIES[::-1]), frames()[::-1])
    assert back == pytest.approx(forward)


def test_neighbours_across_the_cell_count():
    moved = frames()
    for frame in moved:
        frame.translate([0.0, 9.0, 0.0])
        frame.wrap()
    # Only the ion keeps its place along the band: it is never wrapped in one.
    assert saddle(np.array(ENERGIES), moved)["saddle_anion"] == pytest.approx(1.5)


def test_a_metal_without_anions():
    metal = [Atoms("LiTi3", frame.positions, cell=frame.cell, pbc=True) for frame in frames()]
    told = saddle(np.array(ENERGIES), metal)
    assert told["saddle_anion"] == REACH
    assert told["saddle_cation"] == pytest.approx(1.5)


def result(entry_id: str = "KNiF3", barrier: float | None = 1.0) -> NebResult:
    return NebResult(
        entry_id=entry_id,
        potential="chgnet",
        protocol=NEB1.name,
        status="failed" if barrier is None else "not-converged",
        flags=("crash",) if barrier is None else ("ends_apart", "not_converged"),
        energies=() if barrier is None else ENERGIES,
        barrier_max_minus_min=barrier,
        barrier_max_minus_start=barrier,
        barrier_backward=None if barrier is None else barrier - 0.2,
        path_length=4.5,
    )


def test_inputs_are_those_of_the_result_and_its_band():
    found = inputs_of(result(), frames())
    assert (found.barrier, found.forward, found.backward) == (1.0, 1.0, pytest.approx(0.8))
    assert found.failures == "ends_apart not_converged"
    assert found.path_length == 4.5
    assert found.saddle_anion == pytest.approx(1.5)
    alone = inputs_of(result(), None)
    assert (alone.barrier, alone.saddle_anion) == (1.0, None)
    assert inputs_of(result(barrier=None), None) is None


@pytest.fixture
def run(tmp_path):
    store = RunStore(tmp_path / "run")
    key = RunKey(potential="chgnet", factory="a:b", options={}, version="0.4.2", settings=NEB1.to_dict(), dataset="x")
    store.open(key, {})
    band = type("Band", (), {})()
    band.positions = np.array([frame.positions for frame in frames()])
    band.energies, band.forces = np.array(ENERGIES), np.zeros((5, 4, 3))
    text = band_text(band, frames()[0].numbers, np.eye(3) * CELL, {})
    store.add(result(), compressed(text))
    store.add(result("Li3OBr_1", None), None)
    return store


def test_a_table_of_a_run_is_read_back(run):
    made = table_of_run(run, ["Li3OBr_1", "KNiF3", "MgHo2S4"])
    assert list(made.rows) == ["KNiF3"]
    content = table_bytes(made)
    assert content == table_bytes(table_of_run(run, ["KNiF3", "Li3OBr_1"]))
    found = parse_table(content, "a table")
    assert (found.potential, found.protocol, found.version) == ("chgnet", "embench-neb-1", "0.4.2")
    assert found.rows == made.rows
    assert found.rows["KNiF3"].saddle_anion == pytest.approx(1.5)


def test_the_command(run, tmp_path):
    out = tmp_path / "chgnet.parquet"
    done = CliRunner().invoke(app, ["neb", "inputs", str(run.folder), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "1 entries of chgnet 0.4.2, embench-neb-1" in done.output
    assert list(parse_table(out.read_bytes(), "out").rows) == ["KNiF3"]


def test_what_no_table_can_be_made_of_is_said(run):
    with pytest.raises(NebError, match="KNiF3 is no entry"):
        table_of_run(run, ["Li3OBr_1"])
    run.band_path("KNiF3").unlink()
    with pytest.raises(NebError, match="no band"):
        table_of_run(run, ["KNiF3", "Li3OBr_1"])


def test_a_run_without_barriers(run):
    run.add(result("KNiF3", None), None)
    with pytest.raises(NebError, match="no barrier yet"):
        table_of_run(run, ["KNiF3", "Li3OBr_1"])


@pytest.mark.parametrize("content", [b"", b"nothing", b"PAR1"], ids=["empty", "text", "cut"])
def test_a_file_that_is_no_table(content):
    with pytest.raises(NebError, match=r"x\.parquet is no table of embench neb inputs"):
        parse_table(content, "x.parquet")


def test_a_table_without_a_column():
    import io

    import pyarrow.parquet as pq

    table = NebTable(
        potential="chgnet",
        protocol="p",
        version="1",
        rows={"a": NebInputs(entry_id="a", barrier=1.0, forward=1.0, backward=0.5)},
    )
    whole = pq.read_table(io.BytesIO(table_bytes(table)))
    stream = io.BytesIO()
    pq.write_table(whole.drop(["curvature"]), stream)
    with pytest.raises(NebError, match="curvature"):
        parse_table(stream.getvalue(), "x.parquet")
