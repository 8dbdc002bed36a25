"""What the commands of ``embench baseline`` share: which baselines and protocols are meant, and a run of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from embench.cli._process import INTERRUPTED

if TYPE_CHECKING:
    from embench.baselines.registry import BaselineSpec
    from embench.baselines.runner import Run
    from embench.common.executor import Executor


def spec_of(name: str, factory: str | None) -> BaselineSpec:
    """Return the baseline or study called `name`, or, under this name, the class at ``module:Class``.

    Raises :class:`~embench.errors.UnknownNameError`.
    """
    from embench.baselines.registry import BaselineSpec, baseline_spec

    if factory is None:
        return baseline_spec(name)
    import sys

    if "" not in sys.path:
        sys.path.insert(0, "")  # the class may be in the working directory, where console scripts do not look
    return BaselineSpec(name=name, title=name, description=f"The class {factory}.", factory=factory)


def specs_of(names: list[str] | None) -> list[BaselineSpec]:
    """Return the baselines of these names, all that have finished protocols for none; raises as :func:`spec_of`."""
    from embench.baselines.registry import BASELINES, baseline_spec

    return [baseline_spec(name) for name in names] if names else [spec for spec in BASELINES if spec.finished]


def protocols_of(spec: BaselineSpec, names: list[str]) -> list[str]:
    """Return the protocols `names` of a baseline, all of its protocols for none.

    Raises :class:`~embench.errors.UnknownNameError` for one that it is not run on.
    """
    from embench.errors import UnknownNameError

    for name in names:
        if name not in spec.protocols:
            raise UnknownNameError(f"protocol of {spec.name}", name, spec.protocols)
    return list(names or spec.protocols)


def run_folds(
    spec: BaselineSpec,
    name: str,
    executor: Executor,
    *,
    seed: int,
    work: Path | None,
    fresh: bool,
    part: str = "folds",
    folds: int | None = None,
    version: str | None = None,
) -> Run:
    """Run one protocol with a progress bar; what is finished stays in the folder `work` when it is interrupted.

    `version` is that of the dataset, by default the one of the leaderboard.
    """
    from embench.baselines.runner import run_baseline
    from embench.cli._terminal import progress_bars
    from embench.common.cache import cache_folder
    from embench.splits import protocol

    folder = (work or cache_folder("baselines")) / part
    every = protocol(name, version)
    chosen = every if folds is None else every.first(folds)
    done = 0
    with progress_bars(f"{spec.name}, {name}") as update:

        def report(stage: str, finished: int, total: int) -> None:
            nonlocal done
            done = finished if stage == "folds" else done
            update(stage, finished, total)

        try:
            return run_baseline(spec, chosen, seed=seed, work=folder, executor=executor, progress=report, fresh=fresh)
        except KeyboardInterrupt:
            kept = f"interrupted: {done} of {len(chosen)} folds of {name} are kept"
            typer.echo(f"{kept}; the same command goes on from there", err=True)
            raise typer.Exit(INTERRUPTED) from None


def reproduce_one(
    spec: BaselineSpec,
    name: str,
    records: Path,
    predictions: Path,
    executor: Executor,
    work: Path | None,
    *,
    folds: int | None,
    renew: bool,
) -> bool:
    """Run one protocol again, say how far it is from what is committed, and return whether it is within tolerance.

    `records` and `predictions` are the folders of the committed ones. With `folds` only so many are run; with `renew`
    the record is written anew where the run is within tolerance.
    """
    from embench.baselines.reproduce import compare_with, folds_of, read_record, renewed, write_record
    from embench.baselines.runner import forget_run
    from embench.common.cache import cache_folder
    from embench.common.text import plural

    record = read_record(records, name)
    # With the dataset that the record names, also where the leaderboard has moved on to a later version.
    every = folds_of(record, records)
    # Apart from the results of ordinary runs, which are perhaps the committed ones, and forgotten when it is done.
    again = run_folds(
        spec,
        name,
        executor,
        seed=record["seed"],
        work=work,
        fresh=False,
        part="reproduce",
        folds=folds,
        version=every.dataset_version,
    )
    part = None if folds is None else every.first(folds)
    among = None if part is None else part.scored_ids
    found = compare_with(predictions / f"{name}.csv", again, tolerance=spec.tolerance, among=among)
    forget_run(again.key, (work or cache_folder("baselines")) / "reproduce")
    n = len(found.differences)
    differ = f"{plural(n, 'number')} {'differs' if n == 1 else 'differ'}"
    outcome = "reproduced" if found.reproduced else f"NOT reproduced: {differ}"
    largest = f"largest difference {found.largest:.2g} eV, tolerance {found.tolerance:g} eV"
    which = "" if part is None else f", {len(part)} of {plural(len(every), 'fold')}"
    typer.echo(f"{spec.name}, {name}{which}: {plural(found.n, 'entry')} {outcome} ({largest})")
    for item in found.differences[:20]:
        typer.echo(f"  {item.entry_id}: {item.column} {item.committed} eV committed, {item.reproduced} eV now")
    if len(found.differences) > 20:
        typer.echo(f"  ... and {len(found.differences) - 20} more")
    if renew and found.reproduced:
        write_record(records, renewed(record, again, found))
        typer.echo(f"renewed the record of {spec.name} for {name}")
    return found.reproduced
