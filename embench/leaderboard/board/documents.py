"""The documents of the board as TypedDicts: ``leaderboard.json``, and what it is made of.

Those of a single evaluation are in :mod:`embench.schema.documents`, what the board says of a submission or a potential
in :mod:`embench.leaderboard.board.cards`. Energies are in eV; what is undefined is None.
"""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from embench.leaderboard.board.cards import PotentialsSection, SubmissionCard
from embench.schema.documents import EstimateDocument, EvaluationDocument, Interval, MetricText


class OtherDefinition(TypedDict):
    """MAE and R² of the barriers in the column `column`, which are by another definition than the predictions."""

    column: str
    metrics: dict[str, EstimateDocument]


class SupportDocument(TypedDict):
    """What a metric rests on: `n` things of the kind `unit`, from `n_hosts` host frameworks."""

    n: int
    unit: str
    n_hosts: int


class NotContradictedEntries(TypedDict):
    """The entries whose labels independent potentials do not contradict.

    `members` tells of each of the entries, in their order, whether it is one of them; `support` what a metric rests on
    there, `reference` what the training median scores there.
    """

    members: list[bool]
    support: dict[str, SupportDocument]
    reference: dict[str, float | None]


class Detail(EvaluationDocument):
    """The evaluation of one submission on one protocol; `predictions` is the slug of the submission.

    The subset ``label_not_contradicted`` has all metrics, and `not_contradicted` tells what these are of.
    """

    other_definition: OtherDefinition | None
    not_contradicted: NotContradictedEntries


Details: TypeAlias = dict[tuple[str, str], Detail]
"""By slug and protocol."""


class Settings(TypedDict):
    """What decides scores and intervals beside the predictions; the threshold is in eV."""

    threshold: float
    resamples: int
    seed: int


class Basis(Settings):
    """What all results rest on beside the predictions: settings, code, dataset, contradicted labels, references."""

    code: str
    consensus: str
    numpy: str
    dataset: str
    references: str


class Place(TypedDict):
    """A system among those of its protocol: rank by MAE with its 95 % interval, and the tests against the best.

    A rank is whole, or half of one where systems are tied; None where a system predicts too few entries for one.
    """

    rank: float | None
    rank_low: float | None
    rank_high: float | None
    p_best: float | None
    p_adjusted: float | None
    best_set: bool


class Standing(Place):
    """The place of the system `slug`."""

    slug: str


class PairDocument(TypedDict):
    """MAE of `a` minus MAE of `b` (slugs; eV) with its 95 % interval, and the p-value of the paired test."""

    a: str
    b: str
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    resolved: bool


class NotContradictedStandings(TypedDict):
    """What the standings are on the entries whose labels are not contradicted, best first; the pairs are the same."""

    sentence: str
    rows: list[Standing]
    pairs: list[PairDocument]


class Standings(TypedDict):
    """The systems of one protocol, best first, and comparisons of two of them; see ``pairs_to_compare``."""

    sentence: str
    rows: list[Standing]
    pairs: list[PairDocument]
    not_contradicted: NotContradictedStandings


class WithoutMetalSite(TypedDict):
    """MAE (eV) and R² without the paths through a metal site."""

    mae: float | None
    r2: float | None


class CoverageShare(TypedDict):
    """How many of the scored entries were predicted."""

    scored: int
    predicted: int
    share: float


class NotContradicted(Place):
    """What a row holds, on the entries whose labels independent potentials do not contradict, predicted or filled.

    The systems with a rank are those that have one on all entries. `mae_predicted` (eV) has no interval, and is None
    where all of these entries are predicted.
    """

    metrics: dict[str, Interval | None]
    mae_predicted: float | None
    coverage: CoverageShare


class CostDocument(TypedDict):
    """What a system costs on one protocol, in device-hours; None where nobody has stated it.

    `own` is the system itself, `upstream` what has to be computed or trained before it, and `before` what that is in
    words, None where nothing comes before. `total` is their sum, and None where either is unknown.
    """

    own: float | None
    upstream: float | None
    before: str | None
    total: float | None


class BoardRow(Standing):
    """A line of a table of the board; `metrics` holds None for a metric that does not apply to the system.

    `mae_predicted` is the MAE on the entries that the system predicts, None where that is all of them.
    """

    metrics: dict[str, Interval | None]
    mae_predicted: Interval | None
    without_metal_site: WithoutMetalSite
    not_contradicted: NotContradicted
    other_definition: dict[str, Interval] | None
    coverage: CoverageShare
    cost: CostDocument
    signs: list[str]


class NotContradictedSection(TypedDict):
    """What a protocol has of the entries whose labels independent potentials do not contradict.

    `pairs` are those of the section, in the same order.
    """

    n: int
    n_hosts: int
    sentence: str
    reference: dict[str, float | None]
    support: dict[str, SupportDocument]
    pairs: list[PairDocument]


class ProtocolSection(TypedDict):
    """The board of one protocol.

    `detectable` is the difference of MAE (eV) from which a system with unrelated errors is distinguished from the best,
    and `reference` what the training median scores, by metric.
    """

    name: str
    title: str
    description: str
    main: bool
    n: int
    n_hosts: int
    sentence: str
    detectable: float | None
    reference: dict[str, float | None]
    support: dict[str, SupportDocument]
    not_contradicted: NotContradictedSection
    rows: list[BoardRow]
    pairs: list[PairDocument]


class TransferRow(Standing):
    """A line of a table of the second dataset; `metrics` are those of its columns, None where one does not apply.

    `mae_predicted` is the MAE on the entries that the system predicts, None where that is all of them.
    """

    metrics: dict[str, Interval | None]
    mae_predicted: Interval | None
    coverage: CoverageShare
    cost: CostDocument
    signs: list[str]


class TransferSection(TypedDict):
    """The systems on one protocol of the second dataset, best first; they have no place in the ranking.

    `dataset` is the one whose entries are scored, in the version `dataset_version`, and `trained_on` the one that is
    trained on. `median` is the median of the scored barriers (eV), `detectable` and `reference` are as in
    :class:`ProtocolSection`.
    """

    name: str
    title: str
    description: str
    dataset: str
    dataset_version: str
    trained_on: str
    n: int
    n_hosts: int
    median: float
    sentence: str
    detectable: float | None
    reference: dict[str, float | None]
    rows: list[TransferRow]


class BoardMetric(MetricText):
    """A metric of the board, and with how many decimals its scores are printed."""

    name: str
    decimals: int


class Versions(TypedDict):
    """The versions of embench, of the dataset and of the splits."""

    embench: str
    dataset: str
    splits: str


class Checksums(TypedDict):
    """The sha256 of dataset and splits by file, and of the predictions by slug and protocol."""

    data: dict[str, str]
    predictions: dict[str, dict[str, str]]


class BoardDocument(TypedDict):
    """What ``leaderboard.json`` holds.

    `coverage_rule` says in a sentence what a rank needs and what an entry without a prediction counts.
    `metrics` describes the columns of a table, `more_metrics` all others that a row has a value of. `protocols` are
    in the order in which they are shown, the main one first; `transfer` are those of the second dataset, which are
    never ranked with them, and `transfer_columns` the metrics of their tables. `submissions` are by slug.
    """

    versions: Versions
    settings: Settings
    coverage_rule: str
    metrics: list[BoardMetric]
    more_metrics: list[BoardMetric]
    protocols: list[ProtocolSection]
    transfer_columns: list[str]
    transfer: list[TransferSection]
    submissions: dict[str, SubmissionCard]
    potentials: PotentialsSection
    checksums: Checksums
