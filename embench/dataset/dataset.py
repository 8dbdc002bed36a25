"""The dataset: load it, choose entries, and take columns, tables or entries from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embench import schema
from embench.common import late
from embench.common.shipped import check_shipped, resource_folder
from embench.dataset.entry import Entry, hidden_message, target_flags, visible_flags
from embench.dataset.store import AnyArray, Store, open_store, read_only
from embench.errors import (
    DatasetError,
    HiddenTargetError,
    MissingDependencyError,
    UnknownEntryError,
    UnknownNameError,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Dataset", "Entry", "load"]

Mask = npt.NDArray[np.bool_]


def load(
    name: str = schema.DEFAULT.name,
    *,
    version: str | None = None,
    path: Path | str | None = None,
    source: str = "package",
    revision: str | None = None,
    repository: str | None = None,
) -> Dataset:
    """Load a dataset that embench ships. Nothing is downloaded, unless it is asked for.

    The files are checked against ``checksums.txt`` and against the dataset version of this embench once per
    process; columns are read when they are first used. What ships with embench, and what the hub has under the tag of
    this version, must also be the very files whose sha256 are part of this embench.

    Parameters
    ----------
    name
        ``default``, the barriers of cations that all but two protocols score, or ``oxygen-vacancies``: a second DFT set
        of anions, to test transfer on. It shares no compound with the first and has columns of its own. The version may
        stand in the name: ``default@1.0.0``.
    version
        Version of the dataset, such as ``1.0.0``, which has fewer columns and flags (docs/dataset.md); by default the
        one that the leaderboard scores on.
    path
        Folder of another build; one of 1.0.0 gets what later versions add, unless 1.0.0 is asked for.
    source
        ``package``, or ``hub`` for the Hugging Face hub and its cache on this machine.
    revision
        For ``hub``: tag, branch or commit; the tag of the version by default. The tag of a version is enough to load
        that version.
    repository
        For ``hub``: another repository than ``embench/migration-barriers``.

    Raises
    ------
    DatasetError
        For files that are missing, damaged or of another version.
    HubError
        Where the hub does not deliver.
    UnknownNameError
        There is no such dataset, or no such version of it.

    Examples
    --------
    >>> import embench
    >>> embench.load()
    <Dataset 1.1.0: 619 entries>
    >>> embench.load(version="1.0.0")
    <Dataset 1.0.0: 619 entries>
    >>> embench.load("oxygen-vacancies")
    <Dataset oxygen-vacancies 1.0.0: 622 entries>
    """
    layout = schema.layout(name, version or _tagged(name, revision))
    folder = dataset_folder(path=path, source=source, revision=revision, repository=repository, layout=layout)
    store = open_store(folder, layout)
    if path is None:
        _check_release(store, layout, source, revision=revision, repository=repository)
    return Dataset(store, read_only(np.arange(store.n_rows)))


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A read-only choice of entries: all of them by default, the published training part first.

    Every method that chooses entries returns another dataset; columns are shared, never copied back.
    """

    _store: Store
    _rows: npt.NDArray[np.intp]
    _hidden: bool = False

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Entry]:
        return map(self._entry, self._rows.tolist())

    def __contains__(self, entry_id: object) -> bool:
        return entry_id in self._row_of

    def __getitem__(self, entry_id: str) -> Entry:
        if not isinstance(entry_id, str):
            raise TypeError(f"an entry is found by its entry_id, not by {entry_id!r}")
        return self._entry(self._find(entry_id))

    def __repr__(self) -> str:
        hidden = ", targets hidden" if self._hidden else ""
        name = "" if self.layout.name == schema.DEFAULT.name else f"{self.layout.name} "
        return f"<Dataset {name}{self.version}: {len(self)} entries{hidden}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reload, (self._store.folder, self._store.digest, self.entry_ids, self._hidden, self.layout.key)

    @property
    def layout(self) -> schema.Layout:
        """Which dataset this is: its columns, flags and files."""
        return self._store.layout

    @property
    def version(self) -> str:
        """The version of the dataset."""
        return self._store.version

    @property
    def digest(self) -> str:
        """The sha256 over the checksums of the files: equal for equal builds."""
        return self._store.digest

    @property
    def structures_digest(self) -> str:
        """The same of the files that hold the structures: equal for versions that add columns and flags only."""
        return self._store.structures

    @property
    def checksums(self) -> dict[str, str]:
        """The sha256 of the files by name, which they were checked against when they were read."""
        return dict(self._store.checksums)

    @property
    def targets_hidden(self) -> bool:
        """Whether the targets are hidden (see :meth:`without_targets`)."""
        return self._hidden

    @cached_property
    def entry_ids(self) -> tuple[str, ...]:
        """The ids of all entries, in order."""
        return tuple(self._store.column("entry_id")[self._rows].tolist())

    @cached_property
    def flags(self) -> tuple[tuple[str, ...], ...]:
        """The flags of all entries, in order."""
        flags = self._store.column("flags")
        chosen = (flags[row] for row in self._rows.tolist())
        return tuple(visible_flags(names) for names in chosen) if self._hidden else tuple(chosen)

    def column(self, name: str) -> AnyArray:
        """Return a scalar column as a read-only array (n_entries,).

        Nulls are NaN among floats; other columns that allow nulls have dtype object and hold None.

        Raises :class:`~embench.errors.UnknownNameError` for what is no scalar column, and
        :class:`~embench.errors.HiddenTargetError` for the target where it is hidden.
        """
        self._check_column(name)
        return read_only(self._store.column(name)[self._rows])

    def arrays(self, name: str) -> tuple[AnyArray | None, ...]:
        """Return an array column such as ``frac_coords``: one read-only array an entry, None for null.

        Raises :class:`~embench.errors.UnknownNameError` for what is no array column.
        """
        known = [spec.name for spec in self.layout.columns if spec.shape and spec.scalar != "string"]
        if name not in known:
            scalar = name in {spec.name for spec in self.layout.columns if not spec.shape}
            way_out = f"; it holds one value an entry: take column({name!r})" if scalar else None
            raise UnknownNameError("array column", name, known, way_out=way_out)
        self._check_hidden(name)
        values = self._store.column(name)
        return tuple(values[row] for row in self._rows.tolist())

    @cached_property
    def table(self) -> pa.Table:
        """All columns as an Arrow table, one row an entry; without the target where it is hidden."""
        import pyarrow as pa

        table = self._store.table.take(pa.array(self._rows))
        if not self._hidden:
            return table
        position = table.schema.get_field_index("flags")
        field = table.schema.field(position)
        flags = [list(names) for names in self.flags]
        return table.set_column(position, field, pa.array(flags, type=field.type)).drop_columns(
            list(self.layout.telling)
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return all columns as a data frame, one row an entry; arrays are numpy arrays, flags tuples.

        Raises :class:`~embench.errors.MissingDependencyError` without pandas.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingDependencyError("pandas", "pandas", "Dataset.to_pandas") from None
        columns: dict[str, Any] = {}
        for spec in self.layout.columns:
            if self._hidden and spec.name in self.layout.telling:
                continue
            if not spec.shape:
                columns[spec.name] = self.column(spec.name).copy()
            else:
                values = self.flags if spec.name == "flags" else self.arrays(spec.name)
                columns[spec.name] = pd.Series(list(values), dtype=object)
        return pd.DataFrame(columns)

    def features(self, name: str = "pathway") -> pd.DataFrame:
        """Return the descriptors that the baselines see of these entries, as a data frame with their names.

        `name` is a set of :data:`embench.baselines.features.named.NAMED`, such as ``pathway``, ``composition`` or
        ``simple``. No target is read, so that the scored side of a fold has features too.

        Raises
        ------
        UnknownNameError
            There is no such set.
        FeatureError
            A structure has something that the features have no model for.
        MissingDependencyError
            Without pandas, or what the features are made with.
        """
        table: pd.DataFrame = late.features(self, name)
        return table

    def select(self, entry_ids: Iterable[str]) -> Dataset:
        """Return the entries with these ids, in the order given.

        Raises :class:`~embench.errors.UnknownEntryError` for an id that is not in this dataset, and
        :class:`~embench.errors.DatasetError` for an id given twice.
        """
        if isinstance(entry_ids, str):
            raise TypeError(f"select takes several entry ids, not the one string {entry_ids!r}")
        seen: dict[str, int] = {}
        for entry_id in entry_ids:
            if entry_id in seen:
                raise DatasetError(f"entry {entry_id!r} is selected twice; a dataset holds each entry once")
            seen[entry_id] = self._find(entry_id)
        return self._with_rows(np.array(list(seen.values()), dtype=np.intp))

    def without_targets(self) -> Dataset:
        """Return the same entries with their targets hidden, as a model to be scored must see them.

        Asking for a target then raises :class:`~embench.errors.HiddenTargetError`; flags that were set by
        looking at the target (such as ``outlier``) are left out.
        """
        return replace(self, _hidden=True)

    def filter(
        self,
        *,
        include_flags: Collection[str] = (),
        exclude_flags: Collection[str] = (),
        **conditions: Any,
    ) -> Dataset:
        """Return the entries that meet all conditions, in the order of this dataset.

        Parameters
        ----------
        include_flags
            Keep entries that carry all of these flags.
        exclude_flags
            Keep entries that carry none of these flags.
        **conditions
            The name of a scalar column, and a value, a collection of values of which one must match, or a
            function that is called with each value that is not null. None matches nulls.

        Raises
        ------
        UnknownNameError
            For an unknown column or flag, and for a value that occurs nowhere in its column: a misspelt value
            must not give an empty dataset.
        HiddenTargetError
            For a condition on a hidden target or on a flag that tells of it.

        Examples
        --------
        >>> import embench
        >>> sodium = embench.load().filter(mobile_ion="Na", migration_barrier=lambda barrier: barrier < 0.65)
        """
        keep = np.ones(len(self), dtype=np.bool_)
        for name, condition in conditions.items():
            keep &= self._matches(name, condition)
        wanted, unwanted = self._check_flags(include_flags), self._check_flags(exclude_flags)
        if wanted or unwanted:
            keep &= np.array([wanted <= set(f) and unwanted.isdisjoint(f) for f in self.flags], dtype=np.bool_)
        return self._with_rows(self._rows[keep])

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return dict(zip(self.entry_ids, self._rows.tolist(), strict=True))

    def _find(self, entry_id: str) -> int:
        try:
            return self._row_of[entry_id]
        except KeyError:
            raise UnknownEntryError(entry_id, self.entry_ids) from None

    def _entry(self, row: int) -> Entry:
        value = partial(self._store.value, row)
        return Entry(value, hidden=self._hidden, digest=self._store.digest, layout=self.layout)

    def _with_rows(self, rows: npt.NDArray[np.intp]) -> Dataset:
        return Dataset(self._store, read_only(rows), self._hidden)

    def _check_column(self, name: str, *, kind: str = "scalar column", also: Iterable[str] = ()) -> None:
        known = [spec.name for spec in self.layout.columns if not spec.shape]
        if name not in known:
            if name in {spec.name for spec in self.layout.columns}:
                way = "the property flags" if name == "flags" else f"arrays({name!r})"
                raise UnknownNameError(kind, name, [*known, *also], way_out=f"; it holds lists: take {way}")
            raise UnknownNameError(kind, name, [*known, *also])
        self._check_hidden(name)

    def _check_hidden(self, name: str) -> None:
        if self._hidden and name in self.layout.telling:
            raise HiddenTargetError(hidden_message(f"the column {name}"))

    def _check_flags(self, names: Collection[str]) -> set[str]:
        names = (names,) if isinstance(names, str) else tuple(names)
        schema.check_flags(names, of=self.layout)
        telling = target_flags().intersection(names)
        if self._hidden and telling:
            raise HiddenTargetError(hidden_message(f"the flag {min(telling)}, which is set from the target,"))
        return set(names)

    def _matches(self, name: str, condition: Any) -> Mask:
        """Return which entries meet one condition of :meth:`filter`."""
        self._check_column(name, kind="condition", also=("include_flags", "exclude_flags"))
        values = self.column(name).tolist()
        values = [None if value != value else value for value in values]
        if callable(condition):
            return np.array([value is not None and bool(condition(value)) for value in values], dtype=np.bool_)
        wanted = _as_collection(condition)
        occurring = {None if value != value else value for value in self._store.column(name).tolist()}
        for value in wanted:
            if value not in occurring:
                raise UnknownNameError(f"{name} value", str(value), _near_values(value, occurring))
        return np.array([value in wanted for value in values], dtype=np.bool_)


def _as_collection(condition: Any) -> list[Any]:
    if isinstance(condition, str) or not isinstance(condition, Iterable):
        return [condition]
    return list(condition)


def _near_values(value: Any, occurring: Collection[Any], count: int = 3) -> list[str]:
    """Return the values to propose in place of one that does not occur: the nearest, if they are numbers."""
    present: list[Any] = [other for other in occurring if other is not None]
    numbers: Callable[[Any], bool] = lambda x: isinstance(x, int | float) and not isinstance(x, bool)  # noqa: E731
    if numbers(value) and all(map(numbers, present)):
        present = sorted(present, key=lambda other: abs(other - value))[:count]
    return [str(other) for other in present]


def _reload(folder: Path, digest: str, entry_ids: tuple[str, ...], hidden: bool, key: str) -> Dataset:
    """Restore a pickled dataset from the same files: those in its folder, else those installed here."""
    data = load(key, path=folder) if folder.is_dir() else load(key)
    if data._store.digest != digest:
        raise DatasetError(f"a dataset was pickled with another build than the one at {data._store.folder}")
    data = data.select(entry_ids)
    return data.without_targets() if hidden else data


def dataset_folder(
    *,
    path: Path | str | None,
    source: str,
    revision: str | None,
    repository: str | None,
    layout: schema.Layout = schema.DEFAULT,
) -> Path:
    """Return the folder that :func:`embench.load` reads; see there for the parameters and errors."""
    if source not in ("package", "hub"):
        raise UnknownNameError("source", source, ("package", "hub"))
    if source == "hub":
        if path is not None:
            raise ValueError("a dataset is loaded from a path or from the hub, not from both")
        from embench.hub.pull import cached_dataset

        return cached_dataset(repository=repository, revision=revision, layout=layout)
    if revision is not None or repository is not None:
        raise ValueError("revision and repository are for source='hub'")
    return resource_folder(layout.resource) if path is None else Path(path)


def _tagged(name: str, revision: str | None) -> str | None:
    """Return the version that a tag of the hub is of; None for another revision, and for a name with a version."""
    if "@" in name:
        return None
    return next((one.version for one in schema.EARLIER if one.name == name and revision == f"v{one.version}"), None)


def _check_release(
    store: Store, layout: schema.Layout, source: str, *, revision: str | None, repository: str | None
) -> None:
    """Raise where `store` should be the build that this embench was released with, and is another one."""
    way_out, resource = "", layout.resource
    if source == "hub":
        from embench.hub import about

        tag = about.tag_of(layout)
        if (revision or tag) != tag or (repository or about.REPOSITORY) != about.REPOSITORY:
            return
        way_out = (
            f"{about.REPOSITORY} holds something else under {tag} than was released, which never changes: use "
            "the dataset that embench ships, or name another revision"
        )
        resource = layout.on_hub
    for name in layout.parts:
        check_shipped(resource, store.folder / name, store.checksums[name], way_out=way_out)
