"""What `embench evaluate` costs as a whole process, beside importing and running the evaluators of other benchmarks.

Run ``python benchmarks/evaluate.py --out docs/benchmarks.md`` on a quiet machine; it renews its section of the page.
``--peer NAME`` adds a peer; it is installed into a virtual environment of its own, below ``--cache``, on the first run.
A peer that would bring the libraries of a GPU is refused: they take gigabytes and an evaluator does not need them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from sections import OUT, machine, show

import embench
from embench.common.markdown import markdown_table

REPOSITORY = Path(__file__).resolve().parent.parent
PREDICTIONS = REPOSITORY / "leaderboard" / "submissions" / "model-3" / "published.csv"
MORE_PREDICTIONS = REPOSITORY / "leaderboard" / "submissions" / "mace-relax" / "barriers.csv"
CONSTRAINTS = REPOSITORY / "constraints.txt"
INSTALL_SECONDS = 1200
# What the target was set to: CPU seconds of one evaluation, and how many times more the leanest peer takes.
MOST_SECONDS, LEAST_RATIO = 0.8, 5.0

_READ = """
import json, sys
import numpy as np
numbers = json.load(open(sys.argv[1]))
target, prediction = np.array(numbers["target"]), np.array(numbers["prediction"])
"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another benchmark: the package to install, what its public API computes here, and the program that does it."""

    package: str
    does: str
    program: str


# polaris-lib is not among them: pip did not finish with its dependencies (datamol, and through it JupyterLab).
PEERS = (
    Peer(
        package="ogb",
        does="RMSE (`Evaluator` of ogbg-molesol)",
        program="""
from ogb.graphproppred import Evaluator
print(Evaluator("ogbg-molesol").eval({"y_true": target[:, None], "y_pred": prediction[:, None]}))
""",
    ),
    Peer(
        package="matbench-discovery",
        does="MAE, RMSE, R² and classification (`stable_metrics`)",
        program="""
import pandas as pd
from matbench_discovery.metrics import stable_metrics
print(stable_metrics(pd.Series(target), pd.Series(prediction), stability_threshold=0.65))
""",
    ),
)


@dataclass(frozen=True)
class Cost:
    """Medians over runs of a whole process: CPU (s, user and system), wall (s), peak resident memory (MB)."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Job:
    """One process to measure: who, what it computes, and its command; or why there is none."""

    name: str
    does: str
    command: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """One row of the table; the cost is None where the job could not be run."""

    job: Job
    cost: Cost | None


def measure(jobs: Sequence[Job], *, runs: int) -> list[Result]:
    """Run each job once to warm the caches of the file system, then all in turn `runs` times; return the medians.

    In turn, because a machine is not equally quiet all the time: what disturbs one job disturbs the next.
    """
    costs: dict[str, list[Cost]] = {job.name: [] for job in jobs}
    for turn in range(runs + 1):
        for job in jobs:
            if job.command:
                cost = once(job.command)
                if turn:
                    costs[job.name].append(cost)
    return [Result(job, median(costs[job.name]) if job.command else None) for job in jobs]


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each part of the costs."""
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("cpu", "wall", "memory")))


