"""What ``embench data list`` prints: the entries that a search finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embench.common.text import plural

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.dataset import Dataset

# Where a text is looked for: what a person knows of an entry before knowing its id.
SEARCHED = ("entry_id", "formula", "composition", "structure_class", "class_subtype")
SHOWN = ("entry_id", "mobile_ion", "formula", "structure_class", "functional", "published_split", "migration_barrier")


def search(data: Dataset, text: str) -> Dataset:
    """Return the entries in which a column of :data:`SEARCHED` holds `text`, without regard to case and blanks."""
    wanted = _folded(text)
    columns = [data.column(name).tolist() for name in SEARCHED]
    rows = zip(data.entry_ids, *columns, strict=True)
    return data.select(
        entry_id for entry_id, *values in rows if any(wanted in _folded(value) for value in values if value is not None)
    )


def describe(data: Dataset) -> list[dict[str, Any]]:
    """Return the columns that are shown, and the flags, of each entry, lowest barrier first."""
    columns = [data.column(name).tolist() for name in SHOWN]
    rows = [dict(zip(SHOWN, values, strict=True)) for values in zip(*columns, strict=True)]
    found = [row | {"flags": list(flags)} for row, flags in zip(rows, data.flags, strict=True)]
    return sorted(found, key=lambda row: (row["migration_barrier"], row["entry_id"]))


def render(data: Dataset) -> RenderableType:
    """Return the same for a person."""
    from rich.console import Group

    from embench.cli._terminal import plain_table

    count = f"{plural(len(data), 'entry')} of dataset {data.version}"
    if not len(data):
        return f"{count}: nothing is found; embench data stats prints what there is"
    table = plain_table("entry", "ion", "formula", "class", "split", "E_m / eV", right=("E_m / eV",))
    for row in describe(data):
        barrier = f"{row['migration_barrier']:.3f}"
        table.add_row(
            row["entry_id"], row["mobile_ion"], row["formula"], row["structure_class"], row["published_split"], barrier
        )
    return Group(table, "", count)


def _folded(text: str) -> str:
    return "".join(text.casefold().split())
