"""What the board knows of one submission on one protocol."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from embench.dataset import load
from embench.errors import PredictionsError
from embench.evaluation import evaluate
from embench.evaluation.breakdown import subset_spec
from embench.evaluation.document import document, estimate_document, finite
from embench.evaluation.evaluator import GOOD_CONDUCTOR, RESAMPLES
from embench.evaluation.predictions import read_predictions
from embench.evaluation.scored import make_sample, match, scored_set
from embench.metrics import HEADLINE, metric, metrics_for
from embench.splits.registry import protocol_spec
from embench.statistics.bootstrap import bootstrap, point_values

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.evaluation.predictions import Predictions
    from embench.leaderboard.board.documents import Detail, NotContradictedEntries, OtherDefinition
    from embench.leaderboard.submission import Submission

# The highest energy along the path minus that of the initial state, where `prediction` is another definition.
OTHER_DEFINITION = "barrier_max_minus_start"
NOT_CONTRADICTED = "label_not_contradicted"
"""The subset that the board shows all figures of, beside those of all entries."""
SEED = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """The predictions of one submission, to be scored on one protocol.

    `other` are the barriers in the column :data:`OTHER_DEFINITION`, where the file has one.
    """

    slug: str
    protocol: str
    predictions: Predictions
    other: Predictions | None
    fill_missing: bool

    @property
    def key(self) -> tuple[str, str]:
        """The submission and the protocol."""
        return self.slug, self.protocol


def task_of(submission: Submission, protocol: str) -> Task:
    """Return the task of a protocol that `submission` has predictions for.

    Raises :class:`~embench.errors.PredictionsError`, which names the submission, for a file that is no table.
    """
    path = submission.file(protocol)
    assert path is not None, "only asked for protocols that have a file"
    try:
        predictions = submission.predicted(protocol)
        barriers = _column(submission.files[path.name], OTHER_DEFINITION)
        known = load(protocol_spec(protocol).dataset).entry_ids
        name = f"{path}, column {OTHER_DEFINITION}"
        return Task(
            slug=submission.slug,
            protocol=protocol,
            predictions=predictions,
            other=read_predictions(barriers, known=known, name=name) if barriers else None,
            fill_missing=submission.may_be_incomplete,
        )
    except PredictionsError as error:
        raise PredictionsError(f"submission {submission.slug}, protocol {protocol}: {error}") from None


def score(task: Task) -> Detail:
    """Return :func:`embench.evaluation.document.document` of the evaluation, and what :class:`Detail` has beside it.

    ``other_definition`` holds MAE and R² of the barriers of another definition, where there are such. Raises
    :class:`~embench.errors.PredictionsError`, which names the submission, for predictions that cannot be scored.
    """
    try:
        evaluation = evaluate(
            task.predictions, task.protocol, seed=SEED, fill_missing=task.fill_missing, in_full=(NOT_CONTRADICTED,)
        )
        return {
            **document(evaluation),
            # The path of the file differs from checkout to checkout.
            "predictions": task.slug,
            "other_definition": _other_definition(task),
            "not_contradicted": _not_contradicted(evaluation),
        }
    except PredictionsError as error:
        raise PredictionsError(f"submission {task.slug}, protocol {task.protocol}: {error}") from None


def _not_contradicted(evaluation: Evaluation) -> NotContradictedEntries:
    """Return what the figures without contradicted labels are of."""
    scored = evaluation.scored
    members = subset_spec(NOT_CONTRADICTED).members(scored)
    sample = evaluation.sample.only(members)
    median = make_sample(scored, scored.median, threshold=evaluation.threshold).only(members)
    supports = {spec.name: spec.support_of(sample) for spec in metrics_for(sample)}
    return {
        "members": members.tolist(),
        "support": {
            name: {"n": found.n, "unit": found.unit, "n_hosts": found.clusters} for name, found in supports.items()
        },
        "reference": {name: finite(value) for name, value in point_values(median, HEADLINE).items()},
    }


def _other_definition(task: Task) -> OtherDefinition | None:
    if task.other is None:
        return None
    matched = match(task.other, scored_set(task.protocol), threshold=GOOD_CONDUCTOR, fill_missing=task.fill_missing)
    found, _ = bootstrap(matched.sample, (metric("mae"), metric("r2")), resamples=RESAMPLES, seed=SEED)
    metrics = {name: estimate_document(name, estimate) for name, estimate in found.estimates().items()}
    return {"column": OTHER_DEFINITION, "metrics": metrics}


def _column(content: bytes, name: str) -> dict[str, str]:
    """Return a further column of a checked predictions file by entry, without the cells that are empty."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    if name not in (rows.fieldnames or ()):
        return {}
    return {row["entry_id"]: row[name] for row in rows if row[name]}


Progress: TypeAlias = Callable[[str, int, int], None]
