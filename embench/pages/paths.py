"""The page of the documentation on relaxed paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from embench.common.markdown import fill_page, markdown_table
from embench.pathways.relaxed import CLEARANCE, RelaxedPath, relaxed_path

if TYPE_CHECKING:
    from embench.dataset import Dataset
    from embench.dataset.entry import Entry

# A path that is clear, but comes nearer to another atom than this, is named, Å.
TIGHT = 1.5
HEADER = ("entry", "released images", "line", "relaxed path", "length of the line", "length of the path", "blocked")


def relax_all(data: Dataset, *, progress: Callable[[int, int], None] | None = None) -> dict[str, RelaxedPath]:
    """Return the relaxed path of every entry; `progress` is called with the number done and that of all."""
    found: dict[str, RelaxedPath] = {}
    for entry in data:
        found[entry.entry_id] = relaxed_path(entry)
        if progress is not None:
            progress(len(found), len(data))
    return found


def paths_page(data: Dataset, paths: Mapping[str, RelaxedPath]) -> str:
    """Return the page in Markdown, every number computed from `data` and the relaxed `paths` of its entries."""
    images = {entry.entry_id for entry in data if entry.straight_line_minimum_distance < CLEARANCE}
    lines = {entry_id for entry_id, path in paths.items() if path.straight_clearance < CLEARANCE}
    blocked = {entry_id: path.reason for entry_id, path in paths.items() if path.blocked}
    tight = [
        f"`{name}` ({path.clearance:.2f} Å)" for name, path in paths.items() if CLEARANCE <= path.clearance < TIGHT
    ]
    ratios = np.array([path.length / path.straight_length for path in paths.values()])
    values = {
        "dataset_version": data.version,
        "n_entries": len(data),
        "clearance": CLEARANCE,
        "median_ratio": f"{np.median(ratios):.2f}",
        "tenth_ratio": f"{np.quantile(ratios, 0.9):.2f}",
        "counts": _counts(images, lines, set(blocked)),
        "blocked": _list(blocked),
        "tight_limit": TIGHT,
        "tight": ", ".join(tight) or "none",
        "table": markdown_table(
            HEADER,
            [table_row(entry, paths[entry.entry_id]) for entry in data if entry.entry_id in images | lines],
            left=("blocked",),
        ),
    }
    return fill_page("embench.pages", "paths.md", values)


def table_row(entry: Entry, path: RelaxedPath) -> list[str]:
    """Return the cells of the table for one entry."""
    distances = entry.straight_line_minimum_distance, path.straight_clearance, path.clearance
    numbers = [f"{value:.2f}" for value in (*distances, path.straight_length, path.length)]
    return [f"`{entry.entry_id}`", *numbers, path.reason or ""]


def _counts(images: set[str], lines: set[str], blocked: set[str]) -> str:
    rows = [
        [name, len(chosen), len(chosen - blocked), len(chosen & blocked)]
        for name, chosen in (
            ("the five released images", images),
            ("the whole straight line to the minimum image", lines),
            ("either", images | lines),
        )
    ]
    rows.append(["neither", "", "", len(blocked - images - lines)])
    return markdown_table([f"within {CLEARANCE} Å of another atom", "entries", "cleared", "still blocked"], rows)


def _list(blocked: Mapping[str, str | None]) -> str:
    if not blocked:
        return "; none is."
    return ":\n\n" + "\n".join(f"- `{entry_id}`: {reason}" for entry_id, reason in blocked.items())
