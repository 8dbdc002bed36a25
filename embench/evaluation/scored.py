"""The entries that a protocol scores, with all that an evaluation needs to know about them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from embench.common.text import SHOWN, listing, plural
from embench.errors import PredictionsError, SplitsError
from embench.evaluation.coverage import FILLED, Coverage
from embench.evaluation.predictions import Predictions
from embench.evaluation.references import worst_predictions
from embench.evaluation.units import likely_unit, unit_problem
from embench.metrics.sample import Sample
from embench.statistics.resampling import cluster_codes

Strings = npt.NDArray[Any]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """The n scored entries of a protocol, sorted by entry_id, and the training sides that they are held out from.

    `known_ids` are all entries of the dataset, `typical` and `highest` the median and the largest of their targets,
    eV. `median` and `spread` (n) are the median of the targets on the training side of the entry's fold, and the root
    mean square deviation of those targets from it, eV.
    `checksums` are the sha256 of the protocol's file and of the dataset's. `dataset` is the name that
    :func:`embench.load` finds it by, in this version; `dropped` are the entries that the version before it scored.
    """

    protocol: str
    dataset: str
    dataset_version: str
    dropped: tuple[str, ...]
    known_ids: tuple[str, ...]
    typical: float
    highest: float
    entry_ids: tuple[str, ...]
    target: Floats
    fold: Strings
    median: Floats
    spread: Floats
    seen_host: npt.NDArray[np.bool_]
    flags: tuple[tuple[str, ...], ...]
    labels: dict[str, Strings]
    checksums: dict[str, str]

    def __len__(self) -> int:
        return len(self.entry_ids)

    def flagged(self, *names: str) -> npt.NDArray[np.bool_]:
        """Return which entries carry at least one of the flags (n)."""
        return np.array([not set(names).isdisjoint(flags) for flags in self.flags], dtype=np.bool_)


# The string columns that an evaluation groups by or shows.
LABELS = (
    "formula",
    "structure_class",
    "functional",
    "pathway",
    "mobile_ion",
    "group_structure",
    "group_host",
)


def scored_set(name: str, version: str | None = None) -> ScoredSet:
    """Return the scored entries of the protocol `name`, of a version of the dataset or of the default one.

    Raises :class:`~embench.errors.UnknownNameError` for an unknown protocol or version, and
    :class:`~embench.errors.SplitsError` for one that names entries which the dataset does not have.
    """
    from embench.dataset import load
    from embench.schema import DEFAULT, layout
    from embench.splits.registry import protocol_spec

    spec = protocol_spec(name)
    of = layout(DEFAULT.name, version)
    digests = [load(of.key if each == of.name else each).digest for each in (spec.dataset, spec.train_dataset)]
    return _scored_set(name, of.version, *digests)


@lru_cache(maxsize=32)
def _scored_set(name: str, version: str, _dataset: str, _trained_on: str) -> ScoredSet:
    from embench.dataset import load
    from embench.splits import protocol

    folds = protocol(name, version)
    spec, data, other = folds.spec, load(folds.dataset), load(folds.folds[0].train_dataset)
    row_of = {entry_id: row for row, entry_id in enumerate(data.entry_ids)}
    row_of_train = row_of if spec.trained_on is None else {key: row for row, key in enumerate(other.entry_ids)}
    target, host = data.column("migration_barrier"), data.column("group_host")
    train_target, train_host = other.column("migration_barrier"), other.column("group_host")
    parts = []
    for fold in folds:
        train, test = _rows(name, fold.train_ids, row_of_train), _rows(name, fold.test_ids, row_of)
        seen_targets = train_target[train]
        # The median of the standard library: that of numpy imports its masked arrays, which takes as long as the rest.
        middle = statistics.median(seen_targets.tolist()) if len(train) else float("nan")
        spread = float(np.sqrt(np.mean((seen_targets - middle) ** 2))) if len(train) else float("nan")
        hosts = frozenset(train_host[train].tolist())  # np.unique would import the masked arrays as well
        seen = np.array([of in hosts for of in host[test].tolist()], dtype=np.bool_)
        parts.append((test, np.full(len(test), fold.name), middle, spread, seen))
    rows = np.concatenate([part[0] for part in parts])
    order = np.argsort(np.array([data.entry_ids[row] for row in rows]), kind="stable")
    rows = rows[order]
    repeats = [len(part[0]) for part in parts]
    return ScoredSet(
        protocol=name,
        dataset=folds.dataset,
        dataset_version=data.version,
        dropped=folds.dropped,
        known_ids=data.entry_ids,
        typical=statistics.median(target.tolist()),
        highest=float(target.max()),
        entry_ids=tuple(data.entry_ids[row] for row in rows),
        target=np.asarray(target[rows], dtype=np.float64),
        fold=np.concatenate([part[1] for part in parts])[order],
        median=np.repeat([part[2] for part in parts], repeats)[order],
        spread=np.repeat([part[3] for part in parts], repeats)[order],
        seen_host=np.concatenate([part[4] for part in parts])[order],
        flags=tuple(data.flags[row] for row in rows),
        labels={label: data.column(label)[rows] for label in LABELS},
        checksums={
            f"{name}.csv": folds.sha256,
            **data.checksums,
            **({} if spec.trained_on is None else other.checksums),
        },
    )


def _rows(protocol: str, entry_ids: Sequence[str], row_of: dict[str, int]) -> npt.NDArray[np.intp]:
    try:
        return np.array([row_of[entry_id] for entry_id in entry_ids], dtype=np.intp)
    except KeyError as error:
        raise SplitsError(f"the protocol {protocol} names {error.args[0]!r}, which is not in the dataset") from None


@dataclass(frozen=True, eq=False)
class Matched:
    """Predictions in the order of the scored entries, ready to be scored."""

    predictions: Predictions
    sample: Sample
    coverage: Coverage
    warnings: tuple[str, ...]


def match(predictions: Predictions, scored: ScoredSet, *, threshold: float, fill_missing: bool) -> Matched:
    """Return `predictions` matched to the `scored` entries.

    Predictions for entries that the protocol does not score are ignored with a warning, so that one file can serve
    several protocols. Entries without a prediction raise :class:`~embench.errors.PredictionsError`, unless
    `fill_missing`: then they get the worst of the reference predictions (:mod:`embench.evaluation.references`), and,
    where there are uncertainties, the root mean square deviation of the training targets of their fold from the
    median. Predictions that cannot be in eV raise it too.
    """
    position = {entry_id: i for i, entry_id in enumerate(predictions.entry_ids)}
    missing = tuple(entry_id for entry_id in scored.entry_ids if entry_id not in position)
    predicted = len(scored) - len(missing)
    if not predicted or (missing and not fill_missing):
        raise PredictionsError(_missing_message(predictions.name, scored, missing))
    warnings = [*predictions.warnings, *_unit_warnings(predictions, scored, position)]
    filled = np.array([entry_id not in position for entry_id in scored.entry_ids])
    rows = [position.get(entry_id, 0) for entry_id in scored.entry_ids]
    uncertainty = None
    if predictions.uncertainties is not None:
        uncertainty = np.where(filled, scored.spread, np.array(predictions.uncertainties)[rows])
    values = np.array(predictions.values)[rows]
    sample = make_sample(
        scored,
        np.where(filled, stand_in(scored), values) if missing else values,
        uncertainty=uncertainty,
        threshold=threshold,
    )
    dropped = [entry_id for entry_id in scored.dropped if entry_id in position]
    if dropped:
        warnings.append(
            f"{plural(len(dropped), 'prediction')} for {', '.join(dropped[:SHOWN])}, which dataset "
            f"{scored.dataset_version} no longer scores: ignored"
        )
    unscored = len(predictions) - predicted - len(dropped)
    if unscored:
        warnings.append(
            f"{plural(unscored, 'prediction')} for entries that the protocol {scored.protocol} does not score: ignored"
        )
    if missing:
        warnings.append(f"{plural(len(missing), 'scored entry')} without a prediction: scored with {FILLED}")
    return Matched(predictions, sample, Coverage(len(scored), predicted, missing), tuple(warnings))


def stand_in(scored: ScoredSet) -> Floats:
    """Return what each entry is scored with where a system has no prediction for it (n), eV."""
    return worst_predictions(scored.protocol, scored.entry_ids, target=scored.target, median=scored.median)


def _unit_warnings(predictions: Predictions, scored: ScoredSet, position: dict[str, int]) -> list[str]:
    """Raise PredictionsError for predictions that cannot be in eV; where somebody said that they are, warn."""
    pairs = zip(scored.entry_ids, scored.target.tolist(), strict=True)
    predicted = [(position[name], barrier) for name, barrier in pairs if name in position]
    median = statistics.median(predictions.values[row] for row, _ in predicted)
    typical = max(scored.typical, statistics.median(barrier for _, barrier in predicted))
    problem = unit_problem(median, typical=typical)
    if problem is None:
        return []
    if predictions.unit is not None:
        return [problem]
    unit = likely_unit(median / typical)
    way_out = f"these look like {unit}: give --unit {unit}" if unit else "name their unit with --unit"
    raise PredictionsError(
        f"{predictions.name} is not in eV: {problem}; {way_out} (unit={unit or 'meV'!r}), or --unit eV if it is eV"
    )


def make_sample(
    scored: ScoredSet,
    prediction: np.ndarray[tuple[int], np.dtype[np.float64]],
    *,
    uncertainty: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None,
    threshold: float,
) -> Sample:
    """Return the sample of predictions (n) of the scored entries, clustered by host framework."""
    return Sample(
        target=scored.target,
        prediction=prediction,
        uncertainty=uncertainty,
        threshold=threshold,
        cluster=cluster_codes(scored.labels["group_host"].tolist()),
        structure=cluster_codes(scored.labels["group_structure"].tolist()),
        through_metal_site=scored.flagged("path_through_metal_site"),
    )


def _missing_message(name: str, scored: ScoredSet, missing: tuple[str, ...]) -> str:
    if len(missing) == len(scored):
        return f"{name} predicts none of the {len(scored)} entries that the protocol {scored.protocol} scores"
    heading = f"{name} lacks {len(missing)} of the {len(scored)} entries that the protocol {scored.protocol} scores"
    return (
        f"{listing(heading, missing)}\n"
        f"{_no_longer_scored(scored, missing)}"
        f"Predict every scored entry, or pass --fill-missing (fill_missing=True) to score {FILLED} there"
    )


def _no_longer_scored(scored: ScoredSet, missing: tuple[str, ...]) -> str:
    """Return the way out where all that is missing is what a later version of the dataset does not score."""
    from embench.splits import protocol

    now = protocol(scored.protocol)
    if set(missing) <= set(now.dropped) - set(scored.dropped):
        way_out = "leave --dataset-version (dataset_version) away to do without"
        return f"Dataset {now.dataset_version} no longer scores it: {way_out}.\n"
    return ""
