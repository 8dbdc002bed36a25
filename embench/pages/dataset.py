"""The page that describes the dataset, made from the schema, the ledger and the data themselves."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from embench import schema
from embench.common.markdown import fill_page, markdown_table
from embench.curation.normalise import read_ledger

if TYPE_CHECKING:
    from embench.dataset import Dataset


def describe_dataset() -> str:
    """Return the page as Markdown: columns with units, flags with rules and counts, the ledger in numbers."""
    from embench.dataset import load

    data = load()
    flag_counts = Counter(flag for flags in data.flags for flag in flags)
    values = {
        "version": data.version,
        "n_entries": len(data),
        "columns": column_tables(),
        "flags": flag_table(flag_counts),
        "ledger": _ledger_table(),
        "n_ledger": len(read_ledger()),
        **_first(data),
    }
    return fill_page("embench.pages", "dataset.md", values)


def _first(data: Dataset) -> dict[str, object]:
    """Return what the page says of version 1.0.0: the columns that it lacks, and the flags that differ in `data`."""
    from embench.dataset import load
    from embench.splits import protocol
    from embench.splits.registry import MAIN_PROTOCOL

    layout = schema.FIRST
    now, before = (Counter(name for names in each.flags for name in names) for each in (data, load(layout.key)))
    known = {flag.name for flag in layout.flags}
    counts = [(flag.name, before[flag.name] if flag.name in known else "–", now[flag.name]) for flag in schema.FLAGS]
    rows = [(f"`{name}`", old, new) for name, old, new in counts if old != new]
    folds = protocol(MAIN_PROTOCOL)
    return {
        "first": layout.version,
        "own_columns": ", ".join(f"`{spec.name}`" for spec in schema.DEFAULT.own_columns),
        "first_flags": markdown_table(("flag", layout.version, data.version), rows),
        "dropped": ", ".join(f"`{entry_id}`" for entry_id in folds.dropped),
        "n_scored": len(folds.scored_ids),
        "n_before": len(protocol(MAIN_PROTOCOL, layout.version).scored_ids),
        "n_hubbard": data.column("hubbard_u").tolist().count(True),
        "n_alone": sum(value != value for value in data.column("mobile_ion_spacing").tolist()),
        "n_final": sum(entry.has_final_structure for entry in data),
    }


def column_tables(of: tuple[schema.Column, ...] = schema.COLUMNS) -> str:
    """Return one table of columns for each section of the schema."""
    parts = []
    for section, columns in groupby(of, key=lambda column: column.section):
        rows = [
            (
                f"`{column.name}`",
                column.dtype + (", nullable" if column.nullable else ""),
                column.unit or "",
                column.description,
            )
            for column in columns
        ]
        table = markdown_table(("column", "type", "unit", "content"), rows, left=("type", "unit", "content"))
        parts.append(f"### {section}\n\n{table}")
    return "\n\n".join(parts)


def flag_table(counts: Counter[str]) -> str:
    """Return the flags with what they mean, when they are set, and how many entries carry them."""
    rows = [(f"`{flag.name}`", counts[flag.name], flag.description, flag.rule) for flag in schema.FLAGS]
    return markdown_table(("flag", "entries", "meaning", "set when"), rows, left=("meaning", "set when"))


def _ledger_table() -> str:
    reasons = Counter((row["column"], row["reason"]) for row in read_ledger().values())
    rows = [(column, count, reason) for (column, reason), count in sorted(reasons.items())]
    return markdown_table(("column", "cells", "reason"), rows, left=("reason",))
