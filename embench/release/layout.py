"""The two repositories on the hub, the dataset and the published predictions: their configurations, files and words.

They have versions of their own: a submission that is accepted makes a new version of the predictions, and leaves the
dataset as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embench import schema
from embench.audit.consensus import COLUMNS, TABLE
from embench.hub import about
from embench.release.tables import FOLDS, PREDICTIONS, SYSTEMS


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One table of a repository: the file of each of its splits, its columns, its key, and what a row is."""

    parts: Mapping[str, str]
    columns: tuple[schema.Column, ...]
    key: tuple[str, ...]
    row_is: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Package:
    """A repository on the hub: its name, and what its card and its description for machines say of it.

    `licence` is the name that the header of the card has, `licence_url` where its text is. `based_on` are addresses.
    """

    repository: str
    title: str
    summary: str
    licence: str
    licence_url: str
    based_on: tuple[str, ...]
    configurations: Mapping[str, Configuration]

    @property
    def url(self) -> str:
        """The address of the repository on the hub."""
        return f"https://huggingface.co/datasets/{self.repository}"

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the Parquet files."""
        return tuple(path for found in self.configurations.values() for path in found.parts.values())


DATASET = Package(
    repository=about.REPOSITORY,
    title=about.TITLE,
    summary=about.SUMMARY,
    licence=about.LICENCE,
    licence_url=about.LICENCE_URL,
    based_on=(about.UPSTREAM_URL, about.POTENTIALS_URL, about.OXYGEN_URL),
    configurations={
        "default": Configuration(
            parts={"train": "data/train.parquet", "test": "data/test.parquet"},
            columns=schema.COLUMNS,
            key=("entry_id",),
            row_is="an entry",
            meaning="One record an entry: a hop of one ion in one structure, and its migration barrier.",
        ),
        schema.OXYGEN.name: Configuration(
            parts={"hops": f"{schema.OXYGEN.name}/{schema.OXYGEN.parts[0]}"},
            columns=schema.OXYGEN.columns,
            key=("entry_id",),
            row_is="an entry",
            meaning="One record an entry: a hop of an oxygen ion into a vacancy, and its migration barrier.",
        ),
        "splits": Configuration(
            parts={"folds": "splits/folds.parquet"},
            columns=FOLDS,
            key=("entry_id", "protocol"),
            row_is="an entry in a protocol",
            meaning="One record an entry and protocol: the fold that scores the entry, of either dataset.",
        ),
        "potential_consensus": Configuration(
            parts={"consensus": f"consensus/{TABLE}"},
            columns=COLUMNS,
            key=("entry_id",),
            row_is="an entry",
            meaning="One record an entry: the barrier that independent potentials agree on. No feature for models.",
        ),
    },
)

PREDICTED = Package(
    repository=about.PREDICTIONS_REPOSITORY,
    title=f"{about.TITLE}: predictions",
    summary=about.PREDICTIONS_SUMMARY,
    # Each submission states its own, in the configuration systems.
    licence="other",
    licence_url=f"https://huggingface.co/datasets/{about.PREDICTIONS_REPOSITORY}#licences",
    based_on=(about.HUB_URL,),
    configurations={
        "predictions": Configuration(
            parts={"predictions": "predictions/predictions.parquet"},
            columns=PREDICTIONS,
            key=("entry_id", "system", "protocol"),
            row_is="a prediction of a system for an entry",
            meaning="One record a system, protocol and entry: a predicted migration barrier.",
        ),
        "systems": Configuration(
            parts={"systems": "systems/systems.parquet"},
            columns=SYSTEMS,
            key=("system",),
            row_is="a system",
            meaning="One record a system: who made it, what it is, and under which licence its predictions are.",
        ),
    },
)
