"""Later versions of a dataset: loaded by number, laid over the version before them, checked like it."""

from __future__ import annotations

import pickle
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

import embench
from embench import schema
from embench.common import shipped
from embench.common.shipped import resource_folder
from embench.dataset import overlay
from embench.errors import DatasetError, UnknownNameError

OWN = ["xc_functional", "hubbard_u", "mobile_ion_spacing", "mobile_ion_approach"]


@pytest.fixture(scope="module")
def before() -> embench.Dataset:
    return embench.load(version="1.0.0")


@pytest.fixture(scope="module")
def revised() -> embench.Dataset:
    return embench.load(version="1.1.0")


def test_the_default_is_the_version_of_the_leaderboard(revised):
    assert embench.load().digest == revised.digest
    assert revised.version == embench.DATASET_VERSION == "1.1.0"


def test_a_later_version_has_the_entries_labels_and_structures_of_the_one_before(before, revised):
    assert repr(revised) == "<Dataset 1.1.0: 619 entries>"
    assert revised.entry_ids == before.entry_ids
    for spec in schema.FIRST.columns:
        if spec.name == "flags":
            continue
        assert revised.table.column(spec.name).equals(before.table.column(spec.name)), spec.name


def test_it_adds_columns_in_the_order_of_its_schema(before, revised):
    assert revised.table.schema.equals(schema.arrow_schema(of=schema.DEFAULT), check_metadata=True)
    assert [name for name in revised.table.column_names if name not in before.table.column_names] == OWN
    assert list(revised.to_pandas().columns) == revised.table.column_names
    entry = revised["LiRuO2_1"]
    assert [name for name in entry.columns if name in OWN] == OWN
    assert entry.hubbard_u is revised.column("hubbard_u")[revised.entry_ids.index("LiRuO2_1")]
    with pytest.raises(AttributeError, match="no attribute 'hubbard_u'"):
        _ = before["LiRuO2_1"].hubbard_u


def test_flags_come_and_go_and_the_others_stay(before, revised):
    changing = {"label_suspect", "concerted_hop_possible", "cell_changes"}
    order = [flag.name for flag in schema.DEFAULT.flags]
    for old, new in zip(before.flags, revised.flags, strict=True):
        assert [name for name in old if name not in changing] == [name for name in new if name not in changing]
        assert list(new) == sorted(new, key=order.index)
    assert {"label_suspect"} == {name for flags in before.flags for name in flags} & changing
    assert "label_suspect" not in revised.without_targets()["KTiPO4F"].flags
    assert "label_suspect" in revised["KTiPO4F"].flags
    assert "label_suspect" not in revised["Mn2F7_Ca_3"].flags
    assert "label_suspect" in before["Mn2F7_Ca_3"].flags
    with pytest.raises(UnknownNameError, match="unknown flag 'cell_changes'"):
        before.filter(include_flags=["cell_changes"])


def test_each_version_has_a_digest_of_its_own(before, revised):
    assert revised.digest != before.digest
    full = embench.load(path=resource_folder("hub"))
    assert full.structures_digest == revised.structures_digest == before.structures_digest == before.digest
    assert revised.checksums == before.checksums | {"default-1.1.0.parquet": revised.checksums["default-1.1.0.parquet"]}


def test_it_is_pickled_with_its_version(before, revised):
    part = revised.filter(hubbard_u=True)
    again = pickle.loads(pickle.dumps(part))
    assert (again.version, again.entry_ids, again.digest) == ("1.1.0", part.entry_ids, part.digest)
    entry = pickle.loads(pickle.dumps(revised["KTiPO4F"]))
    assert entry == revised["KTiPO4F"] != before["KTiPO4F"]
    assert entry.xc_functional == "GGA"


def test_the_version_may_stand_in_the_name(revised):
    assert embench.load("default@1.1.0").digest == revised.digest
    assert embench.load("default@1.0.0").version == "1.0.0"
    assert (schema.DEFAULT.key, schema.FIRST.key) == ("default", "default@1.0.0")


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("default", "1.2.0", r"unknown version of the dataset default, '1\.2\.0'; known: 1\.1\.0, 1\.0\.0"),
        ("default@0.9", None, r"unknown version of the dataset default, '0\.9'"),
        ("oxygen-vacancies", "1.1.0", r"unknown version of the dataset oxygen-vacancies, '1\.1\.0'; known: 1\.0\.0$"),
        ("cations", "1.1.0", "unknown dataset 'cations'"),
    ],
)
def test_a_version_that_there_is_none_of_is_named(name, version, message):
    with pytest.raises(UnknownNameError, match=message):
        embench.load(name, version=version)


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    folder = tmp_path / "versions"
    shutil.copytree(resource_folder("versions"), folder)
    monkeypatch.setattr(overlay, "resource_folder", lambda _: folder)
    return folder / "default-1.1.0.parquet"


def test_a_file_that_is_not_the_released_one_is_refused(damaged):
    table = pq.read_table(damaged)
    pq.write_table(table.slice(1), damaged)
    with pytest.raises(DatasetError, match="is not the file that this embench was released with"):
        embench.load(version="1.1.0")


def test_a_missing_file_is_refused(damaged):
    damaged.unlink()
    with pytest.raises(DatasetError, match=r"default-1\.1\.0\.parquet is missing"):
        embench.load()
    assert len(embench.load(version="1.0.0")) == 619


def test_it_is_not_laid_over_other_entries(tmp_path):
    from embench.curation.write import write_dataset

    rows = [row for row in embench.load(version="1.0.0").table.to_pylist() if row["entry_id"] != "KTiPO4F"]
    write_dataset(rows, tmp_path, version="1.0.0")
    assert len(embench.load(version="1.0.0", path=tmp_path)) == 618
    with pytest.raises(DatasetError, match=r"version 1\.1\.0 of the dataset default cannot be made from"):
        embench.load(version="1.1.0", path=tmp_path)


def test_it_is_laid_over_a_build_of_the_same_entries(tmp_path, revised):
    shutil.copytree(resource_folder("dataset"), tmp_path / "build")
    found = embench.load(version="1.1.0", path=tmp_path / "build")
    assert found.digest == revised.digest
    np.testing.assert_array_equal(found.column("mobile_ion_spacing"), revised.column("mobile_ion_spacing"))


def test_it_is_the_same_where_it_is_stored_in_full(revised):
    """As on the hub."""
    full = embench.load(path=resource_folder("hub"))
    assert full.table.equals(revised.table)
    assert (full.version, full.digest, full.flags) == ("1.1.0", revised.digest, revised.flags)
    assert full["KTiPO4F"] == revised["KTiPO4F"]
    assert list(full.checksums) == ["test.parquet", "train.parquet"]


def test_files_of_a_later_version_are_not_taken_for_an_earlier_one():
    with pytest.raises(DatasetError, match=r"holds dataset version 1\.1\.0, and not 1\.0\.0: load it with version="):
        embench.load(version="1.0.0", path=resource_folder("hub"))


def test_another_build_of_it_has_another_digest(tmp_path, revised):
    """What was written with other settings is not the released build, whatever it holds."""
    from embench.curation.write import write_dataset

    write_dataset(revised.table.to_pylist()[:-1], tmp_path, version="1.1.0", layout=schema.DEFAULT)
    found = embench.load(path=tmp_path)
    assert (len(found), found.version) == (618, "1.1.0")
    assert found.digest != revised.digest


def test_the_shipped_file_has_a_digest_in_the_code():
    assert list(shipped.DIGESTS["versions"]) == ["default-1.1.0.parquet"]
