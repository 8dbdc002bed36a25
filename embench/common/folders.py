"""Replacing folders, so that whatever happens the old one or the new one is in its place.

A folder is made in full beside its place. Where the system can, the two are exchanged in one step; elsewhere the old
one is set aside under a name that the next run knows, which brings it back where the new one did not arrive. What a
run that was killed leaves behind is removed by the next one that works in the same folder.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from embench.common import files

_LEFT_OVER = re.compile(r"\.(?P<name>.+)\.(?P<machine>[0-9a-f]{8})\.[a-z0-9_]{8}\.parts")
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # sys/stdio.h of macOS


@contextmanager
def working_folder(parent: Path, name: str) -> Iterator[Path]:
    """Give an empty folder inside `parent` that is removed whatever happens, and remove those of runs that were killed.

    `name` says what it is for. `parent` is made where there is none. Raises OSError where that is not possible.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent, name)
    made = Path(tempfile.mkdtemp(dir=parent, prefix=f".{name}.{files.machine()}.", suffix=".parts"))
    lock = _open(made)
    if lock is not None:
        files.lock(lock)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def put_in_place(made: Path, target: Path, *, aside: Path) -> None:
    """Move the folder `made` to `target`; what was there is then at `made`, or nowhere.

    Parameters
    ----------
    aside
        Where the old folder is kept for a moment where two names cannot be exchanged: on the same file system, and the
        same for every run, so that :func:`bring_back` finds it.

    Raises
    ------
    OSError
        `target` cannot be replaced; it is as it was.
    """
    bring_back(target, aside=aside)
    if not target.exists():
        os.rename(made, target)
        return
    if _exchange(made, target):
        return
    os.rename(target, aside)
    try:
        os.rename(made, target)
    except BaseException:  # an interrupt must not cost the old one either
        os.rename(aside, target)
        raise
    os.rename(aside, made)


def bring_back(target: Path, *, aside: Path) -> None:
    """Bring back a folder that a killed run has set aside; where its successor had arrived, remove it."""
    if not aside.is_dir():
        return
    if target.exists():
        shutil.rmtree(aside)
    else:
        os.rename(aside, target)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; return whether this system can do that."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            function, flags = library.renameat2, _RENAME_EXCHANGE
            found = function(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), ctypes.c_uint(flags))
        elif sys.platform == "darwin":
            found = library.renamex_np(os.fsencode(first), os.fsencode(second), ctypes.c_uint(_RENAME_SWAP))
        else:
            return False
    except (AttributeError, OSError, TypeError):
        return False
    code = ctypes.get_errno() if found else 0
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV):
        return False  # this file system, or this kernel, does not know it
    if code:
        raise OSError(code, os.strerror(code), str(second))
    return True


def _open(folder: Path) -> int | None:
    """Return a descriptor of a folder that can be locked; None where folders cannot be opened."""
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:
        return None


def _sweep(parent: Path, name: str) -> None:
    """Remove the working folders that killed runs have left in `parent`."""
    for found in os.listdir(parent):
        left = _LEFT_OVER.fullmatch(found)
        if left and left["name"] == name:
            with suppress(OSError):
                _remove_abandoned(parent / found, here=left["machine"] == files.machine())


def _remove_abandoned(folder: Path, *, here: bool) -> None:
    """Remove a working folder that no run of this machine has locked, or that is a day old."""
    handle = None if folder.is_symlink() else _open(folder)
    if handle is None:
        return
    try:
        # A lock tells of this machine only: on some shared disks those of others are not seen.
        if (here and files.lock(handle)) or files.is_old(os.fstat(handle)):
            shutil.rmtree(folder)
    finally:
        os.close(handle)
