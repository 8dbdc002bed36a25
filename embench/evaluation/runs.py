"""Several runs of one system, with different seeds: scored each for itself, and reported together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embench.errors import PredictionsError
from embench.evaluation.scored import Matched, ScoredSet, make_sample
from embench.metrics.sample import FloatArray, Sample
from embench.statistics.bootstrap import Replicates


@dataclass(frozen=True)
class Runs:
    """What several runs of a system reach: each metric run by run, and how far the runs spread.

    `spread` is the sample standard deviation over the runs, in the unit of the metric. It tells of the seeds only; the
    interval of the mean, which comes from resampling host frameworks, tells of the entries.
    """

    names: tuple[str, ...]
    values: dict[str, tuple[float, ...]]
    spread: dict[str, float]

    def __len__(self) -> int:
        return len(self.names)


def runs_of(matched: Sequence[Matched], replicates: Sequence[Replicates]) -> Runs | None:
    """Return how several runs compare, None for a single one."""
    if len(matched) < 2:
        return None
    names = [spec.name for spec in replicates[0].specs]
    table = np.array([found.values for found in replicates])
    return Runs(
        names=tuple(run.predictions.name for run in matched),
        values={name: tuple(table[:, i].tolist()) for i, name in enumerate(names)},
        spread=dict(zip(names, table.std(axis=0, ddof=1).tolist(), strict=True)),
    )


def check_runs(matched: Sequence[Matched]) -> None:
    """Raise PredictionsError for runs that cannot be averaged: some of them have uncertainties and others none."""
    if len({run.sample.uncertainty is None for run in matched}) > 1:
        with_it = next(run for run in matched if run.sample.uncertainty is not None)
        raise PredictionsError(
            f"{with_it.predictions.name} has uncertainties and other runs have none; give them for all runs or for none"
        )


def mean_sample(matched: Sequence[Matched], scored: ScoredSet) -> Sample:
    """Return the sample of the mean predictions of all runs, which entries and groups are shown of.

    Its uncertainty is that of the mixture of the runs: the mean variance, and the variance between the runs.
    """
    first = matched[0].sample
    if len(matched) == 1:
        return first
    values = np.array([run.sample.prediction for run in matched])
    uncertainty: FloatArray | None = None
    if first.uncertainty is not None:
        variances = np.array([run.sample.uncertainty for run in matched]) ** 2
        uncertainty = np.sqrt(variances.mean(axis=0) + values.var(axis=0))
    return make_sample(scored, values.mean(axis=0), uncertainty=uncertainty, threshold=first.threshold)


def mean_error(matched: Sequence[Matched]) -> FloatArray:
    """Return the absolute error (n), eV, of a run on average."""
    found: FloatArray = np.mean([run.sample.absolute_error for run in matched], axis=0)
    return found
