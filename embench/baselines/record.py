"""What a run is described by: versions, checksums, hardware, time and memory."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from embench._resources import weights_file
from embench._version import DATASET_VERSION, __version__
from embench.baselines.store import FoldResult, RunKey
from embench.errors import BaselineError, MissingDependencyError
from embench.splits.registry import SPLITS_VERSION

# What these give to a model is covered by the checksums of dataset and folds.
_DATA_LAYER = (
    "_lookup",
    "_resources",
    "_store",
    "_version",
    "dataset",
    "entry",
    "errors",
    "files",
    "schema",
    "splits.load",
)
_DATA_SUFFIXES = (".csv", ".json", ".npz", ".txt")
# Packages whose modules read files of numbers that lie beside them.
_WITH_DATA = ("embench.baselines.", "embench.hops.")
_NOT_FOLLOWED = frozenset(f"embench.{name}" for name in _DATA_LAYER)


def code_digest(*paths: str, weights: str | None = None) -> str:
    """Return the sha256 over the source of the code behind dotted paths ``module:name``.

    That is the module, the modules of embench that it imports, directly or not, and the data files beside those
    that belong to :mod:`embench.baselines` and :mod:`embench.hops`; results that older code has left are thereby
    never used again. `weights` names a file of shipped weights, which counts as code does.

    Raises :class:`~embench.errors.BaselineError` for a module that does not exist, and
    :class:`~embench.errors.DatasetError` where the weights are missing.
    """
    sources: dict[str, bytes] = {}
    waiting = [path.partition(":")[0] for path in paths]
    for name in waiting:
        if _source_file(name) is None:
            raise BaselineError(f"there is no module {name!r}; a factory is written module:Class")
    while waiting:
        name = waiting.pop()
        file = _source_file(name)
        if name in sources or name in _NOT_FOLLOWED or file is None:
            continue
        sources[name] = file.read_bytes()
        waiting += _imports(sources[name])
        if name.startswith(_WITH_DATA):
            sources |= {f"{name}:{path.name}": path.read_bytes() for path in _data_files(file.parent)}
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\0{len(sources[name])}\0".encode() + sources[name])
    if weights is not None:
        digest.update(weights_file(weights).read_bytes())
    return digest.hexdigest()


def _source_file(module: str) -> Path | None:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found is not None and found.origin and found.origin.endswith(".py") else None


def _imports(source: bytes) -> list[str]:
    """Return the modules of embench that a source names in import statements, wherever they stand."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package may be a module in it.
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("embench.")]


def _data_files(folder: Path) -> list[Path]:
    """Return the files of numbers beside the modules in `folder`, and in its subfolder ``data``."""
    files = (path for place in (folder, folder / "data") if place.is_dir() for path in place.iterdir())
    return sorted(path for path in files if path.is_file() and path.suffix in _DATA_SUFFIXES)


def library_versions(libraries: Iterable[str], *, extra: str) -> dict[str, str]:
    """Return the versions of installed distributions.

    Raises :class:`~embench.errors.MissingDependencyError`, which names `extra`, for one that is not installed.
    """
    versions = {}
    for name in libraries:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            raise MissingDependencyError(name, extra, "this baseline") from None
    return versions


def hardware() -> dict[str, Any]:
    """Return what computes here: processor, cores, memory, system and, where torch uses one, the accelerator."""
    described: dict[str, Any] = {"cpu": _processor(), "cores": os.cpu_count(), "system": platform.system()}
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        described["memory_gib"] = round(pages * size / 2**30)
    except (AttributeError, OSError, ValueError):
        pass  # not told by every system
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        described["accelerator"] = torch.cuda.get_device_name()
    return described


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def peak_memory_mib() -> float:
    """Return the largest memory that this process has held so far (MiB), or 0.0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def make_record(
    *, key: RunKey, folds: Sequence[FoldResult], executor: dict[str, Any], prepare_seconds: float, predictions: str
) -> dict[str, Any]:
    """Return the record of a finished run; `predictions` is the text of its predictions file.

    Seconds are wall time in the process that did the work, summed over the folds, and ``cpu`` is the processor time of
    the same stages; ``prepare`` is the wall time of features computed in this run, not of those found in the cache.
    """
    choices = {result.fold: result.choices for result in folds if result.choices}
    distinct = {repr(sorted(result.hardware.items())): result.hardware for result in folds}
    stages = sorted({stage for result in folds for stage in result.seconds})
    return {
        "baseline": key.baseline,
        "protocol": key.protocol,
        "seed": key.seed,
        "date": datetime.now(UTC).date().isoformat(),
        "n_predictions": sum(len(result.entry_ids) for result in folds),
        "versions": {
            "embench": __version__,
            "dataset": DATASET_VERSION,
            "splits": SPLITS_VERSION,
            **dict(library.split("==") for library in key.libraries),
        },
        "checksums": {
            "predictions": hashlib.sha256(predictions.encode()).hexdigest(),
            "dataset": key.dataset,
            "protocol": key.protocol_sha256,
            "code": key.code,
        },
        "hardware": list(distinct.values()),
        "executor": executor,
        "seconds": {
            "prepare": round(prepare_seconds, 3),
            **{stage: round(sum(result.seconds.get(stage, 0.0) for result in folds), 3) for stage in stages},
            "folds": {result.fold: result.seconds for result in folds},
        },
        "peak_memory_mib": max(result.peak_memory_mib for result in folds),
        **({"choices": choices} if choices else {}),
    }
