"""What a file is that should be another one, by its first bytes, and what to do about it."""

from __future__ import annotations

from pathlib import Path

_LFS = b"version https://git-lfs.github.com/spec/"

# First bytes, what the file is, and how to go on.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xfe", "UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16", "save it as UTF-8"),
    (b"BZh", "compressed with bzip2", "unpack it first (bunzip2)"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it first (unxz)"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it first (unzstd)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"Rar!", "a rar archive", "unpack it first"),
    (b"ARROW1", "an Arrow or Feather file", "save it as CSV or Parquet (pandas.read_feather, then to_csv)"),
    (b"\x89HDF", "an HDF5 file", "save the table as CSV (pandas.read_hdf, then to_csv)"),
    (b"\x93NUMPY", "a numpy array", "save a CSV with the entry ids beside the numbers"),
    (b"SQLite format 3\0", "an SQLite database", "save the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save it as CSV"),
    (b"%PDF", "a PDF", "save the table as CSV"),
    (b"\x80\x02", "a pickle, which is not read because reading it runs code", "save it as CSV (to_csv)"),
    (b"\x80\x03", "a pickle, which is not read because reading it runs code", "save it as CSV (to_csv)"),
    (b"\x80\x04", "a pickle, which is not read because reading it runs code", "save it as CSV (to_csv)"),
    (b"\x80\x05", "a pickle, which is not read because reading it runs code", "save it as CSV (to_csv)"),
)


def lfs_hint(content: bytes) -> str | None:
    """Return what to say of a Git LFS pointer, after its path; None for other content.

    It stands in a clone made without git-lfs where the file itself should be.
    """
    return "is a Git LFS pointer and not the file itself: run git lfs pull" if content.startswith(_LFS) else None


def foreign_hint(content: bytes) -> str | None:
    """Return what to say, after its path, of a file of a kind that embench does not read; None for others."""
    pointer = lfs_hint(content)
    if pointer:
        return pointer
    for start, what, way_out in _KINDS:
        if content.startswith(start):
            return f"is {what}; {way_out}"
    if content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page; download the file itself (on GitHub: Raw)"
    return None


def lfs_hint_of(path: Path) -> str | None:
    """Return what :func:`lfs_hint` says of a file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return lfs_hint(file.read(len(_LFS)))
    except OSError:
        return None
