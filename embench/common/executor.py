"""Where the folds are computed: in this process, in processes of this machine, or on a Dask cluster.

The same function runs on the same tasks everywhere; results come as they are finished, in any order. Nothing heavy
is imported here: worker processes import this module before their number of threads is set. joblib does not serve
instead: its workers (loky) outlive a command that is killed, an exception that cannot be unpickled breaks its pool, and
its Dask backend waits without end for a task that kills its workers.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from embench.errors import BaselineError, EmbenchError, InvalidValueError, MissingDependencyError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# How often Dask runs a task again whose worker was lost.
RETRIES = 3
NO_WORKER = 120.0
"""Seconds that a run waits while the Dask cluster has no worker: one may be on its way."""
NO_ANSWER = 30.0
"""Seconds that the Dask scheduler may take to answer."""
_LOOK = 2.0  # seconds between two looks at the cluster while nothing is finished


class Executor(Protocol):
    """Runs tasks; used as a context, which ends all that is still running when it is left by an exception."""

    description: dict[str, Any]

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield ``function(task)`` of all tasks, as they are finished; the first exception is raised."""
        ...


def open_executor(*, workers: int = 1, scheduler: str | None = None) -> Executor:
    """Return an executor: the Dask cluster at `scheduler` where that is given, otherwise `workers` processes.

    One worker is this process itself. Raises :class:`~embench.errors.InvalidValueError` for less than one worker.
    """
    if scheduler is not None:
        return DaskExecutor(scheduler)
    if workers < 1:
        raise InvalidValueError(f"the number of workers must be at least 1, not {workers}")
    return SerialExecutor() if workers == 1 else ProcessExecutor(workers)


class SerialExecutor:
    """Runs everything in this process."""

    def __init__(self) -> None:
        self.description: dict[str, Any] = {"kind": "serial", "workers": 1}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Nothing is left to end."""

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield the results in order."""
        return map(function, tasks)


class ProcessExecutor:
    """Runs tasks in processes of this machine, with one thread each.

    The processes are started afresh (spawn), because forking a process with threads is not safe, and end when this
    process ends, however it ends.
    """

    def __init__(self, workers: int) -> None:
        self.description: dict[str, Any] = {"kind": "processes", "workers": workers}
        self._workers = workers
        self._others: set[Any] = set()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        from concurrent.futures import ProcessPoolExecutor

        self._others = set(multiprocessing.active_children())
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, *failure: object) -> None:
        if kind is not None:
            # Waiting for tasks that are under way could take minutes; their results would be thrown away.
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield the results as they are finished; see :class:`Executor`.

        Raises :class:`~embench.errors.BaselineError` where a process was killed.
        """
        from concurrent.futures import as_completed
        from concurrent.futures.process import BrokenProcessPool

        if self._pool is None:
            raise RuntimeError("the executor is used outside its context")
        try:
            for future in as_completed([self._pool.submit(_guarded, function, task) for task in tasks]):
                yield _opened(future.result())
        except BrokenProcessPool:
            raise BaselineError(
                "a worker process was killed, perhaps for want of memory; what is finished is kept: run the same "
                "command again, with fewer --workers"
            ) from None


class DaskExecutor:
    """Runs tasks on the Dask cluster whose scheduler has this address; tasks of lost workers are run again."""

    def __init__(self, address: str) -> None:
        self.description: dict[str, Any] = {"kind": "dask"}
        self._address = address
        self._client: Any = None

    def __enter__(self) -> Self:
        try:
            from distributed import Client
        except ImportError:
            raise MissingDependencyError("distributed", "dask", "a Dask cluster") from None
        try:
            self._client = Client(self._address)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise BaselineError(f"no Dask scheduler answers at {self._address}: {error}") from None
        self.description["workers"] = len(self._client.nthreads())
        return self

    def __exit__(self, *failure: object) -> None:
        if self._client is not None:
            with contextlib.suppress(OSError, TimeoutError):  # a scheduler that is gone
                self._client.close(timeout=5)
            self._client = None

    def run(self, function: Callable[[T], R], tasks: Sequence[T]) -> Iterator[R]:
        """Yield the results as they are finished; see :class:`Executor`.

        Raises :class:`~embench.errors.BaselineError` where a task loses its workers again and again, the scheduler
        is lost, or there has been no worker for :data:`NO_WORKER` seconds.
        """
        futures = self._client.map(partial(_guarded, function), list(tasks), pure=False, retries=RETRIES)
        finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for future in futures:
            future.add_done_callback(finished.put)
        left, deserted_since = len(futures), None
        try:
            while left:
                try:
                    future = finished.get(timeout=_LOOK)
                except queue.Empty:
                    deserted_since = self._look(deserted_since)
                    continue
                left, deserted_since = left - 1, None
                yield _opened(self._result(future))
        finally:
            if self._client.status == "running":
                self._client.cancel(futures)

    def _result(self, future: Any) -> Any:
        """Return the outcome of a task that is over."""
        from distributed import KilledWorker

        deserted_since = None
        while True:
            if future.status in ("cancelled", "lost"):
                raise self._scheduler_lost("the connection broke")
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:  # its worker went with the result: the task runs again
                deserted_since = self._look(deserted_since)
            except KilledWorker as error:
                raise BaselineError(
                    f"the cluster lost every worker that it gave a task to ({error}); what is finished is kept: look "
                    "at the memory of the workers and run the same command again"
                ) from None
            except OSError as error:
                raise self._scheduler_lost(str(error)) from None

    def _look(self, deserted_since: float | None) -> float | None:
        """Return since when the cluster has had no worker, None where it has one; raises as :meth:`run`."""
        try:
            workers = self._client.sync(self._client.scheduler.ncores, callback_timeout=NO_ANSWER)
        except (OSError, TimeoutError) as error:
            raise self._scheduler_lost(str(error) or f"no answer within {NO_ANSWER:g} s") from None
        if workers:
            return None
        now = time.monotonic()
        if deserted_since is not None and now - deserted_since >= NO_WORKER:
            raise BaselineError(
                f"the Dask cluster at {self._address} has had no worker for {NO_WORKER:g} s; what is finished is kept: "
                "start workers (dask worker ADDRESS) and run the same command again"
            )
        return now if deserted_since is None else deserted_since

    def _scheduler_lost(self, why: str) -> BaselineError:
        # The client goes on trying to reach it, and prints tracebacks when it is told to stop.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        return BaselineError(
            f"the Dask scheduler at {self._address} is lost ({why}); what is finished is kept: start the cluster again "
            "and run the same command"
        )


def _start_worker() -> None:
    """Prepare a worker process: one thread, silent at Ctrl-C, gone with its parent."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _guarded(function: Callable[[T], R], task: T) -> tuple[R | None, Exception | None]:
    """Return the result, or the exception as one that can be sent to another process."""
    try:
        return function(task), None
    except Exception as error:
        if not isinstance(error, EmbenchError):
            error.add_note(f"in the worker:\n{''.join(traceback.format_exception(error))}")
        with contextlib.suppress(Exception):
            # An exception that cannot be restored would break the pool, and its message would be lost.
            pickle.loads(pickle.dumps(error))
            return None, error
        return None, BaselineError(f"{type(error).__name__}: {error}")


def _opened(outcome: tuple[R | None, Exception | None]) -> R:
    result, error = outcome
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
