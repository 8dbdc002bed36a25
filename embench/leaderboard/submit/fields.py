"""The fields of a description that a person fills in: what is still missing, and what a template gives."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.errors import SubmissionError, did_you_mean, nearest_names
from embench.evaluation.submission_folder import read_description
from embench.leaderboard.submission.read import fields_by_place, import_model
from embench.leaderboard.submit.questions import QUESTIONS, Question, get

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission
    from embench.leaderboard.submit.protocols import GivenFile

Content = dict[str, Any]
"""Fields by name as in ``submission.yaml``, with tuples for lists; those of training_data under that key."""


# What embench fills in itself.
COMPUTED = ("predictions", "n_predicted")
# What is written only where it says something: most systems are no potentials, and need nothing before them.
LEFT_OUT_IF_EMPTY = ("orcid", "level_of_theory", "neb", "checkpoint", "cost_by_protocol", "upstream")


def put(content: Content, place: tuple[str, ...], value: Any) -> None:
    """Set the value at `place`."""
    *parents, last = place
    for key in parents:
        if not isinstance(content.get(key), dict):
            content[key] = {}
        content = content[key]
    content[last] = value


def missing(content: Mapping[str, Any]) -> tuple[Question, ...]:
    """Return the questions of the required fields that are still empty."""
    return tuple(
        question for question in QUESTIONS if question.needed(content) and get(content, question.place) in (None, "")
    )


def open_questions(content: Mapping[str, Any]) -> tuple[Question, ...]:
    """Return the questions of all fields that are still empty and concern this kind of submission."""
    kind = content.get("kind")
    return tuple(
        question
        for question in QUESTIONS
        if get(content, question.place) in (None, "", ())
        and (not question.kinds or kind in question.kinds)
        and (not question.follows or question.needed(content))
    )


def missing_message(content: Mapping[str, Any]) -> str | None:
    """Return what is missing and how to give it, or None where nothing is."""
    questions = missing(content)
    if not questions:
        return None
    listed = "\n".join(f"  {question.option:<20} {question.text}{_choices(question)}" for question in questions)
    return (
        f"the description is not complete; missing:\n{listed}\n"
        "Give these options, or a file with --from-template (see leaderboard/template/submission.yaml), or run the "
        "command on a terminal to be asked"
    )


def _choices(question: Question) -> str:
    return f": {', '.join(question.choices)}" if question.choices else ""


def field_problem(content: Mapping[str, Any], place: tuple[str, ...]) -> str | None:
    """Return what is wrong with the value at `place`, whatever else may be, or None."""
    from pydantic import ValidationError

    from embench.leaderboard.submission.explain import problems_of

    try:
        import_model().Submission.model_validate(content)
    except ValidationError as error:
        name = ".".join(place)
        for problem in problems_of(error, {}, {}):
            if problem == f"{name} is missing; add it" or problem.startswith((f"{name}: ", f"{name}.")):
                return problem
    return None


def read_template(path: Path) -> Content:
    """Return the fields that a template, or the ``submission.yaml`` of an earlier version, gives.

    Empty fields are left out, and so is what is computed from the predictions. Raises
    :class:`~embench.errors.SubmissionError` for a file that cannot be read and for unknown fields.
    """
    parsed = read_description(path)
    if not isinstance(parsed.value, dict):
        raise SubmissionError(f"{path} holds no fields; write 'name: ...' and the others, one a line")
    for parent, known in fields_by_place().items():
        names = get(parsed.value, tuple(map(str, parent))) if parent else parsed.value
        if not isinstance(names, dict | None):
            line = parsed.lines[parent]
            raise SubmissionError(f"{path}, line {line}: {parent[0]} must be a mapping: one 'key: value' a line")
        for name in names or {}:
            if name not in known:
                line = parsed.lines[(*parent, name)]
                way_out = did_you_mean(nearest_names(str(name), known)) or f"; the fields are {', '.join(known)}"
                place = ".".join(map(str, (*parent, name)))
                raise SubmissionError(f"{path}, line {line}: unknown field {place}{way_out}")
    return {
        name: filled
        for name, value in parsed.value.items()
        if name not in COMPUTED and (filled := _filled(value)) not in (None, "", (), {})
    }


def _filled(value: Any) -> Any:
    """Return a value of a template; of a mapping only what is filled in."""
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if part not in (None, "", (), {})}


def submission_with(
    content: Content, files: Mapping[str, GivenFile], *, folder: Path, dataset_version: str | None = None
) -> Submission:
    """Return the submission with these fields and the predictions file of each protocol; nothing is written.

    `dataset_version` is that of the dataset that the predictions were made with, by default the one of the leaderboard.
    Messages about its predictions name the files that were given. Raises
    :class:`~embench.errors.SubmissionError` where the name of `folder` or a field is not as it must be.
    """
    from embench.leaderboard.submission.write import make_submission

    names = {protocol: f"{protocol}.csv" for protocol in files}
    n_predicted = len({entry_id for file in files.values() for entry_id in file.predictions.entry_ids})
    described = complete(content, names, n_predicted=n_predicted, dataset_version=dataset_version)
    submission = make_submission(folder, described, {names[key]: file.content for key, file in files.items()})
    submission.keep_parsed({names[key]: file.predictions for key, file in files.items()})
    return submission


def complete(
    content: Content, predictions: Mapping[str, str], *, n_predicted: int, dataset_version: str | None = None
) -> Content:
    """Return all fields in the order of the schema: those given, the computed ones, and the defaults of the rest.

    Raises :class:`~embench.errors.UnknownNameError` where there is no such version of the dataset.
    """
    from embench._version import __version__
    from embench.schema import DEFAULT, layout

    made_with = layout(DEFAULT.name, dataset_version).version
    # The splits have the number of the dataset.
    versions = {"embench": __version__, "dataset": made_with, "splits": made_with}
    computed = {
        "versions": (content.get("versions") or {}) | versions,
        "predictions": dict(predictions),
        "n_predicted": n_predicted,
    }
    given: Content = {"seeds": (), "cost_by_protocol": {}} | content | computed
    known = import_model().Submission.model_fields
    every = {name: given.get(name) for name in known} | {name: given[name] for name in given if name not in known}
    return {name: value for name, value in every.items() if value or name not in LEFT_OUT_IF_EMPTY}


def today() -> str:
    """Return the date of today, YYYY-MM-DD."""
    return datetime.date.today().isoformat()
