"""From a folder of submissions to the board."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.cache import ResultCache, code_of, digest_of
from embench.errors import SubmissionError
from embench.leaderboard.board.content import board_content
from embench.leaderboard.board.detail import SEED, Progress, Task, score, task_of
from embench.leaderboard.board.documents import Basis, BoardDocument, Detail, Details
from embench.leaderboard.board.stored import as_json, read_stored, write_stored

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission

# What decides the figures, with all that these modules import.
_CODE = ("embench.leaderboard.board.detail", "embench.leaderboard.board.standings")

# Starting a process costs about as much as scoring this many files.
_WORTH_A_PROCESS = 4


def tasks_of(submissions: Iterable[Submission]) -> list[Task]:
    """Return what there is to score, by submission and in the order of the protocols; raises as :func:`task_of`."""
    return [task_of(submission, name) for submission in submissions for name in submission.protocols()]


def transfer_tasks(submissions: Iterable[Submission]) -> list[Task]:
    """Return what there is to score on the second dataset; see :func:`tasks_of`."""
    return [task_of(submission, name) for submission in submissions for name in submission.transfer_protocols()]


def basis() -> Basis:
    """Return what all results rest on beside the predictions: code, dataset and settings."""
    import hashlib

    import numpy as np

    from embench.audit.consensus import consensus_bytes
    from embench.dataset import load
    from embench.evaluation.evaluator import GOOD_CONDUCTOR, RESAMPLES
    from embench.evaluation.references import references_digest

    return {
        "code": code_of(*_CODE),
        "numpy": np.__version__,
        "dataset": load().digest,
        "consensus": hashlib.sha256(consensus_bytes()).hexdigest(),
        "references": references_digest(),
        "threshold": GOOD_CONDUCTOR,
        "resamples": RESAMPLES,
        "seed": SEED,
    }


def score_all(
    tasks: Sequence[Task],
    *,
    based_on: Basis,
    cache: ResultCache,
    workers: int = 1,
    progress: Progress | None = None,
) -> Details:
    """Return the details of every task; see :func:`~embench.leaderboard.board.detail.score`.

    `workers` processes share what the cache does not know.

    Raises
    ------
    PredictionsError
        Predictions cannot be scored; the message names submission, file and line.
    """
    keys = {task.key: _key(task, based_on) for task in tasks}
    found = {place: read_stored(cache, key, Detail) for place, key in keys.items()}
    missing = [task for task in tasks if found[task.key] is None]
    done = len(tasks) - len(missing)
    if progress is not None:
        progress("scores", done, len(tasks))
    for place, detail in _run(missing, workers=workers):
        found[place] = detail
        write_stored(cache, keys[place], detail)
        done += 1
        if progress is not None:
            progress("scores", done, len(tasks))
    return {place: detail for place, detail in found.items() if detail is not None}


def _run(tasks: Sequence[Task], *, workers: int) -> Iterator[tuple[tuple[str, str], Detail]]:
    from embench.common.executor import open_executor

    with open_executor(workers=max(1, min(workers, len(tasks) // _WORTH_A_PROCESS))) as executor:
        yield from executor.run(_scored, tasks)


def _scored(task: Task) -> tuple[tuple[str, str], Detail]:
    return task.key, as_json(score(task))


def _key(task: Task, based_on: Basis) -> str:
    from embench.dataset import load
    from embench.splits import protocol

    spec = protocol(task.protocol).spec
    return digest_of(
        {
            **based_on,
            "datasets": [load(spec.dataset).digest, load(spec.train_dataset).digest],
            "slug": task.slug,
            "protocol": task.protocol,
            "split": protocol(task.protocol).sha256,
            "predictions": task.predictions.sha256,
            "fill_missing": task.fill_missing,
        }
    )


@dataclass(frozen=True, eq=False)
class Board:
    """All submissions, scored and ranked.

    `content` is what ``leaderboard.json`` holds. `details` is, for each slug and protocol that the submission has
    predictions for, what :func:`embench.evaluation.document.document` says of its evaluation: entries, metrics,
    subsets, breakdown, calibration. `transfer` is the same of the protocols of the second dataset.
    """

    content: BoardDocument
    details: Mapping[tuple[str, str], Detail]
    transfer: Mapping[tuple[str, str], Detail] = field(default_factory=dict)


def build_board(submissions: Path, *, cache: Path | None, workers: int = 1, progress: Progress | None = None) -> Board:
    """Score and rank all submissions in the folder `submissions`.

    Parameters
    ----------
    cache
        Folder for scored submissions; None scores all of them again. Whoever can write there can change scores:
        not for a board that is published.
    workers
        Number of processes that share the work. With more than one, a script that calls this must keep its own
        code under ``if __name__ == "__main__":``, because the processes import it.
    progress
        Called with the stage, how much of it is done, and how much there is.

    Raises
    ------
    SubmissionError
        A submission is not valid, has the name and version of another one or contradicts its predictions, or there
        is none; the message names file, line and field.
    PredictionsError
        Predictions cannot be scored; the message names submission, file and line.
    """
    from embench.leaderboard.submission import read_submissions

    return board_of(read_submissions(submissions), cache=cache, workers=workers, progress=progress)


def board_of(
    submissions: Sequence[Submission], *, cache: Path | None, workers: int = 1, progress: Progress | None = None
) -> Board:
    """Score and rank submissions that are read already; see :func:`build_board`."""
    from embench.leaderboard.submission.problems import name_problems, statement_problems

    _refuse(problem for submission in submissions for problem in name_problems(submission, submissions))
    kept = ResultCache(cache)
    based_on = basis()
    first, second = tasks_of(submissions), transfer_tasks(submissions)
    found = score_all([*first, *second], based_on=based_on, cache=kept, workers=workers, progress=progress)
    details, transfer = ({task.key: found[task.key] for task in tasks} for tasks in (first, second))
    _refuse(problem for submission in submissions for problem in statement_problems(submission))
    content = board_content(submissions, details, transfer, cache=kept, based_on=based_on, progress=progress)
    kept.remove_unused()
    return Board(content, details, transfer)


def _refuse(problems: Iterable[str]) -> None:
    """Raise SubmissionError with all problems, where there are any."""
    found = list(problems)
    if found:
        raise SubmissionError("\n".join(found))
