"""The predictions of the submissions as a repository of their own, which leaves the dataset as it is."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

import embench
from embench.errors import HubError, InvalidValueError
from embench.hub.checksums import CHECKSUMS, verify_folder
from embench.leaderboard.submission.published import published_systems
from embench.release.check import check_predictions
from embench.release.export import contents, renew_checksums
from embench.release.predictions import day_of, licences, predictions_contents, systems_listed, version_of_today
from embench.release.tables import System
from tests.conftest import REPOSITORY
from tests.hub.conftest import write_files
from tests.hub.test_push import pytestmark as pytestmark

SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
NAME = "embench/predictions"
VERSION = "2026.11.28"


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three of the committed submissions, one of them for one protocol, one for all."""
    folder = tmp_path_factory.mktemp("some") / "submissions"
    for slug in ("median", "model-3", "orb-v3"):
        shutil.copytree(SUBMISSIONS / slug, folder / slug)
    return folder


@pytest.fixture(scope="module")
def made(submissions: Path) -> dict[str, bytes]:
    return predictions_contents(published_systems(submissions), version=VERSION)


@pytest.fixture
def predicted(made: dict[str, bytes], tmp_path: Path) -> Path:
    write_files(tmp_path / "predicted", made)
    return tmp_path / "predicted"


def test_is_made_the_same_twice(made, submissions):
    assert predictions_contents(published_systems(submissions), version=VERSION) == made


def test_a_new_version_has_the_same_tables(made, submissions):
    other = predictions_contents(published_systems(submissions), version="2026.11.28-2")
    assert {path for path in made if made[path] != other[path]} == {"README.md", "croissant.json", CHECKSUMS}
    assert json.loads(other["croissant.json"])["version"] == "2026.11.28-2"
    assert json.loads(other["croissant.json"])["datePublished"] == "2026-11-28"


def test_the_dataset_does_not_look_at_submissions(monkeypatch):
    """A submission that is accepted changes no byte of what the dataset's tag names."""

    def refuse(folder: Path) -> None:
        raise AssertionError(f"{folder} was read")

    monkeypatch.setattr("embench.leaderboard.submission.read.read_folder", refuse)
    paths = set(contents())
    assert not any("prediction" in path for path in paths)
    committed = REPOSITORY / "dataset_card"
    assert paths == {path.relative_to(committed).as_posix() for path in committed.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_all_committed_submissions_can_be_published(tmp_path):
    write_files(tmp_path / "all", predictions_contents(published_systems(), version=VERSION))
    said: list[str] = []
    assert check_predictions(tmp_path / "all", say=said.append).version == VERSION
    folders = [path.parent.name for path in SUBMISSIONS.glob("*/submission.yaml")]
    assert any(f"predictions of {len(folders)} systems" in text for text in said)


def test_load_dataset_gives_the_submissions(predicted, tmp_path):
    import datasets

    def load(name: str) -> datasets.Dataset:
        return datasets.load_dataset(str(predicted), name, split=name, cache_dir=str(tmp_path / "cache"))

    rows = load("predictions")
    found = {row["entry_id"]: row["prediction"] for row in rows if row["system"] == "model-3"}
    with (SUBMISSIONS / "model-3" / "published.csv").open(encoding="utf-8", newline="") as file:
        assert found == {row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(file)}
    # The MAE that the paper prints as 0.261.
    data = embench.load()
    assert sum(abs(value - data[name].migration_barrier) for name, value in found.items()) / 60 == pytest.approx(
        0.2607, abs=5e-5
    )
    assert {row["protocol"] for row in rows if row["system"] == "orb-v3"} == {"all"}
    systems = {row["system"]: row for row in load("systems")}
    assert list(systems) == ["median", "model-3", "orb-v3"]
    assert systems["model-3"]["kind"] == "literature"
    assert all(row["licence"] and row["authors"] and row["version"] for row in systems.values())


def test_words_of_strangers_stay_words():
    name = "<img src=x onerror=alert(1)> [a](http://evil) | **b**\n# c"
    system = System(
        slug="x", name=name, kind="hybrid", source="https://a_b_c", licence=name, authors=(name,), predictions={}
    )
    for table in (systems_listed([system], []), licences([system])):
        row = table.splitlines()[-1]
        assert table.count("\n") == 2
        assert "<" not in row
        assert r"\[a\]" in row
        assert r"\|" in row
        assert r"\*\*b\*\*" in row


@pytest.mark.parametrize("version", ["", "1.0.0", "2026.02.03", "2026.2.30", "2026.13.1", "2026.1.1-0", "2026.1.1+x"])
def test_what_is_no_version(version):
    with pytest.raises(InvalidValueError, match="name the day, such as"):
        day_of(version)


def test_versions():
    assert day_of("2026.2.3-12").isoformat() == "2026-02-03"
    assert day_of(version_of_today())


def test_what_is_wrong_is_named(predicted):
    (predicted / "croissant.json").write_text("{}")
    renew_checksums(predicted)
    with pytest.raises(HubError, match="names no version"):
        check_predictions(predicted)
    (predicted / "README.md").write_text("changed")
    with pytest.raises(HubError, match=r"README\.md is not the file that was listed"):
        check_predictions(predicted)


@pytest.mark.slow
def test_exported_pushed_and_pulled(run, loopback, submissions, tmp_path):
    def hub(*arguments: object, code: int = 0) -> str:
        done = run("-m", "embench", "hub", *arguments)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def export(*arguments: object) -> str:
        return hub("export-predictions", "out", "--submissions", submissions, *arguments)

    assert f"complete: predictions {VERSION}" in export("--version", VERSION)
    assert "dry run: nothing was changed" in hub("push-predictions", "out", "--dry-run")
    assert not loopback.repositories
    assert "done: http" in hub("push-predictions", "out", "--yes")
    repository = loopback.repository(NAME)
    assert set(repository.tags) == {f"v{VERSION}"}
    assert repository.messages[-1] == f"Predictions {VERSION}"
    assert "nothing to do" in hub("push-predictions", "out", "--yes")
    # A submission is accepted: the version of the day is taken, the next one is free, and the old one stays.
    before = repository.files(f"v{VERSION}")
    shutil.copytree(SUBMISSIONS / "m3gnet", submissions / "m3gnet")
    try:
        export("--version", VERSION)
        refused = hub("push-predictions", "out", "--yes", code=1)
        assert f"another --version, such as {VERSION}-2" in refused
        export("--version", f"{VERSION}-2")
    finally:
        shutil.rmtree(submissions / "m3gnet")
    hub("push-predictions", "out", "--yes")
    assert set(repository.tags) == {f"v{VERSION}", f"v{VERSION}-2"}
    assert repository.files(f"v{VERSION}") == before
    # Without a revision it is the newest; every file is compared.
    hub("pull", "newest", "--repo", NAME)
    assert "v2026.11.28-2" in (tmp_path / "newest" / "README.md").read_text(encoding="utf-8")
    verify_folder(tmp_path / "newest")
    hub("pull", "first", "--repo", NAME, "--revision", f"v{VERSION}")
    assert "m3gnet" not in (tmp_path / "first" / "README.md").read_text(encoding="utf-8")
    assert len(loopback.repositories) == 1  # the dataset was not touched
