"""The dataset card: a header for the hub, and a text whose tables and figures are computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from embench import schema
from embench._markdown import fill_page
from embench.hub import about, card_tables
from embench.hub.features import features, import_datasets
from embench.hub.tables import FOLDS, PREDICTIONS

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from embench.dataset import Dataset
    from embench.hub.tables import System

CONFIGURATIONS: dict[str, dict[str, str]] = {
    "default": {"train": "data/train.parquet", "test": "data/test.parquet"},
    "splits": {"folds": "splits/folds.parquet"},
    "reference_predictions": {"predictions": "reference_predictions/predictions.parquet"},
}
"""The configurations of the dataset on the hub: for each its splits, and the file of each split."""

_ROWS_ARE = {
    "default": "an entry",
    "splits": "an entry in a protocol",
    "reference_predictions": "a prediction of a system for an entry",
}

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))


def render_card(
    data: Dataset,
    *,
    tables: dict[str, pa.Table],
    sizes: dict[str, int],
    systems: Sequence[System],
    root: Path,
) -> str:
    """Return the card of the dataset.

    Parameters
    ----------
    data
        The dataset that the card is for.
    tables
        The content of every file of :data:`CONFIGURATIONS`, by path.
    sizes
        The size of these files in bytes.
    systems
        The systems whose predictions are in ``reference_predictions``.
    root
        The checkout, for ``CITATION.cff`` and ``LICENSE``.
    """
    return f"---\n{_header(data, tables, sizes)}---\n\n{_text(data, tables, systems, root)}"


def _header(data: Dataset, tables: dict[str, pa.Table], sizes: dict[str, int]) -> str:
    """Return the YAML block that the hub and ``load_dataset`` read."""
    import_datasets()
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    header = DatasetCardData(
        pretty_name=f"{about.TITLE} (embench)",
        license=about.LICENCE,
        size_categories=[next(name for limit, name in SIZES if len(data) < limit)],
        task_categories=["tabular-regression", "graph-ml"],
        tags=[word.replace(" ", "-") for word in about.KEYWORDS],
    )
    MetadataConfigs(
        {
            name: {"data_files": [{"split": split, "path": path} for split, path in parts.items()]}
            for name, parts in CONFIGURATIONS.items()
        }
    ).to_dataset_card_data(header)
    DatasetInfosDict(
        {name: _info(name, parts, tables, sizes) for name, parts in CONFIGURATIONS.items()}
    ).to_dataset_card_data(header)
    return header.to_yaml(line_break="\n") + "\n"


def _info(name: str, parts: dict[str, str], tables: dict[str, pa.Table], sizes: dict[str, int]) -> Any:
    library = import_datasets()
    splits = {
        split: library.SplitInfo(name=split, num_bytes=tables[path].nbytes, num_examples=tables[path].num_rows)
        for split, path in parts.items()
    }
    return library.DatasetInfo(
        features=configuration_features(name),
        splits=library.SplitDict(splits),
        download_size=sum(sizes[path] for path in parts.values()),
        dataset_size=sum(tables[path].nbytes for path in parts.values()),
    )


def configuration_features(name: str) -> Any:
    """Return the features of one configuration."""
    if name == "default":
        return features()
    library = import_datasets()
    specs = FOLDS if name == "splits" else PREDICTIONS
    return library.Features({spec.name: library.Value(spec.dtype) for spec in specs})


def _text(data: Dataset, tables: dict[str, pa.Table], systems: Sequence[System], root: Path) -> str:
    from embench.hub.references import bibtex, licence_notices, listed, read_references

    references = read_references(root / "CITATION.cff")
    predictions = tables[CONFIGURATIONS["reference_predictions"]["predictions"]]
    pairs = list(zip(predictions["system"].to_pylist(), predictions["protocol"].to_pylist(), strict=True))
    values = {
        "title": about.TITLE,
        "summary": about.SUMMARY,
        "version": data.version,
        "tag": about.TAG,
        "repository": about.REPOSITORY,
        "upstream_url": about.UPSTREAM_URL,
        "upstream_commit": about.UPSTREAM_COMMIT,
        "configurations": card_tables.configurations(_configuration_rows(tables)),
        "columns": card_tables.columns_by_section(),
        "fold_columns": card_tables.columns(FOLDS),
        "prediction_columns": card_tables.columns(PREDICTIONS),
        "flags": card_tables.flags(data),
        "protocols": card_tables.protocols(),
        "leakage": card_tables.leakage(),
        "systems": card_tables.systems(systems, pairs),
        "sources": listed(references),
        "bibtex": bibtex(references),
        "notices": licence_notices(root / "LICENSE"),
        **card_tables.ledger(),
        **card_tables.figures(data),
    }
    return fill_page("embench.hub", "templates/card.md", values)


def _configuration_rows(tables: dict[str, pa.Table]) -> list[list[object]]:
    return [
        [f"`{name}`", f"`{split}`", tables[path].num_rows, _ROWS_ARE[name], f"`{path}`"]
        for name, parts in CONFIGURATIONS.items()
        for split, path in parts.items()
    ]


def columns_of(name: str) -> tuple[schema.Column, ...]:
    """Return the columns of one configuration."""
    return {"default": schema.COLUMNS, "splits": FOLDS, "reference_predictions": PREDICTIONS}[name]
