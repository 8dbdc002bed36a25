"""Predictions matched to the entries that a protocol scores: none is left out, what is missing is counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embench._text import plural
from embench.errors import PredictionsError
from embench.metrics.sample import Sample
from embench.predictions import Predictions, listing
from embench.scored import ScoredSet
from embench.statistics.resampling import cluster_codes


@dataclass(frozen=True)
class Coverage:
    """How many of the `scored` entries were predicted, and which were filled in with the training median."""

    scored: int
    predicted: int
    filled: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of the scored entries that were predicted."""
        return self.predicted / self.scored


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
    `fill_missing`: then they get the median of the training targets of their fold, and, where there are
    uncertainties, the root mean square deviation from it.
    """
    position = {entry_id: i for i, entry_id in enumerate(predictions.entry_ids)}
    missing = tuple(entry_id for entry_id in scored.entry_ids if entry_id not in position)
    predicted = len(scored) - len(missing)
    if not predicted or (missing and not fill_missing):
        raise PredictionsError(_missing_message(predictions.name, scored, missing))
    filled = np.array([entry_id not in position for entry_id in scored.entry_ids])
    rows = [position.get(entry_id, 0) for entry_id in scored.entry_ids]
    uncertainty = None
    if predictions.uncertainties is not None:
        uncertainty = np.where(filled, scored.fill_uncertainty, np.array(predictions.uncertainties)[rows])
    sample = make_sample(
        scored,
        np.where(filled, scored.fill, np.array(predictions.values)[rows]),
        uncertainty=uncertainty,
        threshold=threshold,
    )
    warnings = list(predictions.warnings)
    unscored = len(predictions) - predicted
    if unscored:
        warnings.append(
            f"{plural(unscored, 'prediction')} for entries that the protocol {scored.protocol} does not score: ignored"
        )
    if missing:
        warnings.append(f"{plural(len(missing), 'scored entry')} without a prediction: filled with the training median")
    return Matched(predictions, sample, Coverage(len(scored), predicted, missing), tuple(warnings))


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
        "Predict every scored entry, or pass --fill-missing (fill_missing=True) to score the training median there"
    )
