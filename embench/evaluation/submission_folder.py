"""The folder of a submission, read as if its author meant harm: nothing outside it, no links, nothing large.

What the description says beyond the names of its files is checked by :mod:`embench.leaderboard.submission`, which
needs pydantic. This part does without, since everybody who compares with a submission needs it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from embench.common import plain_yaml
from embench.common.plain_yaml import PlainYaml, PlainYamlError
from embench.errors import SubmissionError
from embench.splits.registry import TRANSFER_PROTOCOLS

SUBMISSION_FILE = "submission.yaml"
CARD_FILE = "README.md"
ALL = "all"
"""The key of a predictions file that serves every protocol."""

FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,94}\.csv$"
"""The names that a predictions file may have: no folders, nothing hidden, the same on all systems."""

MOST_BYTES_OF_PREDICTIONS = 1 << 20
MOST_BYTES_OF_CARD = 64 << 10
_MOST_FILES = 20
# A point stands between digits only, as in a version: no name looks like a file or a folder above.
_SLUG = re.compile(r"[a-z0-9]+((-|(?<=[0-9])\.(?=[0-9]))[a-z0-9]+)*")
_LONGEST_SLUG = 60
# Names that Windows keeps for devices, and those of pages beside which the page of a submission may stand.
_RESERVED = frozenset({"con", "prn", "aux", "nul", "index", "all", "none", "new"})
_LEFT_BY_SYSTEMS = frozenset({".ds_store", ".localized", "thumbs.db", "desktop.ini"})


def left_by_system(name: str) -> bool:
    """Return whether file managers leave files of this name behind; they are neither read nor refused."""
    return name.lower() in _LEFT_BY_SYSTEMS or name.startswith("._")


def slug_problem(slug: str) -> str | None:
    """Return what is wrong with `slug` as the name of a submission, in words that follow it, or None."""
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
        return (
            "is no name for a submission; use up to 60 lower-case letters and digits, with single hyphens between "
            f"them (or a point between digits), such as {slug_from(slug)!r}"
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
            meant = (
                entry for entry in found if not (left_by_system(entry.name) and entry.is_file(follow_symlinks=False))
            )
            entries = [next_entry for _, next_entry in zip(range(_MOST_FILES + 1), meant, strict=False)]
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


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in the folder of a submission, each read once, by name.

    Raises :class:`~embench.errors.SubmissionError` as :func:`list_folder` does, and with all files that are too large
    or cannot be read.
    """
    limits = {SUBMISSION_FILE: plain_yaml.MOST_BYTES, CARD_FILE: MOST_BYTES_OF_CARD}
    names = list_folder(folder)
    found: dict[str, bytes] = {}
    problems = [] if SUBMISSION_FILE in names else [f"{folder / SUBMISSION_FILE} is missing"]
    for name in names:
        try:
            found[name] = read_bytes(folder / name, most_bytes=limits.get(name, MOST_BYTES_OF_PREDICTIONS))
        except SubmissionError as error:
            problems.append(str(error))
    if problems:
        raise SubmissionError("\n".join(problems))
    return found


def read_description(path: Path) -> PlainYaml:
    """Return what a ``submission.yaml`` holds; raises SubmissionError, with the line where that is known."""
    return parse_description(read_bytes(path, most_bytes=plain_yaml.MOST_BYTES), source=str(path))


def parse_description(content: bytes, *, source: str) -> PlainYaml:
    """Return what the bytes of a ``submission.yaml`` hold; `source` is where they are from, for messages."""
    try:
        return plain_yaml.parse(_decode(content, source))
    except PlainYamlError as error:
        raise SubmissionError(f"{source}{f', line {error.line}' if error.line else ''}: {error}") from None


def named_file(description: PlainYaml, protocol: str, *, source: str) -> str | None:
    """Return the name of the predictions file of a protocol in a description, or None where it names none.

    Raises :class:`~embench.errors.SubmissionError` where the description names no files, or something else than a
    file of its folder.
    """
    content = description.value if isinstance(description.value, Mapping) else {}
    files = content.get("predictions")
    if not isinstance(files, Mapping):
        raise SubmissionError(f"{source} names no predictions; write under predictions: a file for each protocol")
    # A file for all is one for the first dataset: what is predicted for the second is said by name.
    second = protocol in {spec.name for spec in TRANSFER_PROTOCOLS}
    key = protocol if protocol in files or second else ALL
    name = files.get(key)
    if name is not None and not (isinstance(name, str) and re.fullmatch(FILE_NAME, name)):
        line = description.lines["predictions", key]
        raise SubmissionError(f"{source}, line {line}: {str(name)[:80]!r} is no file of its folder; correct it")
    return name


def _entry_problems(folder: Path, entry: os.DirEntry[str]) -> Iterator[str]:
    where = f"{folder}: {entry.name!r}"
    if entry.is_symlink():
        yield f"{where} is a link; put the file itself there"
    elif not entry.is_file(follow_symlinks=False):
        yield f"{where} is no regular file; a submission has no folders or special files in it"
    elif entry.name not in (SUBMISSION_FILE, CARD_FILE) and not entry.name.endswith(".csv"):
        yield f"{where} does not belong here; keep {SUBMISSION_FILE}, {CARD_FILE} and the predictions (.csv)"


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise SubmissionError(f"{source}, line {line}: not UTF-8 (byte 0x{byte:02x}); save it as UTF-8") from None


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
