"""The cluster bootstrap of many metrics, and of parts of the sample, in one pass over the resamples.

``scipy.stats.bootstrap`` does not serve here: it knows no clusters, and would resample anew for each metric and part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from embench.metrics.resamples import Resamples
from embench.metrics.sample import MOMENTS, BoolArray, FloatArray, Sample
from embench.metrics.spec import MetricSpec
from embench.statistics.intervals import Estimate, estimate
from embench.statistics.resampling import bootstrap_blocks


@dataclass(frozen=True, eq=False)
class Replicates:
    """Metrics of one set of entries: the values (m), in B resamples (m, B), and without each cluster (m, c).

    The clusters of the jackknife are those that have entries in the set; `supports` (m) counts those on which each
    metric rests.
    """

    specs: tuple[MetricSpec, ...]
    values: FloatArray
    resampled: FloatArray
    jackknife: FloatArray
    supports: tuple[int, ...]

    def __sub__(self, other: Replicates) -> Replicates:
        """Return the differences of the metrics of two systems that were scored on the same draws."""
        return Replicates(
            self.specs,
            self.values - other.values,
            self.resampled - other.resampled,
            self.jackknife - other.jackknife,
            self.supports,
        )

    def only(self, names: Sequence[str]) -> Replicates:
        """Return the metrics called `names`, in that order."""
        have = [spec.name for spec in self.specs]
        rows = [have.index(name) for name in names]
        return Replicates(
            tuple(self.specs[row] for row in rows),
            self.values[rows],
            self.resampled[rows],
            self.jackknife[rows],
            tuple(self.supports[row] for row in rows),
        )

    def estimates(self) -> dict[str, Estimate]:
        """Return the metrics with their intervals, by name."""
        return {
            spec.name: estimate(
                float(self.values[i]),
                self.resampled[i],
                self.jackknife[i] if spec.smooth else None,
                clusters=self.supports[i],
            )
            for i, spec in enumerate(self.specs)
        }


def mean_of(runs: Sequence[Replicates]) -> Replicates:
    """Return the means over runs of one system that were scored on the same draws: what a run reaches on average."""
    first = runs[0]
    return Replicates(
        first.specs,
        np.mean([run.values for run in runs], axis=0),
        np.mean([run.resampled for run in runs], axis=0),
        np.mean([run.jackknife for run in runs], axis=0),
        first.supports,
    )


def point_values(sample: Sample, specs: Sequence[MetricSpec]) -> dict[str, float]:
    """Return the value of each metric on the sample, without an interval."""
    values = _compute(specs, Resamples.once(sample))[:, 0].tolist()
    return dict(zip([spec.name for spec in specs], values, strict=True))


@dataclass(frozen=True, eq=False)
class Part:
    """Entries of a sample (n booleans), and the metrics that they are scored with; headline ones are cheap."""

    members: BoolArray
    specs: tuple[MetricSpec, ...]

    @property
    def headline(self) -> tuple[MetricSpec, ...]:
        """The metrics that follow from the moments."""
        return tuple(spec for spec in self.specs if spec.headline)

    @property
    def ordered(self) -> tuple[MetricSpec, ...]:
        """The metrics that need the entries themselves."""
        return tuple(spec for spec in self.specs if not spec.headline)

    @cached_property
    def columns(self) -> list[int]:
        """The moments that the headline metrics of the part read, as columns of :attr:`Sample.moments`."""
        asked = _AskedFor()
        probe = Sample(target=np.zeros(1), prediction=np.zeros(1))
        for spec in self.headline:
            spec.function(Resamples(probe, None, sums=asked))
        return sorted({MOMENTS.index(name) for name in asked.names} | {MOMENTS.index("count")})


class _AskedFor(dict[str, FloatArray]):
    """Sums that are all one and note which of them are read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> FloatArray:
        self.names.add(name)
        return np.ones(1)


def bootstrap(
    sample: Sample,
    specs: Sequence[MetricSpec],
    parts: Sequence[Part] = (),
    *,
    resamples: int,
    seed: int,
) -> tuple[Replicates, list[Replicates]]:
    """Return the replicates of `specs` on the sample, and those of each part.

    The clusters of the whole sample are drawn for all of them, so the size of a part varies from resample to
    resample as it would in new data.
    """
    every = (Part(np.ones(len(sample), dtype=np.bool_), tuple(specs)), *parts)
    sums = _PartSums(sample, every)
    entries = [_PartEntries(sample, part, resamples) for part in every]
    part_sums = np.empty((len(sums.table), resamples))
    for rows, drawn in bootstrap_blocks(sample.n_clusters, resamples=resamples, seed=seed, entries=len(sample)):
        part_sums[:, rows] = sums.table @ drawn.T
        for found in entries:
            found.add(rows, drawn)
    merged = [
        _merge(part.specs, headline, found.replicates())
        for part, headline, found in zip(every, sums.replicates(part_sums), entries, strict=True)
    ]
    return merged[0], merged[1:]


