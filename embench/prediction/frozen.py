"""Fitted baselines as plain values and arrays, and back: nothing is executed when one is read.

A fitted object becomes the name of its class, which must be one of a short list here, and its attributes. What
scikit-learn has fitted becomes the few arrays that its prediction needs, so that neither its version nor a pickle
matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.baselines.registry import load_object
from embench.errors import BaselineError, DatasetError

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

_STACK, _KERNELS, _HYBRID, _GATED, _NEB, _DISTILLED = (
    f"embench.baselines.models.{name}" for name in ("stack", "kernels", "hybrid", "gated", "pathway_neb", "distilled")
)
# What a file may hold: the name in it, where the class is, and attributes that prediction does without.
CLASSES: Mapping[str, tuple[str, frozenset[str]]] = {
    "PathwayStack": (f"{_STACK}:PathwayStack", frozenset({"_fitted"})),
    "PathwayHybrid": (f"{_HYBRID}:PathwayHybrid", frozenset({"_barriers", "_fitted"})),
    "PathwayDistilled": (f"{_DISTILLED}:PathwayDistilled", frozenset({"_barriers", "_fitted"})),
    "DistilledRegressor": (f"{_DISTILLED}:DistilledRegressor", frozenset({"outside"})),
    "PathwayNeb": (f"{_NEB}:PathwayNeb", frozenset({"_tables", "_fitted"})),
    "FirstLevel": (f"{_NEB}:FirstLevel", frozenset()),
    "OfPotential": (f"{_NEB}:OfPotential", frozenset()),
    "Gated": (f"{_GATED}:Gated", frozenset()),
    "Gate": ("embench.baselines.models.gate:Gate", frozenset()),
    "HybridRegressor": (f"{_HYBRID}:HybridRegressor", frozenset()),
    "KernelEnsemble": (f"{_KERNELS}:KernelEnsemble", frozenset({"_distances"})),
    "Member": (f"{_KERNELS}:Member", frozenset()),
    "Scaler": (f"{_KERNELS}:Scaler", frozenset()),
    "RobustProcess": (f"{_KERNELS}:RobustProcess", frozenset()),
    "ErrorModel": ("embench.baselines.models.conformal:ErrorModel", frozenset()),
    "SupportVectors": ("embench.prediction.frozen:SupportVectors", frozenset()),
    "Forest": ("embench.prediction.frozen:Forest", frozenset()),
    "Components": ("embench.prediction.frozen:Components", frozenset()),
}
_DEEPEST = 20


@dataclass(eq=False)
class SupportVectors:
    """A support vector machine on a given kernel: positions of its vectors, their coefficients, and the constant."""

    support: NDArray[np.int64]
    coefficients: Floats
    intercept: float

    def predict(self, kernel: Floats) -> Floats:
        """Return predictions (m,) for a kernel matrix (m, n) between new and training rows."""
        return np.asarray(kernel[:, self.support] @ self.coefficients + self.intercept, np.float64)


@dataclass(eq=False)
class Forest:
    """Regression trees, their nodes one after another.

    Attributes
    ----------
    first : (n_trees,) the root of each tree.
    left, right : (n_nodes,) children; -1 in a leaf.
    features, thresholds : (n_nodes,) a row goes left where its feature is at most the threshold.
    values : (n_nodes,) what a leaf predicts.
    """

    first: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    features: NDArray[np.int32]
    thresholds: Floats
    values: Floats

    def predict(self, table: Floats) -> Floats:
        """Return the mean over the trees (m,) for features (m, n_features)."""
        # scikit-learn compares in single precision.
        rows = np.asarray(table, np.float32)
        node = np.repeat(self.first[:, None], len(rows), axis=1)
        column = np.arange(len(rows))[None]
        while True:
            inner = self.left[node] >= 0
            if not inner.any():
                break
            goes_left = rows[column, np.maximum(self.features[node], 0)] <= self.thresholds[node]
            node = np.where(inner, np.where(goes_left, self.left[node], self.right[node]), node)
        return np.asarray(self.values[node].sum(axis=0) / len(self.first), np.float64)


@dataclass(eq=False)
class Components:
    """Principal components: the mean, the directions (k, n) and the deviations that they are divided by (k,)."""

    mean: Floats
    directions: Floats
    deviations: Floats = field(default_factory=lambda: np.ones(1))

    def transform(self, table: Floats) -> Floats:
        """Return the components (m, k) of features (m, n)."""
        return np.asarray((table - self.mean) @ self.directions.T / self.deviations, np.float64)


def freeze(value: Any, arrays: Arrays) -> Any:
    """Return a fitted object as plain values; its arrays go to `arrays` under the names that the values give.

    Raises :class:`~embench.errors.BaselineError` for an object of a class that is not known here.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub":
            raise BaselineError(f"an array of {value.dtype} cannot be kept as numbers")
        name = f"array_{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, list | tuple):
        return {"list" if isinstance(value, list) else "tuple": [freeze(item, arrays) for item in value]}
    if isinstance(value, Mapping):
        return {"dict": {_key(name): freeze(item, arrays) for name, item in value.items()}}
    plain = _PLAIN.get(type(value).__name__)
    if plain is not None and type(value).__module__.partition(".")[0] == "sklearn":
        value = plain(value)
    kind = type(value).__name__
    if kind not in CLASSES:
        raise BaselineError(
            f"a {kind} cannot be kept as plain arrays: only models made of {', '.join(sorted(CLASSES))} can be stored"
        )
    state = {name: item for name, item in vars(value).items() if name not in CLASSES[kind][1]}
    return {"object": kind, "state": {name: freeze(item, arrays) for name, item in sorted(state.items())}}


