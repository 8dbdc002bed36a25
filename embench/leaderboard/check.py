"""Checking submissions: the schema, the predictions, and signs of trouble; every number is computed here and now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import PredictionsError, SubmissionError, did_you_mean, nearest_names
from embench.evaluation.submission_folder import SUBMISSION_FILE, read_folder
from embench.leaderboard.signs import Sign, signs_of_trouble
from embench.leaderboard.submission.problems import name_problems, statement_problems
from embench.leaderboard.submission.read import list_slugs, submission_of

if TYPE_CHECKING:
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
    """What was found about one submission. It can be taken where there are no problems; signs are for a person.

    `notes` tell what a pull request does to it. `submission` is what was checked, where it can be read, and `others`
    those that it was compared with.
    """

    slug: str
    problems: tuple[str, ...]
    scores: tuple[Score, ...]
    signs: tuple[Sign, ...]
    notes: tuple[str, ...] = ()
    submission: Submission | None = field(default=None, repr=False, compare=False)
    others: tuple[Submission, ...] = field(default=(), repr=False, compare=False)


def check_submissions(
    folder: Path, *, slugs: Sequence[str] = (), base: Path | None = None, partial: bool = False
) -> tuple[Checked, ...]:
    """Check the submissions in `folder`; every file is read once.

    Parameters
    ----------
    slugs
        Which of them; by default all.
    base
        Another folder of submissions, such as that of the branch that a pull request is for: check what is not there,
        or has other files there, beside the submissions as they are *there*. What is there and not in `folder` is a
        problem, and so is a submission that has come to others.
    partial
        What is in `base` and not in `folder` is no problem: `folder` holds a few submissions only.

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
    if base is not None:
        return _check_against(folder, present, base, partial=partial)
    wanted = sorted(set(slugs)) or present
    _, found, problems = _read_all(folder, present)
    readable = [submission for submission in found if _is_readable(submission)]
    checked = {
        submission.slug: check_submission(submission, readable, named=found)
        for submission in found
        if submission.slug in wanted
    }
    return tuple(checked.get(slug) or Checked(slug, (problems[slug],), (), ()) for slug in wanted)


def _check_against(folder: Path, present: Collection[str], base: Path, *, partial: bool) -> tuple[Checked, ...]:
    """Check what in `folder` is not as in `base`, and name what is gone."""
    files, found, problems = _read_all(folder, present)
    before: dict[str, Submission] = {}
    wanted: list[str] = []
    gone: list[Checked] = []
    now = {submission.slug: submission for submission in found}
    for slug in sorted({*present, *list_slugs(base)}):
        files_before = _files_in(base / slug)
        if slug in files and files[slug] == files_before:
            if slug in now:
                before[slug] = now[slug]
            continue
        if files_before is not None:
            # Something may be wrong with the one before, too: then there is nothing to compare with.
            with suppress(SubmissionError):
                before[slug] = submission_of(base / slug, files_before)
        if slug in present:
            wanted.append(slug)
        elif not partial:
            gone.append(Checked(slug, (f"{slug} is on the base branch and missing here; {_GONE}",), (), ()))
    new = [submission for submission in found if submission.slug in wanted and submission.slug not in before]
    # A pull request must not choose whom it is compared with: what it changes counts as it was before.
    named = [*before.values(), *new]
    readable = [submission for submission in named if _is_readable(submission)]
    checked = [
        _check_changed(now[slug], before.get(slug), readable, named)
        if slug in now
        else Checked(slug, (problems[slug],), (), ())
        for slug in wanted
    ]
    return tuple(sorted([*checked, *gone], key=lambda item: item.slug))


_GONE = "a submission is taken away or renamed by a maintainer only, so bring it back"


def _check_changed(
    submission: Submission, before: Submission | None, readable: Sequence[Submission], named: Sequence[Submission]
) -> Checked:
    """Check one submission beside those of the base branch, and what became of the one that it replaces."""
    checked = check_submission(submission, readable, named=named)
    if before is None:
        return replace(checked, notes=("new",))
    notes = [f"replaces {before.name} {before.version} by {', '.join(before.authors)}: is this their pull request?"]
    if (before.name, before.version) != (submission.name, submission.version):
        notes.append(f"the name was {before.name} {before.version} and is {submission.name} {submission.version}")
    problems = list(checked.problems)
    if not {name.casefold() for name in before.authors} & {name.casefold() for name in submission.authors}:
        problems.append(
            f"{submission.folder / SUBMISSION_FILE}: none of the authors of {before.slug} "
            f"({', '.join(before.authors)}) is among its authors now; hand in work of your own as a new submission"
        )
    return replace(checked, notes=tuple(notes), problems=tuple(problems))


def _files_in(folder: Path) -> Files | None:
    try:
        return read_folder(folder)
    except SubmissionError:
        return None  # there is none, or something is wrong with it, which its own check has said


def check_submission(
    submission: Submission, others: Sequence[Submission], *, named: Sequence[Submission] | None = None
) -> Checked:
    """Check one submission beside the `others`, whose predictions can be read; it may be among them.

    `named` are those whose names are taken, by default the `others`.
    """
    scores, problems = _check_predictions(submission)
    problems += name_problems(submission, others if named is None else named)
    signs: Sequence[Sign] = ()
    rivals = tuple(other for other in others if other.slug != submission.slug)
    if not problems:
        signs = signs_of_trouble([*rivals, submission], only=[submission.slug])[submission.slug]
    return Checked(submission.slug, tuple(problems), scores, tuple(signs), submission=submission, others=rivals)


def readable_submissions(folder: Path) -> tuple[Submission, ...]:
    """Return the submissions that can be read, with their predictions, to compare others with.

    What is wrong with the others is for :func:`check_submissions` to say. A folder that does not exist has none.
    """
    if not folder.is_dir():
        return ()
    return tuple(found for found in _read_all(folder, list_slugs(folder))[1] if _is_readable(found))


Files = Mapping[str, bytes]


def _read_all(folder: Path, slugs: Collection[str]) -> tuple[dict[str, Files], list[Submission], dict[str, str]]:
    """Return the files of the submissions, those that are sound, and what is wrong with the others, by slug."""
    files: dict[str, Files] = {}
    found: list[Submission] = []
    problems: dict[str, str] = {}
    for slug in slugs:
        try:
            files[slug] = read_folder(folder / slug)
            found.append(submission_of(folder / slug, files[slug]))
        except SubmissionError as error:
            problems[slug] = str(error)
    return files, found, problems


def _check_predictions(submission: Submission) -> tuple[tuple[Score, ...], list[str]]:
    """Return the scores on all protocols of a submission, and what is wrong with its predictions."""
    scores: list[Score] = []
    problems: list[str] = []
    for protocol in (*submission.protocols(), *submission.transfer_protocols()):
        try:
            scores.append(score(submission, protocol))
        except PredictionsError as error:
            problems.append(f"{protocol}: {error}")
    if not problems:
        problems += statement_problems(submission)
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
    found = submission.predicted(protocol)
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


def _is_readable(submission: Submission) -> bool:
    try:
        for protocol in (*submission.protocols(), *submission.transfer_protocols()):
            submission.predicted(protocol)
    except PredictionsError:
        return False
    return True
