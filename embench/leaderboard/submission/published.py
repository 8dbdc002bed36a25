"""The submissions as the release to the hub takes them."""

from __future__ import annotations

from pathlib import Path

from embench.leaderboard.submission.read import read_submissions
from embench.release.export import checkout
from embench.release.tables import System


def published_systems(folder: Path | None = None) -> list[System]:
    """Return the submissions in `folder`, by default those of the checkout, with their predictions.

    Raises
    ------
    SubmissionError, PredictionsError
        For a submission that cannot be taken.
    HubError
        Outside of a checkout.
    """
    found = read_submissions(folder or checkout() / "leaderboard" / "submissions")
    return [
        System(
            slug=submission.slug,
            name=submission.name,
            kind=submission.kind,
            source=submission.paper or submission.code or "",
            version=submission.version,
            authors=submission.authors,
            date=submission.date,
            licence=submission.licence,
            training_data=submission.training_data.description,
            predictions={name: submission.predicted(name) for name in submission.predictions},
        )
        for submission in found
    ]
