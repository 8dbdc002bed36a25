"""The list of what belongs to a published folder: ``checksums.txt``, as ``sha256sum`` writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from embench.common.foreign import lfs_hint
from embench.errors import HubError

CHECKSUMS = "checksums.txt"

# What git and the hub themselves put beside published files.
IGNORED = frozenset({".gitattributes", ".gitignore"})


def render_checksums(contents: Mapping[str, bytes]) -> str:
    """Return the list for files with these `contents`, by path; the list itself is left out."""
    lines = [f"{sha256(contents[path])}  {path}\n" for path in sorted(contents) if path != CHECKSUMS]
    return "".join(lines)


def parse_checksums(text: str, *, source: str) -> dict[str, str]:
    """Return the sha256 of each path in a list; `source` says in errors where it is from.

    Raises :class:`~embench.errors.HubError` for a line that is none, and for a path that leaves the folder.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        digest, _, path = line.partition("  ")
        parts = path.split("/")
        if len(digest) != 64 or not path or path.startswith("/") or "\\" in path or {"", ".", ".."} & set(parts):
            raise HubError(f"{source}, line {number}: {line!r} is not '<sha256>  <path inside the folder>'")
        found[path] = digest.lower()
    return found


def sha256(content: bytes) -> str:
    """Return the sha256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def verify_folder(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file in `folder` after comparing all of them with its ``checksums.txt``.

    Raises
    ------
    HubError
        Where the list is missing, a listed file is missing or differs, or a file is not listed; names all of them.
    """
    listing = folder / CHECKSUMS
    try:
        expected = parse_checksums(listing.read_text(encoding="utf-8"), source=str(listing))
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"cannot read {listing} ({error}); write the folder with embench hub export") from None
    present = set(files_in(folder))
    wrong = [f"{path} is missing" for path in sorted(expected.keys() - present)]
    for path in sorted(expected.keys() & present):
        content = (folder / path).read_bytes()
        if sha256(content) != expected[path]:
            wrong.append(f"{path} {lfs_hint(content) or 'is not the file that was listed'}")
    wrong += [f"{path} is not listed" for path in sorted(present - expected.keys() - {CHECKSUMS} - IGNORED)]
    if wrong:
        raise HubError(
            f"{folder} does not agree with its {CHECKSUMS}: {'; '.join(wrong[:10])}"
            f"{f' and {len(wrong) - 10} more' if len(wrong) > 10 else ''}. "
            "Write the folder again with embench hub export, or restore it"
        )
    return expected


def files_in(folder: Path) -> list[str]:
    """Return the paths of all files in `folder`, relative to it, with forward slashes.

    Raises :class:`~embench.errors.HubError` for a link: what it leads to need not belong to the folder.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise HubError(f"{path} is a link; a published folder holds files only")
        if path.is_file():
            found.append(path.relative_to(folder).as_posix())
    return found
