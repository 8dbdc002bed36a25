"""The descriptors of the baselines by the names that users ask for, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features import FEATURE_SETS, feature_table
from embench.errors import MissingDependencyError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

    from embench.dataset import Dataset

Table = tuple[NDArray[np.float64], list[str]]


def _simple(entries: Iterable[Any]) -> Table:
    from embench.baselines.features.simple import simple_table

    return simple_table(entries)


def _elements(entries: Dataset) -> Table:
    from embench.baselines.composition import composition_features, feature_names

    return composition_features(entries), list(feature_names())


NAMED: dict[str, Callable[[Any], Table]] = {
    # What pathway-descriptors sees, without SOAP, which has thousands of columns; then what pathway-stack adds.
    "pathway": partial(feature_table, sets=("composition", "geometry", "radial", "functional")),
    "pathway-energies": partial(feature_table, sets=("composition", "geometry", "radial", "functional", "barriers")),
    "elements": _elements,
    "simple": _simple,
    **{name: partial(feature_table, sets=(name,)) for name in FEATURE_SETS},
}
"""The sets by name: ``pathway`` is what most want, ``simple`` runs on anions too, ``elements`` knows no geometry."""


def feature_arrays(entries: Dataset, name: str) -> Table:
    """Return the features of a named set (n_entries, n_features) and their names; raises UnknownNameError."""
    if name not in NAMED:
        raise UnknownNameError("set of features", name, NAMED)
    try:
        return NAMED[name](entries)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(error.name or "a library", "baselines", f"the features {name}") from None


def named_features(entries: Dataset, name: str) -> pd.DataFrame:
    """Return the features of a named set as a data frame, one row an entry; see :meth:`embench.Dataset.features`."""
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependencyError("pandas", "pandas", "Dataset.features") from None
    table, names = feature_arrays(entries, name)
    return pd.DataFrame(table, index=pd.Index(entries.entry_ids, name="entry_id"), columns=names)
