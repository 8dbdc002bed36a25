"""Scoring predictions on a protocol: `embench.evaluate`."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from embench.errors import InvalidValueError
from embench.evaluation.breakdown import PREDICTED, Breakdown, PartsOf, Subset, SubsetScores, subset_spec
from embench.evaluation.comparison import Comparison, compare
from embench.evaluation.coverage import Coverage
from embench.evaluation.own import OwnMetric, OwnSubset, own_estimates, own_subset, split_metrics
from embench.evaluation.predictions import Source
from embench.evaluation.runs import Runs, check_runs, mean_error, mean_sample, runs_of
from embench.evaluation.scored import Matched, ScoredSet, make_sample, match, scored_set
from embench.evaluation.sources import infer_protocol, read_runs_of
from embench.evaluation.units import threshold_problem
from embench.metrics import HEADLINE, Resamples, Sample, Support
from embench.metrics.uncertainty import CALIBRATION_LEVELS, calibration_curve
from embench.splits.registry import host_called
from embench.statistics.bootstrap import Replicates, bootstrap, mean_of, point_values
from embench.statistics.intervals import Estimate
from embench.statistics.paired import detectable_difference, standard_error

GOOD_CONDUCTOR = 0.65  # eV
RESAMPLES = 10_000
CONFUSION = ("true_positive", "false_positive", "false_negative", "true_negative")
FEWEST_RESAMPLES, MOST_RESAMPLES = 100, 1_000_000


@dataclass(frozen=True)
class Confusion:
    """Good conductors (E_m below the threshold) found and missed, and others taken for them and not."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


@dataclass(frozen=True)
class ScoredEntry:
    """One scored entry: its barrier, the prediction, and what to know about it. eV."""

    entry_id: str
    target: float
    prediction: float
    error: float
    uncertainty: float | None
    filled: bool
    fold: str
    formula: str
    mobile_ion: str
    structure_class: str
    functional: str
    pathway: str
    group_structure: str
    group_host: str
    seen_host: bool
    flags: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """The scores of one set of predictions on one protocol, with 95 % intervals.

    `metrics` maps the name of each metric to its estimate, and `support` to what it rests on;
    :func:`embench.metrics.metric` describes it. `reference`
    holds the headline metrics of predicting the median of the training targets. `detectable` is the difference of
    MAE (eV) that these entries show with 80 % power between systems with unrelated errors. `n_hosts` counts the host
    frameworks, which are what is resampled. Checksums are sha256. Of several `runs` the metrics are means over the
    runs, and entries, confusion, breakdown and calibration those of the mean prediction. `own` are the user's metrics.
    """

    name: str
    protocol: str
    dataset_version: str
    n: int
    n_hosts: int
    threshold: float
    seed: int
    resamples: int
    checksums: dict[str, str]
    coverage: Coverage
    warnings: tuple[str, ...]
    metrics: dict[str, Estimate]
    support: dict[str, Support]
    confusion: Confusion
    reference: dict[str, float]
    detectable: float
    subsets: tuple[SubsetScores, ...]
    comparison: Comparison | None = None
    runs: Runs | None = None
    own: dict[str, Estimate] = field(default_factory=dict)
    sample: Sample = field(kw_only=True)
    scored: ScoredSet = field(kw_only=True)

    def __repr__(self) -> str:
        mae = self.metrics["mae"]
        return (
            f"<Evaluation of {self.name} on {self.protocol}: MAE {mae.value:.3f} eV "
            f"({mae.low:.3f} to {mae.high:.3f}), n = {self.n}>"
        )

    @cached_property
    def entries(self) -> tuple[ScoredEntry, ...]:
        """All scored entries, sorted by entry_id."""
        labels = {name: values.tolist() for name, values in self.scored.labels.items()}
        filled = frozenset(self.coverage.filled)
        sample, scored = self.sample, self.scored
        sigma = None if sample.uncertainty is None else sample.uncertainty.tolist()
        return tuple(
            ScoredEntry(
                entry_id=entry_id,
                target=float(sample.target[i]),
                prediction=float(sample.prediction[i]),
                error=float(sample.error[i]),
                uncertainty=None if sigma is None else sigma[i],
                filled=entry_id in filled,
                fold=str(scored.fold[i]),
                seen_host=bool(scored.seen_host[i]),
                flags=scored.flags[i],
                **{name: values[i] for name, values in labels.items()},
            )
            for i, entry_id in enumerate(scored.entry_ids)
        )

    @property
    def mae_predicted(self) -> Estimate | None:
        """The MAE on the entries that have a prediction (eV); None where all have one."""
        return next((subset.metrics["mae"] for subset in self.subsets if subset.name == PREDICTED), None)

    @cached_property
    def breakdown(self) -> tuple[Breakdown, ...]:
        """The scores of groups of entries, on the same draws of host frameworks as the metrics.

        Computed when first asked for: the short table on the terminal does without.
        """
        parts = PartsOf.of(self.scored)
        _, found = bootstrap(self.sample, (), parts.group_parts(), resamples=self.resamples, seed=self.seed)
        return parts.group_scores(found)

    @cached_property
    def calibration(self) -> tuple[tuple[float, float], ...]:
        """Expected and observed coverage of the central intervals; empty without uncertainties."""
        if self.sample.uncertainty is None:
            return ()
        observed = calibration_curve(Resamples.once(self.sample))[0].tolist()
        return tuple(zip(CALIBRATION_LEVELS, observed, strict=True))


