"""Loading, choosing entries, and keeping targets hidden."""

from __future__ import annotations

import csv
import doctest
import gc
import json
import pickle
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import embench
from embench import schema
from embench.dataset import Dataset, load
from embench.dataset import dataset as dataset_module
from embench.errors import (
    DatasetError,
    HiddenTargetError,
    MissingDependencyError,
    UnknownEntryError,
    UnknownNameError,
)
from tests.facts import FUNCTIONALS, IONS

DATA = Path(__file__).parents[2] / "dataset_card" / "data"
CORRUPT = {"Na4MnAlP3O12_1", "Na4MnAlP3O12_2", "Na4MnAlP3O12_3"}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load()


def test_sizes_ions_and_functionals(data: Dataset) -> None:
    assert len(data) == 619
    assert Counter(data.column("published_split").tolist()) == {"train": 559, "test": 60}
    for ion, (train, test) in IONS.items():
        sides = Counter(data.filter(mobile_ion=ion).column("published_split").tolist())
        assert (sides["train"], sides["test"]) == (train, test), ion
    assert Counter(data.column("functional").tolist()) == FUNCTIONALS


def test_barriers(data: Dataset) -> None:
    barriers = data.column("migration_barrier")
    assert barriers.dtype == np.float64
    assert (barriers.min(), barriers.max()) == (0.0035, 8.77)
    assert barriers.mean() == pytest.approx(0.849, abs=5e-4)
    assert np.median(barriers) == pytest.approx(0.616, abs=5e-4)
    assert len(data.filter(migration_barrier=lambda barrier: barrier < 0.65)) == 323
    assert len(data.filter(migration_barrier=lambda barrier: barrier < 0.65, published_split="test")) == 31


def test_order_and_targets_are_those_of_the_release(data: Dataset, upstream: Path) -> None:
    released = [
        entry
        for side in ("TRAIN", "TEST")
        for entry in json.loads((upstream / f"RAW-Em-5-images-{side}.json").read_text())
    ]
    assert set(data.entry_ids) == {entry["sys_name"] for entry in released}
    for entry in released:
        assert data[entry["sys_name"]].migration_barrier == float(entry["target"])
    sides = data.column("published_split").tolist()
    assert sides == ["train"] * 559 + ["test"] * 60


def test_hop_lengths_agree_with_the_audit(data: Dataset, shared: Path) -> None:
    with open(shared / "audit" / "annotations.csv", newline="") as file:
        audit = {row["sys_name"]: float(row["hop_length"]) for row in csv.DictReader(file)}
    lengths = {entry.entry_id: float(np.linalg.norm(entry.hop())) for entry in data}
    assert lengths == pytest.approx(audit, abs=1e-6)


def test_an_entry_by_id(data: Dataset) -> None:
    entry = data["LiRuO2_1"]
    assert (entry.entry_id, entry.migration_barrier) == ("LiRuO2_1", 8.77)
    assert "LiRuO2_1" in data
    assert "LiRuO2_9" not in data
    assert 7 not in data
    with pytest.raises(UnknownEntryError, match=r"no entry 'LiRuO2_9'.*LiRuO2_\d") as caught:
        data["LiRuO2_9"]
    assert "LiRuO2_1" in caught.value.nearest
    assert isinstance(caught.value, KeyError)
    with pytest.raises(TypeError, match="entry_id"):
        data[0]  # type: ignore[index]


def test_columns_and_arrays(data: Dataset) -> None:
    assert data.column("endpoints_equivalent").dtype == object
    assert data["Na4MnAlP3O12_1"].endpoints_equivalent in (None, True, False)
    assert data.column("n_sites").dtype == np.int16
    for name, dtype in (("lattice", np.float64), ("atomic_numbers", np.int16), ("frac_coords", np.float64)):
        arrays = data.arrays(name)
        assert len(arrays) == 619
        assert {array.dtype for array in arrays if array is not None} == {np.dtype(dtype)}
    shapes = [array.shape for array in data.arrays("frac_coords") if array is not None]
    assert shapes == [(n, 3) for n in data.column("n_sites").tolist()]
    for wrong in ("flags", "frac_coords", "migration_barier"):
        with pytest.raises(UnknownNameError, match=f"unknown scalar column '{wrong}'"):
            data.column(wrong)
    for wrong in ("flags", "migration_barrier", "lattices"):
        with pytest.raises(UnknownNameError, match="unknown array column"):
            data.arrays(wrong)


