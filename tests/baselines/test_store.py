from __future__ import annotations

import dataclasses
import os
import time

import pytest

from embench.baselines.store import FoldResult, FoldStore, RunKey

KEY = RunKey(
    baseline="median",
    factory="m:C",
    code="c0de",
    libraries=("python==3.11.0", "numpy==2.0.0"),
    protocol="published",
    protocol_sha256="ab",
    dataset="cd",
    seed=0,
)
RESULT = FoldResult(
    fold="A/B C",
    entry_ids=("x", "y"),
    mean=(0.1 + 0.2, 1e-17),
    std=None,
    seconds={"fit": 0.25},
    peak_memory_mib=12.5,
    hardware={"cores": 2},
    choices={"model": "ridge", "inner_mae": {"ridge": 0.4}},
)


def test_what_is_written_is_read_exactly(tmp_path):
    store = FoldStore(tmp_path, KEY)
    assert store.read("A/B C") is None
    store.write(RESULT)
    assert store.read("A/B C") == RESULT
    assert store.read("A") is None
    with_std = dataclasses.replace(RESULT, fold="1", std=(0.3, 0.4))
    store.write(with_std)
    assert store.read("1") == with_std


def test_a_file_cut_short_or_altered_counts_as_missing(tmp_path):
    store = FoldStore(tmp_path, KEY)
    store.write(RESULT)
    (path,) = store.folder.glob("*.json")
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert store.read("A/B C") is None, length
    path.write_bytes(content.replace(b"1e-17", b"1e-16"))
    assert store.read("A/B C") is None
    path.write_bytes(content)
    assert store.read("A/B C") == RESULT


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(RunKey)])
def test_results_of_another_run_are_not_used(tmp_path, field):
    FoldStore(tmp_path, KEY).write(RESULT)
    other = {"seed": 1, "libraries": ("python==3.12.0", "numpy==2.0.0")}.get(field, "other")
    store = FoldStore(tmp_path, dataclasses.replace(KEY, **{field: other}))
    assert store.read("A/B C") is None
    # Not even where somebody has copied the files.
    store.folder.mkdir(parents=True, exist_ok=True)
    for path in FoldStore(tmp_path, KEY).folder.iterdir():
        (store.folder / path.name).write_bytes(path.read_bytes())
    assert store.read("A/B C") is None


def test_leftovers_of_killed_runs_are_removed_and_young_ones_kept(tmp_path):
    store = FoldStore(tmp_path, KEY)
    store.write(RESULT)
    old, young = store.folder / ".0.json.abc", store.folder / ".1.json.def"
    for path in (old, young):
        path.write_text("{")
    os.utime(old, (time.time() - 7200,) * 2)
    store.remove_stale()
    assert not old.exists()
    assert young.exists()
    assert store.read("A/B C") == RESULT


def test_clear(tmp_path):
    store = FoldStore(tmp_path, KEY)
    store.write(RESULT)
    store.clear()
    assert store.read("A/B C") is None
