"""The resolution meter for a person at a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from embench.common.text import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.evaluation.power import PowerAnalysis

_KINDS_SHOWN = 10
_DIMENSIONS = {"mobile_ion": "ion", "structure_class": "class", "functional": "functional"}


def render_power(found: PowerAnalysis) -> RenderableType:
    """Return what it takes to tell two systems apart: in a sentence, by kind of host, and entry by entry."""
    kinds = _table("hosts of", "kind", "entries", "hosts", "difference, eV", "needed for 80 %", right=(2, 3, 4, 5))
    for kind in found.kinds[:_KINDS_SHOWN]:
        kinds.add_row(
            _DIMENSIONS[kind.dimension],
            visible(kind.value),
            str(kind.n),
            str(kind.n_hosts),
            f"{kind.difference:+.3f}",
            "beyond reach" if math.isinf(kind.hosts_needed) else f"{kind.hosts_needed:,.0f} hosts",
        )
    entries = _table("entry", "difference, eV", "share of its host in the variance", right=(1, 2))
    for entry in found.telling:
        entries.add_row(visible(entry.entry_id), f"{entry.difference:+.3f}", f"{entry.share:.1%}")
    return Group(
        Text(visible(f"{found.first} against {found.second} on {found.protocol}"), style="bold"),
        Text(visible(found.sentence)),
        "",
        Text("New hosts of one kind alone that would show the difference, fewest first", style="bold"),
        kinds,
        "",
        Text("Entries that differ most (error of the first minus that of the second)", style="bold"),
        entries,
    )


def _table(*headings: str, right: tuple[int, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position in right else "left", overflow="fold")
    return table