class _PartEntries:
    """The metrics of a part that need its entries: none of them, as a rule, but for the sample as a whole."""

    def __init__(self, sample: Sample, part: Part, resamples: int) -> None:
        self.specs = part.ordered
        self.clusters = sample.clusters_of(part.members)
        self.values = np.full((len(self.specs), resamples), np.nan)
        # Without metrics to compute, or entries to compute them on, nothing is asked of this.
        self.idle = not (self.specs and self.clusters)
        self.sample = sample if self.idle or part.members.all() else sample.only(part.members)

    def add(self, rows: slice, drawn: FloatArray) -> None:
        """Compute the metrics for the resamples `rows`, in which each cluster of the whole is `drawn` (B, c) times."""
        if not self.idle:
            own = drawn if len(self.clusters) == drawn.shape[1] else np.ascontiguousarray(drawn[:, self.clusters])
            self.values[:, rows] = _compute(self.specs, Resamples(self.sample, own, precision=np.float32))

    def replicates(self) -> Replicates:
        """Return the metrics, when all resamples are added; undefined ones where there is no entry."""
        if self.idle:
            nothing = np.full((len(self.specs), len(self.clusters)), np.nan)
            return Replicates(self.specs, self.values[:, 0], self.values, nothing, (0,) * len(self.specs))
        without_each = 1.0 - np.eye(self.sample.n_clusters)
        return Replicates(
            self.specs,
            _compute(self.specs, Resamples.once(self.sample))[:, 0],
            self.values,
            _compute(self.specs, Resamples(self.sample, without_each)),
            tuple(spec.support_of(self.sample).clusters for spec in self.specs),
        )


class _PartSums:
    """The moments of all parts, summed over each cluster (moments, c): a resample is then one matrix product."""

    def __init__(self, sample: Sample, parts: Sequence[Part]) -> None:
        self.sample = sample
        self.parts = parts
        moments = [sample.moments[:, part.columns] * part.members[:, None] for part in parts]
        self.table = np.ascontiguousarray(sample.cluster_sums(np.concatenate(moments, axis=1)).T)

    def replicates(self, resampled: FloatArray) -> list[Replicates]:
        """Return the replicates of each part from the sums of all moments (rows of the table, B)."""
        whole = self.table.sum(axis=1, keepdims=True)
        result = []
        for part, span in zip(self.parts, self._spans(), strict=True):
            of_clusters = self.table[span]
            present = of_clusters[part.columns.index(MOMENTS.index("count"))] > 0
            values, replicated, jackknife = (
                self._from_sums(part, sums)
                for sums in (whole[span], resampled[span], (whole[span] - of_clusters)[:, present])
            )
            supports = (int(present.sum()),) * len(part.headline)
            result.append(Replicates(part.headline, values[:, 0], replicated, jackknife, supports))
        return result

    def _spans(self) -> Iterator[slice]:
        start = 0
        for part in self.parts:
            yield slice(start, start + len(part.columns))
            start += len(part.columns)

    def _from_sums(self, part: Part, sums: FloatArray) -> FloatArray:
        named = {MOMENTS[column]: sums[i] for i, column in enumerate(part.columns)}
        return _compute(part.headline, Resamples(self.sample, None, sums=named))


def _compute(specs: Sequence[MetricSpec], resamples: Resamples) -> FloatArray:
    if not specs:
        return np.empty((0, 1))
    return np.stack([spec.function(resamples) for spec in specs])


def _merge(specs: tuple[MetricSpec, ...], first: Replicates, second: Replicates) -> Replicates:
    """Return the metrics of both in the order of `specs`."""
    if not first.specs or not second.specs:
        return first if first.specs else second
    together = Replicates(
        (*first.specs, *second.specs),
        np.concatenate((first.values, second.values)),
        np.concatenate((first.resampled, second.resampled)),
        np.concatenate((first.jackknife, second.jackknife)),
        (*first.supports, *second.supports),
    )
    return together.only([spec.name for spec in specs])
