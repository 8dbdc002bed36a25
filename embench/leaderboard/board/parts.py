"""What the tables of the ranking and those of the second dataset are both made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from embench.common.cache import ResultCache, digest_of
from embench.leaderboard.board.documents import Standings
from embench.leaderboard.board.standings import standings
from embench.leaderboard.board.stored import get_stored

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import SignDocument
    from embench.leaderboard.board.documents import Basis, CostDocument, Detail
    from embench.leaderboard.submission import Submission
    from embench.schema.documents import EstimateDocument, Interval

_NEARLY_ALL = 0.95


def placed(
    protocol: str,
    details: Mapping[str, Detail],
    submissions: Mapping[str, Submission],
    *,
    cache: ResultCache,
    based_on: Basis,
) -> Standings:
    """Return the standings of the systems on `protocol`, by slug their `details` and `submissions`."""
    names = {slug: submissions[slug].name for slug in details}
    scores = {slug: [detail["checksums"], detail["coverage"]] for slug, detail in details.items()}
    return get_stored(
        cache,
        digest_of({**based_on, "protocol": protocol, "names": names, "scores": scores}),
        Standings,
        lambda: standings(details, names, resamples=based_on["resamples"], seed=based_on["seed"]),
    )


def cost_of(submission: Submission, protocol: str, *, predicted: int) -> CostDocument:
    """Return what a system costs on `protocol`, of whose entries it has `predicted`.

    Hours that a submission states for all protocols together stand for one only where that one is all of the work:
    its only protocol, or one file for every protocol of which this one needs nearly everything.
    """
    own = submission.cost_by_protocol.get(protocol)
    alone = len(submission.protocols()) + len(submission.transfer_protocols()) == 1
    whole = alone or predicted >= _NEARLY_ALL * submission.n_predicted
    if own is None and not submission.cost_by_protocol and whole:
        own = submission.cost_device_hours
    before = submission.upstream
    upstream = 0.0 if before is None else before.device_hours
    return {
        "own": own,
        "upstream": upstream,
        "before": None if before is None else before.description,
        "total": None if own is None or upstream is None else own + upstream,
    }


def interval_of(estimate: EstimateDocument) -> Interval:
    """Return an estimate as a value with its interval."""
    return {"value": estimate["value"], "low": estimate["low"], "high": estimate["high"]}


def texts_of(signs: Iterable[SignDocument], protocol: str) -> list[str]:
    """Return the signs that concern a protocol, or all protocols."""
    return [sign["text"] for sign in signs if sign["protocol"] in (protocol, None)]
