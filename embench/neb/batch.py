"""Many hops and one potential: in this process, in several, or on a cluster; what is finished is kept."""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from embench.common.executor import Executor, SerialExecutor
from embench.common.memory import keep_freed_memory
from embench.common.threads import one_thread
from embench.crystal.hop import Pathway
from embench.neb.calculators import Potential, PotentialSpec, potential_spec
from embench.neb.ends import hop_digest
from embench.neb.protocol import NEB1, Settings
from embench.neb.results import NebResult
from embench.neb.runner import calculate
from embench.neb.store import RunKey, RunStore, compressed

# An entry in which the process has died so often is not tried again.
MOST_DEATHS = 2


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far a run is.

    `result` has just been finished; None before the first. `done` of `total` hops have results, and `share` is the part
    of the work of this run that is done, by the number of atoms.
    """

    result: NebResult | None
    done: int
    total: int
    share: float


Progress = Callable[[Step], None]
AnyTask = TypeVar("AnyTask", bound="Task")


class Task(Protocol):
    """One thing to compute, as it is sent to a worker."""

    @property
    def entry_id(self) -> str:
        """Of the hop."""
        ...

    @property
    def n_sites(self) -> int:
        """Number of atoms, by which the work is measured."""
        ...


@dataclass(frozen=True, kw_only=True)
class HopTask:
    """One hop to compute, as it is sent to a worker."""

    hop: Pathway
    potential: str
    options: str
    settings: Settings
    folder: Path | None

    @property
    def entry_id(self) -> str:
        """Of the hop."""
        return self.hop.entry_id

    @property
    def n_sites(self) -> int:
        """Number of atoms."""
        return len(self.hop.atomic_numbers)


@dataclass(frozen=True, kw_only=True)
class HopDone:
    """What a worker sends back."""

    result: NebResult
    band: bytes | None


def run_hops(
    hops: Sequence[Pathway],
    potential: str,
    *,
    out: Path,
    settings: Settings = NEB1,
    options: Mapping[str, Any] | None = None,
    dataset: str = "",
    executor: Executor | None = None,
    progress: Progress | None = None,
    retry: bool = False,
) -> dict[str, NebResult]:
    """Compute hops in their order and return the results by entry_id, those that were there already included.

    Parameters
    ----------
    potential
        A name of the registry, or ``module:function``.
    out
        The folder of the run, see :mod:`embench.neb.store`. Hops that it has results of are not computed again, except
        those that failed where `retry` is set.
    dataset
        Checksum of the structures of the dataset that the hops are from; empty for hops of one's own.
    progress
        Called as the work goes on.

    Raises
    ------
    NebError
        The folder holds results of another potential, protocol or dataset.
    """
    spec = potential_spec(potential)
    store = RunStore(out)
    store.open(run_key(spec, options or {}, settings, dataset), versions_of(spec))
    tasks = [
        HopTask(
            hop=hop,
            potential=spec.name,
            options=json.dumps(dict(options or {}), sort_keys=True),
            settings=settings,
            folder=out.resolve(),
        )
        for hop in _missing(hops, store, spec, settings, retry=retry)
    ]
    return work_through(store, run_hop, tasks, [hop.entry_id for hop in hops], executor=executor, progress=progress)


def work_through(
    store: RunStore,
    function: Callable[[AnyTask], HopDone],
    tasks: Sequence[AnyTask],
    order: Sequence[str],
    *,
    executor: Executor | None,
    progress: Progress | None,
) -> dict[str, NebResult]:
    """Compute tasks, keep each result as it comes, and return all of the store; `order` is that of its table."""
    report = progress or (lambda _: None)
    sites = {task.entry_id: task.n_sites for task in tasks}
    finished, work, worked = len(order) - len(tasks), sum(sites.values()), 0
    report(Step(result=None, done=finished, total=len(order), share=0.0))
    try:
        for done in (executor or SerialExecutor()).run(function, tasks):
            store.add(done.result, done.band)
            finished, worked = finished + 1, worked + sites[done.result.entry_id]
            report(Step(result=done.result, done=finished, total=len(order), share=worked / work))
    except KeyboardInterrupt:
        store.forgive(sites)
        raise
    finally:
        store.write_table(order)
    return store.results()


def _missing(
    hops: Sequence[Pathway], store: RunStore, spec: PotentialSpec, settings: Settings, *, retry: bool
) -> list[Pathway]:
    """Return the hops to compute; those in which the process has died too often become failures instead."""
    known, missing = store.results(), []
    for hop in hops:
        result = known.get(hop.entry_id)
        if result is not None and _still_holds(result, hop) and not (retry and result.status == "failed"):
            continue
        if store.deaths(hop.entry_id) >= MOST_DEATHS and not retry:
            store.add(_died(hop, spec, settings), None)
        else:
            missing.append(hop)
    return missing


def run_key(spec: PotentialSpec, options: Mapping[str, Any], settings: Settings, dataset: str) -> RunKey:
    """Return what the results of a run depend on."""
    return RunKey(
        potential=spec.name,
        factory=spec.factory,
        options={**spec.options, **options},
        version=spec.version,
        settings=settings.to_dict(),
        dataset=dataset,
    )


def run_hop(task: HopTask) -> HopDone:
    """Compute one hop, with one thread; runs in a worker."""
    from embench.neb.table import band_text

    keep_freed_memory()
    with one_thread(), _marked(task):
        potential = loaded_potential(task.potential, task.options)
        done = calculate(task.hop, potential, task.settings, name=task.potential)
    if done.band is None:
        return HopDone(result=done.result, band=None)
    info = {"entry_id": task.hop.entry_id, "potential": task.potential, "protocol": task.settings.name}
    text = band_text(done.band, task.hop.atomic_numbers, task.hop.lattice, info)
    return HopDone(result=done.result, band=compressed(text))


@contextlib.contextmanager
def _marked(task: HopTask) -> Iterator[None]:
    """Note in the folder of the run that a hop is under way, for the case that this process dies."""
    if task.folder is None or not task.folder.is_dir():  # a worker on another machine
        yield
        return
    path = RunStore(task.folder).under_way(task.hop.entry_id)
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(b".")
    yield


@lru_cache(maxsize=1)
def loaded_potential(name: str, options: str) -> Potential:
    """Return a potential with options as JSON; the last one is kept for the next hop of this process."""
    return potential_spec(name).create(json.loads(options))


def _still_holds(result: NebResult, hop: Pathway) -> bool:
    """Return whether a result is of this hop, and not of another one that had its name."""
    return not result.structure or result.structure == hop_digest(hop)


def _died(hop: Pathway, spec: PotentialSpec, settings: Settings) -> NebResult:
    return NebResult(
        entry_id=hop.entry_id,
        potential=spec.name,
        protocol=settings.name,
        status="failed",
        reason=f"the process died {MOST_DEATHS} times in this entry, perhaps for want of memory",
        flags=("crash",),
        n_sites=len(hop.atomic_numbers),
        structure=hop_digest(hop),
    )


def versions_of(spec: PotentialSpec) -> dict[str, Any]:
    """Return what is kept of a run besides its key: versions of packages, and the kind of machine."""
    from importlib import metadata

    from embench._version import __version__

    versions = {"embench": __version__, "python": platform.python_version()}
    requires = metadata.requires(spec.distribution) or [] if spec.distribution else ["torch"]
    torch = "torch" if any(line.startswith("torch") for line in requires) else None
    for name in ("numpy", "ase", "scipy", "pymatgen", torch, spec.distribution):
        with contextlib.suppress(metadata.PackageNotFoundError):
            if name:
                versions[name] = metadata.version(name)
    return {"versions": versions, "machine": f"{platform.machine()} {platform.system()}"}