def once(command: Sequence[str]) -> Cost:
    """Run `command` and return its cost; raises CalledProcessError with its output where it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=REPOSITORY)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(child.returncode, command, output.read().decode(errors="replace"))
    # Linux counts kibibytes, macOS bytes.
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(usage.ru_utime + usage.ru_stime, wall, memory / 1e6)


def own_jobs(folder: Path) -> list[Job]:
    """Return what is measured of embench itself."""
    command = (sys.executable, "-m", "embench", "evaluate")
    published = (*command, str(PREDICTIONS))
    host = (*command, str(MORE_PREDICTIONS), "--protocol", "host-10fold", "--fill-missing")
    scored = embench.protocol("host-10fold").scored_ids
    everything = "all metrics, subsets and groups, with 95 % intervals from 10,000 resamples"
    return [
        Job("embench evaluate", f"60 entries: {everything}", published),
        Job("embench evaluate, host-10fold", f"{len(scored)} entries: the same", host),
        Job(
            "embench evaluate --against",
            "60 entries, two systems: the same, and paired intervals and test",
            (*published, "--against", str(MORE_PREDICTIONS)),
        ),
        Job(
            "embench evaluate --report",
            "60 entries: the same, written as a page",
            (*published, "--report", str(folder / "report.html")),
        ),
    ]


def peer_job(peer: Peer, cache: Path, numbers: Path) -> Job:
    """Install a peer if need be, and return what is measured of it."""
    ask = f"from importlib.metadata import version; print(version({peer.package!r}))"
    try:
        python = str(environment(peer.package, cache))
        version = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
        command = (python, "-I", "-c", _READ + peer.program, str(numbers))
        once(command)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, RuntimeError) as error:
        print(f"{peer.package}: {getattr(error, 'output', None) or error}", file=sys.stderr)
        return Job(peer.package, peer.does, reason=type(error).__name__)
    return Job(f"{peer.package} {version}", f"60 entries: {peer.does}, no intervals", command)


def environment(package: str, cache: Path) -> Path:
    """Return the Python of the environment that holds `package`; it is made on the first call.

    Raises RuntimeError where the package would bring the libraries of a GPU.
    """
    folder = cache / package
    python, ready = folder / "bin" / "python", folder / ".ready"
    if ready.is_file():
        return python
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", folder], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "-c", str(CONSTRAINTS)]
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        planned = [*install, "--dry-run", "--report", str(report), package]
        subprocess.run(planned, check=True, timeout=INSTALL_SECONDS)
        names = [item["metadata"]["name"] for item in json.loads(report.read_text())["install"]]
    unwanted = [name for name in names if name.lower().startswith(("nvidia-", "triton"))]
    if unwanted:
        raise RuntimeError(f"{package} would bring {', '.join(unwanted)}; install torch for the CPU there first")
    subprocess.run([*install, package], check=True, timeout=INSTALL_SECONDS)
    ready.touch()
    return python


def row(result: Result, base: Cost) -> tuple[str, ...]:
    """Return one row of the table."""
    cost = result.cost
    if cost is None:
        return (result.job.name, result.job.does, f"not run: {result.job.reason}", "", "", "")
    numbers = (f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.memory:.0f}", f"{cost.cpu / base.cpu:.1f}")
    return (result.job.name, result.job.does, *numbers)


def page(own: Sequence[Result], peers: Sequence[Result], *, runs: int, load: float) -> str:
    """Return the section of the documentation; `load` is how many processes ran or waited meanwhile."""
    base = own[0].cost
    assert base is not None
    header = ("process", "what it computes", "CPU, s", "wall, s", "peak memory, MB", "CPU, embench = 1")
    table = markdown_table(header, [row(result, base) for result in (*own, *peers)], left=("what it computes",))
    sentences = [f"The target of one evaluation is {MOST_SECONDS} s of CPU time: it takes {base.cpu:.2f} s."]
    costs = {result.job.name: result.cost for result in peers if result.cost}
    if costs:
        leanest = min(costs, key=lambda name: costs[name].cpu)
        sentences.append(
            f"The leanest peer measured, {leanest}, takes {costs[leanest].cpu / base.cpu:.1f} times as much (target: "
            f"{LEAST_RATIO:g} times)."
        )
    return f"""## What an evaluation costs

*embench {embench.__version__}, dataset {embench.DATASET_VERSION}. Written by `python benchmarks/evaluate.py`; not
edited by hand.*

Whole processes, from the start of Python to its end: medians of {runs} runs, in turn, after one that warms the file
system's caches. CPU is user plus system time of the process. Machine: {machine()}; load average
meanwhile {load:.1f} (a quiet machine has about 1, and a busy one makes all processes slower).

{table.rstrip()}

{" ".join(sentences)}

Each peer stands in an environment of its own, reads the same 60 targets and predictions from a JSON file, imports its
evaluator, and computes what its public interface offers for them. None of them gives intervals. The differences are
mainly those of what is imported: embench evaluates with NumPy and pyarrow alone. polaris-lib was tried as well and is
not measured: its many dependencies, JupyterLab among them, were not installed in the time given to it.
"""


def main(
    out: Path | None = OUT,
    runs: int = typer.Option(11, "--runs", min=1, help="Runs of each process."),
    peer: list[str] = typer.Option([], "--peer", help="A peer to measure, or 'all'; may be repeated."),
    cache: Path = typer.Option(Path(".venv-peers"), "--cache", help="Folder of the peers' environments."),
) -> None:
    """Measure `embench evaluate` and, where asked for, its peers."""
    unknown = set(peer) - {known.package for known in PEERS} - {"all"}
    if unknown:
        raise typer.BadParameter(f"unknown peer {', '.join(sorted(unknown))}", param_hint="--peer")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        entries = embench.evaluate(PREDICTIONS, resamples=100).entries
        numbers = folder / "numbers.json"
        columns = {key: [getattr(entry, key) for entry in entries] for key in ("target", "prediction")}
        numbers.write_text(json.dumps(columns))
        chosen = [known for known in PEERS if "all" in peer or known.package in peer]
        own = own_jobs(folder)
        results = measure([*own, *(peer_job(known, cache.resolve(), numbers) for known in chosen)], runs=runs)
    show(page(results[: len(own)], results[len(own) :], runs=runs, load=os.getloadavg()[1]), out)


if __name__ == "__main__":
    typer.run(main)
