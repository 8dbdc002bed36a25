"""Getting a version, with the real client against the loopback hub: all of it, verified, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import embench
from embench.common.shipped import resource_folder
from embench.errors import DatasetError, HubError, OutputError
from embench.hub.checksums import CHECKSUMS
from embench.hub.client import Hub
from embench.hub.pull import cached_dataset, pull
from tests.hub.conftest import upload
from tests.hub.loopback import LoopbackHub
from tests.hub.repositories import Repository
from tests.hub.test_push import NAME, V1, publish
from tests.hub.test_push import pytestmark as pytestmark

LARGE = {"data/train.parquet": bytes(range(256)) * 4000}


@pytest.fixture
def repository(client: Hub, loopback: LoopbackHub) -> Repository:
    publish(client, upload(V1 | LARGE))
    return loopback.repository(NAME)


def holds(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestPull:
    def test_gives_what_was_pushed(self, client, repository, tmp_path):
        files = pull(tmp_path / "new", revision="v1.1.0", hub=client)
        expected = repository.files()
        del expected[".gitattributes"]
        assert holds(tmp_path / "new") == expected
        assert set(files) == expected.keys() - {CHECKSUMS}

    def test_of_a_tag_is_not_touched_by_what_follows(self, client, repository, tmp_path):
        before = repository.files()
        repository.write("README.md", b"later")
        pull(tmp_path / "new", revision="v1.1.0", hub=client)
        assert (tmp_path / "new/README.md").read_bytes() == before["README.md"]

    @pytest.mark.parametrize("path", ["README.md", "data/train.parquet"])
    def test_refuses_files_that_differ_from_their_checksums(self, client, repository, tmp_path, path):
        repository.write(path, b"changed behind the back of the checksums")
        with pytest.raises(HubError, match=f"{path} is not the file that was listed"):
            pull(tmp_path / "new", revision="main", hub=client)
        assert not list(tmp_path.glob("*new*"))

    def test_refuses_a_repository_without_checksums(self, client, loopback, tmp_path):
        loopback.create(NAME)
        with pytest.raises(HubError, match=r"cannot read .*checksums\.txt"):
            pull(tmp_path / "new", revision="main", hub=client)

    def test_keeps_what_is_there(self, client, repository, tmp_path):
        (tmp_path / "old").mkdir()
        (tmp_path / "old/mine.txt").write_text("mine")
        with pytest.raises(OutputError, match="old exists already and is not empty"):
            pull(tmp_path / "old", hub=client)
        assert holds(tmp_path / "old") == {"mine.txt": b"mine"}

    def test_takes_an_empty_folder(self, client, repository, tmp_path):
        (tmp_path / "empty").mkdir()
        assert pull(tmp_path / "empty", hub=client)

    def test_connection_that_breaks_is_resumed(self, client, loopback, repository, tmp_path):
        loopback.fail("GET /datasets/.*/data/train.parquet", cut=300_000, times=2)
        pull(tmp_path / "new", hub=client)
        assert (tmp_path / "new/data/train.parquet").read_bytes() == LARGE["data/train.parquet"]

    @pytest.mark.parametrize("fault", [{"cut": 0}, {"status": 500}, {"hang": 3.0}], ids=str)
    def test_connection_that_stays_broken(self, client, loopback, repository, tmp_path, fault, monkeypatch):
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.1)
        loopback.fail("GET /datasets/.*/data/train.parquet", **fault)
        with pytest.raises(HubError, match=f"downloading {NAME} at v1.1.0 failed: .*; try again later"):
            pull(tmp_path / "new", hub=Hub(endpoint=client.endpoint, timeout=0.3, attempts=1))
        assert not list(tmp_path.glob("*new*"))

    @pytest.mark.parametrize(
        ("name", "revision", "message"),
        [
            (NAME, "v9.9.9", "ask for a revision that exists"),
            ("embench/no-such-thing", "main", "check the name of the repository"),
            ("not a name", "main", "not a name"),
        ],
    )
    def test_of_what_is_not_there(self, client, repository, tmp_path, name, revision, message):
        with pytest.raises(HubError, match=message):
            pull(tmp_path / "new", repository=name, revision=revision, hub=client)

    def test_wrong_token(self, client, repository, tmp_path, monkeypatch):
        monkeypatch.setenv("HF_TOKEN", "hf_aWrongTokenAllTheSameSecret")
        with pytest.raises(HubError, match=r"refused the token \(401\)") as raised:
            pull(tmp_path / "new", hub=client)
        assert "hf_aWrong" not in str(raised.value)


class TestLoadFromTheHub:
    @pytest.fixture
    def published(self, client: Hub, loopback: LoopbackHub, contents: dict[str, bytes]) -> Repository:
        files = {path: content for path, content in contents.items() if path != CHECKSUMS}
        publish(client, upload(files))
        return loopback.repository(NAME)

    def load(self, client: Hub, **options: str) -> embench.Dataset:
        return embench.load(path=cached_dataset(hub=client, **options))

    def test_is_the_dataset_of_the_package(self, client, published):
        data = self.load(client, revision="v1.1.0")
        assert data.table.equals(embench.load().table)

    def test_again_downloads_nothing(self, client, published, loopback):
        self.load(client)
        loopback.requests.clear()
        self.load(client)
        assert not [request for request in loopback.requests if "/resolve/" in request]

    def test_without_a_network_from_the_cache(self, client, published, monkeypatch):
        from huggingface_hub import constants

        self.load(client)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert len(self.load(client)) == 619

    def test_without_a_network_and_cache(self, client, published, monkeypatch):
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        with pytest.raises(HubError, match="outgoing traffic has been disabled"):
            self.load(client)

    def test_while_the_hub_fails_from_the_cache(self, client, published, loopback):
        self.load(client)
        loopback.fail(".*", status=500)
        assert len(self.load(client)) == 619

    def test_damaged_cache_is_repaired(self, client, published):
        folder = cached_dataset(hub=client)
        blob = (folder / "test.parquet").resolve()
        blob.write_bytes(blob.read_bytes()[:-100] + b"\0" * 100)
        assert self.load(client).table.equals(embench.load().table)

    @pytest.mark.parametrize("name", ["test.parquet", "train.parquet", CHECKSUMS])
    @pytest.mark.parametrize("reason", ["offline", "fails", "fails to deliver"])
    def test_damaged_cache_while_the_hub_cannot_be_reached(
        self, client, published, loopback, monkeypatch, name, reason
    ):
        """Truncated, as an interrupted copy leaves it: the version is not to blame, and nothing was downloaded."""
        from huggingface_hub import constants

        blob = (cached_dataset(hub=client) / name).resolve()
        sound = blob.read_bytes()
        blob.write_bytes(sound[: len(sound) // 2])
        if reason == "offline":
            monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        else:
            loopback.fail(".*" if reason == "fails" else ".*/resolve/.*", status=500)
        with pytest.raises(HubError, match=f"{name} in the cache is damaged, and cannot be downloaded again") as raised:
            self.load(client)
        assert "downloaded twice" not in str(raised.value)
        assert "Load again when the hub can be reached" in str(raised.value)
        blob.write_bytes(sound)
        assert len(self.load(client)) == 619

    def test_damaged_list_is_repaired(self, client, published):
        blob = (cached_dataset(hub=client) / CHECKSUMS).resolve()
        blob.write_text(blob.read_text().splitlines(keepends=True)[0])
        assert len(self.load(client)) == 619

    def test_damaged_version(self, client, published):
        published.write("data/test.parquet", b"PAR1 is not enough")
        with pytest.raises(HubError, match=r"embench/migration-barriers at main is damaged: test\.parquet"):
            self.load(client, revision="main")

    def test_version_of_another_embench(self, client, published):
        import hashlib
        import io

        import pyarrow.parquet as pq

        lines = []
        for name in ("test.parquet", "train.parquet"):
            table = pq.read_table(io.BytesIO(published.files()[f"data/{name}"]))
            buffer = io.BytesIO()
            pq.write_table(table.replace_schema_metadata({"embench.dataset_version": "7.0.0"}), buffer)
            published.write(f"data/{name}", buffer.getvalue())
            lines.append(f"{hashlib.sha256(buffer.getvalue()).hexdigest()}  {name}\n")
        published.write("data/checksums.txt", "".join(lines).encode())
        with pytest.raises(
            DatasetError, match=r"holds dataset version 7\.0\.0, this embench reads 1\.1\.0 and 1\.0\.0; "
        ):
            self.load(client, revision="main")
        assert len(self.load(client, revision="v1.1.0")) == 619

    def test_moved_tag_is_refused(self, client, published, monkeypatch):
        """Sound in itself, and of the same version: but not what was released under the tag."""
        import hashlib

        from embench.hub import pull as pulling

        monkeypatch.setattr(pulling, "Hub", lambda: client)
        assert len(embench.load(source="hub")) == 619
        train, test = (published.files()[f"data/{name}.parquet"] for name in ("train", "test"))
        lines = [
            f"{hashlib.sha256(test).hexdigest()}  train.parquet",
            f"{hashlib.sha256(train).hexdigest()}  test.parquet",
        ]
        published.write("data/train.parquet", test)
        published.write("data/test.parquet", train)
        published.write("data/checksums.txt", "\n".join(lines).encode())
        published.refs["refs/tags/v1.1.0"] = published.refs["refs/heads/main"]
        with pytest.raises(DatasetError, match=r"holds something else under v1\.1\.0 than was released"):
            embench.load(source="hub")
        assert len(embench.load(source="hub", revision="main")) == 619

    def test_each_version_has_its_tag(self, client, published, monkeypatch):
        """The files of 1.0.0 lie where those of later versions do, and are not the same."""
        from embench.hub import pull as pulling

        monkeypatch.setattr(pulling, "Hub", lambda: client)
        found = embench.load(source="hub")
        assert (found.version, found.digest) == ("1.1.0", embench.load().digest)
        assert len(found.filter(hubbard_u=True)) == 45
        with pytest.raises(HubError, match=r"v1\.0\.0"):
            embench.load(source="hub", version="1.0.0")
        for path in resource_folder("dataset").iterdir():
            published.write(f"data/{path.name}", path.read_bytes())
        published.refs["refs/tags/v1.0.0"] = published.refs["refs/heads/main"]
        for options in ({"version": "1.0.0"}, {"revision": "v1.0.0"}, {"version": "1.0.0", "revision": "v1.0.0"}):
            before = embench.load(source="hub", **options)
            assert (before.version, before.digest) == ("1.0.0", embench.load(version="1.0.0").digest)
        # What is asked for is given, or told: the files of the one version are not the other.
        with pytest.raises(DatasetError, match=r"holds dataset version 1\.1\.0, and not 1\.0\.0"):
            embench.load(source="hub", version="1.0.0", revision="v1.1.0")

    def test_another_release_under_the_tag_of_an_earlier_version_is_refused(
        self, client, published, monkeypatch, tmp_path
    ):
        from embench.curation.write import write_dataset
        from embench.hub import pull as pulling

        monkeypatch.setattr(pulling, "Hub", lambda: client)
        write_dataset(embench.load(version="1.0.0").table.to_pylist()[:-1], tmp_path / "data", version="1.0.0")
        for path in (tmp_path / "data").iterdir():
            published.write(f"data/{path.name}", path.read_bytes())
        published.refs["refs/tags/v1.0.0"] = published.refs["refs/heads/main"]
        with pytest.raises(DatasetError, match=r"holds something else under v1\.0\.0 than was released"):
            embench.load(source="hub", version="1.0.0")

    def test_repository_of_something_else(self, client, loopback):
        publish(client, upload({"notes.txt": b"nothing here\n"}))
        with pytest.raises(HubError, match="holds no dataset of embench"):
            self.load(client)


class TestArguments:
    def test_source(self):
        with pytest.raises(embench.errors.UnknownNameError, match="unknown source 'hup'; did you mean hub"):
            embench.load(source="hup")

    def test_revision_is_for_the_hub(self):
        with pytest.raises(ValueError, match="source='hub'"):
            embench.load(revision="v1.1.0")

    def test_path_is_not_for_the_hub(self, tmp_path):
        with pytest.raises(ValueError, match="not from both"):
            embench.load(source="hub", path=tmp_path)
