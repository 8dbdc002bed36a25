"""Runs a baseline on every fold of a protocol: fit on the training side, predict the scored side without targets."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embench.baselines.features.cache import remembered
from embench.baselines.record import hardware, library_versions, make_record, peak_memory_mib
from embench.baselines.registry import BaselineSpec, load_object
from embench.baselines.store import FoldResult, FoldStore, RunKey
from embench.common.code import code_digest
from embench.common.executor import Executor, SerialExecutor
from embench.common.files import write_together
from embench.common.threads import one_thread
from embench.dataset import load
from embench.errors import BaselineError
from embench.evaluation.predictions import canonical_csv
from embench.splits.load import Fold, Protocol, digest_of_datasets

# Called with the stage (features, folds), how many of its parts are done, and how many there are.
Progress = Callable[[str, int, int], None]

DECIMALS = 6
_PART = 20
"""Entries in a part of the dataset whose features are computed at a time."""


@dataclass(frozen=True, kw_only=True)
class FoldTask:
    """One fold to compute; it names what its worker must have, and can be sent anywhere."""

    spec: BaselineSpec
    fold: Fold
    key: RunKey


@dataclass(frozen=True, kw_only=True)
class PrepareTask:
    """A part of a dataset whose features are to be computed; `datasets` are those that the protocol is of."""

    spec: BaselineSpec
    entry_ids: tuple[str, ...]
    key: RunKey
    dataset: str
    datasets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Run:
    """The out-of-fold predictions of a baseline on a protocol, as the text of a predictions file, and their record."""

    key: RunKey
    predictions: str
    record: dict[str, Any]

    def write(self, folder: Path, *, predictions: Path | None = None) -> Path:
        """Write ``<protocol>.csv`` and ``<protocol>.record.json`` into `folder`; return the path of the first.

        `predictions` is the folder for the first, where that is another one.
        """
        import json

        path = (predictions or folder) / f"{self.key.protocol}.csv"
        record = json.dumps(self.record, indent=2, ensure_ascii=False) + "\n"
        texts = {path: self.predictions, folder / f"{self.key.protocol}.record.json": record}
        for file in texts:
            file.parent.mkdir(parents=True, exist_ok=True)
        write_together({file: _writer(text) for file, text in texts.items()})
        return path


def run_baseline(
    spec: BaselineSpec,
    protocol: Protocol,
    *,
    work: Path,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
    fresh: bool = False,
) -> Run:
    """Return complete out-of-fold predictions of a baseline.

    Parameters
    ----------
    work
        Folder in which the results of finished folds are kept. What is there from an earlier run with the same
        code, libraries, data, folds and seed is not computed again; nothing else in it is used.
    executor
        An open executor; by default everything is computed in this process.
    progress
        Called as the work goes on.
    fresh
        Forget what is finished and compute it again.

    Raises
    ------
    BaselineError
        The baseline breaks its contract, or a worker was lost or has other code or data.
    HiddenTargetError
        The baseline asked for a target of the scored side.
    """
    executor = executor or SerialExecutor()
    report = progress or (lambda *_: None)
    key = run_key(spec, protocol, seed=seed)
    store = FoldStore(work, key)
    store.remove_stale()
    if fresh:
        store.clear()
    done = {fold.name: result for fold in protocol if (result := store.read(fold.name)) is not None}
    missing = [fold for fold in protocol if fold.name not in done]
    seconds = _prepare(spec, protocol, key, executor, report) if missing else 0.0
    report("folds", len(done), len(protocol))
    tasks = [FoldTask(spec=spec, fold=_plain(fold), key=key) for fold in missing]
    for result in executor.run(run_fold, tasks):
        store.write(result)
        done[result.fold] = result
        report("folds", len(done), len(protocol))
    results = [done[fold.name] for fold in protocol]
    text = _predictions_text(results)
    record = make_record(
        key=key,
        folds=results,
        executor=executor.description,
        prepare_seconds=seconds,
        predictions=text,
        dataset_version=protocol.dataset_version,
    )
    return Run(key=key, predictions=text, record=record)


def forget_run(key: RunKey, work: Path) -> None:
    """Remove the results of finished folds that a run has kept in `work`."""
    FoldStore(work, key).clear()


def run_key(spec: BaselineSpec, protocol: Protocol, *, seed: int) -> RunKey:
    """Return what the predictions of a run depend on; raises as :func:`library_versions` and :func:`code_digest`."""
    versions = {
        "python": platform.python_version(),
        **library_versions(("numpy", *spec.libraries), extra=spec.extra),
    }
    return RunKey(
        baseline=spec.name,
        factory=spec.factory,
        code=_code_of(spec),
        libraries=tuple(f"{name}=={version}" for name, version in versions.items()),
        protocol=protocol.name,
        protocol_sha256=protocol.sha256,
        dataset=protocol.dataset_digest,
        seed=seed,
    )


def _code_of(spec: BaselineSpec) -> str:
    paths = (path for path in (spec.factory, spec.prepare) if path)
    code = code_digest(*paths, weights=spec.weights, resources=spec.resources)
    own = os.environ.get(spec.own_weights) if spec.own_weights else None
    if not own:
        return code
    try:
        # Weights count as code does: folds that were finished with others are not used again.
        return hashlib.sha256(code.encode() + Path(own).read_bytes()).hexdigest()
    except OSError as error:
        raise BaselineError(f"{spec.own_weights} names weights that cannot be read: {error}") from None


def run_fold(task: FoldTask) -> FoldResult:
    """Fit and predict one fold, with one thread. See :func:`run_baseline`."""
    _check_worker(task.spec, task.key, tuple(dict.fromkeys((task.fold.test_dataset, task.fold.train_dataset))))
    started, used = time.perf_counter(), time.process_time()
    train, test = task.fold.train, task.fold.test
    try:
        with one_thread(), remembered():
            baseline = task.spec.create(seed=task.key.seed)
            loaded = time.perf_counter()
            fitted = baseline.fit(train)
            fit = time.perf_counter()
            prediction = fitted.predict(test)
            predicted = time.perf_counter()
        prediction.check(len(test))
    except BaselineError as error:
        raise BaselineError(f"{task.spec.name}, {task.key.protocol}, fold {task.fold.name}: {error}") from None
    except Exception as error:
        error.add_note(f"{task.spec.name}, {task.key.protocol}, fold {task.fold.name}")
        raise
    times = {"load": loaded - started, "fit": fit - loaded, "predict": predicted - fit}
    times["cpu"] = time.process_time() - used
    return FoldResult(
        fold=task.fold.name,
        entry_ids=task.fold.test_ids,
        mean=tuple(map(float, prediction.mean)),
        std=None if prediction.std is None else tuple(map(float, prediction.std)),
        seconds={stage: round(value, 3) for stage, value in times.items()},
        peak_memory_mib=peak_memory_mib(),
        hardware=hardware(),
        choices=dict(getattr(fitted, "choices", {})),
    )


def run_prepare(task: PrepareTask) -> float:
    """Compute the features of one part of the dataset, whose targets are hidden; return the seconds it took."""
    _check_worker(task.spec, task.key, task.datasets)
    started = time.perf_counter()
    if task.spec.prepare is not None:
        with one_thread():
            load_object(task.spec.prepare, extra=task.spec.extra)(
                load(task.dataset).select(task.entry_ids).without_targets()
            )
    return time.perf_counter() - started


def _prepare(spec: BaselineSpec, protocol: Protocol, key: RunKey, executor: Executor, report: Progress) -> float:
    """Compute the features of all entries that the protocol uses; return the seconds it took, summed over workers."""
    if spec.prepare is None:
        return 0.0
    used: dict[str, set[str]] = defaultdict(set)
    for fold in protocol:
        used[fold.train_dataset].update(fold.train_ids)
        used[fold.test_dataset].update(fold.test_ids)
    tasks = []
    for name, chosen in used.items():
        ids = [entry_id for entry_id in load(name).entry_ids if entry_id in chosen]
        parts = [tuple(ids[start : start + _PART]) for start in range(0, len(ids), _PART)]
        common: dict[str, Any] = {"spec": spec, "key": key, "dataset": name, "datasets": protocol.datasets}
        tasks += [PrepareTask(entry_ids=part, **common) for part in parts]
    seconds = 0.0
    report("features", 0, len(tasks))
    for done, taken in enumerate(executor.run(run_prepare, tasks), start=1):
        seconds += taken
        report("features", done, len(tasks))
    return seconds


def _check_worker(spec: BaselineSpec, key: RunKey, datasets: tuple[str, ...]) -> None:
    """Raise where this process, perhaps on another machine, has other code, libraries or data than the run."""
    here = {
        "code of the baseline": (_code_of(spec), key.code),
        "dataset": (digest_of_datasets(datasets), key.dataset),
        "libraries": (
            tuple(library_versions(("numpy", *spec.libraries), extra=spec.extra).values()),
            tuple(library.split("==")[1] for library in key.libraries[1:]),
        ),
    }
    for what, (found, expected) in here.items():
        if found != expected:
            raise BaselineError(
                f"a worker has another {what} ({found}) than the run ({expected}); install the same embench and the "
                "same libraries on all machines and start again; neither may change while it runs"
            )


def _plain(fold: Fold) -> Fold:
    """Return the fold without the datasets that it may have cached, which would be sent along."""
    return Fold(fold.name, fold.train_ids, fold.test_ids, fold.train_dataset, fold.test_dataset)


def _predictions_text(results: Sequence[FoldResult]) -> str:
    """Return the predictions file, sorted by entry, rounded so that the last bits of a machine do not show."""
    with_std = {result.std is not None for result in results}
    if len(with_std) > 1:
        raise BaselineError("some folds have standard deviations and others not; give them for all or for none")
    ids = [entry_id for result in results for entry_id in result.entry_ids]
    mean = [f"{value:.{DECIMALS}f}" for result in results for value in result.mean]
    std = [f"{max(value, 10.0**-DECIMALS):.{DECIMALS}f}" for result in results for value in result.std or ()]
    return canonical_csv(ids, mean, std or None)  # type: ignore[arg-type]


def _writer(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8", newline="")

    return write
