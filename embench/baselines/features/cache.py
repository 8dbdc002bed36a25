"""Features on disk: one small file for each structure, feature set and version."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from embench.common.cache import home_folder
from embench.common.files import write_text
from embench.crystal import Pathway
from embench.crystal.hop import structure_digest
from embench.errors import OutputError

Features = dict[str, float]


def cache_folder() -> Path:
    """Return the folder of cached features.

    ``EMBENCH_CACHE`` if it is set, else ``embench`` in the folder of the platform for caches.
    """
    chosen = os.environ.get("EMBENCH_CACHE")
    if chosen:
        return Path(chosen) / "features"
    home = home_folder()
    if sys.platform == "darwin":
        base = home / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    return base / "embench" / "features"


def cached(entry: Pathway, *, name: str, version: str, compute: Callable[[Pathway], Features]) -> Features:
    """Return the features of an entry from the cache, or compute and store them.

    A file that cannot be read as what was stored is computed again; a cache that cannot be written to is no error.
    """
    path = cache_folder() / f"{name}-{version}" / f"{structure_digest(entry)}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(stored, dict) and stored and all(isinstance(value, float) for value in stored.values()):
            return stored
    except (OSError, ValueError):
        pass
    features = compute(entry)
    try:
        write_text(path, json.dumps(features))
    except OutputError:
        # Read-only home folders are common on clusters: slower, but the same result.
        return features
    return features