def test_what_is_handed_out_cannot_be_written_to(data: Dataset) -> None:
    arrays = [data.column("migration_barrier"), data.column("entry_id"), data.select(["LiRuO2_1"]).column("n_sites")]
    arrays += [array for array in data.arrays("lattice")[:1] if array is not None]
    entry = data["LiRuO2_1"]
    arrays += [entry.lattice, entry.frac_coords, entry.path_end, entry.atomic_numbers]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[-1]
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    with pytest.raises(AttributeError, match="read-only"):
        entry.migration_barrier = 0.1
    frame = data.to_pandas()
    frame["migration_barrier"] = 0.0
    assert load()["LiRuO2_1"].migration_barrier == 8.77
    assert load().to_pandas()["migration_barrier"].max() == 8.77


def test_table_and_frame_hold_every_column(data: Dataset) -> None:
    names = [spec.name for spec in schema.COLUMNS]
    part = data.select(["LiRuO2_1", "LiRuO2_2", "Na4MnAlP3O12_1"])
    assert part.table.schema.names == names
    assert part.table.schema.metadata[b"embench.dataset_version"].decode() == data.version
    assert part.table.column("migration_barrier").to_pylist()[:2] == [8.77, 2.41]
    frame = part.to_pandas()
    assert list(frame.columns) == names
    assert frame["entry_id"].tolist() == ["LiRuO2_1", "LiRuO2_2", "Na4MnAlP3O12_1"]
    assert frame["frac_coords"][0].shape == (95, 3)
    assert "structure_corrupt" in frame["flags"][2]
    assert data.table.num_rows == 619


def test_filter_by_value_values_and_function(data: Dataset) -> None:
    assert len(data.filter(mobile_ion=["Rb", "Sr"])) == 8 + 2
    assert len(data.filter(mobile_ion={"K"}, published_split="test")) == 4
    assert len(data.filter(mobile_ion=np.array(["Al", "Zn"]))) == 7 + 23
    assert data.filter().entry_ids == data.entry_ids
    lithium = data.filter(mobile_ion="Li")
    assert lithium.entry_ids == tuple(e for e in data.entry_ids if data[e].mobile_ion == "Li")
    dilute = data.filter(n_mobile_ions=1)
    assert {entry.concentration_limit for entry in dilute} == {"dilute"}


def test_filter_by_null(data: Dataset) -> None:
    known = data.filter(endpoints_equivalent=[True, False])
    unknown = [entry.entry_id for entry in data if entry.endpoints_equivalent is None]
    assert len(known) + len(unknown) == 619
    if unknown:
        assert data.filter(endpoints_equivalent=None).entry_ids == tuple(unknown)
    # A function is never called with a null.
    named = data.filter(straight_line_bottleneck_cation=lambda distance: distance > 0)
    assert all(entry.straight_line_bottleneck_cation is not None for entry in named)
    with pytest.raises(UnknownNameError, match="'None'"):
        data.filter(mobile_ion=None)


def test_filter_by_flags(data: Dataset) -> None:
    assert set(data.filter(include_flags=["structure_corrupt"]).entry_ids) == CORRUPT
    sound = data.filter(exclude_flags=["structure_corrupt"])
    assert len(sound) == 616
    assert CORRUPT.isdisjoint(sound.entry_ids)
    assert len(data.filter(include_flags=["path_clash"])) == 36
    through_metal = data.filter(include_flags=["path_clash", "path_through_metal_site"])
    assert {"LiRuO2_1", "RuO2_Li_1"} <= set(through_metal.entry_ids)
    neither = data.filter(exclude_flags=["structure_corrupt", "path_clash"])
    assert len(neither) == sum(not {"structure_corrupt", "path_clash"} & set(flags) for flags in data.flags)
    assert data.filter(exclude_flags="path_clash").entry_ids == data.filter(exclude_flags=["path_clash"]).entry_ids


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"mobile_ion": "na"}, r"unknown mobile_ion value 'na'; did you mean Na"),
        ({"mobile_ion": ["Na", "Lithium"]}, "'Lithium'"),
        ({"mobil_ion": "Na"}, r"unknown condition 'mobil_ion'; did you mean mobile_ion"),
        ({"lattice": 1}, "unknown condition 'lattice'"),
        ({"exclude_flag": ["duplicate"]}, "did you mean exclude_flags"),
        ({"exclude_flags": ["outlyer"]}, r"unknown flag 'outlyer'; did you mean outlier\?"),
        ({"include_flags": ["corrupt"]}, "unknown flag 'corrupt'"),
        ({"migration_barrier": 8.76}, r"8\.77"),
        ({"n_sites": 100000}, "1023"),
    ],
)
def test_a_misspelt_condition_never_gives_an_empty_dataset(
    data: Dataset, conditions: dict[str, Any], message: str
) -> None:
    with pytest.raises(UnknownNameError, match=message):
        data.filter(**conditions)


