"""The tables and figures in the card, each computed from the schema, the splits and the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from embench import schema
from embench._markdown import markdown_table
from embench.hub.features import CLOSED_SETS
from embench.hub.tables import System

if TYPE_CHECKING:
    from embench.dataset import Dataset

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
    if spec.name in CLOSED_SETS:
        text = "class label"
    if spec.name == "flags":
        text, shape = "class labels", ""
    return text + (f" ({shape})" if shape else "") + (", *null*" if spec.nullable else "")


def flags(data: Dataset) -> str:
    """Return the table of flags, with how many entries of each side of the published split carry them."""
    sides = data.column("published_split").tolist()
    found = Counter((side, name) for side, names in zip(sides, data.flags, strict=True) for name in names)
    rows = [
        [
            f"`{flag.name}`{' *' if flag.from_target else ''}".replace("*", r"\*"),
            found["train", flag.name],
            found["test", flag.name],
            flag.description,
            flag.rule,
        ]
        for flag in schema.FLAGS
    ]
    return markdown_table(["flag", "train", "test", "meaning", "rule"], rows, left=("meaning", "rule"))


def protocols() -> str:
    """Return the table of protocols."""
    from embench.splits import PROTOCOLS, protocol

    rows = []
    for spec in PROTOCOLS:
        found = protocol(spec.name)
        group = f"`{spec.column}`" if spec.column else "nothing"
        rows.append([f"`{spec.name}`", len(found.scored_ids), len(found), group, spec.measures])
    header = ["protocol", "scored", "folds", "grouped by", "what it measures"]
    return markdown_table(header, rows, left=("grouped by", "what it measures"))


def leakage() -> str:
    """Return the table of scored entries with a relative on the training side."""
    from embench.splits import protocol, protocol_names
    from embench.splits.leakage import RELATIONS, count_shared

    rows = []
    for name in protocol_names():
        found = protocol(name)
        counts = [
            f"{count} ({count / len(found.scored_ids):.0%})" if count else "0" for count in count_shared(found).values()
        ]
        rows.append([f"`{name}`", len(found.scored_ids), *counts])
    return markdown_table(["protocol", "scored", *(f"same {name}" for name in RELATIONS)], rows)


def systems(found: Sequence[System], rows: Sequence[tuple[str, str]]) -> str:
    """Return the table of systems; `rows` are the pairs (system, protocol) of all predictions."""
    counts = Counter(rows)
    table = []
    for system in found:
        numbers = ", ".join(f"{name} {counts[system.slug, name]}" for name in sorted(system.predictions))
        table.append([f"`{system.slug}`", system.name, system.kind, numbers, system.source])
    header = ["system", "name", "kind", "entries by protocol", "source"]
    return markdown_table(header, table, left=header)


def configurations(rows: Sequence[Sequence[object]]) -> str:
    """Return the table of configurations, their splits and files."""
    header = ["configuration", "split", "rows", "one row is", "file"]
    return markdown_table(header, rows, left=("split", "one row is", "file"))


def figures(data: Dataset) -> dict[str, str]:
    """Return the figures that the prose of the card names."""
    import numpy as np

    barriers = data.column("migration_barrier")
    metal = data.filter(include_flags=["path_through_metal_site"])
    corrupt = data.filter(include_flags=["structure_corrupt"])
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
        "n_corrupt": str(len(corrupt)),
        "corrupt": ", ".join(f"`{name}`" for name in corrupt.entry_ids),
        "n_metal": str(len(metal)),
        "metal": ", ".join(f"`{name}`" for name in metal.entry_ids),
        "example": data.entry_ids[int(np.argsort(barriers)[len(barriers) // 2])],
    }


def ledger() -> dict[str, str]:
    """Return how many corrections the ledger holds, and of which columns."""
    from embench.curation.tables import read_table

    rows = read_table("ledger", ("entry_id", "column", "raw", "normalised", "reason"))
    found = Counter(row["column"] for row in rows).most_common()
    listed = ", ".join(f"`{name}` {count}" for name, count in found)
    return {"n_ledger": str(sum(count for _, count in found)), "ledger_columns": listed}
