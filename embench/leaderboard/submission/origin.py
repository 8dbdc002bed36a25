"""Who stands behind a row of the board: this project, a publication, or somebody who handed in a system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from embench.leaderboard.submission.model import Submission

Origin = Literal["ours", "published", "independent"]

OURS = "The embench developers"
"""What the submissions of this project name as their author."""

_FROM_PAPER = "embench leaderboard literature"


def origin_of(submission: Submission) -> Origin:
    """Return who made and ran a system.

    ``ours`` is what this project has trained or computed, whatever it is modelled on. ``published`` are numbers that
    authors have released with a paper and that this project has copied: kind literature, or made from their files by
    ``embench leaderboard literature``. Everything else was handed in: ``independent``.
    """
    if OURS in submission.authors:
        return "ours"
    copied = (submission.reproduce or "").startswith(_FROM_PAPER)
    return "published" if copied or submission.kind == "literature" else "independent"
