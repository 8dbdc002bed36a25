"""The page that describes the dataset, made from the schema, the ledger and the data themselves."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from embench import schema
from embench.common.markdown import fill_page, markdown_table
from embench.curation.normalise import read_ledger


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
    }
    return fill_page("embench.pages", "dataset.md", values)


def column_tables() -> str:
    """Return one table of columns for each section of the schema."""
    parts = []
    for section, columns in groupby(schema.COLUMNS, key=lambda column: column.section):
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
