"""What can be computed again, on disk: one folder, and one file for each key with the checksum of its content.

``joblib.Memory`` does not serve here: it keeps pickles, which must not be read from a folder that others may write
to, has no checksum, and asks only whether the text of the function changed, not the code that it calls.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from embench.common.files import atomic_path
from embench.errors import OutputError

_KEPT_SECONDS = 30 * 24 * 3600.0


def cache_folder(part: str = "") -> Path:
    """Return the folder for what can be computed again, or that of one `part` of it.

    That is ``$EMBENCH_CACHE``, otherwise ``embench`` where the platform keeps caches: ``$XDG_CACHE_HOME`` if that is
    an absolute path, or ``~/.cache``; ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows.

    Raises :class:`~embench.errors.OutputError` where there is no home folder.
    """
    own = os.environ.get("EMBENCH_CACHE")
    folder = Path(own) if own else _platform_folder()
    return folder / part if part else folder


def _platform_folder() -> Path:
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("embench", appauthor=False)
    except RuntimeError:  # no HOME, and no account of this number
        folder = Path()
    if not folder.is_absolute():
        raise OutputError("there is no home folder to keep results in: set EMBENCH_CACHE to a folder for them")
    return folder


def default_cache() -> Path:
    """Return the folder for scored submissions: ``board`` in the folder of embench for what can be computed again."""
    return cache_folder("board")


@lru_cache
def code_of(*modules: str) -> str:
    """Return the sha256 over the source of modules and of all of embench that they import."""
    from embench.common.code import code_digest

    return code_digest(*modules)


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the sha256 of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_checked(path: Path, key: str) -> bytes | None:
    """Return what :func:`write_checked` wrote for `key`, or None where it is missing, cut short, altered or another's.

    A file starts with a line that holds the sha256 of its key and of the rest.
    """
    try:
        checksum, _, payload = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return payload if checksum == _sha256(key, payload) else None


def write_checked(path: Path, key: str, payload: bytes) -> None:
    """Keep `payload` for `key` in a file; raises :class:`~embench.errors.OutputError` where that is impossible."""
    try:
        with atomic_path(path) as temporary:
            temporary.write_bytes(_sha256(key, payload) + b"\n" + payload)
    except OutputError as error:
        raise OutputError(
            f"{error}; results are kept there: set EMBENCH_CACHE to a folder that can be written"
        ) from None


class ResultCache:
    """Plain data by key, in `folder`; without a folder nothing is kept.

    The files are those of :func:`write_checked`: one that is cut short or altered counts as missing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, key: str) -> dict[str, Any] | None:
        """Return what was stored under `key`, or None where that is missing or damaged."""
        if self.folder is None:
            return None
        path = self._path(key)
        payload = read_checked(path, key)
        if payload is None:
            return None
        with suppress(OSError):  # the cache may belong to somebody else
            os.utime(path)  # in use: remove_unused leaves it
        try:
            found = json.loads(payload)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def write(self, key: str, result: Mapping[str, Any]) -> None:
        """Keep `result` under `key`; a folder that cannot be written to is no error."""
        if self.folder is None:
            return
        # Read-only home folders are common on clusters: slower, but the same result.
        with suppress(OutputError):
            write_checked(self._path(key), key, json.dumps(result, ensure_ascii=False).encode())

    def get(self, key: str, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return what is stored under `key`; otherwise `compute` it and store it."""
        found = self.read(key)
        if found is None:
            # As JSON gives it back: a fresh result must not differ from a stored one.
            found = json.loads(json.dumps(compute()))
            self.write(key, found)
        return found

    def remove_unused(self) -> None:
        """Remove results that have not been used for 30 days: those of older inputs and older code."""
        if self.folder is None or not self.folder.is_dir():
            return
        oldest = time.time() - _KEPT_SECONDS
        for path in self.folder.glob("*/*.json"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except OSError:
                continue  # another process was faster, or the folder is not ours

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"


def _sha256(key: str, payload: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\n" + payload).hexdigest().encode()
