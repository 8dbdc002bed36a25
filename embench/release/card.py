"""The dataset card: a header for the hub, and a text whose tables and figures are computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from embench import schema
from embench.common.markdown import fill_page, markdown_table
from embench.errors import ON_PYPI, install_command
from embench.hub import about
from embench.release.convert import features, import_datasets
from embench.release.layout import DATASET, PREDICTED, Configuration, Package
from embench.release.tables import FOLDS

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from embench.dataset import Dataset
    from embench.splits import ProtocolSpec

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))


def render_card(data: Dataset, *, tables: dict[str, pa.Table], sizes: dict[str, int], root: Path) -> str:
    """Return the card of the dataset.

    Parameters
    ----------
    data
        The dataset that the card is for.
    tables
        The content of every Parquet file of the repository, by path.
    sizes
        The size of these files in bytes.
    root
        The checkout, for ``CITATION.cff`` and ``LICENSE``.
    """
    return f"---\n{card_header(DATASET, tables, sizes)}---\n\n{_text(data, tables, root)}"


def card_header(package: Package, tables: dict[str, pa.Table], sizes: dict[str, int]) -> str:
    """Return the YAML block that the hub and ``load_dataset`` read; for the tables see :func:`render_card`."""
    import_datasets()
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    first = next(iter(package.configurations.values()))
    rows = sum(tables[path].num_rows for path in first.parts.values())
    header = DatasetCardData(
        pretty_name=f"{package.title} (embench)",
        license=package.licence,
        size_categories=[next(name for limit, name in SIZES if rows < limit)],
        task_categories=["tabular-regression", "graph-ml"],
        tags=[word.replace(" ", "-") for word in about.KEYWORDS],
    )
    MetadataConfigs(
        {
            name: {"data_files": [{"split": split, "path": path} for split, path in found.parts.items()]}
            for name, found in package.configurations.items()
        }
    ).to_dataset_card_data(header)
    DatasetInfosDict(
        {name: _info(found, tables, sizes) for name, found in package.configurations.items()}
    ).to_dataset_card_data(header)
    return header.to_yaml(line_break="\n") + "\n"


def _info(configuration: Configuration, tables: dict[str, pa.Table], sizes: dict[str, int]) -> Any:
    library, parts = import_datasets(), configuration.parts
    splits = {
        split: library.SplitInfo(name=split, num_bytes=tables[path].nbytes, num_examples=tables[path].num_rows)
        for split, path in parts.items()
    }
    return library.DatasetInfo(
        features=configuration_features(configuration),
        splits=library.SplitDict(splits),
        download_size=sum(sizes[path] for path in parts.values()),
        dataset_size=sum(tables[path].nbytes for path in parts.values()),
    )


def configuration_features(configuration: Configuration) -> Any:
    """Return the features of one configuration."""
    for layout in schema.LAYOUTS:
        if configuration.columns == layout.columns:
            return features(layout)
    library = import_datasets()
    return library.Features({spec.name: library.Value(spec.dtype) for spec in configuration.columns})


def _text(data: Dataset, tables: dict[str, pa.Table], root: Path) -> str:
    from embench.dataset import load
    from embench.release.references import bibtex, licence_notices, listed, read_references
    from embench.splits import registry

    references = read_references(root / "CITATION.cff")
    values = {
        "title": about.TITLE,
        "install": install_command(),
        "where": "" if ON_PYPI else " in a checkout of embench",
        "summary": about.SUMMARY,
        "version": data.version,
        "tag": about.TAG,
        "before": ", ".join(f"`{about.tag_of(layout)}`" for layout in schema.EARLIER),
        "repository": about.REPOSITORY,
        "upstream_url": about.UPSTREAM_URL,
        "upstream_commit": about.UPSTREAM_COMMIT,
        "predictions_repository": about.PREDICTIONS_REPOSITORY,
        "predictions_url": PREDICTED.url,
        "configurations": configurations(DATASET, tables),
        "columns": columns_by_section(),
        "oxygen_columns": columns(schema.OXYGEN.columns),
        "oxygen_flags": flags(load(schema.OXYGEN.name)),
        "oxygen_protocols": protocols(registry.TRANSFER_PROTOCOLS),
        "oxygen_url": about.OXYGEN_URL,
        "oxygen_commit": about.OXYGEN_COMMIT,
        **oxygen_figures(load(schema.OXYGEN.name)),
        "fold_columns": columns(FOLDS),
        "consensus_columns": columns(DATASET.configurations["potential_consensus"].columns),
        "flags": flags(data),
        "protocols": protocols(),
        "leakage": leakage(),
        "sources": listed(references),
        "bibtex": bibtex(references),
        "notices": licence_notices(root / "LICENSE"),
        **ledger(),
        **figures(data),
    }
    return fill_page("embench.release", "templates/card.md", values)


def configurations(package: Package, tables: dict[str, pa.Table]) -> str:
    """Return the table of the configurations of a repository, their splits and files."""
    rows = [
        [f"`{name}`", f"`{split}`", tables[path].num_rows, found.row_is, f"`{path}`"]
        for name, found in package.configurations.items()
        for split, path in found.parts.items()
    ]
    header = ["configuration", "split", "rows", "one row is", "file"]
    return markdown_table(header, rows, left=("split", "one row is", "file"))


_WORDS = {"string": "text", "float64": "float", "int16": "int16", "bool": "bool"}


def columns_by_section() -> str:
    """Return one table a section of the schema."""
    parts = []
    for section in dict.fromkeys(spec.section for spec in schema.COLUMNS):
        parts += [f"### {section}", columns([spec for spec in schema.COLUMNS if spec.section == section])]
    return "\n\n".join(parts)


def columns(specs: Sequence[schema.Column]) -> str:
    """Return the table of some columns."""
    rows = [[f"`{spec.name}`", _type(spec), spec.unit or "", spec.description] for spec in specs]
    return markdown_table(["column", "type", "unit", "meaning"], rows, left=("type", "unit", "meaning"))


def _type(spec: schema.Column) -> str:
    shape = ", ".join("n" if size is None else str(size) for size in spec.shape)
    text = _WORDS[spec.scalar]
    if spec.name == "flags":
        shape = "names"
    return text + (f" ({shape})" if shape else "") + (", *null*" if spec.nullable else "")


def flags(data: Dataset) -> str:
    """Return the table of flags, with how many entries of each side of the published split carry them."""
    names = data.layout.sides
    sides = data.column("published_split").tolist() if len(names) > 1 else list(names) * len(data)
    found = Counter((side, name) for side, names in zip(sides, data.flags, strict=True) for name in names)
    rows = [
        [
            f"`{flag.name}`{' *' if flag.from_target else ''}".replace("*", r"\*"),
            *(found[side, flag.name] for side in names),
            flag.description,
            flag.rule,
        ]
        for flag in data.layout.flags
    ]
    return markdown_table(["flag", *names, "meaning", "rule"], rows, left=("meaning", "rule"))


def protocols(specs: Sequence[ProtocolSpec] | None = None) -> str:
    """Return the table of protocols, by default of those that score the barriers of cations."""
    from embench.splits import PROTOCOLS, protocol

    rows = []
    for spec in PROTOCOLS if specs is None else specs:
        found = protocol(spec.name)
        group = f"`{spec.column}`" if spec.column else "nothing"
        rows.append([f"`{spec.name}`", len(found.scored_ids), len(found), group, spec.measures])
    header = ["protocol", "scored", "folds", "grouped by", "what it measures"]
    return markdown_table(header, rows, left=("grouped by", "what it measures"))


def leakage() -> str:
    """Return the table of scored entries with a relative on the training side."""
    from embench.audit.leakage import RELATIONS, count_shared
    from embench.splits import protocol, protocol_names

    rows = []
    for name in protocol_names():
        found = protocol(name)
        counts = [
            f"{count} ({count / len(found.scored_ids):.0%})" if count else "0" for count in count_shared(found).values()
        ]
        rows.append([f"`{name}`", len(found.scored_ids), *counts])
    return markdown_table(["protocol", "scored", *(f"same {name}" for name in RELATIONS)], rows)


def figures(data: Dataset) -> dict[str, str]:
    """Return the figures that the prose of the card names."""
    import numpy as np

    barriers = data.column("migration_barrier")
    metal = data.filter(include_flags=["path_through_metal_site"])
    out = set(data.layout.unscored)
    unscored = data.select(i for i, names in zip(data.entry_ids, data.flags, strict=True) if out.intersection(names))
    ions = Counter(data.column("mobile_ion").tolist()).most_common()
    functionals = Counter(data.column("functional").tolist()).most_common()
    finals = sum(value is not None for value in data.arrays("final_lattice"))
    return {
        "n_entries": str(len(data)),
        "ions": ", ".join(f"{ion} {count}" for ion, count in ions),
        "functionals": ", ".join(f"{name} {count}" for name, count in functionals),
        "lowest": f"{barriers.min():.4f}",
        "highest": f"{barriers.max():.2f}",
        "mean": f"{barriers.mean():.3f}",
        "median": f"{float(np.median(barriers)):.3f}",
        "conductors": str(int((barriers < 0.65).sum())),
        "finals": str(finals),
        "n_unscored": str(len(unscored)),
        "unscored": ", ".join(f"`{name}`" for name in unscored.entry_ids),
        "n_metal": str(len(metal)),
        "metal": ", ".join(f"`{name}`" for name in metal.entry_ids),
        "example": data.entry_ids[int(np.argsort(barriers)[len(barriers) // 2])],
    }


def oxygen_figures(data: Dataset) -> dict[str, str]:
    """Return the figures of the oxygen vacancies that the prose of the card names."""
    import numpy as np

    barriers = data.column("migration_barrier")
    return {
        "oxygen_version": data.version,
        "oxygen_entries": str(len(data)),
        "oxygen_materials": str(len(set(data.column("group_host").tolist()))),
        "oxygen_median": f"{float(np.median(barriers)):.2f}",
        "oxygen_highest": f"{barriers.max():.1f}",
    }


def ledger() -> dict[str, str]:
    """Return how many corrections the ledger holds, and of which columns."""
    from embench.curation.tables import read_table

    rows = read_table("ledger", ("entry_id", "column", "raw", "normalised", "reason"))
    found = Counter(row["column"] for row in rows).most_common()
    listed = ", ".join(f"`{name}` {count}" for name, count in found)
    return {"n_ledger": str(sum(count for _, count in found)), "ledger_columns": listed}
