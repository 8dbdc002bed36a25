"""The oxygen vacancies: what is curated agrees with the release, and a release that contradicts itself is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import embench
from embench.curation.oxygen import FILE, build_oxygen, read_oxygen
from embench.errors import UpstreamError

# A cell of rock salt, MgO, twice along x: the oxygen at (0.25, 0, 0) hops to the vacancy at (0.5, 0.5, 0).
A = 4.2


def hop(**changes) -> dict:
    """One hop in a 2 × 1 × 1 cell of MgO: 8 Mg and 8 O, the ion from site 8 to site 9."""
    mg = [
        (0, 0, 0),
        (0, 0.5, 0.5),
        (0.25, 0, 0.5),
        (0.25, 0.5, 0),
        (0.5, 0, 0),
        (0.5, 0.5, 0.5),
        (0.75, 0, 0.5),
        (0.75, 0.5, 0),
    ]
    o = [(x + 0.25, y, z) if x < 0.75 else (x - 0.75, y, z) for x, y, z in mg]
    start, end = np.array(o[0]), np.array(o[1])
    step = end - start - np.rint(end - start)
    return {
        "hop_id": "mp-1:9-8",
        "material_id": "mp-1",
        "split": "train",
        "site_vacancy_start": 9,
        "site_vacancy_end": 8,
        "formula": "MgO",
        "lattice": np.diag([2 * A, A, A]).ravel().tolist(),
        "atomic_numbers": [12] * 8 + [8] * 8,
        "frac_coords": np.array([*mg, *o], dtype=float).ravel().tolist(),
        "image_frac_coords": np.linspace(start, start + step, 5).ravel().tolist(),
        "image_energies": [1.0, 1.5, 3.2, 1.4, 1.1],
        "barrier_forward": 2.2,
        "barrier_backward": 2.1,
        "geometry_consistent": True,
    } | changes


def written(folder: Path, *rows: dict) -> Path:
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / FILE)
    return folder


def test_a_hop_worked_out_by_hand(tmp_path):
    build_oxygen(written(tmp_path, hop()), tmp_path / "out")
    # Not the released build, so it is read with its own checksums.
    data = embench.load("oxygen-vacancies", path=tmp_path / "out")
    (entry,) = data
    assert entry.migration_barrier == pytest.approx(2.2)
    assert entry.reverse_barrier == pytest.approx(2.1)
    assert entry.image_energies.tolist() == pytest.approx([0.0, 0.5, 2.2, 0.4, 0.1])
    # The vacant site is gone, the migrating oxygen comes first.
    assert entry.n_sites == 15
    assert entry.atomic_numbers[0] == 8
    # From (1/4, 0, 0) to (1/4, 1/2, 1/2): half the face diagonal of the 4.2 Å cube.
    assert entry.hop_distance == pytest.approx(4.2 / np.sqrt(2), abs=1e-4)
    assert entry.flags == ()
    assert entry.group_prototype == "AB-225"


@pytest.mark.parametrize(
    ("energies", "flags"),
    [
        ([3.0, 2.0, 1.5, 2.0, 2.4], ("end_is_maximum", "ends_apart", "image_below_ends")),
        ([1.0, 2.0, 3.5, 2.0, 1.51], ("ends_apart",)),
        ([1.0, 2.0, 3.5, 2.0, 1.49], ()),
    ],
)
def test_flags_by_hand(tmp_path, energies, flags):
    row = hop(image_energies=energies, barrier_forward=max(energies) - energies[0])
    build_oxygen(written(tmp_path, row), tmp_path / "out")
    (entry,) = embench.load("oxygen-vacancies", path=tmp_path / "out")
    assert entry.flags == flags


def test_the_same_hop_by_symmetry_is_a_duplicate(tmp_path):
    first = hop()
    # Another of the twelve equivalent hops of rock salt, from the same site.
    sites = np.array(first["frac_coords"]).reshape(-1, 3)
    start, end = sites[8], sites[8] + np.array([0.0, 0.5, -0.5])
    other = next(i for i in range(8, 16) if np.allclose((sites[i] - end) - np.rint(sites[i] - end), 0.0, atol=1e-6))
    twin = hop(
        hop_id="mp-1:x",
        site_vacancy_start=other,
        image_frac_coords=np.linspace(start, end, 5).ravel().tolist(),
        image_energies=[1.0, 1.5, 3.3, 1.4, 1.1],
        barrier_forward=2.3,
    )
    build_oxygen(written(tmp_path, first, twin), tmp_path / "out")
    data = embench.load("oxygen-vacancies", path=tmp_path / "out")
    assert len(set(data.column("group_duplicate").tolist())) == 1
    assert set(data.flags) == {("duplicate", "label_conflict")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"barrier_forward": 2.0}, "mp-1:9-8 contradicts itself: the barrier 2.0 is not"),
        ({"image_energies": [1.0, 3.2]}, "2 image energies, not 5"),
        ({"site_vacancy_start": 3}, "an end of it is no oxygen site"),
        ({"site_vacancy_start": 99}, "its sites are not those of its host"),
        ({"site_vacancy_start": 10}, r"an end of its path is \d\.\d+ Å from the site 10"),
    ],
)
def test_a_release_that_contradicts_itself_is_refused(tmp_path, changes, message):
    out = tmp_path / "out"
    with pytest.raises(UpstreamError, match=message):
        build_oxygen(written(tmp_path, hop(**changes)), out)
    assert not out.exists()


def test_files_that_are_no_release_are_refused(tmp_path):
    with pytest.raises(UpstreamError, match="cannot read"):
        read_oxygen(tmp_path / "none.parquet")
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(UpstreamError, match="no table of oxygen hops"):
        read_oxygen(tmp_path / "x.parquet")
    with pytest.raises(UpstreamError, match="holds the hop mp-1:9-8 twice"):
        build_oxygen(written(tmp_path, hop(), hop()), tmp_path / "out")


def test_the_shipped_set_is_what_the_release_gives(shared, tmp_path):
    made = build_oxygen(shared / "transfer", tmp_path)
    shipped = Path(embench.load("oxygen-vacancies")._store.folder)
    for name in ("hops.parquet", "ledger.csv", "checksums.txt"):
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes()
    assert made.warnings == ()
    # Counted by the project's own audit of the release.
    assert made.flag_counts["end_is_maximum"] == 10
    assert made.flag_counts["ends_apart"] == 68


def test_barriers_and_structures_are_those_of_the_release(shared):
    """Row by row, from the released table and not by the code of the curation."""
    rows = {row["hop_id"]: row for row in pq.read_table(shared / "transfer" / FILE).to_pylist()}
    data = embench.load("oxygen-vacancies")
    assert set(data.entry_ids) == set(rows)
    for entry in data:
        row = rows[entry.entry_id]
        assert entry.migration_barrier == pytest.approx(row["barrier_forward"], abs=1e-5)
        assert entry.reverse_barrier == pytest.approx(row["barrier_backward"], abs=1e-5)
        host = np.array(row["frac_coords"]).reshape(-1, 3)
        kept = np.delete(host, [row["site_vacancy_start"], row["site_vacancy_end"]], axis=0)
        np.testing.assert_allclose(entry.frac_coords[1:], kept, atol=1e-9)
        np.testing.assert_allclose(entry.frac_coords[0], host[row["site_vacancy_end"]], atol=1e-9)
        away = entry.path_end - host[row["site_vacancy_start"]]
        assert np.linalg.norm((away - np.rint(away)) @ entry.lattice) < 0.05
    with open(Path(data._store.folder) / "ledger.csv", encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            assert line["raw"] == rows[line["entry_id"]]["formula"]
            assert line["normalised"] == data[line["entry_id"]].formula
