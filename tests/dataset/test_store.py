"""The verified files of a build: damage is found, columns are read one by one and come out as Arrow holds them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embench import schema
from embench.common.shipped import resource_folder
from embench.dataset import load
from embench.dataset.store import Store, open_store
from embench.errors import DatasetError

SHIPPED = resource_folder("hub")


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A copy of the shipped files."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "build"))


def rewrite(folder: Path, name: str, table: pa.Table) -> None:
    """Replace one Parquet file and write its checksum."""
    pq.write_table(table, folder / name)
    names = ("test.parquet", "train.parquet")
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names]
    (folder / "checksums.txt").write_text("".join(lines))


def arrow_tables() -> list[pa.Table]:
    return [pq.read_table(SHIPPED / name) for name in ("train.parquet", "test.parquet")]


@pytest.mark.parametrize("spec", schema.COLUMNS, ids=lambda spec: spec.name)
def test_every_column_is_what_arrow_reads(spec: schema.Column) -> None:
    expected = [value for table in arrow_tables() for value in table.column(spec.name).to_pylist()]
    expected = [None if value != value else value for value in expected]
    store = open_store(SHIPPED)
    values = [store.value(row, spec.name) for row in range(store.n_rows)]
    plain = [v.tolist() if isinstance(v, np.ndarray) else list(v) if isinstance(v, tuple) else v for v in values]
    assert plain == expected


def test_sliced_and_null_arrow_data_are_converted(build: Path) -> None:
    table = pq.read_table(build / "test.parquet")
    position = table.schema.get_field_index("straight_line_bottleneck_cation")
    cations = [None if row % 3 == 0 else float(row) for row in range(table.num_rows)]
    table = table.set_column(position, table.schema.field(position), pa.array(cations, pa.float64()))
    # Several row groups: the column then comes in chunks.
    pq.write_table(table, build / "test.parquet", row_group_size=7)
    rewrite(build, "train.parquet", pq.read_table(build / "train.parquet"))
    column = load(path=build).filter(published_split="test").column("straight_line_bottleneck_cation")
    np.testing.assert_array_equal(column, [np.nan if value is None else value for value in cations])


def test_a_changed_byte_is_found(build: Path) -> None:
    content = bytearray((build / "test.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (build / "test.parquet").write_bytes(content)
    with pytest.raises(DatasetError, match=r"test\.parquet is damaged or was changed.*embench build"):
        load(path=build)


def test_a_truncated_file_with_a_matching_checksum_is_found(build: Path) -> None:
    content = (build / "train.parquet").read_bytes()[:1000]
    (build / "train.parquet").write_bytes(content)
    checksums = (build / "checksums.txt").read_text().splitlines()
    line = f"{hashlib.sha256(content).hexdigest()}  train.parquet"
    (build / "checksums.txt").write_text("\n".join([*(x for x in checksums if "train" not in x), line]))
    with pytest.raises(DatasetError, match=r"train\.parquet is no readable Parquet file"):
        load(path=build)


@pytest.mark.parametrize("name", ["checksums.txt", "train.parquet", "test.parquet"])
def test_a_missing_file_is_named(build: Path, name: str) -> None:
    (build / name).unlink()
    with pytest.raises(DatasetError, match=rf"{name} is missing"):
        load(path=build)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        load(path=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("checksums", "message"),
    [
        ("", "no line for train.parquet"),
        ("abc  train.parquet\n", "line 1"),
        ("<html>not found</html>", "line 1"),
    ],
)
def test_a_damaged_list_of_checksums(build: Path, checksums: str, message: str) -> None:
    (build / "checksums.txt").write_text(checksums)
    with pytest.raises(DatasetError, match=message):
        load(path=build)


@pytest.mark.parametrize("metadata", [{"embench.dataset_version": "0.9.0"}, {}])
def test_another_version_is_refused(build: Path, metadata: dict[str, str]) -> None:
    table = pq.read_table(build / "test.parquet").replace_schema_metadata(metadata)
    rewrite(build, "test.parquet", table)
    with pytest.raises(DatasetError, match=r"test\.parquet holds dataset version (0\.9\.0|none), this embench reads"):
        load(path=build)


def test_a_missing_column_and_another_type_are_named(build: Path) -> None:
    table = pq.read_table(build / "test.parquet")
    rewrite(build, "test.parquet", table.drop_columns(["pathway"]))
    with pytest.raises(DatasetError, match="other columns than this embench: missing pathway, unexpected none"):
        load(path=build)
    position = table.schema.get_field_index("n_sites")
    rewrite(build, "test.parquet", table.set_column(position, "n_sites", table["n_sites"].cast(pa.int64())))
    with pytest.raises(DatasetError, match=r"missing none, unexpected n_sites \(int64\)"):
        load(path=build)


def test_an_entry_that_occurs_twice_is_refused(build: Path) -> None:
    table = pq.read_table(build / "test.parquet")
    rewrite(build, "test.parquet", pa.concat_tables([table, table.slice(0, 1)]))
    with pytest.raises(DatasetError, match="entry_id occurs twice"):
        load(path=build)


def test_files_are_verified_once_and_again_when_they_change(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(path=build)
    calls = []
    monkeypatch.setattr(hashlib, "sha256", lambda *args: calls.append(args))
    assert load(path=build).column("pathway").shape == (619,)
    assert not calls
    monkeypatch.undo()
    rewrite(build, "test.parquet", pq.read_table(build / "test.parquet").slice(0, 10))
    assert len(load(path=build)) == len(first) - 50


def test_only_the_columns_asked_for_are_read(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = Store._read
    monkeypatch.setattr(Store, "_read", lambda store, names: read.append(names) or original(store, names))
    data = load(path=build)
    data.column("migration_barrier")
    data.column("migration_barrier")
    data.filter(mobile_ion="Na")
    assert [name for names in read for name in names if name != "entry_id"] == ["migration_barrier", "mobile_ion"]


def test_columns_need_no_slow_import() -> None:
    """What an evaluation reads must not import pandas or pyarrow.compute: that takes longer than all the rest."""
    code = (
        "import embench, sys; data = embench.load(); data.entry_ids; data.flags; data.column('migration_barrier');"
        "data.column('straight_line_bottleneck_cation'); data.column('endpoints_equivalent');"
        "data.filter(mobile_ion='Na', exclude_flags=['path_clash']);"
        "data.arrays('frac_coords'); data.arrays('final_lattice');"
        "print([name for name in ('pandas', 'pyarrow.compute', 'scipy', 'pymatgen', 'ase') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_threads_read_the_same(build: Path) -> None:
    data = load(path=build)
    names = ["migration_barrier", "entry_id", "group_host", "n_sites"] * 4
    results: dict[int, list[object]] = {}

    def read(number: int) -> None:
        order = names[number % 4 :] + names[: number % 4]
        results[number] = [(name, data.column(name).tolist()) for name in sorted(order)]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = pa.concat_tables(arrow_tables())
    assert results[0] == [(name, expected.column(name).to_pylist()) for name in sorted(names)]
    assert all(result == results[0] for result in results.values())


@pytest.mark.parametrize("name", ["train.parquet", "test.parquet"])
def test_a_pointer_of_git_lfs_is_named(name, tmp_path):
    shutil.copytree(resource_folder("dataset"), tmp_path / "data")
    (tmp_path / "data" / name).write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"
    )
    with pytest.raises(DatasetError, match=rf"{name} is a Git LFS pointer .*: run git lfs pull"):
        load(path=tmp_path / "data")
