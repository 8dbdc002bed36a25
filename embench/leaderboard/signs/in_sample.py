"""Predictions of a model that has been trained on the entries it predicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from embench.leaderboard.signs.predicted import SAME_EV, BoolArray, Pool, Predicted, Sign
from embench.splits.registry import MAIN_PROTOCOL
from embench.statistics.paired import sign_flip_test
from embench.statistics.resampling import cluster_codes

FEWEST_OTHERS = 4
FEWEST_HARD = 30
HARD_SHARE = 0.1
HARD_RATIO = 0.55
"""On the hardest tenth of the entries honest trained models have at least 0.64 times the usual error (median), and the
published models on the entries that they were trained on at most 0.50 times."""
HARD_RATIO_UNTRAINED = 0.3
"""Potentials, which fail elsewhere than models do, have 0.53 and more."""

FEWEST_SAME = 10
SAME_SHARE = 0.2
RANDOM, MAIN, FAR = "random-10fold", MAIN_PROTOCOL, "prototype-10fold"
P_VALUE = 0.01
SKILL = 0.75
LOSS = 1.1
"""From random folds to unseen prototypes the MAE of honest models grows by a factor of 1.25 or more."""


def signs(own: Sequence[Predicted], pool: Pool) -> Iterator[Sign]:
    """Yield signs from the predictions of one submission on all its protocols; of potentials the first kind only."""
    for predicted in own:
        yield from _good_where_others_fail(predicted, pool)
    if not own or not own[0].trained:
        return
    yield from _same_in_two_protocols(own)
    by_protocol = {predicted.protocol: predicted for predicted in own}
    if RANDOM in by_protocol and MAIN in by_protocol:
        yield from _better_without_relatives(by_protocol[RANDOM], by_protocol[MAIN])
    if RANDOM in by_protocol and FAR in by_protocol and own[0].kind == "property-model":
        yield from _no_loss_without_relatives(by_protocol[RANDOM], by_protocol[FAR])


def _good_where_others_fail(predicted: Predicted, pool: Pool) -> Iterator[Sign]:
    """Compare on the entries where the others are worst: wrong or unusual labels, which nobody can predict."""
    usual = pool.usual_error(predicted, at_least=FEWEST_OTHERS)
    if usual is None:
        return
    known = np.isfinite(usual) & predicted.given
    hard = known & (usual >= np.quantile(usual[known], 1.0 - HARD_SHARE))
    if hard.sum() < FEWEST_HARD:
        return
    ratio = float(np.median(predicted.size[hard] / usual[hard]))
    if ratio < (HARD_RATIO if predicted.trained else HARD_RATIO_UNTRAINED):
        yield Sign(
            "good-where-others-fail",
            predicted.protocol,
            f"On the {int(hard.sum())} entries where the other submissions are worst, many with doubtful labels, "
            f"the error is {ratio:.2f} times theirs (median): like that of a model trained on them.",
        )


def _same_in_two_protocols(own: Sequence[Predicted]) -> Iterator[Sign]:
    """Look for predictions that did not change although the training side did."""
    found = []
    for first, second in combinations(own, 2):
        mine, theirs = _own_values(first), _own_values(second)
        both = mine.keys() & theirs.keys()
        same = sum(abs(mine[entry_id] - theirs[entry_id]) <= SAME_EV for entry_id in both)
        if same >= FEWEST_SAME and same >= SAME_SHARE * len(both):
            found.append((same / len(both), f"{first.protocol} and {second.protocol}", len(both)))
    if found:
        share, pair, n = max(found)
        more = f", and in {len(found) - 1} other pairs of protocols" if len(found) > 1 else ""
        yield Sign(
            "same-in-two-protocols",
            None,
            f"{share:.0%} of {n} entries have the same prediction in {pair}{more}, though the training entries differ: "
            "one model for several folds has seen what it predicts.",
        )


def _own_values(predicted: Predicted) -> dict[str, float]:
    """Return the predictions that are no copies of a label and not constant: those say which model they are from."""
    from embench.dataset import load

    values = predicted.prediction
    labels = np.unique(load().column("migration_barrier").astype(np.float64))
    at = np.clip(np.searchsorted(labels, values), 1, len(labels) - 1)
    from_label = np.minimum(np.abs(values - labels[at - 1]), np.abs(values - labels[at])) <= SAME_EV
    _, where, counts = np.unique(np.round(values, 6), return_inverse=True, return_counts=True)
    keep = predicted.given & ~from_label & (counts[where] == 1)
    return {predicted.scored.entry_ids[i]: float(values[i]) for i in np.flatnonzero(keep)}


def _better_without_relatives(random: Predicted, grouped: Predicted) -> Iterator[Sign]:
    both = random.given & grouped.given
    surplus = np.where(both, random.size - grouped.size, 0.0)
    hosts = cluster_codes(random.scored.labels["group_host"].tolist())
    test = sign_flip_test(np.bincount(hosts, weights=surplus).astype(np.float64), seed=0)
    before, after = _mae(random, both), _mae(grouped, both)
    if after < before and test.p_value < P_VALUE:
        yield Sign(
            "better-without-relatives",
            grouped.protocol,
            f"The MAE on {grouped.protocol} ({after:.3f} eV) is lower than on {random.protocol} ({before:.3f} eV, "
            f"p = {test.p_value:.4f}), where relatives of the entries are in training.",
        )


def _no_loss_without_relatives(random: Predicted, far: Predicted) -> Iterator[Sign]:
    both = random.given & far.given
    before, after = _mae(random, both), _mae(far, both)
    median = float(np.abs(far.scored.median - far.scored.target)[both].mean())
    if after < LOSS * before and after < SKILL * median:
        yield Sign(
            "no-loss-without-relatives",
            far.protocol,
            f"The MAE on {far.protocol} ({after:.3f} eV) is hardly higher than on {random.protocol} ({before:.3f} eV); "
            "models of this kind lose a quarter and more when prototypes are unseen.",
        )


def _mae(predicted: Predicted, entries: BoolArray) -> float:
    return float(predicted.size[entries].mean())
