"""Writing the folder of a submission: complete and checked in a place of its own first, then moved, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.errors import OutputError, SubmissionError
from embench.leaderboard.submission import SUBMISSION_FILE, read_submission, submission_from
from embench.leaderboard.submission.folder import slug_problem
from embench.leaderboard.submit.fields import complete

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission


@contextmanager
def staged(
    content: Mapping[str, Any],
    files: Mapping[str, Path],
    *,
    slug: str,
    submissions: Path,
    dry_run: bool = False,
    unit: str | None = None,
) -> Iterator[Submission]:
    """Write the submission into a temporary folder beside `submissions` and give it, read back and checked.

    Parameters
    ----------
    content
        The fields that a person has filled in; see :data:`~embench.leaderboard.submit.fields.Content`.
    files
        The predictions file of each protocol.
    dry_run
        Put the temporary folder somewhere else: the submission will not be moved to its place.
    unit
        The unit of the predictions; they are written in eV.

    Raises
    ------
    SubmissionError
        The slug or a field is not as it must be.
    OutputError
        The folder cannot be written.
    """
    problem = slug_problem(slug)
    if problem:
        raise SubmissionError(f"the slug {slug!r} {problem}")
    names = {protocol: f"{protocol}.csv" for protocol in files}
    described = complete(dict(content), names, n_predicted=_count(files))
    submission_from(described, submissions / slug, source=f"the description of {slug}")
    with ExitStack() as stack:
        try:
            if not dry_run:
                submissions.mkdir(parents=True, exist_ok=True)
            beside = None if dry_run else submissions.parent
            temporary = stack.enter_context(tempfile.TemporaryDirectory(dir=beside, prefix=".submit-"))
            folder = Path(temporary) / slug
            folder.mkdir()
            for protocol, path in files.items():
                (folder / names[protocol]).write_bytes(_plain(path, unit))
            (folder / SUBMISSION_FILE).write_text(description_text(described), encoding="utf-8", newline="")
        except OSError as error:
            raise OutputError(f"cannot write {submissions / slug}: {error.strerror or error}") from error
        yield read_submission(folder)


def take_in(submission: Submission, submissions: Path, *, replace: bool = False) -> Path:
    """Move a staged submission to its place and return that; what was there is replaced only with `replace`.

    Raises :class:`~embench.errors.SubmissionError` where there is one of that name already, and
    :class:`~embench.errors.OutputError` where it cannot be moved; then everything is as it was.
    """
    target = submissions / submission.slug
    check_free(target, replace=replace)
    old = submission.folder.with_name("replaced")
    try:
        if target.exists():
            os.rename(target, old)
        try:
            os.rename(submission.folder, target)
        except OSError:
            if old.exists():
                os.rename(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)
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


def description_text(content: Mapping[str, Any]) -> str:
    """Return the text of ``submission.yaml``."""
    import yaml

    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in content.items()}
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    return text


def _plain(path: Path, unit: str | None) -> bytes:
    """Return a predictions file as a submission holds it: CSV in eV; one that is so already as it is."""
    from embench.dataset import load
    from embench.evaluation.predictions import canonical_csv, read_predictions

    found = read_predictions(path, known=load().entry_ids, unit=unit)
    if found.plain:
        return path.read_bytes()
    return canonical_csv(found.entry_ids, found.values, found.uncertainties).encode()


def _count(files: Mapping[str, Path]) -> int:
    from embench.dataset import load
    from embench.evaluation.predictions import read_predictions

    known = load().entry_ids
    return len({entry_id for path in files.values() for entry_id in read_predictions(path, known=known).entry_ids})