def evaluate(
    predictions: Source | Sequence[Source],
    protocol: str | None = None,
    *,
    threshold: float = GOOD_CONDUCTOR,
    seed: int = 0,
    resamples: int = RESAMPLES,
    fill_missing: bool = False,
    against: Source | Sequence[Source] | None = None,
    unit: str | None = None,
    metrics: Sequence[str | OwnMetric] | None = None,
    subset: OwnSubset | None = None,
    dataset_version: str | None = None,
    in_full: Collection[str] = (),
) -> Evaluation:
    """Score predictions of migration barriers on a protocol.

    Parameters
    ----------
    predictions
        Path of a predictions file, slug of a submission, mapping from entry_id to eV, or a table with the columns
        ``entry_id``, ``prediction`` and optionally ``uncertainty``, or ``lower`` and ``upper`` (ends of a 95 %
        interval) in its place. A column ``seed``, or a list of such sources, holds several runs of one system: the
        metrics are then means over the runs, and ``runs`` says how far these spread.
    protocol
        Name of the protocol: which entries are scored, and what a model could be trained on. None for the protocol
        that the name of the file tells (``host-10fold.csv``), or the entries where those fit one protocol only; there
        is no default where they fit several.
    threshold
        Barrier (eV, whatever `unit` is) below which an entry is a good conductor.
    seed, resamples
        Of the bootstrap over host frameworks that makes the intervals.
    fill_missing
        Score entries without a prediction with the worst of the reference predictions for them
        (:mod:`embench.evaluation.references`), and count them in ``coverage``; the subset ``predicted`` holds the
        scores without them. Otherwise a missing entry is an error; no entry is ever left out.
    against
        Other predictions to compare with, pair by pair.
    unit
        Unit of all predictions and uncertainties: ``eV``, ``meV``, ``kJ/mol`` or ``kcal/mol``. None for eV, where
        predictions that are about as much too high as another unit makes them are refused.
    metrics
        Names of the metrics to compute, and functions of your own, called with targets and predictions (n,), eV; their
        values are in ``own``, with intervals from at most 1000 resamples. None for all metrics.
    subset
        A part of the entries to score as well, as ``subset`` among the subsets: ids, or conditions such as
        ``{"mobile_ion": "Na"}`` (see :meth:`embench.Dataset.filter`).
    dataset_version
        Version of the dataset to score on, such as ``1.0.0``; None for the one of the leaderboard. Predictions that
        were made for an earlier version stay valid for the entries that remain.
    in_full
        Names of subsets, such as ``label_not_contradicted``, that are scored with all metrics as well. The others get
        the headline metrics, which cost hardly anything.

    Raises
    ------
    PredictionsError
        The predictions cannot be scored; the message names lines and entries. Or it cannot be told for which protocol
        they are.
    UnknownNameError
        There is no such protocol, unit, version or subset.
    InvalidValueError
        `threshold`, `seed` or `resamples` is out of range; something is no metric; no scored entry is in the subset.

    Examples
    --------
    >>> import embench
    >>> guess = {entry_id: 0.6 for entry_id in embench.protocol("published").scored_ids}
    >>> scores = embench.evaluate(guess, resamples=1000)
    >>> scores.n, scores.metrics["mae"].value < 0.6
    (60, True)
    """
    _check_settings(threshold, seed, resamples)
    for name in in_full:
        subset_spec(name)
    sources: tuple[Source, ...] = (predictions,) if against is None else (predictions, against)
    if protocol is None:
        inferred, sources = infer_protocol(sources, unit=unit, version=dataset_version)
        protocol = inferred.protocol
    scored = scored_set(protocol, dataset_version)
    problem = threshold_problem(threshold, highest=scored.highest, usual=GOOD_CONDUCTOR)
    if problem:
        raise InvalidValueError(problem)
    own, *rival = (
        tuple(
            match(run, scored, threshold=threshold, fill_missing=fill_missing)
            for run in read_runs_of(source, protocol, known=scored.known_ids, unit=unit)
        )
        for source in sources
    )
    part = () if subset is None else (own_subset(subset, scored),)
    return _score(
        scored,
        own,
        rival[0] if rival else (),
        seed=seed,
        resamples=resamples,
        metrics=metrics,
        part=part,
        in_full=in_full,
    )


