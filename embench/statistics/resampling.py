"""Resampling of clusters: whole host frameworks are drawn, never single entries.

Entries of one framework share their errors, so drawing them one by one would feign more information than there
is and make intervals too narrow (Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from embench.metrics.sample import FloatArray, IntArray

# Entries times resamples of one block: its arrays stay in a core's cache, and numpy's calls are amortised.
_BLOCK_ELEMENTS = 1 << 17


def cluster_codes(labels: Iterable[str]) -> IntArray:
    """Return the cluster of each entry (n), 0 to c - 1, numbered in the order of the sorted labels."""
    named = list(labels)
    number = {label: code for code, label in enumerate(sorted(set(named)))}
    return np.array([number[label] for label in named], dtype=np.intp)


def bootstrap_blocks(clusters: int, *, resamples: int, seed: int, entries: int) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks (rows, multiplicities) of a bootstrap: how often each cluster is drawn, (b, clusters).

    Each resample draws as many clusters as there are, with replacement, so its number of entries varies. `rows`
    says which of the `resamples` the block holds; its size depends on the number of `entries`. The same seed gives
    every system the same draws, which is what pairs them.
    """
    generator = np.random.default_rng(seed)
    size = max(1, _BLOCK_ELEMENTS // max(entries, clusters))
    for start in range(0, resamples, size):
        rows = slice(start, min(start + size, resamples))
        block = rows.stop - rows.start
        drawn = generator.integers(clusters, size=(block, clusters))
        drawn += clusters * np.arange(block)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=block * clusters)
        yield rows, counts.reshape(block, clusters).astype(np.float64)
