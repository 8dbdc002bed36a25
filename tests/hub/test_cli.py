"""``embench hub`` in processes of their own, against the loopback hub; and what other people's programs then get."""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from embench import schema
from embench.errors import StaleFileError
from embench.hub.checksums import CHECKSUMS
from embench.hub.client import Hub
from embench.release.export import renew_checksums
from tests.conftest import REPOSITORY
from tests.hub.conftest import Run, upload, write_files
from tests.hub.loopback import TOKEN, LoopbackHub
from tests.hub.test_push import publish
from tests.hub.test_push import pytestmark as pytestmark

NAME = "embench/migration-barriers"


def assert_token_is_nowhere(folder: Path, *results: subprocess.CompletedProcess[str]) -> None:
    for result in results:
        assert TOKEN not in result.stdout + result.stderr
    for path in folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


@pytest.mark.slow
def test_published_and_loaded_through_http(run: Run, loopback: LoopbackHub, folder, contents, client: Hub, tmp_path):
    result = run("-m", "embench", "hub", "push", folder, "--yes")
    assert result.returncode == 0, result.stderr
    steps = [
        "can be read",
        "logged in as maintainer",
        "create the repository",
        "one commit on main",
        "then tag",
        "done: http",
    ]
    positions = [result.stdout.index(step) for step in steps]
    assert positions == sorted(positions)
    repository = loopback.repository(NAME)
    assert repository.files("v1.1.0") == contents | {".gitattributes": b"*.parquet filter=lfs\n"}
    assert repository.messages == ["initial commit", "Dataset 1.1.0"]

    loaded = run("-m", "tests.hub.compare", NAME, "v1.1.0")
    assert loaded.returncode == 0, loaded.stderr
    found = json.loads(loaded.stdout)
    assert found["train"] == 559 * len(schema.COLUMNS)
    assert found["test"] == 60 * len(schema.COLUMNS)

    def fresh() -> str:
        return tempfile.mkdtemp(dir=tmp_path)

    # A release of the code does not ask for a new version of the dataset, whatever its card says by now.
    (folder / "README.md").write_bytes(contents["README.md"] + b"\nMore words.\n")
    assert renew_checksums(folder)
    refused = run("-m", "embench", "hub", "push", folder, "--yes")
    assert refused.returncode == 1
    assert "a published version never changes" in refused.stderr
    passed = run("-m", "embench", "hub", "push", folder, "--yes", "--if-new")
    assert passed.returncode == 0, passed.stderr
    assert "v1.1.0 of embench/migration-barriers is published already: nothing to do" in passed.stdout
    assert repository.messages == ["initial commit", "Dataset 1.1.0"]

    # A new version, in which the card of the old one would be wrong, and the old one in a fresh cache.
    changed = {path: content for path, content in contents.items() if path != CHECKSUMS}
    changed["data/test.parquet"] = contents["data/train.parquet"]
    changed["README.md"] = contents["README.md"].replace(b"num_examples: 60", b"num_examples: 559")
    publish(client, upload(changed, tag="v1.2.0"))
    compare = "from datasets import load_dataset; from tests.hub.compare import compare\nloaded = load_dataset"
    again = run(
        "-c", f"{compare}({NAME!r}, revision='v1.1.0'); print(compare(loaded['test'], 'test'))", HF_HOME=fresh()
    )
    assert again.stdout.strip() == str(found["test"]), again.stderr
    newest = run("-c", f"{compare}({NAME!r}); print(loaded['test'].num_rows)", HF_HOME=fresh())
    assert newest.stdout.strip() == "559", newest.stderr
    assert_token_is_nowhere(tmp_path, result, loaded, again)


def test_pulled_and_loaded_by_embench(run: Run, loopback: LoopbackHub, client: Hub, contents, tmp_path):
    publish(client, upload({path: content for path, content in contents.items() if path != CHECKSUMS}))
    result = run("-m", "embench", "hub", "pull", "new/copy")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == f"new/copy: {len(contents) - 1} files of {NAME} at v1.1.0, all with their checksums"
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"copy"}
    program = (
        "import embench; a = embench.load(source='hub', revision='v1.1.0'); print(a.table.equals(embench.load().table))"
    )
    loaded = run("-c", program)
    assert loaded.stdout.strip() == "True", loaded.stderr
    missing = run("-m", "embench", "hub", "pull", "other", "--revision", "v7")
    assert missing.returncode == 1
    assert missing.stderr.startswith("error: downloading embench/migration-barriers at v7 failed")
    assert "Traceback" not in missing.stderr
    assert not (tmp_path / "other").exists()


