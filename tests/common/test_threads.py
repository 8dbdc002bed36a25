"""Numerical libraries are kept to one thread, and have theirs back afterwards."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import numpy  # noqa: F401  # its linear algebra is what is limited
import pytest
import threadpoolctl

from embench.common.threads import one_thread, one_thread_from_the_start


def _numbers() -> list[int]:
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]


def test_one_thread_within_and_the_old_number_after():
    with threadpoolctl.threadpool_limits(2):
        before = _numbers()
        with one_thread():
            assert set(_numbers()) == {1}
        assert _numbers() == before


def test_torch_gets_its_number_back():
    torch = pytest.importorskip("torch")
    kept = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        within = []
        with contextlib.suppress(KeyError), one_thread():
            within.append(torch.get_num_threads())
            raise KeyError  # a computation that fails
        assert within == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(kept)


def test_torch_is_not_imported_for_it():
    code = "import sys, embench.common.threads as t\nwith t.one_thread(): assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_from_the_start_sets_nothing_once_numpy_is_there(monkeypatch):
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    one_thread_from_the_start()
    assert "MKL_NUM_THREADS" not in os.environ


def test_from_the_start_leaves_what_the_user_has_set():
    code = (
        "import os; from embench.common.threads import one_thread_from_the_start as start\n"
        "start(); print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['MKL_NUM_THREADS'])"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "3"}
    environment.pop("MKL_NUM_THREADS", None)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["3", "1"]
