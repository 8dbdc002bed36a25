"""Where predictions are that are asked for by the name of a submission."""

from __future__ import annotations

import os
import re
from pathlib import Path

from embench.common.shipped import resource_folder
from embench.errors import DatasetError, PredictionsError, SubmissionError, did_you_mean, nearest_names
from embench.evaluation.submission_folder import SUBMISSION_FILE, named_file, read_description

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SUBMISSIONS = Path("leaderboard") / "submissions"


def find_predictions(name: str | Path, protocol: str) -> Path:
    """Return the predictions file that `name` means: its path, or the folder or the slug of a submission.

    Submissions are looked for where :func:`submissions_folder` says.

    Raises
    ------
    PredictionsError
        A submission has no predictions for the protocol, or `name` is neither a file nor a slug.
    SubmissionError
        A submission cannot be read, or names a file outside of its folder.
    """
    path = Path(name)
    try:
        is_folder, is_there = path.is_dir(), path.exists()
    except OSError:
        return path  # a name too long, a folder that is closed to us: reading it says so
    if is_folder:
        return _predictions_of(path, protocol)
    folder = None if is_there else submissions_folder()
    if folder is None or not _SLUG.fullmatch(str(name)):
        return path
    if (folder / path).is_dir():
        return _predictions_of(folder / path, protocol)
    if path.suffix:
        return path
    slugs = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    way_out = did_you_mean(nearest_names(str(name), slugs)) or f"; submissions: {', '.join(slugs)}"
    raise PredictionsError(f"{str(name)!r} is neither a file nor a submission in {folder}{way_out}")


def submissions_folder() -> Path | None:
    """Return ``leaderboard/submissions`` of the working directory or of a folder above it, else that of embench.

    The installed package carries the submissions of its release; None where neither is there.
    """
    try:
        here = Path.cwd()
    except OSError:  # the working directory was removed
        here = Path("/")
    for folder in (here, *here.parents):
        if (folder / _SUBMISSIONS).is_dir():
            return folder / _SUBMISSIONS
    try:
        return resource_folder("submissions")
    except DatasetError:
        return None


def _predictions_of(folder: Path, protocol: str) -> Path:
    """Return the file of a submission for `protocol`: the one that it names, or the one named after it.

    Raises as :func:`~embench.evaluation.submission_folder.named_file` does.
    """
    described = folder / SUBMISSION_FILE
    name: str | None = f"{protocol}.csv"
    if os.path.lexists(described):
        name = named_file(read_description(described), protocol, source=str(described))
    path = folder / name if name is not None else None
    if path is None or not path.is_file():
        raise PredictionsError(f"{folder} has no predictions for the protocol {protocol}")
    if path.is_symlink():
        raise SubmissionError(f"{path} is a link; put the file itself there")
    return path
