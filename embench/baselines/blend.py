"""What one system adds to another: their mean, with a weight that no scored fold has a say in for itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embench.baselines.scale import OFFSET, to_log
from embench.errors import BaselineError
from embench.splits.registry import MAIN_PROTOCOL

Floats = NDArray[np.float64]

WEIGHTS = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, eq=False)
class Blend:
    """The mean of two systems.

    Attributes
    ----------
    entry_ids : (n,) scored entries of the protocol.
    values : (n,) eV.
    weights : of the second system, by fold.
    """

    entry_ids: tuple[str, ...]
    values: Floats
    weights: dict[str, float]


def blend(first: str | Path, second: str | Path, protocol: str) -> Blend:
    """Return the mean of two systems in log(E + 0.3 eV).

    The weight of a fold is the one that gives the lowest MAE on all *other* folds of the protocol; a protocol of a
    single fold takes the weight from the out-of-fold predictions of ``host-10fold`` for its training side.

    Parameters
    ----------
    first, second : paths of predictions files, or slugs or folders of submissions.

    Raises
    ------
    BaselineError
        A system has a prediction of −0.3 eV or less.
    PredictionsError
        A system lacks predictions for the protocol.
    """
    scored, folds, target, one, two = _columns(first, second, protocol)
    names = sorted(set(folds.tolist()))
    weights = {}
    for name in names:
        others = folds != name
        if others.any():
            weights[name] = _best(one[others], two[others], target[others])
        else:
            weights[name] = _from_training_side(first, second, scored)
    weight = np.array([weights[name] for name in folds.tolist()])
    return Blend(scored, np.exp((1 - weight) * one + weight * two) - OFFSET, weights)


def _columns(
    first: str | Path, second: str | Path, protocol: str
) -> tuple[tuple[str, ...], NDArray[np.str_], Floats, Floats, Floats]:
    """Return ids, folds and barriers (eV) of the scored entries and both predictions, in log(E + OFFSET)."""
    from embench.evaluation import evaluate

    found = [evaluate(source, protocol, resamples=100) for source in (first, second)]
    logarithms = []
    for evaluation in found:
        if (evaluation.sample.prediction <= -OFFSET).any():
            raise BaselineError(f"{evaluation.name} predicts {evaluation.sample.prediction.min():g} eV: no logarithm")
        logarithms.append(to_log(evaluation.sample.prediction))
    scored = found[0].scored
    return scored.entry_ids, np.asarray(scored.fold), found[0].sample.target, logarithms[0], logarithms[1]


def _from_training_side(first: str | Path, second: str | Path, scored: tuple[str, ...]) -> float:
    ids, _, target, one, two = _columns(first, second, MAIN_PROTOCOL)
    training = ~np.isin(ids, scored)
    return _best(one[training], two[training], target[training])


def _best(one: Floats, two: Floats, target: Floats) -> float:
    losses = [np.abs(np.exp((1 - weight) * one + weight * two) - OFFSET - target).mean() for weight in WEIGHTS]
    return float(WEIGHTS[int(np.argmin(losses))])
