"""The table of the fields of a contribution in ``docs/new-data.md``."""

from __future__ import annotations

from pathlib import Path

from embench.common.markdown import between_marks, markdown_table
from embench.schema.contribution import fields_table

BEGIN = "<!-- fields: the lines up to the end mark are written by make pages -->"
END = "<!-- fields: end -->"


def renewed(page: Path) -> str:
    """Return the text of `page` with the table between its marks; raises OutputError where they are missing."""
    header = ["field", "type", "unit", "needed", "what it is"]
    return between_marks(page, BEGIN, END, markdown_table(header, fields_table(), left=header))
