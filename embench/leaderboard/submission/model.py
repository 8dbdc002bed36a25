"""What a submission says about itself. Imports pydantic: import this module only where it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from embench.evaluation.submission_folder import ALL
from embench.leaderboard.submission.potential import Checkpoint, LevelOfTheory, NebRun
from embench.leaderboard.submission.types import (
    Date,
    FileName,
    Line,
    Name,
    Orcid,
    Reference,
    Seed,
    ShortLine,
    Strict,
    Text,
    distinct,
    web_address,
)
from embench.schema import DEFAULT
from embench.splits.registry import TRANSFER_PROTOCOLS, all_protocol_names, protocol_names, protocol_spec

if TYPE_CHECKING:
    from embench.evaluation.predictions import Predictions

Kind = Literal["property-model", "potential-neb", "hybrid", "literature"]
Overlap = Literal["none", "structures", "barriers", "unknown"]
Barrier = Literal["max-minus-start", "max-minus-min"]
if TYPE_CHECKING:
    Protocol = str
else:
    # The names of the registry: the schema lists them, and what is none of them is refused.
    Protocol = Literal[(*all_protocol_names(), ALL)]

INCOMPLETE_KINDS = ("potential-neb", "literature")
"""The kinds that may leave entries without a prediction: a calculation may fail, and a table may have blanks."""


class TrainingData(Strict):
    """What a system was trained on."""

    description: Text = Field(
        description="Everything that the system was trained, selected or adjusted on, potentials included."
    )
    overlaps_scored_entries: Overlap = Field(
        description="Whether the scored entries are in it: none; structures (of the same compounds, without "
        "barriers); barriers (their migration barriers); unknown. Out-of-fold predictions have none."
    )
    overlap_details: Text | None = Field(default=None, description="Which entries, and how one knows.")


class Upstream(Strict):
    """What has to be computed or trained before the system itself, and is no part of its own cost."""

    description: Text = Field(description="What comes before: NEB runs that give an input, pre-training.")
    device_hours: Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)] | None = Field(
        default=None, description="Hours of the same hardware; left out where nobody has reported them."
    )


class Submission(Strict):
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
    authors: Annotated[tuple[ShortLine, ...], AfterValidator(distinct)] = Field(
        min_length=1, max_length=100, description="Who made the system."
    )
    orcid: Annotated[dict[ShortLine, Orcid], Field(max_length=100)] | None = Field(
        default=None, description="ORCID iDs of the authors, by the name that stands under authors."
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
        description="Which barrier a calculation gives: max-minus-min is the highest minus the lowest energy of all "
        "images, which potentials are ranked on, as in the literature; max-minus-start is the highest energy minus "
        "that of the initial state, which the board shows beside it.",
    )
    level_of_theory: LevelOfTheory | None = Field(
        default=None, description="What the training data of a potential were computed with."
    )
    neb: NebRun | None = Field(
        default=None, description="How the bands of a potential were computed, and how many of them failed."
    )
    checkpoint: Checkpoint | None = Field(
        default=None, description="The weights: where they are, their checksum and their licence."
    )
    training_data: TrainingData = Field(description="What the system was trained on.")
    uncertainty: Text | None = Field(
        default=None, description="What the column uncertainty holds; needed where there is one."
    )
    hardware: Line | None = Field(default=None, description="What the system was trained and run on.")
    cost_device_hours: Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)] | None = Field(
        default=None, description="Hours of that hardware for training and prediction, all protocols together."
    )
    cost_by_protocol: dict[Protocol, Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)]] = Field(
        default={}, description="The same hours protocol by protocol: sums over different protocols do not compare."
    )
    upstream: Upstream | None = Field(
        default=None, description="What was computed or trained before, which the hours above leave out."
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

    @model_validator(mode="after")
    def _orcids_are_of_authors(self) -> Submission:
        for name in self.orcid or {}:
            if name not in self.authors:
                raise ValueError(f"orcid: {name!r} is not among the authors; write the name as it is there")
        return self

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
        return web_address(self.paper)

    @property
    def code_url(self) -> str | None:
        """An address (http or https) of the code, or None."""
        return web_address(self.code)

    def file(self, protocol: str) -> Path | None:
        """Return the predictions file for `protocol`, always inside the folder; None where there is none."""
        named: dict[str, str] = {str(key): value for key, value in self.predictions.items()}
        # A file for all is one for the first dataset: what is predicted for the second is said by name.
        first = _dataset_of(protocol) == DEFAULT.name
        name = named.get(protocol, named.get(ALL) if first else None)
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
            known = load(_dataset_of(protocol)).entry_ids
            self._parsed[path.name] = parse_predictions(self._files[path.name], name=str(path), known=known, plain=True)
        return self._parsed[path.name]

    def keep_parsed(self, predictions: Mapping[str, Predictions]) -> None:
        """Take what was parsed already, by the names of the files, so that it is not parsed again."""
        self._parsed.update(predictions)

    def protocols(self) -> tuple[str, ...]:
        """Return the protocols of the first dataset that there are predictions for, in the order of the registry."""
        return tuple(name for name in protocol_names() if self.file(name) is not None)

    def transfer_protocols(self) -> tuple[str, ...]:
        """Return the protocols of the second dataset that there are predictions for."""
        return tuple(spec.name for spec in TRANSFER_PROTOCOLS if self.file(spec.name) is not None)


def _dataset_of(protocol: str) -> str:
    """Return the dataset that a protocol, or a file for all, is about."""
    return DEFAULT.name if protocol == ALL else protocol_spec(protocol).dataset
