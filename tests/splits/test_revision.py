"""Protocols of a later version of the dataset: the same folds without what it no longer scores."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.common.shipped import resource_folder
from embench.errors import SplitsError, UnknownNameError
from embench.schema import DEFAULT
from embench.splits import all_protocol_names
from embench.splits.load import read_manifest, read_protocol
from embench.splits.revision import without

FOLDER = resource_folder("splits")
DROPPED = "M-MnPO4_Na_1"


def rows_of(name: str) -> list[dict[str, str]]:
    with open(FOLDER / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", all_protocol_names())
def test_all_that_remain_keep_their_fold(name):
    before, now = embench.protocol(name, version="1.0.0"), embench.protocol(name, version="1.1.0")
    assert now.folds == embench.protocol(name).folds
    drops = name not in ("published", "oxygen-10fold")
    for old, new in zip(before, now, strict=True):
        assert old.name == new.name
        for side in ("train_ids", "test_ids"):
            kept = [entry_id for entry_id in getattr(old, side) if entry_id != DROPPED or not drops]
            assert list(getattr(new, side)) == kept


@pytest.mark.parametrize(
    ("name", "fold"),
    [
        ("host-10fold", "8"),
        ("prototype-10fold", "4"),
        ("random-10fold", "0"),
        ("leave-one-ion-out", "Na"),
        ("leave-one-class-out", "rest"),
    ],
)
def test_the_misplaced_entry_leaves_its_fold(name, fold):
    assert {row["fold"] for row in rows_of(name) if row["entry_id"] == DROPPED} == {fold}
    now = embench.protocol(name, version="1.1.0")
    assert (len(now.scored_ids), now.dropped) == (615, (DROPPED,))
    assert DROPPED not in next(each for each in now if each.name == fold).test_ids


def test_the_published_split_stays_as_it_was_published():
    now, before = embench.protocol("published"), embench.protocol("published", version="1.0.0")
    assert (len(now.scored_ids), len(now.folds[0].train_ids), now.dropped) == (60, 559, ())
    assert now.sha256 == before.sha256
    assert DROPPED in now.folds[0].train_ids


def test_nobody_trains_on_it_where_other_anions_are_scored():
    (fold,) = embench.protocol("to-oxygen", version="1.1.0")
    assert (len(fold.train_ids), len(fold.test_ids)) == (615, 622)
    assert embench.protocol("to-oxygen", version="1.1.0").dropped == ()
    assert (fold.train.version, fold.test.layout.name, fold.test.version) == ("1.1.0", "oxygen-vacancies", "1.0.0")


def test_folds_hand_out_entries_of_their_version():
    fold = embench.protocol("host-10fold", version="1.1.0").folds[8]
    assert fold.train.version == fold.test.version == fold.validation.version == "1.1.0"
    assert fold.test.targets_hidden
    assert embench.protocol("host-10fold").folds[8].train.version == "1.1.0"
    assert embench.protocol("host-10fold", version="1.0.0").folds[8].train.version == "1.0.0"
    digests = {embench.protocol("host-10fold", version=version).dataset_digest for version in ("1.0.0", "1.1.0")}
    assert digests == {embench.load(version=version).digest for version in ("1.0.0", "1.1.0")}


def test_the_manifest_tells_the_sizes_of_the_folds():
    manifest = read_manifest(FOLDER, of=DEFAULT)
    assert list(manifest["protocols"]) == list(all_protocol_names())
    for name, described in manifest["protocols"].items():
        found = embench.protocol(name, version="1.1.0")
        assert described["n_scored"] == len(found.scored_ids)
        assert described["folds"] == {
            fold.name: {"train": len(fold.train_ids), "test": len(fold.test_ids)} for fold in found
        }


def test_a_file_without_rows_to_drop_stays_as_it_is():
    for path in FOLDER.glob("*.csv"):
        assert without(path.read_bytes(), ()) == path.read_bytes(), path.name


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "splits")
    return tmp_path / "splits"


def test_a_manifest_that_drops_something_else_is_refused(copied):
    path = copied / "manifest-1.1.0.json"
    manifest = json.loads(path.read_text()) | {"dropped": ["LiRuO2_1"]}
    with pytest.raises(SplitsError, match=r"host-10fold\.csv has been altered"):
        read_protocol(copied, "host-10fold", manifest=manifest, of=DEFAULT)
    path.write_text(json.dumps(manifest))
    with pytest.raises(SplitsError, match="is not the file that this embench was released with"):
        read_protocol(copied, "host-10fold", of=DEFAULT)


def test_a_manifest_of_another_version_is_refused(copied):
    (copied / "manifest-1.1.0.json").write_bytes((copied / "manifest.json").read_bytes())
    with pytest.raises(SplitsError, match=r"describes splits 1\.0\.0 of dataset 1\.0\.0, but this embench has"):
        read_manifest(copied, of=DEFAULT)


def test_an_unknown_version_is_named():
    with pytest.raises(UnknownNameError, match=r"unknown version of the dataset default, '2'; known: 1\.1\.0, 1\.0\.0"):
        embench.protocol("host-10fold", version="2")


def test_the_command_line_shows_the_folds_of_a_version():
    shown = CliRunner().invoke(app, ["splits", "show", "leave-one-ion-out"])
    assert shown.exit_code == 0, shown.output
    assert f"Dataset 1.1.0 no longer scores {DROPPED}." in shown.output
    listed = CliRunner().invoke(app, ["splits", "list"])
    assert listed.output.count("615") == 5
    assert "616" not in listed.output
    before = CliRunner().invoke(app, ["splits", "list", "--dataset-version", "1.0.0"])
    assert (before.output.count("616"), before.output.count("615")) == (5, 0)
