"""``embench leaderboard build`` and ``serve``, as a user runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from embench.common.cache import write_checked
from tests.leaderboard.conftest import SUBMISSIONS

pytestmark = pytest.mark.xdist_group("board")

PATIENCE = 120.0  # seconds until a server that hangs is given up


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with two submissions and a cache of its own."""
    for slug in ("model-3", "m3gnet"):
        shutil.copytree(SUBMISSIONS / slug, tmp_path / "leaderboard" / "submissions" / slug)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "EMBENCH_CACHE": str(folder / "cache"), "COLUMNS": "200"}
    command = [sys.executable, "-m", "embench", "leaderboard", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_build_check_and_a_broken_submission(folder):
    built = run(folder, "build", "--no-site")
    assert built.returncode == 0, built.stderr
    content = json.loads((folder / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))
    assert [row["slug"] for row in content["protocols"][0]["rows"]] == ["model-3", "m3gnet"]
    assert not (folder / "cache").exists()
    before = files(folder / "leaderboard")
    assert run(folder, "build", "--check").returncode == 0

    path = folder / "leaderboard" / "submissions" / "model-3" / "published.csv"
    path.write_text(path.read_text().replace("1.01532653044582", "1e400"))
    broken = run(folder, "build")
    assert broken.returncode == 2
    assert "Traceback" not in broken.stderr
    assert all(text in broken.stderr for text in ("model-3", "published.csv", "line 2", "1e400"))

    path.write_text(path.read_text().replace("1e400", "1.1"))
    stale = run(folder, "build", "--check")
    assert stale.returncode == 1
    assert "leaderboard.json" in stale.stderr
    after = files(folder / "leaderboard")
    del after["submissions/model-3/published.csv"], before["submissions/model-3/published.csv"]
    assert after == before


@pytest.mark.slow
def test_the_site_is_built_with_the_board(folder):
    built = run(folder, "build")
    assert built.returncode == 0, built.stderr
    site = folder / "leaderboard" / "site"
    assert (site / "index.html").is_file()
    for slug in ("model-3", "m3gnet"):
        assert (site / "submissions" / f"{slug}.html").is_file()
    first = files(site)
    assert run(folder, "build", "--no-cache").returncode == 0
    assert files(site) == first


def forge(cache: Path) -> None:
    """Put an MAE of 0.001 eV for M3GNet into stored standings and scores, each with a fresh checksum."""
    for path in cache.rglob("*.json"):
        found = json.loads(path.read_bytes().partition(b"\n")[2])
        if found.get("predictions") == "m3gnet":
            found["metrics"]["mae"]["value"] = 0.001
        elif "rows" in found:
            found["rows"].sort(key=lambda row: row["slug"])
            for rank, row in enumerate(found["rows"], start=1):
                row["rank"] = rank
        write_checked(path, path.stem, json.dumps(found).encode())


def leader(folder: Path) -> tuple[str, float]:
    content = json.loads((folder / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))
    row = content["protocols"][0]["rows"][0]
    return row["slug"], round(row["metrics"]["mae"]["value"], 3)


@pytest.mark.slow
def test_forged_scores_are_on_no_board(folder):
    """Neither in the cache of embench nor in one that another run was given."""
    for cache in ("mine", "cache/board"):
        assert run(folder, "build", "--no-site", "--cache", cache).returncode == 0
        forge(folder / cache)
    assert run(folder, "build", "--no-site", "--cache", "mine").returncode == 0
    assert leader(folder) == ("m3gnet", 0.001)  # the forgery works where its folder is trusted
    stale = run(folder, "build", "--check")
    assert (stale.returncode, "leaderboard.json" in stale.stderr) == (1, True)
    assert run(folder, "build", "--no-site").returncode == 0
    assert leader(folder) == ("model-3", 0.261)  # FACTS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--no-cache", "--cache", "x"), "exclude each other"),
        (("--check", "--cache", "x"), "--check scores everything itself"),
    ],
)
def test_settings_that_exclude_each_other(folder, arguments, words):
    failed = run(folder, "build", *arguments)
    assert failed.returncode == 2
    assert words in failed.stderr


@contextmanager
def served(folder: Path, *arguments: str, end: signal.Signals = signal.SIGINT, **variables: str) -> Iterator[str]:
    """Give the address of a server; in the end a signal stops it, without an error."""
    environment = {**os.environ, "EMBENCH_CACHE": str(folder / "cache"), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "embench", "leaderboard", "serve", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env={**environment, **variables}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert found, line
            yield found[0]
            process.send_signal(end)
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            process.kill()


def test_serve_a_built_folder(folder):
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>the board</p>")
    (folder / "secret").write_text("not for the web")
    with served(folder, "--folder", "site", end=signal.SIGTERM) as address:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            assert answer.read() == b"<p>the board</p>"
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{address}../secret", timeout=PATIENCE)
        taken = run(folder, "serve", "--folder", "site", "--port", address.rstrip("/").rpartition(":")[2])
        assert taken.returncode == 1
        assert "is taken" in taken.stderr
    host, port = address[len("http://") : -1].split(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


@pytest.mark.slow
def test_serve_builds_the_board_and_clears_up(folder, tmp_path_factory):
    temporary = tmp_path_factory.mktemp("temporary")
    with served(folder, TMPDIR=str(temporary)) as address:
        assert len(list(temporary.iterdir())) == 1
        with urllib.request.urlopen(f"{address}submissions/model-3.html", timeout=PATIENCE) as answer:
            assert b"MODEL-3" in answer.read()
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in (folder / "leaderboard").iterdir()) == ["submissions"]


def test_serve_without_a_site(folder):
    failed = run(folder, "serve", "--folder", "leaderboard")
    assert failed.returncode == 1
    assert "holds no site" in failed.stderr


def test_both_commands_are_in_the_help():
    from embench.cli.app import app

    shown = CliRunner().invoke(app, ["leaderboard", "--help"]).output
    assert "build" in shown
    assert "serve" in shown
