"""From a folder of submissions to the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embench.leaderboard.board.cache import ResultCache
from embench.leaderboard.board.content import board_content
from embench.leaderboard.board.scoring import Progress, basis, score_all, tasks_of


@dataclass(frozen=True, eq=False)
class Board:
    """All submissions, scored and ranked.

    `content` is what ``leaderboard.json`` holds. `details` is, for each slug and protocol that the submission has
    predictions for, what :func:`embench.report.as_json.document` says of its evaluation: entries, metrics,
    subsets, breakdown, calibration.
    """

    content: dict[str, Any]
    details: Mapping[tuple[str, str], dict[str, Any]]


def build_board(submissions: Path, *, cache: Path | None, workers: int = 1, progress: Progress | None = None) -> Board:
    """Score and rank all submissions in the folder `submissions`.

    Parameters
    ----------
    cache
        Folder for scored submissions; None scores all of them again.
    workers
        Number of processes that share the work. With more than one, a script that calls this must keep its own
        code under ``if __name__ == "__main__":``, because the processes import it.
    progress
        Called with the stage, how much of it is done, and how much there is.

    Raises
    ------
    SubmissionError
        A submission is not valid, or there is none; the message names file, line and field.
    PredictionsError
        Predictions cannot be scored; the message names submission, file and line.
    """
    from embench.leaderboard.submission import read_submissions

    found = read_submissions(submissions)
    kept = ResultCache(cache)
    based_on = basis()
    details = score_all(tasks_of(found), based_on=based_on, cache=kept, workers=workers, progress=progress)
    content = board_content(found, details, cache=kept, based_on=based_on, progress=progress)
    kept.remove_unused()
    return Board(content, details)
