"""A later version of a dataset, read as what differs from the version that it revises."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from embench import schema
from embench.common.shipped import check_shipped, resource_folder
from embench.errors import DatasetError

if TYPE_CHECKING:
    import pyarrow as pa

RESOURCE = "versions"


class Overlay:
    """What a version adds to its base, in the order of the entries of the base; `sha256` is that of its file."""

    def __init__(self, table: pa.Table, layout: schema.Layout, sha256: str) -> None:
        self.layout = layout
        self.sha256 = sha256
        self._table = table

    @cached_property
    def entry_ids(self) -> tuple[str, ...]:
        """The ids of the entries, in order."""
        return tuple(self._table.column("entry_id").to_pylist())

    def lay_over(self, table: pa.Table, columns: Sequence[str]) -> pa.Table:
        """Return `columns` of the version; `table` holds those of them that the base has."""
        import pyarrow as pa

        wanted = schema.arrow_schema(of=self.layout)
        own = {spec.name for spec in self.layout.own_columns}
        found = []
        for name in columns:
            found.append(self._table.column(name) if name in own else table.column(name))
            if name == "flags":
                found[-1] = pa.chunked_array([pa.array(self.flags(table), type=wanted.field(name).type)])
        fields = [wanted.field(name) for name in columns]
        return pa.Table.from_arrays(found, schema=pa.schema(fields, metadata=wanted.metadata))

    def flags(self, table: pa.Table) -> list[list[str]]:
        """Return the flags of the version; `table` holds those of the base."""
        order = {flag.name: position for position, flag in enumerate(self.layout.flags)}
        changes = (table.column("flags"), *(self._table.column(name) for name in schema.FLAG_CHANGES))
        return [
            sorted((set(before) | set(added)) - set(removed), key=order.__getitem__)
            for before, added, removed in zip(*(column.to_pylist() for column in changes), strict=True)
        ]


def read_overlay(layout: schema.Layout) -> Overlay:
    """Return what the version `layout` adds to its base; the file is read and checked once per process.

    Raises :class:`~embench.errors.DatasetError` where it is missing or not the one that this embench was released with.
    """
    path = resource_folder(RESOURCE) / layout.overlay
    try:
        status = path.stat()
    except OSError as error:
        raise DatasetError(f"{path} is missing ({error.strerror}); reinstall embench-barriers") from None
    return _read(path, (status.st_mtime_ns, status.st_size, status.st_ino), layout.key)


@lru_cache(maxsize=8)
def _read(path: Path, _stamp: tuple[int, int, int], key: str) -> Overlay:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    check_shipped(RESOURCE, path, found, content=content[:200])
    layout = schema.layout(key)
    # Not read_table: it brings pandas along where that is installed, a second of CPU.
    table = pq.ParquetFile(pa.BufferReader(pa.py_buffer(content))).read(use_threads=False)
    if not table.schema.equals(schema.overlay_schema(layout), check_metadata=False):
        raise DatasetError(f"{path} has other columns than this embench; write it again with embench build-version")
    return Overlay(table, layout, found)


def check_entries(overlay: Overlay, entry_ids: Collection[str], folder: Path) -> None:
    """Raise :class:`~embench.errors.DatasetError` where the build in `folder` has other entries than `overlay`."""
    if tuple(entry_ids) != overlay.entry_ids:
        raise DatasetError(
            f"version {overlay.layout.version} of the dataset {overlay.layout.name} cannot be made from {folder}: its "
            f"entries are not those of version {overlay.layout.base.version if overlay.layout.base else 'none'} that "
            "embench ships"
        )
