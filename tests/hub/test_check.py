"""What is checked before a folder is published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embench.errors import DatasetError, HubError
from embench.hub.checksums import CHECKSUMS, parse_checksums, verify_folder
from embench.release.check import check
from embench.release.export import renew_checksums

pytestmark = pytest.mark.xdist_group("hub")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_folder_of_now_can_be_published(folder):
    said: list[str] = []
    checked = check(folder, say=said.append)
    assert checked.version == "1.1.0"
    assert set(checked.files) == set(parse_checksums((folder / CHECKSUMS).read_text(), source=""))
    assert len(said) == 6


def test_everything_that_is_wrong_is_named(folder):
    """One folder with three faults that only looking inside finds: its checksums agree."""
    edit(folder / "README.md", "name: hop_distance\n    dtype: float64", "name: hop_distance\n    dtype: float32")
    edit(folder / "croissant.json", '"version": "1.1.0"', '"version": "0.9.0"')
    renew_checksums(folder)
    with pytest.raises(HubError) as raised:
        check(folder)
    message = str(raised.value)
    assert "declares other features for default than the schema" in message
    assert "load_dataset gives other values for train than embench.load" in message
    assert "croissant.json describes version 0.9.0, the data are 1.1.0" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("license: mit\n", "", "README.md lacks license"),
        ("path: splits/folds.parquet", "path: splits/*.parquet", "declares the files .* for the configuration splits"),
        ("pretty_name: ", "pretty_name: [", "the header of README.md is no valid card"),
    ],
)
def test_header_of_the_card(folder, monkeypatch, old, new, message):
    from embench.release import check as module

    monkeypatch.setattr(module, "_check_configurations", lambda *_, **__: "not looked at here")
    monkeypatch.setattr(module, "_check_croissant", lambda *_, **__: "not looked at here")
    edit(folder / "README.md", old, new)
    renew_checksums(folder)
    with pytest.raises(HubError, match=message):
        check(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda document: document["distribution"][0].update(sha256="0" * 64),
            "another checksum for data/train.parquet",
        ),
        (lambda document: document.pop("conformsTo"), "croissant.json is not valid"),
        (lambda document: document.pop("license"), "croissant.json is not valid: .*license"),
        (
            lambda document: document["recordSet"][0]["field"][0]["source"]["extract"].update(column="nothing"),
            "the records of default cannot be read",
        ),
    ],
)
def test_croissant(folder, monkeypatch, change, message):
    from embench.release import check as module

    monkeypatch.setattr(module, "_check_configurations", lambda *_, **__: "not looked at here")
    document = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    change(document)
    (folder / "croissant.json").write_text(json.dumps(document), encoding="utf-8")
    renew_checksums(folder)
    with pytest.raises(HubError, match=message):
        check(folder)


def test_data_of_another_dataset(folder):
    path = folder / "data/train.parquet"
    path.write_bytes(path.read_bytes()[:-1000])
    renew_checksums(folder)
    with pytest.raises(DatasetError, match=r"train\.parquet is damaged or was changed"):
        check(folder)


class TestChecksums:
    def test_agree(self, folder):
        assert "data/train.parquet" in verify_folder(folder)

    def test_changed_missing_and_unlisted_files_are_all_named(self, folder):
        (folder / "LICENSE").write_text("another")
        (folder / "croissant.json").unlink()
        (folder / "notes.txt").write_text("mine")
        with pytest.raises(HubError) as raised:
            check(folder)
        assert "croissant.json is missing; LICENSE is not the file that was listed; notes.txt is not listed" in str(
            raised.value
        )

    def test_missing_list(self, tmp_path):
        with pytest.raises(HubError, match=r"cannot read .*checksums\.txt .* embench hub export"):
            check(tmp_path)

    def test_links_are_refused(self, folder):
        (folder / "LICENSE").unlink()
        (folder / "LICENSE").symlink_to("/etc/hostname")
        with pytest.raises(HubError, match="LICENSE is a link"):
            check(folder)

    @pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a//b", "./a", "a\\b", ""])
    def test_paths_stay_inside_the_folder(self, path):
        with pytest.raises(HubError, match="line 2"):
            parse_checksums(f"{'0' * 64}  good\n{'0' * 64}  {path}\n", source="list")
