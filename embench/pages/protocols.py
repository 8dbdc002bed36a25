"""The table of the protocols in README."""

from __future__ import annotations

from pathlib import Path

from embench.common.markdown import between_marks, markdown_table
from embench.splits import registry

BEGIN = "<!-- protocols: the lines up to the end mark are written by make generated -->"
END = "<!-- protocols: end -->"


def protocols_table() -> str:
    """Return the table of all protocols, in the order of the registry."""
    rows = [[f"`{spec.name}`", spec.measures] for spec in registry.PROTOCOLS]
    return markdown_table(["protocol", "what it measures"], rows, left=("what it measures",))


def renewed(page: Path) -> str:
    """Return the text of `page` with the table between its marks; raises OutputError where they are missing."""
    return between_marks(page, BEGIN, END, protocols_table())
