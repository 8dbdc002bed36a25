"""What is exported is read back by ASE, pandas and json as it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ase.io
import numpy as np
import pandas as pd
import pytest

from embench import schema
from embench.dataset import Dataset, load
from embench.dataset.export import export
from embench.errors import MissingDependencyError, OutputError, UnknownNameError


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load()


@pytest.fixture(scope="module")
def few(data: Dataset) -> Dataset:
    """Entries of both sides: small, large, flagged, corrupt."""
    return data.select(["LiRuO2_1", "VOF2_Na", "Na4MnAlP3O12_1", "LiRuO2_2", "MgHo2S4"])


def test_ase_reads_back_every_entry(data: Dataset, tmp_path: Path) -> None:
    paths = export(data, tmp_path, format="extxyz")
    assert [path.name for path in paths] == ["train.extxyz", "test.extxyz"]
    frames = [frame for path in paths for frame in ase.io.read(path, index=":")]
    assert [frame.info["entry_id"] for frame in frames] == list(data.entry_ids)
    assert [frame.info["migration_barrier"] for frame in frames] == data.column("migration_barrier").tolist()
    for frame, entry in zip(frames, data, strict=True):
        np.testing.assert_array_equal(frame.numbers, entry.atomic_numbers)
        np.testing.assert_allclose(frame.positions, entry.frac_coords @ entry.lattice, atol=1e-8)
        np.testing.assert_allclose(frame.cell.array, entry.lattice, rtol=0, atol=1e-12)
        np.testing.assert_allclose(frame.info["path_end"], entry.path_end, rtol=0, atol=1e-12)
        assert frame.pbc.all()
        assert tuple(frame.info.get("flags", "").split()) == entry.flags
        for name in ("published_split", "mobile_ion", "mobile_ion_charge", "functional", "group_host"):
            assert frame.info[name] == getattr(entry, name)


def test_bands_are_consecutive_frames(few: Dataset, tmp_path: Path) -> None:
    train, test = (
        ase.io.read(path, index=":") for path in export(few, tmp_path / "new" / "folder", format="extxyz", images=4)
    )
    assert (len(train), len(test)) == (12, 8)
    assert [frame.info["entry_id"] for frame in test] == ["LiRuO2_2"] * 4 + ["MgHo2S4"] * 4
    assert [frame.info["image"] for frame in test] == [0, 1, 2, 3] * 2
    assert {frame.info["n_images"] for frame in train} == {4}
    expected = few["LiRuO2_2"].images(4)
    for frame, structure in zip(test, expected, strict=False):
        np.testing.assert_allclose(frame.positions, structure.cart_coords, atol=1e-8)
        assert frame.info["migration_barrier"] == 2.41


def test_pandas_reads_back_the_scalar_columns(data: Dataset, tmp_path: Path) -> None:
    paths = export(data, tmp_path, format="csv")
    frame = pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
    names = [spec.name for spec in schema.COLUMNS if not spec.shape]
    assert list(frame.columns) == [*names, "flags"]
    for name in names:
        written = [None if pd.isna(value) else value for value in frame[name].tolist()]
        assert written == [getattr(entry, name) for entry in data], name
    assert [tuple(flags.split()) for flags in frame["flags"].fillna("")] == list(data.flags)


def test_json_lines_hold_everything(few: Dataset, tmp_path: Path) -> None:
    paths = export(few, tmp_path, format="jsonl")
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    assert {tuple(row) for row in rows} == {tuple(spec.name for spec in schema.COLUMNS)}
    assert rows == few.table.to_pylist()


def test_hidden_targets_are_not_exported(few: Dataset, tmp_path: Path) -> None:
    hidden = few.without_targets()
    for format in ("extxyz", "csv", "jsonl"):
        for path in export(hidden, tmp_path, format=format):
            text = path.read_text(encoding="utf-8")
            assert "migration_barrier" not in text
            assert "LiRuO2" in text


def test_one_side_gives_one_file(data: Dataset, tmp_path: Path) -> None:
    paths = export(data.filter(published_split="test"), tmp_path, format="csv")
    assert paths == [tmp_path / "test.csv"]
    assert list(tmp_path.iterdir()) == paths
    assert len(pd.read_csv(paths[0])) == 60


def test_files_are_replaced_only_by_force(few: Dataset, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("precious")
    with pytest.raises(OutputError, match=r"test\.csv exists already; give --force"):
        export(few, tmp_path, format="csv")
    assert [path.name for path in tmp_path.iterdir()] == ["test.csv"]
    assert (tmp_path / "test.csv").read_text() == "precious"
    export(few, tmp_path, format="csv", force=True)
    assert len(pd.read_csv(tmp_path / "test.csv")) == 2


@pytest.mark.parametrize("format", ["extxyz", "csv", "jsonl"])
def test_an_interruption_leaves_the_old_files(few: Dataset, tmp_path: Path, format: str) -> None:
    old = {tmp_path / f"{side}.{format}": side for side in ("train", "test")}
    for path, text in old.items():
        path.write_text(text)
    steps = []

    def interrupt() -> None:
        steps.append(1)
        if len(steps) == 4:  # in the second file
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(few, tmp_path, format=format, force=True, advance=interrupt)
    assert {path: path.read_text() for path in tmp_path.iterdir()} == old


def test_progress_counts_entries(few: Dataset, tmp_path: Path) -> None:
    steps: list[int] = []
    export(few, tmp_path, format="extxyz", images=3, advance=lambda: steps.append(1))
    assert len(steps) == len(few)


def test_what_cannot_be_written(few: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown format 'xyz'; did you mean extxyz"):
        export(few, tmp_path, format="xyz")
    for format, images in (("csv", 3), ("extxyz", 1)):
        with pytest.raises(ValueError, match=f"a band of {images} images cannot be written as {format}"):
            export(few, tmp_path, format=format, images=images)
    with pytest.raises(OutputError, match="no entry is left"):
        export(few.select([]), tmp_path, format="csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        export(few, tmp_path / "file", format="csv")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_ase(few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ase.io", None)
    with pytest.raises(MissingDependencyError, match=r"needs ase, .*\[structures\]"):
        export(few, tmp_path, format="extxyz")
    assert list(tmp_path.iterdir()) == []
