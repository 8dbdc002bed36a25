"""Rows to Parquet: types, rounding, refusals, and the same bytes every time."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow.parquet as pq
import pytest

from embench import schema
from embench.curation.write import to_table, write_dataset
from embench.errors import DatasetError

FILLERS = {"string": "x", "float64": 0.1234567, "int16": 3, "bool": True}


def row(**changes):
    """A row of the schema with harmless values."""
    values = {}
    for column in schema.FIRST.columns:
        value = FILLERS[column.scalar]
        for size in reversed(column.shape):
            value = [value] * (size or 2)
        values[column.name] = value
    return {**values, "entry_id": "a", "published_split": "train", **changes}


def test_types_units_and_version():
    table = to_table([row()], version="9.9.9")
    assert table.schema.metadata[b"embench.dataset_version"] == b"9.9.9"
    assert table.schema.field("migration_barrier").metadata[b"unit"] == b"eV"
    assert str(table.schema.field("frac_coords").type).count("list") == 2
    for column in schema.FIRST.columns:
        assert table.schema.field(column.name).nullable == column.nullable


def test_annotations_are_rounded_and_released_values_are_not():
    written = to_table(
        [row(hop_distance=np.float64(1.23456789), migration_barrier=1.23456789)], version="1"
    ).to_pylist()[0]
    assert written["hop_distance"] == 1.234568
    assert written["migration_barrier"] == 1.23456789
    negative_zero = to_table([row(hop_distance=-1e-9)], version="1").to_pylist()[0]["hop_distance"]
    assert str(negative_zero) == "0.0"


def test_nan_is_null():
    assert (
        to_table([row(straight_line_bottleneck_cation=float("nan"))], version="1").to_pylist()[0][
            "straight_line_bottleneck_cation"
        ]
        is None
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hop_distance": None}, "hop_distance may not be null, but is in a"),
        ({"hop_distance": "far"}, "hop_distance: a value is not double"),
        ({"n_sites": 70_000}, "n_sites: a value is not int16"),
        ({"surplus": 1}, "a: columns missing or unknown to the schema: surplus"),
    ],
)
def test_rows_that_do_not_fit(changes, message):
    with pytest.raises(DatasetError, match=message):
        to_table([row(**changes)], version="1")


def test_same_bytes_twice_and_old_files_survive_a_failure(tmp_path):
    rows = [row(), row(entry_id="b", published_split="test", flags=[])]
    checksums = write_dataset(rows, tmp_path, version="1")
    content = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {name: hashlib.sha256(content[name]).hexdigest() for name in checksums} == checksums
    assert content["checksums.txt"].decode().split() == [
        word for name in sorted(checksums) for word in (checksums[name], name)
    ]
    write_dataset(rows, tmp_path, version="1")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == content
    with pytest.raises(DatasetError):  # the train file is written before the test file fails
        write_dataset([rows[0], {**rows[1], "n_sites": None}], tmp_path, version="1")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == content
    assert pq.read_table(tmp_path / "test.parquet").to_pylist()[0]["flags"] == []
