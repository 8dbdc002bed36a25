"""Numerical libraries kept to one thread: folds, hops and commands run side by side, each in its own process."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Keep numerical libraries to one thread.

    Sums depend on their order, hence on the number of threads, and two processes of one thread are faster than one of
    two. Torch is kept to one thread where it is imported already; its number is restored afterwards.
    """
    with contextlib.ExitStack() as stack:
        # It comes with scikit-learn; what runs without scikit-learn does not need it.
        with contextlib.suppress(ImportError):
            from threadpoolctl import threadpool_limits

            stack.enter_context(threadpool_limits(1))
        torch = sys.modules.get("torch")
        if torch is not None:
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
        yield


def one_thread_from_the_start() -> None:
    """Have the linear algebra of numpy start with one thread, where numpy is not imported yet.

    That is for commands with small products, whose threads would cost more than they give. What the user has set stays.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ.setdefault("MKL_NUM_THREADS", "1")
