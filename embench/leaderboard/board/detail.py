"""What the board knows of one submission on one protocol."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from embench.errors import PredictionsError
from embench.evaluation import evaluate
from embench.evaluation.document import document, estimate_document
from embench.evaluation.evaluator import GOOD_CONDUCTOR, RESAMPLES
from embench.evaluation.predictions import read_predictions
from embench.evaluation.scored import match, scored_set
from embench.metrics import metric
from embench.statistics.bootstrap import bootstrap

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import Detail, OtherDefinition

# The highest energy along the path minus that of the initial state, where `prediction` is another definition.
OTHER_DEFINITION = "barrier_max_minus_start"
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Task:
    """One predictions file to score on one protocol."""

    slug: str
    protocol: str
    file: Path
    fill_missing: bool


def score(task: Task) -> Detail:
    """Return :func:`embench.evaluation.document.document` of the evaluation, and ``other_definition``.

    That holds MAE and R² of the barriers in the column :data:`OTHER_DEFINITION`, where the file has one. Raises
    :class:`~embench.errors.PredictionsError`, which names the submission, for predictions that cannot be scored.
    """
    try:
        evaluation = evaluate(task.file, task.protocol, seed=SEED, fill_missing=task.fill_missing)
        # The path of the file differs from checkout to checkout.
        return {**document(evaluation), "predictions": task.slug, "other_definition": _other_definition(task)}
    except PredictionsError as error:
        raise PredictionsError(f"submission {task.slug}, protocol {task.protocol}: {error}") from None


def _other_definition(task: Task) -> OtherDefinition | None:
    barriers = _column(task.file, OTHER_DEFINITION)
    if not barriers:
        return None
    scored = scored_set(task.protocol)
    predictions = read_predictions(barriers, known=scored.known_ids, name=f"{task.file}, column {OTHER_DEFINITION}")
    matched = match(predictions, scored, threshold=GOOD_CONDUCTOR, fill_missing=task.fill_missing)
    found, _ = bootstrap(matched.sample, (metric("mae"), metric("r2")), resamples=RESAMPLES, seed=SEED)
    metrics = {name: estimate_document(name, estimate) for name, estimate in found.estimates().items()}
    return {"column": OTHER_DEFINITION, "metrics": metrics}


def _column(file: Path, name: str) -> dict[str, str]:
    """Return a further column of a checked predictions file by entry, without the cells that are empty."""
    with open(file, encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if name not in (rows.fieldnames or ()):
            return {}
        return {row["entry_id"]: row[name] for row in rows if row[name]}


Progress: TypeAlias = Callable[[str, int, int], None]
