"""A loopback hub and a client for it; everything about them is in temporary folders."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embench.hub.checksums import CHECKSUMS, render_checksums
from embench.hub.client import Hub
from embench.hub.plan import Upload
from tests.conftest import REPOSITORY
from tests.hub.loopback import TOKEN, LoopbackHub

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def contents() -> dict[str, bytes]:
    """All files of the folder of the dataset, made from the repository as it is."""
    from embench.release.export import contents

    return contents()


@pytest.fixture
def folder(contents: dict[str, bytes], tmp_path: Path) -> Path:
    """The folder for the hub, written anew for a test to do with it what it likes."""
    folder = tmp_path / "dataset_card"
    write_files(folder, contents)
    return folder


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@pytest.fixture
def loopback() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        yield hub


@pytest.fixture
def client(loopback: LoopbackHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    """A client of the loopback hub in this process, logged in, which does not sleep between attempts."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.5)
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.005)))
    return Hub(endpoint=loopback.url, timeout=0.5, wait=0.01)


@pytest.fixture
def run(loopback: LoopbackHub, tmp_path: Path) -> Run:
    """Run python in a new process whose hub is the loopback hub and whose home and cache are empty."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "huggingface"),
        "HF_ENDPOINT": loopback.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": "2",
        "HF_HUB_ETAG_TIMEOUT": "2",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
    }

    def run(*arguments: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command, env=environment | changes, cwd=tmp_path, capture_output=True, text=True, check=False, input=""
        )

    return run


def upload(files: dict[str, bytes], *, tag: str | None = "v1.1.0", create_pr: bool = False) -> Upload:
    """An upload of any files to the dataset repository, with their checksums."""
    contents = dict(files)
    contents[CHECKSUMS] = render_checksums(files).encode()
    return Upload(
        repository="embench/migration-barriers",
        repo_type="dataset",
        contents=contents,
        message=f"Dataset {tag}",
        tag=tag,
        create_pr=create_pr,
    )
