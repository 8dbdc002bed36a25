"""Two baselines on fresh folds: whether what was chosen holds where no fold had a say in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.baselines.registry import BaselineSpec
from embench.baselines.runner import run_baseline
from embench.common.markdown import between_marks, markdown_table
from embench.dataset import load
from embench.errors import BaselineError, UnknownNameError
from embench.evaluation.comparison import p_text
from embench.splits.fresh import fresh_protocol
from embench.statistics.pairs import Pair, compare_all
from embench.statistics.resampling import cluster_codes

if TYPE_CHECKING:
    from embench.common.executor import Executor

Floats = NDArray[np.float64]
# Called with the baseline, the number of the assignment, how many folds are done, and how many there are.
Progress = Callable[[str, int, int, int], None]

_RESAMPLES = 10_000


@dataclass(frozen=True)
class Confirmed:
    """MAE (eV) of two baselines on one assignment to folds, or on average over all, and their paired difference."""

    assignment: str
    first: float
    second: float
    pair: Pair


def confirm(
    specs: tuple[BaselineSpec, BaselineSpec],
    protocol: str,
    *,
    assignments: Sequence[int],
    work: Path,
    with_band: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Confirmed]:
    """Compare two baselines on fresh assignments to folds of the published training entries.

    The published test entries take no part. The last row, where there are several assignments, is of the absolute
    errors averaged over them, entry by entry; intervals and tests are paired over host frameworks, as everywhere.

    Parameters
    ----------
    protocol : whose rules the folds are made by, see :func:`~embench.splits.fresh.fresh_protocol`.
    assignments : their numbers, from 0.
    work : folder in which finished folds are kept; an interrupted run goes on from them.
    with_band : score only entries that have a band of this potential among those that ship; all are trained on.
    progress : called as the work goes on.

    Raises
    ------
    BaselineError
        No assignment is asked for, or no such bands ship; and as :func:`~embench.baselines.runner.run_baseline` does.
    SplitsError
        The protocol has no folds to draw.
    """
    if not assignments:
        raise BaselineError("no assignment to folds is asked for: give at least one")
    scored = None if with_band is None else entries_with_band(with_band)
    train = load().filter(published_split="train")
    labels = dict(zip(train.entry_ids, train.column("migration_barrier").tolist(), strict=True))
    hosts = dict(zip(train.entry_ids, train.column("group_host").tolist(), strict=True))
    errors: list[Floats] = []
    ids: tuple[str, ...] = ()
    for number in assignments:
        folds = fresh_protocol(protocol, number, train)
        ids = tuple(sorted(each for each in folds.scored_ids if scored is None or each in scored))
        both = []
        for spec in specs:

            def report(stage: str, done: int, total: int, spec: BaselineSpec = spec, number: int = number) -> None:
                if progress is not None and stage == "folds":
                    progress(spec.name, number, done, total)

            run = run_baseline(spec, folds, work=work, executor=executor, progress=report)
            predicted = dict(line.split(",")[:2] for line in run.predictions.splitlines()[1:])
            both.append([abs(float(predicted[i]) - labels[i]) for i in ids])
        errors.append(np.array(both))
    clusters = cluster_codes(hosts[i] for i in ids)
    rows = [_row(f"{number}", found, clusters) for number, found in zip(assignments, errors, strict=True)]
    return rows if len(rows) == 1 else [*rows, _row("mean", np.mean(errors, axis=0), clusters)]


def entries_with_band(potential: str) -> frozenset[str]:
    """Return the entries that a band of `potential` ships for.

    Raises :class:`~embench.errors.UnknownNameError` where none of this potential do, and as
    :func:`~embench.baselines.models.neb_tables.shipped_tables` does.
    """
    from embench.baselines.models.neb_tables import shipped_tables

    tables = shipped_tables()
    if potential not in tables:
        raise UnknownNameError("potential with bands", potential, tables)
    return frozenset(tables[potential])


def _row(assignment: str, errors: Floats, clusters: NDArray[np.intp]) -> Confirmed:
    (pair,) = compare_all(errors, clusters, resamples=_RESAMPLES, seed=0)
    first, second = errors.mean(axis=1).tolist()
    return Confirmed(assignment, first, second, pair)


def confirmation_table(
    names: tuple[str, str], protocol: str, rows: Sequence[Confirmed], with_band: str | None = None
) -> str:
    """Return the comparison as a table in Markdown, energies in eV."""
    which = "" if with_band is None else f", entries with a band of {with_band}"
    header = [
        f"{protocol}{which}, fresh assignment",
        *(f"MAE {name}" for name in names),
        "difference",
        "95 % interval",
        "p",
    ]
    return markdown_table(
        header,
        [
            (
                row.assignment,
                f"{row.first:.4f}",
                f"{row.second:.4f}",
                f"{row.pair.difference.value:+.4f}",
                f"{row.pair.difference.low:+.4f} to {row.pair.difference.high:+.4f}",
                p_text(row.pair.test),
            )
            for row in rows
        ],
    )


def page_with(page: Path, names: tuple[str, str], protocol: str, table: str, with_band: str | None = None) -> str:
    """Return the text of a page with the table between its marks; raises as ``between_marks`` does."""
    which = "" if with_band is None else f" with a band of {with_band}"
    begin, end = (f"<!-- confirm {' '.join(names)} {protocol}{which}: {mark} -->" for mark in ("begin", "end"))
    return between_marks(page, begin, end, table)
