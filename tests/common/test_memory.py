"""Freed memory is kept: arrays that are made again and again cost no new pages."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from embench.common import memory

_COUNT = """
import resource, sys
from embench.common.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def made():
    for _ in range(20):
        b"x" * 2**26
made()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
made()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept: str) -> int:
    done = subprocess.run([sys.executable, "-c", _COUNT, kept], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_arrays_of_64_megabytes_are_no_new_pages():
    """Twenty of them are 327,680 pages of 4 kB, and fewer where pages are larger."""
    if platform.libc_ver()[0] != "glibc":
        assert not memory.keep_freed_memory()
        return
    assert faults("kept") < 20
    assert faults("given back") >= 20


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_where_there_is_no_such_allocator_nothing_happens(monkeypatch, error):
    def without(_):
        raise error

    monkeypatch.setattr(memory.ctypes, "CDLL", without)
    assert memory.keep_freed_memory.__wrapped__() is False
