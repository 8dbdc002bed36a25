"""``embench leaderboard``: submissions and the board."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.check import Checked

app = typer.Typer(help="Submissions and the leaderboard.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Submissions and the leaderboard."""


@app.command()
def literature(
    shared: Path = typer.Argument(..., help="Folder that holds upstream/ and umlip_neb/.", show_default=False),
    out: Path = typer.Option(Path("leaderboard/submissions"), "--out", help="Folder of the submissions."),
    only: list[str] = typer.Option([], "--only", help="Slug of a system; may be given several times. Default: all."),
) -> None:
    """Make the submissions of published predictions from the files that their authors released."""
    from embench.errors import UnknownNameError
    from embench.leaderboard.entrants.literature import SYSTEMS, write_submission

    known = {system.slug: system for system in SYSTEMS}
    for slug in only:
        if slug not in known:
            raise UnknownNameError("system", slug, known)
    for slug in only or known:
        count = write_submission(known[slug], shared, out)
        typer.echo(f"{out / slug}: {count} entries")


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

_TRUSTED_CACHE = typer.Option(
    None,
    "--cache",
    metavar="FOLDER",
    help="Take scores from this folder where it has them, and keep new ones there; only for a board that nobody else "
    "relies on. Default: everything is scored again.",
    show_default=False,
)

_NO_CACHE = typer.Option(False, "--no-cache", help="Score everything again, and keep nothing.")

_WORKERS = typer.Option(
    None, "--workers", min=1, metavar="N", help="Number of processes. Default: one a core.", show_default=False
)


@app.command()
def build(
    submissions: Path = _SUBMISSIONS,
    out: Path = typer.Option(Path("leaderboard"), "--out", metavar="FOLDER", help="Where to write the leaderboard."),
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
    allow_pending: bool = typer.Option(
        False,
        "--allow-pending",
        help="With --check: name what is new, changed or gone since the leaderboard was built, and compare the rest.",
    ),
    site: bool = typer.Option(True, "--site/--no-site", help="Write the site as well."),
    cache: Path | None = _TRUSTED_CACHE,
    no_cache: bool = _NO_CACHE,
    workers: int | None = _WORKERS,
) -> None:
    """Score all submissions again and write the leaderboard: leaderboard.json, leaderboard.md and the site."""
    if check and cache is not None:
        raise typer.BadParameter("--check scores everything itself; leave out --cache")
    _exclude(cache, no_cache)
    if allow_pending:
        if not check:
            raise typer.BadParameter("it belongs to --check", param_hint="--allow-pending")
        _check_recorded(submissions, out, page=page, workers=workers)
        return
    board = _board(submissions, cache=cache, workers=workers)
    from embench.leaderboard.board.write import SITE_FOLDER, board_texts, check_current, write_board

    texts = board_texts(board, out, page=page)
    if check:
        check_current(texts)
        typer.echo(f"{', '.join(map(str, texts))}: up to date")
        return
    write_board(board, out, page=page, site=site)
    for path in (*texts, *([out / SITE_FOLDER / "index.html"] if site else [])):
        typer.echo(f"wrote {path}")


@app.command()
def serve(
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="Port; 0 takes a free one."),
    host: str = typer.Option(
        "127.0.0.1", "--host", metavar="HOST", help="Address to listen at; others than this let other machines see it."
    ),
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
    """Show the leaderboard in a browser, from this machine to itself: the files of the site, and nothing else."""
    from tempfile import TemporaryDirectory

    from embench.leaderboard.site.serve import serve_folder

    def announce(address: str) -> None:
        typer.echo(f"The board is at {address} (Ctrl-C ends)")
        if open_browser:
            typer.launch(address)

    if folder is not None:
        serve_folder(folder, port=port, announce=announce, host=host)
        return
    from embench.leaderboard.board import default_cache

    _exclude(cache, no_cache)
    board = _board(submissions, cache=None if no_cache else cache or default_cache(), workers=workers)
    from embench.leaderboard.site import write_site

    with TemporaryDirectory(prefix="embench-board-") as temporary:
        write_site(board, Path(temporary))
        serve_folder(Path(temporary), port=port, announce=announce, host=host)


def _exclude(cache: Path | None, no_cache: bool) -> None:
    if no_cache and cache is not None:
        raise typer.BadParameter("--cache and --no-cache exclude each other")


def _board(submissions: Path, *, cache: Path | None, workers: int | None) -> Board:
    from embench.cli._terminal import progress_bars
    from embench.leaderboard.board import build_board

    with progress_bars("board") as progress:
        return build_board(submissions, cache=cache, workers=workers or os.cpu_count() or 1, progress=progress)