def thaw(value: Any, arrays: Mapping[str, NDArray[Any]], depth: int = 0) -> Any:
    """Return what :func:`freeze` has made plain.

    Raises :class:`~embench.errors.DatasetError` for what it has not made.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    match value:
        case _ if depth > _DEEPEST:
            raise DatasetError("the file of the model is nested too deeply")
        case {"array": str(name)} if name in arrays:
            return arrays[name]
        case {"list": list(items)}:
            return [thaw(item, arrays, depth + 1) for item in items]
        case {"tuple": list(items)}:
            return tuple(thaw(item, arrays, depth + 1) for item in items)
        case {"dict": dict(items)}:
            return {name: thaw(item, arrays, depth + 1) for name, item in items.items()}
        case {"object": str(kind), "state": dict(state)} if kind in CLASSES:
            path, dropped = CLASSES[kind]
            cls = load_object(path, extra="baselines")
            made = object.__new__(cls)
            # Plain values in attributes: no code of the file, and no constructor, is run.
            vars(made).update(dict.fromkeys(dropped) | {n: thaw(item, arrays, depth + 1) for n, item in state.items()})
            if "_fitted" in dropped:
                made._fitted = True  # only what was fitted is ever stored
            return made
        case _:
            raise DatasetError(f"the file of the model holds what no model is made of: {str(value)[:80]}")


def _key(name: object) -> str:
    if not isinstance(name, str):
        raise BaselineError(f"a table with the key {name!r} cannot be kept: keys must be text")
    return name


def _support_vectors(machine: Any) -> SupportVectors:
    return SupportVectors(
        np.asarray(machine.support_, np.int64), np.asarray(machine.dual_coef_[0]), float(machine.intercept_[0])
    )


def _forest(forest: Any) -> Forest:
    trees = [estimator.tree_ for estimator in forest.estimators_]
    counts = [tree.node_count for tree in trees]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)

    def joined(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree in trees])

    offset = np.repeat(first, counts)
    left, right = joined("children_left"), joined("children_right")
    return Forest(
        first=first,
        left=np.where(left < 0, -1, left + offset).astype(np.int32),
        right=np.where(right < 0, -1, right + offset).astype(np.int32),
        features=joined("feature").astype(np.int32),
        thresholds=joined("threshold").astype(np.float64),
        values=np.concatenate([tree.value[:, 0, 0] for tree in trees]).astype(np.float64),
    )


def _components(found: Any) -> Components:
    deviations = np.sqrt(found.explained_variance_) if found.whiten else np.ones(len(found.components_))
    return Components(np.asarray(found.mean_), np.asarray(found.components_), deviations)


# What scikit-learn has fitted, by the name of its class.
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "SVR": _support_vectors,
    "ExtraTreesRegressor": _forest,
    "PCA": _components,
}
