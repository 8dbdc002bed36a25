"""The tables beside the dataset: the folds of every protocol, and the submissions with their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embench import schema
from embench._version import DATASET_VERSION

if TYPE_CHECKING:
    import pyarrow as pa

    from embench.dataset import Dataset
    from embench.evaluation.predictions import Predictions

FOLDS: tuple[schema.Column, ...] = (
    schema.Column(
        name="entry_id",
        dtype="string",
        section="splits",
        description="Key of the entry, as in the configuration default or oxygen-vacancies.",
    ),
    schema.Column(name="protocol", dtype="string", section="splits", description="Name of the protocol."),
    schema.Column(
        name="fold",
        dtype="string",
        section="splits",
        description="Fold in which the entry is scored, by a model trained on the other folds; in the protocols "
        "published and to-oxygen train (never scored) or test.",
    ),
)

PREDICTIONS: tuple[schema.Column, ...] = (
    schema.Column(
        name="entry_id",
        dtype="string",
        section="predictions",
        description="Key of the entry, as in the dataset embench/migration-barriers.",
    ),
    schema.Column(
        name="system",
        dtype="string",
        section="predictions",
        description="Short name of the system that predicts.",
    ),
    schema.Column(
        name="protocol",
        dtype="string",
        section="predictions",
        description="Protocol that the prediction belongs to; all for systems that were not trained on this dataset, "
        "whose predictions count in every protocol.",
    ),
    schema.Column(name="prediction", dtype="float64", unit="eV", section="predictions", description="Predicted E_m."),
    schema.Column(
        name="uncertainty",
        dtype="float64",
        unit="eV",
        nullable=True,
        section="predictions",
        description="One standard deviation of the prediction; null where the system states none.",
    ),
)


SYSTEMS: tuple[schema.Column, ...] = tuple(
    schema.Column(name=name, dtype="string", section="systems", description=text)
    for name, text in (
        ("system", "Short name of the system."),
        ("name", "What the board calls it."),
        ("version", "Version of the system."),
        ("kind", "property-model, potential-neb, hybrid or literature."),
        ("authors", "Who made it, separated by semicolons."),
        ("date", "When the predictions were made."),
        ("licence", "Licence of the predictions, as its authors state it."),
        ("training_data", "What it was trained on, as its authors state it."),
        ("source", "Where it is described; empty where that is nowhere."),
    )
)


@dataclass(frozen=True, kw_only=True)
class System:
    """One submission whose predictions are published, by protocol or ``all``.

    Its words are a stranger's: a page must escape them.
    """

    slug: str
    name: str
    kind: str
    source: str
    version: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""
    licence: str = ""
    training_data: str = ""
    predictions: Mapping[str, Predictions]


def folds_table(data: Dataset) -> pa.Table:
    """Return the table of :data:`FOLDS`: protocols in the order of the registry, entries in that of their datasets.

    `data` is the default dataset.
    """
    from embench.dataset import load
    from embench.splits import all_protocol_names, protocol

    rows: list[tuple[str, str, str]] = []
    order = (*data.entry_ids, *load(schema.OXYGEN.name).entry_ids)
    for name in all_protocol_names():
        found = protocol(name)
        fold_of = {entry_id: fold.name for fold in found for entry_id in fold.test_ids}
        if found.spec.kind in ("published", "transfer"):
            fold_of |= {entry_id: "train" for fold in found for entry_id in fold.train_ids}
        rows += [(entry_id, name, fold_of[entry_id]) for entry_id in order if entry_id in fold_of]
    return _table(FOLDS, rows)


def predictions_table(systems: Sequence[System], data: Dataset) -> pa.Table:
    """Return the table of :data:`PREDICTIONS`, by system, protocol and the order of the entries in their datasets.

    `data` is the default dataset.
    """
    from embench.dataset import load

    rows: list[tuple[Any, ...]] = []
    known = (*data.entry_ids, *load(schema.OXYGEN.name).entry_ids)
    position = {entry_id: row for row, entry_id in enumerate(known)}
    for system in systems:
        for name, found in sorted(system.predictions.items()):
            spread = found.uncertainties or [None] * len(found)
            lines = zip(found.entry_ids, found.values, spread, strict=True)
            rows += [
                (entry_id, system.slug, name, value, sigma)
                for entry_id, value, sigma in sorted(lines, key=lambda line: position[line[0]])
            ]
    return _table(PREDICTIONS, rows)


def systems_table(systems: Sequence[System]) -> pa.Table:
    """Return the table of :data:`SYSTEMS`, in the order of `systems`."""
    return _table(
        SYSTEMS,
        [
            (
                system.slug,
                system.name,
                system.version,
                system.kind,
                "; ".join(system.authors),
                system.date,
                system.licence,
                system.training_data,
                system.source,
            )
            for system in systems
        ],
    )


def _table(columns: Sequence[schema.Column], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa

    types = {"string": pa.string(), "float64": pa.float64()}
    fields = [
        pa.field(
            spec.name,
            types[spec.dtype],
            nullable=spec.nullable,
            metadata={"description": spec.description} | ({"unit": spec.unit} if spec.unit else {}),
        )
        for spec in columns
    ]
    arrow_schema = pa.schema(fields, metadata={"embench.dataset_version": DATASET_VERSION})
    values = list(zip(*rows, strict=True))
    return pa.Table.from_arrays(
        [pa.array(column, type=field.type) for column, field in zip(values, fields, strict=True)], schema=arrow_schema
    )
