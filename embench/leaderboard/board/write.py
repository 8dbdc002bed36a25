"""The board as files: all of them are made first, then they take the places of the old ones."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import OutputError, StaleFileError
from embench.evaluation.document import dumps
from embench.leaderboard.board.markdown import board_page, renewed

if TYPE_CHECKING:
    from embench.leaderboard.board.build import Board

JSON_FILE = "leaderboard.json"
PAGE_FILE = "leaderboard.md"
SITE_FOLDER = "site"


def board_texts(board: Board, out: Path, *, page: Path | None = None) -> dict[Path, str]:
    """Return the text files of the board by their path: JSON and Markdown in `out`, and `page` with a new table.

    `page` is a file in Markdown that shows the main table between two marks; see
    :func:`embench.leaderboard.board.markdown.renewed`, also for what it raises.
    """
    texts = {out / JSON_FILE: dumps(board.content), out / PAGE_FILE: board_page(board.content)}
    if page is not None:
        texts[page] = renewed(page, board.content)
    return texts


def check_current(texts: dict[Path, str]) -> None:
    """Raise :class:`~embench.errors.StaleFileError`, which names them, for files that hold another text."""
    stale = [str(path) for path, text in texts.items() if not path.is_file() or path.read_bytes() != text.encode()]
    if stale:
        raise StaleFileError(f"{', '.join(stale)}: not what this command writes now; run it without --check")


def write_board(board: Board, out: Path, *, page: Path | None = None, site: bool = True) -> None:
    """Write the board into the folder `out`, and the site into its subfolder ``site``.

    Whatever fails, the files that were there before stay as they were. For `page` see :func:`board_texts`.

    Raises
    ------
    OutputError
        A folder cannot be written to, or ``site`` is there and not one that this function has written.
    MissingDependencyError
        A library that draws the site is not installed.
    """
    texts = board_texts(board, out, page=page)
    with _temporary_folder(out) as work:
        targets: dict[Path, Path] = {}
        if site:
            from embench.leaderboard.site import write_site

            _check_site(out / SITE_FOLDER)
            targets[work / SITE_FOLDER] = out / SITE_FOLDER
            write_site(board, work / SITE_FOLDER)
        for number, (path, text) in enumerate(texts.items()):
            made = work / f"{number}-{path.name}"
            made.write_text(text, encoding="utf-8", newline="")
            targets[made] = path
        _check_file_system(work, texts)
        _swap_in(targets, work / "old")


def _check_site(folder: Path) -> None:
    """Refuse to replace a folder with other things in it, and a link."""
    known = (
        folder.is_dir() and not folder.is_symlink() and ((folder / "index.html").is_file() or not any(folder.iterdir()))
    )
    if (folder.exists() or folder.is_symlink()) and not known:
        raise OutputError(
            f"{folder} is not a site that this command has written; move it away, or choose another --out"
        )


def _check_file_system(work: Path, paths: Iterable[Path]) -> None:
    """Refuse files on another file system than `work`: a move to there copies, and may end half way."""
    for path in paths:
        if os.stat(path.parent).st_dev != os.stat(work).st_dev:
            raise OutputError(f"{path} is on another file system than the board; choose another --out or --page")


def _swap_in(targets: dict[Path, Path], old: Path) -> None:
    """Move each new file or folder to its place; where one move fails, those before it are taken back."""
    old.mkdir()
    moved: list[tuple[Path, Path, bool]] = []
    try:
        for made, path in targets.items():
            kept = old / str(len(moved))
            existed = path.exists()
            if existed:
                os.replace(path, kept)
            moved.append((path, kept, existed))
            os.replace(made, path)
    except OSError as error:
        for path, kept, existed in reversed(moved):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            if existed:
                os.replace(kept, path)
        raise OutputError(f"cannot write the board: {error}") from error


@contextmanager
def _temporary_folder(out: Path) -> Iterator[Path]:
    """Give an empty folder inside `out`, from where files can be moved; it is removed whatever happens."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=out, prefix=".board."))
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror or error}") from error
    try:
        yield work
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