def _check_recorded(submissions: Path, out: Path, *, page: Path | None, workers: int | None) -> None:
    from embench.cli._terminal import progress_bars
    from embench.leaderboard.board.pending import check_recorded

    with progress_bars("board") as progress:
        since = check_recorded(
            submissions, out, page=page, cache=None, workers=workers or os.cpu_count() or 1, progress=progress
        )
    typer.echo(f"{out}: the board of the submissions that it names")
    if since:
        typer.echo(f"to be built again, which a workflow does after the merge ({since})")


@app.command()
def check(
    slugs: list[str] | None = typer.Argument(
        None, metavar="[SLUG]...", help="Submissions to check. Default: all.", show_default=False
    ),
    submissions: Path = _SUBMISSIONS,
    base: Path | None = typer.Option(
        None,
        "--base",
        metavar="DIR",
        help="Check what is new or has changed against the submissions in this folder, and that none is gone.",
        show_default=False,
    ),
    partial: bool = typer.Option(
        False, "--partial", help="With --base: the submissions are a few only, and what is not among them is not gone."
    ),
    summary: Path | None = typer.Option(
        None,
        "--summary",
        metavar="FILE",
        help="Write what was found, with ranks, to this file as well, in Markdown.",
        show_default=False,
    ),
    strict: bool = typer.Option(False, "--strict", help="Fail on signs of trouble as well."),
) -> None:
    """Check submissions: description, files, coverage, and signs of trouble. Nothing in them is executed.

    All figures are computed from the predictions. Signs of trouble are for a person to look at and do not fail.
    """
    from embench.leaderboard.check import check_submissions

    if base is not None and slugs:
        raise typer.BadParameter("name the submissions or a folder to compare with, not both", param_hint="--base")
    if partial and base is None:
        raise typer.BadParameter("it belongs to --base", param_hint="--partial")
    checked = check_submissions(submissions, slugs=slugs or (), base=base, partial=partial)
    if summary is not None:
        from embench.common.files import write_text
        from embench.leaderboard.check_summary import summary as summary_of

        write_text(summary, summary_of(checked))
    if base is not None and not checked:
        typer.echo(f"no submission in {submissions} is new or has changed")
        return
    for item in checked:
        _show(item)
    with_problems = sum(bool(item.problems) for item in checked)
    with_signs = sum(bool(item.signs) for item in checked)
    typer.echo(f"{len(checked)} checked, {with_problems} with problems, {with_signs} with signs of trouble")
    if with_problems or (strict and with_signs):
        raise typer.Exit(1)


@app.command()
def schema(
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="Write it to this file in place of printing it.", show_default=False
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the schema of now."),
) -> None:
    """Print or write the JSON Schema of submission.yaml."""
    from embench.cli._terminal import deliver
    from embench.leaderboard.submission.read import json_schema_text

    deliver(json_schema_text, out, check=check)


@app.command()
def references(
    submissions: Path = _SUBMISSIONS,
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="Write it to this file in place of printing it.", show_default=False
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not what would be written."),
) -> None:
    """Print or write the worst reference prediction of every entry, with which missing ones are scored.

    This changes the scores of all systems that lack entries, so it is a matter of a release.
    """
    from embench.cli._terminal import deliver
    from embench.leaderboard.board.references import references_text
    from embench.leaderboard.submission import read_submissions

    deliver(lambda: references_text(read_submissions(submissions)), out, check=check)


def _show(item: Checked) -> None:
    from embench.common.text import visible
    from embench.leaderboard.signs import sign_lines

    name = item.slug if item.slug.isascii() and item.slug.isprintable() else repr(item.slug)
    typer.echo(f"{name}: {'cannot be taken' if item.problems else 'sound'}")
    for found in item.scores:
        r2 = "undefined" if found.r2 != found.r2 else f"{found.r2:.3f}"
        typer.echo(
            f"  {found.protocol:<20} {found.predicted} of {found.scored} entries, MAE {found.mae:.3f} eV, R² {r2}"
        )
    warnings = dict.fromkeys(text for found in item.scores for text in found.warnings)
    for label, texts in (
        ("problem", item.problems),
        ("note", [*item.notes, *warnings]),
        ("sign of trouble", sign_lines(item.signs)),
    ):
        for text in texts:
            typer.echo(f"  {label}: " + visible(text).replace("\n", "\n    "))


@app.command()
def paths(
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="File to write. Default: the one that the site reads.", show_default=False
    ),
    check: bool = typer.Option(
        False, "--check", help="Write nothing; fail if a path is missing or of another structure."
    ),
) -> None:
    """Find the relaxed paths of all entries and keep them for the site; takes a minute or two."""
    from embench.cli._terminal import progress_bars
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
