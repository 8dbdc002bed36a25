"""What a run is described by: versions, checksums, hardware, time and memory."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from embench._version import DATASET_VERSION, __version__
from embench.baselines.store import FoldResult, RunKey
from embench.errors import MissingDependencyError


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
    *,
    key: RunKey,
    folds: Sequence[FoldResult],
    executor: dict[str, Any],
    prepare_seconds: float,
    predictions: str,
    dataset_version: str = DATASET_VERSION,
) -> dict[str, Any]:
    """Return the record of a finished run; `predictions` is the text of its predictions file.

    `dataset_version` is that of the barriers of cations that the folds are of; the splits have the same number.

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
            "dataset": dataset_version,
            "splits": dataset_version,
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
