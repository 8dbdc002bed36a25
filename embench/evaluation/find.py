"""Where predictions are that are asked for by the name of a submission."""

from __future__ import annotations

import re
from pathlib import Path

from embench.errors import PredictionsError, did_you_mean, nearest_names

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SUBMISSIONS = Path("leaderboard") / "submissions"


def find_predictions(name: str | Path, protocol: str) -> Path:
    """Return the predictions file that `name` means: its path, or the folder or the slug of a submission.

    Submissions are looked for in ``leaderboard/submissions`` of the working directory and of the folders above it.
    Raises :class:`~embench.errors.PredictionsError` for a submission without predictions for the protocol, and for
    what is neither a file nor a slug.
    """
    path = Path(name)
    try:
        if path.is_dir():
            return _predictions_of(path, protocol)
        folder = None if path.exists() else _submissions_folder()
    except OSError:
        return path  # a name too long, a folder that is closed to us: reading it says so
    if folder is None or not _SLUG.fullmatch(str(name)):
        return path
    if (folder / path).is_dir():
        return _predictions_of(folder / path, protocol)
    if path.suffix:
        return path
    slugs = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    way_out = did_you_mean(nearest_names(str(name), slugs)) or f"; submissions: {', '.join(slugs)}"
    raise PredictionsError(f"{str(name)!r} is neither a file nor a submission in {folder}{way_out}")


def _submissions_folder() -> Path | None:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / _SUBMISSIONS).is_dir():
            return folder / _SUBMISSIONS
    return None


def _predictions_of(submission: Path, protocol: str) -> Path:
    """Return the file of a submission for `protocol`: the one that it names, or the one named after it."""
    import yaml

    description = submission / "submission.yaml"
    named: object = None
    if description.is_file():
        try:
            named = yaml.safe_load(description.read_text(encoding="utf-8")).get("predictions")
        except (AttributeError, OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise PredictionsError(f"cannot read {description}: {error}") from None
    files = named if isinstance(named, dict) else {}
    name = str(files.get(protocol, files.get("all", f"{protocol}.csv")))
    if Path(name).name != name:
        raise PredictionsError(f"{description} names {name!r}, which is no file of its folder; correct it")
    path = submission / name
    if not path.is_file():
        raise PredictionsError(f"{submission} has no predictions for the protocol {protocol}")
    return path
