"""``embench leaderboard build`` and ``embench leaderboard serve``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.leaderboard.board import Board

_SUBMISSIONS = typer.Option(
    Path("leaderboard/submissions"), "--submissions", metavar="FOLDER", help="Folder of the submissions."
)
_CACHE = typer.Option(
    None,
    "--cache",
    metavar="FOLDER",
    help="Folder for what is already scored. Default: board in the cache of embench.",
    show_default=False,
)
_NO_CACHE = typer.Option(False, "--no-cache", help="Score everything again, and keep nothing.")
_WORKERS = typer.Option(
    None, "--workers", min=1, metavar="N", help="Number of processes. Default: one a core.", show_default=False
)


def build(
    submissions: Path = _SUBMISSIONS,
    out: Path = typer.Option(Path("leaderboard"), "--out", metavar="FOLDER", help="Where to write the board."),
    page: Path | None = typer.Option(
        None,
        "--page",
        metavar="FILE",
        help="Renew the main table between the marks in this Markdown file as well.",
        show_default=False,
    ),
    check: bool = typer.Option(
        False, "--check", help="Write nothing; fail if the files are not what would be written."
    ),
    site: bool = typer.Option(True, "--site/--no-site", help="Write the site as well."),
    cache: Path | None = _CACHE,
    no_cache: bool = _NO_CACHE,
    workers: int | None = _WORKERS,
) -> None:
    """Score all submissions again and write the board: leaderboard.json, leaderboard.md and the site."""
    board = _board(submissions, cache=cache, no_cache=no_cache, workers=workers)
    from embench.leaderboard.board.write import SITE_FOLDER, board_texts, check_current, write_board

    texts = board_texts(board, out, page=page)
    if check:
        check_current(texts)
        typer.echo(f"{', '.join(map(str, texts))}: up to date")
        return
    write_board(board, out, page=page, site=site)
    for path in (*texts, *([out / SITE_FOLDER / "index.html"] if site else [])):
        typer.echo(f"wrote {path}")


def serve(
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="Port; 0 takes a free one."),
    folder: Path | None = typer.Option(
        None,
        "--folder",
        metavar="FOLDER",
        help="Show the site in this folder. Default: build it from the submissions as they are now.",
        show_default=False,
    ),
    open_browser: bool = typer.Option(False, "--open", help="Open it in the browser."),
    submissions: Path = _SUBMISSIONS,
    cache: Path | None = _CACHE,
    no_cache: bool = _NO_CACHE,
    workers: int | None = _WORKERS,
) -> None:
    """Show the board in a browser, from this machine to itself."""
    from tempfile import TemporaryDirectory

    from embench.leaderboard.board.serve import serve_folder

    def announce(address: str) -> None:
        typer.echo(f"The board is at {address} (Ctrl-C ends)")
        if open_browser:
            typer.launch(address)

    if folder is not None:
        serve_folder(folder, port=port, announce=announce)
        return
    board = _board(submissions, cache=cache, no_cache=no_cache, workers=workers)
    from embench.leaderboard.site import write_site

    with TemporaryDirectory(prefix="embench-board-") as temporary:
        write_site(board, Path(temporary))
        serve_folder(Path(temporary), port=port, announce=announce)


def _board(submissions: Path, *, cache: Path | None, no_cache: bool, workers: int | None) -> Board:
    from embench.cli._progress import progress_bars
    from embench.leaderboard.board import build_board, default_cache

    if no_cache and cache is not None:
        raise typer.BadParameter("--cache and --no-cache exclude each other")
    folder = None if no_cache else cache or default_cache()
    with progress_bars("board") as progress:
        return build_board(submissions, cache=folder, workers=workers or os.cpu_count() or 1, progress=progress)
