"""Any model with ``fit`` and ``predict``, out of fold on a protocol: :func:`embench.cross_validate`."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.baselines.base import Prediction
from embench.errors import BaselineError

if TYPE_CHECKING:
    from embench.dataset import Dataset
    from embench.evaluation.predictions import Predictions

_DEFAULT = "pathway"


def cross_validate(
    model: Any,
    protocol: str = "host-10fold",
    *,
    features: str | Callable[[Dataset], Any] | None = None,
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    dataset_version: str | None = None,
) -> Predictions:
    """Fit a model on the training side of each fold, predict the scored side, and return predictions to evaluate.

    A fresh copy of the model is fitted in every fold, and no target of the scored side can reach it.

    Parameters
    ----------
    model
        Anything with ``fit(X, y)`` and ``predict(X)``, such as an estimator or a pipeline of scikit-learn; it is copied
        and stays as it is. Where its ``predict`` takes ``return_std``, the standard deviations become uncertainties.
        Or a model that reads entries itself, ``fit(train)`` and ``predict(test)`` with datasets; then without
        `features`. ``predict`` returns barriers (n,), a pair of barriers and standard deviations, or a
        :class:`~embench.baselines.base.Prediction`; eV.
    protocol
        Name of the protocol.
    features
        A named set of :data:`embench.baselines.features.named.NAMED`, or a function that takes a dataset and returns
        an array or frame with one row an entry. None for ``pathway`` where the model is an estimator of scikit-learn,
        and for the entries themselves where it is none.
    name
        What to call the predictions; by default the class of the model.
    progress
        Called with the number of folds that are done, and of all.
    dataset_version
        Version of the dataset whose folds are taken, such as ``1.0.0``; None for that of the leaderboard.

    Raises
    ------
    UnknownNameError
        There is no such protocol or set of features.
    BaselineError
        The model has no ``fit`` and ``predict``, or predicts something else than one finite number an entry; names the
        fold.
    HiddenTargetError
        The model, or `features`, asked for a target of the scored side.

    Examples
    --------
    >>> import embench
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> found = embench.cross_validate(ExtraTreesRegressor(), "host-10fold")  # doctest: +SKIP
    >>> embench.evaluate(found, "host-10fold")  # doctest: +SKIP
    """
    from embench.evaluation.predictions import canonical_csv, parse_predictions
    from embench.splits import protocol as read_protocol

    for method in ("fit", "predict"):
        if not callable(getattr(model, method, None)):
            raise BaselineError(f"a {type(model).__name__} has no method {method}; give a model with fit and predict")
    if features is None and hasattr(model, "get_params"):
        features = _DEFAULT
    folds = read_protocol(protocol, dataset_version)
    mean: dict[str, float] = {}
    std: dict[str, float] = {}
    for done, fold in enumerate(folds, start=1):
        try:
            found = _fold(_copy(model), fold.train, fold.test, features)
            found.check(len(fold.test_ids))
        except BaselineError as error:
            raise BaselineError(f"{type(model).__name__}, {protocol}, fold {fold.name}: {error}") from None
        mean |= dict(zip(fold.test_ids, map(float, found.mean), strict=True))
        if found.std is not None:
            std |= dict(zip(fold.test_ids, map(float, found.std), strict=True))
        if progress is not None:
            progress(done, len(folds))
    if std and len(std) != len(mean):
        raise BaselineError(f"{type(model).__name__} gives standard deviations in some folds and in others not")
    text = canonical_csv(mean, mean.values(), [std[key] for key in mean] if std else None)
    return parse_predictions(text.encode(), name=name or type(model).__name__, known=mean, unit="eV")


def _copy(model: Any) -> Any:
    """Return an unfitted copy: scikit-learn's own where it is an estimator of it."""
    if hasattr(model, "get_params") and hasattr(model, "set_params"):
        from sklearn.base import clone

        return clone(model)
    return copy.deepcopy(model)


def _fold(model: Any, train: Dataset, test: Dataset, features: str | Callable[[Dataset], Any] | None) -> Prediction:
    if features is None:
        fitted = model.fit(train)
        return _as_prediction((model if fitted is None else fitted).predict(test))
    inputs, held_out = _inputs(train, features), _inputs(test, features)
    fitted = model.fit(inputs, train.column("migration_barrier").astype(np.float64))
    fitted = model if fitted is None else fitted
    if _takes_std(fitted.predict):
        found = _as_prediction(fitted.predict(held_out, return_std=True))
        # Dummies answer with zeros, which claim nothing.
        return found if found.std is None or np.any(found.std) else Prediction(found.mean)
    return _as_prediction(fitted.predict(held_out))


def _inputs(entries: Dataset, features: str | Callable[[Dataset], Any]) -> Any:
    if isinstance(features, str):
        from embench.baselines.features.named import feature_arrays

        return feature_arrays(entries, features)[0]
    made = features(entries)
    n = len(made)
    if n != len(entries):
        raise BaselineError(f"the features have {n} rows for {len(entries)} entries: one is needed for each")
    return made


def _takes_std(predict: Callable[..., Any]) -> bool:
    """Return whether a method can be asked for standard deviations; pipelines pass on what they are asked for."""
    owner = getattr(predict, "__self__", None)
    last = owner.steps[-1][1] if owner is not None and hasattr(owner, "steps") else None
    target = last.predict if last is not None and hasattr(last, "predict") else predict
    try:
        return "return_std" in inspect.signature(target).parameters
    except (TypeError, ValueError):  # a method without a signature, written in C
        return False


def _as_prediction(found: Any) -> Prediction:
    if isinstance(found, Prediction):
        return found
    mean, std = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    try:
        values = np.asarray(mean, dtype=np.float64)
        spread = None if std is None else np.asarray(std, dtype=np.float64)
    except (TypeError, ValueError):
        raise BaselineError("predict returns something else than numbers") from None
    # A column (n, 1), which networks return, holds one number an entry as well.
    return Prediction(values.reshape(-1) if values.ndim == 2 and values.shape[1] == 1 else values, spread)
