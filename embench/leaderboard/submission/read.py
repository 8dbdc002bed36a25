"""Reading submissions: the folder is inspected, the description parsed and checked; nothing in it is executed."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from embench.common import plain_yaml
from embench.common.text import listing, plural
from embench.errors import MissingDependencyError, SubmissionError
from embench.evaluation.submission_folder import SUBMISSION_FILE, left_by_system, parse_description, read_folder

if TYPE_CHECKING:
    from types import ModuleType

    from embench.leaderboard.submission.model import Submission

_TITLE = "A submission to the embench leaderboard"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def import_model() -> ModuleType:
    """Return the module of the models; raises MissingDependencyError where what it needs is not installed."""
    try:
        from embench.leaderboard.submission import model
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in ("pydantic", "pydantic_core", "packaging"):
            raise
        raise MissingDependencyError(library, "leaderboard", "reading submissions") from None
    return model


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``submission.yaml``."""
    schema: dict[str, Any] = import_model().Submission.model_json_schema()
    return {"$schema": _DIALECT, **schema, "title": _TITLE}


def json_schema_text() -> str:
    """Return the JSON Schema as the text of its file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def fields_by_place() -> dict[plain_yaml.Place, Collection[str]]:
    """Return the names of the fields of a submission and of the mappings in it, by where they stand."""
    from pydantic import BaseModel

    model = import_model().Submission
    places: dict[plain_yaml.Place, Collection[str]] = {(): tuple(model.model_fields)}
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                places[name,] = tuple(kind.model_fields)
    return places


# What may lie beside the submissions.
_NO_SUBMISSIONS = frozenset({"README.md", ".gitkeep", ".gitattributes"})


def read_submission(folder: Path) -> Submission:
    """Return the submission in `folder`.

    Raises
    ------
    SubmissionError
        The folder holds what it must not, a file is missing or too large, or the description is not as the schema
        has it; the message names file, line, field and value, and the way out.
    """
    return submission_of(folder, read_folder(folder))


def submission_of(folder: Path, files: Mapping[str, bytes]) -> Submission:
    """Return the submission that is, or will be, in `folder` and has these files; raises SubmissionError."""
    source = str(folder / SUBMISSION_FILE)
    parsed = parse_description(files[SUBMISSION_FILE], source=source)
    submission = submission_from(parsed.value, folder, source=source, lines=parsed.lines)
    _check_files(submission, files)
    submission._files = dict(files)
    return submission


def read_submissions(folder: Path) -> tuple[Submission, ...]:
    """Return all submissions in `folder`, sorted by slug.

    Raises :class:`~embench.errors.SubmissionError` with the problems of all that cannot be read, and for a folder
    without submissions.
    """
    found: list[Submission] = []
    problems: list[str] = []
    for slug in list_slugs(folder):
        try:
            found.append(read_submission(folder / slug))
        except SubmissionError as error:
            problems.append(str(error))
    if problems:
        raise SubmissionError("\n".join(problems))
    if not found:
        raise SubmissionError(f"there are no submissions in {folder}")
    return tuple(found)


def list_slugs(folder: Path) -> tuple[str, ...]:
    """Return the names in the folder of the submissions, sorted; whether they are sound is for the reader to say."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise SubmissionError(f"cannot read {folder}: {error.strerror}; name the folder of the submissions") from None
    return tuple(sorted(name for name in set(names) - _NO_SUBMISSIONS if not left_by_system(name)))


def submission_from(
    content: Any, folder: Path, *, source: str | None = None, lines: Mapping[plain_yaml.Place, int] | None = None
) -> Submission:
    """Return the submission that `content` describes, as one that is, or will be, in `folder`.

    `content` holds tuples where the description has lists; `lines` are the lines of its parts, for messages about
    `source`. No file is looked at. Raises :class:`~embench.errors.SubmissionError`.
    """
    model = import_model()
    from pydantic import ValidationError

    from embench.leaderboard.submission.explain import problems_of

    called = source or str(folder / SUBMISSION_FILE)
    if not isinstance(content, dict):
        raise SubmissionError(f"{called} holds no fields; write 'name: ...' and the others, one a line")
    try:
        submission: Submission = model.Submission.model_validate(content)
    except ValidationError as error:
        problems = problems_of(error, lines or {}, fields_by_place())
        raise SubmissionError(listing(f"{called}, {plural(len(problems), 'problem')}", problems)) from None
    submission._folder = Path(folder)
    return submission


def _check_files(submission: Submission, files: Collection[str]) -> None:
    """Compare the files that the description names with those that are there."""
    folder, named = submission.folder, set(submission.predictions.values())
    present = {name for name in files if name.endswith(".csv")}
    problems = [
        f"{folder / name} is missing, but {SUBMISSION_FILE} names it under predictions"
        for name in sorted(named - present)
    ]
    problems += [
        f"{folder / name} is not named under predictions in {SUBMISSION_FILE}; name it there or remove it"
        for name in sorted(present - named)
    ]
    if problems:
        raise SubmissionError("\n".join(problems))
