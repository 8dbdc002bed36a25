"""Change the code in small ways and see whether the tests notice: ``python tests/mutation/run.py embench/metrics``.

Every mutant is run in a copy of the repository with the tests that execute the changed line, quickest first, until
one fails. The libraries are imported once and every run is forked from there, so that a mutant costs little more than
its tests. Needs fork: Linux or macOS.

Mutants that no test could notice, and settings of models that have no right value, are listed with the reason in
``explained.yaml``; they are counted and not run.

Neither mutmut nor cosmic-ray does this: the first leaves decorated functions and constants of modules alone, the
second starts Python anew for each mutant, and neither exchanges min and max.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from mutate import Mutant, mutants_of  # noqa: E402

# The tests of a part of embench, where they are not those of the folder of the same name; the longest name counts.
TESTS = {
    "embench/crystal": [
        "tests/crystal",
        "tests/baselines/test_features_energies.py",
        "tests/baselines/test_features_golden.py",
    ],
    "embench/pathways": ["tests/pathways", "tests/dataset/test_structures.py"],
    "embench/baselines/features": [
        "tests/baselines/test_features.py",
        "tests/baselines/test_features_energies.py",
        "tests/baselines/test_features_golden.py",
        "tests/baselines/test_features_soap.py",
    ],
    "embench/baselines/models": ["tests/baselines/test_models.py", "tests/baselines/test_models_by_hand.py"],
}
COPIED = ("embench", "tests", "pyproject.toml")
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".*")
# A mutant may take this many times the CPU time of its tests, and some seconds for imports.
PATIENCE, STARTING = 5.0, 20.0
# It may use this much memory beyond what the libraries take, bytes.
MEMORY = 8 << 30
OUTCOMES = ("killed", "timeout", "survived", "equivalent", "setting")
PYTEST = ["-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0"]


@dataclass(frozen=True)
class Known:
    """What the unchanged tests do: CPU seconds by test, and the tests that execute each line of each file."""

    seconds: dict[str, float]
    covered: dict[str, dict[int, list[str]]]

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that may notice the mutant, quickest first."""
        if mutant.at_import:
            names = set(self.seconds)
        else:
            lines = self.covered.get(mutant.path, {})
            names = {name for line in range(mutant.lines[0], mutant.lines[1] + 1) for name in lines.get(line, [])}
        return sorted(names, key=lambda name: (self.seconds[name], name))


def main() -> int:
    arguments = _arguments()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("EMBENCH_SHARED", str(arguments.root.parent / "shared"))
    sys.dont_write_bytecode = True
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        tree = _copy(arguments.root, Path(scratch) / "tree")
        os.environ["PYTHONPATH"] = str(tree)
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        for part in arguments.parts:
            survivors += _run_part(part, tree, arguments)
    return 1 if survivors else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("parts", nargs="+", help="folders or modules, as embench/metrics")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants of each, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--root", type=Path, default=HERE.parent.parent, help="the repository")
    parser.add_argument("--tests", nargs="*", help="test files instead of those that belong to the part")
    parser.add_argument("--report", type=Path, help="a JSON file of what survived; it is added to")
    parser.add_argument("--again", type=Path, help="only the mutants that a report of --report names")
    return parser.parse_args()


def _copy(root: Path, tree: Path) -> Path:
    """Copy what is changed and what imports it; the rest is linked."""
    tree.mkdir()
    for path in sorted(root.iterdir()):
        if path.name in COPIED:
            _ = shutil.copytree(path, tree / path.name, ignore=NOT_COPIED) if path.is_dir() else shutil.copy(path, tree)
        elif not path.name.startswith("."):
            (tree / path.name).symlink_to(path)
    return tree


def _run_part(part: str, tree: Path, arguments: argparse.Namespace) -> int:
    """Run the mutants of one part, print what became of them, and return how many survived."""
    part = part.rstrip("/")
    files = sorted((tree / part).rglob("*.py")) if (tree / part).is_dir() else [tree / part]
    sources = {str(path.relative_to(tree)): path.read_text(encoding="utf-8") for path in files}
    every = [mutant for path, source in sources.items() for mutant in mutants_of(source, path)]
    changes = {mutant: (mutant.path, *mutant.change(sources[mutant.path])) for mutant in every}
    explained = _explained(tree)
    chosen = every
    if arguments.again:
        names = {tuple(row[:3]) for row in json.loads(arguments.again.read_text(encoding="utf-8"))}
        chosen = [mutant for mutant in every if changes[mutant] in names]
    elif arguments.sample and arguments.sample < len(every):
        picked = random.Random(arguments.seed).sample(range(len(every)), arguments.sample)
        chosen = [every[i] for i in sorted(picked)]
    known = _observe(arguments.tests or _tests_of(part, tree), list(sources))
    found: Counter[str] = Counter()
    survived = []
    for number, mutant in enumerate(chosen, start=1):
        path, before, after = changes[mutant]
        outcome = explained.get((path, before, after)) or explained.get((path, before, None))
        outcome = outcome or _try(mutant, sources[path], known)
        found[outcome] += 1
        if outcome == "survived":
            survived.append([*changes[mutant], mutant.lines[0], len(known.tests_of(mutant))])
            print(f"{_diff(mutant, sources[mutant.path])}\n# executed by {survived[-1][-1]} tests\n", flush=True)
        if sys.stderr.isatty():
            print(f"\r{number}/{len(chosen)} {dict(found)}", end="", file=sys.stderr)
    counts = ", ".join(f"{found[name]} {name}" for name in OUTCOMES)
    print(f"{part}: {len(chosen)} of {len(every)} mutants: {counts}", flush=True)
    stale = [row[:2] for row in explained if row[0] in sources and row[:2] not in {x[:2] for x in changes.values()}]
    for path, before in stale:
        print(f"explained.yaml explains what is no longer there: {path}: {before}", flush=True)
    if arguments.report:
        earlier = json.loads(arguments.report.read_text(encoding="utf-8")) if arguments.report.exists() else []
        arguments.report.write_text(json.dumps(earlier + survived, indent=1, ensure_ascii=False), encoding="utf-8")
    return found["survived"]


