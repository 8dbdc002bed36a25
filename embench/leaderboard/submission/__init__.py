"""Submissions to the leaderboard: what a ``submission.yaml`` says, and reading one that a stranger wrote.

>>> from embench.leaderboard.submission import read_submissions
>>> found = read_submissions(Path("leaderboard/submissions"))  # doctest: +SKIP
>>> found[0].name, found[0].protocols()  # doctest: +SKIP
('CHGNet', ('published',))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embench.evaluation.submission_folder import SUBMISSION_FILE
from embench.leaderboard.submission.read import json_schema, read_submission, read_submissions, submission_from

if TYPE_CHECKING:
    from embench.leaderboard.submission.model import Submission, TrainingData

__all__ = [
    "SUBMISSION_FILE",
    "Submission",
    "TrainingData",
    "json_schema",
    "read_submission",
    "read_submissions",
    "submission_from",
]


def __getattr__(name: str) -> Any:
    """Import the models when they are first asked for: they need pydantic."""
    if name in ("Submission", "TrainingData"):
        from embench.leaderboard.submission.read import import_model

        return getattr(import_model(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
