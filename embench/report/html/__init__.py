"""An evaluation as one self-contained page, which opens offline and asks no other host for anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embench.files import write_text
from embench.report.as_json import document

if TYPE_CHECKING:
    from embench.evaluation import Evaluation


def write_html(evaluation: Evaluation, path: Path) -> None:
    """Write the page of `evaluation` to `path`, all or nothing.

    The page shows nothing but :func:`embench.report.as_json.document`, and carries it.

    Raises
    ------
    MissingDependencyError
        jinja2 or plotly is not installed.
    OutputError
        `path` cannot be written.
    """
    from embench.report.html.page import render

    write_text(path, render(document(evaluation)))
