from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from embench.baselines.runner import run_baseline
from embench.common.executor import open_executor
from embench.errors import BaselineError, InvalidValueError, UnknownEntryError
from tests.baselines.doubles import LOG, PAUSE, logged

REPOSITORY = Path(__file__).parents[2]


def square(number: int) -> int:
    return number**2


def threads(_: int) -> tuple[int, set[int]]:
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info

    return os.getpid(), {library["num_threads"] for library in threadpool_info()}


def fail(number: int) -> int:
    if number == 1:
        raise ValueError("the second one")
    if number == 2:
        raise UnknownEntryError("LiCoO3", ["LiCoO2"])  # cannot be restored from its message
    return number


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dawdle(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def dawdle_and_tell(task: tuple[float, Path | None]) -> float:
    """Leave a file behind at the end, where one is named."""
    seconds, ended = task
    time.sleep(seconds)
    if ended is not None:
        ended.touch()
    return seconds


@pytest.mark.parametrize("workers", [1, 2])
def test_all_results_come(workers):
    with open_executor(workers=workers) as executor:
        assert sorted(executor.run(square, range(7))) == [0, 1, 4, 9, 16, 25, 36]
        assert sorted(executor.run(square, [])) == []
        assert executor.description["workers"] == workers


def test_worker_processes_have_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with open_executor(workers=2) as executor:
        found = list(executor.run(threads, range(4)))
    assert os.getpid() not in {pid for pid, _ in found}
    assert all(counts == {1} for _, counts in found)


def test_no_workers():
    with pytest.raises(InvalidValueError, match="at least 1, not 0"):
        open_executor(workers=0)


def test_exceptions_come_back_with_where_they_were_raised():
    with pytest.raises(ValueError, match="the second one") as caught, open_executor(workers=2) as executor:
        list(executor.run(fail, [0, 1]))
    assert "in fail" in "".join(caught.value.__notes__)
    with (
        pytest.raises(BaselineError, match="UnknownEntryError: no entry 'LiCoO3'"),
        open_executor(workers=2) as executor,
    ):
        list(executor.run(fail, [0, 2]))


def test_a_killed_worker_is_told():
    with pytest.raises(BaselineError, match="killed, perhaps for want of memory"), open_executor(workers=2) as executor:
        list(executor.run(die, range(6)))


def test_failure_does_not_wait_for_what_is_under_way(tmp_path):
    ended = tmp_path / "ended"
    with pytest.raises(RuntimeError, match="enough"):
        stop_after_the_first(ended)
    assert not ended.exists()


def stop_after_the_first(ended: Path) -> None:
    with open_executor(workers=2) as executor:
        for _ in executor.run(dawdle_and_tell, [(0.0, None), (60.0, ended)]):
            raise RuntimeError("enough")


PARENT = """
from embench.common.executor import open_executor
from tests.common.test_executor import dawdle
if __name__ == "__main__":
    import multiprocessing
    with open_executor(workers=2) as executor:
        results = executor.run(dawdle, [0.0, 60.0, 60.0])
        next(results)
        print(*(process.pid for process in multiprocessing.active_children()), flush=True)
        list(results)
"""


def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        assert all(is_running(pid) for pid in workers)
        parent.kill()
    deadline = time.monotonic() + 20.0
    while any(is_running(pid) for pid in workers):
        assert time.monotonic() < deadline, "workers outlive their parent"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        # A process that nobody has waited for yet is still listed, as a zombie.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two Dask workers in processes of their own, on the loopback interface."""
    distributed = pytest.importorskip("distributed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(LOG, str(tmp_path_factory.mktemp("dask") / "log"))
        patch.setenv(PAUSE, "0.3")
        patch.setenv("PYTHONPATH", str(REPOSITORY))
        patch.chdir(REPOSITORY)
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster:
            yield cluster


def worker_pids(cluster) -> set[int]:
    from distributed import Client

    with Client(cluster.scheduler_address, set_as_default=False) as client:
        return set(client.run(os.getpid).values())


@pytest.mark.slow
def test_a_dask_cluster_that_loses_a_worker_gives_the_same_predictions(cluster, tmp_path, double, small):
    spec, log = double("Slow", prepare="tests.baselines.doubles:slow_features"), Path(os.environ[LOG])
    serial = run_baseline(spec, small, work=tmp_path / "serial")
    log.unlink()
    before = worker_pids(cluster)
    assert len(before) == 2
    assert os.getpid() not in before

    def kill_one() -> None:
        while logged(log, "started") < 2:
            time.sleep(0.01)
        os.kill(min(before), signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    with open_executor(scheduler=cluster.scheduler_address) as executor:
        parallel = run_baseline(spec, small, work=tmp_path / "dask", executor=executor)
    killer.join()
    assert not is_running(min(before))
    # The fold that the killed worker was busy with was started a second time.
    assert logged(log, "started") > 4
    assert parallel.predictions == serial.predictions
    assert parallel.record["executor"] == {"kind": "dask", "workers": 2}


def test_errors_on_a_dask_cluster(cluster, tmp_path, double, small):
    with open_executor(scheduler=cluster.scheduler_address) as executor:
        assert sorted(executor.run(square, range(5))) == [0, 1, 4, 9, 16]
        with pytest.raises(ValueError, match="the second one"):
            list(executor.run(fail, [0, 1]))
        with pytest.raises(BaselineError, match=r"double, small, fold \d: mean has shape"):
            run_baseline(double("Short"), small, work=tmp_path, executor=executor)


def test_no_scheduler():
    import dask
    import distributed  # noqa: F401  # its defaults come first: set before, they would go with what is set here

    impatient = dask.config.set({"distributed.comm.timeouts.connect": "1s"})
    with impatient, pytest.raises(BaselineError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        open_executor(scheduler="tcp://127.0.0.1:9").__enter__()


# Runs a scheduler in a process of its own, that it can be killed without the test.
SCHEDULER = """
import asyncio, sys
from distributed import Scheduler

async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address=None, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(main())
"""
WORKER = "from distributed.cli.dask_worker import main; main()"


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """A scheduler and a worker, each as a process; gives the address and both."""
    pytest.importorskip("distributed")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY,
        env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        options = ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory", str(tmp_path)]
        with subprocess.Popen(
            [sys.executable, "-c", WORKER, address, *options],
            stderr=subprocess.DEVNULL,
            cwd=REPOSITORY,
            env=environment,
        ) as worker:
            yield address, process, worker
            for one in (worker, process):
                one.send_signal(signal.SIGCONT)
                one.kill()


def lost(address: str, victim: subprocess.Popen[str], sign: signal.Signals) -> BaselineError:
    """Run a quick task and a long one; what happens to the victim after the quick one ends the run with an error."""

    def run() -> None:
        with open_executor(scheduler=address) as executor:
            for seconds in executor.run(dawdle, [0.0, 600.0]):
                assert seconds == 0.0
                victim.send_signal(sign)

    with pytest.raises(BaselineError) as raised:
        run()
    return raised.value


@pytest.mark.slow
def test_the_last_dask_worker_is_lost(scheduler, monkeypatch):
    """Dask itself waits for another one without end and without a word."""
    monkeypatch.setattr("embench.common.executor.NO_WORKER", 3.0)
    address, _, worker = scheduler
    error = lost(address, worker, signal.SIGKILL)
    assert "has had no worker for 3 s; what is finished is kept" in str(error)
    assert error.exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_the_dask_scheduler_is_lost(scheduler, monkeypatch, sign):
    """Killed, or there and silent."""
    monkeypatch.setattr("embench.common.executor.NO_ANSWER", 3.0)
    address, process, _ = scheduler
    assert f"the Dask scheduler at {address} is lost" in str(lost(address, process, sign))
