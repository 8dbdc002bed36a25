"""The whole curation on the real release: what is shipped is what `embench build` makes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.common.shipped import resource_folder
from embench.curation import build as build_module
from embench.curation.build import build_dataset
from embench.errors import UpstreamError

pytestmark = pytest.mark.xdist_group("build")


@pytest.fixture(scope="module")
def built(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    result = CliRunner().invoke(app, ["build", str(upstream), "--out", str(folder)])
    assert result.exit_code == 0, result.output
    assert "dataset 1.0.0: 619 entries, 60 of them in the published test part" in result.stdout
    return folder


@pytest.mark.parametrize("name", ["train.parquet", "test.parquet"])
def test_gives_what_is_shipped(built, name):
    ours, shipped = built / name, resource_folder("dataset") / name
    assert pq.read_table(ours).equals(pq.read_table(shipped), check_metadata=True)
    # Another version of the Parquet library may lay out the same content in other bytes.
    if pq.read_metadata(ours).created_by == pq.read_metadata(shipped).created_by:
        assert ours.read_bytes() == shipped.read_bytes()


def test_checksums_are_those_of_the_shipped_files():
    folder = resource_folder("dataset")
    import hashlib

    lines = dict(reversed(line.split()) for line in (folder / "checksums.txt").read_text().splitlines())
    assert set(lines) == {"train.parquet", "test.parquet"}
    for name, checksum in lines.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum


def test_twice_gives_the_same_bytes(built, raw_entries, tmp_path, monkeypatch, upstream):
    """The second build gets the entries in another order: neither order nor state of the first may show."""
    shuffled = sorted(raw_entries, key=lambda entry: entry.entry_id[::-1])

    def read_sorted(_folder):
        return shuffled

    rows = {}
    monkeypatch.setattr(build_module, "read_release", read_sorted)
    monkeypatch.setattr(
        build_module, "write_dataset", lambda made, *_, **__: rows.update({r["entry_id"]: r for r in made})
    )
    build_dataset(upstream, tmp_path)
    shipped = {row["entry_id"]: row for row in embench.load(path=built, version="1.0.0").table.to_pylist()}
    columns = (
        "group_duplicate",
        "group_structure",
        "group_compound",
        "group_host",
        "group_prototype",
        "flags",
        "n_pathways",
    )
    assert len(rows) == 619
    for entry_id, row in rows.items():
        assert {name: row[name] for name in columns} == {name: shipped[entry_id][name] for name in columns}


def test_flag_counts_of_the_facts():
    flags = Counter(flag for flags in embench.load().flags for flag in flags)
    assert flags["structure_corrupt"] == 3
    assert flags["elements_misplaced"] == 1
    assert flags["path_not_minimum_image"] == 9
    assert flags["path_clash"] == 36
    assert flags["path_through_metal_site"] == 2
    assert flags["final_framework_differs"] == 9
    assert flags["duplicate"] == 26


def test_a_failure_leaves_the_old_output(edit, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "train.parquet").write_text("old")
    folder = edit("RAW-Em-5-images-TRAIN.json", "Li4P2S7", lambda record: record.update(target=9.9))
    with pytest.raises(UpstreamError, match="Li4P2S7"):
        build_dataset(folder, out)
    assert [file.name for file in out.iterdir()] == ["train.parquet"]
    assert (out / "train.parquet").read_text() == "old"


def test_missing_folder_on_the_command_line(tmp_path):
    result = CliRunner().invoke(app, ["build", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, UpstreamError)
    assert "RAW-Em-5-images-TRAIN.json is missing" in str(result.exception)


def test_the_shipped_files_are_small():
    assert sum(file.stat().st_size for file in resource_folder("dataset").glob("*.parquet")) < 3e6
