"""``embench leaderboard paths``: the relaxed paths that the entry views of the site draw."""

from __future__ import annotations

from pathlib import Path

import typer


def paths(
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="File to write. Default: the one that the site reads.", show_default=False
    ),
    check: bool = typer.Option(
        False, "--check", help="Write nothing; fail if a path is missing or of another structure."
    ),
) -> None:
    """Find the relaxed paths of all entries and keep them for the site; takes a minute or two."""
    from embench.cli._progress import progress_bars
    from embench.dataset import load
    from embench.leaderboard.site.entries.paths import STORED, check_paths, drawn_path, write_paths

    file = out or STORED
    data = load()
    if check:
        check_paths(data, file)
        typer.echo(f"{file} is up to date")
        return
    found = {}
    with progress_bars("paths") as update:
        for entry in data:
            found[entry.entry_id] = drawn_path(entry)
            update("relaxing", len(found), len(data))
    write_paths(found, file)
    typer.echo(f"wrote {file}: {len(found)} paths")