def test_an_empty_choice_is_a_dataset(data: Dataset) -> None:
    # Both values occur in the dataset, but in no entry together.
    empty = data.filter(mobile_ion="Sr").filter(published_split="test")
    assert (len(empty), empty.entry_ids, list(empty)) == (0, (), [])
    assert empty.column("migration_barrier").shape == (0,)
    assert empty.table.num_rows == len(empty.to_pandas()) == 0
    assert len(empty.filter(mobile_ion="Li", exclude_flags=["outlier"])) == 0
    assert empty.without_targets().table.num_columns == len(schema.COLUMNS) - 1
    with pytest.raises(UnknownEntryError):
        empty["LiRuO2_1"]


def test_select_keeps_the_order(data: Dataset) -> None:
    chosen = data.select(["RuO2_Li_1", "LiRuO2_1"])
    assert chosen.entry_ids == ("RuO2_Li_1", "LiRuO2_1")
    assert chosen.column("migration_barrier").tolist() == [7.47, 8.77]
    assert [entry.entry_id for entry in chosen] == ["RuO2_Li_1", "LiRuO2_1"]
    with pytest.raises(UnknownEntryError, match="LiRuO2_2"):
        chosen.select(["LiRuO2_2"])
    with pytest.raises(DatasetError, match="'LiRuO2_1' is selected twice"):
        data.select(["LiRuO2_1", "LiRuO2_1"])
    with pytest.raises(TypeError, match="several entry ids"):
        data.select("LiRuO2_1")


@given(st.lists(st.integers(0, 618), unique=True, max_size=40), st.floats(0, 9))
@settings(max_examples=30, deadline=None)
def test_choices_agree_with_a_loop_over_entries(rows: list[int], limit: float) -> None:
    data = load()
    ids = [data.entry_ids[row] for row in rows]
    chosen = data.select(ids).filter(migration_barrier=lambda barrier: barrier < limit)
    assert chosen.entry_ids == tuple(e for e in ids if data[e].migration_barrier < limit)
    assert chosen.table.column("entry_id").to_pylist() == list(chosen.entry_ids)


# -- hidden targets --------------------------------------------------------------------------------------------------

