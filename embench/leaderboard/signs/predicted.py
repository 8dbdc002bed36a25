"""The predictions of all submissions beside the labels, as the signs of trouble look at them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from embench.evaluation.scored import ScoredSet, scored_set
from embench.splits.registry import protocol_names

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission


@dataclass(frozen=True)
class Sign:
    """One thing to look at: of which `kind`, on which `protocol` (None where it concerns none), and in words."""

    kind: str
    protocol: str | None
    text: str


def sign_lines(signs: Iterable[Sign]) -> list[str]:
    """Return the signs in words, one line for those that say the same of several protocols."""
    protocols: dict[str, list[str]] = {}
    for sign in signs:
        protocols.setdefault(sign.text, []).extend([sign.protocol] if sign.protocol else [])
    return [f"{', '.join(names)}: {text}" if names else text for text, names in protocols.items()]


FloatArray = npt.NDArray[np.float64]

BoolArray = npt.NDArray[np.bool_]

# Kinds that are fitted to barriers. The others, potentials, have no training side: folds mean nothing to them.
TRAINED = ("property-model", "hybrid", "literature")

# Equal to the last digit that anybody writes.
SAME_EV = 1e-6


@dataclass(frozen=True, eq=False)
class Predicted:
    """The predictions of one submission for the n scored entries of a protocol, sorted by entry_id; eV.

    `given` (n) tells which entries have a prediction of the submission; the others hold nan.
    """

    slug: str
    name: str
    kind: str
    scored: ScoredSet
    prediction: FloatArray
    sha256: str

    @property
    def protocol(self) -> str:
        """The name of the protocol."""
        return self.scored.protocol

    @cached_property
    def given(self) -> BoolArray:
        """Which entries have a prediction (n)."""
        return np.isfinite(self.prediction)

    @cached_property
    def size(self) -> FloatArray:
        """The absolute errors (n), eV; nan where there is no prediction."""
        return np.abs(self.prediction - self.scored.target)

    @property
    def trained(self) -> bool:
        """Whether the system was fitted to barriers."""
        return self.kind in TRAINED


class Pool:
    """The predictions of all submissions."""

    def __init__(self, predicted: Sequence[Predicted]) -> None:
        self._all = tuple(predicted)

    def of(self, slug: str) -> tuple[Predicted, ...]:
        """Return the predictions of one submission for cations, one item a protocol."""
        return tuple(item for item in self._all if item.slug == slug and item.protocol in protocol_names())

    def of_transfer(self, slug: str) -> tuple[Predicted, ...]:
        """Return the predictions of one submission for the second dataset, one item a protocol."""
        return tuple(item for item in self._all if item.slug == slug and item.protocol not in protocol_names())

    def others(self, predicted: Predicted) -> tuple[Predicted, ...]:
        """Return what the other submissions predict on the same protocol."""
        return tuple(item for item in self._all if item.slug != predicted.slug and item.protocol == predicted.protocol)

    def usual_error(self, predicted: Predicted, *, at_least: int) -> FloatArray | None:
        """Return for each entry (n) the median absolute error of the other submissions, copies of this one left out.

        nan where fewer than `at_least` of them predict the entry; None where there are not that many.
        """

        errors = [other.size for other in self.others(predicted) if not is_copy(predicted, other)]
        if len(errors) < at_least:
            return None
        stacked = np.stack(errors)
        enough = np.isfinite(stacked).sum(axis=0) >= at_least
        usual = np.full(len(enough), np.nan)
        usual[enough] = np.nanmedian(stacked[:, enough], axis=0)
        return usual


def read_pool(submissions: Sequence[Submission]) -> Pool:
    """Return the predictions of all submissions; raises PredictionsError for a file that cannot be read."""
    return Pool(
        [
            _read(submission, protocol)
            for submission in submissions
            for protocol in (*submission.protocols(), *submission.transfer_protocols())
        ]
    )


def _read(submission: Submission, protocol: str) -> Predicted:
    scored, found = scored_set(protocol), submission.predicted(protocol)
    value = dict(zip(found.entry_ids, found.values, strict=True))
    prediction = np.array([value.get(entry_id, np.nan) for entry_id in scored.entry_ids])
    return Predicted(submission.slug, submission.name, submission.kind, scored, prediction, found.sha256)


@lru_cache
def seen_in_training(protocol: str, column: str) -> BoolArray:
    """Return which scored entries (n) share the value of `column` with an entry of the training side of their fold."""
    from embench.dataset import load
    from embench.splits import protocol as read_protocol

    value = dict(zip(load().entry_ids, load().column(column).tolist(), strict=True))
    shared = {}
    for fold in read_protocol(protocol):
        known = {value[entry_id] for entry_id in fold.train_ids}
        shared.update({entry_id: value[entry_id] in known for entry_id in fold.test_ids})
    return np.array([shared[entry_id] for entry_id in scored_set(protocol).entry_ids])


@lru_cache
def label_seen_in_training(protocol: str) -> BoolArray:
    """Return which scored entries (n) have a label that an entry of their training side has too, to 0.5 meV."""
    from embench.splits import protocol as read_protocol

    scored = scored_set(protocol)
    target = dict(zip(scored.entry_ids, scored.target.tolist(), strict=True))
    seen = {}
    for fold in read_protocol(protocol):
        known = np.sort(fold.train.column("migration_barrier").astype(np.float64))
        for entry_id in fold.test_ids:
            low, high = np.searchsorted(known, (target[entry_id] - 5.01e-4, target[entry_id] + 5.01e-4))
            seen[entry_id] = high > low
    return np.array([seen[entry_id] for entry_id in scored.entry_ids])


FEWEST = 10

SAME_SHARE = 0.25

NEAR = 0.1
"""Nearly the same: the median difference is below this fraction of the smaller median error. The two most similar
honest submissions have 0.29."""

CORRELATION = 0.995
"""Another scale: the Pearson correlation of the predictions; honest submissions reach 0.975."""

LEAST_SPREAD_EV = 0.05


def is_copy(predicted: Predicted, other: Predicted) -> bool:
    """Return whether the predictions are those of the other submission, or nearly."""
    return _likeness(predicted, other) is not None


def _sameness(predicted: Predicted, other: Predicted) -> str | None:
    """Return in words that many predictions are the very numbers of the other submission; its name is to follow."""
    if predicted.sha256 == other.sha256:
        return "The predictions file is, byte for byte, that of"
    both = predicted.given & other.given
    if both.sum() < FEWEST:
        return None
    same = float((np.abs(predicted.prediction[both] - other.prediction[both]) <= SAME_EV).mean())
    return f"{same:.0%} of the predictions are the same numbers as those of" if same >= SAME_SHARE else None


def _likeness(predicted: Predicted, other: Predicted) -> str | None:
    """Return in words how the predictions are like those of the other submission; its name is to follow."""
    same = _sameness(predicted, other)
    both = predicted.given & other.given
    if same or both.sum() < FEWEST:
        return same
    mine, theirs = predicted.prediction[both], other.prediction[both]
    difference = np.abs(mine - theirs)
    typical = min(float(np.median(predicted.size[both])), float(np.median(other.size[both])))
    if float(np.median(difference)) < NEAR * typical:
        return f"The predictions differ by {float(np.median(difference)):.3f} eV (median) from those of"
    if min(mine.std(), theirs.std()) > LEAST_SPREAD_EV:
        correlation = float(np.corrcoef(mine, theirs)[0, 1])
        if correlation > CORRELATION:
            return f"On another scale (correlation {correlation:.4f}) the predictions are those of"
    return None
