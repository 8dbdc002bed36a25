"""The board as files: all of them are made first, then they take the places of the old ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.files import flush
from embench.common.folders import bring_back, put_in_place, working_folder
from embench.common.text import listing
from embench.errors import OutputError, StaleFileError
from embench.evaluation.document import dumps
from embench.evaluation.submission_folder import left_by_system
from embench.leaderboard.board.markdown import board_page, renewed

if TYPE_CHECKING:
    from embench.leaderboard.board.build import Board

JSON_FILE = "leaderboard.json"
PAGE_FILE = "leaderboard.md"
SITE_FOLDER = "site"
MARKER = "embench-site.txt"
"""The file of a site that says that it is one, and what belongs to it."""
_MARKED = "Written by embench leaderboard build, which replaces this folder as a whole. It holds:\n"


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

    Whatever fails, the files that were there before stay as they were; whenever it is killed, each file and the site is
    the old one or the new one. For `page` see :func:`board_texts`.

    Raises
    ------
    OutputError
        A folder cannot be written to, or ``site`` is there and not one that this function has written, or holds
        something else too.
    MissingDependencyError
        A library that draws the site is not installed.
    """
    texts, place = board_texts(board, out, page=page), out / SITE_FOLDER
    with _working_folder(out) as work:
        if site:
            from embench.leaderboard.site import write_site

            bring_back(place, aside=_aside(place))
            _check_site(place)
            write_site(board, work / SITE_FOLDER)
            _write_marker(work / SITE_FOLDER)
        made: dict[Path, Path] = {}
        for number, (path, text) in enumerate(texts.items()):
            # A link stays, and what it points to is replaced.
            target, new = path.resolve(), work / f"{number}-{path.name}"
            new.write_text(text, encoding="utf-8", newline="")
            flush(new)
            if target.exists():
                shutil.copymode(target, new)
            made[target] = new
        _check_file_system(work, made)
        with _taken_back(made, work / "old"):
            for path, new in made.items():
                os.replace(new, path)
            if site:
                put_in_place(work / SITE_FOLDER, place, aside=_aside(place))


def _write_marker(site: Path) -> None:
    """Write the file that tells a site of this command from a folder of somebody else, with what belongs to it."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    (site / MARKER).write_text(_MARKED + "".join(f"{name}\n" for name in names), encoding="utf-8", newline="")


def _check_site(folder: Path) -> None:
    """Refuse to replace a folder that this command has not written, or with other things in it, and a link."""
    if not (folder.exists() or folder.is_symlink()):
        return
    way_out = "move it away, or choose another --out"
    if folder.is_symlink() or not folder.is_dir():
        raise OutputError(f"{folder} is not a site that this command has written; {way_out}")
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    there = {path.relative_to(folder).as_posix() for path in found}
    try:
        lines = (folder / MARKER).read_text(encoding="utf-8").removeprefix(_MARKED).splitlines()
    except (OSError, UnicodeDecodeError):
        if there:
            raise OutputError(
                f"{folder} is not a site that this command has written (it has no {MARKER}); {way_out}"
            ) from None
        return
    foreign = sorted(name for name in there - {*lines, MARKER} if not left_by_system(name.rpartition("/")[2]))
    if foreign:
        raise OutputError(listing(f"{folder} holds what this command has not written; {way_out}", foreign))


def _check_file_system(work: Path, paths: Iterable[Path]) -> None:
    """Refuse files on another file system than `work`: a move to there copies, and may end half way."""
    for path in paths:
        if os.stat(path.parent).st_dev != os.stat(work).st_dev:
            raise OutputError(f"{path} is on another file system than the board; choose another --out or --page")


def _aside(site: Path) -> Path:
    """Return where a site that is replaced waits, where names cannot be exchanged."""
    return site.parent / f".{site.name}.before"


@contextmanager
def _taken_back(paths: Iterable[Path], old: Path) -> Iterator[None]:
    """Bring back what the files held, where what is done inside fails."""
    old.mkdir()
    kept: dict[Path, Path | None] = {}
    for path in paths:
        kept[path] = old / str(len(kept)) if path.exists() else None
        if (copy := kept[path]) is not None:
            shutil.copy2(path, copy)
    try:
        yield
    except BaseException as error:
        for path, copy in kept.items():
            if copy is not None:
                os.replace(copy, path)
            else:
                path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(f"cannot write the board: {error}") from error
        raise


@contextmanager
def _working_folder(out: Path) -> Iterator[Path]:
    """Give an empty folder inside `out`, from where files can be moved; it is removed whatever happens."""
    try:
        with working_folder(out, "board") as work:
            yield work
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror or error}") from error