def _tests_of(part: str, tree: Path) -> list[str]:
    listed = [name for name in TESTS if f"{part}/".startswith(f"{name}/")]
    named = TESTS[max(listed, key=len)] if listed else ["tests/" + part.split("/")[1].removesuffix(".py")]
    return [name for name in named if (tree / name).exists()]


def _explained(tree: Path) -> dict[tuple[str, str, str | None], str]:
    """Return the kind of what explained.yaml lists, ``equivalent`` or ``setting``; None is any change of a line."""
    path = tree / "tests" / "mutation" / "explained.yaml"
    if not path.exists():
        return {}
    import yaml

    listed: dict[str, list[dict[str, str]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {(name, row["line"], row.get("becomes")): row["kind"] for name, rows in listed.items() for row in rows}


def _observe(tests: Sequence[str], paths: Sequence[str]) -> Known:
    """Run the tests on the unchanged code, and import the libraries that they needed."""
    handle, name = tempfile.mkstemp(suffix=".json")
    os.close(handle)

    def run() -> int:
        import pytest
        from trace_lines import LinesOfTests

        plugin = LinesOfTests(paths)
        code = int(pytest.main([*PYTEST, "-x", *tests], plugins=[plugin]))
        Path(name).write_text(json.dumps(plugin.result()), encoding="utf-8")
        return code

    if _forked(run, seconds=3600.0, quiet=False) != 0:
        sys.exit(f"the tests {' '.join(tests)} must pass on the unchanged code first")
    result = json.loads(Path(name).read_text(encoding="utf-8"))
    Path(name).unlink()
    for module in result["modules"]:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    covered = {path: {int(line): names for line, names in lines.items()} for path, lines in result["covered"].items()}
    return Known(result["seconds"], covered)


def _try(mutant: Mutant, source: str, known: Known) -> str:
    """Return what becomes of a mutant: ``killed``, ``survived`` or ``timeout``."""
    names = known.tests_of(mutant)
    if not names:
        return "survived"
    path = Path(mutant.path)
    path.write_text(mutant.apply(source), encoding="utf-8")

    def run() -> int:
        import pytest
        from trace_lines import Only

        files = sorted({name.split("::")[0] for name in names})
        with tempfile.TemporaryDirectory() as folder:
            os.environ["EMBENCH_CACHE"] = folder
            return int(pytest.main([*PYTEST, "-x", f"--basetemp={folder}/tests", *files], plugins=[Only(names)]))

    try:
        code = _forked(run, seconds=STARTING + PATIENCE * sum(known.seconds[name] for name in names), quiet=True)
    finally:
        path.write_text(source, encoding="utf-8")
    return {0: "survived", None: "timeout"}.get(code, "killed")


def _forked(run: Callable[[], int], *, seconds: float, quiet: bool) -> int | None:
    """Return what `run` returns in a child process, None where it takes more CPU time or far more time than that."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _become_child(run, seconds=seconds, quiet=quiet)
    deadline = time.monotonic() + 20 * seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what a test has left behind
    code = os.waitstatus_to_exitcode(status)
    return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def _become_child(run: Callable[[], int], *, seconds: float, quiet: bool) -> None:
    os.setsid()
    used = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, int(used + seconds) + 5))
    if quiet:
        with contextlib.suppress(OSError, ValueError):
            size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        sink = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(sink, stream)
    code: Any = 3
    try:
        code = run()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _diff(mutant: Mutant, source: str) -> str:
    lines = difflib.unified_diff(
        source.splitlines(), mutant.apply(source).splitlines(), mutant.path, mutant.path, n=0, lineterm=""
    )
    return "\n".join(list(lines)[1:])


if __name__ == "__main__":
    sys.exit(main())
