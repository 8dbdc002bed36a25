"""Tests that compare with DGL run where there is one: DGL 1.1.3 was never made for Python 3.12, nor for Windows."""

from __future__ import annotations

import sys

import pytest

HAS_DGL = sys.version_info < (3, 12) and sys.platform != "win32"
collect_ignore = [] if HAS_DGL else ["test_parity.py"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if HAS_DGL:
        return
    left_out = [item for item in items if item.get_closest_marker("dgl")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
