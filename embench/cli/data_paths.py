"""``embench data paths``: which straight lines run into other atoms, and what the relaxed paths make of them."""

from __future__ import annotations

from pathlib import Path

import typer


def paths(
    out: Path | None = typer.Option(None, "--out", help="Write the page to this file.", show_default="standard output"),
    check: bool = typer.Option(False, "--check", help="Compare with the file at --out instead of writing it."),
) -> None:
    """Relax the paths of all entries and describe which of them other atoms block; takes a minute or two."""
    from embench.cli._pages import deliver
    from embench.cli._progress import progress_bars
    from embench.dataset import load
    from embench.pathways.page import paths_page, relax_all

    def page() -> str:
        data = load()
        with progress_bars("paths") as update:
            found = relax_all(data, progress=lambda done, total: update("relaxing", done, total))
        return paths_page(data, found)

    deliver(page, out, check=check)
