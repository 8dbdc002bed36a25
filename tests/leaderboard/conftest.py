"""The board of the committed submissions, built once for all tests of a run."""

from __future__ import annotations

import os
from pathlib import Path

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
def explorer(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the explorer of entries, the page on the method, and what they load."""
    from embench.leaderboard.site.assets import write_assets
    from embench.leaderboard.site.entries import write_entries
    from embench.leaderboard.site.method import write_method

    folder = tmp_path_factory.mktemp("explorer")
    write_assets(folder / "assets")
    write_entries(board, folder)
    write_method(board, folder)
    return folder
