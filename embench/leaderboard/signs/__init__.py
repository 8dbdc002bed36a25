"""Signs of trouble in submissions: figures that a person should look at. They are reported, not judged.

Each sign has a cause that is not harmless and others that are: the same predictions are sent in by the same authors
with a new name, and a model may really be good where all others fail. What is measured, and how honest submissions
and constructed cheats come out, is in ``docs/submitting.md``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from embench.leaderboard.signs import beyond, copies, hosts, in_sample, labels, leaked
from embench.leaderboard.signs.predicted import Pool, Sign, read_pool, sign_lines

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission

__all__ = ["Pool", "Sign", "read_pool", "sign_lines", "signs_of_trouble"]


def signs_of_trouble(
    submissions: Sequence[Submission], *, only: Collection[str] | None = None
) -> dict[str, list[Sign]]:
    """Return the signs of trouble of each submission, by slug, with an empty list where there are none.

    Parameters
    ----------
    submissions
        All submissions of the board: each is compared with the others.
    only
        Slugs of those to look at; all by default.

    Raises
    ------
    PredictionsError
        A predictions file cannot be read.
    """
    pool = read_pool(submissions)
    wanted = [submission for submission in submissions if only is None or submission.slug in only]
    return {submission.slug: list(_signs(submission, pool)) for submission in wanted}


def _signs(submission: Submission, pool: Pool) -> Iterator[Sign]:
    yield from _declared(submission)
    own = pool.of(submission.slug)
    for predicted in own:
        yield from labels.signs(predicted, pool)
        yield from copies.signs(predicted, pool)
        yield from leaked.signs(predicted, pool)
        yield from beyond.signs(predicted, pool)
        yield from hosts.signs(predicted)
    yield from in_sample.signs(own, pool)
    # The limits of the other signs are those of barriers of cations.
    for predicted in pool.of_transfer(submission.slug):
        yield from labels.signs(predicted, pool)
        yield from copies.signs_of_same_numbers(predicted, pool)


def _declared(submission: Submission) -> Iterator[Sign]:
    if submission.training_data.overlaps_scored_entries == "barriers":
        yield Sign("declared-overlap", None, "Says of itself that barriers of scored entries are in its training data.")
