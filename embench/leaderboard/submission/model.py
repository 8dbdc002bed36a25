"""What a submission says about itself. Imports pydantic: import this module only where it is needed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints

from embench.evaluation.submission_folder import ALL, FILE_NAME
from embench.leaderboard.submission.looks import address_problem, hidden_character
from embench.splits.registry import protocol_names

if TYPE_CHECKING:
    from embench.evaluation.predictions import Predictions

Kind = Literal["property-model", "potential-neb", "hybrid", "literature"]
Overlap = Literal["none", "structures", "barriers", "unknown"]
Barrier = Literal["max-minus-start", "max-minus-min"]
if TYPE_CHECKING:
    Protocol = str
else:
    # The names of the registry: the schema lists them, and what is none of them is refused.
    Protocol = Literal[(*protocol_names(), ALL)]

INCOMPLETE_KINDS = ("potential-neb", "literature")
"""The kinds that may leave entries without a prediction: a calculation may fail, and a table may have blanks."""

_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]*)\s*:\s*//", re.IGNORECASE)
_SCRIPT = re.compile(r"\b(javascript|vbscript|data|file|blob)\s*:", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
_AFTER_ADDRESS = ".,;:)"
_DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/[A-Za-z0-9._;()/:-]+)", re.IGNORECASE)
_ARXIV = re.compile(r"\barXiv:\s*(\d{4}\.\d{4,5}(?:v\d+)?)", re.IGNORECASE)


def _printable(text: str) -> str:
    hidden = hidden_character(text)
    if hidden:
        raise ValueError(f"holds the {hidden}; remove it")
    return text


def _one_line(text: str) -> str:
    if "\n" in _printable(text):
        raise ValueError("has more than one line; write it in one")
    return text


def _name(text: str) -> str:
    if not any(character.isalnum() for character in _one_line(text)):
        raise ValueError("has no letter or digit; give it a name that can be read")
    return text


def _reference(text: str) -> str:
    """Refuse addresses that a browser would not open as a web page."""
    _one_line(text)
    schemes = {found.casefold() for found in _SCHEME.findall(text)} - {"http", "https"}
    if schemes or _SCRIPT.search(text):
        raise ValueError("holds an address that is no web page; give one that starts with https://")
    for address in _WEB.findall(text):
        problem = address_problem(address.rstrip(_AFTER_ADDRESS))
        if problem:
            raise ValueError(f"holds an address that {problem}")
    return text


def _date(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        raise ValueError("is no date; write YYYY-MM-DD, YYYY-MM or YYYY")
    try:
        datetime.date.fromisoformat(text + "-01" * (2 - text.count("-")))
    except ValueError:
        raise ValueError("is no day of the calendar; write YYYY-MM-DD, YYYY-MM or YYYY") from None
    return text


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"names {twice[0]!r} twice; name everybody once")
    return values


def _line(most: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=most)


Line = Annotated[str, _line(200), AfterValidator(_one_line)]
ShortLine = Annotated[str, _line(80), AfterValidator(_one_line)]
Name = Annotated[str, _line(80), AfterValidator(_name)]
Text = Annotated[str, _line(2000), AfterValidator(_printable)]
Reference = Annotated[str, _line(500), AfterValidator(_reference)]
Date = Annotated[str, StringConstraints(min_length=4, max_length=10), AfterValidator(_date)]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME, max_length=100)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True)


class TrainingData(_Strict):
    """What a system was trained on."""

    description: Text = Field(
        description="Everything that the system was trained, selected or adjusted on, potentials included."
    )
    overlaps_scored_entries: Overlap = Field(
        description="Whether the scored entries are in it: none; structures (of the same compounds, without "
        "barriers); barriers (their migration barriers); unknown. Out-of-fold predictions have none."
    )
    overlap_details: Text | None = Field(default=None, description="Which entries, and how one knows.")


class Submission(_Strict):
    """One system on the leaderboard: its description, and which file holds its predictions for which protocol.

    Read one with :func:`embench.leaderboard.submission.read_submission`, which also checks the folder that it
    is in. All text is as its author wrote it: escape it before it becomes part of a page.
    """

    name: Name = Field(description="What the board calls the system.")
    version: Name = Field(description="Version of the system, such as 1.0 or a commit.")
    kind: Kind = Field(
        description="property-model: from structure to barrier; potential-neb: an interatomic potential with NEB; "
        "hybrid: a property model that needs a calculation with a potential first; literature: published numbers."
    )
    authors: Annotated[tuple[ShortLine, ...], AfterValidator(_distinct)] = Field(
        min_length=1, max_length=100, description="Who made the system."
    )
    date: Date = Field(description="When the predictions were made: YYYY-MM-DD, YYYY-MM or YYYY.")
    description: Text = Field(description="How the system works, in a few sentences.")
    paper: Reference | None = Field(
        default=None, description="Where it is described: a citation with doi: or arXiv:, or an address (https)."
    )
    code: Reference | None = Field(default=None, description="Where its code is: an address (https), or in words.")
    licence: Line = Field(description="Licence of the predictions and, where it is public, of the code.")
    parameters: Annotated[int, Field(ge=0, le=10**15)] | None = Field(
        default=None, description="Number of fitted parameters; left out where it has no meaning."
    )
    barrier: Barrier | None = Field(
        default=None,
        description="Which barrier a calculation gives: max-minus-start is what is scored, the highest energy minus "
        "that of the initial state; max-minus-min is the highest minus the lowest of all images.",
    )
    training_data: TrainingData = Field(description="What the system was trained on.")
    uncertainty: Text | None = Field(
        default=None, description="What the column uncertainty holds; needed where there is one."
    )
    hardware: Line | None = Field(default=None, description="What the system was trained and run on.")
    cost_device_hours: Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)] | None = Field(
        default=None, description="Hours of that hardware for training and prediction, all protocols together."
    )
    seeds: Annotated[tuple[Seed, ...], Field(max_length=100)] = Field(
        default=(), description="Seeds of the random numbers, where there are any."
    )
    versions: Annotated[dict[ShortLine, ShortLine], Field(max_length=50)] = Field(
        default={}, description="Versions of the libraries that the result depends on."
    )
    reproduce: Text | None = Field(default=None, description="How to make the predictions again, best a command.")
    predictions: Annotated[dict[Protocol, FileName], Field(min_length=1)] = Field(
        description="The predictions file of each protocol; the key all is for a file that serves every protocol, "
        "which is right for what needs no training."
    )
    n_predicted: Annotated[int, Field(ge=1, le=10**6)] = Field(
        description="How many different entries the files have predictions for."
    )

    _folder: Path = PrivateAttr(default=Path())
    _files: Mapping[str, bytes] = PrivateAttr(default_factory=dict)
    _parsed: dict[str, Predictions] = PrivateAttr(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder of the submission."""
        return self._folder

    @property
    def slug(self) -> str:
        """The name of the folder, which is what the board and its addresses call the submission."""
        return self._folder.name

    @property
    def may_be_incomplete(self) -> bool:
        """Whether entries may lack a prediction; those are scored with the worst reference prediction and counted."""
        return self.kind in INCOMPLETE_KINDS

    @property
    def paper_url(self) -> str | None:
        """An address (http or https) of the paper, or None."""
        return _url(self.paper)

    @property
    def code_url(self) -> str | None:
        """An address (http or https) of the code, or None."""
        return _url(self.code)

    def file(self, protocol: str) -> Path | None:
        """Return the predictions file for `protocol`, always inside the folder; None where there is none."""
        named: dict[str, str] = {str(key): value for key, value in self.predictions.items()}
        name = named.get(protocol, named.get(ALL))
        return None if name is None else self._folder / Path(name).name

    @property
    def files(self) -> Mapping[str, bytes]:
        """The content of the files of the submission by name, as it was when the submission was read."""
        return self._files

    def predicted(self, protocol: str) -> Predictions:
        """Return the predictions for a protocol that there is a file for; they are parsed once and kept.

        Raises :class:`~embench.errors.PredictionsError` for a file that is no table of predictions.
        """
        from embench.dataset import load
        from embench.evaluation.predictions import parse_predictions

        path = self.file(protocol)
        assert path is not None, "only asked for protocols that have a file"
        if path.name not in self._parsed:
            known = load().entry_ids
            self._parsed[path.name] = parse_predictions(self._files[path.name], name=str(path), known=known, plain=True)
        return self._parsed[path.name]

    def keep_parsed(self, predictions: Mapping[str, Predictions]) -> None:
        """Take what was parsed already, by the names of the files, so that it is not parsed again."""
        self._parsed.update(predictions)

    def protocols(self) -> tuple[str, ...]:
        """Return the protocols that there are predictions for, in the order of the registry."""
        return tuple(name for name in protocol_names() if self.file(name) is not None)


def _url(text: str | None) -> str | None:
    """Return the address of a web page that `text` names or refers to; nothing else can become a link."""
    if text is None:
        return None
    if found := _WEB.search(text):
        return found.group().rstrip(_AFTER_ADDRESS)
    if found := _DOI.search(text):
        return f"https://doi.org/{found[1].rstrip('.,;:)')}"
    if found := _ARXIV.search(text):
        return f"https://arxiv.org/abs/{found[1]}"
    return None