DOORS: dict[str, Callable[[Dataset], Any]] = {
    "attribute": lambda hidden: hidden["LiRuO2_1"].migration_barrier,
    "iteration": lambda hidden: [entry.migration_barrier for entry in hidden],
    "column": lambda hidden: hidden.column("migration_barrier"),
    "filter by a function": lambda hidden: hidden.filter(migration_barrier=lambda barrier: barrier < 1),
    "filter by value": lambda hidden: hidden.filter(migration_barrier=8.77),
    "flag set from the target": lambda hidden: hidden.filter(include_flags=["outlier"]),
    "its absence": lambda hidden: hidden.filter(exclude_flags=["label_conflict"]),
    "selection": lambda hidden: hidden.select(["LiRuO2_1"])["LiRuO2_1"].migration_barrier,
    "filtered": lambda hidden: next(iter(hidden.filter(mobile_ion="Li"))).migration_barrier,
    "pickled entry": lambda hidden: pickle.loads(pickle.dumps(hidden["LiRuO2_1"])).migration_barrier,
    "pickled dataset": lambda hidden: pickle.loads(pickle.dumps(hidden)).column("migration_barrier"),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_hidden_target_is_hidden_behind(data: Dataset, door: str) -> None:
    hidden = data.without_targets()
    with pytest.raises(HiddenTargetError, match=r"hidden: a model to be scored must not see it; embench\.load\(\)"):
        DOORS[door](hidden)


def test_what_is_written_of_hidden_entries_lacks_the_target(data: Dataset) -> None:
    hidden = data.without_targets()
    entry = hidden["LiRuO2_1"]
    assert "migration_barrier" not in hidden.table.schema.names
    assert "migration_barrier" not in hidden.to_pandas().columns
    assert "migration_barrier" not in entry.to_dict()
    assert "migration_barrier" not in entry.columns
    assert "migration_barrier" not in entry.atoms().info
    assert "migration_barrier" not in json.dumps(entry.structure().as_dict(), default=str)
    assert "8.77" not in repr(entry)
    assert b"migration_barrier" not in pickle.dumps(entry)
    assert not hasattr(entry, "migration_barrier")


def test_flags_set_from_the_target_are_hidden_with_it(data: Dataset) -> None:
    from_target = {"outlier", "label_conflict", "label_suspect"}
    hidden = data.without_targets()
    seen = {flag for flags in hidden.flags for flag in flags}
    assert seen == {flag for flags in data.flags for flag in flags} - from_target
    in_table = {flag for flags in hidden.table.column("flags").to_pylist() for flag in flags}
    in_frame = {flag for flags in hidden.to_pandas()["flags"] for flag in flags}
    in_entries = {flag for entry in hidden for flag in entry.flags}
    assert in_table == in_frame == in_entries == seen


def test_everything_else_of_hidden_entries_is_there(data: Dataset) -> None:
    hidden = data.without_targets()
    assert hidden.entry_ids == data.entry_ids
    assert hidden.targets_hidden
    assert not data.targets_hidden
    open_entry, hidden_entry = data["LiRuO2_1"], hidden["LiRuO2_1"]
    for name in hidden_entry.columns:
        if name != "flags":
            assert np.array_equal(getattr(open_entry, name), getattr(hidden_entry, name)), name
    assert hidden_entry.structure() == open_entry.structure()
    assert open_entry.migration_barrier == 8.77
    assert len(hidden.filter(mobile_ion="Na", exclude_flags=["structure_corrupt"])) > 100


# -- pickling, optional libraries, speed -----------------------------------------------------------------------------


def test_a_pickled_dataset_is_restored_from_the_files(data: Dataset) -> None:
    part = data.filter(mobile_ion="K")
    content = pickle.dumps(part)
    assert len(content) < 5000
    restored = pickle.loads(content)
    assert restored.entry_ids == part.entry_ids
    np.testing.assert_array_equal(restored.column("migration_barrier"), part.column("migration_barrier"))


def test_a_dataset_pickled_with_another_build_is_refused(data: Dataset) -> None:
    restore, (folder, _, entry_ids, hidden, name) = data.__reduce__()
    with pytest.raises(DatasetError, match="another build"):
        restore(folder, "0" * 64, entry_ids, hidden, name)


def test_without_pandas(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"needs pandas.*\.\[pandas\]"):
        data.to_pandas()


def test_examples_in_the_documentation() -> None:
    for module in (dataset_module, embench):
        results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
        assert results.attempted > 0
        assert results.failed == 0


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the least CPU time (s) of a few tries."""
    found = []
    for _ in range(times):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def test_loading_to_arrays_costs_less_than_reading_the_files_into_lists() -> None:
    from embench.dataset.store import _verified

    def loading() -> None:
        _verified.cache_clear()
        data = load()
        for spec in schema.COLUMNS:
            if spec.shape and spec.name != "flags":
                data.arrays(spec.name)

    def reading() -> None:
        for path in (DATA / "train.parquet", DATA / "test.parquet"):
            pq.read_table(path).to_pydict()

    assert seconds(loading) < seconds(reading)


def test_all_structures_cost_what_pymatgen_needs(data: Dataset) -> None:
    from pymatgen.core.structure import Structure

    plain = [(entry.lattice, entry.atomic_numbers.tolist(), entry.frac_coords) for entry in data]
    # In turn, the best of three each: what else the machine does falls on both. Without the collector of garbage, which
    # goes through all that other tests have left in this process.
    ours, theirs = [], []
    gc.disable()
    try:
        for _ in range(3):
            ours.append(seconds(lambda: [entry.structure() for entry in data], times=1))
            theirs.append(seconds(lambda: [Structure(*parts) for parts in plain], times=1))
    finally:
        gc.enable()
    assert min(ours) < 4 * min(theirs)
    structures = [entry.structure() for entry in data]
    assert sum(map(len, structures)) + 4 * 619 == 79_800  # FACTS.md counts the sites of five-image bands


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda data: data.column("frac_coords"), "it holds lists: take arrays('frac_coords')"),
        (lambda data: data.column("flags"), "it holds lists: take the property flags"),
        (lambda data: data.filter(frac_coords=1), "it holds lists: take arrays('frac_coords')"),
        (lambda data: data.arrays("formula"), "it holds one value an entry: take column('formula')"),
        (lambda data: data.arrays("frac_coord"), "did you mean frac_coords"),
        (lambda data: data.filter(functional="PBE"), "known: GGA, GGA+U, LDA, SCAN"),
        (lambda data: data.filter(functional=["GGA", "PBE"]), "known: GGA, GGA+U, LDA, SCAN"),
    ],
)
def test_a_column_of_the_other_kind_is_named(ask, says):
    with pytest.raises(UnknownNameError, match=re.escape(says)):
        ask(embench.load())
