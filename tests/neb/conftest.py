"""Where the packages of potentials are not installed, their adapters are not tested: CI has no weights."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [
    file
    for file, package in (("test_adapter_chgnet.py", "chgnet"), ("test_adapter_sevennet.py", "sevenn"))
    if find_spec(package) is None
]
