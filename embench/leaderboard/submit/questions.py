"""The questions of a description: each field with its option, how to ask for it, and how to read the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from embench.errors import InvalidValueError
from embench.schema.terms import Dispersion, Functional


def get(content: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    """Return the value at `place`, None where there is none."""
    value: Any = content
    for key in place:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


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
