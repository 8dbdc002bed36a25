"""embench: the benchmark for ionic migration barriers.

>>> import embench
>>> data = embench.load()
>>> len(data)
619
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from embench._version import DATASET_VERSION, __version__
from embench.common.late import join

if TYPE_CHECKING:
    from embench.baselines.cross_validate import cross_validate
    from embench.dataset import Dataset, Entry, load
    from embench.dataset.graphs import to_pyg
    from embench.evaluation import Evaluation, evaluate
    from embench.evaluation.together import load_predictions
    from embench.migration import find_hops, hop_between
    from embench.prediction import predict
    from embench.release.convert import to_hf
    from embench.splits import Fold, Protocol, protocol

# The public names and the modules that define them: nothing is imported before it is used.
_PUBLIC = {
    "Dataset": "dataset",
    "Entry": "dataset",
    "Evaluation": "evaluation",
    "Fold": "splits",
    "Protocol": "splits",
    "cross_validate": "baselines.cross_validate",
    "evaluate": "evaluation",
    "find_hops": "migration",
    "hop_between": "migration",
    "load": "dataset",
    "load_predictions": "evaluation.together",
    "predict": "prediction",
    "protocol": "splits",
    "to_hf": "release.convert",
    "to_pyg": "dataset.graphs",
}

__all__ = [
    "DATASET_VERSION",
    "Dataset",
    "Entry",
    "Evaluation",
    "Fold",
    "Protocol",
    "__version__",
    "cross_validate",
    "evaluate",
    "find_hops",
    "hop_between",
    "load",
    "load_predictions",
    "predict",
    "protocol",
    "to_hf",
    "to_pyg",
]


def _features(entries: Any, name: str) -> Any:
    """Descriptors belong to the baselines, and a dataset offers them: this is where both meet."""
    return importlib.import_module("embench.baselines.features.named").named_features(entries, name)


join("features", _features)

# Parts that are used as a whole: ``embench.neb.run(entry, calculator)``.
_PARTS = frozenset({"neb"})


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"embench.{name}")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'embench' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"embench.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
