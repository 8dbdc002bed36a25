"""Features on disk: one small file for each structure, feature set and version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from embench.common.cache import ResultCache, cache_folder
from embench.crystal import Pathway
from embench.crystal.hop import structure_digest

Features = dict[str, float]

_KEEPS: ContextVar[bool] = ContextVar("keeps", default=True)


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Compute features without the cache: of ten thousand crystals of somebody's own, nobody asks a second time."""
    token = _KEEPS.set(False)
    try:
        yield
    finally:
        _KEEPS.reset(token)


def cached(entry: Pathway, *, name: str, version: str, compute: Callable[[Pathway], Features]) -> Features:
    """Return the features of an entry from the cache, or compute and store them.

    A file that is not what was stored is computed again; a cache that cannot be written to is no error.
    """
    kept = ResultCache(cache_folder("features") / f"{name}-{version}" if _KEEPS.get() else None)
    return kept.get(structure_digest(entry), lambda: compute(entry))
