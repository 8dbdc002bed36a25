"""Checking submissions: the schema, the predictions, and signs of trouble; every number is computed here and now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import PredictionsError, SubmissionError, did_you_mean, nearest_names
from embench.leaderboard.signs import Sign, signs_of_trouble
from embench.leaderboard.submission import SUBMISSION_FILE, read_submission
from embench.leaderboard.submission.folder import MOST_BYTES_OF_PREDICTIONS, list_folder, read_bytes
from embench.leaderboard.submission.read import list_slugs

if TYPE_CHECKING:
    from embench.evaluation.predictions import Predictions
    from embench.leaderboard.submission import Submission


@dataclass(frozen=True)
class Score:
    """One submission on one protocol: entries scored and predicted, MAE (eV), R², and warnings about the file."""

    protocol: str
    scored: int
    predicted: int
    mae: float
    r2: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """What was found about one submission. It can be taken where there are no problems; signs are for a person."""

    slug: str
    problems: tuple[str, ...]
    scores: tuple[Score, ...]
    signs: tuple[Sign, ...]


def check_submissions(folder: Path, *, slugs: Sequence[str] = ()) -> tuple[Checked, ...]:
    """Check the submissions in `folder`.

    Parameters
    ----------
    slugs
        Which of them; by default all.

    Raises
    ------
    SubmissionError
        There is no such folder or submission. What is wrong inside of a submission does not raise, but is
        listed among its problems.
    """
    present = list_slugs(folder)
    for slug in slugs:
        if slug not in present:
            near = did_you_mean(nearest_names(slug, present))
            raise SubmissionError(f"there is no submission {slug!r} in {folder}{near}")
    wanted = sorted(set(slugs)) or present
    found, problems = _read_all(folder, present)
    scores: dict[str, tuple[Score, ...]] = {}
    for submission in found:
        if submission.slug in wanted:
            scores[submission.slug], wrong = _check_predictions(submission)
            problems[submission.slug] = [*wrong, *_name_problems(submission, found)]
    readable = [submission for submission in found if not problems.get(submission.slug) and _is_readable(submission)]
    signs = signs_of_trouble(readable, only=wanted)
    return tuple(
        Checked(slug, tuple(problems.get(slug, ())), scores.get(slug, ()), tuple(signs.get(slug, ())))
        for slug in wanted
    )


def readable_submissions(folder: Path) -> tuple[Submission, ...]:
    """Return the submissions that can be read, with their predictions, to compare others with.

    What is wrong with the others is for :func:`check_submissions` to say. A folder that does not exist has none.
    """
    if not folder.is_dir():
        return ()
    return tuple(found for found in _read_all(folder, list_slugs(folder))[0] if _is_readable(found))


def changed_slugs(folder: Path, base: Path) -> tuple[str, ...]:
    """Return the slugs in `folder` that are not in the folder `base`, or have other files there."""
    before = set(list_slugs(base))
    return tuple(slug for slug in list_slugs(folder) if slug not in before or _differ(folder / slug, base / slug))


def _differ(first: Path, second: Path) -> bool:
    try:
        names = list_folder(first)
        if names != list_folder(second):
            return True
        most = MOST_BYTES_OF_PREDICTIONS
        return any(
            read_bytes(first / name, most_bytes=most) != read_bytes(second / name, most_bytes=most) for name in names
        )
    except SubmissionError:
        return True  # whatever is wrong with it, the check will say


def _read_all(folder: Path, slugs: Collection[str]) -> tuple[list[Submission], dict[str, list[str]]]:
    found: list[Submission] = []
    problems: dict[str, list[str]] = {}
    for slug in slugs:
        try:
            found.append(read_submission(folder / slug))
        except SubmissionError as error:
            problems[slug] = [str(error)]
    return found, problems


def _check_predictions(submission: Submission) -> tuple[tuple[Score, ...], list[str]]:
    """Return the scores on all protocols of a submission, and what is wrong with its predictions."""
    scores: list[Score] = []
    problems: list[str] = []
    for protocol in submission.protocols():
        try:
            scores.append(score(submission, protocol))
        except PredictionsError as error:
            problems.append(f"{protocol}: {error}")
    if not problems:
        problems += _statements(submission)
    return tuple(scores), list(dict.fromkeys(problems))


def score(submission: Submission, protocol: str) -> Score:
    """Return the score of a submission on a protocol that it has predictions for.

    Raises :class:`~embench.errors.PredictionsError` where they cannot be scored, or are not complete though the kind
    of the submission asks for it.
    """
    from embench.evaluation.evaluator import GOOD_CONDUCTOR
    from embench.evaluation.scored import match, scored_set
    from embench.metrics import metric
    from embench.statistics.bootstrap import point_values

    scored = scored_set(protocol)
    found = _read_predictions(submission, protocol, scored.known_ids)
    try:
        matched = match(found, scored, threshold=GOOD_CONDUCTOR, fill_missing=submission.may_be_incomplete)
    except PredictionsError as error:
        advice = (
            "" if submission.may_be_incomplete else f"\nA {submission.kind} must predict every entry that is scored"
        )
        raise PredictionsError(f"{str(error).partition(chr(10) + 'Predict every')[0]}{advice}") from None
    values = point_values(matched.sample, (metric("mae"), metric("r2")))
    coverage = matched.coverage
    return Score(protocol, coverage.scored, coverage.predicted, values["mae"], values["r2"], found.warnings)


def _read_predictions(submission: Submission, protocol: str, known: tuple[str, ...]) -> Predictions:
    from embench.evaluation.predictions import read_predictions

    path = submission.file(protocol)
    assert path is not None, "only asked for protocols that have a file"
    return read_predictions(path, known=known, plain=True)


def _statements(submission: Submission) -> Iterator[str]:
    """Yield where the description says something else than the predictions files."""
    from embench.dataset import load

    where = submission.folder / SUBMISSION_FILE
    found = [_read_predictions(submission, protocol, load().entry_ids) for protocol in submission.protocols()]
    n = len({entry_id for predictions in found for entry_id in predictions.entry_ids})
    if n != submission.n_predicted:
        yield f"{where}: n_predicted is {submission.n_predicted}, but the files predict {n} entries; write {n}"
    if submission.uncertainty is None and any(predictions.uncertainties for predictions in found):
        yield f"{where}: the predictions have a column uncertainty; say under uncertainty: what it holds"


def _is_readable(submission: Submission) -> bool:
    from embench.dataset import load

    try:
        for protocol in submission.protocols():
            _read_predictions(submission, protocol, load().entry_ids)
    except PredictionsError:
        return False
    return True


def _name_problems(submission: Submission, others: Collection[Submission]) -> Iterator[str]:
    called = (submission.name.casefold(), submission.version.casefold())
    for other in others:
        if other.slug != submission.slug and (other.name.casefold(), other.version.casefold()) == called:
            yield (
                f"{submission.folder / SUBMISSION_FILE}: the name {submission.name!r} and version "
                f"{submission.version!r} are those of {other.slug}; change one of them"
            )
