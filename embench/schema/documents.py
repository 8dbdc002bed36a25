"""The documents of an evaluation as TypedDicts: what ``embench evaluate --json`` writes, name by name.

:mod:`embench.evaluation.document` makes them; reports, board and site read them. They stand here because pages are
drawn by parts that know nothing of how an evaluation is made. Energies are in eV. A number that is undefined is None,
``null`` in JSON; a value that may be undefined has that in its type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from embench.schema.terms import Direction, Family, Method


class Interval(TypedDict):
    """A value and its 95 % interval, in the unit of its metric."""

    value: float | None
    low: float | None
    high: float | None


class EstimateDocument(Interval):
    """A score: `undefined` is the share of resamples in which it does not exist."""

    unit: str | None
    method: Method
    undefined: float


class MetricText(TypedDict):
    """What a metric is, in words."""

    symbol: str
    title: str
    description: str
    unit: str | None
    direction: Direction
    nominal: float | None
    family: Family


class MetricDocument(EstimateDocument):
    """A metric of all scored entries: its score, what that rests on, and what it is.

    `n` counts things of the kind `n_unit` (``entries``, ``pairs``, ``structures``), from `n_hosts` host frameworks.
    """

    n: int
    n_unit: str
    n_hosts: int
    title: str
    symbol: str
    direction: Direction
    nominal: float | None
    family: Family
    description: str


class CoverageDocument(TypedDict):
    """How many of the scored entries were predicted; those in `filled` got the worst reference prediction."""

    scored: int
    predicted: int
    share: float
    filled: list[str]


class ConfusionDocument(TypedDict):
    """How many entries are below the threshold and found there, and so on; positive is a good conductor."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


class ReferenceDocument(TypedDict):
    """The headline metrics of predicting the median of the training targets, by metric."""

    training_median: dict[str, float | None]


class DetectableDifference(TypedDict):
    """The difference of a metric that is found with 80 % power."""

    value: float | None
    unit: str
    metric: str


class SubsetDocument(TypedDict):
    """The headline metrics on some of the entries, or all of them."""

    title: str
    description: str
    n: int
    n_hosts: int
    metrics: dict[str, EstimateDocument]


class GroupDocument(TypedDict):
    """MAE and bias (eV) of the entries of one group; a `small` one has fewer than ten."""

    group: str
    n: int
    n_hosts: int
    small: bool
    mae: EstimateDocument
    bias: EstimateDocument


class BreakdownDocument(TypedDict):
    """The groups of one dimension: every scored entry is in one of them."""

    title: str
    groups: list[GroupDocument]


class CalibrationPoint(TypedDict):
    """The probability of a central interval, and the share of targets inside."""

    expected: float
    observed: float


class DifferenceDocument(TypedDict):
    """A metric of both systems, and this one minus the other."""

    value: float | None
    other: float | None
    difference: EstimateDocument


class ComparisonDocument(TypedDict):
    """This system against another, pair by pair."""

    other: str
    other_sha256: str
    other_coverage: CoverageDocument
    other_warnings: list[str]
    metrics: dict[str, DifferenceDocument]
    p_value: float | None
    test: str
    patterns: int
    detectable_difference: DetectableDifference
    resolved: bool
    sentence: str


class RunsDocument(TypedDict):
    """Several runs of one system: their names, each metric run by run, and its standard deviation over the runs."""

    names: list[str]
    values: dict[str, list[float | None]]
    spread: dict[str, float | None]


class OwnMetricDocument(Interval):
    """A metric of the user's own."""

    method: Method


class EntryDocument(TypedDict):
    """One scored entry: its barrier, the prediction with its standard deviation, and what to know about it. eV."""

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
    flags: Sequence[str]


class BinDocument(TypedDict):
    """How many errors, prediction − target, lie in [low, high), eV; None for the open ends."""

    low: float | None
    high: float | None
    n: int


class IonErrorDocument(TypedDict):
    """The MAE (eV) of the entries of one migrating ion; `small` ones have fewer than ten."""

    ion: str
    n: int
    mae: float
    small: bool


class RivalDocument(TypedDict):
    """Another system: its folder, its name, and its MAE, eV."""

    slug: str
    name: str
    mae: float


class StandingDocument(TypedDict):
    """The place by MAE among `n` systems; `tied` ones cannot be distinguished statistically from this one.

    `own` is the folder of the submission that these predictions are, None for predictions that are none.
    """

    rank: float
    n: int
    best: RivalDocument
    tied: list[RivalDocument]
    own: str | None
    sentence: str


class OverviewDocument(TypedDict):
    """What the terminal draws; `worst` are entry_ids, `standing` is None where nothing is there to compare with."""

    histogram: list[BinDocument]
    by_ion: list[IonErrorDocument]
    worst: list[str]
    standing: StandingDocument | None


class EvaluationDocument(TypedDict):
    """The scores of one set of predictions on one protocol; checksums are sha256.

    `overview` is written by ``embench evaluate --json`` for a single file; the board has standings of its own.
    """

    embench_version: str
    dataset_version: str
    protocol: str
    predictions: str
    predictions_sha256: str
    checksums: dict[str, str]
    n: int
    n_hosts: int
    threshold: float
    seed: int
    resamples: int
    confidence: float
    coverage: CoverageDocument
    warnings: list[str]
    metrics: dict[str, MetricDocument]
    confusion: ConfusionDocument
    reference: ReferenceDocument
    detectable_difference: DetectableDifference
    subsets: dict[str, SubsetDocument]
    breakdown: dict[str, BreakdownDocument]
    calibration: list[CalibrationPoint]
    comparison: ComparisonDocument | None
    runs: RunsDocument | None
    own: dict[str, OwnMetricDocument]
    entries: list[EntryDocument]
    overview: NotRequired[OverviewDocument]


class KindDocument(TypedDict):
    """A kind of host frameworks, and how many of them alone would tell two systems apart; None beyond reach."""

    dimension: str
    value: str
    n: int
    n_hosts: int
    difference: float | None
    hosts_needed: float | None


class TellingDocument(TypedDict):
    """An entry: the error of the first system minus that of the second (eV), and the weight of its host."""

    entry_id: str
    difference: float | None
    host: str
    share: float | None


class PowerDocument(TypedDict):
    """What would tell two systems apart: differences of MAE in eV; counts are of hosts and entries to be added."""

    first: str
    second: str
    protocol: str
    n: int
    n_hosts: int
    difference: float | None
    standard_error: float | None
    power: float | None
    hosts_needed: float | None
    entries_needed: float | None
    kinds: list[KindDocument]
    telling: list[TellingDocument]
    sentence: str


class RankDocument(TypedDict):
    """A rank by MAE with its 95 % interval; systems that are tied may share half a rank."""

    value: float
    low: float
    high: float


class RankedSystemDocument(TypedDict):
    """One system of a ranking: MAE, share of the entries that it predicts, rank, and whether it may be the best.

    `mae_predicted` is the MAE on the entries that it predicts, None where that is all of them. One that predicts too
    few for a rank has none.
    """

    predictions: str
    mae: EstimateDocument
    mae_predicted: EstimateDocument | None
    coverage: float
    rank: RankDocument | None
    p_best: float | None
    p_adjusted: float | None
    best_set: bool


class RankingDocument(TypedDict):
    """Several systems on one protocol, best first, and the evaluation of each."""

    sentence: str
    systems: list[RankedSystemDocument]
    evaluations: list[EvaluationDocument]
