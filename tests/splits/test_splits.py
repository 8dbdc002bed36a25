"""Protocols: the files keep their rules, reading them is strict, and no target reaches a model by accident."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import embench
from embench.errors import HiddenTargetError, SplitsError, UnknownEntryError, UnknownNameError
from embench.schema import DEFAULT, FIRST
from embench.splits import PROTOCOLS, SPLITS_VERSION, all_protocol_names, make, protocol_names
from embench.splits.load import read_protocol

FOLDER = Path(__file__).parents[2] / "splits"
CORRUPT = {"Na4MnAlP3O12_1", "Na4MnAlP3O12_2", "Na4MnAlP3O12_3"}
OUT_OF_FOLD = [spec.name for spec in PROTOCOLS if spec.kind != "published"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return embench.load().to_pandas().set_index("entry_id")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return make.make_splits(embench.load(version="1.0.0"))


def folds_of(name: str) -> pd.Series:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype=str).set_index("entry_id")["fold"]


# ---------------------------------------------------------------------------------------------- the files


def test_the_six_protocols_of_the_benchmark_exist():
    names = {
        "published",
        "host-10fold",
        "prototype-10fold",
        "leave-one-ion-out",
        "leave-one-class-out",
        "random-10fold",
    }
    # More may come; none of these may go.
    assert names <= set(protocol_names())
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(all_protocol_names())


def test_published_is_the_split_of_the_release(upstream):
    sides = {
        side: {
            entry["sys_name"] for entry in json.loads((upstream / f"RAW-Em-5-images-{side.upper()}.json").read_text())
        }
        for side in ("train", "test")
    }
    (fold,) = embench.protocol("published")
    assert set(fold.train_ids) == sides["train"]
    assert set(fold.test_ids) == sides["test"]
    assert (len(fold.train_ids), len(fold.test_ids)) == (559, 60)


@pytest.mark.parametrize("name", OUT_OF_FOLD)
def test_every_sound_entry_is_scored_once(name, table):
    folds = folds_of(name)
    assert len(folds) == 616
    assert folds.index.is_unique
    assert set(folds.index) == set(table.index) - CORRUPT
    assert list(folds.index) == [entry_id for entry_id in table.index if entry_id in folds.index]
    protocol = embench.protocol(name, version="1.0.0")
    assert Counter(protocol.scored_ids) == Counter(folds.index)
    for fold in protocol:
        assert set(fold.test_ids) == set(folds.index[folds == fold.name])
        assert set(fold.train_ids) == set(folds.index[folds != fold.name])
        assert fold.test_ids


@pytest.mark.parametrize("name", protocol_names())
def test_corrupt_structures_are_never_scored(name):
    for version in ("1.0.0", "1.1.0"):
        assert CORRUPT.isdisjoint(embench.protocol(name, version).scored_ids)


@pytest.mark.parametrize(("name", "column"), [("host-10fold", "group_host"), ("prototype-10fold", "group_prototype")])
def test_groups_are_whole(name, column, table):
    folds = folds_of(name)
    assert len(set(folds)) == 10
    assert folds.groupby(table.loc[folds.index, column]).nunique().max() == 1


@pytest.mark.parametrize("name", [name for name in OUT_OF_FOLD if name != "random-10fold"])
def test_duplicates_share_a_fold(name, table):
    folds = folds_of(name)
    assert folds.groupby(table.loc[folds.index, "group_duplicate"]).nunique().max() == 1


@pytest.mark.parametrize("name", [name for name in OUT_OF_FOLD if name != "random-10fold"])
@pytest.mark.parametrize(("first", "second"), [("LiAlPO4F_2", "LiAlPO4F_3"), ("LiAlPO4F_1", "LiAlPO4F_4")])
def test_known_duplicates_share_a_fold(name, first, second):
    folds = folds_of(name)
    assert folds[first] == folds[second]


def test_leave_one_ion_out_pools_the_rare_ions(table):
    folds = folds_of("leave-one-ion-out")
    ions = table.loc[folds.index, "mobile_ion"]
    expected = ions.where(ions.isin(["Li", "Ca", "Na", "Mg", "K", "Zn"]), "rest")
    assert folds.equals(expected.rename("fold"))
    # Of the 619 entries: Li 175, Ca 153, Na 109, Mg 106, K 36, Zn 23, Rb 8, Al 7, Sr 2; three of Na are corrupt.
    assert Counter(folds) == {"Li": 175, "Ca": 153, "Na": 106, "Mg": 106, "K": 36, "Zn": 23, "rest": 17}


def test_leave_one_class_out_pools_the_small_classes(table):
    folds = folds_of("leave-one-class-out")
    classes = table.loc[folds.index, "structure_class"]
    small = classes.map(classes.value_counts()) < 10
    assert folds.equals(classes.where(~small, "rest").rename("fold"))
    assert small.any()


@pytest.mark.parametrize("name", ["host-10fold", "random-10fold"])
def test_folds_are_balanced(name, table):
    folds = folds_of(name)
    sizes = folds.value_counts()
    assert sizes.max() - sizes.min() <= 8
    target = table.loc[folds.index, "migration_barrier"]
    medians = target.groupby(folds).median()
    # The standard error of the median of 60 draws from this distribution is about 0.08 eV.
    assert medians.sub(target.median()).abs().max() < 0.15


def test_prototype_folds_are_as_balanced_as_the_largest_prototype_allows(table):
    folds = folds_of("prototype-10fold")
    sizes = folds.value_counts().sort_values()
    largest = table.loc[folds.index, "group_prototype"].value_counts().iloc[0]
    assert sizes.iloc[-1] <= largest + 15
    assert sizes.iloc[:-1].max() - sizes.iloc[0] <= 20


def test_manifest_describes_the_files():
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert SPLITS_VERSION == embench.DATASET_VERSION
    assert manifest["version"] == manifest["dataset_version"] == "1.0.0"
    assert list(manifest["protocols"]) == list(all_protocol_names())
    for name, described in manifest["protocols"].items():
        content = (FOLDER / f"{name}.csv").read_bytes()
        protocol = embench.protocol(name, version="1.0.0")
        assert described["sha256"] == hashlib.sha256(content).hexdigest() == protocol.sha256
        sizes = {fold.name: {"train": len(fold.train_ids), "test": len(fold.test_ids)} for fold in protocol}
        assert described["folds"] == sizes
        assert described["n_scored"] == len(protocol.scored_ids)
        assert described["n_folds"] == len(protocol)
        assert described["measures"] == protocol.spec.measures
    assert manifest["protocols"]["host-10fold"]["column"] == "group_host"
    assert isinstance(manifest["protocols"]["host-10fold"]["seed"], int)


def test_making_them_again_gives_the_same_bytes(made):
    assert make.differing_files(made, FOLDER) == []


# ---------------------------------------------------------------------------------------------- making


class Table:
    """As much of a dataset as :mod:`embench.splits.make` uses, with columns made up."""

    layout = DEFAULT

    def __init__(self, columns: dict[str, list], flags: dict[str, str] | None = None) -> None:
        self.entry_ids = tuple(columns["entry_id"])
        self._columns = columns
        self._flags = flags or {}

    def __len__(self) -> int:
        return len(self.entry_ids)

    def __iter__(self):
        return (type("Entry", (), {"entry_id": entry_id})() for entry_id in self.entry_ids)

    def column(self, name: str) -> np.ndarray:
        return np.array(self._columns[name])

    def select(self, entry_ids):
        rows = [self.entry_ids.index(entry_id) for entry_id in entry_ids]
        return Table({name: [values[row] for row in rows] for name, values in self._columns.items()}, self._flags)

    def filter(self, *, include_flags=(), exclude_flags=()):
        flagged = [
            entry_id for entry_id in self.entry_ids if self._flags.get(entry_id) in (include_flags or exclude_flags)
        ]
        return self.select(flagged if include_flags else [e for e in self.entry_ids if e not in flagged])


def chain() -> Table:
    # Hosts a and b are joined by the duplicate of 2 and 3; host c stands alone.
    return Table(
        {
            "entry_id": ["1", "2", "3", "4", "5"],
            "group_host": ["a", "a", "b", "b", "c"],
            "group_duplicate": ["d1", "d2", "d2", "d3", "d4"],
            "mobile_ion": ["Li", "Li", "Na", "Na", "K"],
            "published_split": ["train", "train", "test", "train", "train"],
            "migration_barrier": [0.1, 0.2, 0.3, 0.4, 0.5],
        }
    )


def test_groups_joined_by_a_duplicate_are_one():
    assert make.connected_groups(chain(), "group_host").tolist() == [0, 0, 0, 0, 1]


def test_group_names_do_not_matter(monkeypatch):
    """Folds depend on which entries are together, not on what the groups are called."""
    data = embench.load().filter(exclude_flags=["structure_corrupt"])
    spec = replace(next(spec for spec in PROTOCOLS if spec.name == "prototype-10fold"), n_seeds=1)
    before = make.assign(spec, data).fold_of
    original = type(data).column
    monkeypatch.setattr(
        type(data),
        "column",
        lambda self, name: (
            np.array([hashlib.md5(v.encode()).hexdigest() for v in original(self, name)])
            if name.startswith("group_")
            else original(self, name)
        ),
    )
    assert make.assign(spec, data).fold_of == before


def test_separated_duplicates_are_refused():
    spec = replace(next(spec for spec in PROTOCOLS if spec.name == "leave-one-ion-out"), values=("Li", "Na"))
    with pytest.raises(
        SplitsError, match=r"leave-one-ion-out would divide the group_duplicate 'd2' between .* Li and Na"
    ):
        make.assign(spec, chain())


def test_an_empty_fold_is_refused():
    spec = replace(next(spec for spec in PROTOCOLS if spec.name == "leave-one-ion-out"), values=("Li", "Mg"))
    data = Table(chain()._columns | {"group_duplicate": list("12345")})
    with pytest.raises(SplitsError, match="no entry in the fold Mg"):
        make.assign(spec, data)


def test_a_corrupt_structure_on_the_scored_side_is_refused():
    published = next(spec for spec in PROTOCOLS if spec.name == "published")
    with pytest.raises(SplitsError, match="would score 3"):
        make.assign(published, Table(chain()._columns, {"3": "structure_corrupt"}))
    assert make.assign(published, Table(chain()._columns, {"1": "structure_corrupt"})).fold_of["1"] == "train"


def test_imbalance_is_the_chi_square_statistic():
    from scipy.stats import chisquare

    folds, bins = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 0, 1, 1, 1])
    by_hand = chisquare([2, 1], [1.5, 1.5]).statistic + chisquare([1, 3], [2, 2]).statistic
    assert make.imbalance(folds, bins) == pytest.approx(by_hand)
    assert make.imbalance(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])) == 0


# ---------------------------------------------------------------------------------------------- reading


@pytest.fixture
def damaged(tmp_path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "splits"))


def test_unknown_protocol_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown protocol 'host-10-fold'; did you mean host-10fold"):
        embench.protocol("host-10-fold")


def test_an_altered_file_is_refused(damaged):
    path = damaged / "host-10fold.csv"
    path.write_text(path.read_text().replace(",3\n", ",4\n", 1))
    with pytest.raises(SplitsError, match=r"host-10fold.csv has been altered"):
        read_protocol(damaged, "host-10fold")
    assert len(read_protocol(damaged, "random-10fold")) == 10


def test_a_missing_file_is_refused(damaged):
    (damaged / "random-10fold.csv").unlink()
    with pytest.raises(SplitsError, match=r"cannot read .*random-10fold.csv"):
        read_protocol(damaged, "random-10fold")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1.0.0"}', "null"])
def test_a_damaged_manifest_is_refused(damaged, text):
    for of in (DEFAULT, FIRST):
        (damaged / ("manifest.json" if of is FIRST else "manifest-1.1.0.json")).write_text(text)
        with pytest.raises(SplitsError, match="is no manifest"):
            read_protocol(damaged, "published", of=of)


@pytest.mark.parametrize("key", ["version", "dataset_version"])
def test_splits_of_another_version_are_refused(damaged, key):
    manifest = json.loads((damaged / "manifest-1.1.0.json").read_text())
    (damaged / "manifest-1.1.0.json").write_text(json.dumps(manifest | {key: "0.0.1"}))
    with pytest.raises(SplitsError, match=r"0\.0\.1"):
        read_protocol(damaged, "published")


def test_a_protocol_is_read_and_verified_once(monkeypatch):
    first = embench.protocol("published")
    monkeypatch.setattr("embench.splits.load._read", lambda path: pytest.fail(f"read {path} again"))
    assert embench.protocol("published") is first


# ---------------------------------------------------------------------------------------------- hidden targets


@pytest.fixture(scope="module", params=["published", "host-10fold"])
def fold(request):
    return next(iter(embench.protocol(request.param)))


def test_training_side_shows_targets_and_no_scored_entry(fold, table):
    assert (
        fold.train.column("migration_barrier").tolist() == table.loc[list(fold.train_ids), "migration_barrier"].tolist()
    )
    assert set(fold.train.entry_ids).isdisjoint(fold.test.entry_ids)
    for entry_id in fold.test_ids[:3]:
        with pytest.raises(UnknownEntryError):
            fold.train[entry_id]
        with pytest.raises(UnknownEntryError):
            fold.train.select([entry_id])


@pytest.mark.parametrize(
    "again",
    [
        lambda data: data,
        lambda data: data.select(data.entry_ids[:5]),
        lambda data: data.filter(mobile_ion=data.column("mobile_ion")[0]),
        lambda data: pickle.loads(pickle.dumps(data)),
        copy.copy,
        copy.deepcopy,
    ],
    ids=["itself", "select", "filter", "pickle", "copy", "deepcopy"],
)
def test_no_door_shows_the_targets_of_the_scored_side(fold, again, table):
    data = again(fold.test)
    assert len(data) > 0
    assert data.targets_hidden
    for ask in (
        lambda: data.column("migration_barrier"),
        lambda: data.filter(migration_barrier=lambda barrier: barrier > 1),
        lambda: data.filter(include_flags=["outlier"]),
        lambda: data.filter(exclude_flags=["label_conflict"]),
    ):
        with pytest.raises(HiddenTargetError):
            ask()
    assert "migration_barrier" not in data.table.column_names
    assert "migration_barrier" not in data.to_pandas().columns
    telling = {"outlier", "label_conflict", "label_suspect"}
    assert all(telling.isdisjoint(flags) for flags in (*data.flags, *data.table["flags"].to_pylist()))


def test_no_door_of_an_entry_shows_its_target(fold, table):
    data = fold.test
    entries = [data[data.entry_ids[0]], next(iter(data)), *list(data)[-2:]]
    entries += [pickle.loads(pickle.dumps(entries[0])), copy.deepcopy(entries[0])]
    for entry in entries:
        barrier = table.migration_barrier[entry.entry_id]
        with pytest.raises(HiddenTargetError):
            _ = entry.migration_barrier
        assert not hasattr(entry, "migration_barrier")
        assert "migration_barrier" not in entry.columns
        assert "migration_barrier" not in entry.to_dict()
        assert "migration_barrier" not in dir(entry)
        assert "migration_barrier" not in entry.atoms().info
        assert f"{barrier:g} eV" not in repr(entry)
        for structure in (entry.structure(), *entry.images(3)):
            assert "migration_barrier" not in json.dumps(structure.as_dict())


@pytest.mark.parametrize("format", ["extxyz", "csv", "jsonl"])
def test_exported_files_of_the_scored_side_hold_no_target(fold, format, tmp_path):
    from embench.dataset.export import export

    for path in export(fold.test.select(fold.test.entry_ids[:5]), tmp_path, format=format):
        text = path.read_text()
        assert fold.test.entry_ids[0] in text or fold.test.entry_ids[4] in text
        assert "migration_barrier" not in text


def test_scored_rows_hold_their_barrier_in_no_other_column(fold, table):
    """No column that a model may read equals the target throughout (a copy under another name)."""
    numbers = fold.test.to_pandas().set_index("entry_id").select_dtypes("number")
    target = table.loc[numbers.index, "migration_barrier"]
    assert not any(np.allclose(numbers[name], target, equal_nan=True) for name in numbers)


def test_protocols_are_read_only(fold):
    with pytest.raises(AttributeError):
        fold.test_ids = ()


# ---------------------------------------------------------------------------------------------- validation


@pytest.mark.parametrize("name", ["published", "host-10fold", "oxygen-10fold"])
def test_validation_is_fixed_and_shares_no_host(name):
    for fold in embench.protocol(name):
        hosts = set(fold.validation.column("group_host").tolist())
        assert not hosts & set(fold.fitting.column("group_host").tolist())
        assert not set(fold.validation_ids) & set(fold.test_ids)
        assert len(fold.validation) + len(fold.fitting) == len(fold.train)
        assert 0.1 <= len(fold.validation) / len(fold.train) < 0.2
        assert fold.validation.column("migration_barrier").min() >= 0.0


def test_validation_does_not_depend_on_the_fold():
    """A host that two folds train on is set aside by both, unless one of them has enough before it."""
    first, second = embench.protocol("host-10fold").folds[:2]
    shared = set(first.train_ids) & set(second.train_ids)
    both = set(first.validation_ids) & set(second.validation_ids) & shared
    assert len(both) > 0.5 * len(first.validation_ids)
