"""The rows of predictions that are in memory: mappings, frames, series, lists of records."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from embench.errors import PredictionsError
from embench.evaluation.predictions_rows import OPTIONAL, REQUIRED, Row, Table, rename_hint, unread_notes

_WAYS = "give a path, a mapping from entry_id to eV, or a table"
# entry_id, prediction, and the optional columns.
Cells = tuple[Any, ...]


def rows_of_object(source: Any, *, known: frozenset[str], most_rows: int) -> Table:
    """Return the rows of predictions in memory, numbered from 1.

    Read are mappings from entry_id to eV, or to a mapping with ``prediction`` and ``uncertainty``; tables with the
    columns of a predictions file (pandas, polars, pyarrow, record arrays, mappings from names to lists), also with the
    ids as index; series with the ids as index; and lists of mappings or of pairs.

    Raises :class:`~embench.errors.PredictionsError` for everything else, with the way out.
    """
    kind = type(source).__name__
    if source is None:
        raise PredictionsError(f"the predictions are None; {_WAYS}")
    names: Sequence[str] = ()
    if isinstance(source, Mapping) and "entry_id" not in source:
        rows_of_cells, names = _of_mapping(source)
    elif (fields := _field_names(source)) is not None:
        rows_of_cells = _of_columns(source, fields, known, kind)
        names = fields
    elif hasattr(source, "index") and hasattr(source, "items") and not isinstance(source, Mapping):  # a pandas Series
        rows_of_cells = zip(_ids_of_index(source, known, kind), _values(source), strict=True)
    elif isinstance(source, Iterable) and not isinstance(source, str | bytes):
        rows_of_cells, names = _of_records(source, kind, most_rows)
    else:
        raise PredictionsError(f"predictions of type {kind} cannot be read; {_WAYS}")
    taken = list(itertools.islice(rows_of_cells, most_rows + 1))
    if len(taken) > most_rows:
        raise PredictionsError(f"more than {most_rows} predictions; there is one for each scored entry")
    if not taken:
        raise PredictionsError("no predictions: the mapping or table is empty")
    if any(type(key) is int for key, *_ in taken[:1]):
        raise PredictionsError(
            f"predictions of type {kind} are numbered ({taken[0][0]}, ...) and not named: use the entry_id of each, "
            "never its row"
        )
    rows = [Row(f"row {i}", str(key), value, *map(_blank, rest)) for i, (key, value, *rest) in enumerate(taken, 1)]
    return Table(rows, notes=unread_notes(names))


def _of_mapping(source: Mapping[Any, Any]) -> tuple[Iterator[Cells], Sequence[str]]:
    """Return the rows of a mapping from entry_id to a value, or to a mapping with the value."""
    names = dict.fromkeys(str(name) for value in source.values() if isinstance(value, Mapping) for name in value)
    if names and "prediction" not in names:
        raise _no_column("mapping", "prediction", list(names))
    return (_of_pair(key, value) for key, value in source.items()), list(names)


def _of_pair(key: Any, value: Any) -> Cells:
    if isinstance(value, Mapping):
        return key, value.get("prediction"), *(value.get(name) for name in OPTIONAL)
    return key, value


def _field_names(source: Any) -> list[str] | None:
    """Return the names of the columns of a table, None for what is no table."""
    dtype_names = getattr(getattr(source, "dtype", None), "names", None)
    if isinstance(source, Mapping):
        return [str(name) for name in source]
    if dtype_names:
        return list(dtype_names)
    # In pyarrow `columns` holds the data.
    names = getattr(source, "column_names", getattr(source, "columns", None))
    return None if names is None or callable(names) else [str(name) for name in names]


def _of_columns(source: Any, names: list[str], known: frozenset[str], kind: str) -> Iterator[Cells]:
    for name in (*REQUIRED, *OPTIONAL):
        if names.count(name) > 1:
            raise PredictionsError(
                f"predictions of type {kind} have the column {name!r} {names.count(name)} times; keep one "
                "(pandas: frame.loc[:, ~frame.columns.duplicated()])"
            )
    if "prediction" not in names:
        raise _no_column(kind, "prediction", names)
    if "entry_id" in names:
        ids = _values(source["entry_id"])
    elif hasattr(source, "index") and not callable(source.index):
        ids = _ids_of_index(source, known, kind, names)
    else:
        raise _no_column(kind, "entry_id", names)
    values = _values(source["prediction"])
    others = {name: _values(source[name]) if name in names else [None] * len(ids) for name in OPTIONAL}
    lengths = {"entry_id": len(ids), "prediction": len(values), **{name: len(found) for name, found in others.items()}}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items() if name in names)
        raise PredictionsError(f"the columns of predictions of type {kind} differ in length ({told}); align them")
    return zip(ids, values, *others.values(), strict=True)


def _ids_of_index(source: Any, known: frozenset[str], kind: str, names: Sequence[str] = ()) -> list[Any]:
    """Return the index of a pandas object where it holds entry ids: by its name, or because all are known."""
    labels = _values(source.index)
    if getattr(source.index, "name", None) == "entry_id" or (labels and known.issuperset(map(str, labels))):
        return labels
    if names:
        raise PredictionsError(
            f"{_no_column(kind, 'entry_id', list(names))}. Ids in the index are read where it is called entry_id: "
            "frame.rename_axis('entry_id')"
        )
    raise PredictionsError(
        f"the index of predictions of type {kind} holds no entry ids; if these are ids, call it so: "
        "series.rename_axis('entry_id'), otherwise give dict(zip(entry_ids, values))"
    )


def _of_records(source: Iterable[Any], kind: str, most_rows: int) -> tuple[Iterator[Cells], Sequence[str]]:
    """Return the rows of a list of mappings with the columns as keys, or of pairs (entry_id, eV)."""
    records = list(itertools.islice(source, most_rows + 1))
    if records and all(isinstance(record, Mapping) for record in records):
        names = list(dict.fromkeys(str(name) for record in records for name in record))
        for name in REQUIRED:
            if name not in names:
                raise _no_column(f"{kind} of mappings", name, names)
        return (tuple(r.get(name) for name in (*REQUIRED, *OPTIONAL)) for r in records), names
    if records and all(isinstance(r, tuple | list) and len(r) == 2 and isinstance(r[0], str) for r in records):
        return ((key, value) for key, value in records), ()
    if not records:
        raise PredictionsError("no predictions: the mapping or table is empty")
    raise PredictionsError(
        f"predictions of type {kind} have no column 'entry_id': values without ids cannot be matched to entries; give "
        "dict(zip(entry_ids, values)), a list of dicts with entry_id and prediction, or a table"
    )


def _no_column(kind: str, name: str, names: list[str]) -> PredictionsError:
    return PredictionsError(
        f"predictions of type {kind} have no column {name!r} (found: {', '.join(names[:10]) or 'no columns'}); "
        f"{_WAYS}{rename_hint(names, [name])}"
    )


def _values(column: Any) -> list[Any]:
    """Return a column of any table as plain Python values."""
    if isinstance(column, str | bytes) or not isinstance(column, Iterable):
        raise PredictionsError(f"a column of predictions is {column!r:.60} and no list; give a list for each column")
    for name in ("to_pylist", "tolist", "to_list"):  # pyarrow, pandas and numpy, polars
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def _blank(value: Any) -> Any:
    """Return None for the missing value of pandas, which is neither equal nor unequal to itself."""
    return None if type(value).__name__ == "NAType" else value
