"""The tables beside the dataset: the folds of every protocol, and reference predictions in long form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench import schema
from embench._version import DATASET_VERSION
from embench.errors import HubError

if TYPE_CHECKING:
    import pyarrow as pa

    from embench.dataset import Dataset

FOLDS: tuple[schema.Column, ...] = (
    schema.Column(
        name="entry_id",
        dtype="string",
        section="splits",
        description="Key of the entry, as in the configuration default.",
    ),
    schema.Column(name="protocol", dtype="string", section="splits", description="Name of the protocol."),
    schema.Column(
        name="fold",
        dtype="string",
        section="splits",
        description="Fold in which the entry is scored, by a model trained on the other folds; in the protocol "
        "published train (never scored) or test.",
    ),
)

PREDICTIONS: tuple[schema.Column, ...] = (
    schema.Column(
        name="entry_id",
        dtype="string",
        section="reference_predictions",
        description="Key of the entry, as in the configuration default.",
    ),
    schema.Column(
        name="system",
        dtype="string",
        section="reference_predictions",
        description="Short name of the system that predicts.",
    ),
    schema.Column(
        name="protocol",
        dtype="string",
        section="reference_predictions",
        description="Protocol that the prediction belongs to; all for systems that were not trained on this dataset, "
        "whose predictions count in every protocol.",
    ),
    schema.Column(
        name="prediction", dtype="float64", unit="eV", section="reference_predictions", description="Predicted E_m."
    ),
    schema.Column(
        name="uncertainty",
        dtype="float64",
        unit="eV",
        nullable=True,
        section="reference_predictions",
        description="One standard deviation of the prediction; null where the system states none.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class System:
    """One submission whose predictions are published with the dataset."""

    slug: str
    name: str
    kind: str
    source: str
    predictions: dict[str, Path]


def folds_table(data: Dataset) -> pa.Table:
    """Return the table of :data:`FOLDS`: protocols in the order of the registry, entries in that of `data`."""
    from embench.splits import protocol, protocol_names

    rows: list[tuple[str, str, str]] = []
    for name in protocol_names():
        found = protocol(name)
        fold_of = {entry_id: fold.name for fold in found for entry_id in fold.test_ids}
        if found.spec.kind == "published":
            fold_of |= {entry_id: "train" for fold in found for entry_id in fold.train_ids}
        rows += [(entry_id, name, fold_of[entry_id]) for entry_id in data.entry_ids if entry_id in fold_of]
    return _table(FOLDS, rows)


def read_systems(folder: Path) -> list[System]:
    """Return the submissions in `folder`, by slug.

    Raises :class:`~embench.errors.HubError` for a submission that cannot be read.
    """
    import yaml

    systems = []
    for path in sorted(folder.glob("*/submission.yaml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            files = {str(name): path.parent / str(file) for name, file in content["predictions"].items()}
            name, kind = str(content["name"]), str(content["kind"])
        except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise HubError(f"{path} is no description of a submission ({error!r}); correct it or remove it") from None
        source = str(content.get("paper") or content.get("code") or "")
        systems.append(System(slug=path.parent.name, name=name, kind=kind, source=source, predictions=files))
    if not systems:
        raise HubError(f"there is no submission in {folder}; run this in a checkout of the repository")
    return systems


def predictions_table(systems: Sequence[System], data: Dataset) -> pa.Table:
    """Return the table of :data:`PREDICTIONS`, by system, protocol and the order of `data`.

    Raises :class:`~embench.errors.PredictionsError` for a file that is no table of predictions for `data`.
    """
    from embench.evaluation.predictions import read_predictions

    rows: list[tuple[Any, ...]] = []
    position = {entry_id: row for row, entry_id in enumerate(data.entry_ids)}
    for system in systems:
        for name, path in sorted(system.predictions.items()):
            found = read_predictions(path, known=position)
            spread = found.uncertainties or [None] * len(found)
            lines = zip(found.entry_ids, found.values, spread, strict=True)
            rows += [
                (entry_id, system.slug, name, value, sigma)
                for entry_id, value, sigma in sorted(lines, key=lambda line: position[line[0]])
            ]
    return _table(PREDICTIONS, rows)


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
