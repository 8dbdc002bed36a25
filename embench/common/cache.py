"""Results on disk, one file for each key: the digest of everything that a result depends on."""

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

from embench.common.files import write_text
from embench.errors import OutputError

_KEPT_SECONDS = 30 * 24 * 3600.0


def default_cache() -> Path:
    """Return the folder for scored submissions: ``board`` in the folder of embench for what can be computed again."""
    return cache_folder() / "board"


@lru_cache
def code_of(*modules: str) -> str:
    """Return the sha256 over the source of modules and of all of embench that they import."""
    from embench.common.code import code_digest

    return code_digest(*modules)


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the sha256 of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class ResultCache:
    """Plain data by key, in `folder`; without a folder nothing is kept.

    A file starts with a line that holds the sha256 of the rest. One that is cut short or altered counts as missing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def read(self, key: str) -> dict[str, Any] | None:
        """Return what was stored under `key`, or None where that is missing or damaged."""
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            checksum, _, payload = path.read_bytes().partition(b"\n")
            if checksum.decode() != _sha256(key, payload):
                return None
            found = json.loads(payload)
        except (OSError, ValueError):
            return None
        with suppress(OSError):  # the cache may belong to somebody else
            os.utime(path)  # in use: remove_unused leaves it
        return found if isinstance(found, dict) else None

    def write(self, key: str, result: Mapping[str, Any]) -> None:
        """Keep `result` under `key`; a folder that cannot be written to is no error."""
        if self.folder is None:
            return
        payload = json.dumps(result, ensure_ascii=False, allow_nan=False)
        try:
            write_text(self._path(key), f"{_sha256(key, payload.encode())}\n{payload}")
        except OutputError:
            # Read-only home folders are common on clusters: slower, but the same result.
            return

    def get(self, key: str, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return what is stored under `key`; otherwise `compute` it and store it."""
        found = self.read(key)
        if found is None:
            # As JSON gives it back: a fresh result must not differ from a stored one.
            found = json.loads(json.dumps(compute()))
            self.write(key, found)
        return found

    def remove_unused(self) -> None:
        """Remove results that no board has used for 30 days: those of older predictions and older code."""
        if self.folder is None or not self.folder.is_dir():
            return
        oldest = time.time() - _KEPT_SECONDS
        for path in self.folder.glob("*/*.json"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except OSError:
                continue  # another build was faster, or the folder is not ours

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"


def _sha256(key: str, payload: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\n" + payload).hexdigest()


def cache_folder() -> Path:
    """Return the folder for what can be computed again: features and results of finished folds.

    That is ``$EMBENCH_CACHE``, otherwise ``embench`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    own = os.environ.get("EMBENCH_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or home_folder() / ".cache") / "embench"


def home_folder() -> Path:
    """Return the home folder; raises :class:`~embench.errors.OutputError` where there is none (some containers)."""
    try:
        return Path.home()
    except RuntimeError:
        raise OutputError("there is no home folder: name one for the cache in the variable EMBENCH_CACHE") from None
