"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def plain_table(*columns: str, right: Collection[str] = ()) -> Table:
    """Return an empty table with these columns; those in `right` are aligned to the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        # Only what reads as text may be folded: a number in two lines is misread.
        table.add_column(
            name, justify="right" if name in right else "left", no_wrap=name in right or name == columns[0]
        )
    return table


def print_table(table: Table) -> None:
    """Print `table` without guessing emphasis from brackets or digits in names."""
    from rich.console import Console

    Console(highlight=False, markup=False, emoji=False).print(table)
