"""Writing submissions: the folder is made in full beside its place, then moved there, or nothing changes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.common import plain_yaml
from embench.common.folders import bring_back, put_in_place, working_folder
from embench.errors import OutputError, SubmissionError
from embench.evaluation.submission_folder import CARD_FILE, SUBMISSION_FILE, slug_problem
from embench.leaderboard.submission.read import submission_from, submission_of

if TYPE_CHECKING:
    from embench.leaderboard.submission.model import Submission


def place_of(submissions: Path, slug: str) -> Path:
    """Return the folder of the submission `slug`; raises SubmissionError for what is no name of one."""
    problem = slug_problem(slug)
    if problem:
        raise SubmissionError(f"the slug {slug!r} {problem}")
    return submissions / slug


def make_submission(folder: Path, content: Mapping[str, Any], predictions: Mapping[str, bytes]) -> Submission:
    """Return the submission that will be in `folder`, checked as one that was read from there; nothing is written.

    Parameters
    ----------
    content
        The fields of the description, in the order in which they are to be written.
    predictions
        The content of the predictions files that it names.

    Raises
    ------
    SubmissionError
        The name of the folder or a field is not as it must be.
    """
    place_of(folder.parent, folder.name)
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}
    submission_from(plain, folder, source=f"the description of {folder.name}")
    text = plain_yaml.dump(content).encode()
    if len(text) > plain_yaml.MOST_BYTES:
        raise SubmissionError(f"the description of {folder.name} is larger than {plain_yaml.MOST_BYTES >> 10} KiB")
    return submission_of(folder, {**predictions, SUBMISSION_FILE: text})


def write_submission(submission: Submission, *, replace: bool = False) -> Path:
    """Write a submission into its folder and return that; what is there is replaced only with `replace`.

    A card (``README.md``) that is there stays.

    Raises
    ------
    SubmissionError
        There is a submission of that name, and `replace` is not given, or something else is in its place.
    OutputError
        The folder cannot be written; then everything is as it was.
    """
    target = submission.folder
    bring_back(target, aside=_aside(target))
    check_free(target, replace=replace)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the folder of all submissions: whoever reads that must not meet half of one.
        with working_folder(target.parent.parent, "submit") as temporary:
            made = temporary / submission.slug
            made.mkdir()
            for name, content in submission.files.items():
                (made / name).write_bytes(content)
            if (target / CARD_FILE).is_file() and CARD_FILE not in submission.files:
                shutil.copyfile(target / CARD_FILE, made / CARD_FILE)
            put_in_place(made, target, aside=_aside(target))
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def check_free(target: Path, *, replace: bool) -> None:
    """Raise SubmissionError where the place of a submission is taken and not to be replaced."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise SubmissionError(f"{target} is no folder; move it away first")
    if target.exists() and not replace:
        raise SubmissionError(
            f"there is a submission {target.name} already: choose another name with --slug, or replace it with "
            "--replace"
        )


def _aside(target: Path) -> Path:
    """Return where the submission that is replaced waits, where names cannot be exchanged: beside all submissions."""
    return target.parent.parent / f".submit.{target.name}.before"
