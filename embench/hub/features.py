"""The columns as features of the library ``datasets``, derived from :mod:`embench.schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embench import schema
from embench.errors import MissingDependencyError

if TYPE_CHECKING:
    from datasets import Features

CLOSED_SETS: dict[str, tuple[str, ...]] = {
    "published_split": ("train", "test"),
    "crystal_system": ("Triclinic", "Monoclinic", "Orthorhombic", "Tetragonal", "Trigonal", "Hexagonal", "Cubic"),
    "concentration_limit": ("dilute", "vacancy"),
    "flags": tuple(flag.name for flag in schema.FLAGS),
}
"""The columns whose values are fixed by their definition, with these values in the order of their numbers.

Only these are class labels. Ions, functionals and structure classes could be joined by others in a later version,
which would give the old ones new numbers; they stay strings. The Parquet files hold strings throughout.
"""


def features() -> Features:
    """Return the features of all columns: numbers with their width, arrays with their shapes, class labels.

    Shapes are lists of fixed length inside a list of the number of sites. (``Array2D`` reads a missing array of
    variable length as NaN and cannot tell it from a number; lists keep it None.)

    Raises :class:`~embench.errors.MissingDependencyError` without ``datasets``.
    """
    datasets = import_datasets()
    return datasets.Features({spec.name: _feature(spec) for spec in schema.COLUMNS})


def import_datasets() -> Any:
    """Return the library ``datasets``; raises :class:`~embench.errors.MissingDependencyError` without it."""
    try:
        import datasets
    except ImportError:
        raise MissingDependencyError("datasets", "hub", "the conversion to the format of the hub") from None
    return datasets


def _feature(spec: schema.Column) -> Any:
    from datasets import ClassLabel, List, Value

    names = CLOSED_SETS.get(spec.name)
    feature: Any = ClassLabel(names=list(names)) if names else Value(spec.scalar)
    for size in reversed(spec.shape):
        feature = List(feature, length=-1 if size is None else size)
    return feature
