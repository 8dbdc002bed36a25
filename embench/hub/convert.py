"""From a :class:`~embench.dataset.Dataset` to the library ``datasets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from embench.hub.features import features, import_datasets

if TYPE_CHECKING:
    import datasets

    from embench.dataset import Dataset


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
        Return a ``DatasetDict`` with the sides of the published split, ``train`` and ``test``, that occur in `data`.

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
    sides = data.column("published_split").tolist()
    parts: dict[str, Any] = {}
    for side in ("train", "test"):
        chosen = [entry_id for entry_id, of in zip(data.entry_ids, sides, strict=True) if of == side]
        if chosen:
            parts[side] = _one(data.select(chosen), split=side)
    return import_datasets().DatasetDict(parts)


def _one(data: Dataset, *, split: str | None) -> datasets.Dataset:
    library = import_datasets()
    from datasets.table import InMemoryTable, table_cast

    table = data.table
    known = features()
    kept = library.Features({name: known[name] for name in table.column_names})
    # Strings become the numbers of class labels and lists get their lengths, exactly as in load_dataset.
    cast = table_cast(table.replace_schema_metadata(None), kept.arrow_schema)
    return library.Dataset(InMemoryTable(cast), info=library.DatasetInfo(features=kept), split=split)
