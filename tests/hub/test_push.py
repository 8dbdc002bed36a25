"""Publishing, with the real client against the loopback hub: what is done, what is refused, what survives a failure."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from embench.errors import HubError
from embench.hub.checksums import CHECKSUMS, render_checksums
from embench.hub.client import Hub
from embench.hub.plan import Upload, make_plan
from embench.hub.push import Pushed, push
from embench.release.uploads import check_committed
from tests.hub.conftest import upload, write_files

pytestmark = [
    pytest.mark.xdist_group("hub"),
    pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload raw bytes:DeprecationWarning"),
]

NAME = "embench/migration-barriers"
V1 = {"README.md": b"---\nlicense: mit\n---\nversion 1\n", "data/train.parquet": b"PAR1" * 400, "old.json": b"{}\n"}
V2 = {"README.md": b"---\nlicense: mit\n---\nversion 2\n", "data/train.parquet": b"PAR2" * 400}


def publish(client: Hub, wanted: Upload, *, overwrite: bool = False) -> Pushed:
    return push(client, make_plan(client, wanted, overwrite=overwrite))


def committed(files: dict[str, bytes]) -> dict[str, bytes]:
    """What the repository holds after a push of `files`: these, their checksums, and what the hub itself puts there."""
    return files | {CHECKSUMS: render_checksums(files).encode(), ".gitattributes": b"*.parquet filter=lfs\n"}


class TestPush:
    def test_creates_commits_once_and_tags(self, client, loopback):
        done = publish(client, upload(V1))
        repository = loopback.repository(NAME)
        assert repository.files() == committed(V1)
        assert repository.messages == ["initial commit", "Dataset v1.1.0"]
        assert repository.visibility == "public"
        assert repository.tags == {"v1.1.0": done.commit}
        assert done.tag == "v1.1.0"

    def test_plan_says_everything_and_changes_nothing(self, client, loopback):
        text = make_plan(client, upload(V1)).describe()
        assert "create the repository" in text
        assert "add README.md, checksums.txt, data/train.parquet, old.json" in text
        assert "tag that commit v1.1.0" in text
        assert not loopback.repositories
        assert {request.split()[0] for request in loopback.requests} == {"GET"}

    def test_again_does_nothing(self, client, loopback):
        publish(client, upload(V1))
        plan = make_plan(client, upload(V1))
        assert plan.empty
        assert push(client, plan).commit is None
        assert len(loopback.repository(NAME).messages) == 2

    def test_new_version_keeps_the_old_tag(self, client, loopback):
        publish(client, upload(V1))
        publish(client, upload(V2, tag="v2.0.0"))
        repository = loopback.repository(NAME)
        assert repository.files("v1.1.0") == committed(V1)
        assert repository.files("v2.0.0") == repository.files() == committed(V2)

    def test_published_version_is_not_changed(self, client, loopback):
        publish(client, upload(V1))
        with pytest.raises(HubError, match=r"v1\.1\.0 .* published version never changes"):
            make_plan(client, upload(V2))
        assert loopback.repository(NAME).files() == committed(V1)

    def test_published_version_does_not_undo_later_work_on_main(self, client, loopback):
        publish(client, upload(V1))
        loopback.repository(NAME).write("README.md", b"a better card")
        assert make_plan(client, upload(V1)).empty

    def test_missing_tag_is_added(self, client, loopback):
        publish(client, upload(V1, tag=None))
        plan = make_plan(client, upload(V1))
        assert "commit nothing" in plan.describe()
        push(client, plan)
        repository = loopback.repository(NAME)
        assert repository.tags == {"v1.1.0": repository.resolve("main")}
        assert len(repository.messages) == 2

    def test_list_of_checksums_must_be_that_of_the_files(self, client, loopback):
        wanted = upload(V1)
        wanted.contents["more.txt"] = b"not listed"
        with pytest.raises(HubError, match=r"checksums\.txt does not list exactly the files"):
            make_plan(client, wanted)


class TestFilesOfOthers:
    def test_are_left_alone(self, client, loopback):
        publish(client, upload(V1))
        loopback.repository(NAME).write("notes/from-a-person.md", b"mine")
        plan = make_plan(client, upload(V2, tag="v2.0.0"))
        assert plan.delete == ("old.json",)
        assert "leave alone what no push wrote: notes/from-a-person.md" in plan.describe()
        push(client, plan)
        assert loopback.repository(NAME).files() == committed(V2) | {"notes/from-a-person.md": b"mine"}

    def test_that_were_ours_and_were_edited_are_not_deleted(self, client, loopback):
        publish(client, upload(V1))
        loopback.repository(NAME).write("old.json", b'{"edited": true}\n')
        plan = make_plan(client, upload(V2, tag="v2.0.0"))
        assert plan.delete == ()
        assert "old.json" in plan.kept

    @pytest.mark.parametrize("path", ["README.md", "data/train.parquet"])
    def test_are_overwritten_only_when_asked(self, client, loopback, path):
        publish(client, upload(V1))
        loopback.repository(NAME).write(path, b"edited on the hub")
        with pytest.raises(HubError, match=rf"that were edited there: {path}; .* --overwrite"):
            make_plan(client, upload(V2, tag="v2.0.0"))
        publish(client, upload(V2, tag="v2.0.0"), overwrite=True)
        assert loopback.repository(NAME).files()[path] == V2[path]

    def test_in_a_repository_that_no_push_has_seen(self, client, loopback):
        loopback.create(NAME).write("README.md", b"# made by hand")
        with pytest.raises(HubError, match=r"that no push wrote, or that were edited there: README\.md;"):
            make_plan(client, upload(V1))

    def test_list_of_checksums_of_another_kind(self, client, loopback):
        loopback.create(NAME).write(CHECKSUMS, b"md5 of something")
        with pytest.raises(HubError, match=r"no push wrote.*: checksums\.txt;"):
            make_plan(client, upload(V1))


class TestPullRequest:
    def test_is_opened_and_tagged_only_after_it_was_merged(self, client, loopback):
        publish(client, upload(V1))
        plan = make_plan(client, upload(V2, tag="v2.0.0", create_pr=True))
        assert "in a new pull request" in plan.describe()
        assert "push again after the pull request was merged, to set v2.0.0" in plan.describe()
        done = push(client, plan)
        repository = loopback.repository(NAME)
        assert done.url.endswith("/discussions/1")
        assert repository.files() == committed(V1)
        assert repository.files("refs/pr/1") == committed(V2)
        assert set(repository.tags) == {"v1.1.0"}
        repository.merge(1)
        publish(client, upload(V2, tag="v2.0.0"))
        assert repository.files("v2.0.0") == committed(V2)

    def test_is_never_opened_twice(self, client, loopback):
        publish(client, upload(V1))
        loopback.fail("POST .*/commit/main", lose=True, times=1)
        with pytest.raises(HubError, match="it may be open"):
            publish(client, upload(V2, tag="v2.0.0", create_pr=True))
        assert sum(ref.startswith("refs/pr/") for ref in loopback.repository(NAME).refs) == 1


class TestCommitted:
    def git(self, folder: Path, *arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True)

    def test_folder_of_a_checkout(self, tmp_path):
        card = tmp_path / "dataset_card"
        write_files(card, V1)
        check_committed(card)  # in no checkout: nothing to compare with
        self.git(tmp_path, "init")
        with pytest.raises(HubError, match=r"has 3 changes that are not committed .* --allow-dirty"):
            check_committed(card)
        self.git(tmp_path, "add", ".")
        self.git(tmp_path, "commit", "-m", "all")
        (tmp_path / "elsewhere.txt").write_text("no part of the folder")
        check_committed(card)
        (card / "README.md").write_text("edited")
        with pytest.raises(HubError, match=r"1 changes .*README\.md"):
            check_committed(card)
