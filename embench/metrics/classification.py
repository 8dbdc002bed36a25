"""Metrics of telling good conductors (E_m below the threshold, the positive class) from the rest.

Where scikit-learn returns 0 for a quotient of zeros these return nan: undefined is not bad.
"""

from __future__ import annotations

import numpy as np

from embench.metrics.resamples import Resamples, ratio
from embench.metrics.sample import FloatArray, prediction_order
from embench.metrics.spec import MetricSpec


def accuracy(resamples: Resamples) -> FloatArray:
    """Return the share of entries on the right side of the threshold (B)."""
    return ratio(resamples.sum("true_positive") + resamples.sum("true_negative"), resamples.total)


def precision(resamples: Resamples) -> FloatArray:
    """Return the share of predicted good conductors that are good conductors (B)."""
    found = resamples.sum("true_positive")
    return ratio(found, found + resamples.sum("false_positive"))


def recall(resamples: Resamples) -> FloatArray:
    """Return the share of good conductors that are predicted to be (B)."""
    found = resamples.sum("true_positive")
    return ratio(found, found + resamples.sum("false_negative"))


def f1(resamples: Resamples) -> FloatArray:
    """Return the harmonic mean of precision and recall (B)."""
    found = 2.0 * resamples.sum("true_positive")
    return ratio(found, found + resamples.sum("false_positive") + resamples.sum("false_negative"))


def mcc(resamples: Resamples) -> FloatArray:
    """Return the Matthews correlation coefficient (B) (Matthews, Biochim. Biophys. Acta 405, 442, 1975)."""
    tp, fp = resamples.sum("true_positive"), resamples.sum("false_positive")
    fn, tn = resamples.sum("false_negative"), resamples.sum("true_negative")
    return ratio(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def roc_auc(resamples: Resamples) -> FloatArray:
    """Return the area under the ROC curve of the continuous predictions (B).

    It is the chance that a good conductor is predicted below a bad one, ties counting half (Hanley & McNeil,
    Radiology 143, 29, 1982).
    """
    sample = resamples.sample
    n_good = resamples.sum("true_positive") + resamples.sum("false_negative")
    n_bad = resamples.total - n_good
    # Mann-Whitney: about their mean, the midranks of the bad conductors add up to half the surplus of ordered pairs.
    bad = np.flatnonzero(~sample.positive)
    surplus = np.einsum("ib,ib->b", resamples.taken[bad], resamples.midranks(prediction_order)[bad])
    return 0.5 + ratio(surplus.astype(np.float64) / 2.0, n_good * n_bad)


CLASSIFICATION = (
    MetricSpec(
        name="accuracy",
        title="Accuracy",
        symbol="accuracy",
        unit=None,
        direction="higher",
        family="classification",
        description="Share of entries on the right side of the threshold.",
        function=accuracy,
        headline=True,
    ),
    MetricSpec(
        name="precision",
        title="Precision",
        symbol="precision",
        unit=None,
        direction="higher",
        family="classification",
        description="Share of the predicted good conductors that are good conductors.",
        function=precision,
        headline=True,
    ),
    MetricSpec(
        name="recall",
        title="Recall",
        symbol="recall",
        unit=None,
        direction="higher",
        family="classification",
        description="Share of the good conductors that are predicted to be.",
        function=recall,
        headline=True,
    ),
    MetricSpec(
        name="f1",
        title="F1 score",
        symbol="F1",
        unit=None,
        direction="higher",
        family="classification",
        description="Harmonic mean of precision and recall.",
        function=f1,
        headline=True,
    ),
    MetricSpec(
        name="mcc",
        title="Matthews correlation coefficient",
        symbol="MCC",
        unit=None,
        direction="higher",
        family="classification",
        description="Correlation of the predicted and the true class; 0 is chance, whatever the class balance.",
        function=mcc,
        headline=True,
    ),
    MetricSpec(
        name="roc_auc",
        title="Area under the ROC curve",
        symbol="ROC-AUC",
        unit=None,
        direction="higher",
        family="classification",
        description="Chance that a good conductor is predicted below a bad one; uses the continuous predictions.",
        function=roc_auc,
    ),
)
