"""What ships is what was released: one bit of any file of it is enough to be refused, wherever its own list went."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import embench
from embench.audit.barriers import read_potentials
from embench.audit.consensus import consensus_bytes, read_consensus
from embench.baselines.models.neb_tables import shipped_tables
from embench.common import shipped
from embench.common._digests import DIGESTS
from embench.errors import DatasetError, EmbenchError, SplitsError
from embench.release import export
from embench.splits import load as splits

FLIPS = 60  # of one bit each, in every file
FILES = [(resource, name) for resource, files in DIGESTS.items() for name in files]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that ships, as an installed package has it."""
    package = tmp_path_factory.mktemp("package") / "embench"
    for resource in DIGESTS:
        shutil.copytree(shipped.resource_folder(resource), package / "_shipped" / resource)
    return package


@pytest.fixture
def package(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the place where this process looks for what ships."""
    monkeypatch.setattr(shipped, "_PACKAGE", installed)
    return installed


def read(resource: str, name: str) -> Any:
    """Return what embench reads from a shipped file."""
    if resource == "dataset":
        return embench.load().table
    if resource == "hub":  # read for the hub alone
        return export._dataset_file(f"data/{name}", resource)
    if resource == "oxygen-vacancies":
        file = export._dataset_file(name, resource)  # the ledger is read for the hub alone
        return file if name == "ledger.csv" else embench.load("oxygen-vacancies").table
    if resource == "splits":
        splits._shipped_protocol.cache_clear()
        splits._shipped_manifest.cache_clear()
        if name == "manifest-1.1.0.json":
            return [splits.protocol(found) for found in ("published", "host-10fold")]
        of = "1.0.0" if name == "manifest.json" else None
        return [splits.protocol(found, of) for found in ("published", Path(name).stem) if found != "manifest"]
    if resource == "versions":
        return embench.load().table
    if resource == "weights":
        return shipped.weights_file(name).read_bytes()
    if resource == "neb-inputs":
        return shipped_tables()
    if resource == "consensus":
        read_consensus.cache_clear()
        consensus_bytes.cache_clear()
        return read_consensus()
    return read_potentials(embench.load(path=shipped.resource_folder("dataset")).entry_ids)


@pytest.fixture(autouse=True)
def clean():
    yield
    read_consensus.cache_clear()
    consensus_bytes.cache_clear()
    splits._shipped_protocol.cache_clear()
    splits._shipped_manifest.cache_clear()


@pytest.mark.parametrize(("resource", "name"), FILES)
def test_no_bit_can_be_flipped_unseen(package, resource, name):
    """Each flip is an error in words, or changes nothing that is read (a capital letter in a checksum)."""
    path = package / "_shipped" / resource / name
    sound, expected = path.read_bytes(), read(resource, name)
    numbers, refused = random.Random(f"{resource}/{name}"), 0
    try:
        for _ in range(FLIPS):
            damaged = bytearray(sound)
            damaged[numbers.randrange(len(sound))] ^= 1 << numbers.randrange(8)
            path.write_bytes(damaged)
            message = ""
            try:
                found = read(resource, name)
            except EmbenchError as error:
                message = str(error)
            assert name in message if message else found == expected
            refused += bool(message)
    finally:
        path.write_bytes(sound)
    assert read(resource, name) == expected
    assert refused == FLIPS or (name == "checksums.txt" and refused > FLIPS / 2)


def test_an_exchanged_dataset_with_checksums_of_its_own_is_refused(package):
    """The two parts in each other's place, and a list of checksums that agrees with them."""
    folder = package / "_shipped" / "dataset"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    train, test = (before[folder / f"{name}.parquet"] for name in ("train", "test"))
    try:
        (folder / "train.parquet").write_bytes(test)
        (folder / "test.parquet").write_bytes(train)
        lines = [
            f"{hashlib.sha256(content).hexdigest()}  {name}"
            for content, name in ((test, "train.parquet"), (train, "test.parquet"))
        ]
        (folder / "checksums.txt").write_text("\n".join(lines))
        assert len(embench.load(path=folder, version="1.0.0")) == 619
        with pytest.raises(DatasetError, match=r"train\.parquet is not the file that this embench was released with"):
            embench.load(version="1.0.0")
        with pytest.raises(DatasetError, match=r"version 1\.1\.0 of the dataset default cannot be made from"):
            embench.load()
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def test_other_folds_with_a_manifest_of_their_own_are_refused(package):
    """A scored entry trained on instead, and a manifest that agrees with it."""
    folder = package / "_shipped" / "splits"
    csv, manifest = folder / "published.csv", folder / "manifest-1.1.0.json"
    before = {path: path.read_bytes() for path in (csv, manifest)}
    changed = before[csv].replace(b",test\n", b",train\n", 1)
    try:
        csv.write_bytes(changed)
        digests = [hashlib.sha256(content).hexdigest().encode() for content in (before[csv], changed)]
        manifest.write_bytes(before[manifest].replace(*digests))
        with pytest.raises(
            SplitsError, match=r"manifest-1\.1\.0\.json is not the file that this embench was released with"
        ):
            read("splits", "published.csv")
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def test_a_pointer_in_place_of_weights_is_named(package):
    path = package / "_shipped" / "weights" / "alignn-local.safetensors"
    sound = path.read_bytes()
    try:
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
        with pytest.raises(DatasetError, match="is a Git LFS pointer and not the file itself: run git lfs pull"):
            shipped.weights_file(path.name)
    finally:
        path.write_bytes(sound)
    with pytest.raises(DatasetError, match=r"the weights other\.safetensors are missing"):
        shipped.weights_file("other.safetensors")


def test_the_digests_are_those_of_the_files():
    """After a change that was meant, ``embench hub digests`` renews them."""
    from embench.cli.app import app

    found = CliRunner().invoke(app, ["hub", "digests", "--check"])
    assert found.exit_code == 0, found.output


def test_digests_that_are_not_of_now_are_found(package, monkeypatch):
    """And an installed package is not written to."""
    from embench.cli.app import app

    stale = package / "stale.py"
    stale.write_text(shipped.digests_module({**DIGESTS, "weights": {}}))
    monkeypatch.setattr(shipped, "digests_file", lambda: stale)
    found = CliRunner().invoke(app, ["hub", "digests", "--check"])
    assert found.exit_code != 0
    monkeypatch.setattr(shipped, "digests_file", lambda: package / "common" / "_digests.py")
    assert CliRunner().invoke(app, ["hub", "digests"]).exit_code != 0
    assert not (package / "common").exists()


def test_from_a_zip_archive_it_says_why(tmp_path, monkeypatch):
    archive = tmp_path / "embench.zip"
    archive.write_bytes(b"PK")
    monkeypatch.setattr(shipped, "_PACKAGE", archive / "embench")
    check: Callable[[], object] = embench.load
    with pytest.raises(DatasetError, match=r"inside the archive .*embench\.zip.*: unpack it"):
        check()
