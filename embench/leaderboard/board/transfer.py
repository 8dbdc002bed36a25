"""The protocols of the second dataset on the board: tables of their own, apart from the ranking on cations."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from embench.common.cache import ResultCache
from embench.evaluation.breakdown import PREDICTED
from embench.leaderboard.board.parts import cost_of, interval_of, placed, texts_of
from embench.splits.registry import TRANSFER_PROTOCOLS, ProtocolSpec

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import SignDocument
    from embench.leaderboard.board.documents import Basis, Detail, Details, Standing, TransferRow, TransferSection
    from embench.leaderboard.submission import Submission

COLUMNS = ("mae", "median_absolute_error", "r2", "spearman", "coverage_95")
"""The metrics of a table. Those of good conductors are left out: hardly a barrier here is below their threshold."""

TRANSFER_TITLE = "Oxygen vacancies, apart from the ranking"
TRANSFER_ANCHOR = TRANSFER_TITLE.lower().replace(",", "").replace(" ", "-")
TRANSFER_TEXT = (
    "Oxygen ions that hop into vacancies of oxides: a second, independent dataset of DFT-NEB barriers, several times "
    "higher than those of cations and in compounds that the first one does not hold. Its systems are ranked among "
    "themselves and count nothing in the tables of cations."
)


def transfer_sections(
    submissions: Sequence[Submission],
    details: Details,
    signs: Mapping[str, Sequence[SignDocument]],
    *,
    cache: ResultCache,
    based_on: Basis,
) -> list[TransferSection]:
    """Return one section for each protocol of the second dataset that any of `submissions` has predictions for.

    `details` are those of the second dataset alone, `signs` those of each submission, by slug.
    """
    named = {submission.slug: submission for submission in submissions}
    found = []
    for spec in TRANSFER_PROTOCOLS:
        own = {slug: detail for (slug, name), detail in details.items() if name == spec.name}
        if own:
            found.append(_section(spec, own, named, signs, cache=cache, based_on=based_on))
    return found


def _section(
    spec: ProtocolSpec,
    details: Mapping[str, Detail],
    submissions: Mapping[str, Submission],
    signs: Mapping[str, Sequence[SignDocument]],
    *,
    cache: ResultCache,
    based_on: Basis,
) -> TransferSection:
    standings = placed(spec.name, details, submissions, cache=cache, based_on=based_on)
    best = details[standings["rows"][0]["slug"]]
    reference = best["reference"]["training_median"]
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.measures,
        "dataset": spec.dataset,
        "dataset_version": best["dataset_version"],
        "trained_on": spec.train_dataset,
        "n": best["n"],
        "n_hosts": best["n_hosts"],
        "median": statistics.median(entry["target"] for entry in best["entries"]),
        "sentence": standings["sentence"],
        "detectable": best["detectable_difference"]["value"],
        "reference": {name: reference[name] for name in COLUMNS if name in reference},
        "rows": [
            _row(row, details[row["slug"]], submissions[row["slug"]], texts_of(signs[row["slug"]], spec.name))
            for row in standings["rows"]
        ],
    }


def _row(standing: Standing, detail: Detail, submission: Submission, signs: list[str]) -> TransferRow:
    coverage, predicted = detail["coverage"], detail["subsets"].get(PREDICTED)
    metrics = detail["metrics"]
    return {
        **standing,
        "metrics": {name: interval_of(metrics[name]) if name in metrics else None for name in COLUMNS},
        "mae_predicted": predicted and interval_of(predicted["metrics"]["mae"]),
        "coverage": {
            "scored": coverage["scored"],
            "predicted": coverage["predicted"],
            "share": coverage["share"],
        },
        "cost": cost_of(submission, detail["protocol"], predicted=coverage["predicted"]),
        "signs": signs,
    }
