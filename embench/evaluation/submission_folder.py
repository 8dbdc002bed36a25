"""The folder of a submission, read as if its author meant harm: nothing outside it, no links, nothing large."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from embench.errors import SubmissionError

SUBMISSION_FILE = "submission.yaml"
CARD_FILE = "README.md"
MOST_BYTES_OF_PREDICTIONS = 1 << 20
MOST_BYTES_OF_CARD = 64 << 10
_MOST_FILES = 20
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG = 60
# Names that Windows keeps for devices, and those of pages beside which the page of a submission may stand.
_RESERVED = frozenset({"con", "prn", "aux", "nul", "index", "all", "none", "new"})


def slug_problem(slug: str) -> str | None:
    """Return what is wrong with `slug` as the name of a submission, in words that follow it, or None."""
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
        return (
            "is no name for a submission; use up to 60 lower-case letters and digits, with single hyphens between "
            f"them, such as {slug_from(slug)!r}"
        )
    if slug in _RESERVED:
        return "is reserved; choose another name"
    return None


def slug_from(name: str) -> str:
    """Return a slug made of the letters and digits of `name`."""
    words = re.findall(r"[a-z0-9]+", name.casefold())
    return "-".join(words)[:_LONGEST_SLUG].strip("-") or "my-model"


def list_folder(folder: Path) -> tuple[str, ...]:
    """Return the names of the files in the folder of a submission, sorted.

    Raises :class:`~embench.errors.SubmissionError` for a name that is no slug, and for anything but regular files
    that the folder may hold: links, folders, devices, other kinds of files.
    """
    problem = slug_problem(folder.name)
    if problem:
        raise SubmissionError(f"{str(folder)!r}: the folder name {folder.name!r} {problem}")
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise SubmissionError(f"{folder} is no folder (or a link); a submission is a folder of its own")
        with os.scandir(folder) as found:
            entries = [next_entry for _, next_entry in zip(range(_MOST_FILES + 1), found, strict=False)]
    except FileNotFoundError:
        raise SubmissionError(f"there is no submission {folder.name!r} in {folder.parent}") from None
    except OSError as error:
        raise SubmissionError(f"cannot read {folder}: {error.strerror}") from None
    if len(entries) > _MOST_FILES:
        raise SubmissionError(f"{folder} holds more than {_MOST_FILES} files; keep {SUBMISSION_FILE} and predictions")
    problems = [problem for entry in entries for problem in _entry_problems(folder, entry)]
    if problems:
        raise SubmissionError("\n".join(sorted(problems)))
    return tuple(sorted(entry.name for entry in entries))


def _entry_problems(folder: Path, entry: os.DirEntry[str]) -> Iterator[str]:
    where = f"{folder}: {entry.name!r}"
    if entry.is_symlink():
        yield f"{where} is a link; put the file itself there"
    elif not entry.is_file(follow_symlinks=False):
        yield f"{where} is no regular file; a submission has no folders or special files in it"
    elif entry.name not in (SUBMISSION_FILE, CARD_FILE) and not entry.name.endswith(".csv"):
        yield f"{where} does not belong here; keep {SUBMISSION_FILE}, {CARD_FILE} and the predictions (.csv)"


def read_text(path: Path, *, most_bytes: int) -> str:
    """Return the text (UTF-8) of a regular file of at most `most_bytes`; raises SubmissionError."""
    content = read_bytes(path, most_bytes=most_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise SubmissionError(f"{path}, line {line}: not UTF-8 (byte 0x{byte:02x}); save it as UTF-8") from None


def read_bytes(path: Path, *, most_bytes: int) -> bytes:
    """Return the content of a regular file of at most `most_bytes`; a link is not followed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SubmissionError(f"{path} is no regular file")
            content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise SubmissionError(f"{path} is missing") from None
    except OSError as error:
        raise SubmissionError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > most_bytes:
        raise SubmissionError(f"{path} is larger than {most_bytes >> 10} KiB, which is more than it can need")
    return content