class TestSite:
    """The steps that publishing has in common, with a site, which needs no check."""

    @pytest.fixture
    def site(self, tmp_path) -> Path:
        write_files(tmp_path / "site", {"index.html": b"<!doctype html>"})
        return tmp_path / "site"

    def push(self, run: Run, site: Path, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return run("-m", "embench", "hub", "push-space", site, "--repo", "embench/leaderboard", *options, **changes)

    def test_dry_run_changes_nothing(self, run, site, loopback):
        result = self.push(run, site, "--dry-run", HF_TOKEN="")
        assert result.returncode == 0, result.stderr
        assert "create the repository (public space)" in result.stdout
        assert result.stdout.endswith("dry run: nothing was changed\n")
        assert not loopback.repositories

    def test_asks_first(self, run, site, loopback):
        result = self.push(run, site)
        assert result.returncode == 1
        assert "Go on? [y/N]" in result.stdout
        assert not loopback.repositories

    def test_publishes(self, run, site, loopback):
        result = self.push(run, site, "--yes")
        assert result.returncode == 0, result.stderr
        assert f"done: {loopback.url}/spaces/embench/leaderboard/commit/" in result.stdout
        assert loopback.repository("embench/leaderboard", "spaces").files()["index.html"] == b"<!doctype html>"

    def test_wrong_token(self, run, site, loopback, tmp_path):
        wrong = "hf_aWrongTokenAllTheSameSecret"
        result = self.push(run, site, "--yes", HF_TOKEN=wrong, HF_DEBUG="1")
        assert result.returncode == 1
        last = result.stderr.splitlines()[-1]
        assert last.startswith(
            f"error: logging in failed: {loopback.url} refused the token (401); log in with hf auth login"
        )
        assert wrong not in result.stdout + result.stderr
        assert not loopback.repositories

    def test_hub_that_is_too_slow(self, run, site, loopback):
        loopback.fail("GET /api/whoami", hang=10)
        result = self.push(run, site, "--yes", "--timeout", "1")
        assert result.returncode == 1
        assert "did not answer within 1 s; attempt 2 of 3 in 1 s" in result.stderr
        assert "error: logging in failed" in result.stderr


def test_dirty_folder_is_refused_before_anything_else(run, folder, loopback):
    subprocess.run(["git", "-C", str(folder), "init"], check=True, capture_output=True)
    result = run("-m", "embench", "hub", "push", folder, "--yes")
    assert result.returncode == 1
    assert "changes that are not committed" in result.stderr
    assert not loopback.requests


class TestCard:
    @pytest.fixture
    def hub(self, contents, monkeypatch):
        """The command in this process, with the content of the folder computed before."""
        from typer.testing import CliRunner

        from embench.cli.hub import app
        from embench.release import export

        monkeypatch.setattr(export, "contents", lambda: contents)
        return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])

    def test_is_checked_and_renewed(self, hub, folder, contents):
        card = folder / "README.md"
        assert hub("card", "--check", "--out", card).exit_code == 0
        card.write_bytes(contents["README.md"].replace(b"eV", b"meV"))
        stale = hub("card", "--check", "--out", card)
        assert isinstance(stale.exception, StaleFileError)
        assert "README.md is not what this command writes now" in str(stale.exception)
        assert hub("card", "--out", card).exit_code == 0
        assert card.read_bytes() == contents["README.md"]

    def test_renews_its_checksum(self, hub, folder, contents):
        lines = contents[CHECKSUMS].decode().splitlines(keepends=True)
        wrong = "".join(f"{'0' * 64}  README.md\n" if line.endswith("  README.md\n") else line for line in lines)
        (folder / CHECKSUMS).write_text(wrong)
        assert "renewed the checksums" in hub("card", "--out", folder / "README.md").stdout
        assert (folder / CHECKSUMS).read_bytes() == contents[CHECKSUMS]

    def test_export_renews_only_what_changed(self, hub, folder, contents):
        (folder / "LICENSE").write_text("another")
        (folder / "notes.txt").write_text("mine")
        stale = hub("export", folder, "--check")
        assert isinstance(stale.exception, StaleFileError)
        assert "not what embench hub export writes: LICENSE in" in str(stale.exception)
        assert hub("export", folder).stdout.splitlines() == [f"wrote {folder / 'LICENSE'}", f"{folder} is complete"]
        assert (folder / "LICENSE").read_bytes() == contents["LICENSE"]
        assert (folder / "notes.txt").read_text() == "mine"

    def test_check_says_what_it_looked_at(self, hub, folder, monkeypatch):
        from embench.release import check

        monkeypatch.setattr(check, "_check_configurations", lambda *_, **__: "not looked at here")
        monkeypatch.setattr(check, "_check_croissant", lambda *_, **__: "not looked at here")
        assert hub("check", folder).stdout.splitlines()[-1] == f"{folder} can be published"


def commands_in_the_documentation() -> list[list[str]]:
    text = (REPOSITORY / "docs" / "publishing.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    return [shlex.split(line)[2:] for line in lines if line.startswith("embench hub ")]


@pytest.mark.parametrize("command", commands_in_the_documentation(), ids=" ".join)
def test_commands_in_the_documentation_exist(command):
    from typer.main import get_command

    from embench.cli.hub import app

    group = get_command(app)
    name, *arguments = command
    context = group.commands[name].make_context(name, arguments)
    assert context.params


def test_documentation_shows_every_command():
    from typer.main import get_command

    from embench.cli.hub import app

    assert {command[0] for command in commands_in_the_documentation()} == get_command(app).commands.keys() - {"card"}
