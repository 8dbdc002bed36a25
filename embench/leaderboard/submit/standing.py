"""Where a system stands among the submissions of one protocol, and with whom it is tied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.errors import EmbenchError

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.evaluation.scored import Matched
    from embench.leaderboard.submission import Submission


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One row of the board: rank by MAE with its 95 % interval, MAE (eV), and the paired comparison with the system.

    The rank is None for a system that predicts too few entries for one.

    `difference` is the MAE of the system minus that of the rival (eV), with its interval (`low`, `high`); all
    three are 0 for the system itself. The two are tied unless `resolved`.
    """

    slug: str
    name: str
    mae: float
    rank: float | None
    rank_low: float | None
    rank_high: float | None
    difference: float
    low: float
    high: float
    p_value: float
    resolved: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The scores of a system on one protocol and the board with it, by rank and then those without one."""

    evaluation: Evaluation
    slug: str
    rivals: tuple[Rival, ...]

    @property
    def own(self) -> Rival:
        """The row of the system itself."""
        return next(rival for rival in self.rivals if rival.slug == self.slug)


def standing(submission: Submission, others: Sequence[Submission], protocol: str, *, fill_missing: bool) -> Standing:
    """Return where `submission` stands on `protocol` among the `others` that have predictions for it.

    Raises :class:`~embench.errors.PredictionsError` where its predictions cannot be scored, or miss entries without
    `fill_missing`.
    """
    import numpy as np

    from embench.evaluation import evaluate
    from embench.evaluation.ranking import in_order, ranks_of
    from embench.statistics.pairs import compare_all

    evaluation = evaluate(submission.predicted(protocol), protocol, fill_missing=fill_missing)
    found = [(other, matched) for other in others if (matched := _match(other, evaluation, submission.slug))]
    systems = [(submission.slug, submission.name), *((other.slug, other.name) for other, _ in found)]
    errors = np.stack([evaluation.sample.absolute_error, *(matched.sample.absolute_error for _, matched in found)])
    codes, resamples, seed = evaluation.sample.codes, evaluation.resamples, evaluation.seed
    enough = [evaluation.coverage.enough, *(matched.coverage.enough for _, matched in found)]
    ranks = ranks_of(errors, codes, enough, resamples=resamples, seed=seed)
    with_others = [(0, position) for position in range(1, len(errors))]
    against = {pair.b: pair for pair in compare_all(errors, codes, resamples=resamples, seed=seed, pairs=with_others)}
    rows = []
    for position, (slug, name) in enumerate(systems):
        pair, rank = against.get(position), ranks[position]
        rows.append(
            Rival(
                slug=slug,
                name=name,
                mae=float(errors[position].mean()),
                rank=rank.rank if rank else None,
                rank_low=rank.low if rank else None,
                rank_high=rank.high if rank else None,
                difference=pair.difference.value if pair else 0.0,
                low=pair.difference.low if pair else 0.0,
                high=pair.difference.high if pair else 0.0,
                p_value=pair.test.p_value if pair else 1.0,
                resolved=pair.resolved if pair else False,
            )
        )
    order = in_order(ranks, [row.mae for row in rows], [row.slug for row in rows])
    return Standing(evaluation=evaluation, slug=submission.slug, rivals=tuple(rows[i] for i in order))


def _match(other: Submission, evaluation: Evaluation, slug: str) -> Matched | None:
    """Return the predictions of another submission on the same protocol, or None where they cannot be compared.

    A broken one among the others is for the check of that one to say.
    """
    from embench.evaluation.scored import match

    if other.file(evaluation.protocol) is None or other.slug == slug:
        return None
    try:
        predictions, fill = other.predicted(evaluation.protocol), other.may_be_incomplete
        return match(predictions, evaluation.scored, threshold=evaluation.threshold, fill_missing=fill)
    except EmbenchError:
        return None
