"""Making the file of the reference predictions, from the submissions that are references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from embench.errors import SubmissionError
from embench.evaluation.document import dumps
from embench.evaluation.references import REFERENCES, Floats, References, farthest, on_entries
from embench.evaluation.scored import scored_set
from embench.splits.registry import protocol_names

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission


def references_text(submissions: Sequence[Submission]) -> str:
    """Return what ``embench/evaluation/references.json`` holds, made from `submissions`.

    Raises :class:`~embench.errors.SubmissionError` where a reference is not among them.
    """
    named = {submission.slug: submission for submission in submissions}
    missing = [slug for slug in REFERENCES if slug not in named]
    if missing:
        raise SubmissionError(f"the references {', '.join(missing)} are not among the submissions; bring them back")
    return dumps({**references_of([named[slug] for slug in REFERENCES])})


def references_of(references: Sequence[Submission]) -> References:
    """Return the worst prediction of `references` and of the training median for every scored entry, by protocol.

    A reference counts as no lower than 0 and no higher than the highest barrier of the dataset: a calculation that has
    gone astray does not say how badly an entry can be predicted. So no system whose errors are among theirs gains by
    leaving an entry out.
    """
    found: References = {"sha256": {}, "worst": {}}
    for protocol in protocol_names():
        given = [submission for submission in references if protocol in submission.protocols()]
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
        predictions.append(np.clip(on_entries(values, scored.entry_ids), 0.0, scored.highest))
    worst = farthest(scored.target, predictions)
    return dict(zip(scored.entry_ids, worst.tolist(), strict=True))