def _check_settings(threshold: float, seed: int, resamples: int) -> None:
    if not math.isfinite(threshold):
        raise InvalidValueError(f"the threshold must be a finite number of eV, not {threshold}")
    if seed < 0:
        raise InvalidValueError(f"the seed must not be negative, and is {seed}")
    if not FEWEST_RESAMPLES <= resamples <= MOST_RESAMPLES:
        raise InvalidValueError(
            f"the number of resamples must be between {FEWEST_RESAMPLES} and {MOST_RESAMPLES}, and is {resamples}"
        )


def _score(
    scored: ScoredSet,
    own: Sequence[Matched],
    rival: Sequence[Matched],
    *,
    seed: int,
    resamples: int,
    metrics: Sequence[str | OwnMetric] | None,
    part: tuple[Subset, ...],
    in_full: Collection[str],
) -> Evaluation:
    check_runs(own)
    first, sample = own[0], mean_sample(own, scored)
    specs, functions = split_metrics(metrics, sample)
    parts = PartsOf.of(scored, filled=first.coverage.filled, also=part)
    wanted = parts.subset_parts(in_full=in_full, specs=specs)
    each = [bootstrap(run.sample, specs, wanted, resamples=resamples, seed=seed) for run in own]
    replicates = _mean([found for found, _ in each])
    of_subsets = [_mean(list(of_runs)) for of_runs in zip(*(found for _, found in each), strict=True)]
    comparison = None
    if rival:
        check_runs(rival)
        other = mean_sample(rival, scored)
        found = [
            bootstrap(run.sample, split_metrics(metrics, other)[0], resamples=resamples, seed=seed)[0] for run in rival
        ]
        comparison = compare(
            (sample, replicates),
            (other, _mean(found)),
            other=rival[0],
            seed=seed,
            host=host_called(scored.protocol),
            errors=(mean_error(own), mean_error(rival)),
        )
    mae_error = standard_error(replicates.only(["mae"]).resampled[0])
    median = make_sample(scored, scored.median, threshold=sample.threshold)
    return Evaluation(
        name=_name(own),
        protocol=scored.protocol,
        dataset_version=scored.dataset_version,
        n=len(sample),
        n_hosts=sample.n_clusters,
        threshold=sample.threshold,
        seed=seed,
        resamples=resamples,
        checksums={"predictions": first.predictions.sha256, **scored.checksums},
        coverage=first.coverage,
        warnings=tuple(dict.fromkeys(warning for run in own for warning in run.warnings)),
        metrics=replicates.estimates(),
        support={spec.name: spec.support_of(sample) for spec in replicates.specs},
        confusion=_confusion(sample),
        reference=point_values(median, HEADLINE),
        # Two systems with unrelated errors of this size: their variances add.
        detectable=detectable_difference(math.sqrt(2.0) * mae_error),
        subsets=parts.subset_scores(of_subsets),
        comparison=comparison,
        runs=runs_of(own, [found for found, _ in each]),
        own=own_estimates(functions, [run.sample for run in own], resamples=resamples, seed=seed),
        sample=sample,
        scored=scored,
    )


def _mean(runs: list[Replicates]) -> Replicates:
    return runs[0] if len(runs) == 1 else mean_of(runs)


def _name(own: Sequence[Matched]) -> str:
    """Return what the system is called: of several runs, the first and how many more."""
    first = own[0].predictions.name
    return first if len(own) == 1 else f"{first.partition(', seed ')[0].partition(', run ')[0]} ({len(own)} runs)"


def _confusion(sample: Sample) -> Confusion:
    once = Resamples.once(sample)
    return Confusion(*(round(float(once.sum(name)[0])) for name in CONFUSION))
