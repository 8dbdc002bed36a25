"""The board of the committed submissions, built once for all tests of a run."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from embench.leaderboard.board import Board, build_board

REPOSITORY = Path(__file__).parents[2]
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
BOARD_CACHE = "EMBENCH_TEST_BOARD_CACHE"


@pytest.fixture(scope="session")
def board_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of scored submissions that all processes of this run share, and no other run but those that it starts."""
    if given := os.environ.get(BOARD_CACHE):
        return Path(given)
    base = tmp_path_factory.getbasetemp()
    # With pytest-xdist the folder of a process lies in that of the run.
    shared = base.parent if base.name.startswith("popen-") else base
    return shared / "board-cache"


@pytest.fixture(scope="session")
def board(board_cache: Path) -> Board:
    """The board of the committed submissions."""
    return build_board(SUBMISSIONS, cache=board_cache, workers=os.cpu_count() or 1)


@pytest.fixture(scope="session")
def site(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, written once."""
    from embench.leaderboard.site import write_site

    folder = tmp_path_factory.mktemp("site")
    write_site(board, folder)
    return folder


@pytest.fixture(scope="session")
def explorer(site: Path) -> Path:
    """The site, for the tests of the entries and of the page on the method."""
    return site


def data_of(path: Path) -> Any:
    """Return what a data file hands to the page, unpacked where it is packed."""
    call = re.fullmatch(r"embench\.data\((\".*?\"), (.*)\);\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert call, path
    value = json.loads(call[2])
    return unpacked(value) if isinstance(value, str) else value


def unpacked(text: str, start: str = "") -> Any:
    """Return data that was packed by gzip and base64: the last line, after what it shares with others."""
    return json.loads(gzip.decompress(base64.b64decode(start) + base64.b64decode(text)).splitlines()[-1])
