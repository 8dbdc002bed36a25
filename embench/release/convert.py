"""From a :class:`~embench.dataset.Dataset` to the library ``datasets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from embench import schema
from embench.errors import MissingDependencyError

if TYPE_CHECKING:
    import datasets
    from datasets import Features

    from embench.dataset import Dataset


def features(layout: schema.Layout = schema.DEFAULT) -> Features:
    """Return the features of all columns of a dataset: numbers with their width, names, arrays with shapes.

    Shapes are lists of fixed length inside a list of the number of sites. (``Array2D`` reads a missing array of
    variable length as NaN and cannot tell it from a number; lists keep it None.)

    Raises :class:`~embench.errors.MissingDependencyError` without ``datasets``.
    """
    datasets = import_datasets()
    return datasets.Features({spec.name: _feature(spec) for spec in layout.columns})


def import_datasets() -> Any:
    """Return the library ``datasets``; raises :class:`~embench.errors.MissingDependencyError` without it."""
    try:
        import datasets
    except ImportError:
        raise MissingDependencyError("datasets", "hub", "the conversion to the format of the hub") from None
    return datasets


def _feature(spec: schema.Column) -> Any:
    from datasets import List, Value

    # No class labels: as numbers they compare with no name, and a filter by name would be empty without a word.
    feature: Any = Value(spec.scalar)
    for size in reversed(spec.shape):
        feature = List(feature, length=-1 if size is None else size)
    return feature


@overload
def to_hf(data: Dataset, *, by_split: Literal[False] = False) -> datasets.Dataset: ...


@overload
def to_hf(data: Dataset, *, by_split: Literal[True]) -> datasets.DatasetDict: ...


def to_hf(data: Dataset, *, by_split: bool = False) -> datasets.Dataset | datasets.DatasetDict:
    """Return the entries of `data` for the library ``datasets``, as ``load_dataset`` gives them.

    Parameters
    ----------
    data
        The entries; the rows of the result are in their order. Where their targets are hidden, there is no
        column ``migration_barrier`` and no flag that tells of it.
    by_split
        Return a ``DatasetDict`` with the sides of the published split, ``train`` and ``test``, that occur in `data`; of
        the oxygen vacancies, which have no sides, with all of them as ``hops``.

    Raises
    ------
    MissingDependencyError
        Without ``datasets``.

    Examples
    --------
    >>> import embench
    >>> sodium = embench.to_hf(embench.load().filter(mobile_ion="Na"))
    >>> sodium.num_rows
    109
    """
    if not by_split:
        return _one(data, split=None)
    names = data.layout.sides
    sides = data.column("published_split").tolist() if len(names) > 1 else list(names) * len(data)
    parts: dict[str, Any] = {}
    for side in names:
        chosen = [entry_id for entry_id, of in zip(data.entry_ids, sides, strict=True) if of == side]
        if chosen:
            parts[side] = _one(data.select(chosen), split=side)
    return import_datasets().DatasetDict(parts)


def _one(data: Dataset, *, split: str | None) -> datasets.Dataset:
    library = import_datasets()
    from datasets.table import InMemoryTable, table_cast

    table = data.table
    known = features(data.layout)
    kept = library.Features({name: known[name] for name in table.column_names})
    # Lists get their lengths, exactly as in load_dataset.
    cast = table_cast(table.replace_schema_metadata(None), kept.arrow_schema)
    return library.Dataset(InMemoryTable(cast), info=library.DatasetInfo(features=kept), split=split)
