"""The committed board against the submissions of now: what may wait, and what may not differ."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import embench
from embench.errors import StaleFileError
from embench.leaderboard.board import build_board
from embench.leaderboard.board.markdown import board_page
from embench.leaderboard.board.pending import Pending, check_recorded
from embench.leaderboard.board.write import write_board
from tests.leaderboard.conftest import SUBMISSIONS
from tests.leaderboard.make import write_submission

pytestmark = pytest.mark.xdist_group("board")

PUBLISHED = embench.protocol("published").scored_ids


def values(shift: float) -> dict[str, float]:
    return {entry_id: shift + 0.01 * i for i, entry_id in enumerate(PUBLISHED)}


class Leaderboard:
    """Two submissions on the published protocol, and the board that is built from them."""

    def __init__(self, folder: Path) -> None:
        self.out, self.submissions, self.cache = folder, folder / "submissions", folder / "cache"
        shutil.copytree(SUBMISSIONS / "model-3", self.submissions / "model-3")
        self.write("second", 0.3)
        write_board(build_board(self.submissions, cache=self.cache), self.out, site=False)

    def write(self, slug: str, shift: float) -> None:
        write_submission(self.submissions / slug, {"published": values(shift)}, name=slug)

    def check(self) -> Pending:
        return check_recorded(self.submissions, self.out, cache=self.cache)

    def edit(self, slug: str) -> None:
        """Give a submission another MAE on the board, and the page with it."""
        path = self.out / "leaderboard.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        (row,) = (row for row in content["protocols"][0]["rows"] if row["slug"] == slug)
        row["metrics"]["mae"]["value"] = 0.001
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (self.out / "leaderboard.md").write_text(board_page(content), encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return Leaderboard(tmp_path_factory.mktemp("leaderboard"))


@pytest.fixture
def leaderboard(built: Leaderboard, tmp_path: Path) -> Leaderboard:
    copy = object.__new__(Leaderboard)
    copy.out, copy.submissions, copy.cache = tmp_path / "board", tmp_path / "board" / "submissions", built.cache
    shutil.copytree(built.out, copy.out, ignore=shutil.ignore_patterns("cache"))
    return copy


def test_nothing_is_pending(leaderboard):
    assert not leaderboard.check()
    assert str(leaderboard.check()) == ""


def test_what_is_new_waits(leaderboard):
    leaderboard.write("third", 0.5)
    assert leaderboard.check() == Pending(new=("third",))
    assert str(leaderboard.check()) == "new: third"
    leaderboard.edit("second")
    with pytest.raises(StaleFileError, match=r"leaderboard\.json"):
        leaderboard.check()


def test_what_has_changed_or_gone_waits(leaderboard):
    leaderboard.write("second", 0.5)
    assert leaderboard.check() == Pending(changed=("second",))
    leaderboard.edit("second")  # as it was, it cannot be scored again
    assert leaderboard.check() == Pending(changed=("second",))
    shutil.rmtree(leaderboard.submissions / "second")
    assert leaderboard.check() == Pending(removed=("second",))
    leaderboard.edit("model-3")
    with pytest.raises(StaleFileError, match=r"leaderboard\.json: published not what"):
        leaderboard.check()


def test_a_description_that_has_changed(leaderboard):
    path = leaderboard.submissions / "second" / "submission.yaml"
    path.write_text(path.read_text().replace("What it does.", "What it does now."))
    assert leaderboard.check() == Pending(changed=("second",))


@pytest.mark.parametrize("content", [None, "{", "[]", '{"versions": 1}'])
def test_a_board_that_is_none(leaderboard, content):
    path = leaderboard.out / "leaderboard.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(StaleFileError, match=r"leaderboard\.json.*embench leaderboard build"):
        leaderboard.check()
