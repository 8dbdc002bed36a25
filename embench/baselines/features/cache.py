"""Features on disk: one small file for each structure, feature set and version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

from embench.common.cache import ResultCache, cache_folder
from embench.crystal import Pathway
from embench.crystal.hop import structure_digest

Features = dict[str, float]

_KEEPS: ContextVar[bool] = ContextVar("keeps", default=True)
_REMEMBERS: ContextVar[bool] = ContextVar("remembers", default=False)
# Names and values by feature set, version and structure: dictionaries of numbers would take ten times the memory.
_REMEMBERED: dict[tuple[str, str, str], tuple[tuple[str, ...], NDArray[np.float64]]] = {}


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Compute features without the cache: of ten thousand crystals of somebody's own, nobody asks a second time."""
    token = _KEEPS.set(False)
    try:
        yield
    finally:
        _KEEPS.reset(token)


@contextmanager
def remembered() -> Iterator[None]:
    """Read each file once in this process: the folds of a run ask for the same entries again and again."""
    token = _REMEMBERS.set(True)
    try:
        yield
    finally:
        _REMEMBERS.reset(token)


def cached(
    entry: Pathway, *, name: str, version: str, compute: Callable[[Pathway], Features], digest: str | None = None
) -> Features:
    """Return the features of an entry from the cache, or compute and store them.

    A file that is not what was stored is computed again; a cache that cannot be written to is no error. `digest` is
    that of the structure, where it is known already.
    """
    digest = digest or structure_digest(entry)
    key = name, version, digest
    if _REMEMBERS.get() and key in _REMEMBERED:
        names, values = _REMEMBERED[key]
        return dict(zip(names, values.tolist(), strict=True))
    kept = ResultCache(cache_folder("features") / f"{name}-{version}" if _KEEPS.get() else None)
    found: Features = kept.get(digest, lambda: compute(entry))
    if _REMEMBERS.get():
        _REMEMBERED[key] = tuple(found), np.array(list(found.values()), np.float64)
    return found
