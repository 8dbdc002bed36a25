"""Features on disk: one small file for each structure, feature set and version."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from embench.errors import OutputError
from embench.files import write_text
from embench.hops import Pathway

Features = dict[str, float]


def cache_folder() -> Path:
    """Return the folder of cached features.

    ``EMBENCH_CACHE`` if it is set, else ``embench`` in the folder of the platform for caches.
    """
    chosen = os.environ.get("EMBENCH_CACHE")
    if chosen:
        return Path(chosen) / "features"
    home = Path.home()
    if sys.platform == "darwin":
        base = home / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    return base / "embench" / "features"


def structure_digest(entry: Pathway) -> str:
    """Return a checksum of all that features are made from: structure, end of the hop and functional."""
    digest = hashlib.sha256()
    for array in (entry.lattice, entry.frac_coords, entry.path_end):
        values = np.ascontiguousarray(np.asarray(array, dtype="<f8"))
        digest.update(repr(values.shape).encode())
        # Adding zero turns -0.0 into 0.0.
        digest.update((values + 0.0).tobytes())
    digest.update(np.ascontiguousarray(np.asarray(entry.atomic_numbers, dtype="<i4")).tobytes())
    digest.update(entry.functional.encode())
    return digest.hexdigest()[:32]


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
