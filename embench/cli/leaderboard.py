"""``embench leaderboard``: submissions and the board."""

from __future__ import annotations

from pathlib import Path

import typer

app = typer.Typer(help="Submissions and the board.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Submissions and the board."""


@app.command()
def literature(
    shared: Path = typer.Argument(..., help="Folder that holds upstream/ and umlip_neb/.", show_default=False),
    out: Path = typer.Option(Path("leaderboard/submissions"), "--out", help="Folder of the submissions."),
    only: list[str] = typer.Option([], "--only", help="Slug of a system; may be given several times. Default: all."),
) -> None:
    """Make the submissions of published predictions from the files that their authors released."""
    from embench.errors import UnknownNameError
    from embench.leaderboard.literature import SYSTEMS, write_submission

    known = {system.slug: system for system in SYSTEMS}
    for slug in only:
        if slug not in known:
            raise UnknownNameError("system", slug, known)
    for slug in only or known:
        count = write_submission(known[slug], shared, out)
        typer.echo(f"{out / slug}: {count} entries")
