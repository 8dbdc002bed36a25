"""Writing files so that a reader never meets half of one.

A file is written under a temporary name beside its place, flushed to the disk, and renamed. What a run that was killed
leaves behind is removed by the next one that writes into the same folder. What is no regular file (a device, a FIFO,
``/dev/stdout``) is never replaced: it gets what was written.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from embench.errors import OutputError

_MOST_LINKS = 40  # as Linux follows
# A name in the file system has 255 bytes at most, and a character up to four.
_NAME_SHOWN = 40
_ABANDONED_SECONDS = 24 * 3600.0
_DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|\d+|thread-self))/fd/(\d+)")
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_SUFFIX = ".part"
_LEFT_OVER = re.compile(r"\..+\.([0-9a-f]{8})\.[a-z0-9_]{8}\.part")
# The temporary files of this process. What writes to one by way of a rename leaves it without its lock.
_LIVE: set[Path] = set()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path; on success it takes the place of `path`, on failure `path` stays as it was.

    A symbolic link stays, and what it points to is replaced. Into a device or FIFO, and into an open descriptor such
    as ``/dev/stdout``, the content is copied.

    The folder of `path` is made where there is none: a command asks :func:`check_output` first where that would hide a
    slip. Raises :class:`~embench.errors.OutputError` where it cannot be made or written to, or `path` is a folder.
    """
    if path in _LIVE:
        yield path
        return
    try:
        target, descriptor = _follow(path)
        through = descriptor is not None or _is_special(target)
        folder = None if through else target.parent
        if folder is not None:
            if target.is_dir():
                raise OutputError(f"cannot write {path}: it is a folder; name a file in it")
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
        temporary, lock = _temporary(folder, target.name)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        raise OutputError(f"cannot write {_shown(path)}: {_reason(error)}") from error
    _LIVE.add(temporary)
    try:
        yield temporary
        if through:
            _copy_into(temporary, target, descriptor)
        else:
            flush(temporary)
            os.chmod(temporary, _mode(target))
            os.replace(temporary, target)
    except BrokenPipeError:
        raise  # the reader has gone: no fault
    except OSError as error:
        raise OutputError(f"cannot write {path}: {_reason(error)}") from error
    finally:
        _LIVE.discard(temporary)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8, line ends as given) to `path`, all or nothing; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, all or nothing; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_together(writers: dict[Path, Callable[[Path], None]]) -> None:
    """Write several files, in this order; each replaces its old version only after all were written in full."""
    if not writers:
        return
    path, *rest = writers
    with atomic_path(path) as temporary:
        writers[path](temporary)
        write_together({other: writers[other] for other in rest})


def check_output(path: Path, *, inputs: Iterable[Path | str] = ()) -> None:
    """Raise :class:`~embench.errors.OutputError` for a place where a command must not write, before it computes.

    That is a folder, a file in a folder that does not exist, and a file that the command reads (`inputs`; what is
    no file is passed over).
    """
    try:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; name a file in it")
        if not path.parent.is_dir():
            raise OutputError(f"cannot write {path}: there is no folder {path.parent}; make it first")
        for source in inputs:
            if path.is_file() and _is_same(path, Path(source)):
                raise OutputError(f"cannot write {path}: it is read as well, and would be lost; choose another name")
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write {_shown(path)}: {_reason(error)}") from error


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 and text.isprintable() else repr(text if len(text) <= 200 else f"{text[:196]}...")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _follow(path: Path) -> tuple[Path, int | None]:
    """Return where symbolic links lead, and the descriptor of this process that this is, if it is one."""
    place = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        if place in _STREAMS:
            return Path(place), _STREAMS[place]
        if found := _DESCRIPTOR.fullmatch(place):
            return Path(place), int(found[1])
        if not os.path.islink(place):
            return Path(place), None
        place = os.path.normpath(os.path.join(os.path.realpath(os.path.dirname(place)), os.readlink(place)))
    raise OutputError(f"cannot write {path}: its symbolic links lead in a circle")


def _is_special(path: Path) -> bool:
    """Return whether `path` is there and neither a regular file nor a folder."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _copy_into(source: Path, target: Path, descriptor: int | None) -> None:
    """Write the content of `source` into what cannot be replaced."""
    if descriptor is not None:
        if sys.stdout is not None:
            sys.stdout.flush()  # what was printed before comes before
        output = os.dup(descriptor)
    else:
        output = os.open(target, os.O_WRONLY)
    with source.open("rb") as content, os.fdopen(output, "wb") as stream:
        shutil.copyfileobj(content, stream)


def flush(path: Path) -> None:
    """Bring a file to the disk: renamed without that, it may be empty after a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, or those of a new one."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return 0o666 & ~_umask()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


@cache
def machine() -> str:
    """Return some letters that stand for this machine: on a shared disk, others may write at the same time."""
    name = os.uname().nodename if hasattr(os, "uname") else ""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _temporary(folder: Path | None, name: str) -> tuple[Path, int | None]:
    """Make a temporary file and lock it, so that no other run takes it for abandoned; return it and the lock."""
    while True:
        handle, made = tempfile.mkstemp(dir=folder, prefix=f".{name[:_NAME_SHOWN]}.{machine()}.", suffix=_SUFFIX)
        if not lock(handle):
            os.close(handle)
            return Path(made), None
        # Another run may have swept the file just before it was locked.
        if os.path.exists(made):
            return Path(made), handle
        os.close(handle)


def lock(handle: int) -> bool:
    """Return whether the file is locked for this process now: not where it is in use, nor where there are no locks."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_old(found: os.stat_result) -> bool:
    """Return whether a temporary file or folder is so old that no run needs it any more."""
    return time.time() - found.st_mtime > _ABANDONED_SECONDS


def _sweep(folder: Path) -> None:
    """Remove the temporary files that killed runs have left in `folder`."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(_SUFFIX)]
    except OSError:
        return  # writing there says what is wrong
    for name in names:
        found = _LEFT_OVER.fullmatch(name)
        if found and folder / name not in _LIVE:
            with suppress(OSError):
                _remove_abandoned(folder / name, here=found[1] == machine())


def _remove_abandoned(path: Path, *, here: bool) -> None:
    """Remove a temporary file that no run of this machine has locked, or that is a day old."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        # A lock tells of this machine only: on some shared disks those of others are not seen.
        if (here and lock(handle)) or is_old(os.fstat(handle)):
            path.unlink()
    finally:
        os.close(handle)
