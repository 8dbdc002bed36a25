"""The fields of a description that a person fills in: their options, their questions, and what is still missing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from embench.errors import InvalidValueError, SubmissionError, did_you_mean, nearest_names
from embench.evaluation.submission_folder import read_description
from embench.leaderboard.submission.read import fields_by_place, import_model
from embench.schema.terms import Dispersion, Functional

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission
    from embench.leaderboard.submit.protocols import GivenFile

Content = dict[str, Any]
"""Fields by name as in ``submission.yaml``, with tuples for lists; those of training_data under that key."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One field: its place, the option that sets it, and how to ask for it.

    `read` turns an answer into the value. A question that is not `required` may be left open; one of
    `kinds`, where given, is asked for these kinds of submissions only. One that `follows` another is asked where that
    one has an answer, and then needs one itself.
    """

    place: tuple[str, ...]
    option: str
    text: str
    required: bool = False
    choices: tuple[str, ...] = ()
    read: Callable[[str], Any] = str
    kinds: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()

    def needed(self, content: Mapping[str, Any]) -> bool:
        """Return whether the description is not complete without an answer."""
        return self.required or (bool(self.follows) and get(content, self.follows) not in (None, ""))


def _items(answer: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in answer.split(";") if item.strip())


def _numbers(answer: str) -> tuple[int, ...]:
    return tuple(int(item) for item in answer.replace(",", " ").split())


def _yes(answer: str) -> bool:
    known = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
    return known[answer.strip().casefold()] if answer.strip().casefold() in known else _refuse("is neither yes nor no")


def _pairs(answer: str) -> dict[str, str]:
    """Return the parts of ``A = 1; B = 2`` by name."""
    found = [part.rpartition("=") for part in _items(answer)]
    if not all(sign and name.strip() for name, sign, _ in found):
        _refuse("is not written NAME = VALUE; NAME = VALUE")
    return {name.strip(): value.strip() for name, _, value in found}


def _counts(answer: str) -> dict[str, int]:
    return {name: int(value) for name, value in _pairs(answer.replace(",", ";")).items()}


def _refuse(reason: str) -> Any:
    raise InvalidValueError(reason)


_NEB = ("potential-neb",)
_LEVEL, _RUN, _WEIGHTS = ("level_of_theory", "functional"), ("neb", "protocol"), ("checkpoint", "address")

QUESTIONS: tuple[Question, ...] = (
    Question(place=("name",), option="--name", text="Name of the system", required=True),
    Question(place=("version",), option="--version", text="Version", required=True),
    Question(
        place=("kind",),
        option="--kind",
        text="Kind",
        required=True,
        choices=("property-model", "potential-neb", "hybrid", "literature"),
    ),
    Question(place=("authors",), option="--author", text="Authors, separated by ;", required=True, read=_items),
    Question(place=("date",), option="--date", text="Date of the predictions (YYYY-MM-DD)", required=True),
    Question(place=("description",), option="--description", text="How it works, in a few sentences", required=True),
    Question(place=("licence",), option="--licence", text="Licence", required=True),
    Question(
        place=("training_data", "description"),
        option="--training-data",
        text="Everything it was trained, selected or adjusted on",
        required=True,
    ),
    Question(
        place=("training_data", "overlaps_scored_entries"),
        option="--overlap",
        text="Are scored entries among that (out of fold: none)",
        required=True,
        choices=("none", "structures", "barriers", "unknown"),
    ),
    Question(place=("training_data", "overlap_details"), option="--overlap-details", text="Which, and how one knows"),
    Question(
        place=("orcid",), option="--orcid", text="ORCID iDs, as A. Author = 0000-0002-1825-0097; ...", read=_pairs
    ),
    Question(place=("paper",), option="--paper", text="Paper (citation with doi, or https address)"),
    Question(place=("code",), option="--code", text="Code (https address)"),
    Question(place=("parameters",), option="--parameters", text="Number of fitted parameters", read=int),
    Question(
        place=("barrier",),
        option="--barrier",
        text="Which barrier",
        choices=("max-minus-min", "max-minus-start"),
        kinds=_NEB,
    ),
    Question(
        place=_LEVEL,
        option="--functional",
        text="Functional of the training data",
        choices=get_args(Functional),
        kinds=_NEB,
    ),
    Question(
        place=("level_of_theory", "hubbard_u"),
        option="--hubbard-u",
        text="Do some elements have a Hubbard U (yes or no)",
        read=_yes,
        kinds=_NEB,
        follows=_LEVEL,
    ),
    Question(
        place=("level_of_theory", "dispersion"),
        option="--dispersion",
        text="Dispersion correction",
        choices=get_args(Dispersion),
        kinds=_NEB,
        follows=_LEVEL,
    ),
    Question(place=_RUN, option="--neb-protocol", text="How the bands were computed (embench-neb-1, ...)", kinds=_NEB),
    Question(
        place=("neb", "n"),
        option="--neb-bands",
        text="Number of bands that were tried",
        read=int,
        kinds=_NEB,
        follows=_RUN,
    ),
    Question(
        place=("neb", "share_converged"),
        option="--neb-converged",
        text="Share of them that converged, 0 to 1",
        read=float,
        kinds=_NEB,
        follows=_RUN,
    ),
    Question(
        place=("neb", "failures"),
        option="--neb-failures",
        text="Bands by kind of failure, as clash = 3; crash = 1",
        read=_counts,
        kinds=_NEB,
    ),
    Question(place=_WEIGHTS, option="--checkpoint", text="Where the weights can be had (https address)", kinds=_NEB),
    Question(
        place=("checkpoint", "sha256"),
        option="--checkpoint-sha256",
        text="sha256 of the file with the weights",
        kinds=_NEB,
        follows=_WEIGHTS,
    ),
    Question(
        place=("checkpoint", "licence"),
        option="--checkpoint-licence",
        text="Licence of the weights (SPDX, such as MIT)",
        kinds=_NEB,
        follows=_WEIGHTS,
    ),
    Question(place=("uncertainty",), option="--uncertainty", text="What the column uncertainty holds"),
    Question(place=("hardware",), option="--hardware", text="Hardware"),
    Question(place=("cost_device_hours",), option="--cost", text="Hours of that hardware, all in all", read=float),
    Question(place=("seeds",), option="--seed", text="Seeds", read=_numbers),
    Question(place=("reproduce",), option="--reproduce", text="How to make the predictions again (a command)"),
)

# What embench fills in itself.
COMPUTED = ("predictions", "n_predicted")
# What is written only where it says something: most systems are no potentials, and need nothing before them.
LEFT_OUT_IF_EMPTY = ("orcid", "level_of_theory", "neb", "checkpoint", "cost_by_protocol", "upstream")


def get(content: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    """Return the value at `place`, None where there is none."""
    value: Any = content
    for key in place:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def put(content: Content, place: tuple[str, ...], value: Any) -> None:
    """Set the value at `place`."""
    *parents, last = place
    for key in parents:
        if not isinstance(content.get(key), dict):
            content[key] = {}
        content = content[key]
    content[last] = value


def read_option(place: tuple[str, ...], text: str) -> Any:
    """Return the value that an option says in words, None for none.

    Raises :class:`~embench.errors.InvalidValueError`, which names the option.
    """
    question = next(question for question in QUESTIONS if question.place == place)
    try:
        return question.read(text) if text else None
    except ValueError as error:
        reason = str(error) if isinstance(error, InvalidValueError) else "is no number"
        raise InvalidValueError(f"{question.option}: {text!r} {reason}") from None


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


def submission_with(content: Content, files: Mapping[str, GivenFile], *, folder: Path) -> Submission:
    """Return the submission with these fields and the predictions file of each protocol; nothing is written.

    Messages about its predictions name the files that were given. Raises
    :class:`~embench.errors.SubmissionError` where the name of `folder` or a field is not as it must be.
    """
    from embench.leaderboard.submission.write import make_submission

    names = {protocol: f"{protocol}.csv" for protocol in files}
    n_predicted = len({entry_id for file in files.values() for entry_id in file.predictions.entry_ids})
    described = complete(content, names, n_predicted=n_predicted)
    submission = make_submission(folder, described, {names[key]: file.content for key, file in files.items()})
    submission.keep_parsed({names[key]: file.predictions for key, file in files.items()})
    return submission


def complete(content: Content, predictions: Mapping[str, str], *, n_predicted: int) -> Content:
    """Return all fields in the order of the schema: those given, the computed ones, and the defaults of the rest."""
    from embench._version import DATASET_VERSION, __version__
    from embench.splits.registry import SPLITS_VERSION

    scored_with = {"embench": __version__, "dataset": DATASET_VERSION, "splits": SPLITS_VERSION}
    computed = {
        "versions": (content.get("versions") or {}) | scored_with,
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
