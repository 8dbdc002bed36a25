"""Publishing, with the real client against the loopback hub: what is done, what is refused, what survives a failure."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from embench.errors import HubError
from embench.hub.checksums import CHECKSUMS, parse_checksums, render_checksums
from embench.hub.client import Hub
from embench.hub.plan import Upload, make_plan
from embench.hub.push import Pushed, check_committed, check_login, push, space_upload
from tests.hub.conftest import upload, write_files
from tests.hub.loopback import TOKEN, LoopbackHub

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
        assert repository.messages == ["initial commit", "Dataset v1.0.0"]
        assert repository.visibility == "public"
        assert repository.tags == {"v1.0.0": done.commit}
        assert done.tag == "v1.0.0"

    def test_plan_says_everything_and_changes_nothing(self, client, loopback):
        text = make_plan(client, upload(V1)).describe()
        assert "create the repository" in text
        assert "add README.md, checksums.txt, data/train.parquet, old.json" in text
        assert "tag that commit v1.0.0" in text
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
        assert repository.files("v1.0.0") == committed(V1)
        assert repository.files("v2.0.0") == repository.files() == committed(V2)

    def test_published_version_is_not_changed(self, client, loopback):
        publish(client, upload(V1))
        with pytest.raises(HubError, match=r"v1\.0\.0 .* published version never changes"):
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
        assert repository.tags == {"v1.0.0": repository.resolve("main")}
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
        assert set(repository.tags) == {"v1.0.0"}
        repository.merge(1)
        publish(client, upload(V2, tag="v2.0.0"))
        assert repository.files("v2.0.0") == committed(V2)

    def test_is_never_opened_twice(self, client, loopback):
        publish(client, upload(V1))
        loopback.fail("POST .*/commit/main", lose=True, times=1)
        with pytest.raises(HubError, match="it may be open"):
            publish(client, upload(V2, tag="v2.0.0", create_pr=True))
        assert sum(ref.startswith("refs/pr/") for ref in loopback.repository(NAME).refs) == 1


class TestFailures:
    """Every one begins with version 1 published, and version 2 on its way."""

    @pytest.fixture(autouse=True)
    def version_1(self, client: Hub, loopback: LoopbackHub) -> None:
        publish(client, upload(V1))

    def assert_only_version_1(self, loopback: LoopbackHub) -> None:
        repository = loopback.repository(NAME)
        assert repository.files() == repository.files("v1.0.0") == committed(V1)
        assert set(repository.tags) == {"v1.0.0"}

    def assert_version_2(self, loopback: LoopbackHub) -> None:
        repository = loopback.repository(NAME)
        assert repository.files() == repository.files("v2.0.0") == committed(V2)
        assert repository.files("v1.0.0") == committed(V1)
        assert repository.messages == ["initial commit", "Dataset v1.0.0", "Dataset v2.0.0"]

    STEPS = (
        "GET /api/datasets/.*/revision/main",
        "GET /api/datasets/.*/tree/",
        "POST .*/preupload/main",
        "POST .*/objects/batch",
        "PUT /lfs/",
        "POST .*/commit/main",
        "POST .*/tag/",
    )

    @pytest.mark.parametrize("step", STEPS)
    def test_that_pass(self, client, loopback, step):
        loopback.fail(step, status=503, times=2)
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    @pytest.mark.parametrize("step", STEPS[:-1])
    def test_that_stay(self, client, loopback, step):
        loopback.fail(step, status=500, body="<html>Internal Server Error</html>")
        with pytest.raises(HubError, match=r"answered with a failure of its own \(500\); try again later"):
            publish(client, upload(V2, tag="v2.0.0"))
        loopback.faults.clear()
        self.assert_only_version_1(loopback)
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    def test_of_the_tag_alone_are_made_good_by_another_push(self, client, loopback):
        loopback.fail("POST .*/tag/", status=500)
        with pytest.raises(HubError, match=r"the files are there; push again to add the tag v2\.0\.0"):
            publish(client, upload(V2, tag="v2.0.0"))
        assert set(loopback.repository(NAME).tags) == {"v1.0.0"}
        loopback.faults.clear()
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    @pytest.mark.parametrize("step", [STEPS[0], STEPS[2], *STEPS[4:]])
    def test_slow_answers(self, client, loopback, step):
        fault = loopback.fail(step, hang=3.0, times=100)
        with pytest.raises(HubError, match=r"did not answer within 0\.2 s.*; try again later"):
            publish(Hub(endpoint=client.endpoint, timeout=0.2, attempts=1), upload(V2, tag="v2.0.0"))
        assert fault.times < 100
        if step != self.STEPS[-1]:
            self.assert_only_version_1(loopback)

    @pytest.mark.parametrize("step", ["PUT /lfs/", "POST .*/commit/main", "POST .*/tag/"])
    def test_lost_answers_do_not_make_it_twice(self, client, loopback, step):
        loopback.fail(step, lose=True, times=1)
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    def test_somebody_else_was_faster(self, client, loopback):
        plan = make_plan(client, upload(V2, tag="v2.0.0"))
        loopback.repository(NAME).write("other.txt", b"in between")
        with pytest.raises(HubError, match=r"somebody else has just changed .*; push again"):
            push(client, plan)
        assert "v2.0.0" not in loopback.repository(NAME).tags

    def test_hub_that_is_not_there(self, client):
        with pytest.raises(HubError, match=r"the connection to http://127\.0\.0\.1:9 failed"):
            make_plan(Hub(endpoint="http://127.0.0.1:9", attempts=2, wait=0.01), upload(V2))

    def test_says_what_it_waits_for(self, client, loopback):
        said: list[str] = []
        loopback.fail("GET .*/revision/main", status=503, times=1)
        make_plan(Hub(endpoint=client.endpoint, wait=0.5, say=said.append), upload(V2, tag="v2.0.0"))
        assert len(said) == 1
        assert "(503); attempt 2 of 3 in 0.5 s" in said[0]

    def test_killed_in_the_middle(self, loopback, tmp_path, run_in_background):
        loopback.fail("PUT /lfs/", hang=30.0)
        process = run_in_background(
            "from embench.hub.client import Hub\n"
            "from embench.hub.plan import make_plan\n"
            "from embench.hub.push import push\n"
            "from tests.hub.conftest import upload\n"
            "from tests.hub.test_push import V2\n"
            "push(Hub(), make_plan(Hub(), upload(V2, tag='v2.0.0')))\n"
        )
        deadline = time.monotonic() + 60
        while not any(request.startswith("PUT /lfs/") for request in loopback.requests):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        process.wait()
        self.assert_only_version_1(loopback)


@pytest.fixture
def run_in_background(loopback: LoopbackHub, tmp_path: Path):
    from tests.conftest import REPOSITORY

    processes: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY),
            "HF_ENDPOINT": loopback.url,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-c", program]
        processes.append(subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


class TestToken:
    def test_belongs_to_somebody(self, client):
        assert check_login(client) == "maintainer"

    @pytest.mark.parametrize("step", [check_login, lambda client: make_plan(client, upload(V1))])
    def test_that_is_wrong(self, client, monkeypatch, step):
        monkeypatch.setenv("HF_TOKEN", "hf_aWrongTokenAllTheSameSecret")
        with pytest.raises(
            HubError, match=r"refused the token \(401\); log in with hf auth login, or set HF_TOKEN"
        ) as raised:
            step(client)
        assert "hf_aWrong" not in str(raised.value)

    def test_that_is_missing(self, client, monkeypatch, tmp_path):
        from huggingface_hub import constants

        monkeypatch.delenv("HF_TOKEN")
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        with pytest.raises(HubError, match=r"logging in failed: .* hf auth login"):
            check_login(client)

    def test_that_may_not_write(self, client, loopback):
        loopback.fail("POST /api/repos/create", status=403)
        with pytest.raises(HubError, match="use a token that may write to this repository"):
            publish(client, upload(V1))

    def test_is_not_repeated_from_what_the_hub_says(self, client, loopback):
        publish(client, upload(V1))
        loopback.fail("POST .*/commit/main", status=400, body=f'{{"error": "you sent Bearer {TOKEN}"}}')
        with pytest.raises(HubError, match="you sent Bearer <token>") as raised:
            publish(client, upload(V2, tag="v2.0.0"))
        assert TOKEN not in str(raised.value)


SITE = {"index.html": b"<!doctype html>", "assets/app.js": b"1", "assets/plot.png": b"\x89PNG"}


class TestSpace:
    def test_is_pushed_and_renewed(self, client, loopback, tmp_path):
        write_files(tmp_path / "site", SITE)
        publish(client, space_upload(tmp_path / "site", repository="embench/leaderboard", title="Migration barriers"))
        repository = loopback.repository("embench/leaderboard", "spaces")
        assert repository.sdk == "static"
        assert {path: repository.files()[path] for path in SITE} == SITE
        card = repository.files()["README.md"].decode()
        assert "sdk: static\n" in card
        assert "title: Migration barriers\n" in card
        assert not repository.tags

        (tmp_path / "site/assets/app.js").unlink()
        (tmp_path / "site/assets/app-2.js").write_bytes(b"2")
        publish(client, space_upload(tmp_path / "site", repository="embench/leaderboard", title="Migration barriers"))
        assert "assets/app.js" not in repository.files()
        assert repository.files()["assets/app-2.js"] == b"2"
        assert len(repository.messages) == 3

    def test_keeps_its_own_card(self, tmp_path):
        write_files(tmp_path / "site", SITE | {"README.md": b"---\nsdk: static\n---\n"})
        contents = space_upload(tmp_path / "site", repository="embench/leaderboard").contents
        assert contents["README.md"] == b"---\nsdk: static\n---\n"
        assert set(parse_checksums(contents[CHECKSUMS].decode(), source="")) == {*SITE, "README.md"}

    def test_needs_an_index(self, tmp_path):
        with pytest.raises(HubError, match=r"has no index\.html at its top"):
            space_upload(tmp_path, repository="embench/leaderboard")

    def test_holds_no_links(self, tmp_path):
        write_files(tmp_path / "site", SITE)
        (tmp_path / "site/passwords").symlink_to("/etc/passwd")
        with pytest.raises(HubError, match="passwords is a link"):
            space_upload(tmp_path / "site", repository="embench/leaderboard")


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
