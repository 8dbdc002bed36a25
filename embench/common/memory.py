"""Memory that a process has freed, kept for its next large array instead of given back to the system."""

from __future__ import annotations

import ctypes
import functools

# Parameters of mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_PAD = 64 * 2**20


@functools.cache
def keep_freed_memory() -> bool:
    """Have the allocator keep what is freed, and return whether it can: that of the GNU C library, on Linux.

    By default every array of some megabytes is memory fresh from the system, which hands it out page by page and
    cleared. Networks that make hundreds of them a call spend up to a quarter of their time on that.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, Windows, musl
        return False
    return all(mallopt(name, value) for name, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _PAD)))
