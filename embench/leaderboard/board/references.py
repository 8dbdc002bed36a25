"""Making the file of the reference predictions, from the submissions that are references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from embench.errors import SubmissionError
from embench.evaluation.document import dumps
from embench.evaluation.references import Floats, References, farthest, on_entries
from embench.evaluation.scored import scored_set
from embench.splits.registry import all_protocol_names

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission


def reference_slugs() -> tuple[str, ...]:
    """Return the names of the references: the baselines of this repository and the systems of the literature."""
    from embench.baselines.registry import BASELINES
    from embench.leaderboard.entrants.literature import SYSTEMS

    return tuple(sorted({*(spec.name for spec in BASELINES), *(system.slug for system in SYSTEMS)}))


def references_text(submissions: Sequence[Submission]) -> str:
    """Return what ``embench/evaluation/references.json`` holds, made from those of `submissions` that are references.

    Raises :class:`~embench.errors.SubmissionError` where none is.
    """
    slugs = reference_slugs()
    found = [submission for submission in submissions if submission.slug in slugs]
    if not found:
        raise SubmissionError(f"none of the references {', '.join(slugs)} is among the submissions; name their folder")
    return dumps({**references_of(found)})


def references_of(references: Sequence[Submission]) -> References:
    """Return the worst prediction of `references` and of the training median for every scored entry, by protocol.

    One that is no better than the training median counts as no lower than 0 and no higher than the highest barrier of
    the dataset: calculations that have gone astray do not say how badly an entry can be predicted. So no reference
    that is better than the median gains by leaving an entry out.
    """
    found: References = {"sha256": {}, "worst": {}}
    for protocol in all_protocol_names():
        given = [submission for submission in references if submission.file(protocol) is not None]
        found["worst"][protocol] = _worst(protocol, given)
        for submission in given:
            sha256 = submission.predicted(protocol).sha256
            found["sha256"].setdefault(submission.slug, {})[protocol] = sha256
    return found


def _worst(protocol: str, references: Sequence[Submission]) -> dict[str, float]:
    scored = scored_set(protocol)
    predictions: list[Floats] = [scored.median]
    for submission in references:
        predicted = submission.predicted(protocol)
        values = dict(zip(predicted.entry_ids, predicted.values, strict=True))
        found = on_entries(values, scored.entry_ids)
        error, usual = np.abs(found - scored.target), np.abs(scored.median - scored.target)
        better = np.nanmean(error) < usual[np.isfinite(error)].mean()
        predictions.append(found if better else np.clip(found, 0.0, scored.highest))
    worst = farthest(scored.target, predictions)
    return dict(zip(scored.entry_ids, worst.tolist(), strict=True))
