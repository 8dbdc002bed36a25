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
        **_revised(data),
    }
    return fill_page("embench.pages", "dataset.md", values)


def _revised(data: Dataset) -> dict[str, object]:
    """Return what the page says of the later version: its columns, and the flags that differ from those of `data`."""
    from embench.dataset import load
    from embench.splits import protocol
    from embench.splits.registry import MAIN_PROTOCOL

    layout = schema.REVISED
    revised = load(version=layout.version)
    now, before = (Counter(name for names in each.flags for name in names) for each in (revised, data))
    described = {flag.name: flag for flag in schema.FLAGS}
    differing = [
        flag for flag in layout.flags if flag != described.get(flag.name) or now[flag.name] != before[flag.name]
    ]
    rows = [(f"`{flag.name}`", before[flag.name], now[flag.name], flag.description, flag.rule) for flag in differing]
    folds = protocol(MAIN_PROTOCOL, layout.version)
    hubbard = revised.column("hubbard_u").tolist()
    return {
        "revised": layout.version,
        "revised_columns": column_tables(layout.own_columns),
        "revised_flags": markdown_table(
            ("flag", data.version, layout.version, "meaning", "set when"), rows, left=("meaning", "set when")
        ),
        "dropped": ", ".join(f"`{entry_id}`" for entry_id in folds.dropped),
        "n_scored": len(folds.scored_ids),
        "n_before": len(protocol(MAIN_PROTOCOL).scored_ids),
        "n_hubbard": hubbard.count(True),
        "n_alone": sum(value != value for value in revised.column("mobile_ion_spacing").tolist()),
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
